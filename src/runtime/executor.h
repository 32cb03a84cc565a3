/* SPDX-License-Identifier: AGPL-3.0-only */

/* Runs calls on a worker: admits them to slots, takes warm instances or starts new ones, polls
 * guests in turn, measures their CPU time, holds them to their limits, sends their outgoing
 * requests, and keeps or drops their instances.
 *
 * A call: waiting (for the first compile, or its turn) → starting (its instance's start-up) →
 * running → ended; runtime/call.h has the table of states. A new or woken call is polled in the
 * turn of the loop in which it came. Guests that compute are stopped by the engine's second tick
 * and have turns of lower rank: one at a time, when nobody else is ready, or every 2 ms. So sockets
 * and other calls never wait for more than two ticks.
 *
 * Life: one a worker. Made after the worker's directory, which it watches; closed before it.
 *
 * Threads: everything here belongs to the worker's; budgets are shared with other workers. */

#ifndef FN0_RUNTIME_EXECUTOR_H
#define FN0_RUNTIME_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "io/client.h"
#include "io/loop.h"
#include "runtime/budget.h"
#include "runtime/directory.h"
#include "runtime/engine.h"

struct executor;
struct call;

/* Told each piece that a guest writes to stdout or stderr. Worker's thread; the gateway hands in
 * observe's function log, which the runtime cannot see. */
struct executor_output {
    void *context;
    void (*write)(void *context, const struct version *version, struct slice request_id,
                  bool is_stderr, struct slice data);
    /* The call that wrote is over: an unfinished line is one. */
    void (*end)(void *context, const struct version *version, struct slice request_id);
};

/* What an executor works with. All is borrowed and outlives it. */
struct executor_options {
    struct loop *loop;
    struct engine *engine;
    struct budget *budget;
    struct directory *directory;
    const struct host_configuration *configuration;
    struct executor_output output;
    const char
        *certificates; /* that outgoing requests trust: a file or a folder; NULL: the system's */
    struct log *log;   /* NULL: nothing is logged */
};

/* Counted since the start, but for the last two, which say what is now. */
struct executor_counts {
    uint64_t calls;         /* admitted */
    uint64_t calls_refused; /* no slot, or no instance to be had */
    uint64_t calls_failed;  /* ended with a code; cancelled ones are none of them */
    uint64_t instances_started;
    uint64_t instances_reused;
    uint64_t instances_dropped;
    uint64_t running; /* calls that hold a slot now */
    uint64_t warm;    /* instances that wait for a call now */
};

/* All in the options is borrowed and outlives it. Watches the directory. The caller closes
 * *ret_executor. ERROR_CONFIGURATION for a bad `[outbound] allow`, ERROR_OUT_OF_MEMORY. */
int executor_create(const struct executor_options *options, struct executor **ret_executor,
                    struct error *error);

/* Ends what runs (its sinks are told ERROR_DRAINING), drops warm instances, frees all; `closed` is
 * called from the loop as the last thing. May be called from a sink's callback. */
void executor_close(struct executor *executor, void (*closed)(void *context), void *context);

/* The counts; good until the loop goes round. */
const struct executor_counts *executor_counts(struct executor *executor);

/* What a call used, for logs. */
struct call_usage {
    uint64_t cpu_ns;            /* at most a quarter of its limit too high, and exact past that */
    uint64_t start_cpu_ns;      /* 0 on a warm instance */
    uint64_t duration_ns;       /* since the handler was entered */
    uint64_t memory_bytes;      /* all linear memories; they never shrink, so this is the peak */
    uint64_t outgoing_requests; /* refused ones too */
    bool warm;                  /* on an instance that had served before */
};

/* Who receives what a call produces; called on the worker's loop, never from within call_start or
 * another function of this header. Order: body_wanted and body_consumed at any time; body_held
 * right before head, where the guest may yet want the body; head, body…, then response_end or
 * response_cut; `end` is the last of all: the call is gone when it returns. With `code` other than
 * 0 no more of the response will come, and where no head was told the sink answers its client by
 * that code's row. The response may be whole long before the end.
 *
 * Every function of this header may be called from within these, also call_cancel. What they point
 * at is good until they return. The sink must stay until `end` or call_cancel has returned. */
struct call_sink {
    void (*head)(void *context, uint32_t status, const struct field *fields, size_t count);
    void (*body)(void *context, struct slice data);
    void (*response_end)(void *context, const struct field *trailers, size_t count);
    void (*response_cut)(void *context);
    void (*body_wanted)(void *context);
    void (*body_held)(void *context);
    void (*body_consumed)(void *context, size_t bytes);
    void (*end)(void *context, int code, const struct call_usage *usage);
};

/* The request as the guest will see it: after routing and with the forwarding fields. Names of
 * fields are in lower case. */
struct call_request {
    struct slice method;
    struct slice authority;
    struct slice path_with_query;
    bool https;
    const struct field *fields; /* with X-Forwarded-*, X-Request-Id */
    size_t field_count;
    bool has_body;
    struct slice request_id; /* at most 128 bytes of it are logged */
};

/* Starts a call of the entry's function. What `request` points at is borrowed until the response's
 * head was told, or the call's end where none is (it lies in the exchange's arena; the call copies
 * what it needs longer); the struct itself is copied. `window_bytes`: how much of the response may
 * be told before call_window gives more.
 *
 * Refused at once, at no cost: ERROR_NO_SLOT, ERROR_POOL_FULL, ERROR_FUNCTION_BROKEN,
 * ERROR_CALL_START, ERROR_DRAINING, ERROR_OUT_OF_MEMORY; ERROR_REQUEST_MALFORMED or
 * ERROR_REQUEST_HEADER_SIZE where a guest cannot be shown the request (its strings must be UTF-8).
 * The call belongs to the executor; *ret_call is valid until its end. */
int call_start(struct executor *executor, struct directory_entry *entry,
               const struct call_request *request, size_t window_bytes,
               const struct call_sink *sink, void *context, struct call **ret_call,
               struct error *error);

/* A piece of the request's body; copied. Best after body_wanted: a call that was given its body
 * cannot run again where its instance turns out to be single-use (decisions, 13). */
void call_body(struct call *call, struct slice data);

/* The request's body is whole; its trailers are copied. After the call's end it does nothing, as
 * the others below. */
void call_body_end(struct call *call, const struct field *trailers, size_t count);

/* It will not come whole: ERROR_REQUEST_BODY_SIZE, ERROR_REQUEST_TIMEOUT, …: the guest's stream
 * ends in an error. */
void call_body_fail(struct call *call, int code);

/* `bytes` more of the response's body may be told: as many as the client has taken. Given in sum,
 * so that a call that runs a second time begins with all of it. */
void call_window(struct call *call, size_t bytes);

/* What it has used so far; from within its sink's callbacks, or at any time until its end. */
struct call_usage call_used(const struct call *call);

/* Nobody waits for it any more: it is ended and its instance dropped. The sink is told nothing
 * more; the pointer is invalid. */
void call_cancel(struct call *call);

#endif
