/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/cpu_meter.h"

#include "base/check.h"
#include "tables/limits.h"

static void mark(struct cpu_clock *cpu_clock, uint64_t now_ns)
{
    cpu_clock->mark_cpu_ns = clock_thread_cpu_ns(cpu_clock->clock);
    cpu_clock->mark_wall_ns = now_ns;
}

/* Whether one more short poll could bring the meter past a quarter of its limit. */
static bool near_limit(const struct cpu_meter *meter)
{
    return meter->limit_ns != LIMIT_NONE && meter->used_ns + CPU_MARK_AGE_NS > meter->limit_ns / 4;
}

void cpu_clock_init(struct cpu_clock *cpu_clock, const struct clock *clock, uint64_t now_ns)
{
    cpu_clock->clock = clock;
    cpu_clock->begun_ns = now_ns;
    mark(cpu_clock, now_ns);
}

void cpu_meter_init(struct cpu_meter *meter, uint64_t limit_ns)
{
    meter->used_ns = 0;
    meter->limit_ns = limit_ns;
    meter->exact = near_limit(meter);
}

void cpu_meter_begin(struct cpu_meter *meter, struct cpu_clock *cpu_clock, uint64_t now_ns)
{
    check(now_ns >= cpu_clock->mark_wall_ns);
    cpu_clock->begun_ns = now_ns;
    /* A young mark keeps the answer after a long poll close: the CPU time since the mark is an
     * upper bound, too, and then at most this much too high. */
    if (meter->exact || now_ns - cpu_clock->mark_wall_ns >= CPU_MARK_AGE_NS)
        mark(cpu_clock, now_ns);
}

void cpu_meter_end(struct cpu_meter *meter, struct cpu_clock *cpu_clock, uint64_t now_ns)
{
    check(now_ns >= cpu_clock->begun_ns);
    uint64_t used_ns = now_ns - cpu_clock->begun_ns;
    if (meter->exact || used_ns >= CPU_MARK_AGE_NS) {
        uint64_t before_ns = cpu_clock->mark_cpu_ns;
        mark(cpu_clock, now_ns);
        uint64_t cpu_ns = cpu_clock->mark_cpu_ns - before_ns;
        if (cpu_ns < used_ns)
            used_ns = cpu_ns;
    }
    meter->used_ns += used_ns;
    if (!meter->exact)
        meter->exact = near_limit(meter);
}
