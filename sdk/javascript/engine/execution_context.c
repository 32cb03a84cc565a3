/* SPDX-License-Identifier: Apache-2.0 */

#include "execution_context.h"

#include "call.h"
#include "class.h"

/* An object's opaque value is the number of its call. */
static bool is_of_running_call(JSContext *context, JSValueConst object)
{
    struct engine *engine = engine_of(context);
    const void *opaque = JS_GetOpaque(object, engine->classes.execution_context);
    return engine->call != NULL && opaque != NULL &&
           (uintptr_t)opaque == (uintptr_t)engine->call_count;
}

/* One of the promises has settled. magic: it was rejected. data: the number of its call. */
static JSValue js_on_settled(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments, int is_rejected, JSValueConst *data)
{
    struct engine *engine = engine_of(context);
    double call = 0;
    (void)this_value;
    JS_ToFloat64(context, &call, data[0]);
    if (engine->call == NULL || (uint64_t)call != engine->call_count)
        return JS_UNDEFINED;
    if (is_rejected)
        engine_log_error(engine, "waitUntil: ", argument_count > 0 ? arguments[0] : JS_UNDEFINED);
    call_release(engine->call);
    return JS_UNDEFINED;
}

/* A promise that is resolved with the value: itself where it is one. */
static JSValue promise_of(JSContext *context, JSValueConst value)
{
    if (JS_IsPromise(value))
        return JS_DupValue(context, value);
    JSValue resolve[2];
    JSValue promise = JS_NewPromiseCapability(context, resolve);
    if (JS_IsException(promise))
        return promise;
    JS_FreeValue(context, JS_Call(context, resolve[0], JS_UNDEFINED, 1, &value));
    JS_FreeValue(context, resolve[0]);
    JS_FreeValue(context, resolve[1]);
    return promise;
}

static JSValue js_wait_until(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    if (!is_of_running_call(context, this_value))
        return JS_ThrowTypeError(context, "waitUntil: the call of this context has ended, or `ctx` "
                                          "was taken apart: call ctx.waitUntil(…)");
    JSValue promise = promise_of(context, argument_count > 0 ? arguments[0] : JS_UNDEFINED);
    if (JS_IsException(promise))
        return promise;
    int result = call_await(engine->call, promise, js_on_settled);
    JS_FreeValue(context, promise);
    if (result != 0)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

static JSValue js_pass_through(JSContext *context, JSValueConst this_value, int argument_count,
                               JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    return JS_ThrowTypeError(context, "ctx.passThroughOnException is not supported: there is no "
                                      "origin behind a function. Catch the error and fetch() the "
                                      "origin yourself");
}

static const JSCFunctionListEntry members[] = {
    CLASS_METHOD("waitUntil", 1, js_wait_until),
    CLASS_METHOD("passThroughOnException", 0, js_pass_through),
    CLASS_NAME("ExecutionContext"),
};

static const struct class_definition execution_context_class = {
    .name = "ExecutionContext",
    .class_def = {.class_name = "ExecutionContext"},
    .members = members,
    .member_count = sizeof(members) / sizeof(members[0]),
};

int execution_context_register(JSContext *context)
{
    return class_register(context, JS_UNDEFINED, &execution_context_class,
                          &engine_of(context)->classes.execution_context);
}

JSValue execution_context_new(struct engine *engine)
{
    JSValue object = JS_NewObjectClass(engine->context, engine->classes.execution_context);
    if (!JS_IsException(object))
        JS_SetOpaque(object, (void *)(uintptr_t)engine->call_count);
    return object;
}
