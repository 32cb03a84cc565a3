/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/executor_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* How long calls of the ready queue are polled before the sockets have their turn. */
#define ROUND_NS NANOSECONDS_PER_MILLISECOND

/* Those who compute wait no longer than this for a turn of one of them, however many others come.
 */
#define COMPUTING_WAIT_NS_MAX (2 * NANOSECONDS_PER_MILLISECOND)

/* After one who does not compute had a turn, so long the sockets are looked at before one who does
 * has his: a client that was just answered often asks again at once, and would wait for a whole
 * tick. */
#define COMPUTING_PAUSE_NS 100000u

/* An interrupted guest ends at its next tick or wait: what needs more polls is dropped unheard. */
#define STOP_POLLS_MAX 16u

/* What each state of a call has and has not. */
static void check_call(const struct call *call)
{
    unsigned state = call->state.now;
    bool entered = state == CALL_RUNNING || state == CALL_STOPPING;
    bool starts = state == CALL_STARTING || state == CALL_START_STOPPING;
    check((call->bridge != NULL) == entered);
    check((call->instance != NULL) == (entered || starts));
    check(!call->instance || call->instance->call == call);
    check(!call->instance || call->instance->pool == call->function->pool);
    check((call->stop_code != 0) == (state == CALL_STOPPING || state == CALL_START_STOPPING));
    check(!call->response_cut || call->response_over);
    check(call->stop_polls <= STOP_POLLS_MAX);
}

/* ---- The queues ------------------------------------------------------------------------------ */

/* Queues a call to be polled, in this round or the next. */
static void queue(struct call *call)
{
    if (call->polled) {
        call->woken = true;
        return;
    }
    if (!list_empty(&call->link))
        return;
    struct executor *executor = call->executor;
    list_push_back(&executor->ready, &call->link);
    loop_defer(executor->options.loop, &executor->run);
}

void polling_woken(void *context, void *object)
{
    (void)context;
    struct instance *instance = object;
    if (instance->call)
        queue(instance->call);
}

static void poll_call(struct call *call);

/* Polls the calls that were ready when the round began, as far as the time goes. */
static void poll_ready(struct executor *executor, uint64_t end_ns)
{
    struct loop *loop = executor->options.loop;
    list_push_back(&executor->ready, &executor->ready_mark);
    do {
        struct list *link = executor->ready.next;
        if (link == &executor->ready_mark)
            break;
        list_remove(link);
        executor->yielded = false;
        poll_call(container_of(link, struct call, link));
        if (!executor->yielded)
            executor->quick_ns = loop_now_ns(loop);
    } while (loop_now_ns(loop) < end_ns);
    check(!executor->current);
    list_remove(&executor->ready_mark);
}

/* Polls the one who has computed and waits for longest. */
static void poll_computing(struct executor *executor)
{
    struct list *link = list_pop_front(&executor->computing);
    check(link);
    poll_call(container_of(link, struct call, link));
    executor->computing_ns = loop_now_ns(executor->options.loop);
}

/* Whether it is the turn of one who computes: where nobody else is ready, nor had a quick turn a
 * moment ago, or when those who compute have waited long enough. */
static bool computing_is_due(const struct executor *executor, uint64_t now_ns)
{
    if (list_empty(&executor->computing))
        return false;
    check(now_ns >= executor->computing_ns && now_ns >= executor->quick_ns);
    if (now_ns - executor->computing_ns >= COMPUTING_WAIT_NS_MAX)
        return true;
    return list_empty(&executor->ready) && now_ns - executor->quick_ns >= COMPUTING_PAUSE_NS;
}

/* One round: the turn of those that are ready, or of one of those that were stopped by a tick. What
 * a round has produced leaves before the next, and the sockets are looked at. So an answer never
 * waits for somebody else's computing, a new call for two ticks at most, and a stream of new calls
 * starves nobody. */
static void run(struct loop_task *task)
{
    struct executor *executor = container_of(task, struct executor, run);
    struct loop *loop = executor->options.loop;
    uint64_t now_ns = loop_update(loop);
    if (computing_is_due(executor, now_ns))
        poll_computing(executor);
    else if (!list_empty(&executor->ready))
        poll_ready(executor, now_ns + ROUND_NS);
    if (!list_empty(&executor->ready) || !list_empty(&executor->computing))
        loop_defer(loop, &executor->run);
}

/* Queues a call that a tick has stopped. */
static void queue_computing(struct call *call)
{
    struct executor *executor = call->executor;
    check(list_empty(&call->link));
    /* It just had its turn: the wait begins now. */
    if (list_empty(&executor->computing))
        executor->computing_ns = loop_now_ns(executor->options.loop);
    list_push_back(&executor->computing, &call->link);
    executor->yielded = true;
    loop_defer(executor->options.loop, &executor->run);
}

void polling_init(struct executor *executor)
{
    list_init(&executor->ready);
    list_init(&executor->computing);
    list_init(&executor->ready_mark);
    loop_task_init(&executor->run, run);
}

/* ---- Instances and entering the handler ------------------------------------------------------ */

static void stop(struct call *call, int code);

void polling_duration_passed(struct loop_timeout *timeout)
{
    stop(container_of(timeout, struct call, duration), ERROR_CALL_DURATION);
}

static const struct limits *limits_of(const struct call *call)
{
    return &call->instance->version->configuration->limits;
}

/* Gives the bridge what was said about the body before there was a call to say it to. */
static void input_hand_over(struct call *call)
{
    struct call_input *input = call->input;
    if (!input)
        return;
    call->input = NULL;
    if (buffer_bytes(&input->data) > 0)
        call_body(call, buffer_slice(&input->data));
    if (input->failed_code)
        call_body_fail(call, input->failed_code);
    else if (input->ended)
        call_body_end(call, NULL, 0);
    buffer_fini(&input->data);
    free(input);
}

/* The bridge does not take a request that a guest could not be shown: its strings are UTF-8, and
 * its fields have a bound. */
static int request_refused(const struct fn0_error *bridge_error, struct error *error)
{
    int code = call_error_from_bridge(bridge_error->code);
    if (bridge_error->code == FN0_ERROR_INVALID_ARGUMENT)
        code = ERROR_REQUEST_MALFORMED;
    else if (bridge_error->code == FN0_ERROR_TOO_LARGE)
        code = ERROR_REQUEST_HEADER_SIZE;
    return error_set(error, code, "%s", bridge_error->message);
}

/* Begins the handler on an instance that is ready. */
static int enter(struct call *call, struct error *error)
{
    struct executor *executor = call->executor;
    struct instance *instance = call->instance;
    const struct call_request *request = &call->request;
    const struct fn0_request bridge_request = {
        .method = slice_to_bridge(request->method),
        .authority = slice_to_bridge(request->authority),
        .path_with_query = slice_to_bridge(request->path_with_query),
        .scheme = request->https ? FN0_SCHEME_HTTPS : FN0_SCHEME_HTTP,
        .fields = fields_to_bridge(request->fields),
        .field_count = request->field_count,
        .has_body = request->has_body,
    };
    if (fn0_call_create(instance->bridge, &bridge_request, (size_t)call->window_bytes,
                        &call->bridge, &executor->bridge_error) < 0)
        return request_refused(&executor->bridge_error, error);
    const struct limits *limits = limits_of(call);
    int code =
        loop_timeout_start(executor->options.loop, &call->duration, limits->value[LIMIT_DURATION]);
    if (code < 0) {
        (void)fn0_call_destroy(call->bridge);
        call->bridge = NULL;
        return error_set_memory(error);
    }
    check(instance->call == call && call->bridge);
    instance->uses++;
    call->memory_refusals = fn0_instance_memory_refusals(instance->bridge);
    cpu_meter_init(&call->cpu, limits->value[LIMIT_CPU]);
    outgoing_group_init(&call->outgoing, executor->clients, instance->version, call->bridge);
    call->entered_ns = loop_now_ns(executor->options.loop);
    state_move(&call->state, CALL_RUNNING, call->entered_ns);
    check_call(call);
    input_hand_over(call);
    return 0;
}

/* Begins a fresh instance for the call, which is to be queued then. */
static int begin_fresh(struct call *call, struct error *error)
{
    struct executor *executor = call->executor;
    struct instance *instance;
    int code = pool_start(call->function->pool, &instance, error);
    if (code < 0)
        return code;
    /* A start-up that waits for ever would hold its slot for ever. */
    const struct limits *limits = &instance->version->configuration->limits;
    code =
        loop_timeout_start(executor->options.loop, &call->duration, limits->value[LIMIT_DURATION]);
    if (code < 0) {
        pool_drop(call->function->pool, instance);
        return error_set_memory(error);
    }
    call->instance = instance;
    instance->call = call;
    call->warm = false;
    cpu_meter_init(&call->start_cpu, limits->value[LIMIT_START_CPU]);
    state_move(&call->state, CALL_STARTING, loop_now_ns(executor->options.loop));
    check_call(call);
    return 0;
}

/* Begins the call on a warm instance; it is to be queued then. */
static int begin_warm(struct call *call, struct instance *instance, struct error *error)
{
    call->instance = instance;
    instance->call = call;
    call->warm = true;
    int code = enter(call, error);
    if (code < 0) {
        instance->call = NULL;
        call->instance = NULL;
        /* A request that is refused has not touched the instance, and must not cost it. */
        if (code == ERROR_REQUEST_MALFORMED || code == ERROR_REQUEST_HEADER_SIZE)
            pool_put(call->function->pool, instance, instance->memory_reserved);
        else
            pool_drop(call->function->pool, instance);
        return code;
    }
    return 0;
}

/* Gives the call an instance, warm or fresh. */
static int begin(struct call *call, struct error *error)
{
    struct instance *instance = pool_take(call->function->pool);
    return instance ? begin_warm(call, instance, error) : begin_fresh(call, error);
}

int polling_begin(struct call *call, struct error *error)
{
    struct executor *executor = call->executor;
    check(call->state.now == CALL_NEW || call->state.now == CALL_WAITING);
    check(!call->instance && !call->bridge && list_empty(&call->link));
    int code = 0;
    if (list_empty(&executor->ready))
        code = begin(call, error);
    else if (call->state.now == CALL_NEW)
        state_move(&call->state, CALL_WAITING, loop_now_ns(executor->options.loop));
    if (code == 0)
        queue(call);
    return code;
}

/* Begins a call whose turn has come. True: it can be polled. */
static bool begin_now(struct call *call)
{
    struct error error;
    int code = call->function->pool->version
                   ? begin(call, &error)
                   : error_set(&error, ERROR_FUNCTION_NOT_FOUND,
                               "the function was removed while a call of it waited for its turn");
    if (code < 0) {
        polling_end(call, code, error.message);
        return false;
    }
    /* What was said about its body may have woken it meanwhile. */
    list_remove(&call->link);
    return true;
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* Takes everything from the call that it holds, its slot too. `keep`: its instance may serve on. */
static void let_go(struct call *call, bool keep, uint64_t memory_bytes)
{
    struct executor *executor = call->executor;
    check(!call->polled && executor->current != call);
    list_remove(&call->link);
    loop_timeout_stop(&call->duration);
    if (call->bridge) {
        outgoing_group_cancel(&call->outgoing);
        keep = fn0_call_destroy(call->bridge) && keep;
        call->bridge = NULL;
    }
    struct instance *instance = call->instance;
    if (instance) {
        if (call->wrote)
            executor->options.output.end(executor->options.output.context, instance->version,
                                         call->request_id);
        call->instance = NULL;
        instance->call = NULL;
        if (keep)
            pool_put(call->function->pool, instance, memory_bytes);
        else
            pool_drop(call->function->pool, instance);
    }
    if (call->input) {
        buffer_fini(&call->input->data);
        free(call->input);
        call->input = NULL;
    }
    budget_give_slot(executor->options.budget, call->function->pool->budget);
    state_move(&call->state, CALL_ENDED, loop_now_ns(executor->options.loop));
}

/* Whether the instance asked for more memory than it may have, since the handler was entered. */
static bool was_refused_memory(const struct call *call)
{
    return fn0_instance_memory_refusals(call->instance->bridge) > call->memory_refusals;
}

/* `finished`: the handler has ended by itself, so that its instance may serve on; unless it was
 * refused memory, which it may hold for good, and then would fail each call from now on. */
static void end(struct call *call, int code, const char *message, bool finished)
{
    struct call_usage usage = call_usage(call, loop_now_ns(call->executor->options.loop));
    bool keep = finished && !was_refused_memory(call);
    if (code == 0) {
        report_near_limits(call, &usage);
    } else {
        call->executor->counts.calls_failed++;
        report_failure(call, code, message, &usage);
    }
    /* Before the sink is told: the next request of its connection finds slot and instance free. */
    let_go(call, keep, usage.memory_bytes);
    const struct call_sink *sink = call->sink;
    if (sink)
        sink->end(call->context, code, &usage);
    executor_call_over(call);
}

void polling_end(struct call *call, int code, const char *message)
{
    check(code != 0);
    end(call, code, message, false);
}

void polling_abandon(struct call *call)
{
    let_go(call, false, 0);
    executor_call_over(call);
}

/* A limit was passed: the guest is interrupted, and one more poll brings its backtrace. */
static void stop(struct call *call, int code)
{
    uint64_t now_ns = loop_now_ns(call->executor->options.loop);
    /* A second limit that is passed meanwhile changes nothing. */
    if (call->state.now == CALL_STOPPING || call->state.now == CALL_START_STOPPING)
        return;
    check(code != 0 && call->stop_code == 0);
    call->stop_code = code;
    if (call->state.now == CALL_STARTING) {
        state_move(&call->state, CALL_START_STOPPING, now_ns);
        fn0_instance_interrupt(call->instance->bridge);
    } else {
        state_move(&call->state, CALL_STOPPING, now_ns);
        fn0_call_interrupt(call->bridge);
    }
    list_remove(&call->link);
    queue(call);
}

/* It was interrupted, and is not at its end yet. */
static void stop_again(struct call *call)
{
    if (++call->stop_polls > STOP_POLLS_MAX)
        polling_end(call, call->stop_code, "it could not be interrupted");
    else
        queue(call);
}

/* ---- Single-use instances -------------------------------------------------------------------- */

static void mark_single_use(struct call *call, struct version *version)
{
    if (!atomic_exchange(&version->single_use, true))
        report_single_use(call, version);
    if (version == call->function->pool->version)
        pool_drop_warm(call->function->pool);
}

/* A kept instance has ended its call without a response, by itself or by a trap. Where no kept
 * instance of the version has ever answered, it is taken for one that answers only once: the call
 * runs again on a fresh instance where it has touched nothing (true), and else the version is
 * marked at once (decisions, 13). A call that runs again marks the version when it answers, so
 * that a request that fails everywhere is not held against the version. */
static bool runs_again(struct call *call)
{
    struct pool *pool = call->function->pool;
    struct instance *instance = call->instance;
    struct version *version = instance->version;
    if (!call->warm || pool->proved_reusable || version != pool->version ||
        version->configuration->instance.reuse != REUSE_AUTO)
        return false;
    if (call->outgoing.made > 0 || call->body_wanted || call->body_given) {
        mark_single_use(call, version);
        return false;
    }
    (void)fn0_call_destroy(call->bridge);
    call->bridge = NULL;
    loop_timeout_stop(&call->duration);
    call->instance = NULL;
    instance->call = NULL;
    pool_drop(pool, instance);
    call->entered_ns = 0;
    call->second_run = true;
    struct error error;
    int code = begin_fresh(call, &error);
    if (code < 0)
        polling_end(call, code, error.message);
    else
        queue(call);
    return true;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* Whether the response's body declares itself larger than it may be. */
static bool declared_too_large(const struct call *call, const struct field *fields, size_t count)
{
    uint64_t max = limits_of(call)->value[LIMIT_RESPONSE_BODY];
    if (max == LIMIT_NONE || slice_equal(call->method, SLICE("HEAD")))
        return false;
    const struct slice *value = field_find(fields, count, SLICE("content-length"));
    uint64_t bytes = 0;
    for (size_t i = 0; value && i < value->bytes; i++) {
        char digit = value->data[i];
        if (digit < '0' || digit > '9')
            return false; /* invalid: the gateway's business */
        if (bytes > max)
            break;
        bytes = bytes * 10 + (uint64_t)(digit - '0');
    }
    return bytes > max;
}

/* The guest has answered, and so shows whether its instances can be used again. */
static void learn_from_answer(struct call *call)
{
    struct pool *pool = call->function->pool;
    struct version *version = call->instance->version;
    if (call->second_run)
        mark_single_use(call, version);
    else if (call->warm && version == pool->version)
        pool->proved_reusable = true;
}

static void tell_head(struct call *call, const struct fn0_event *event)
{
    learn_from_answer(call);
    if (event->status == 0) {
        size_t bytes = event->text.bytes < sizeof call->error_name - 1
                           ? event->text.bytes
                           : sizeof call->error_name - 1;
        memcpy(call->error_name, event->text.data, bytes);
        call->error_name[bytes] = 0;
        return;
    }
    const struct field *fields = fields_from_bridge(event->fields);
    if (declared_too_large(call, fields, event->field_count)) {
        call->end_code = ERROR_RESPONSE_BODY_SIZE;
        return;
    }
    call->head_told = true;
    if (call->sink)
        call->sink->head(call->context, event->status, fields, event->field_count);
}

static void tell_body(struct call *call, struct slice data)
{
    if (data.bytes > limits_of(call)->value[LIMIT_RESPONSE_BODY] - call->response_bytes) {
        call->end_code = ERROR_RESPONSE_BODY_SIZE;
        return;
    }
    call->response_bytes += data.bytes;
    check(call->response_bytes <= call->window_bytes);
    if (call->sink)
        call->sink->body(call->context, data);
}

/* What concerns the response; nothing of it is told any more once the call is to be ended. */
static void tell_response(struct call *call, const struct fn0_event *event)
{
    if (call->end_code)
        return;
    switch (event->kind) {
    case FN0_EVENT_RESPONSE_HEAD:
        tell_head(call, event);
        break;
    case FN0_EVENT_RESPONSE_BODY:
        tell_body(call, slice_from_bridge(event->text));
        break;
    case FN0_EVENT_RESPONSE_END:
        call->response_over = true;
        if (call->sink)
            call->sink->response_end(call->context, fields_from_bridge(event->fields),
                                     event->field_count);
        break;
    default:
        call->response_over = true;
        call->response_cut = true;
        if (call->sink)
            call->sink->response_cut(call->context);
    }
}

static void tell_output(struct call *call, const struct fn0_event *event)
{
    const struct executor_output *output = &call->executor->options.output;
    call->wrote = true;
    output->write(output->context, call->instance->version, call->request_id,
                  event->kind == FN0_EVENT_STDERR, slice_from_bridge(event->text));
}

static void tell(struct call *call, const struct fn0_event *event)
{
    switch (event->kind) {
    case FN0_EVENT_RESPONSE_HEAD:
    case FN0_EVENT_RESPONSE_BODY:
    case FN0_EVENT_RESPONSE_END:
    case FN0_EVENT_RESPONSE_CUT:
        tell_response(call, event);
        break;
    case FN0_EVENT_REQUEST_BODY_WANTED:
        call->body_wanted = true;
        if (call->sink)
            call->sink->body_wanted(call->context);
        break;
    case FN0_EVENT_REQUEST_BODY_HELD:
        if (call->sink)
            call->sink->body_held(call->context);
        break;
    case FN0_EVENT_REQUEST_BODY_CONSUMED:
        if (call->sink)
            call->sink->body_consumed(call->context, (size_t)event->number);
        break;
    case FN0_EVENT_STDOUT:
    case FN0_EVENT_STDERR:
        tell_output(call, event);
        break;
    default:
        /* A cancelled call sends nothing more. */
        if (call->sink)
            outgoing_group_event(&call->outgoing, event);
    }
}

/* ---- Polls ----------------------------------------------------------------------------------- */

/* The handler has ended by itself. */
static void finished(struct call *call)
{
    if (call->error_name[0]) {
        end(call, ERROR_CALL_ERROR_CODE, NULL, true);
    } else if (!call->head_told && call->state.now == CALL_STOPPING) {
        end(call, call->stop_code, NULL, false);
    } else if (!call->head_told) {
        if (!runs_again(call))
            end(call, ERROR_CALL_NO_RESPONSE, NULL, false);
    } else if (call->response_cut || !call->response_over) {
        end(call, ERROR_RESPONSE_INCOMPLETE, NULL, true);
    } else {
        end(call, 0, NULL, true);
    }
}

/* The handler has failed: the bridge's error says how. */
static void failed(struct call *call)
{
    const struct fn0_error *error = &call->executor->bridge_error;
    /* A guest that is ended by us may trap on its way. */
    if (call->state.now == CALL_STOPPING) {
        end(call, call->stop_code, error->message, false);
        return;
    }
    int code = call_error_from_bridge(error->code);
    if (code == ERROR_CALL_TRAP && was_refused_memory(call))
        code = ERROR_CALL_MEMORY;
    else if ((code == ERROR_CALL_TRAP || code == ERROR_CALL_EXIT) && runs_again(call))
        return;
    end(call, code, error->message, false);
}

/* Neither finished nor failed. */
static void unfinished(struct call *call, enum fn0_poll result)
{
    if (call->state.now == CALL_STOPPING) {
        stop_again(call);
        return;
    }
    if (cpu_meter_over(&call->cpu)) {
        stop(call, ERROR_CALL_CPU);
        return;
    }
    if (result == FN0_POLL_YIELDED && list_empty(&call->link))
        queue_computing(call);
    else if (call->woken)
        queue(call);
}

static void poll_handler(struct call *call)
{
    struct executor *executor = call->executor;
    struct fn0_events events;
    uint64_t now_ns = loop_update(executor->options.loop);
    engine_running(executor->options.engine, now_ns);
    cpu_meter_begin(&call->cpu, &executor->cpu_clock, now_ns);
    call->woken = false;
    call->polled = true;
    enum fn0_poll result = fn0_call_poll(call->bridge, &events, &executor->bridge_error);
    call->polled = false;
    cpu_meter_end(&call->cpu, &executor->cpu_clock, loop_update(executor->options.loop));
    executor->current = call;
    for (size_t i = 0; i < events.count; i++)
        tell(call, &events.items[i]);
    executor->current = NULL;
    if (!call->sink)
        polling_abandon(call);
    else if (call->end_code)
        end(call, call->end_code, NULL, false);
    else if (result == FN0_POLL_READY)
        finished(call);
    else if (result == FN0_POLL_FAILED)
        failed(call);
    else
        unfinished(call, result);
}

/* The engine had no room after all: begins anew where a warm instance can make room. */
static void start_again(struct call *call)
{
    struct pool *pool = call->function->pool;
    struct error error;
    error_set(&error, ERROR_POOL_FULL, "%s", call->executor->bridge_error.message);
    int code = ERROR_POOL_FULL;
    if (pool->version && pools_drop_least_recent(&call->executor->pools)) {
        struct instance *full = call->instance;
        call->instance = NULL;
        full->call = NULL;
        pool_drop(pool, full);
        loop_timeout_stop(&call->duration);
        code = begin_fresh(call, &error);
    }
    if (code < 0)
        polling_end(call, code, error.message);
    else
        queue(call);
}

static void start_failed(struct call *call)
{
    const struct fn0_error *error = &call->executor->bridge_error;
    if (error->code == FN0_ERROR_POOL_FULL) {
        start_again(call);
        return;
    }
    int code = call_error_from_bridge(error->code);
    if (error->code == FN0_ERROR_TOO_LARGE)
        code = ERROR_CALL_MEMORY;
    else if (code == ERROR_CALL_TRAP || code == ERROR_CALL_EXIT)
        code = fn0_instance_memory_refusals(call->instance->bridge) > 0 ? ERROR_CALL_MEMORY
                                                                        : ERROR_CALL_START;
    polling_end(call, code, error->message);
}

/* The start-up was interrupted, and polled for its backtrace. */
static void start_stopped(struct call *call, enum fn0_poll result)
{
    if (result == FN0_POLL_FAILED)
        polling_end(call, call->stop_code, call->executor->bridge_error.message);
    else if (result == FN0_POLL_READY)
        polling_end(call, call->stop_code, "the start-up ended a moment later by itself");
    else
        stop_again(call);
}

/* Runs the instance's start-up. True: the handler is entered. */
static bool poll_start(struct call *call)
{
    struct executor *executor = call->executor;
    struct error error;
    uint64_t now_ns = loop_update(executor->options.loop);
    engine_running(executor->options.engine, now_ns);
    cpu_meter_begin(&call->start_cpu, &executor->cpu_clock, now_ns);
    call->woken = false;
    call->polled = true;
    enum fn0_poll result = fn0_instance_poll(call->instance->bridge, &executor->bridge_error);
    call->polled = false;
    cpu_meter_end(&call->start_cpu, &executor->cpu_clock, loop_update(executor->options.loop));
    if (call->state.now == CALL_START_STOPPING) {
        start_stopped(call, result);
    } else if (result == FN0_POLL_FAILED) {
        start_failed(call);
    } else if (result == FN0_POLL_READY) {
        loop_timeout_stop(&call->duration);
        int code = enter(call, &error);
        if (code == 0)
            return true;
        polling_end(call, code, error.message);
    } else if (cpu_meter_over(&call->start_cpu)) {
        stop(call, ERROR_CALL_START_CPU);
    } else if (result == FN0_POLL_YIELDED && list_empty(&call->link)) {
        queue_computing(call);
    } else if (call->woken) {
        queue(call);
    }
    return false;
}

static void poll_call(struct call *call)
{
    if (call->state.now == CALL_WAITING && !begin_now(call))
        return;
    bool starts = call->state.now == CALL_STARTING || call->state.now == CALL_START_STOPPING;
    check(starts || call->state.now == CALL_RUNNING || call->state.now == CALL_STOPPING);
    check(!call->polled && list_empty(&call->link) && !call->executor->current);
    check_call(call);
    if (starts && !poll_start(call))
        return;
    poll_handler(call);
}
