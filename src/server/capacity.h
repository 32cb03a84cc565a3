/* SPDX-License-Identifier: AGPL-3.0-only */

/* How much a host takes on: slots, warm instances, connections; from its configuration where that
 * says so, else from its memory and workers.
 *
 * Memory is lent more than once: a slot is reckoned with 16 MB though its instance may grow to the
 * function's limit, since pages are taken from the system only when they are touched and most
 * guests touch few. Who serves strangers sets `slots` or a lower limits.max.memory
 * (docs/operating.md).
 *
 * Pure arithmetic but for the last function; any thread. */

#ifndef FN0_SERVER_CAPACITY_H
#define FN0_SERVER_CAPACITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/configuration.h"

/* What a running call is reckoned with when nothing is configured: half of the memory is for calls,
 * and most guests hold a few megabytes, JavaScript and Python ones some more. */
#define CAPACITY_BYTES_A_SLOT (16ull * 1024 * 1024)

/* Fewest slots for each worker, however small the memory; most of a host, however large. */
#define CAPACITY_SLOTS_A_WORKER_MIN 16
#define CAPACITY_SLOTS_MAX 2048

struct capacity {
    uint64_t slots;              /* running calls */
    uint64_t warm_instances_max; /* kept between calls; as many as there are slots */
    uint64_t instances_max;      /* alive at a time: both together */
    size_t connections_max;      /* of each worker: its share, rounded up */
    size_t head_bytes_max; /* of any request: the largest request_header that a function may have */
};

/* `memory_bytes`: what the host may use. */
struct capacity capacity_of(const struct host_configuration *configuration, uint64_t memory_bytes);

/* Raises the soft limit of open files (RLIMIT_NOFILE) to the hard one: what starts a process mostly
 * means its few hundred for programs that use select(2). Returns the limit now; 0 where it cannot
 * be asked. For the whole process; before threads. */
uint64_t capacity_raise_open_files(void);

#endif
