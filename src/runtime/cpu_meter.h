/* SPDX-License-Identifier: AGPL-3.0-only */

/* Measures the CPU time of calls over all their polls, without asking the system for it each time.
 *
 * The wall time of a poll is an upper bound of its CPU time and costs no system call. It is
 * believed while polls are short and their sum is far from the limit; the thread's CPU clock is
 * asked around each poll once a quarter of the limit is used, and after polls that took long. So
 * a meter never shows less than was used, and at most a quarter of the limit more: half the limit
 * always passes, however busy the machine is, and what is used past that quarter is exact.
 *
 * Nothing here reads the monotonic clock: the caller reads it once before and once after a poll,
 * and has the loop's time from it as well. Embedded; worker's thread. */

#ifndef FN0_RUNTIME_CPU_METER_H
#define FN0_RUNTIME_CPU_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* A poll that takes longer in wall time is asked about exactly. */
#define CPU_MARK_AGE_NS 250000ull

/* A thread's CPU clock, with the moment when it was last asked. One a worker. */
struct cpu_clock {
    const struct clock *clock;
    uint64_t begun_ns;     /* monotonic: when the poll that runs was begun */
    uint64_t mark_wall_ns; /* monotonic: when the CPU clock was last asked */
    uint64_t mark_cpu_ns;  /* and what it answered */
};

/* What one call (or one start-up) has used. */
struct cpu_meter {
    uint64_t used_ns;
    uint64_t limit_ns; /* LIMIT_NONE: none, and the CPU clock is never asked for its sake */
    bool exact;        /* near enough to the limit to ask the CPU clock around each poll */
};

/* `clock` must outlive it; asks for the CPU time of the calling thread. `now_ns` is the monotonic
 * time. */
void cpu_clock_init(struct cpu_clock *cpu_clock, const struct clock *clock, uint64_t now_ns);

/* Begins at nothing used. */
void cpu_meter_init(struct cpu_meter *meter, uint64_t limit_ns);

/* A poll begins now. */
void cpu_meter_begin(struct cpu_meter *meter, struct cpu_clock *cpu_clock, uint64_t now_ns);

/* The poll that was begun last has ended now. */
void cpu_meter_end(struct cpu_meter *meter, struct cpu_clock *cpu_clock, uint64_t now_ns);

/* Whether more than the limit is used. */
static inline bool cpu_meter_over(const struct cpu_meter *meter)
{
    return meter->used_ns > meter->limit_ns;
}

#endif
