/* SPDX-License-Identifier: Apache-2.0 */

#include "timers.h"

#include <stdlib.h>

#include "class.h"

#define NS_IN_MS 1000000.0
/* HTML, 8.7: nested timers are held to this. Longer delays than 2^31 - 1 ms wrap to none. */
#define DELAY_MS_MAX 2147483647.0

struct timer {
    struct task task;
    struct list link; /* of the engine's timers */
    struct engine *engine;
    int32_t id; /* 0: a task that nobody can end */
    double delay_ms;
    bool is_interval;
    JSValue function;
    int argument_count;
    JSValue arguments[];
};

static void free_timer(struct timer *timer)
{
    JSContext *context = timer->engine->context;
    list_remove(&timer->task.link);
    list_remove(&timer->link);
    JS_FreeValue(context, timer->function);
    for (int i = 0; i < timer->argument_count; i++)
        JS_FreeValue(context, timer->arguments[i]);
    free(timer);
}

static void run(struct task *task);

static void set(struct timer *timer)
{
    uint64_t time_ns =
        timer->id == 0 ? 0 : host_monotonic_ns() + (uint64_t)(timer->delay_ms * NS_IN_MS) + 1;
    event_loop_add_task(&timer->engine->loop, &timer->task, time_ns, run);
}

static void run(struct task *task)
{
    struct timer *timer = LIST_MEMBER(task, struct timer, task);
    struct engine *engine = timer->engine;
    JSContext *context = engine->context;
    JSValue function = JS_DupValue(context, timer->function);
    int32_t id = timer->id;
    int argument_count = timer->argument_count;
    JSValue result;
    /* The function may end its own timer: what it is called with has to live on. */
    JSValue *arguments = malloc((size_t)(argument_count + 1) * sizeof(*arguments));
    if (arguments == NULL)
        argument_count = 0;
    for (int i = 0; i < argument_count; i++)
        arguments[i] = JS_DupValue(context, timer->arguments[i]);
    if (!timer->is_interval) {
        free_timer(timer);
        timer = NULL;
    }
    result = JS_Call(context, function, JS_UNDEFINED, argument_count, arguments);
    if (JS_IsException(result))
        engine_report_exception(engine);
    JS_FreeValue(context, result);
    JS_FreeValue(context, function);
    for (int i = 0; i < argument_count; i++)
        JS_FreeValue(context, arguments[i]);
    free(arguments);
    engine_run_jobs(engine);
    if (timer == NULL)
        return;
    for (struct list *link = engine->timers.next; link != &engine->timers; link = link->next)
        if (LIST_MEMBER(link, struct timer, link)->id == id) {
            set(LIST_MEMBER(link, struct timer, link));
            return;
        }
}

static struct timer *create(JSContext *context, JSValueConst function, int argument_count,
                            JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    struct timer *timer =
        calloc(1, sizeof(*timer) + (size_t)argument_count * sizeof(timer->arguments[0]));
    if (timer == NULL) {
        JS_ThrowOutOfMemory(context);
        return NULL;
    }
    timer->engine = engine;
    timer->function = JS_DupValue(context, function);
    timer->argument_count = argument_count;
    for (int i = 0; i < argument_count; i++)
        timer->arguments[i] = JS_DupValue(context, arguments[i]);
    list_init(&timer->task.link);
    list_append(&engine->timers, &timer->link);
    return timer;
}

static JSValue js_set(JSContext *context, JSValueConst this_value, int argument_count,
                      JSValueConst *arguments, int is_interval)
{
    struct engine *engine = engine_of(context);
    const char *name = is_interval ? "setInterval" : "setTimeout";
    double delay_ms = 0;
    (void)this_value;
    if (argument_count < 1 || !JS_IsFunction(context, arguments[0]))
        return JS_ThrowTypeError(context, "%s needs a function", name);
    if (engine->is_snapshotting)
        return engine_throw_snapshotting(context, name);
    if (argument_count > 1 && JS_ToFloat64(context, &delay_ms, arguments[1]) != 0)
        return JS_EXCEPTION;
    if (!(delay_ms > 0 && delay_ms <= DELAY_MS_MAX))
        delay_ms = 0;
    struct timer *timer =
        create(context, arguments[0], argument_count > 2 ? argument_count - 2 : 0, arguments + 2);
    if (timer == NULL)
        return JS_EXCEPTION;
    timer->id = ++engine->timer_id;
    /* An interval of nothing would starve everything else. */
    timer->delay_ms = is_interval && delay_ms < 1 ? 1 : delay_ms;
    timer->is_interval = is_interval;
    set(timer);
    return JS_NewInt32(context, timer->id);
}

static JSValue js_clear(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    int32_t id = 0;
    (void)this_value;
    if (argument_count > 0 && JS_ToInt32(context, &id, arguments[0]) != 0)
        return JS_EXCEPTION;
    for (struct list *link = engine->timers.next; id != 0 && link != &engine->timers;
         link = link->next) {
        struct timer *timer = LIST_MEMBER(link, struct timer, link);
        if (timer->id == id) {
            free_timer(timer);
            break;
        }
    }
    return JS_UNDEFINED;
}

JSValue js_enqueue_task(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments)
{
    (void)this_value;
    if (argument_count < 1 || !JS_IsFunction(context, arguments[0]))
        return JS_ThrowTypeError(context, "enqueueTask needs a function");
    if (engine_of(context)->is_snapshotting)
        return engine_throw_snapshotting(context, "sending a message");
    struct timer *timer = create(context, arguments[0], 0, NULL);
    if (timer == NULL)
        return JS_EXCEPTION;
    set(timer);
    return JS_UNDEFINED;
}

void timers_clear_all(struct engine *engine)
{
    while (!list_is_empty(&engine->timers))
        free_timer(LIST_MEMBER(engine->timers.next, struct timer, link));
}

static const JSCFunctionListEntry functions[] = {
    CLASS_METHOD_MAGIC("setTimeout", 1, js_set, 0),
    CLASS_METHOD_MAGIC("setInterval", 1, js_set, 1),
    CLASS_METHOD("clearTimeout", 0, js_clear),
    CLASS_METHOD("clearInterval", 0, js_clear),
};

int timers_register(JSContext *context, JSValueConst global)
{
    return JS_SetPropertyFunctionList(context, global, functions,
                                      sizeof(functions) / sizeof(functions[0]));
}
