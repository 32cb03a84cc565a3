/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/snapshot.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/units.h"
#include "fn0_bridge.h"
#include "runtime/bridge_types.h"
#include "runtime/cpu_meter.h"
#include "tables/limits.h"

/* One that runs. */
struct run {
    const struct snapshot_options *options;
    struct fn0_snapshot *snapshot;
    struct cpu_meter meter;
    bool waited;
    atomic_bool woken;
};

static void wake(void *context, uint64_t token)
{
    struct run *run = context;

    (void)token;
    atomic_store(&run->woken, true);
}

/* Polls the guest to its end. */
static enum fn0_poll poll_to_end(struct run *run, struct engine *engine, const struct clock *clock,
                                 struct fn0_bytes *ret_wasm, struct fn0_error *reason)
{
    struct cpu_clock cpu_clock;
    enum fn0_poll poll;

    cpu_clock_init(&cpu_clock, clock, clock_monotonic_ns(clock));
    for (;;) {
        uint64_t now_ns = clock_monotonic_ns(clock);
        engine_running(engine, now_ns);
        cpu_meter_begin(&run->meter, &cpu_clock, now_ns);
        poll = fn0_snapshot_poll(run->snapshot, ret_wasm, reason);
        cpu_meter_end(&run->meter, &cpu_clock, clock_monotonic_ns(clock));
        if (poll == FN0_POLL_READY || poll == FN0_POLL_FAILED)
            return poll;
        if (poll == FN0_POLL_PENDING && !atomic_exchange(&run->woken, false))
            run->waited = true;
        if (run->waited || cpu_meter_over(&run->meter))
            fn0_snapshot_interrupt(run->snapshot);
    }
}

/* Sets `error` to why the guest has failed. */
static int explain(const struct run *run, const struct fn0_error *reason, struct error *error)
{
    char text[UNITS_TEXT_BYTES];

    if (reason->code == FN0_ERROR_INTERRUPTED && run->waited)
        return error_set(error, ERROR_CALL_START,
                         "it waits for something that never comes: while a module is evaluated "
                         "there is no network, and time stands still");
    if (reason->code == FN0_ERROR_INTERRUPTED)
        return error_set(error, ERROR_CALL_START_CPU,
                         "it has not come to its end after %s of CPU time",
                         units_write(LIMIT_UNIT_NANOSECONDS, run->options->cpu_ns_max, text));
    if (reason->code == FN0_ERROR_TOO_LARGE)
        return error_set(error, ERROR_CALL_MEMORY, "%s", reason->message);
    if ((reason->code == FN0_ERROR_TRAP || reason->code == FN0_ERROR_EXIT) &&
        fn0_snapshot_memory_refusals(run->snapshot) > 0)
        return error_set(error, ERROR_CALL_MEMORY, "it needs more than %s of memory: %s",
                         units_write(LIMIT_UNIT_BYTES, run->options->memory_bytes_max, text),
                         reason->message);
    return error_set(error, call_error_from_bridge(reason->code), "%s", reason->message);
}

/* What the guest wrote to stderr is told as the reason where it fails. */
static void add_output(struct run *run, bool failed, struct buffer *output)
{
    struct fn0_events events;

    fn0_snapshot_output(run->snapshot, &events);
    for (size_t i = 0; i < events.count; i++) {
        bool is_stderr = events.items[i].kind == FN0_EVENT_STDERR;
        /* What has no room is left out. */
        if (!is_stderr || !failed)
            (void)buffer_append(output, slice_from_bridge(events.items[i].text));
    }
}

static int run_guest(struct fn0_component *component, struct engine *engine,
                     const struct snapshot_options *options, const struct clock *clock,
                     struct fn0_bytes *ret_wasm, struct buffer *output, struct error *error)
{
    struct fn0_error reason;
    struct run run = {.options = options};
    const struct fn0_snapshot_options bridge_options = {
        .input = slice_to_bridge(options->input),
        .memory_bytes_max = options->memory_bytes_max,
        .wake = wake,
        .wake_context = &run,
    };
    enum fn0_poll poll;
    int code = 0;

    if (fn0_snapshot_create(component, slice_to_bridge(options->component), &bridge_options,
                            &run.snapshot, &reason) != 0)
        return error_set_component(error, &reason);
    cpu_meter_init(&run.meter, options->cpu_ns_max);
    poll = poll_to_end(&run, engine, clock, ret_wasm, &reason);
    if (poll == FN0_POLL_FAILED)
        code = explain(&run, &reason, error);
    add_output(&run, poll == FN0_POLL_FAILED, output);
    fn0_snapshot_destroy(run.snapshot);
    return code;
}

int snapshot_take(struct engine *engine, const struct snapshot_options *options,
                  const struct clock *clock, struct fn0_bytes *ret_wasm, struct buffer *output,
                  struct error *error)
{
    struct fn0_error reason;
    struct fn0_component *component;
    int code;

    if (fn0_component_load(engine_bridge(engine), options->artifact, &component, &reason) != 0)
        return error_set_component(error, &reason);
    code = run_guest(component, engine, options, clock, ret_wasm, output, error);
    fn0_component_destroy(component);
    return code;
}
