/* SPDX-License-Identifier: AGPL-3.0-only */

/* How many connections each client has open, by its address, so that one cannot take them all. One
 * for a whole host: its workers' servers share it, whichever of them a connection comes to.
 *
 * IPv4 counts whole, also where it is mapped into IPv6; of IPv6 the first 64 bits count, because a
 * client is given as many addresses as it likes under them (RFC 6177). A hash table with chains,
 * made once for the most connections there can be; one allocation for each client with
 * connections. It is touched when a connection is accepted and when it is closed, under a mutex
 * that is held for a look into a chain; never on the way of a request.
 *
 * Embedded in whoever outlives the servers. Any thread, but for init and fini. */

#ifndef FN0_HTTP_CLIENT_COUNTS_H
#define FN0_HTTP_CLIENT_COUNTS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "io/address.h"

/* One client with connections: made with its first, freed with its last. What a connection is given
 * when it is counted, and gives back. */
struct client_count {
    struct client_count *next; /* in its chain */
    uint64_t key;
    size_t connections; /* under the table's mutex */
};

/* All fields are its own. */
struct client_counts {
    pthread_mutex_t mutex; /* over the chains and what hangs in them */
    struct client_count **chains;
    size_t chain_count; /* a power of two */
    size_t connections_max;
    struct fault *fault;
};

/* Readies the table for about `connections_expected` in all; `connections_max` is for one client.
 * `fault` may be NULL, and is for tests of one thread. Returns 0 or ERROR_OUT_OF_MEMORY. */
int client_counts_init(struct client_counts *counts, size_t connections_expected,
                       size_t connections_max, struct fault *fault);

/* Frees the table, in which nothing may be left: all servers that share it are closed. Also where
 * its init has failed. */
void client_counts_fini(struct client_counts *counts);

/* Counts one more connection from this address. Returns 0; ERROR_FULL where it has as many as it
 * may; or ERROR_OUT_OF_MEMORY. *ret_count is for client_counts_leave. */
int client_counts_enter(struct client_counts *counts, const struct address *address,
                        struct client_count **ret_count);

/* One connection less. */
void client_counts_leave(struct client_counts *counts, struct client_count *count);

#endif
