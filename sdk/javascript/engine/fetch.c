/* SPDX-License-Identifier: Apache-2.0 */

#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "class.h"
#include "conversion.h"
#include "engine.h"
#include "request.h"
#include "response.h"

/* An outgoing request that waits for its answer's head. */
struct exchange {
    struct resource resource;
    struct engine *engine;
    uint64_t id;
    bool is_head; /* HEAD was asked */
    host_handle response;
    struct wait wait;
    JSValue resolve[2]; /* and reject */
};

static void free_exchange(struct exchange *exchange)
{
    JSContext *context = exchange->engine->context;
    event_loop_cancel_wait(&exchange->wait);
    host_response_drop(exchange->response);
    list_remove(&exchange->resource.link);
    JS_FreeValue(context, exchange->resolve[0]);
    JS_FreeValue(context, exchange->resolve[1]);
    free(exchange);
}

static void close_resource(struct resource *resource)
{
    free_exchange(LIST_MEMBER(resource, struct exchange, resource));
}

/* ---- The answer -------------------------------------------------------------------------------
 */

/* A TypeError "fetch failed" whose cause says why, as in Node. */
static JSValue fetch_error(JSContext *context, struct host_bytes reason)
{
    JSValue error = JS_NewTypeError(context, "fetch failed: %.*s", (int)reason.bytes,
                                    (const char *)reason.data);
    free(reason.data);
    return error;
}

static JSValue make_response(const struct exchange *exchange, uint16_t status,
                             struct host_fields *fields, struct host_input *input)
{
    struct engine *engine = exchange->engine;
    struct header_list *headers = header_list_from_host(fields);
    host_fields_fini(fields);
    if (headers == NULL) {
        host_input_drop(input);
        return JS_ThrowOutOfMemory(engine->context);
    }
    return response_of_host(engine, status, headers, input, exchange->is_head);
}

static void settle(struct exchange *exchange, JSValue value)
{
    struct engine *engine = exchange->engine;
    JSContext *context = engine->context;
    bool is_exception = JS_IsException(value);
    JSValue argument = is_exception ? JS_GetException(context) : value;
    JSValue function = JS_DupValue(context, exchange->resolve[is_exception ? 1 : 0]);
    JSValueConst borrowed = argument;
    free_exchange(exchange);
    JS_FreeValue(context, JS_Call(context, function, JS_UNDEFINED, 1, &borrowed));
    JS_FreeValue(context, function);
    JS_FreeValue(context, argument);
}

static void on_ready(struct wait *wait)
{
    struct exchange *exchange = LIST_MEMBER(wait, struct exchange, wait);
    struct engine *engine = exchange->engine;
    uint16_t status;
    struct host_fields fields;
    struct host_input input;
    struct host_bytes error = {0};
    switch (host_response_take(exchange->response, &status, &fields, &input, &error)) {
    case HOST_OK:
        settle(exchange, make_response(exchange, status, &fields, &input));
        break;
    case HOST_WAIT:
        event_loop_wait(&engine->loop, &exchange->wait, host_response_pollable(exchange->response),
                        on_ready);
        break;
    default:
        settle(exchange, JS_Throw(engine->context, fetch_error(engine->context, error)));
        break;
    }
    engine_run_jobs(engine);
}

/* ---- The request ------------------------------------------------------------------------------
 */

static void on_body_sent(struct engine *engine, void *opaque, JSValueConst target,
                         struct pump_result *result)
{
    (void)opaque;
    (void)target;
    /* A server that answers without reading the body is no error; a body that fails is. */
    if (!result->is_closed && !result->is_whole && result->is_source_error)
        engine_log_error(engine, "the body of an outgoing request: ", result->error);
}

/* Splits an absolute, normalized URL of http or https. */
static int split_url(JSContext *context, const char *url, struct host_outgoing *outgoing)
{
    outgoing->is_secure = strncmp(url, "https://", 8) == 0;
    if (!outgoing->is_secure && strncmp(url, "http://", 7) != 0) {
        JS_ThrowTypeError(context, "fetch: only http: and https: URLs can be fetched, not %.64s",
                          url);
        return -1;
    }
    const char *authority = url + (outgoing->is_secure ? 8 : 7);
    size_t authority_bytes = strcspn(authority, "/?#");
    const char *path = authority + authority_bytes;
    outgoing->authority = (struct host_bytes){(uint8_t *)authority, authority_bytes};
    outgoing->path_with_query = (struct host_bytes){(uint8_t *)path, strcspn(path, "#")};
    if (authority_bytes == 0 || path[0] != '/') {
        JS_ThrowTypeError(context, "fetch: %.64s is not an absolute URL", url);
        return -1;
    }
    return 0;
}

/* Fields for the host: borrowed from the list, and Content-Length where it is known. `fields` has
 * room for one more than the list. */
static size_t list_fields(struct engine *engine, const struct header_list *headers,
                          struct body *body, bool wants_length, char *digits,
                          struct host_field *fields)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++) {
        struct text name = header_name(&headers->items[i]);
        struct text value = header_value(&headers->items[i]);
        if (header_name_is_the_hosts(name) || header_name_equals(name, TEXT("content-length")))
            continue;
        fields[count++] = (struct host_field){.name = {(uint8_t *)name.data, name.bytes},
                                              .value = {(uint8_t *)value.data, value.bytes}};
    }
    int64_t length = JS_IsUndefined(body->stream) ? body_length(engine, body) : -1;
    if (length > 0 || (length == 0 && wants_length)) {
        int bytes = snprintf(digits, 21, "%lld", (long long)length);
        fields[count++] =
            (struct host_field){.name = {(uint8_t *)"content-length", strlen("content-length")},
                                .value = {(uint8_t *)digits, (size_t)bytes}};
    }
    return count;
}

/* Hands the request's line and fields to the host. */
static int send_head(struct engine *engine, struct request *request, const char *method,
                     const char *url, host_handle *ret_response, struct host_output *ret_output)
{
    JSContext *context = engine->context;
    struct host_outgoing outgoing = {.method = {(uint8_t *)method, strlen(method)}};
    struct host_bytes error = {0};
    char digits[21];
    struct header_list *headers = message_headers(context, &request->message);
    if (headers == NULL || split_url(context, url, &outgoing) != 0)
        return -1;
    struct host_field *fields = malloc((headers->count + 1) * sizeof(*fields));
    if (fields == NULL) {
        JS_ThrowOutOfMemory(context);
        return -1;
    }
    bool wants_length = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
    outgoing.fields = fields;
    outgoing.field_count =
        list_fields(engine, headers, &request->message.body, wants_length, digits, fields);
    bool is_sent = host_send(&outgoing, ret_response, ret_output, &error);
    free(fields);
    if (is_sent)
        return 0;
    JS_Throw(context, fetch_error(context, error));
    return -1;
}

static int send_body(struct engine *engine, JSValueConst object, struct request *request,
                     struct host_output *output)
{
    if (request->message.body.kind == BODY_NONE) {
        host_output_finish(output);
        return 0;
    }
    if (body_send(engine, object, &request->message.body, output, on_body_sent, NULL,
                  JS_UNDEFINED) == 0)
        return 0;
    host_output_drop(output);
    return -1;
}

/* ---- Natives ----------------------------------------------------------------------------------
 */

/* data: the exchange's number. */
static JSValue js_abort(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct engine *engine = engine_of(context);
    double id = 0;
    (void)this_value;
    (void)magic;
    JS_ToFloat64(context, &id, data[0]);
    for (struct list *link = engine->resources.next; link != &engine->resources;
         link = link->next) {
        struct resource *resource = LIST_MEMBER(link, struct resource, link);
        struct exchange *exchange = LIST_MEMBER(resource, struct exchange, resource);
        if (resource->close != close_resource || exchange->id != (uint64_t)id)
            continue;
        settle(exchange,
               JS_Throw(context,
                        JS_DupValue(context, argument_count > 0 ? arguments[0] : JS_UNDEFINED)));
        break;
    }
    return JS_UNDEFINED;
}

/* [promise, abort] for an exchange that was begun. */
static JSValue exchange_result(JSContext *context, struct exchange *exchange, JSValue promise)
{
    JSValue id = JS_NewFloat64(context, (double)exchange->id);
    JSValueConst data = id;
    JSValue abort = JS_NewCFunctionData(context, js_abort, 1, 0, 1, &data);
    if (JS_IsException(abort)) {
        JS_FreeValue(context, promise);
        free_exchange(exchange);
        return abort;
    }
    JSValue pair[] = {promise, abort};
    return JS_NewArrayFrom(context, 2, pair);
}

/* Takes `response` over. */
static JSValue begin_exchange(struct engine *engine, host_handle response, bool is_head)
{
    JSContext *context = engine->context;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    JSValue promise = exchange == NULL ? JS_ThrowOutOfMemory(context)
                                       : JS_NewPromiseCapability(context, exchange->resolve);
    if (JS_IsException(promise)) {
        host_response_drop(response);
        free(exchange);
        return promise;
    }
    exchange->engine = engine;
    exchange->id = ++engine->exchange_count;
    exchange->is_head = is_head;
    exchange->response = response;
    exchange->resource.close = close_resource;
    engine_add_resource(engine, &exchange->resource);
    event_loop_init_wait(&exchange->wait);
    event_loop_wait(&engine->loop, &exchange->wait, host_response_pollable(response), on_ready);
    return exchange_result(context, exchange, promise);
}

static JSValue js_send_request(JSContext *context, JSValueConst this_value, int argument_count,
                               JSValueConst *arguments)
{
    struct engine *engine = engine_of(context);
    struct request *request = argument_count < 2 ? NULL : request_of(context, arguments[0]);
    host_handle response;
    struct host_output output;
    (void)this_value;
    if (request == NULL)
        return JS_ThrowTypeError(context, "sendRequest needs a Request and a URL");
    if (engine->is_snapshotting)
        return engine_throw_snapshotting(context, "fetch");
    if (request_decide_body(context, arguments[0]) != 0)
        return JS_EXCEPTION;
    JSValue method_value = request_method(context, request);
    const char *method = JS_IsException(method_value) ? NULL : JS_ToCString(context, method_value);
    const char *url = method == NULL ? NULL : JS_ToCString(context, arguments[1]);
    JSValue result = JS_EXCEPTION;
    if (url != NULL && send_head(engine, request, method, url, &response, &output) == 0) {
        if (send_body(engine, arguments[0], request, &output) == 0)
            result = begin_exchange(engine, response, strcmp(method, "HEAD") == 0);
        else
            host_response_drop(response);
    }
    JS_FreeCString(context, url);
    JS_FreeCString(context, method);
    JS_FreeValue(context, method_value);
    return result;
}

static JSValue js_finish_response(JSContext *context, JSValueConst this_value, int argument_count,
                                  JSValueConst *arguments)
{
    struct response *response = argument_count < 3 ? NULL : response_of(context, arguments[0]);
    (void)this_value;
    if (response == NULL)
        return JS_ThrowTypeError(context, "finishResponse needs a Response, a URL and a boolean");
    response_set_url(context, response, arguments[1], JS_ToBool(context, arguments[2]) > 0);
    return JS_UNDEFINED;
}

/* The signal of a fetch aborts while its answer is read. */
static JSValue js_abort_body(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments)
{
    struct response *response = argument_count < 2 ? NULL : response_of(context, arguments[0]);
    (void)this_value;
    if (response == NULL)
        return JS_ThrowTypeError(context, "abortBody needs a Response and a reason");
    if (response->message.body.input != NULL)
        body_input_abort(response->message.body.input, arguments[1]);
    return JS_UNDEFINED;
}

/* A Request's signal where it was given one: asking the object for it would make one. */
static JSValue js_signal_of(JSContext *context, JSValueConst this_value, int argument_count,
                            JSValueConst *arguments)
{
    struct request *request = argument_count < 1 ? NULL : request_of(context, arguments[0]);
    (void)this_value;
    return request == NULL ? JS_UNDEFINED : JS_DupValue(context, request->signal);
}

/* A copy of a Request that can be sent after this one, or null where its body is a stream. */
static JSValue js_replayable_copy(JSContext *context, JSValueConst this_value, int argument_count,
                                  JSValueConst *arguments)
{
    struct request *request = argument_count < 1 ? NULL : request_of(context, arguments[0]);
    (void)this_value;
    if (request == NULL)
        return JS_ThrowTypeError(context, "replayableCopy needs a Request");
    const struct body *body = &request->message.body;
    if (request_decide_body(context, arguments[0]) != 0)
        return JS_EXCEPTION;
    if (body->kind == BODY_INPUT || body->kind == BODY_STREAM || !JS_IsUndefined(body->stream))
        return JS_NULL;
    return request_clone(context, arguments[0]);
}

static const JSCFunctionListEntry functions[] = {
    CLASS_METHOD("sendRequest", 2, js_send_request),
    CLASS_METHOD("signalOf", 1, js_signal_of),
    CLASS_METHOD("replayableCopy", 1, js_replayable_copy),
    CLASS_METHOD("finishResponse", 3, js_finish_response),
    CLASS_METHOD("abortBody", 2, js_abort_body),
};

int fetch_register(JSContext *context, JSValueConst native)
{
    return JS_SetPropertyFunctionList(context, native, functions,
                                      sizeof(functions) / sizeof(functions[0]));
}
