/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/trial.h"

#include <time.h>

#include "base/units.h"
#include "runtime/bridge_types.h"
#include "runtime/cpu_meter.h"
#include "tables/limits.h"

/* How long a start may wait for something, in sum. */
#define WAIT_NS_MAX (5 * NANOSECONDS_PER_SECOND)

/* One that runs. */
struct run {
    const struct function_configuration *configuration;
    struct fn0_instance *instance;
    struct cpu_meter meter;
    uint64_t waits;
};

/* It is looked at again in a moment anyway. */
static void wake(void *context, uint64_t token)
{
    (void)context;
    (void)token;
}

static void nap(struct run *run)
{
    const struct timespec pause = {.tv_nsec = NANOSECONDS_PER_MILLISECOND};
    (void)nanosleep(&pause, NULL);
    run->waits++;
}

static bool has_waited(const struct run *run)
{
    return run->waits * NANOSECONDS_PER_MILLISECOND > WAIT_NS_MAX;
}

static enum fn0_poll poll_to_end(struct run *run, struct engine *engine, const struct clock *clock,
                                 struct fn0_error *reason)
{
    struct cpu_clock cpu_clock;
    cpu_clock_init(&cpu_clock, clock, clock_monotonic_ns(clock));
    for (;;) {
        uint64_t now_ns = clock_monotonic_ns(clock);
        engine_running(engine, now_ns);
        cpu_meter_begin(&run->meter, &cpu_clock, now_ns);
        enum fn0_poll poll = fn0_instance_poll(run->instance, reason);
        cpu_meter_end(&run->meter, &cpu_clock, clock_monotonic_ns(clock));
        if (poll == FN0_POLL_READY || poll == FN0_POLL_FAILED)
            return poll;
        if (poll == FN0_POLL_PENDING)
            nap(run);
        if (cpu_meter_over(&run->meter) || has_waited(run))
            fn0_instance_interrupt(run->instance);
    }
}

static int explain(const struct run *run, const struct fn0_error *reason, struct error *error)
{
    const struct limits *limits = &run->configuration->limits;
    char text[UNITS_TEXT_BYTES];
    if (reason->code == FN0_ERROR_INTERRUPTED && cpu_meter_over(&run->meter))
        return error_set(
            error, ERROR_CALL_START_CPU,
            "it takes more than %s of CPU time before its handler is first entered (start_cpu): %s",
            units_write(LIMIT_UNIT_NANOSECONDS, limits->value[LIMIT_START_CPU], text),
            reason->message);
    if (fn0_instance_memory_refusals(run->instance) > 0)
        return error_set(error, ERROR_CALL_MEMORY, "it needs more than %s of memory to start: %s",
                         units_write(LIMIT_UNIT_BYTES, limits->value[LIMIT_MEMORY], text),
                         reason->message);
    return error_set(error, ERROR_CALL_START, "it fails to start: %s", reason->message);
}

static int start_instance(struct fn0_component *component, struct engine *engine,
                          const struct function_configuration *configuration,
                          const struct clock *clock, struct trial_result *ret_result,
                          struct error *error)
{
    const struct fn0_instance_options options = {
        .memory_bytes_max = configuration->limits.value[LIMIT_MEMORY],
        .environment = fields_to_bridge(configuration->environment),
        .environment_count = configuration->environment_count,
        .wake = wake,
    };
    struct run run = {.configuration = configuration};
    struct fn0_error reason;
    int code = 0;
    if (fn0_instance_create(component, &options, &run.instance, &reason) != 0)
        return error_set(error, ERROR_CALL_START, "it fails to start: %s", reason.message);
    cpu_meter_init(&run.meter, configuration->limits.value[LIMIT_START_CPU]);
    if (poll_to_end(&run, engine, clock, &reason) == FN0_POLL_FAILED)
        code = explain(&run, &reason, error);
    *ret_result = (struct trial_result){
        .start_cpu_ns = run.meter.used_ns,
        .memory_bytes = code == 0 ? fn0_instance_memory_bytes(run.instance) : 0,
    };
    fn0_instance_destroy(run.instance);
    return code;
}

int trial_run(struct engine *engine, int descriptor,
              const struct function_configuration *configuration, const struct clock *clock,
              struct trial_result *ret_result, struct error *error)
{
    struct fn0_error reason;
    struct fn0_component *component;
    if (fn0_component_load(engine_bridge(engine), descriptor, &component, &reason) != 0)
        return error_set_component(error, &reason);
    int code = start_instance(component, engine, configuration, clock, ret_result, error);
    fn0_component_destroy(component);
    return code;
}
