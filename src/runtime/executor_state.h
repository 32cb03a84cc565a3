/* SPDX-License-Identifier: AGPL-3.0-only */

/* The executor from the inside, for its own sources: executor.c (its life, the directory,
 * admission, and what sinks say), polling.c (the queues, polls, limits, events, ends) and
 * report.c (lines about calls). Worker's thread. */

#ifndef FN0_RUNTIME_EXECUTOR_STATE_H
#define FN0_RUNTIME_EXECUTOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "io/loop.h"
#include "runtime/bridge_types.h"
#include "runtime/call.h"
#include "runtime/cpu_meter.h"
#include "runtime/executor.h"
#include "runtime/outgoing.h"
#include "runtime/pool.h"
#include "runtime/wakes.h"

/* A function on this worker; what the directory's entry carries as `pool`. Made with the first that
 * is heard of it, freed when it was removed and its last call is over. */
struct function {
    struct list link; /* in the executor */
    struct executor *executor;
    struct directory_entry *entry; /* NULL: removed */
    struct pool *pool;
    struct list waiting; /* calls, for the first compile */
    uint64_t calls;      /* that live */
    uint64_t warned_ns;  /* when the last warning about a limit was logged; 0: never */
};

/* All of an executor. A call stands in `alive` from its start to its end, and by its `link` in one
 * of `ready`, `computing`, its function's `waiting`, or none: while it waits to be woken, is being
 * polled, or is kept in `free` to be used again. */
struct executor {
    struct executor_options options;
    struct executor_counts counts;
    struct directory_watcher watcher;
    struct wakes *wakes;
    struct outgoing_clients *clients;
    struct pools pools;
    struct cpu_clock cpu_clock;
    struct list functions;
    struct list alive;      /* all calls */
    struct list free;       /* call objects to be used again, by `link` */
    struct list ready;      /* calls that were begun, are to begin, or were woken */
    struct list computing;  /* calls that a tick stopped: one of them has a turn at a time */
    struct list ready_mark; /* where this round's part of `ready` ends */
    bool yielded;           /* the call that was polled last was stopped by a tick */
    uint64_t quick_ns;      /* monotonic: when one of `ready` last had a turn that was not */
    uint64_t computing_ns;  /* when one of `computing` last had, or the first came in */
    struct loop_task run;
    struct call *current; /* whose events are being told */
    struct loop_timeout close_again;
    bool traces; /* moves of calls are logged */
    bool closing;
    bool clients_closed;
    void (*closed)(void *context);
    void *closed_context;
    struct fn0_error bridge_error; /* of the poll that runs; here, since it is large */
};

/* ---- polling.c ------------------------------------------------------------------------------- */

/* Sets up the queues, empty. Their task runs in each turn of the loop while any call is queued. */
void polling_init(struct executor *executor);

/* Told by the wakes: the instance, and so its call, is to be polled. On the worker's thread, also
 * from within a poll of that very call. An instance without a call is left alone. */
void polling_woken(void *context, void *object);

/* Gives a new or waiting call an instance, warm or fresh, and queues it. Where others are ready
 * before it, it gets its instance when its turn comes: most of them are over in one turn, so that
 * one instance answers all of them, and stays in the core's caches. The function must be ready. On
 * failure the call is as before. */
int polling_begin(struct call *call, struct error *error);

/* Ends a call and tells its sink; frees it. `message` (may be NULL) is for the log. */
void polling_end(struct call *call, int code, const char *message);

/* The duration of a call's start-up or handler has passed: it is interrupted, and ends with its
 * next polls. */
void polling_duration_passed(struct loop_timeout *timeout);

/* Ends a call without telling its sink; frees it. */
void polling_abandon(struct call *call);

/* ---- executor.c ------------------------------------------------------------------------------ */

/* A call has let go of everything: its memory is kept for another one. */
void executor_call_over(struct call *call);

/* ---- report.c -------------------------------------------------------------------------------- */

/* Logs the line about a call that was ended with `code`, not 0. */
void report_failure(const struct call *call, int code, const char *message,
                    const struct call_usage *usage);

/* Logs a warning for each limit of which a call that ended well used four fifths or more; for each
 * function at most once a second. */
void report_near_limits(const struct call *call, const struct call_usage *usage);

/* Logs a call's move from state to state: a trace of base/state.h; `context` is the call. */
void report_move(void *context, const struct state_machine *machine, unsigned from, unsigned to,
                 uint64_t spent_ns);

/* Logs that a version was found to be single-use. */
void report_single_use(const struct call *call, const struct version *version);

#endif
