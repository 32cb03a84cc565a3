/* SPDX-License-Identifier: Apache-2.0 */

#include "engine.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "compression.h"
#include "crypto.h"
#include "encoding.h"
#include "execution_context.h"
#include "fetch.h"
#include "headers.h"
#include "host.h"
#include "introspection.h"
#include "natives.h"
#include "parts.h"
#include "pump.h"
#include "request.h"
#include "response.h"
#include "support.h"
#include "timers.h"
#include "url.h"

/* What scripts may use of the stack: some 4,000 calls. The component's own is larger by what C
 * needs beside it, and of the host's they use up to twice as much. A build with sanitizers needs
 * more. */
#ifndef STACK_BYTES_MAX
#define STACK_BYTES_MAX (1536 * 1024)
#endif

/* A promise that was rejected while nobody listened. */
struct rejection {
    struct list link;
    JSValue promise;
    JSValue reason;
};

/* ---- Memory -----------------------------------------------------------------------------------
 */

/* Of an instance that answers calls: what an error and the answer that tells of it may take when
 * there is nothing left. Spent once; the host ends an instance that was refused memory. */
#define RESERVE_BYTES ((size_t)64 * 1024)

/* The script is about to be told by an error. */
static void *spend_reserve(struct engine *engine)
{
    free(engine->memory_reserve);
    engine->memory_reserve = NULL;
    return NULL;
}

static void *allocate_zeroed(void *opaque, size_t count, size_t size)
{
    void *memory = calloc(count, size);
    return memory != NULL ? memory : spend_reserve(opaque);
}

static void *allocate(void *opaque, size_t size)
{
    void *memory = malloc(size);
    return memory != NULL ? memory : spend_reserve(opaque);
}

static void release(void *opaque, void *pointer)
{
    (void)opaque;
    free(pointer);
}

static void *reallocate(void *opaque, void *pointer, size_t size)
{
    void *memory = realloc(pointer, size);
    return memory != NULL || size == 0 ? memory : spend_reserve(opaque);
}

static size_t usable_size(const void *pointer)
{
    return malloc_usable_size((void *)pointer);
}

static const JSMallocFunctions memory_functions = {
    .js_calloc = allocate_zeroed,
    .js_malloc = allocate,
    .js_free = release,
    .js_realloc = reallocate,
    .js_malloc_usable_size = usable_size,
};

/* ---- Rejections -------------------------------------------------------------------------------
 */

static struct rejection *find_rejection(struct engine *engine, JSValueConst promise)
{
    for (struct list *link = engine->rejections.next; link != &engine->rejections;
         link = link->next) {
        struct rejection *rejection = LIST_MEMBER(link, struct rejection, link);
        if (JS_VALUE_GET_PTR(rejection->promise) == JS_VALUE_GET_PTR(promise))
            return rejection;
    }
    return NULL;
}

static void free_rejection(struct engine *engine, struct rejection *rejection)
{
    list_remove(&rejection->link);
    JS_FreeValue(engine->context, rejection->promise);
    JS_FreeValue(engine->context, rejection->reason);
    free(rejection);
}

/* QuickJS's word that a promise was rejected with no handler, or has got one since. */
static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason,
                            bool is_handled, void *opaque)
{
    struct engine *engine = opaque;
    struct rejection *rejection;
    if (is_handled) {
        rejection = find_rejection(engine, promise);
        if (rejection != NULL)
            free_rejection(engine, rejection);
        return;
    }
    rejection = malloc(sizeof(*rejection));
    if (rejection == NULL)
        return; /* nobody is told of it; the call goes on */
    rejection->promise = JS_DupValue(context, promise);
    rejection->reason = JS_DupValue(context, reason);
    list_append(&engine->rejections, &rejection->link);
}

static void report_rejection(struct engine *engine, struct rejection *rejection)
{
    JSValueConst arguments[] = {rejection->reason, rejection->promise};
    JSValue result = engine_hook(engine, HOOK_REPORT_UNHANDLED_REJECTION, 2, arguments);
    if (JS_IsException(result))
        engine_log_exception(engine);
    JS_FreeValue(engine->context, result);
}

/* ---- Life -------------------------------------------------------------------------------------
 */

static bool create_atoms(struct engine *engine)
{
    static const char *const texts[] = {
#define ATOM_ROW(name, text) text,
        ATOM_TABLE(ATOM_ROW)
#undef ATOM_ROW
    };
    for (int i = 0; i < ATOM_COUNT; i++) {
        engine->atoms[i] = JS_NewAtom(engine->context, texts[i]);
        if (engine->atoms[i] == JS_ATOM_NULL)
            return false;
    }
    JSValue global = JS_GetGlobalObject(engine->context);
    JSValue symbol = JS_GetPropertyStr(engine->context, global, "Symbol");
    JSValue iterator = JS_GetPropertyStr(engine->context, symbol, "iterator");
    engine->symbol_iterator = JS_ValueToAtom(engine->context, iterator);
    JS_FreeValue(engine->context, iterator);
    JS_FreeValue(engine->context, symbol);
    JS_FreeValue(engine->context, global);
    return engine->symbol_iterator != JS_ATOM_NULL;
}

/* Puts `fn0Native` with what C offers the library on the global object, and C's Web APIs. */
static bool define_globals(struct engine *engine)
{
    JSContext *context = engine->context;
    JSValue global = JS_GetGlobalObject(context);
    JSValue native = JS_NewObject(context);
    JSValue hooks = JS_NewObject(context);
    bool is_done =
        !JS_IsException(native) && !JS_IsException(hooks) &&
        JS_SetPropertyStr(context, native, "hooks", hooks) >= 0 &&
        headers_register(context, global) == 0 && request_register(context, global) == 0 &&
        response_register(context, global) == 0 && execution_context_register(context) == 0 &&
        pump_register(context) == 0 && timers_register(context, global) == 0 &&
        fetch_register(context, native) == 0 && natives_register(context, native) == 0 &&
        introspection_register(context, native) == 0 && url_register(context, native) == 0 &&
        encoding_register(context, native) == 0 && compression_register(context, native) == 0 &&
        crypto_register(context, native) == 0 && parts_register(context, native) == 0;
    if (is_done)
        is_done = JS_DefinePropertyValueStr(context, global, "fn0Native", native,
                                            JS_PROP_CONFIGURABLE) >= 0;
    else
        JS_FreeValue(context, native);
    JS_FreeValue(context, global);
    return is_done;
}

static bool fill(struct engine *engine)
{
    engine->runtime = JS_NewRuntime2(&memory_functions, engine);
    if (engine->runtime == NULL)
        return false;
    if (!quickjs_remember_shapes(engine->runtime))
        return false;
    JS_SetMaxStackSize(engine->runtime, STACK_BYTES_MAX);
    JS_SetHostPromiseRejectionTracker(engine->runtime, track_rejection, engine);
    engine->context = JS_NewContext(engine->runtime);
    if (engine->context == NULL)
        return false;
    JS_SetContextOpaque(engine->context, engine);
    return quickjs_replace_functions(engine->context) && create_atoms(engine) &&
           support_init(engine) == 0 && define_globals(engine);
}

struct engine *engine_create(void)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        return NULL;
    for (int i = 0; i < HOOK_COUNT; i++)
        engine->hooks[i] = JS_UNDEFINED;
    for (int i = 0; i < VIEW_GETTER_COUNT; i++)
        engine->view_getters[i] = JS_UNDEFINED;
    engine->handler = engine->handler_fetch = engine->environment = JS_UNDEFINED;
    event_loop_init(&engine->loop);
    list_init(&engine->resources);
    list_init(&engine->rejections);
    list_init(&engine->timers);
    list_init(&engine->parts);
    quickjs_kept_init(&engine->kept);
    engine->is_snapshotting = true;
    if (!fill(engine)) {
        engine_destroy(engine);
        return NULL;
    }
    return engine;
}

void engine_destroy(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine_close_resources(engine);
    parts_destroy(engine);
    if (engine->runtime != NULL) {
        quickjs_unkeep(engine->runtime, &engine->kept);
        quickjs_forget_shapes(engine->runtime);
    }
    if (engine->context != NULL) {
        timers_clear_all(engine);
        while (!list_is_empty(&engine->rejections))
            free_rejection(engine, LIST_MEMBER(engine->rejections.next, struct rejection, link));
        for (int i = 0; i < HOOK_COUNT; i++)
            JS_FreeValue(engine->context, engine->hooks[i]);
        for (int i = 0; i < VIEW_GETTER_COUNT; i++)
            JS_FreeValue(engine->context, engine->view_getters[i]);
        JS_FreeValue(engine->context, engine->handler);
        JS_FreeValue(engine->context, engine->handler_fetch);
        JS_FreeValue(engine->context, engine->environment);
        for (int i = 0; i < ATOM_COUNT; i++)
            JS_FreeAtom(engine->context, engine->atoms[i]);
        JS_FreeAtom(engine->context, engine->symbol_iterator);
        JS_FreeContext(engine->context);
    }
    if (engine->runtime != NULL)
        JS_FreeRuntime(engine->runtime);
    free(engine->memory_reserve);
    free(engine);
}

int engine_take_hooks(struct engine *engine, JSValueConst hooks)
{
    static const char *const names[] = {
#define HOOK_ROW(name, text) text,
        HOOK_TABLE(HOOK_ROW)
#undef HOOK_ROW
    };
    JSContext *context = engine->context;
    for (int i = 0; i < HOOK_COUNT; i++) {
        JSValue hook = JS_GetPropertyStr(context, hooks, names[i]);
        if (JS_IsException(hook))
            return -1;
        if (!JS_IsFunction(context, hook)) {
            JS_FreeValue(context, hook);
            JS_ThrowTypeError(context, "the library has no hook %s", names[i]);
            return -1;
        }
        JS_FreeValue(context, engine->hooks[i]);
        engine->hooks[i] = hook;
    }
    return 0;
}

JSValue engine_hook(struct engine *engine, enum hook hook, int argument_count,
                    JSValueConst *arguments)
{
    return JS_Call(engine->context, engine->hooks[hook], JS_UNDEFINED, argument_count, arguments);
}

int engine_hook_is(struct engine *engine, enum hook hook, JSValueConst value)
{
    JSValue result = engine_hook(engine, hook, 1, &value);
    if (JS_IsException(result))
        return -1;
    int is = JS_ToBool(engine->context, result);
    JS_FreeValue(engine->context, result);
    return is;
}

void engine_run_jobs(struct engine *engine)
{
    JSContext *context;
    int result;
    do {
        while ((result = JS_ExecutePendingJob(engine->runtime, &context)) != 0)
            if (result < 0)
                engine_report_exception(engine); /* of a function given to queueMicrotask */
        if (!list_is_empty(&engine->rejections)) {
            struct rejection *rejection =
                LIST_MEMBER(engine->rejections.next, struct rejection, link);
            list_remove(&rejection->link);
            report_rejection(engine, rejection);
            free_rejection(engine, rejection);
        }
    } while (JS_IsJobPending(engine->runtime) || !list_is_empty(&engine->rejections));
}

void engine_thaw(struct engine *engine)
{
    uint64_t seed;
    host_random((uint8_t *)&seed, sizeof(seed));
    quickjs_seed_random(engine->context, seed);
    engine->memory_reserve = malloc(RESERVE_BYTES);
    engine->is_snapshotting = false;
}

JSValue engine_throw_snapshotting(JSContext *context, const char *operation)
{
    return JS_ThrowTypeError(context,
                             "%s is not available while the module is evaluated: the function is "
                             "built then, and no request is there. Call it inside the handler.",
                             operation);
}

/* ---- Errors -----------------------------------------------------------------------------------
 */

/* A value as text, terminated (malloc); a plain word where it cannot be shown. */
static char *copy_text(JSContext *context, JSValueConst value)
{
    const char *text = JS_ToCString(context, value);
    char *copy = strdup(text != NULL ? text : "an error that cannot be shown");
    if (text == NULL)
        JS_FreeValue(context, JS_GetException(context));
    JS_FreeCString(context, text);
    return copy;
}

/* By the value's own toString and stack, where the library is not there or throws itself. */
static char *describe_plainly(struct engine *engine, JSValueConst value)
{
    JSContext *context = engine->context;
    char *text = copy_text(context, value);
    if (text == NULL || !JS_IsError(value))
        return text;
    JSValue stack_value = JS_GetPropertyStr(context, value, "stack");
    char *stack = copy_text(context, stack_value);
    JS_FreeValue(context, stack_value);
    char *both = stack == NULL ? NULL : malloc(strlen(text) + strlen(stack) + 2);
    if (both != NULL)
        sprintf(both, "%s\n%s", text, stack);
    free(stack);
    if (both == NULL)
        return text;
    free(text);
    return both;
}

char *engine_describe(struct engine *engine, JSValueConst value)
{
    JSContext *context = engine->context;
    if (JS_IsUndefined(engine->hooks[HOOK_DESCRIBE_ERROR]))
        return describe_plainly(engine, value);
    JSValue description = engine_hook(engine, HOOK_DESCRIBE_ERROR, 1, &value);
    if (JS_IsException(description)) {
        JS_FreeValue(context, JS_GetException(context));
        return describe_plainly(engine, value);
    }
    char *text = copy_text(context, description);
    JS_FreeValue(context, description);
    return text;
}

void engine_log_error(struct engine *engine, const char *prefix, JSValueConst value)
{
    char *description = engine_describe(engine, value);
    if (description == NULL)
        return;
    size_t prefix_bytes = strlen(prefix), bytes = strlen(description);
    char *line = malloc(prefix_bytes + bytes + 1);
    if (line != NULL) {
        memcpy(line, prefix, prefix_bytes);
        memcpy(line + prefix_bytes, description, bytes);
        line[prefix_bytes + bytes] = '\n';
        host_log(true, line, prefix_bytes + bytes + 1);
    }
    free(line);
    free(description);
}

void engine_report_exception(struct engine *engine)
{
    JSValue exception = JS_GetException(engine->context);
    JSValueConst argument = exception;
    JSValue result = engine_hook(engine, HOOK_REPORT_EXCEPTION, 1, &argument);
    if (JS_IsException(result))
        engine_log_exception(engine);
    JS_FreeValue(engine->context, result);
    JS_FreeValue(engine->context, exception);
}

void engine_log_exception(struct engine *engine)
{
    JSValue exception = JS_GetException(engine->context);
    engine_log_error(engine, "", exception);
    JS_FreeValue(engine->context, exception);
}

/* ---- Resources --------------------------------------------------------------------------------
 */

void engine_add_resource(struct engine *engine, struct resource *resource)
{
    list_append(&engine->resources, &resource->link);
}

void engine_close_resources(struct engine *engine)
{
    while (!list_is_empty(&engine->resources)) {
        struct resource *resource = LIST_MEMBER(engine->resources.next, struct resource, link);
        resource->close(resource);
    }
}
