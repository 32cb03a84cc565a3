/* SPDX-License-Identifier: AGPL-3.0-only */

/* The sockets that a host listens on: for each address one for each worker, all bound to the same
 * port (SO_REUSEPORT), so that the kernel spreads the connections.
 *
 * The first socket of an address is bound, and listens, alone: so a port that somebody else has,
 * another fn0 too, is an error and not a port shared by accident. Bound early, so that a port in
 * use is known at once, and listened on late, so that a client is refused, not kept waiting, until
 * there is something to serve. Control loop's thread. */

#ifndef FN0_SERVER_LISTENERS_H
#define FN0_SERVER_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "io/address.h"

struct listener {
    struct address address; /* with the real port */
    bool v6_only;
    int *sockets; /* one for each worker; -1: not made yet, or taken */
};

struct listeners {
    struct listener *items;
    size_t count;
    size_t workers;
};

/* Binds the first socket of each address. "[::]" takes IPv4 as well unless an IPv4 address with the
 * same port is listed. Returns 0 or ERROR_ADDRESS_IN_USE, ERROR_CONFIGURATION, ERROR_SYSTEM (with
 * the address in the message), … The caller ends it with listeners_fini. */
int listeners_init(struct listeners *listeners, const struct texts *listen, size_t workers,
                   struct error *error);

/* Lets the first sockets listen, and makes the others, which http_server_listen lets listen.
 * Returns 0, ERROR_ADDRESS_IN_USE (somebody was quicker) or ERROR_SYSTEM. */
int listeners_listen(struct listeners *listeners, struct error *error);

/* Closes the sockets that nobody took. */
void listeners_fini(struct listeners *listeners);

/* Hands over the socket of a worker, once, after listeners_listen. */
int listeners_take(struct listeners *listeners, size_t index, size_t worker);

#endif
