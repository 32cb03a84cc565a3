/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/executor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "runtime/executor_state.h"

/* Of a request's body that comes before there is a call in the bridge to take it. */
#define INPUT_BYTES_MAX 1048576u

/* ---- Functions ------------------------------------------------------------------------------- */

static int function_create(struct executor *executor, struct directory_entry *entry,
                           struct function **ret_function, struct error *error)
{
    struct function *function = calloc(1, sizeof *function);
    if (!function)
        return error_set_memory(error);
    int code = pool_create(&executor->pools, entry->name, &function->pool, error);
    if (code < 0) {
        free(function);
        return code;
    }
    check(!entry->pool && !executor->closing);
    function->executor = executor;
    function->entry = entry;
    list_init(&function->waiting);
    list_push_back(&executor->functions, &function->link);
    if (entry->state == FUNCTION_READY)
        pool_set_version(function->pool, entry->version);
    entry->pool = function;
    *ret_function = function;
    return 0;
}

/* Frees a removed function whose last call is over. */
static void function_destroy_unused(struct function *function)
{
    if (function->entry || function->calls > 0)
        return;
    check(list_empty(&function->waiting));
    list_remove(&function->link);
    pool_destroy(function->pool);
    free(function);
}

static void end_waiting(struct function *function, int code)
{
    struct list *link;
    while ((link = list_pop_front(&function->waiting)))
        polling_end(container_of(link, struct call, link), code, NULL);
}

static void begin_waiting(struct function *function)
{
    struct list *link;
    struct error error;
    while ((link = list_pop_front(&function->waiting))) {
        struct call *call = container_of(link, struct call, link);
        int code = polling_begin(call, &error);
        if (code < 0)
            polling_end(call, code, error.message);
    }
}

/* The function is gone: what runs ends on its version. */
static void function_removed(struct function *function)
{
    check(function->entry && function->entry->pool == function);
    function->entry->pool = NULL;
    function->entry = NULL;
    pool_set_version(function->pool, NULL);
    function->calls++; /* held while its waiting calls end */
    end_waiting(function, ERROR_FUNCTION_NOT_FOUND);
    function->calls--;
    function_destroy_unused(function);
}

static void directory_entry_changed(void *context, struct directory_entry *entry,
                                    struct version *old, bool removed)
{
    (void)old; /* the pool knows its own */
    struct executor *executor = context;
    struct function *function = entry->pool;
    struct error error;
    if (removed) {
        if (function)
            function_removed(function);
        return;
    }
    /* Without memory now, its first call tries again. */
    if (!function && function_create(executor, entry, &function, &error) < 0)
        return;
    if (entry->state == FUNCTION_READY) {
        if (function->pool->version != entry->version)
            pool_set_version(function->pool, entry->version);
        begin_waiting(function);
    } else if (entry->state == FUNCTION_BROKEN) {
        end_waiting(function, ERROR_FUNCTION_BROKEN);
    }
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void close_step(struct executor *executor);

static void close_again(struct loop_timeout *timeout)
{
    close_step(container_of(timeout, struct executor, close_again));
}

int executor_create(const struct executor_options *options, struct executor **ret_executor,
                    struct error *error)
{
    struct executor *executor = calloc(1, sizeof *executor);
    if (!executor)
        return error_set_memory(error);
    executor->options = *options;
    int code = wakes_create(options->loop, polling_woken, executor, &executor->wakes, error);
    if (code < 0)
        goto free_executor;
    code = outgoing_clients_create(options->loop, options->configuration, options->certificates,
                                   &executor->clients, error);
    if (code < 0)
        goto destroy_wakes;
    executor->traces = log_enabled(options->log, LOG_DEBUG);
    list_init(&executor->functions);
    list_init(&executor->alive);
    list_init(&executor->free);
    pools_init(&executor->pools, options->loop, options->budget, executor->wakes);
    cpu_clock_init(&executor->cpu_clock, loop_clock(options->loop), loop_now_ns(options->loop));
    polling_init(executor);
    loop_timeout_init(&executor->close_again, close_again);
    executor->watcher =
        (struct directory_watcher){.changed = directory_entry_changed, .context = executor};
    directory_watch(options->directory, &executor->watcher);
    *ret_executor = executor;
    return 0;

destroy_wakes:
    wakes_destroy(executor->wakes);
free_executor:
    free(executor);
    return code;
}

static void executor_free(struct executor *executor)
{
    void (*closed)(void *context) = executor->closed;
    void *context = executor->closed_context;
    check(list_empty(&executor->alive) && list_empty(&executor->functions) && !executor->clients);
    check(executor->counts.running == 0 && executor->pools.warm == 0);
    check(list_empty(&executor->ready) && list_empty(&executor->computing));
    loop_task_cancel(&executor->run);
    struct list *link;
    while ((link = list_pop_front(&executor->free)))
        free(container_of(link, struct call, link));
    wakes_leave(executor->wakes, executor->options.engine);
    free(executor);
    closed(context);
}

static void clients_closed(void *context)
{
    struct executor *executor = context;
    executor->clients_closed = true;
    wakes_close(executor->wakes);
    close_step(executor);
}

/* Looked at again every millisecond until all is quiet: this is at the end of a host's life. */
static void close_step(struct executor *executor)
{
    if (!executor->clients_closed && executor->clients && list_empty(&executor->alive)) {
        struct outgoing_clients *clients = executor->clients;
        executor->clients = NULL;
        outgoing_clients_close(clients, clients_closed, executor);
        return;
    }
    if (executor->clients_closed && wakes_settled(executor->wakes)) {
        executor_free(executor);
        return;
    }
    if (loop_timeout_start(executor->options.loop, &executor->close_again,
                           NANOSECONDS_PER_MILLISECOND) < 0)
        check(!"memory for the last timeout");
}

/* A call that is not in the middle of being told or ended. Looked for anew each time, since a sink
 * that is told may cancel others. */
static struct call *call_to_end(struct executor *executor)
{
    for (struct list *link = executor->alive.next; link != &executor->alive; link = link->next) {
        struct call *call = container_of(link, struct call, alive);
        if (call != executor->current && call->state.now != CALL_ENDED)
            return call;
    }
    return NULL;
}

void executor_close(struct executor *executor, void (*closed)(void *context), void *context)
{
    check(!executor->closing && closed);
    executor->closing = true;
    executor->closed = closed;
    executor->closed_context = context;
    directory_unwatch(&executor->watcher);
    struct call *call;
    while ((call = call_to_end(executor)))
        polling_end(call, ERROR_DRAINING, NULL);
    if (executor->current)
        executor->current->end_code = ERROR_DRAINING;
    for (struct list *link = executor->functions.next; link != &executor->functions;) {
        struct function *function = container_of(link, struct function, link);
        link = link->next;
        if (function->entry)
            function_removed(function);
    }
    if (loop_timeout_start(executor->options.loop, &executor->close_again, 0) < 0)
        check(!"memory for the last timeout");
}

const struct executor_counts *executor_counts(struct executor *executor)
{
    executor->counts.instances_started = executor->pools.started;
    executor->counts.instances_reused = executor->pools.reused;
    executor->counts.instances_dropped = executor->pools.dropped;
    executor->counts.warm = executor->pools.warm;
    return &executor->counts;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static struct call *call_create(struct executor *executor)
{
    struct list *link = list_pop_front(&executor->free);
    struct call *call = link ? container_of(link, struct call, link) : malloc(sizeof *call);
    if (!call)
        return NULL;
    memset(call, 0, offsetof(struct call, label));
    call->executor = executor;
    list_init(&call->link);
    loop_timeout_init(&call->duration, polling_duration_passed);
    list_push_back(&executor->alive, &call->alive);
    executor->counts.running++;
    return call;
}

void executor_call_over(struct call *call)
{
    struct executor *executor = call->executor;
    struct function *function = call->function;
    check(call->state.now == CALL_ENDED && executor->current != call);
    check(!call->instance && !call->bridge && !call->input && list_empty(&call->link));
    check(function->calls > 0 && executor->counts.running > 0);
    list_remove(&call->alive);
    list_push_front(&executor->free, &call->link);
    executor->counts.running--;
    check(list_empty(&executor->alive) == (executor->counts.running == 0));
    function->calls--;
    function_destroy_unused(function);
}

/* Why no call of the entry can be started now; 0: one can. */
static int start_refusal(const struct executor *executor, const struct directory_entry *entry)
{
    if (executor->closing)
        return ERROR_DRAINING;
    if (entry->state == FUNCTION_BROKEN)
        return ERROR_FUNCTION_BROKEN;
    return 0;
}

int call_start(struct executor *executor, struct directory_entry *entry,
               const struct call_request *request, size_t window_bytes,
               const struct call_sink *sink, void *context, struct call **ret_call,
               struct error *error)
{
    check(sink->head && sink->body && sink->response_end && sink->response_cut);
    check(sink->body_wanted && sink->body_held && sink->body_consumed && sink->end);
    int code = start_refusal(executor, entry);
    if (code < 0)
        return error_set(error, code, "%s", error_info(code)->text);
    struct function *function = entry->pool;
    if (!function && (code = function_create(executor, entry, &function, error)) < 0)
        return code;
    check(function->executor == executor && function->entry == entry);
    if (!budget_take_slot(executor->options.budget, function->pool->budget)) {
        executor->counts.calls_refused++;
        return error_set(error, ERROR_NO_SLOT, "no slot for a call of \"%s\"", entry->name);
    }
    struct call *call = call_create(executor);
    if (!call) {
        budget_give_slot(executor->options.budget, function->pool->budget);
        return error_set_memory(error);
    }
    call->function = function;
    call->sink = sink;
    call->context = context;
    call->request = *request;
    call->window_bytes = window_bytes;
    uint64_t now_ns = loop_now_ns(executor->options.loop);
    state_init(&call->state, &call_machine, CALL_NEW, now_ns, executor->traces ? report_move : NULL,
               call);
    call_label(call, request);
    function->calls++;
    if (entry->state == FUNCTION_COMPILING) {
        state_move(&call->state, CALL_WAITING, now_ns);
        list_push_back(&function->waiting, &call->link);
    } else if ((code = polling_begin(call, error)) < 0) {
        executor->counts.calls_refused++;
        polling_abandon(call);
        return code;
    }
    executor->counts.calls++;
    *ret_call = call;
    return 0;
}

/* Where what is said about the body is kept while the bridge has no call; NULL without memory. */
static struct call_input *input_of(struct call *call)
{
    if (!call->input) {
        call->input = calloc(1, sizeof *call->input);
        if (call->input)
            buffer_init(&call->input->data, INPUT_BYTES_MAX);
    }
    return call->input;
}

/* The guest cannot be given what came, since there is no memory for it. */
static void body_lost(struct call *call)
{
    if (call->bridge)
        (void)fn0_call_request_fail(call->bridge,
                                    slice_to_bridge(call_body_error_name(ERROR_OUT_OF_MEMORY)));
    else if (call->input)
        call->input->failed_code = ERROR_OUT_OF_MEMORY;
    else
        call->end_code = ERROR_OUT_OF_MEMORY;
}

void call_body(struct call *call, struct slice data)
{
    if (call->state.now == CALL_ENDED)
        return;
    call->body_given = true;
    if (call->bridge) {
        if (fn0_call_request_body(call->bridge, slice_to_bridge(data)) < 0)
            body_lost(call);
        return;
    }
    struct call_input *input = input_of(call);
    if (!input || buffer_append(&input->data, data) < 0)
        body_lost(call);
}

void call_body_end(struct call *call, const struct field *trailers, size_t count)
{
    if (call->state.now == CALL_ENDED)
        return;
    call->body_given = true;
    if (call->bridge) {
        if (fn0_call_request_end(call->bridge, fields_to_bridge(trailers), count) < 0)
            body_lost(call);
        return;
    }
    struct call_input *input = input_of(call);
    if (input)
        input->ended = true;
    else
        body_lost(call);
}

void call_body_fail(struct call *call, int code)
{
    if (call->state.now == CALL_ENDED)
        return;
    call->body_given = true;
    if (call->bridge) {
        (void)fn0_call_request_fail(call->bridge, slice_to_bridge(call_body_error_name(code)));
        return;
    }
    struct call_input *input = input_of(call);
    if (input)
        input->failed_code = code;
    else
        body_lost(call);
}

void call_window(struct call *call, size_t bytes)
{
    if (call->state.now == CALL_ENDED)
        return;
    check(bytes <= UINT64_MAX - call->window_bytes);
    call->window_bytes += bytes;
    /* Where the bridge has no memory for a number it is at its end anyway: the call times out. */
    if (call->bridge)
        (void)fn0_call_response_window(call->bridge, bytes);
}

struct call_usage call_used(const struct call *call)
{
    return call_usage(call, loop_now_ns(call->executor->options.loop));
}

void call_cancel(struct call *call)
{
    if (call->state.now == CALL_ENDED)
        return;
    call->sink = NULL;
    /* While its events are told it is ended after them. */
    if (call != call->executor->current)
        polling_abandon(call);
}
