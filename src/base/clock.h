/* SPDX-License-Identifier: AGPL-3.0-only */

/* Time as a parameter: nothing but the make below asks the system for it, so tests can run in a
 * time of their own. */

#ifndef FN0_BASE_CLOCK_H
#define FN0_BASE_CLOCK_H

#include <stdint.h>

#define NANOSECONDS_PER_SECOND 1000000000ull
#define NANOSECONDS_PER_MILLISECOND 1000000ull
#define NANOSECONDS_PER_MICROSECOND 1000ull

struct clock {
    const char *name;
    void *context;
    uint64_t (*monotonic_ns)(void *context); /* never goes back; its zero means nothing */
    uint64_t (*realtime_ns)(void *context);  /* since 1970-01-01 UTC; may jump */
    uint64_t (*thread_cpu_ns)(
        void *context); /* CPU time of the calling thread; costs a system call */
};

/* The system's clock. Static; any thread. */
const struct clock *clock_system(void);

/* The three readings. Any thread that the make allows; the system's: any. */
static inline uint64_t clock_monotonic_ns(const struct clock *clock)
{
    return clock->monotonic_ns(clock->context);
}
/* See struct clock. */
static inline uint64_t clock_realtime_ns(const struct clock *clock)
{
    return clock->realtime_ns(clock->context);
}
/* See struct clock. */
static inline uint64_t clock_thread_cpu_ns(const struct clock *clock)
{
    return clock->thread_cpu_ns(clock->context);
}

#endif
