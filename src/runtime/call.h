/* SPDX-License-Identifier: AGPL-3.0-only */

/* A call, from the inside of the runtime: what runtime/executor.h shows as `struct call`. For the
 * executor's own sources and their tests only.
 *
 * States and allowed moves:
 *
 *     new ──▶ waiting ──▶ starting ──▶ running ──▶ ended
 *      │         │  └────────┼──────────▲ ▲ │        ▲
 *      ├─────────┼───────────┘          │ │ ▼        │
 *      └─────────┼──────────────────────┘ stopping ──┤
 *                └───────────────────────────────────┘ (from every state)
 *
 * waiting: its function is being compiled, or others have their turn before it. starting: its
 * instance runs its start-up, which has a budget of its own. running: the handler was entered.
 * stopping: a limit was passed, and the guest is polled for its backtrace; the same of a start-up
 * is start-stopping, from starting to ended. From running a call goes back to starting once, when a
 * kept instance proves to be single-use (decisions, 13). Worker's thread. */

#ifndef FN0_RUNTIME_CALL_H
#define FN0_RUNTIME_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/state.h"
#include "io/loop.h"
#include "runtime/cpu_meter.h"
#include "runtime/executor.h"
#include "runtime/instance.h"
#include "runtime/outgoing.h"
#include "tables/limits.h"

struct fn0_call;
struct function;

enum call_state {
    CALL_NEW,
    CALL_WAITING,
    CALL_STARTING,
    CALL_RUNNING,
    CALL_STOPPING,
    CALL_START_STOPPING,
    CALL_ENDED,
    CALL_STATE_COUNT,
};

/* Bytes kept of request id, method and path, for logs: the request itself may be gone before the
 * call is. What is longer is cut. */
#define CALL_LABEL_BYTES 320

/* What a sink said about the request's body before the bridge had a call to give it to. */
struct call_input {
    struct buffer data;
    bool ended;
    int failed_code; /* 0: not failed */
};

/* A call from its start to its end; then its memory is kept for another. `bridge` is there while
 * the handler runs, `instance` from its start-up on. Times are the loop's, in nanoseconds. */
struct call {
    struct list link;  /* in one of the executor's queues or its function's waiting ones, or none */
    struct list alive; /* among all calls of the executor */
    struct executor *executor;
    struct function *function;
    struct instance *instance;    /* from starting on, until it ends */
    struct fn0_call *bridge;      /* running, stopping */
    const struct call_sink *sink; /* NULL: cancelled */
    void *context;
    struct call_request request; /* what it points at is good until a head was told */
    struct state state;          /* of enum call_state */
    uint64_t entered_ns;         /* monotonic: when the handler was entered; 0: it was not */
    struct cpu_meter cpu;
    struct cpu_meter start_cpu;
    struct loop_timeout duration; /* of the start-up, then of the handler */
    struct outgoing_group outgoing;
    uint64_t window_bytes;    /* of the response, given in sum: a second run begins with it */
    uint64_t response_bytes;  /* told */
    uint64_t memory_refusals; /* of the instance, before the handler was entered */
    int stop_code;            /* stopping, start-stopping: why */
    int end_code;             /* why it is to be ended when its events are told; 0: it is not */
    unsigned stop_polls;      /* that it had since then */
    bool polled;              /* is within a poll: it is not queued, only marked */
    bool woken;               /* within the poll */
    bool warm;                /* its instance had served before */
    bool second_run;          /* its first instance proved to be single-use */
    bool wrote;               /* to stdout or stderr */
    bool head_told;
    bool response_over; /* whole or cut */
    bool response_cut;
    bool body_wanted;         /* the guest asked for the request's body */
    bool body_given;          /* something was said about the body */
    struct call_input *input; /* NULL: nothing waits */
    char error_name[64];      /* of the error-code that the guest answered; empty: none */
    struct slice request_id;  /* these three point into `label` */
    struct slice method;
    struct slice path;
    char label[CALL_LABEL_BYTES];
};

/* The table of states and moves: rows by enum call_state. */
extern const struct state_machine call_machine;

/* Copies what logs need of the request into the label. */
void call_label(struct call *call, const struct call_request *request);

/* The error-code of wasi:http that a guest reads where its request's body fails with `code`. */
struct slice call_body_error_name(int code);

/* The limit whose passing is `code`; LIMIT_COUNT: none. */
enum limit call_limit_of(int code);

/* What it used so far; `now_ns` is the loop's time. Its memory is the
 * instance's, and 0 once that was let go. */
struct call_usage call_usage(const struct call *call, uint64_t now_ns);

#endif
