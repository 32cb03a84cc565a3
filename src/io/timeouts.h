/* SPDX-License-Identifier: AGPL-3.0-only */

/* The timeouts of a loop: a queue for each length, the one that is due first in front of it.
 *
 * Since timeouts of one length fall due in the order they were started, starting is adding to the
 * end of a queue, and only the fronts need to be looked at. Queues are found by their length in a
 * hash table; empty ones stay for the next timeout of their length, and go when the table is
 * rebuilt. Used by io/loop.c only; one thread. */

#ifndef FN0_IO_TIMEOUTS_H
#define FN0_IO_TIMEOUTS_H

#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

struct timeout_queue;

struct timeouts {
    struct timeout_queue **slots; /* open addressing; NULL: free */
    size_t slot_count;            /* 0 or a power of two, at least twice queue_count */
    size_t queue_count;
    uint64_t nearest_ns; /* nothing is due before; TIMEOUTS_NEVER: nothing runs */
};

#define TIMEOUTS_NEVER UINT64_MAX

/* Begins empty; nothing is allocated. */
void timeouts_init(struct timeouts *timeouts);

/* Frees the queues; timeouts that run are stopped. */
void timeouts_fini(struct timeouts *timeouts);

/* Starts a stopped timeout: due `after_ns` from `now_ns`, which never goes back from call to call.
 * A sum past the end of time is never due: it stays stopped. Returns 0 or ERROR_OUT_OF_MEMORY. */
int timeouts_start(struct timeouts *timeouts, struct loop_timeout *timeout, uint64_t now_ns,
                   uint64_t after_ns);

/* Calls `expired` of each that is due at `now_ns`, the earliest first; those that are started
 * meanwhile wait for the next call. Returns how many it called. */
size_t timeouts_expire(struct timeouts *timeouts, uint64_t now_ns);

#endif
