/* SPDX-License-Identifier: Apache-2.0 */
#include "compression.h"

#include <string.h>

#include "fn0_javascript_native.h"
#include "class.h"
#include "engine.h"
#include "support.h"

#define CHUNK_SIZE 16384

struct flow {
    struct fn0_flow *flow; /* NULL once it has failed or is finished */
    bool decompress;
    bool ended;
};

/* What flows out: the array, and the chunk that is being filled. */
struct outflow {
    JSValue array;
    uint32_t count;
};

static void flow_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID class_id;
    struct flow *flow = JS_GetAnyOpaque(value, &class_id);
    if (flow == NULL)
        return;
    fn0_flow_destroy(flow->flow);
    js_free_rt(runtime, flow);
}

/* The format of a name, or -1 with a TypeError. */
static int to_format(JSContext *context, JSValueConst value)
{
    static const char *const names[] = {"gzip", "deflate", "deflate-raw"};
    const char *text = JS_ToCString(context, value);
    int format = -1, index;

    if (text == NULL)
        return -1;
    for (index = 0; index < COUNT_OF(names); index++) {
        if (strcmp(text, names[index]) == 0)
            format = index;
    }
    if (format < 0)
        JS_ThrowTypeError(context, "Unsupported compression format: '%.40s'", text);
    JS_FreeCString(context, text);
    return format;
}

static JSValue flow_construct(JSContext *context, JSValueConst new_target, int count,
                              JSValueConst *arguments)
{
    int format = to_format(context, count > 0 ? arguments[0] : JS_UNDEFINED);
    struct flow *flow;
    JSValue object;

    if (format < 0)
        return JS_EXCEPTION;
    object = class_new(context, new_target, engine_of(context)->classes.compression_flow);
    if (JS_IsException(object))
        return JS_EXCEPTION;
    flow = js_mallocz(context, sizeof(*flow));
    if (flow == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    flow->decompress = count > 1 && JS_ToBool(context, arguments[1]) > 0;
    flow->flow = fn0_flow_create((enum fn0_format)format, flow->decompress);
    JS_SetOpaque(object, flow);
    return object;
}

static void flow_end(struct flow *flow)
{
    fn0_flow_destroy(flow->flow);
    flow->flow = NULL;
}

/* Hands on a chunk that js_malloc gave, cut to its size. 0 or -1. */
static int outflow_add(JSContext *context, struct outflow *outflow, uint8_t *chunk, size_t size)
{
    uint8_t *cut = js_realloc(context, chunk, size);
    JSValue array;
    if (cut == NULL) {
        js_free(context, chunk);
        return -1;
    }
    array = support_take_uint8_array(context, cut, size);
    if (JS_IsException(array))
        return -1;
    return JS_DefinePropertyValueUint32(context, outflow->array, outflow->count++, array,
                                        JS_PROP_C_W_E) < 0
               ? -1
               : 0;
}

/* Lets the bytes run through: 0, or -1 with an exception. */
static int flow_run(JSContext *context, struct flow *flow, struct byte_span bytes, bool last,
                    struct outflow *outflow)
{
    enum fn0_flow_state state;
    size_t taken, written;

    do {
        uint8_t *chunk = js_malloc(context, CHUNK_SIZE);
        if (chunk == NULL)
            return -1;
        state = fn0_flow_run(flow->flow, bytes.data, bytes.size, last, chunk, CHUNK_SIZE, &taken,
                             &written);
        if (taken > 0) {
            bytes.data += taken;
            bytes.size -= taken;
        }
        if (written == 0) {
            js_free(context, chunk);
        } else if (outflow_add(context, outflow, chunk, written) < 0) {
            return -1;
        }
    } while (state == FN0_FLOW_GOES_ON && (written == CHUNK_SIZE || (bytes.size > 0 && taken > 0)));

    flow->ended = state == FN0_FLOW_ENDED;
    if (state == FN0_FLOW_MALFORMED) {
        JS_ThrowTypeError(context, "The compressed data was not valid");
        return -1;
    }
    if (flow->ended && bytes.size > 0) {
        JS_ThrowTypeError(context, "Something follows the end of the compressed data");
        return -1;
    }
    return 0;
}

static JSValue flow_through(JSContext *context, struct flow *flow, struct byte_span bytes,
                            bool last)
{
    struct outflow outflow = {JS_NewArray(context), 0};
    if (JS_IsException(outflow.array))
        return JS_EXCEPTION;
    if (flow_run(context, flow, bytes, last, &outflow) == 0)
        return outflow.array;
    JS_FreeValue(context, outflow.array);
    flow_end(flow);
    return JS_EXCEPTION;
}

static struct flow *flow_of(JSContext *context, JSValueConst value)
{
    struct flow *flow = JS_GetOpaque2(context, value, engine_of(context)->classes.compression_flow);
    if (flow != NULL && flow->flow == NULL) {
        JS_ThrowTypeError(context, "The stream of compressed data has ended");
        return NULL;
    }
    return flow;
}

static JSValue js_flow_push(JSContext *context, JSValueConst this_value, int count,
                            JSValueConst *arguments)
{
    struct flow *flow = flow_of(context, this_value);
    struct byte_span bytes;
    if (flow == NULL || support_to_bytes(context, count > 0 ? arguments[0] : JS_UNDEFINED,
                                         "the chunk", &bytes) < 0) {
        return JS_EXCEPTION;
    }
    if (flow->ended && bytes.size > 0) {
        flow_end(flow);
        return JS_ThrowTypeError(context, "Something follows the end of the compressed data");
    }
    if (bytes.size == 0)
        return JS_NewArray(context);
    return flow_through(context, flow, bytes, false);
}

static JSValue js_flow_finish(JSContext *context, JSValueConst this_value, int count,
                              JSValueConst *arguments)
{
    struct flow *flow = flow_of(context, this_value);
    JSValue array;

    (void)count, (void)arguments;
    if (flow == NULL)
        return JS_EXCEPTION;
    if (flow->decompress) {
        bool ended = flow->ended;
        flow_end(flow);
        return ended ? JS_NewArray(context)
                     : JS_ThrowTypeError(context, "The compressed data was cut off");
    }
    array = flow_through(context, flow, (struct byte_span){NULL, 0}, true);
    flow_end(flow);
    return array;
}

static const JSCFunctionListEntry flow_members[] = {
    CLASS_METHOD("push", 1, js_flow_push),
    CLASS_METHOD("finish", 0, js_flow_finish),
};

static const struct class_definition flow_definition = {
    .name = "CompressionFlow",
    .class_def = {.class_name = "CompressionFlow", .finalizer = flow_finalize},
    .constructor = flow_construct,
    .constructor_length = 2,
    .members = flow_members,
    .member_count = COUNT_OF(flow_members),
};

int compression_register(JSContext *context, JSValueConst native)
{
    return class_register(context, native, &flow_definition,
                          &engine_of(context)->classes.compression_flow);
}
