/* SPDX-License-Identifier: AGPL-3.0-only */

/* Runs calls on a worker: admits them to slots, takes warm instances or starts new ones, polls guests in turn, measures their CPU time, holds them to their limits, sends their
 * outgoing requests, and keeps or drops their instances. Everything here belongs to the worker's thread; budgets are shared with other workers.
 *
 * A call: waiting (for the first compile) → starting (its instance's start-up) → running → ended. See runtime/call.h for the table of states. */

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

/* Told each piece that a guest writes. Worker's thread; the gateway hands in observe's function log, which the runtime cannot see. */
struct executor_output {
    void *context;
    void (*write)(void *context, const struct version *version, struct slice request_id, bool is_stderr, struct slice data);
    void (*end)(void *context, const struct version *version, struct slice request_id); /* the call is over: an unfinished line is one */
};

struct executor_options {
    struct loop *loop;
    struct engine *engine;
    struct budget *budget;
    struct directory *directory;
    const struct host_configuration *configuration;
    struct executor_output output;
    struct log *log;
};

/* Counted since the start; for metrics, logs and tests. */
struct executor_counts {
    uint64_t calls;
    uint64_t calls_refused;
    uint64_t calls_failed;
    uint64_t instances_started;
    uint64_t instances_reused;
    uint64_t instances_dropped;
    uint64_t running;
    uint64_t warm;
};

/* All in the options is borrowed and outlives it. Watches the directory. The caller closes *ret_executor. */
int executor_create(const struct executor_options *options, struct executor **ret_executor, struct error *error);

/* Cancels what runs (its sinks are told the end), drops warm instances, frees all; `closed` is called from the loop as the last thing. */
void executor_close(struct executor *executor, void (*closed)(void *context), void *context);

/* The counts. */
const struct executor_counts *executor_counts(const struct executor *executor);

/* What a call used, for logs. */
struct call_usage {
    uint64_t cpu_ns;
    uint64_t start_cpu_ns; /* 0 on a warm instance */
    uint64_t duration_ns;
    uint64_t memory_bytes;
    uint64_t outgoing_requests;
    bool warm;
};

/* Who receives what a call produces; on the worker's loop, never from within call_start. Order: body_wanted and body_consumed at any time; head, body…, then
 * response_end or response_cut; `end` is the last of all: the call is gone when it returns. With `code` other than 0 no more of the response will come, and where no head was told
 * the sink answers its client by that code's row. The response may be whole long before the end. */
struct call_sink {
    void (*head)(void *context, uint32_t status, const struct field *fields, size_t count);
    void (*body)(void *context, struct slice data);
    void (*response_end)(void *context, const struct field *trailers, size_t count);
    void (*response_cut)(void *context);
    void (*body_wanted)(void *context);
    void (*body_consumed)(void *context, size_t bytes);
    void (*end)(void *context, int code, const struct call_usage *usage);
};

struct call_request {
    struct slice method;
    struct slice authority;
    struct slice path_with_query;
    bool https;
    const struct field *fields; /* with X-Forwarded-*, X-Request-Id */
    size_t field_count;
    bool has_body;
    struct slice request_id;
};

/* Starts a call of the entry's function. `request` is borrowed until the call's end (it lies in the exchange's arena; the call copies what it needs longer).
 * `window_bytes`: how much of the response may be told before call_window gives more.
 * Refused at once, at no cost: ERROR_NO_SLOT, ERROR_POOL_FULL, ERROR_FUNCTION_BROKEN, ERROR_OUT_OF_MEMORY. The call belongs to the executor; *ret_call is valid until its end. */
int call_start(struct executor *executor, struct directory_entry *entry, const struct call_request *request, size_t window_bytes,
               const struct call_sink *sink, void *context, struct call **ret_call, struct error *error);

/* A piece of the request's body; copied. */
void call_body(struct call *call, struct slice data);

/* The request's body is whole. */
void call_body_end(struct call *call, const struct field *trailers, size_t count);

/* It will not come whole: ERROR_REQUEST_BODY_SIZE, ERROR_REQUEST_TIMEOUT, …: the guest's stream ends in an error. */
void call_body_fail(struct call *call, int code);

/* `bytes` more of the response may be told. */
void call_window(struct call *call, size_t bytes);

/* Nobody waits for it any more: it is ended and its instance dropped. The sink is told nothing more; the pointer is invalid. */
void call_cancel(struct call *call);

#endif
