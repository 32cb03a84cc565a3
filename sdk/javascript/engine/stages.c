/* SPDX-License-Identifier: Apache-2.0 */

#include "stages.h"

#include <stdlib.h>
#include <string.h>

#include "header_list.h"
#include "parts.h"
#include "quickjs_engine.h"

struct stage {
    char kind[16];
    char *name;   /* a terminated copy */
    char *source; /* what stands behind it is the map, or one spare byte */
    size_t source_bytes;
    struct text map;
    struct host_bytes room; /* of what is made of it: behind all that */
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

#define HEAD_BEGIN "fn0-javascript 1 "

/* Reads " NUMBER". Not sscanf, which would bring all of its formats along. */
static bool read_size(char **at, size_t *ret_size)
{
    char *end = *at;
    if (**at == ' ')
        *ret_size = strtoul(*at + 1, &end, 10);
    bool is_read = end > *at + 1;
    *at = end;
    return is_read;
}

/* Reads the first line, of which `head` is a terminated copy. */
static bool read_head(char *head, struct stage *stage, size_t *ret_name_bytes,
                      size_t *ret_map_bytes)
{
    if (strncmp(head, HEAD_BEGIN, strlen(HEAD_BEGIN)) != 0)
        return false;
    char *at = head + strlen(HEAD_BEGIN);
    size_t kind_bytes = strcspn(at, " ");
    if (kind_bytes >= sizeof(stage->kind))
        return false;
    memcpy(stage->kind, at, kind_bytes);
    at += kind_bytes;
    return read_size(&at, ret_name_bytes) && read_size(&at, &stage->source_bytes) &&
           read_size(&at, ret_map_bytes);
}

#define HEAD_BYTES_MAX 128

static bool read_stage(struct host_bytes input, struct stage *ret_stage)
{
    char head[HEAD_BYTES_MAX];
    size_t name_bytes, map_bytes;
    char *end = input.data == NULL ? NULL : memchr(input.data, '\n', input.bytes);
    size_t head_bytes = end == NULL ? HEAD_BYTES_MAX : (size_t)(end - (char *)input.data);
    *ret_stage = (struct stage){0};
    if (head_bytes >= HEAD_BYTES_MAX)
        return false;
    memcpy(head, input.data, head_bytes);
    head[head_bytes] = '\0';
    if (!read_head(head, ret_stage, &name_bytes, &map_bytes))
        return false;
    size_t left = input.bytes - head_bytes - 1;
    if (name_bytes > left || ret_stage->source_bytes > left - name_bytes ||
        map_bytes != left - name_bytes - ret_stage->source_bytes)
        return false;
    ret_stage->name = copy_terminated(end + 1, name_bytes);
    ret_stage->source = end + 1 + name_bytes;
    ret_stage->room = (struct host_bytes){input.data + input.bytes + 1,
                                          stages_memory_bytes(input.bytes) - input.bytes - 1};
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

/* The library's first section is what is evaluated; the others are its parts. */
struct section {
    char *source; /* with a zero behind it */
    size_t source_bytes;
    struct text name;
    struct text words;
    struct text made;      /* bytecode, compressed where it is a part's */
    size_t bytecode_bytes; /* before that */
};

#define SECTIONS_MAX 16
#define PART_LINE "\n//# part "

struct library {
    struct section sections[SECTIONS_MAX];
    size_t count;
};

/* Reads "NAME WORD WORD...\n"; the section's source begins behind it. */
static bool read_part_line(struct section *section)
{
    char *end = memchr(section->source, '\n', section->source_bytes);
    char *space = end == NULL ? NULL : memchr(section->source, ' ', end - section->source);
    if (space == NULL)
        return false;
    section->name = (struct text){section->source, space - section->source};
    section->words = (struct text){space + 1, end - space - 1};
    section->source_bytes -= end + 1 - section->source;
    section->source = end + 1;
    return true;
}

static bool split_library(const struct stage *stage, struct library *ret_library)
{
    struct section *section = ret_library->sections;
    terminated_source(stage);
    *section = (struct section){.source = stage->source, .source_bytes = stage->source_bytes};
    for (;;) {
        char *line = memmem(section->source, section->source_bytes, PART_LINE, strlen(PART_LINE));
        char *end = section->source + section->source_bytes;
        if (line != NULL) {
            *line = '\0';
            section->source_bytes = line - section->source;
        }
        ret_library->count = section - ret_library->sections + 1;
        if (line == NULL)
            return true;
        if (ret_library->count == SECTIONS_MAX)
            return false;
        char *next = line + strlen(PART_LINE);
        *++section = (struct section){.source = next, .source_bytes = end - next};
        if (!read_part_line(section))
            return false;
    }
}

/* Compiles a section in `context`, which is not the engine's: what compiling leaves behind goes
 * with it. The bytecode has neither the text of functions nor positions, which nobody asks the
 * library for; it is put into `room`, of which it takes its part. */
static int compile_section(JSContext *context, const char *name, struct section *section,
                           bool is_part, struct host_bytes *room)
{
    JSValue script = JS_Eval(context, section->source, section->source_bytes, name,
                             JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(script))
        return -1;
    quickjs_strip(context, script);
    uint8_t *bytecode = JS_WriteObject(context, &section->bytecode_bytes, script,
                                       JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    JS_FreeValue(context, script);
    if (bytecode == NULL)
        return -1;
    size_t bytes = section->bytecode_bytes;
    if (is_part)
        bytes = parts_compress(bytecode, bytes, room->data, room->bytes);
    else if (bytes <= room->bytes)
        memcpy(room->data, bytecode, bytes);
    js_free(context, bytecode);
    if (bytes == 0 || bytes > room->bytes) {
        JS_ThrowPlainError(context, "the library's bytecode is too large");
        return -1;
    }
    section->made = (struct text){(char *)room->data, bytes};
    *room = (struct host_bytes){room->data + bytes, room->bytes - bytes};
    return 0;
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

/* What is made lies behind the input: above what the engine makes of it. */
static bool compile_library(struct engine *engine, const struct stage *stage,
                            struct library *library)
{
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *context = runtime == NULL ? NULL : JS_NewContext(runtime);
    struct host_bytes room = stage->room;
    int result = 0;
    if (context == NULL) {
        JS_ThrowOutOfMemory(engine->context);
        result = -1;
    } else {
        JS_SetMaxStackSize(runtime, 0); /* by default more than there is */
        for (size_t i = 0; i < library->count && result == 0; i++)
            result = compile_section(context, stage->name, &library->sections[i], i > 0, &room);
        if (result != 0)
            pass_exception(engine, context);
        JS_FreeContext(context);
    }
    if (runtime != NULL)
        JS_FreeRuntime(runtime);
    return result == 0;
}

static int add_parts(struct engine *engine, const struct library *library)
{
    for (size_t i = 1; i < library->count; i++) {
        const struct section *section = &library->sections[i];
        if (!parts_add(engine, section->name, section->words, section->made,
                       section->bytecode_bytes)) {
            JS_ThrowOutOfMemory(engine->context);
            return -1;
        }
    }
    return 0;
}

static int run_library(struct engine *engine, const struct stage *stage)
{
    JSContext *context = engine->context;
    struct library library;
    if (!split_library(stage, &library)) {
        JS_ThrowPlainError(context, "the library has too many parts, or one without words");
        return -1;
    }
    if (!compile_library(engine, stage, &library) || add_parts(engine, &library) != 0)
        return -1;
    JSValue hooks = hooks_object(engine);
    JSValue script = JS_ReadObject(context, (const uint8_t *)library.sections[0].made.data,
                                   library.sections[0].made.bytes, JS_READ_OBJ_BYTECODE);
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

/* What the builder's wrapper says of the author's default export, where it cannot be called
 * (malloc; else NULL); see builder/bundler.mjs. */
static char *read_refusal(JSContext *context, JSValueConst namespace)
{
    JSValue refusal = JS_GetPropertyStr(context, namespace, "fn0Refusal");
    const char *text = JS_IsString(refusal) ? JS_ToCString(context, refusal) : NULL;
    char *copy = text == NULL ? NULL : strdup(text);
    JS_FreeCString(context, text);
    JS_FreeValue(context, refusal);
    return copy;
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
 * awaiting. *ret_refusal (malloc) says more than the exception where it is not NULL. */
static int run_module(struct engine *engine, const struct stage *stage, bool has_handler,
                      char **ret_refusal)
{
    JSContext *context = engine->context;
    if (JS_IsUndefined(engine->hooks[HOOK_SET_SOURCE_MAP])) {
        JS_ThrowPlainError(context, "the library must be evaluated before a script");
        return -1;
    }
    if (set_source_map(engine, stage->map) != 0 ||
        parts_load_named(engine, (struct text){stage->source, stage->source_bytes}) != 0)
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
    *ret_refusal = read_refusal(context, namespace);
    JS_FreeValue(context, namespace);
    if (JS_IsException(handler) || take_handler(engine, handler) != 0)
        return -1;
    return *ret_refusal == NULL ? 0 : -1;
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
        result = run_module(engine, &stage, true, ret_error);
    else if (strcmp(stage.kind, "module") == 0)
        result = run_module(engine, &stage, false, ret_error);
    else
        JS_ThrowPlainError(context, "'%s' is no stage", stage.kind);
    if (result != 0) {
        JSValue exception = JS_GetException(context);
        if (*ret_error == NULL)
            *ret_error = engine_describe(engine, exception);
        JS_FreeValue(context, exception);
    }
    free(stage.name);
    quickjs_keep(engine->runtime, &engine->kept);
    quickjs_wipe_free_memory(engine->runtime);
    return result == 0;
}
