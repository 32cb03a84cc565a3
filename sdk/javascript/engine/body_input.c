/* SPDX-License-Identifier: Apache-2.0 */

#include "body_input.h"

#include <stdlib.h>

/* As much as a host gives at a time without much waiting. */
#define PIECE_BYTES_MAX (64 * 1024)

static void close_handles(struct body_input *input, enum body_input_state state)
{
    event_loop_cancel_wait(&input->wait);
    if (input->state == BODY_INPUT_OPEN)
        host_input_drop(&input->input);
    list_remove(&input->resource.link);
    input->state = state;
}

static void close_resource(struct resource *resource)
{
    close_handles(LIST_MEMBER(resource, struct body_input, resource), BODY_INPUT_FAILED);
}

static struct body_input *create(struct engine *engine)
{
    struct body_input *input = calloc(1, sizeof(*input));
    if (input == NULL)
        return NULL;
    input->engine = engine;
    input->request = HOST_HANDLE_NONE;
    input->reason = JS_UNDEFINED;
    input->resource.close = close_resource;
    event_loop_init_wait(&input->wait);
    engine_add_resource(engine, &input->resource);
    return input;
}

struct body_input *body_input_of_request(struct engine *engine, host_handle request)
{
    struct body_input *input = create(engine);
    if (input == NULL)
        return NULL;
    input->request = request;
    input->state = BODY_INPUT_UNOPENED;
    return input;
}

struct body_input *body_input_of_host(struct engine *engine, struct host_input *host,
                                      struct content_coding *coding)
{
    struct body_input *input = create(engine);
    if (input == NULL) {
        content_coding_destroy(coding);
        host_input_drop(host);
        return NULL;
    }
    input->input = *host;
    input->coding = coding;
    input->state = BODY_INPUT_OPEN;
    return input;
}

void body_input_destroy(struct body_input *input)
{
    if (input == NULL)
        return;
    body_input_close(input);
    event_loop_cancel_wait(&input->wait);
    content_coding_destroy(input->coding);
    JS_FreeValueRT(input->engine->runtime, input->reason);
    free(input);
}

void body_input_close(struct body_input *input)
{
    if (input->state == BODY_INPUT_UNOPENED || input->state == BODY_INPUT_OPEN)
        close_handles(input, BODY_INPUT_FAILED);
}

void body_input_leave_encoded(struct body_input *input)
{
    content_coding_destroy(input->coding);
    input->coding = NULL;
}

JSValue body_input_throw(const struct body_input *input)
{
    JSContext *context = input->engine->context;
    if (!JS_IsUndefined(input->reason))
        return JS_Throw(context, JS_DupValue(context, input->reason));
    return JS_ThrowTypeError(context, input->is_malformed
                                          ? "the body is not what its Content-Encoding says, or "
                                            "was cut off"
                                          : "the body did not come to its end");
}

/* Reads until a piece is decoded: the bytes of one may be few, or none. */
static enum host_result read_decoded(struct body_input *input, struct host_bytes *ret_bytes)
{
    for (;;) {
        enum host_result result = content_coding_read(input->coding, PIECE_BYTES_MAX, ret_bytes);
        if (result == HOST_FAILED)
            input->is_malformed = true;
        if (result != HOST_WAIT)
            return result;
        struct host_bytes encoded;
        result = host_input_read(&input->input, PIECE_BYTES_MAX, &encoded);
        if (result == HOST_END && !content_coding_is_whole(input->coding)) {
            input->is_malformed = true;
            return HOST_FAILED;
        }
        if (result != HOST_OK)
            return result;
        content_coding_give(input->coding, encoded);
    }
}

enum host_result body_input_read(struct body_input *input, struct host_bytes *ret_bytes)
{
    *ret_bytes = (struct host_bytes){0};
    if (input->state == BODY_INPUT_UNOPENED) {
        if (!host_request_body(input->request, &input->input)) {
            close_handles(input, BODY_INPUT_FAILED);
            return HOST_FAILED;
        }
        input->state = BODY_INPUT_OPEN;
    }
    if (input->state != BODY_INPUT_OPEN)
        return input->state == BODY_INPUT_ENDED ? HOST_END : HOST_FAILED;
    enum host_result result = input->coding != NULL
                                  ? read_decoded(input, ret_bytes)
                                  : host_input_read(&input->input, PIECE_BYTES_MAX, ret_bytes);
    if (result == HOST_END)
        close_handles(input, BODY_INPUT_ENDED);
    else if (result == HOST_FAILED)
        close_handles(input, BODY_INPUT_FAILED);
    return result;
}

static void on_ready(struct wait *wait)
{
    struct body_input *input = LIST_MEMBER(wait, struct body_input, wait);
    input->ready(input->ready_context);
}

void body_input_wait(struct body_input *input, void (*ready)(void *context), void *context)
{
    input->ready = ready;
    input->ready_context = context;
    event_loop_wait(&input->engine->loop, &input->wait, host_input_pollable(&input->input),
                    on_ready);
}

void body_input_cancel_wait(struct body_input *input)
{
    event_loop_cancel_wait(&input->wait);
}

void body_input_abort(struct body_input *input, JSValueConst reason)
{
    if (input->state != BODY_INPUT_UNOPENED && input->state != BODY_INPUT_OPEN)
        return;
    bool is_awaited = input->wait.pollable != HOST_HANDLE_NONE;
    close_handles(input, BODY_INPUT_FAILED);
    input->reason = JS_DupValue(input->engine->context, reason);
    /* A script runs now: whoever waits goes on when it has ended. */
    if (is_awaited)
        event_loop_wait(&input->engine->loop, &input->wait, host_timer(0), on_ready);
}
