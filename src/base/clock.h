/* SPDX-License-Identifier: AGPL-3.0-only */

/* Time as a parameter: nothing but the make below asks the system for it, so tests can run in a
 * time of their own. */

#ifndef FN0_BASE_CLOCK_H
#define FN0_BASE_CLOCK_H

#include <stdint.h>

/* Time is counted in nanoseconds everywhere; 64 bits last for 584 years. */
#define NANOSECONDS_PER_SECOND 1000000000ull
#define NANOSECONDS_PER_MILLISECOND 1000000ull
#define NANOSECONDS_PER_MICROSECOND 1000ull

/* A make of clock: the system's, or a test's own. Static or outliving its users; whoever waits or
 * measures is handed one. */
struct clock {
    const char *name; /* for messages */
    void *context;
    /* Never goes back; its zero means nothing. */
    uint64_t (*monotonic_ns)(void *context);
    /* Since 1970-01-01 UTC; may jump. */
    uint64_t (*realtime_ns)(void *context);
    /* CPU time of the calling thread. */
    uint64_t (*thread_cpu_ns)(void *context);
};

/* The system's clock. Static; any thread. */
const struct clock *clock_system(void);

/* Time for measuring and for deadlines: never goes back, its zero means nothing. The system's costs
 * no system call. Any thread that the make allows; the system's: any. */
static inline uint64_t clock_monotonic_ns(const struct clock *clock)
{
    return clock->monotonic_ns(clock->context);
}
/* Time for people: since 1970-01-01 UTC, may jump. Threads as above. */
static inline uint64_t clock_realtime_ns(const struct clock *clock)
{
    return clock->realtime_ns(clock->context);
}
/* CPU time that the calling thread has used. The system's costs a system call (about 0.3 us): ask
 * only where an upper bound by the monotonic clock does not do. */
static inline uint64_t clock_thread_cpu_ns(const struct clock *clock)
{
    return clock->thread_cpu_ns(clock->context);
}

#endif
