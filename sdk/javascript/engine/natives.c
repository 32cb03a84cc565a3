/* SPDX-License-Identifier: Apache-2.0 */

#include "natives.h"

#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "conversion.h"
#include "engine.h"
#include "host.h"
#include "timers.h"

#define NS_IN_MS 1000000.0

/* ---- Log --------------------------------------------------------------------------------------
 */

/* A level's way out: stdout or stderr, and the priority that sd-daemon(3) writes before a line
 * where the stream does not say it. */
struct level {
    const char *name;
    bool is_error_stream;
    const char *prefix;
};

static const struct level levels[] = {
    {"debug", false, "<7>"},
    {"info", false, ""},
    {"warn", true, "<4>"},
    {"error", true, ""},
};

static const struct level *level_of(const char *name)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(levels[i].name, name) == 0)
            return &levels[i];
    return &levels[1];
}

static size_t count_lines(const char *text, size_t bytes)
{
    size_t lines = 1;
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Writes all lines at once, each with its prefix. */
static void write_lines(const struct level *level, const char *text, size_t bytes)
{
    size_t prefix_bytes = strlen(level->prefix);
    char *lines = malloc(bytes + count_lines(text, bytes) * prefix_bytes + 1);
    if (lines == NULL)
        return;
    size_t to = 0;
    for (size_t from = 0; from <= bytes;) {
        const char *end = memchr(text + from, '\n', bytes - from);
        size_t line_bytes = end == NULL ? bytes - from : (size_t)(end - (text + from));
        memcpy(lines + to, level->prefix, prefix_bytes);
        memcpy(lines + to + prefix_bytes, text + from, line_bytes);
        to += prefix_bytes + line_bytes;
        lines[to++] = '\n';
        from += line_bytes + 1;
    }
    host_log(level->is_error_stream, lines, to);
    free(lines);
}

static JSValue js_log_write(JSContext *context, JSValueConst this_value, int argument_count,
                            JSValueConst *arguments)
{
    size_t bytes;
    (void)this_value;
    if (argument_count < 2)
        return JS_ThrowTypeError(context, "logWrite needs a level and a text");
    const char *level = JS_ToCString(context, arguments[0]);
    const char *text = level == NULL ? NULL : JS_ToCStringLen(context, &bytes, arguments[1]);
    if (text != NULL)
        write_lines(level_of(level), text, bytes);
    JS_FreeCString(context, level);
    JS_FreeCString(context, text);
    return text == NULL ? JS_EXCEPTION : JS_UNDEFINED;
}

/* ---- Clocks and random numbers ----------------------------------------------------------------
 */

static JSValue js_monotonic_now(JSContext *context, JSValueConst this_value, int argument_count,
                                JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    return JS_NewFloat64(context, (double)host_monotonic_ns() / NS_IN_MS);
}

static JSValue js_wall_now(JSContext *context, JSValueConst this_value, int argument_count,
                           JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    return JS_NewFloat64(context, (double)host_wall_ns() / NS_IN_MS);
}

static JSValue js_random_fill(JSContext *context, JSValueConst this_value, int argument_count,
                              JSValueConst *arguments)
{
    struct text bytes;
    (void)this_value;
    if (argument_count < 1 || !conversion_buffer_source(context, arguments[0], &bytes))
        return JS_ThrowTypeError(context, "randomFill needs a buffer");
    if (engine_of(context)->is_snapshotting)
        return engine_throw_snapshotting(context, "a random value");
    if (bytes.bytes > 0)
        host_random((uint8_t *)bytes.data, bytes.bytes);
    return JS_DupValue(context, arguments[0]);
}

static JSValue js_is_snapshotting(JSContext *context, JSValueConst this_value, int argument_count,
                                  JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    return JS_NewBool(context, engine_of(context)->is_snapshotting);
}

/* The library keeps something of this call: beginCall is called before the next one. */
static JSValue js_reset_at_next_call(JSContext *context, JSValueConst this_value,
                                     int argument_count, JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    engine_of(context)->must_reset = true;
    return JS_UNDEFINED;
}

/* ---- Behind values ----------------------------------------------------------------------------
 */

static JSValue js_detach(JSContext *context, JSValueConst this_value, int argument_count,
                         JSValueConst *arguments)
{
    (void)this_value;
    if (argument_count < 1 || !JS_IsArrayBuffer(arguments[0]))
        return JS_ThrowTypeError(context, "detachArrayBuffer needs an ArrayBuffer");
    JS_DetachArrayBuffer(context, arguments[0]);
    return JS_UNDEFINED;
}

/* A new ArrayBuffer with the content of one, which is detached. */
static JSValue js_transfer(JSContext *context, JSValueConst this_value, int argument_count,
                           JSValueConst *arguments)
{
    size_t bytes;
    (void)this_value;
    if (argument_count < 1 || !JS_IsArrayBuffer(arguments[0]))
        return JS_ThrowTypeError(context, "transferArrayBuffer needs an ArrayBuffer");
    uint8_t *data = JS_GetArrayBuffer(context, &bytes, arguments[0]);
    if (data == NULL)
        return JS_EXCEPTION;
    JSValue copy = JS_NewArrayBufferCopy(context, data, bytes);
    if (!JS_IsException(copy))
        JS_DetachArrayBuffer(context, arguments[0]);
    return copy;
}

static JSValue js_promise_state(JSContext *context, JSValueConst this_value, int argument_count,
                                JSValueConst *arguments)
{
    (void)this_value;
    if (argument_count < 1 || !JS_IsPromise(arguments[0]))
        return JS_ThrowTypeError(context, "promiseState needs a promise");
    JSPromiseStateEnum state = JS_PromiseState(context, arguments[0]);
    const char *name = state == JS_PROMISE_PENDING     ? "pending"
                       : state == JS_PROMISE_FULFILLED ? "fulfilled"
                                                       : "rejected";
    JSValue pair[] = {JS_NewString(context, name), state == JS_PROMISE_PENDING
                                                       ? JS_UNDEFINED
                                                       : JS_PromiseResult(context, arguments[0])};
    return JS_NewArrayFrom(context, 2, pair);
}

static const JSCFunctionListEntry functions[] = {
    CLASS_METHOD("logWrite", 2, js_log_write),
    CLASS_METHOD("monotonicNow", 0, js_monotonic_now),
    CLASS_METHOD("wallNow", 0, js_wall_now),
    CLASS_METHOD("randomFill", 1, js_random_fill),
    CLASS_METHOD("isSnapshotting", 0, js_is_snapshotting),
    CLASS_METHOD("resetAtNextCall", 0, js_reset_at_next_call),
    CLASS_METHOD("enqueueTask", 1, js_enqueue_task),
    CLASS_METHOD("detachArrayBuffer", 1, js_detach),
    CLASS_METHOD("transferArrayBuffer", 1, js_transfer),
    CLASS_METHOD("promiseState", 1, js_promise_state),
};

int natives_register(JSContext *context, JSValueConst native)
{
    return JS_SetPropertyFunctionList(context, native, functions,
                                      sizeof(functions) / sizeof(functions[0]));
}
