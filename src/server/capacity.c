/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/capacity.h"

#include <sys/resource.h>

#include "base/check.h"
#include "tables/limits.h"

/* A head is held in memory whole: also a function without a limit gets no larger one. */
#define HEAD_BYTES_CEILING (16u * 1024 * 1024)

static uint64_t slots_of(const struct host_configuration *configuration, uint64_t memory_bytes)
{
    if (configuration->slots != 0)
        return configuration->slots;
    uint64_t least = configuration->workers * CAPACITY_SLOTS_A_WORKER_MIN;
    uint64_t slots = memory_bytes / 2 / CAPACITY_BYTES_A_SLOT;
    if (slots > CAPACITY_SLOTS_MAX)
        slots = CAPACITY_SLOTS_MAX;
    return slots < least ? least : slots;
}

struct capacity capacity_of(const struct host_configuration *configuration, uint64_t memory_bytes)
{
    check(configuration->workers > 0);
    struct capacity capacity = {.slots = slots_of(configuration, memory_bytes)};
    capacity.warm_instances_max = capacity.slots;
    capacity.instances_max = capacity.slots + capacity.warm_instances_max;
    check(capacity.slots > 0 && capacity.instances_max >= capacity.slots);
    uint64_t connections = configuration->net.connections_max;
    if (connections == LIMIT_NONE)
        capacity.connections_max = SIZE_MAX;
    else
        capacity.connections_max =
            connections / configuration->workers + (connections % configuration->workers != 0);
    uint64_t head = configuration->limits_max.value[LIMIT_REQUEST_HEADER];
    uint64_t head_default = configuration->function.limits.value[LIMIT_REQUEST_HEADER];
    if (head_default > head)
        head = head_default;
    capacity.head_bytes_max = head > HEAD_BYTES_CEILING ? HEAD_BYTES_CEILING : (size_t)head;
    return capacity;
}

uint64_t capacity_raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        rlim_t soft = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            limit.rlim_cur = soft;
    }
    return limit.rlim_cur;
}
