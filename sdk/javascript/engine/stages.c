/* SPDX-License-Identifier: Apache-2.0 */

#include "stages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header_list.h"
#include "quickjs_engine.h"

struct stage {
    char kind[16];
    char *name;   /* a terminated copy */
    char *source; /* what stands behind it is the map, or one spare byte */
    size_t source_bytes;
    struct text map;
    struct host_bytes memory; /* where all that lies, and more */
};

static char *copy_terminated(const char *data, size_t bytes)
{
    char *copy = malloc(bytes + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    return copy;
}

#define HEAD_BYTES_MAX 128

static bool read_stage(struct host_bytes input, struct stage *ret_stage)
{
    char head[HEAD_BYTES_MAX];
    size_t name_bytes, map_bytes;
    char *end = input.data == NULL ? NULL : memchr(input.data, '\n', input.bytes);
    size_t head_bytes = end == NULL ? HEAD_BYTES_MAX : (size_t)(end - (char *)input.data);
    *ret_stage = (struct stage){
        .memory = {.data = input.data, .bytes = stages_memory_bytes(input.bytes)},
    };
    if (head_bytes >= HEAD_BYTES_MAX)
        return false;
    memcpy(head, input.data, head_bytes);
    head[head_bytes] = '\0';
    if (sscanf(head, "fn0-javascript 1 %15s %zu %zu %zu", ret_stage->kind, &name_bytes,
               &ret_stage->source_bytes, &map_bytes) != 4)
        return false;
    size_t left = input.bytes - head_bytes - 1;
    if (name_bytes > left || ret_stage->source_bytes > left - name_bytes ||
        map_bytes != left - name_bytes - ret_stage->source_bytes)
        return false;
    ret_stage->name = copy_terminated(end + 1, name_bytes);
    ret_stage->source = end + 1 + name_bytes;
    ret_stage->map = (struct text){ret_stage->source + ret_stage->source_bytes, map_bytes};
    return ret_stage->name != NULL;
}

/* QuickJS wants a zero behind the source. The map's first byte goes lost. */
static const char *terminated_source(const struct stage *stage)
{
    stage->source[stage->source_bytes] = '\0';
    return stage->source;
}

/* ---- Library ----------------------------------------------------------------------------------
 */

/* `fn0Native.hooks`, taken before the library deletes the global. */
static JSValue hooks_object(struct engine *engine)
{
    JSContext *context = engine->context;
    JSValue global = JS_GetGlobalObject(context);
    JSValue native = JS_GetPropertyStr(context, global, "fn0Native");
    JSValue hooks = JS_GetPropertyStr(context, native, "hooks");
    JS_FreeValue(context, native);
    JS_FreeValue(context, global);
    return hooks;
}

/* Compiles the script in `context`, which is not the engine's: what compiling leaves behind goes
 * with it. The bytecode (js_free) has neither the text of functions nor positions, which nobody
 * asks the library for. NULL: there is an exception. */
static uint8_t *compile_library(JSContext *context, const struct stage *stage, size_t *ret_bytes)
{
    JSValue script = JS_Eval(context, terminated_source(stage), stage->source_bytes, stage->name,
                             JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(script))
        return NULL;
    quickjs_strip(context, script);
    uint8_t *bytecode = JS_WriteObject(context, ret_bytes, script,
                                       JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    JS_FreeValue(context, script);
    return bytecode;
}

/* The text of what `context` has thrown, as an error of the engine's. */
static void pass_exception(struct engine *engine, JSContext *context)
{
    JSValue exception = JS_GetException(context);
    const char *text = JS_ToCString(context, exception);
    JS_ThrowPlainError(engine->context, "%s", text == NULL ? "out of memory" : text);
    JS_FreeCString(context, text);
    JS_FreeValue(context, exception);
}

/* The library's bytecode takes the place of its source: above what the engine makes of it. */
static bool compile_in_place(struct engine *engine, const struct stage *stage, size_t *ret_bytes)
{
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *context = runtime == NULL ? NULL : JS_NewContext(runtime);
    bool is_done = false;
    if (context == NULL) {
        JS_ThrowOutOfMemory(engine->context);
    } else {
        JS_SetMaxStackSize(runtime, 0); /* by default more than there is */
        uint8_t *bytecode = compile_library(context, stage, ret_bytes);
        if (bytecode == NULL)
            pass_exception(engine, context);
        else if (*ret_bytes > stage->memory.bytes)
            JS_ThrowPlainError(engine->context, "the library's bytecode is too large");
        else
            is_done = memcpy(stage->memory.data, bytecode, *ret_bytes) != NULL;
        js_free(context, bytecode);
        JS_FreeContext(context);
    }
    if (runtime != NULL)
        JS_FreeRuntime(runtime);
    return is_done;
}

static int run_library(struct engine *engine, const struct stage *stage)
{
    JSContext *context = engine->context;
    size_t bytes;
    if (!compile_in_place(engine, stage, &bytes))
        return -1;
    JSValue hooks = hooks_object(engine);
    JSValue script = JS_ReadObject(context, stage->memory.data, bytes, JS_READ_OBJ_BYTECODE);
    JSValue result = JS_IsException(script) ? script : JS_EvalFunction(context, script);
    int taken = JS_IsException(result) ? -1 : engine_take_hooks(engine, hooks);
    JS_FreeValue(context, result);
    JS_FreeValue(context, hooks);
    if (taken == 0)
        engine_run_jobs(engine);
    return taken;
}

/* ---- Script -----------------------------------------------------------------------------------
 */

static int set_source_map(struct engine *engine, struct text map)
{
    if (map.bytes == 0)
        return 0;
    JSValue text = JS_NewStringLen(engine->context, map.data, map.bytes);
    if (JS_IsException(text))
        return -1;
    JSValueConst argument = text;
    JSValue result = engine_hook(engine, HOOK_SET_SOURCE_MAP, 1, &argument);
    JS_FreeValue(engine->context, text);
    if (JS_IsException(result))
        return -1;
    JS_FreeValue(engine->context, result);
    return 0;
}

/* A handler: the function itself, or the method `fetch` of an object. */
static int take_handler(struct engine *engine, JSValue handler)
{
    JSContext *context = engine->context;
    JSValue function = JS_UNDEFINED;
    if (JS_IsObject(handler))
        function = JS_GetProperty(context, handler, engine->atoms[ATOM_FETCH]);
    if (JS_IsException(function)) {
        JS_FreeValue(context, handler);
        return -1;
    }
    if (!JS_IsFunction(context, function) && JS_IsFunction(context, handler)) {
        JS_FreeValue(context, function);
        function = JS_DupValue(context, handler);
    }
    if (!JS_IsFunction(context, function)) {
        JS_FreeValue(context, function);
        JS_FreeValue(context, handler);
        JS_ThrowTypeError(context, "the default export has no function fetch: write `export "
                                   "default { async fetch(request, env, ctx) { … } }`");
        return -1;
    }
    JS_FreeValue(context, engine->handler);
    JS_FreeValue(context, engine->handler_fetch);
    engine->handler = handler;
    engine->handler_fetch = function;
    return 0;
}

/* Waits for the module's evaluation, whose promise is `promise`. */
static int await_module(struct engine *engine, JSValueConst promise, bool must_end)
{
    JSContext *context = engine->context;
    JS_PromiseMarkAsHandled(context, promise); /* its error is the stage's */
    engine_run_jobs(engine);
    switch (JS_PromiseState(context, promise)) {
    case JS_PROMISE_REJECTED:
        JS_Throw(context, JS_PromiseResult(context, promise));
        return -1;
    case JS_PROMISE_PENDING:
        if (!must_end)
            return 0;
        JS_ThrowPlainError(context, "the module awaits something that never happens while the "
                                    "function is built: await it inside the handler");
        return -1;
    default:
        return 0;
    }
}

/* `has_handler`: its default export is taken. A module without is evaluated, and may go on
 * awaiting. */
static int run_module(struct engine *engine, const struct stage *stage, bool has_handler)
{
    JSContext *context = engine->context;
    if (JS_IsUndefined(engine->hooks[HOOK_SET_SOURCE_MAP])) {
        JS_ThrowPlainError(context, "the library must be evaluated before a script");
        return -1;
    }
    if (set_source_map(engine, stage->map) != 0)
        return -1;
    JSValue module = JS_Eval(context, terminated_source(stage), stage->source_bytes, stage->name,
                             JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module))
        return -1;
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    JSValue promise = JS_EvalFunction(context, module);
    if (JS_IsException(promise))
        return -1;
    int result = await_module(engine, promise, has_handler);
    JS_FreeValue(context, promise);
    if (result != 0 || !has_handler)
        return result;
    JSValue namespace = JS_GetModuleNamespace(context, definition);
    JSValue handler = JS_GetPropertyStr(context, namespace, "default");
    JS_FreeValue(context, namespace);
    return JS_IsException(handler) ? -1 : take_handler(engine, handler);
}

/* ---- Both -------------------------------------------------------------------------------------
 */

bool stages_run(struct engine *engine, struct host_bytes input, char **ret_error)
{
    JSContext *context = engine->context;
    struct stage stage;
    int result = -1;
    *ret_error = NULL;
    JS_UpdateStackTop(engine->runtime);
    if (!read_stage(input, &stage))
        JS_ThrowPlainError(context, "what stands on stdin is no stage of fn0-javascript 1");
    else if (strcmp(stage.kind, "library") == 0)
        result = run_library(engine, &stage);
    else if (strcmp(stage.kind, "script") == 0)
        result = run_module(engine, &stage, true);
    else if (strcmp(stage.kind, "module") == 0)
        result = run_module(engine, &stage, false);
    else
        JS_ThrowPlainError(context, "'%s' is no stage", stage.kind);
    if (result != 0) {
        JSValue exception = JS_GetException(context);
        *ret_error = engine_describe(engine, exception);
        JS_FreeValue(context, exception);
    }
    free(stage.name);
    quickjs_keep(engine->runtime, &engine->kept);
    quickjs_wipe_free_memory(engine->runtime);
    return result == 0;
}
