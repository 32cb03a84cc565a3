/* SPDX-License-Identifier: Apache-2.0 */

#include "body.h"

#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "conversion.h"
#include "request.h"

/* ---- Life -------------------------------------------------------------------------------------
 */

static void body_init(struct body *body)
{
    *body = (struct body){.text = JS_UNDEFINED, .stream = JS_UNDEFINED};
}

static void body_fini(JSRuntime *runtime, struct body *body)
{
    JS_FreeValueRT(runtime, body->text);
    JS_FreeValueRT(runtime, body->stream);
    free(body->bytes.data);
    body_input_destroy(body->input);
}

void message_init(struct message *message)
{
    *message = (struct message){.headers_object = JS_UNDEFINED, .request = HOST_HANDLE_NONE};
    body_init(&message->body);
}

void message_fini(JSRuntime *runtime, struct message *message)
{
    header_list_release(message->headers);
    JS_FreeValueRT(runtime, message->headers_object);
    body_fini(runtime, &message->body);
}

void message_mark(JSRuntime *runtime, struct message *message, JS_MarkFunc *mark)
{
    JS_MarkValue(runtime, message->headers_object, mark);
    JS_MarkValue(runtime, message->body.text, mark);
    JS_MarkValue(runtime, message->body.stream, mark);
    if (message->body.input != NULL)
        JS_MarkValue(runtime, message->body.input->reason, mark);
}

struct message *message_of(JSContext *context, JSValueConst object)
{
    struct engine *engine = engine_of(context);
    JSClassID class_id;
    void *opaque = JS_GetAnyOpaque(object, &class_id);
    if (opaque != NULL &&
        (class_id == engine->classes.request || class_id == engine->classes.response))
        return opaque;
    JS_ThrowTypeError(context, "this is neither a Request nor a Response");
    return NULL;
}

struct header_list *message_headers(JSContext *context, struct message *message)
{
    struct host_fields fields = {0};
    if (message->headers != NULL)
        return message->headers;
    if (message->request != HOST_HANDLE_NONE)
        host_request_fields(message->request, &fields);
    message->headers = header_list_from_host(&fields);
    host_fields_fini(&fields);
    if (message->headers == NULL)
        JS_ThrowOutOfMemory(context);
    return message->headers;
}

int body_take(struct engine *engine, JSValueConst object, struct body *from, struct body *to)
{
    if (from->kind == BODY_INPUT && JS_IsUndefined(from->stream)) {
        to->kind = BODY_INPUT;
        to->input = from->input;
        from->input = NULL;
        from->kind = BODY_STREAM; /* used, and nothing behind it */
    } else if (from->kind == BODY_TEXT || from->kind == BODY_BYTES) {
        if (body_clone(engine, object, from, to) != 0)
            return -1;
    } else {
        to->kind = BODY_STREAM;
        to->stream = body_stream(engine, object, from);
        if (JS_IsException(to->stream)) {
            to->stream = JS_UNDEFINED;
            return -1;
        }
        /* The stream goes on being read through `object`, which it holds. */
        JS_FreeValue(engine->context, from->stream);
        from->stream = JS_UNDEFINED;
    }
    from->is_used = true;
    return 0;
}

/* ---- Extraction -------------------------------------------------------------------------------
 */

#define TEXT_TYPE "text/plain;charset=UTF-8"

static int extract_text(JSContext *context, JSValueConst value, struct body *body, char **ret_type)
{
    JSValue text = JS_ToString(context, value);
    if (JS_IsException(text))
        return -1;
    body->kind = BODY_TEXT;
    body->text = text;
    *ret_type = strdup(TEXT_TYPE);
    return 0;
}

static int extract_bytes(JSContext *context, struct text bytes, struct body *body)
{
    uint8_t *data = malloc(bytes.bytes + 1);
    if (data == NULL) {
        JS_ThrowOutOfMemory(context);
        return -1;
    }
    memcpy(data, bytes.data, bytes.bytes);
    body->kind = BODY_BYTES;
    body->bytes = (struct host_bytes){.data = data, .bytes = bytes.bytes};
    return 0;
}

/* What the library made of a Blob, FormData, URLSearchParams or ReadableStream. */
static int extract_described(struct engine *engine, JSValueConst description, struct body *body,
                             char **ret_type)
{
    JSContext *context = engine->context;
    int result = -1;
    JSValue type = JS_GetProperty(context, description, engine->atoms[ATOM_TYPE]);
    JSValue source = JS_GetProperty(context, description, engine->atoms[ATOM_SOURCE]);
    struct text bytes;
    if (JS_IsException(type) || JS_IsException(source)) {
        result = -1;
    } else if (JS_IsString(source)) {
        body->kind = BODY_TEXT;
        body->text = JS_DupValue(context, source);
        result = 0;
    } else if (conversion_buffer_source(context, source, &bytes)) {
        result = extract_bytes(context, bytes, body);
    } else {
        int is_unusable = engine_hook_is(engine, HOOK_IS_DISTURBED, source);
        if (is_unusable == 0)
            is_unusable = engine_hook_is(engine, HOOK_IS_LOCKED, source);
        if (is_unusable == 0) {
            body->kind = BODY_STREAM;
            body->stream = JS_DupValue(context, source);
            result = 0;
        } else if (is_unusable > 0) {
            JS_ThrowTypeError(context,
                              "the stream is locked or was read from: it cannot be a body");
        }
    }
    if (result == 0 && JS_IsString(type)) {
        const char *text = JS_ToCString(context, type);
        *ret_type = text != NULL ? strdup(text) : NULL;
        JS_FreeCString(context, text);
    }
    JS_FreeValue(context, type);
    JS_FreeValue(context, source);
    return result;
}

int body_extract(struct engine *engine, JSValueConst value, struct body *body, char **ret_type)
{
    JSContext *context = engine->context;
    struct text bytes;
    *ret_type = NULL;
    if (JS_IsString(value) || !JS_IsObject(value))
        return extract_text(context, value, body, ret_type);
    if (conversion_buffer_source(context, value, &bytes))
        return extract_bytes(context, bytes, body);
    JSValue description = engine_hook(engine, HOOK_EXTRACT_BODY, 1, &value);
    if (JS_IsException(description))
        return -1;
    int result = JS_IsObject(description) ? extract_described(engine, description, body, ret_type)
                                          : extract_text(context, value, body, ret_type);
    JS_FreeValue(context, description);
    return result;
}

int message_set_content_type(struct engine *engine, struct message *message, char *type)
{
    if (type == NULL)
        return 0;
    bool is_set = header_list_find(message->headers, TEXT("content-type")) != NULL ||
                  header_list_append(message->headers, TEXT("content-type"),
                                     (struct text){type, strlen(type)});
    free(type);
    if (is_set)
        return 0;
    JS_ThrowOutOfMemory(engine->context);
    return -1;
}

/* ---- Use --------------------------------------------------------------------------------------
 */

int body_is_used(struct engine *engine, struct body *body)
{
    if (body->is_used || JS_IsUndefined(body->stream))
        return body->is_used;
    return engine_hook_is(engine, HOOK_IS_DISTURBED, body->stream);
}

int body_is_unusable(struct engine *engine, struct body *body)
{
    int is = body_is_used(engine, body);
    if (is == 0 && !JS_IsUndefined(body->stream))
        is = engine_hook_is(engine, HOOK_IS_LOCKED, body->stream);
    return is;
}

/* The content of a string or bytes as bytes (malloc). Lone surrogates become U+FFFD, as a USVString
 * has none. */
static int copy_content(JSContext *context, const struct body *body, struct host_bytes *ret_bytes)
{
    const char *text = NULL;
    size_t bytes = body->bytes.bytes;
    if (body->kind == BODY_TEXT) {
        text = JS_ToCStringLen(context, &bytes, body->text);
        if (text == NULL)
            return -1;
    }
    uint8_t *data = malloc(bytes + 1);
    if (data == NULL) {
        JS_FreeCString(context, text);
        JS_ThrowOutOfMemory(context);
        return -1;
    }
    memcpy(data, text != NULL ? (const void *)text : (const void *)body->bytes.data, bytes);
    JS_FreeCString(context, text);
    if (body->kind == BODY_TEXT)
        for (uint8_t *at = data; (at = memchr(at, 0xed, (size_t)(data + bytes - at))) != NULL; at++)
            if (at + 2 < data + bytes && at[1] >= 0xa0)
                memcpy(at, "\xef\xbf\xbd", 3);
    data[bytes] = '\0';
    *ret_bytes = (struct host_bytes){.data = data, .bytes = bytes};
    return 0;
}

int64_t body_length(struct engine *engine, const struct body *body)
{
    size_t bytes;
    switch (body->kind) {
    case BODY_NONE:
        return 0;
    case BODY_BYTES:
        return (int64_t)body->bytes.bytes;
    case BODY_TEXT: {
        const char *text = JS_ToCStringLen(engine->context, &bytes, body->text);
        if (text == NULL) {
            JS_FreeValue(engine->context, JS_GetException(engine->context));
            return -1;
        }
        JS_FreeCString(engine->context, text);
        return (int64_t)bytes;
    }
    default:
        return -1;
    }
}

/* Where a pump takes the body from. It is used then. */
static int open_source(struct engine *engine, JSValueConst object, struct body *body,
                       struct pump_source *ret_source)
{
    *ret_source = (struct pump_source){.holder = object, .stream = JS_UNDEFINED};
    if (!JS_IsUndefined(body->stream))
        ret_source->stream = body->stream;
    else if (body->kind == BODY_INPUT)
        ret_source->input = body->input;
    else if (body->kind == BODY_TEXT || body->kind == BODY_BYTES)
        return copy_content(engine->context, body, &ret_source->first);
    return 0;
}

int body_send(struct engine *engine, JSValueConst object, struct body *body,
              struct host_output *output, pump_done done, void *done_context, JSValueConst target)
{
    struct pump_source source;
    if (open_source(engine, object, body, &source) != 0)
        return -1;
    body->is_used = true;
    int result = pump_begin(engine, &source, output, done, done_context, target);
    if (result != 0)
        free(source.first.data);
    return result;
}

/* ---- The stream -------------------------------------------------------------------------------
 */

/* A promise that waits for the next piece of a body from the host. */
struct pull {
    struct engine *engine;
    struct body_input *input;
    JSValue object;     /* holds the input */
    JSValue resolve[2]; /* and reject */
    struct resource resource;
};

static void free_pull(struct pull *pull)
{
    JSContext *context = pull->engine->context;
    list_remove(&pull->resource.link);
    JS_FreeValue(context, pull->resolve[0]);
    JS_FreeValue(context, pull->resolve[1]);
    JS_FreeValue(context, pull->object);
    free(pull);
}

static void close_pull(struct resource *resource)
{
    struct pull *pull = LIST_MEMBER(resource, struct pull, resource);
    body_input_cancel_wait(pull->input);
    free_pull(pull);
}

/* What a read has brought as a value: a Uint8Array, null at the end, or an exception. */
static JSValue piece_value(JSContext *context, const struct body_input *input,
                           enum host_result result, struct host_bytes piece)
{
    if (result == HOST_OK)
        return conversion_to_uint8_array(context, piece);
    if (result == HOST_END)
        return JS_NULL;
    return body_input_throw(input);
}

/* Settles the promise with `value`, or rejects it with the pending exception. */
static void settle(JSContext *context, JSValue value, JSValueConst *resolve)
{
    bool is_exception = JS_IsException(value);
    JSValue argument = is_exception ? JS_GetException(context) : value;
    JSValueConst borrowed = argument;
    JS_FreeValue(context,
                 JS_Call(context, resolve[is_exception ? 1 : 0], JS_UNDEFINED, 1, &borrowed));
    JS_FreeValue(context, argument);
}

static void on_piece(void *opaque)
{
    struct pull *pull = opaque;
    struct engine *engine = pull->engine;
    struct host_bytes piece;
    enum host_result result = body_input_read(pull->input, &piece);
    if (result == HOST_WAIT) {
        body_input_wait(pull->input, on_piece, pull);
        return;
    }
    settle(engine->context, piece_value(engine->context, pull->input, result, piece),
           pull->resolve);
    free_pull(pull);
    engine_run_jobs(engine);
}

static JSValue begin_pull(struct engine *engine, JSValueConst object, struct body_input *input)
{
    JSContext *context = engine->context;
    struct pull *pull = calloc(1, sizeof(*pull));
    if (pull == NULL)
        return JS_ThrowOutOfMemory(context);
    JSValue promise = JS_NewPromiseCapability(context, pull->resolve);
    if (JS_IsException(promise)) {
        free(pull);
        return promise;
    }
    pull->engine = engine;
    pull->input = input;
    pull->object = JS_DupValue(context, object);
    pull->resource.close = close_pull;
    engine_add_resource(engine, &pull->resource);
    body_input_wait(input, on_piece, pull);
    return promise;
}

/* pull() of the stream of a body from the host. Its data is the message. */
static JSValue js_pull_input(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct message *message = message_of(context, data[0]);
    struct host_bytes piece;
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    (void)magic;
    if (message == NULL || message->body.input == NULL)
        return JS_ThrowTypeError(context, "the body did not come to its end");
    enum host_result result = body_input_read(message->body.input, &piece);
    if (result == HOST_WAIT)
        return begin_pull(engine_of(context), data[0], message->body.input);
    return piece_value(context, message->body.input, result, piece);
}

/* pull() of a body that is there: its content once, then the end. data[1] is set when it was. */
static JSValue js_pull_content(JSContext *context, JSValueConst this_value, int argument_count,
                               JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct message *message = message_of(context, data[0]);
    struct host_bytes content;
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    (void)magic;
    if (message == NULL)
        return JS_EXCEPTION;
    struct body *body = &message->body;
    if (body->kind == BODY_STREAM || body_length(engine_of(context), body) <= 0)
        return JS_NULL;
    if (copy_content(context, body, &content) != 0)
        return JS_EXCEPTION;
    /* From here on it is nothing but its stream. */
    JS_FreeValue(context, body->text);
    free(body->bytes.data);
    body->text = JS_UNDEFINED;
    body->bytes = (struct host_bytes){0};
    body->kind = BODY_STREAM;
    return conversion_to_uint8_array(context, content);
}

static JSValue js_cancel(JSContext *context, JSValueConst this_value, int argument_count,
                         JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct message *message = message_of(context, data[0]);
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    (void)magic;
    if (message != NULL && message->body.input != NULL)
        body_input_close(message->body.input);
    return JS_UNDEFINED;
}

JSValue body_stream(struct engine *engine, JSValueConst object, struct body *body)
{
    JSContext *context = engine->context;
    if (body->kind == BODY_NONE)
        return JS_NULL;
    if (JS_IsUndefined(body->stream)) {
        JSCFunctionData *pull_function = body->kind == BODY_INPUT ? js_pull_input : js_pull_content;
        JSValue pull = JS_NewCFunctionData(context, pull_function, 0, 0, 1, &object);
        JSValue cancel = JS_NewCFunctionData(context, js_cancel, 1, 0, 1, &object);
        JSValueConst arguments[] = {pull, cancel};
        JSValue stream = JS_IsException(pull) || JS_IsException(cancel)
                             ? JS_EXCEPTION
                             : engine_hook(engine, HOOK_CREATE_BODY_STREAM, 2, arguments);
        JS_FreeValue(context, pull);
        JS_FreeValue(context, cancel);
        if (JS_IsException(stream))
            return stream;
        body->stream = stream;
        if (body->is_used) {
            /* C has read it: whoever asks now finds a stream that is locked and at its end. */
            JSValueConst borrowed = stream;
            JS_FreeValue(context, engine_hook(engine, HOOK_STREAM_READER, 1, &borrowed));
        }
    }
    return JS_DupValue(context, body->stream);
}

int body_clone(struct engine *engine, JSValueConst object, struct body *body, struct body *to)
{
    JSContext *context = engine->context;
    if (body->kind == BODY_NONE)
        return 0;
    if (body->kind == BODY_TEXT && JS_IsUndefined(body->stream)) {
        to->kind = BODY_TEXT;
        to->text = JS_DupValue(context, body->text);
        return 0;
    }
    if (body->kind == BODY_BYTES && JS_IsUndefined(body->stream))
        return extract_bytes(context,
                             (struct text){(const char *)body->bytes.data, body->bytes.bytes}, to);
    JSValue stream = body_stream(engine, object, body);
    if (JS_IsException(stream))
        return -1;
    JSValueConst borrowed = stream;
    JSValue pair = engine_hook(engine, HOOK_TEE_STREAM, 1, &borrowed);
    JS_FreeValue(context, stream);
    if (JS_IsException(pair))
        return -1;
    /* The first branch replaces the stream, which is locked now; the input is read through it, so
     * the message must go on holding the input. */
    JS_FreeValue(context, body->stream);
    body->stream = JS_GetPropertyUint32(context, pair, 0);
    to->kind = BODY_STREAM;
    to->stream = JS_GetPropertyUint32(context, pair, 1);
    JS_FreeValue(context, pair);
    return 0;
}

/* ---- text(), json(), … ------------------------------------------------------------------------
 */

enum body_form { FORM_TEXT, FORM_JSON, FORM_ARRAY_BUFFER, FORM_BYTES, FORM_BLOB, FORM_FORM_DATA };

/* What a reader was asked for. */
struct collect {
    enum body_form form;
    JSValue resolve[2];
};

/* The Content-Type as a value; an empty string where there is none. */
static JSValue content_type_value(JSContext *context, struct message *message)
{
    size_t bytes;
    bool is_found;
    if (message_headers(context, message) == NULL)
        return JS_EXCEPTION;
    char *type = header_list_get(message->headers, TEXT("content-type"), &bytes, &is_found);
    if (type == NULL)
        return JS_NewStringLen(context, "", 0);
    JSValue value = conversion_from_byte_string(context, (struct text){type, bytes});
    free(type);
    return value;
}

/* By a hook of the library that takes bytes and a Content-Type. */
static JSValue convert_by_hook(JSContext *context, enum hook hook, struct host_bytes bytes,
                               struct message *message)
{
    JSValue array = conversion_to_uint8_array(context, bytes);
    JSValue type = content_type_value(context, message);
    JSValueConst arguments[] = {array, type};
    JSValue result = JS_IsException(array) || JS_IsException(type)
                         ? JS_EXCEPTION
                         : engine_hook(engine_of(context), hook, 2, arguments);
    JS_FreeValue(context, array);
    JS_FreeValue(context, type);
    return result;
}

/* Takes `bytes` over. */
static JSValue convert(JSContext *context, enum body_form form, struct host_bytes bytes,
                       struct message *message)
{
    JSValue value;
    switch (form) {
    case FORM_ARRAY_BUFFER:
        return conversion_to_array_buffer(context, bytes);
    case FORM_BYTES:
        return conversion_to_uint8_array(context, bytes);
    case FORM_BLOB:
        return convert_by_hook(context, HOOK_CREATE_BLOB, bytes, message);
    case FORM_FORM_DATA:
        return convert_by_hook(context, HOOK_PARSE_FORM_DATA, bytes, message);
    default:
        break;
    }
    struct text text = {.data = (const char *)bytes.data, .bytes = bytes.bytes};
    value = conversion_from_utf8(context, text);
    if (form == FORM_JSON && !JS_IsException(value)) {
        size_t length;
        const char *well_formed = JS_ToCStringLen(context, &length, value);
        JS_FreeValue(context, value);
        value = well_formed == NULL ? JS_EXCEPTION
                                    : JS_ParseJSON(context, well_formed, length, "<body>");
        JS_FreeCString(context, well_formed);
    }
    free(bytes.data);
    return value;
}

static void on_collected(struct engine *engine, void *opaque, JSValueConst target,
                         struct pump_result *result)
{
    JSContext *context = engine->context;
    struct collect *collect = opaque;
    JSValue value;
    if (result->is_closed) {
        value = JS_UNDEFINED;
    } else if (result->is_whole) {
        struct message *message = message_of(context, target);
        value = convert(context, collect->form, result->bytes, message);
        result->bytes = (struct host_bytes){0};
    } else {
        value = JS_Throw(context, JS_DupValue(context, result->error));
    }
    if (!result->is_closed)
        settle(context, value, collect->resolve);
    JS_FreeValue(context, collect->resolve[0]);
    JS_FreeValue(context, collect->resolve[1]);
    free(collect);
    if (!result->is_closed)
        engine_run_jobs(engine);
}

static JSValue rejection(JSContext *context)
{
    JSValue error = JS_GetException(context);
    JSValue promise = JS_NewSettledPromise(context, true, error);
    JS_FreeValue(context, error);
    return promise;
}

static JSValue settled(JSContext *context, JSValue value)
{
    if (JS_IsException(value))
        return rejection(context);
    JSValue promise = JS_NewSettledPromise(context, false, value);
    JS_FreeValue(context, value);
    return promise;
}

/* Reads a body that has to be waited for. */
static JSValue collect_source(struct engine *engine, JSValueConst object,
                              struct pump_source *source, enum body_form form)
{
    JSContext *context = engine->context;
    struct collect *collect = calloc(1, sizeof(*collect));
    if (collect == NULL)
        return JS_ThrowOutOfMemory(context);
    collect->form = form;
    JSValue promise = JS_NewPromiseCapability(context, collect->resolve);
    if (!JS_IsException(promise) &&
        pump_begin(engine, source, NULL, on_collected, collect, object) == 0)
        return promise;
    if (!JS_IsException(promise)) {
        JS_FreeValue(context, collect->resolve[0]);
        JS_FreeValue(context, collect->resolve[1]);
        JS_FreeValue(context, promise);
    }
    free(collect);
    return JS_EXCEPTION;
}

static JSValue js_consume(JSContext *context, JSValueConst this_value, int argument_count,
                          JSValueConst *arguments, int form)
{
    struct engine *engine = engine_of(context);
    struct message *message = message_of(context, this_value);
    struct pump_source source;
    (void)argument_count;
    (void)arguments;
    if (message == NULL || request_decide_body(context, this_value) != 0)
        return rejection(context);
    struct body *body = &message->body;
    int is_unusable = body_is_unusable(engine, body);
    if (is_unusable > 0)
        JS_ThrowTypeError(context, "Body is unusable: Body has already been read");
    if (is_unusable != 0)
        return rejection(context);
    if (open_source(engine, this_value, body, &source) != 0)
        return rejection(context);
    body->is_used = body->kind != BODY_NONE;
    if (source.input == NULL && JS_IsUndefined(source.stream)) {
        if (source.first.data == NULL)
            source.first.data = calloc(1, 1);
        return settled(context, convert(context, (enum body_form)form, source.first, message));
    }
    JSValue promise = collect_source(engine, this_value, &source, (enum body_form)form);
    return JS_IsException(promise) ? rejection(context) : promise;
}

static JSValue js_get_body(JSContext *context, JSValueConst this_value)
{
    struct message *message = message_of(context, this_value);
    return message == NULL || request_decide_body(context, this_value) != 0
               ? JS_EXCEPTION
               : body_stream(engine_of(context), this_value, &message->body);
}

static JSValue js_get_body_used(JSContext *context, JSValueConst this_value)
{
    struct message *message = message_of(context, this_value);
    if (message == NULL)
        return JS_EXCEPTION;
    int is_used = body_is_used(engine_of(context), &message->body);
    return is_used < 0 ? JS_EXCEPTION : JS_NewBool(context, is_used);
}

static const JSCFunctionListEntry body_members[] = {
    CLASS_GETTER("body", js_get_body),
    CLASS_GETTER("bodyUsed", js_get_body_used),
    CLASS_METHOD_MAGIC("text", 0, js_consume, FORM_TEXT),
    CLASS_METHOD_MAGIC("json", 0, js_consume, FORM_JSON),
    CLASS_METHOD_MAGIC("arrayBuffer", 0, js_consume, FORM_ARRAY_BUFFER),
    CLASS_METHOD_MAGIC("bytes", 0, js_consume, FORM_BYTES),
    CLASS_METHOD_MAGIC("blob", 0, js_consume, FORM_BLOB),
    CLASS_METHOD_MAGIC("formData", 0, js_consume, FORM_FORM_DATA),
};

int body_define(JSContext *context, JSValueConst prototype)
{
    return JS_SetPropertyFunctionList(context, prototype, body_members,
                                      sizeof(body_members) / sizeof(body_members[0]));
}
