/* SPDX-License-Identifier: Apache-2.0 */

#include "response.h"

#include <stdlib.h>
#include <string.h>

#include "absolute_url.h"
#include "class.h"
#include "conversion.h"
#include "headers.h"

static void finalize(JSRuntime *runtime, JSValueConst object)
{
    JSClassID class_id;
    struct response *response = JS_GetAnyOpaque(object, &class_id);
    if (response == NULL)
        return;
    message_fini(runtime, &response->message);
    JS_FreeValueRT(runtime, response->status_text);
    JS_FreeValueRT(runtime, response->url);
    free(response);
}

static void mark(JSRuntime *runtime, JSValueConst object, JS_MarkFunc *mark_function)
{
    JSClassID class_id;
    struct response *response = JS_GetAnyOpaque(object, &class_id);
    if (response != NULL)
        message_mark(runtime, &response->message, mark_function);
}

struct response *response_of(JSContext *context, JSValueConst object)
{
    return JS_GetOpaque(object, engine_of(context)->classes.response);
}

/* A 200 with `headers` (taken over; NULL: a new list) behind `object`. */
static struct response *create(JSContext *context, JSValueConst object, struct header_list *headers)
{
    struct response *response = calloc(1, sizeof(*response));
    if (headers == NULL)
        headers = header_list_create();
    if (response == NULL || headers == NULL) {
        free(response);
        header_list_release(headers);
        JS_ThrowOutOfMemory(context);
        return NULL;
    }
    message_init(&response->message);
    response->message.headers = headers;
    response->status = 200;
    response->status_text = response->url = JS_UNDEFINED;
    JS_SetOpaque(object, response);
    return response;
}

static bool is_null_body_status(uint16_t status)
{
    return status == 101 || status == 103 || status == 204 || status == 205 || status == 304;
}

JSValue response_of_host(struct engine *engine, uint16_t status, struct header_list *headers,
                         struct host_input *input, bool is_head)
{
    JSContext *context = engine->context;
    bool has_body = !is_null_body_status(status);
    struct content_coding *coding = NULL;
    if (has_body && !is_head && !content_coding_take(headers, &coding)) {
        header_list_release(headers);
        host_input_drop(input);
        return JS_ThrowOutOfMemory(context);
    }
    struct body_input *body = body_input_of_host(engine, input, coding);
    JSValue object = JS_NewObjectClass(context, engine->classes.response);
    if (body == NULL || JS_IsException(object)) {
        header_list_release(headers);
        body_input_destroy(body);
        JS_FreeValue(context, object);
        return JS_IsException(object) ? object : JS_ThrowOutOfMemory(context);
    }
    struct response *response = create(context, object, headers);
    if (response == NULL) {
        body_input_destroy(body);
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    response->status = status;
    response->is_from_network = true;
    if (!has_body) {
        body_input_destroy(body);
        return object;
    }
    response->message.body.kind = BODY_INPUT;
    response->message.body.input = body;
    return object;
}

void response_set_url(JSContext *context, struct response *response, JSValueConst url,
                      bool is_redirected)
{
    JS_FreeValue(context, response->url);
    response->url = JS_DupValue(context, url);
    response->is_redirected = is_redirected;
}

/* ---- Construction -----------------------------------------------------------------------------
 */

static int take_status(JSContext *context, struct response *response, JSValueConst init)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_STATUS]);
    double status;
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    int result = JS_ToFloat64(context, &status, value);
    JS_FreeValue(context, value);
    if (result != 0)
        return -1;
    if (!(status >= 200 && status < 600)) {
        JS_ThrowRangeError(context, "Response: the status must be between 200 and 599, this is %g",
                           status);
        return -1;
    }
    response->status = (uint16_t)status;
    return 0;
}

/* A reason-phrase (RFC 9112, 4): no line breaks or control characters. */
static int take_status_text(JSContext *context, struct response *response, JSValueConst init)
{
    JSValue value = JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_STATUS_TEXT]);
    struct host_bytes text;
    if (JS_IsException(value))
        return -1;
    if (JS_IsUndefined(value))
        return 0;
    int result = conversion_to_byte_string(context, value, "the status text", &text);
    JS_FreeValue(context, value);
    if (result != 0)
        return -1;
    for (size_t i = 0; i < text.bytes && result == 0; i++) {
        if ((text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f) {
            JS_ThrowTypeError(context, "Response: the status text has a control character");
            result = -1;
        }
    }
    if (result == 0) {
        response->status_text =
            conversion_from_byte_string(context, (struct text){(char *)text.data, text.bytes});
        if (JS_IsException(response->status_text)) {
            response->status_text = JS_UNDEFINED;
            result = -1;
        }
    }
    free(text.data);
    return result;
}

static int take_init(JSContext *context, struct response *response, JSValueConst init)
{
    if (JS_IsUndefined(init) || JS_IsNull(init))
        return 0;
    if (!JS_IsObject(init)) {
        JS_ThrowTypeError(context, "Response: the second argument must be an object");
        return -1;
    }
    if (take_status(context, response, init) != 0 || take_status_text(context, response, init) != 0)
        return -1;
    JSValue headers = JS_GetProperty(context, init, engine_of(context)->atoms[ATOM_HEADERS]);
    if (JS_IsException(headers))
        return -1;
    int result =
        JS_IsUndefined(headers) ? 0 : headers_fill(context, response->message.headers, headers);
    JS_FreeValue(context, headers);
    return result;
}

static int take_body(JSContext *context, struct response *response, JSValueConst value)
{
    struct engine *engine = engine_of(context);
    char *type;
    if (JS_IsUndefined(value) || JS_IsNull(value))
        return 0;
    if (is_null_body_status(response->status)) {
        JS_ThrowTypeError(context, "Response with null body status cannot have body (%d)",
                          response->status);
        return -1;
    }
    if (body_extract(engine, value, &response->message.body, &type) != 0)
        return -1;
    return message_set_content_type(engine, &response->message, type);
}

static JSValue js_constructor(JSContext *context, JSValueConst new_target, int argument_count,
                              JSValueConst *arguments)
{
    JSValue object = class_new(context, new_target, engine_of(context)->classes.response);
    if (JS_IsException(object))
        return object;
    struct response *response = create(context, object, NULL);
    if (response == NULL ||
        take_init(context, response, argument_count > 1 ? arguments[1] : JS_UNDEFINED) != 0 ||
        take_body(context, response, argument_count > 0 ? arguments[0] : JS_UNDEFINED) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    return object;
}

static JSValue js_error(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments)
{
    JSValue object = JS_NewObjectClass(context, engine_of(context)->classes.response);
    (void)this_value;
    (void)argument_count;
    (void)arguments;
    if (JS_IsException(object))
        return object;
    struct response *response = create(context, object, NULL);
    if (response == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    response->status = 0;
    response->is_error = true;
    response->message.headers->immutable = true;
    return object;
}

static int read_redirect_status(JSContext *context, JSValueConst value, uint16_t *ret_status)
{
    int32_t status = 302;
    if (!JS_IsUndefined(value) && JS_ToInt32(context, &status, value) != 0)
        return -1;
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
        JS_ThrowRangeError(context, "Response.redirect: %d is no status of a redirection", status);
        return -1;
    }
    *ret_status = (uint16_t)status;
    return 0;
}

static JSValue js_redirect(JSContext *context, JSValueConst this_value, int argument_count,
                           JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    uint16_t status;
    (void)this_value;
    if (argument_count < 1)
        return JS_ThrowTypeError(context, "Response.redirect needs a URL");
    JSValue url = absolute_url(context, arguments[0]);
    if (JS_IsException(url))
        return url;
    const char *location = JS_ToCString(context, url);
    JS_FreeValue(context, url);
    if (location == NULL)
        return JS_EXCEPTION;
    JSValue object = JS_EXCEPTION;
    if (read_redirect_status(context, argument_count > 1 ? arguments[1] : JS_UNDEFINED, &status) ==
        0)
        object = JS_NewObjectClass(context, engine->classes.response);
    struct response *response = JS_IsException(object) ? NULL : create(context, object, NULL);
    if (response != NULL && header_list_append(response->message.headers, TEXT("location"),
                                               (struct text){location, strlen(location)})) {
        response->status = status;
        response->message.headers->immutable = true;
    } else {
        JS_FreeValue(context, object);
        object = JS_EXCEPTION;
    }
    JS_FreeCString(context, location);
    return object;
}

static JSValue js_json(JSContext *context, JSValueConst this_value, int argument_count,
                       JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    (void)this_value;
    if (argument_count < 1)
        return JS_ThrowTypeError(context, "Response.json needs a value");
    JSValue text = quickjs_json_stringify(context, arguments[0]);
    if (JS_IsException(text))
        return text;
    if (JS_IsUndefined(text))
        return JS_ThrowTypeError(context, "Response.json: the value has no form in JSON");
    JSValue object = JS_NewObjectClass(context, engine->classes.response);
    struct response *response = JS_IsException(object) ? NULL : create(context, object, NULL);
    if (response == NULL ||
        take_init(context, response, argument_count > 1 ? arguments[1] : JS_UNDEFINED) != 0) {
        JS_FreeValue(context, object);
        JS_FreeValue(context, text);
        return JS_EXCEPTION;
    }
    if (is_null_body_status(response->status)) {
        JS_ThrowTypeError(context, "Response with null body status cannot have body (%d)",
                          response->status);
        JS_FreeValue(context, object);
        JS_FreeValue(context, text);
        return JS_EXCEPTION;
    }
    response->message.body.kind = BODY_TEXT;
    response->message.body.text = text;
    if (message_set_content_type(engine, &response->message, strdup("application/json")) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    return object;
}

/* ---- Members ----------------------------------------------------------------------------------
 */

static struct response *this_response(JSContext *context, JSValueConst this_value)
{
    return JS_GetOpaque2(context, this_value, engine_of(context)->classes.response);
}

static JSValue text_or_empty(JSContext *context, JSValueConst text)
{
    return JS_IsUndefined(text) ? JS_NewStringLen(context, "", 0) : JS_DupValue(context, text);
}

static JSValue js_get_type(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    if (response == NULL)
        return JS_EXCEPTION;
    return JS_NewString(context, response->is_error          ? "error"
                                 : response->is_from_network ? "basic"
                                                             : "default");
}

static JSValue js_get_url(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    return response == NULL ? JS_EXCEPTION : text_or_empty(context, response->url);
}

static JSValue js_get_redirected(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    return response == NULL ? JS_EXCEPTION : JS_NewBool(context, response->is_redirected);
}

static JSValue js_get_status(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    return response == NULL ? JS_EXCEPTION : JS_NewInt32(context, response->status);
}

static JSValue js_get_ok(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    return response == NULL
               ? JS_EXCEPTION
               : JS_NewBool(context, response->status >= 200 && response->status < 300);
}

static JSValue js_get_status_text(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    return response == NULL ? JS_EXCEPTION : text_or_empty(context, response->status_text);
}

static JSValue js_get_headers(JSContext *context, JSValueConst this_value)
{
    struct response *response = this_response(context, this_value);
    if (response == NULL)
        return JS_EXCEPTION;
    struct message *message = &response->message;
    if (JS_IsUndefined(message->headers_object)) {
        JSValue object = headers_new(context, message->headers);
        if (JS_IsException(object))
            return object;
        message->headers_object = object;
    }
    return JS_DupValue(context, message->headers_object);
}

static JSValue js_clone(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    struct response *response = this_response(context, this_value);
    (void)argument_count;
    (void)arguments;
    if (response == NULL)
        return JS_EXCEPTION;
    int is_unusable = body_is_unusable(engine, &response->message.body);
    if (is_unusable > 0)
        return JS_ThrowTypeError(context, "Response.clone: Body has already been consumed.");
    JSValue object =
        is_unusable < 0 ? JS_EXCEPTION : JS_NewObjectClass(context, engine->classes.response);
    if (JS_IsException(object))
        return object;
    struct response *clone = create(context, object, header_list_copy(response->message.headers));
    if (clone == NULL ||
        body_clone(engine, this_value, &response->message.body, &clone->message.body) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    clone->message.headers->immutable = response->message.headers->immutable;
    clone->status = response->status;
    clone->status_text = JS_DupValue(context, response->status_text);
    clone->url = JS_DupValue(context, response->url);
    clone->is_redirected = response->is_redirected;
    clone->is_error = response->is_error;
    clone->is_from_network = response->is_from_network;
    return object;
}

static const JSCFunctionListEntry members[] = {
    CLASS_GETTER("type", js_get_type),
    CLASS_GETTER("url", js_get_url),
    CLASS_GETTER("redirected", js_get_redirected),
    CLASS_GETTER("status", js_get_status),
    CLASS_GETTER("ok", js_get_ok),
    CLASS_GETTER("statusText", js_get_status_text),
    CLASS_GETTER("headers", js_get_headers),
    CLASS_METHOD("clone", 0, js_clone),
    CLASS_NAME("Response"),
};

static const JSCFunctionListEntry statics[] = {
    CLASS_METHOD("error", 0, js_error),
    CLASS_METHOD("redirect", 1, js_redirect),
    CLASS_METHOD("json", 1, js_json),
};

static const struct class_definition response_class = {
    .name = "Response",
    .class_def = {.class_name = "Response", .finalizer = finalize, .gc_mark = mark},
    .constructor = js_constructor,
    .members = members,
    .member_count = sizeof(members) / sizeof(members[0]),
    .statics = statics,
    .static_count = sizeof(statics) / sizeof(statics[0]),
};

int response_register(JSContext *context, JSValueConst global)
{
    struct engine *engine = engine_of(context);
    if (class_register(context, global, &response_class, &engine->classes.response) != 0)
        return -1;
    JSValue prototype = JS_GetClassProto(context, engine->classes.response);
    int result = body_define(context, prototype);
    JS_FreeValue(context, prototype);
    return result;
}
