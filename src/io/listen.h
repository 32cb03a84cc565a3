/* SPDX-License-Identifier: AGPL-3.0-only */

/* Binding the sockets that workers listen on: one for each worker, all on one address and port, so
 * that the kernel spreads connections over them (SO_REUSEPORT).
 *
 * SO_REUSEPORT alone would let a second host start on the same port and take half of its
 * connections. So the first socket is bound exclusively, which shows that the port is free, and
 * only then shares. */

#ifndef FN0_IO_LISTEN_H
#define FN0_IO_LISTEN_H

#include <stddef.h>

#include "base/error.h"
#include "io/address.h"

/* Binds `count` (at least 1) sockets to `address` and writes them to ret_sockets: non-blocking,
 * closed on exec, with TCP_NODELAY (accepted ones inherit it), not listening yet. The caller closes
 * them. Port 0 takes a free one; *ret_address (may be NULL) has the real one. "[::]" takes IPv4 as
 * well.
 *
 * Returns 0, ERROR_ADDRESS_IN_USE, or ERROR_SYSTEM (no such address, no permission, no
 * descriptors); the message names address and port, and no socket is left open. Any thread. */
int listen_bind(const struct address *address, size_t count, int *ret_sockets,
                struct address *ret_address, struct error *error);

#endif
