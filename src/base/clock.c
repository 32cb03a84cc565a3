/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/clock.h"

#include <time.h>

#include "base/check.h"

static uint64_t read_clock(clockid_t id)
{
    struct timespec time;
    int result = clock_gettime(id, &time);
    check(result == 0);
    return (uint64_t)time.tv_sec * NANOSECONDS_PER_SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t monotonic_ns(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

static uint64_t realtime_ns(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

static uint64_t thread_cpu_ns(void *context)
{
    (void)context;
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

const struct clock *clock_system(void)
{
    static const struct clock system = {
        .name = "system",
        .monotonic_ns = monotonic_ns,
        .realtime_ns = realtime_ns,
        .thread_cpu_ns = thread_cpu_ns,
    };
    return &system;
}
