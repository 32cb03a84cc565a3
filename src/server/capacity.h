/* SPDX-License-Identifier: AGPL-3.0-only */

/* How much a host takes on: slots, warm instances, connections; from its configuration where that
 * says so, else from its memory and workers. Pure arithmetic; any thread. */

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

/* Raises the soft limit of open files to the hard one. Returns the limit now. */
uint64_t capacity_raise_open_files(void);

#endif
