/* SPDX-License-Identifier: AGPL-3.0-only */

/* The sockets that a host listens on: for each address one for each worker, all bound to the same
 * port (io/listen.h).
 *
 * Bound early, so that a port in use is known at once, and listened on late, so that a client is
 * refused, not kept waiting, until there is something to serve. Control loop's thread. */

#ifndef FN0_SERVER_LISTENERS_H
#define FN0_SERVER_LISTENERS_H

#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "io/address.h"

struct listener {
    struct address address; /* with the real port */
    int *sockets;           /* one for each worker; -1: taken */
};

struct listeners {
    struct listener *items;
    size_t count;
    size_t workers;
};

/* Binds. "[::]" takes IPv4 as well: what it takes with the same port, or "0.0.0.0" of IPv4, has no
 * socket of its own beside it, and an address that is there twice has one. Returns 0,
 * ERROR_ADDRESS_IN_USE, ERROR_CONFIGURATION (no address), ERROR_OUT_OF_MEMORY or ERROR_SYSTEM; the
 * message names the address. The caller ends it with listeners_fini. */
int listeners_init(struct listeners *listeners, const struct texts *listen, size_t workers,
                   struct error *error);

/* Makes sure that nobody else listens on these ports, and lets the first socket of each listen; the
 * others follow when their workers take them. Returns 0, ERROR_ADDRESS_IN_USE (another process was
 * quicker) or ERROR_SYSTEM. */
int listeners_listen(struct listeners *listeners, struct error *error);

/* Hands over the socket of a worker, once, after listeners_listen. */
int listeners_take(struct listeners *listeners, size_t index, size_t worker);

/* Closes the sockets that nobody took. */
void listeners_fini(struct listeners *listeners);

#endif
