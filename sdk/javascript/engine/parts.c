/* SPDX-License-Identifier: Apache-2.0 */

#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "fn0_javascript_native.h"

struct part {
    struct list link;
    char *name;
    char *words;
    uint8_t *compressed;
    size_t compressed_bytes;
    size_t bytecode_bytes;
};

static void free_part(struct part *part)
{
    free(part->name);
    free(part->words);
    free(part->compressed);
    free(part);
}

void parts_destroy(struct engine *engine)
{
    while (!list_is_empty(&engine->parts)) {
        struct part *part = LIST_MEMBER(engine->parts.next, struct part, link);
        list_remove(&part->link);
        free_part(part);
    }
}

bool parts_add(struct engine *engine, struct text name, struct text words, struct text compressed,
               size_t bytecode_bytes)
{
    struct part *part = calloc(1, sizeof(*part));
    if (part == NULL)
        return false;
    part->name = strndup(name.data, name.bytes);
    part->words = strndup(words.data, words.bytes);
    part->compressed = malloc(compressed.bytes);
    if (part->name == NULL || part->words == NULL || part->compressed == NULL) {
        free_part(part);
        return false;
    }
    memcpy(part->compressed, compressed.data, compressed.bytes);
    part->compressed_bytes = compressed.bytes;
    part->bytecode_bytes = bytecode_bytes;
    list_append(&engine->parts, &part->link);
    return true;
}

/* ---- Compression ------------------------------------------------------------------------------
 */

/* Of a flow's state, at most: it ends the program where that is not to be had. */
#define FLOW_BYTES ((size_t)128 * 1024)

/* All of `data`, both ways. Returns how many bytes came out; 0: not all of them, or nothing. */
static size_t run_flow(bool decompress, const uint8_t *data, size_t bytes, uint8_t *out,
                       size_t room)
{
    size_t taken, written;
    struct fn0_flow *flow = fn0_flow_create(FN0_FORMAT_DEFLATE_RAW, decompress);
    enum fn0_flow_state state = fn0_flow_run(flow, data, bytes, true, out, room, &taken, &written);
    fn0_flow_destroy(flow);
    return state == FN0_FLOW_ENDED ? written : 0;
}

size_t parts_compress(const uint8_t *bytecode, size_t bytes, uint8_t *out, size_t room)
{
    return run_flow(false, bytecode, bytes, out, room);
}

/* The bytecode (malloc), or NULL: no memory. */
static uint8_t *decompress(const struct part *part)
{
    uint8_t *bytecode = malloc(part->bytecode_bytes);
    void *room = malloc(FLOW_BYTES);
    free(room);
    if (bytecode != NULL && room != NULL &&
        run_flow(true, part->compressed, part->compressed_bytes, bytecode, part->bytecode_bytes) ==
            part->bytecode_bytes)
        return bytecode;
    free(bytecode);
    return NULL;
}

/* ---- Loading ----------------------------------------------------------------------------------
 */

static struct part *find(struct engine *engine, const char *name)
{
    for (struct list *link = engine->parts.next; link != &engine->parts; link = link->next) {
        struct part *part = LIST_MEMBER(link, struct part, link);
        if (strcmp(part->name, name) == 0)
            return part;
    }
    return NULL;
}

static JSValue evaluate(struct engine *engine, const struct part *part)
{
    uint8_t *bytecode = decompress(part);
    if (bytecode == NULL)
        return JS_ThrowOutOfMemory(engine->context);
    JSValue script =
        JS_ReadObject(engine->context, bytecode, part->bytecode_bytes, JS_READ_OBJ_BYTECODE);
    free(bytecode);
    return JS_IsException(script) ? script : JS_EvalFunction(engine->context, script);
}

static JSValue js_load_part(JSContext *context, JSValueConst this_value, int argument_count,
                            JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    (void)this_value;
    const char *name = JS_ToCString(context, argument_count > 0 ? arguments[0] : JS_UNDEFINED);
    if (name == NULL)
        return JS_EXCEPTION;
    struct part *part = find(engine, name);
    JSValue value = part == NULL ? JS_ThrowTypeError(context, "the library has no part %s", name)
                                 : evaluate(engine, part);
    JS_FreeCString(context, name);
    if (part != NULL && !JS_IsException(value)) {
        list_remove(&part->link);
        free_part(part);
    }
    return value;
}

static bool names_part(struct text source, const struct part *part)
{
    for (const char *word = part->words; *word != '\0';) {
        size_t bytes = strcspn(word, " ");
        if (memmem(source.data, source.bytes, word, bytes) != NULL)
            return true;
        word += bytes + (word[bytes] == ' ');
    }
    return false;
}

int parts_load_named(struct engine *engine, struct text source)
{
    JSContext *context = engine->context;
    for (struct list *link = engine->parts.next; link != &engine->parts;) {
        const struct part *part = LIST_MEMBER(link, struct part, link);
        link = link->next; /* loading takes it off the list */
        if (!names_part(source, part))
            continue;
        JSValue name = JS_NewString(context, part->name);
        JSValueConst argument = name;
        JSValue result =
            JS_IsException(name) ? name : engine_hook(engine, HOOK_LOAD_PART, 1, &argument);
        JS_FreeValue(context, name);
        if (JS_IsException(result))
            return -1;
        JS_FreeValue(context, result);
    }
    return 0;
}

static const JSCFunctionListEntry functions[] = {
    CLASS_METHOD("loadPart", 1, js_load_part),
};

int parts_register(JSContext *context, JSValueConst native)
{
    return JS_SetPropertyFunctionList(context, native, functions,
                                      sizeof(functions) / sizeof(functions[0]));
}
