/* SPDX-License-Identifier: Apache-2.0 */

#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "conversion.h"
#include "execution_context.h"
#include "request.h"
#include "response.h"
#include "timers.h"

struct call {
    struct engine *engine;
    host_handle request;
    host_handle outparam; /* none: the head was set */
    JSValue request_object;
    unsigned holds;   /* what must still end */
    bool is_answered; /* something has become the answer, an error or not */
};

/* What calls may leave behind in cycles before it is collected: little enough that a kept instance
 * stays small, and enough that most calls see no collection. */
#define COLLECTION_GROWTH_BYTES (128 * 1024)

void call_hold(struct call *call)
{
    call->holds++;
}

void call_release(struct call *call)
{
    call->holds--;
}

int call_await(struct call *call, JSValueConst promise, JSCFunctionData *on_settled)
{
    JSContext *context = call->engine->context;
    JSValue number = JS_NewFloat64(context, (double)call->engine->call_count);
    JSValueConst data = number;
    JSValue on_fulfilled = JS_NewCFunctionData(context, on_settled, 1, 0, 1, &data);
    JSValue on_rejected = JS_NewCFunctionData(context, on_settled, 1, 1, 1, &data);
    JSValue then = JS_IsException(on_fulfilled) || JS_IsException(on_rejected)
                       ? JS_EXCEPTION
                       : JS_PromiseThen(context, promise, on_fulfilled, on_rejected);
    JS_FreeValue(context, on_fulfilled);
    JS_FreeValue(context, on_rejected);
    if (JS_IsException(then))
        return -1;
    JS_FreeValue(context, then);
    call_hold(call);
    return 0;
}

/* ---- env --------------------------------------------------------------------------------------
 */

/* Set by `fn0 dev`: errors may be shown to whoever asks. */
#define MODE_VARIABLE "FN0_MODE"
#define MODE_DEVELOPMENT "development"

static bool field_is(const struct host_bytes *bytes, const char *text)
{
    return bytes->bytes == strlen(text) && memcmp(bytes->data, text, bytes->bytes) == 0;
}

/* `env`: the function's variables, asked of the host once in an instance's life. */
static int load_environment(struct engine *engine)
{
    JSContext *context = engine->context;
    struct host_fields variables;
    if (!JS_IsUndefined(engine->environment))
        return 0;
    JSValue environment = JS_NewObject(context);
    if (JS_IsException(environment))
        return -1;
    host_environment(&variables);
    for (size_t i = 0; i < variables.count; i++) {
        const struct host_field *variable = &variables.items[i];
        JSAtom name =
            JS_NewAtomLen(context, (const char *)variable->name.data, variable->name.bytes);
        JSValue value =
            JS_NewStringLen(context, (const char *)variable->value.data, variable->value.bytes);
        JS_DefinePropertyValue(context, environment, name, value, JS_PROP_C_W_E);
        JS_FreeAtom(context, name);
        if (field_is(&variable->name, MODE_VARIABLE))
            engine->is_development = field_is(&variable->value, MODE_DEVELOPMENT);
    }
    host_fields_fini(&variables);
    engine->environment = environment;
    return 0;
}

/* ---- The answer -------------------------------------------------------------------------------
 */

/* Answers without any JavaScript. Nothing where the head was set. */
static void answer_plainly(struct call *call, uint16_t status, const char *type, const char *text)
{
    struct host_field type_field = {
        .name = {.data = (uint8_t *)"content-type", .bytes = strlen("content-type")},
        .value = {.data = (uint8_t *)type, .bytes = strlen(type)}};
    struct host_output output;
    size_t bytes = strlen(text), written = 0;
    if (call->outparam == HOST_HANDLE_NONE)
        return;
    host_handle outparam = call->outparam;
    call->outparam = HOST_HANDLE_NONE;
    if (!host_respond(outparam, status, &type_field, 1, &output))
        return;
    while (bytes > 0) {
        enum host_result result =
            host_output_write(&output, (const uint8_t *)text, bytes, &written);
        if (result == HOST_WAIT) {
            bool ready;
            host_handle pollable = host_output_pollable(&output);
            host_poll(&pollable, 1, &ready);
            host_pollable_drop(pollable);
        } else if (result != HOST_OK) {
            host_output_drop(&output);
            return;
        }
        text += written;
        bytes -= written;
    }
    host_output_finish(&output);
}

#define PLAIN_TEXT "text/plain;charset=UTF-8"

/* Shows the error to the client, as it wants to have it. False: the library cannot make that. */
static bool answer_in_detail(struct call *call, JSValueConst error)
{
    struct engine *engine = call->engine;
    JSContext *context = engine->context;
    JSValueConst arguments[] = {error, call->request_object};
    JSValue page = engine_hook(engine, HOOK_ERROR_PAGE, 2, arguments);
    if (JS_IsException(page)) {
        JS_FreeValue(context, JS_GetException(context));
        return false;
    }
    JSValue type = JS_GetPropertyUint32(context, page, 0);
    JSValue text = JS_GetPropertyUint32(context, page, 1);
    const char *type_text = JS_ToCString(context, type), *body = JS_ToCString(context, text);
    bool is_made = type_text != NULL && body != NULL;
    if (is_made)
        answer_plainly(call, 500, type_text, body);
    else
        JS_FreeValue(context, JS_GetException(context));
    JS_FreeCString(context, type_text);
    JS_FreeCString(context, body);
    JS_FreeValue(context, type);
    JS_FreeValue(context, text);
    JS_FreeValue(context, page);
    return is_made;
}

/* Ends the call with what was thrown: a log line, and 500 where no head is out yet. */
static void answer_error(struct call *call, JSValueConst error)
{
    struct engine *engine = call->engine;
    engine_log_error(engine, "", error);
    call->is_answered = true;
    if (call->outparam == HOST_HANDLE_NONE ||
        (engine->is_development && answer_in_detail(call, error)))
        return;
    answer_plainly(call, 500, PLAIN_TEXT, "Internal Server Error\n");
}

static void answer_exception(struct call *call)
{
    JSContext *context = call->engine->context;
    JSValue exception = JS_GetException(context);
    answer_error(call, exception);
    JS_FreeValue(context, exception);
}

static void on_sent(struct engine *engine, void *opaque, JSValueConst target,
                    struct pump_result *result)
{
    struct call *call = opaque;
    (void)target;
    if (result->is_closed)
        return;
    /* A client that went away is no error of the function. */
    if (!result->is_whole && result->is_source_error)
        engine_log_error(engine, "the response's body: ", result->error);
    call_release(call);
}

static bool is_to_head(struct call *call)
{
    JSContext *context = call->engine->context;
    struct request *request = request_of(context, call->request_object);
    JSValue method = request == NULL ? JS_UNDEFINED : request_method(context, request);
    const char *text = JS_ToCString(context, method);
    bool is_head = text != NULL && strcmp(text, "HEAD") == 0;
    if (text == NULL)
        JS_FreeValue(context, JS_GetException(context));
    JS_FreeCString(context, text);
    JS_FreeValue(context, method);
    return is_head;
}

/* A length that is known before the head goes out is said in it. `digits` has room for 21. A body
 * that a handler does not give to HEAD is not known to be empty. */
static bool length_field(struct call *call, struct response *response, char *digits,
                         struct host_field *ret_field)
{
    struct body *body = &response->message.body;
    if (response->status < 200 || response->status == 204 || response->status == 205 ||
        response->status == 304 || !JS_IsUndefined(body->stream) ||
        header_list_find(response->message.headers, TEXT("content-length")) != NULL)
        return false;
    int64_t bytes = body_length(call->engine, body);
    if (bytes < 0 || (bytes == 0 && is_to_head(call)))
        return false;
    int count = snprintf(digits, 21, "%lld", (long long)bytes);
    *ret_field = (struct host_field){
        .name = {.data = (uint8_t *)"content-length", .bytes = strlen("content-length")},
        .value = {.data = (uint8_t *)digits, .bytes = (size_t)count}};
    return true;
}

/* Of a body that came encoded and that nobody has read; or NULL. */
static struct content_coding *coding_of(const struct response *response)
{
    const struct body *body = &response->message.body;
    return body->kind == BODY_INPUT && JS_IsUndefined(body->stream) ? body->input->coding : NULL;
}

/* Such a body goes on as it came where the client takes it so. */
static bool client_accepts(struct call *call, const struct content_coding *coding)
{
    JSContext *context = call->engine->context;
    struct message *request = message_of(context, call->request_object);
    struct header_list *headers = request == NULL ? NULL : message_headers(context, request);
    if (headers == NULL) {
        JS_FreeValue(context, JS_GetException(context));
        return false;
    }
    return content_coding_is_accepted(coding, headers);
}

#define WEAK_PREFIX "W/"

/* The validator of encoded bytes is none of the content's (RFC 9110, 8.8.3.3): decoded for the
 * client, what it tells of is only the same by meaning. *ret_memory (malloc) holds the new value,
 * where it is another. */
static void weaken_etag(struct host_field *field, char **ret_memory)
{
    if (*ret_memory != NULL || field->value.bytes == 0 || field->value.data[0] != '"')
        return;
    size_t bytes = strlen(WEAK_PREFIX) + field->value.bytes;
    char *value = malloc(bytes);
    if (value == NULL)
        return;
    memcpy(value, WEAK_PREFIX, strlen(WEAK_PREFIX));
    memcpy(value + strlen(WEAK_PREFIX), field->value.data, field->value.bytes);
    field->value = (struct host_bytes){.data = (uint8_t *)value, .bytes = bytes};
    *ret_memory = value;
}

#define FIELDS_AT_HAND 16

/* Sets the head. False: the host refuses it. */
static bool send_head(struct call *call, struct response *response, struct host_output *ret_output)
{
    const struct header_list *headers = response->message.headers;
    struct host_field at_hand[FIELDS_AT_HAND];
    struct host_field *fields = at_hand;
    char digits[21], *weak_etag = NULL;
    struct content_coding *coding = coding_of(response);
    bool is_passed_on = coding != NULL && client_accepts(call, coding);
    size_t count_max = headers->count + 1 + CONTENT_CODING_FIELDS_MAX;
    if (count_max > FIELDS_AT_HAND)
        fields = malloc(count_max * sizeof(*fields));
    if (fields == NULL)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++) {
        struct text name = header_name(&headers->items[i]);
        struct text value = header_value(&headers->items[i]);
        if (header_name_is_the_hosts(name))
            continue;
        fields[count++] =
            (struct host_field){.name = {.data = (uint8_t *)name.data, .bytes = name.bytes},
                                .value = {.data = (uint8_t *)value.data, .bytes = value.bytes}};
        if (coding != NULL && !is_passed_on && header_name_equals(name, TEXT("etag")))
            weaken_etag(&fields[count - 1], &weak_etag);
    }
    if (length_field(call, response, digits, &fields[count]))
        count++;
    if (is_passed_on)
        count += content_coding_fields(coding, &fields[count]);
    bool is_set = host_respond(call->outparam, response->status, fields, count, ret_output);
    if (is_set)
        call->outparam = HOST_HANDLE_NONE;
    if (is_passed_on)
        body_input_leave_encoded(response->message.body.input);
    if (fields != at_hand)
        free(fields);
    free(weak_etag);
    return is_set;
}

/* Sends what the handler returned. */
static void answer(struct call *call, JSValueConst value)
{
    struct engine *engine = call->engine;
    JSContext *context = engine->context;
    struct response *response = response_of(context, value);
    struct host_output output;
    call->is_answered = true;
    if (response == NULL || response->status == 0) {
        JS_ThrowTypeError(context, response == NULL
                                       ? "the handler must return a Response, or a promise of one"
                                       : "the handler returned Response.error()");
        answer_exception(call);
        return;
    }
    struct body *body = &response->message.body;
    int is_unusable = body_is_unusable(engine, body);
    if (is_unusable > 0)
        JS_ThrowTypeError(context, "the handler returned a Response whose body was already used: "
                                   "return response.clone(), or a new Response");
    if (is_unusable != 0) {
        answer_exception(call);
        return;
    }
    if (!send_head(call, response, &output)) {
        JS_ThrowTypeError(context, "the response has a header that the host refuses");
        answer_exception(call);
        return;
    }
    if (body->kind == BODY_NONE) {
        host_output_finish(&output);
        return;
    }
    call_hold(call);
    if (body_send(engine, value, body, &output, on_sent, call, value) != 0) {
        host_output_drop(&output);
        answer_exception(call);
        call_release(call);
    }
}

/* magic: it was rejected. data: the number of the call. */
static JSValue js_on_returned(JSContext *context, JSValueConst this_value, int argument_count,
                              JSValueConst *arguments, int is_rejected, JSValueConst *data)
{
    struct engine *engine = engine_of(context);
    double number = 0;
    JSValueConst value = argument_count > 0 ? arguments[0] : JS_UNDEFINED;
    (void)this_value;
    JS_ToFloat64(context, &number, data[0]);
    struct call *call = engine->call;
    if (call == NULL || (uint64_t)number != engine->call_count)
        return JS_UNDEFINED;
    if (is_rejected)
        answer_error(call, value);
    else
        answer(call, value);
    call_release(call);
    return JS_UNDEFINED;
}

/* Waits for the handler's promise. */
static void await_answer(struct call *call, JSValueConst promise)
{
    if (call_await(call, promise, js_on_returned) != 0)
        answer_exception(call);
}

/* What the handler returned, at once where that is possible. */
static void take_result(struct call *call, JSValue result)
{
    struct engine *engine = call->engine;
    JSContext *context = engine->context;
    if (JS_IsException(result)) {
        answer_exception(call);
        return;
    }
    if (!JS_IsPromise(result)) {
        answer(call, result);
        JS_FreeValue(context, result);
        return;
    }
    JS_PromiseMarkAsHandled(context, result); /* its error is the call's */
    engine_run_jobs(engine);
    JSPromiseStateEnum state = JS_PromiseState(context, result);
    if (state == JS_PROMISE_FULFILLED) {
        JSValue value = JS_PromiseResult(context, result);
        answer(call, value);
        JS_FreeValue(context, value);
    } else {
        await_answer(call, result);
    }
    JS_FreeValue(context, result);
}

/* ---- The call ---------------------------------------------------------------------------------
 */

/* What the last call left in the library. */
static int reset_library(struct engine *engine)
{
    if (!engine->must_reset)
        return 0;
    engine->must_reset = false;
    JSValue result = engine_hook(engine, HOOK_BEGIN_CALL, 0, NULL);
    if (JS_IsException(result))
        return -1;
    JS_FreeValue(engine->context, result);
    return 0;
}

static JSValue enter(struct call *call)
{
    struct engine *engine = call->engine;
    JSContext *context = engine->context;
    if (load_environment(engine) != 0 || reset_library(engine) != 0)
        return JS_EXCEPTION;
    call->request_object = request_of_host(engine, call->request);
    JSValue execution_context = execution_context_new(engine);
    JSValue result = JS_EXCEPTION;
    if (!JS_IsException(call->request_object) && !JS_IsException(execution_context)) {
        JSValueConst arguments[] = {call->request_object, engine->environment, execution_context};
        result = JS_Call(context, engine->handler_fetch, engine->handler, 3, arguments);
    }
    JS_FreeValue(context, execution_context);
    return result;
}

static void wait_for_end(struct call *call)
{
    struct engine *engine = call->engine;
    engine_run_jobs(engine);
    while (call->holds > 0 && !event_loop_is_empty(&engine->loop))
        event_loop_turn(&engine->loop);
    if (call->holds == 0)
        return;
    if (!call->is_answered) {
        JS_ThrowPlainError(engine->context,
                           "the handler's promise can never settle: nothing is left to wait for");
        answer_exception(call);
    } else {
        static const char line[] = "<4>waitUntil or the response's stream waits for something that "
                                   "can never happen: the call was ended\n";
        host_log(true, line, sizeof(line) - 1);
    }
}

void call_run(struct engine *engine, host_handle request, host_handle outparam)
{
    JSContext *context = engine->context;
    struct call call = {
        .engine = engine, .request = request, .outparam = outparam, .request_object = JS_UNDEFINED};
    JS_UpdateStackTop(engine->runtime);
    engine->call = &call;
    engine->call_count++;
    if (engine->is_snapshotting)
        engine_thaw(engine);
    take_result(&call, enter(&call));
    wait_for_end(&call);
    timers_clear_all(engine);
    engine_close_resources(engine);
    request_end(engine, call.request_object);
    JS_FreeValue(context, call.request_object);
    host_request_drop(request);
    if (call.outparam != HOST_HANDLE_NONE)
        host_respond_error(call.outparam, "the function set no response");
    quickjs_collect_after(engine->runtime, COLLECTION_GROWTH_BYTES, &engine->collection_threshold);
    engine->call = NULL;
}
