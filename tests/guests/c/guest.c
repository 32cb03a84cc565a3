/* SPDX-License-Identifier: AGPL-3.0-only */

/* The C guest: what another toolchain, with another libc and another version of WASI, makes of a
 * handler.
 *
 *     / and /hello         answers "Hello from C!"
 *     /count               how many requests this instance has had
 *     /echo                streams the request's body back by splicing
 *     /sleep?ms=           waits for two timers at once, answers when the later one is over
 *     /spin-forever        a loop without a call of the host
 *     /memory?mb=          allocates, touches and frees; answers "yes" or "no"
 *     /trap                divides by zero
 *     /log                 a line on stdout and one on stderr
 *     /fetch/AUTHORITY/…   GET http://AUTHORITY/…, streams the answer back
 */

#include "guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE_BYTES_MAX = 4096 };

typedef exports_wasi_http_incoming_handler_own_incoming_request_t incoming_request_t;
typedef exports_wasi_http_incoming_handler_own_response_outparam_t response_outparam_t;

static uint64_t requests;

struct reply {
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_own_output_stream_t stream;
};

static struct reply reply_open(response_outparam_t out, uint16_t status)
{
    struct reply reply;
    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(wasi_http_types_constructor_fields());
    wasi_http_types_borrow_outgoing_response_t borrowed =
        wasi_http_types_borrow_outgoing_response(response);

    if (!wasi_http_types_method_outgoing_response_set_status_code(borrowed, status) ||
        !wasi_http_types_method_outgoing_response_body(borrowed, &reply.body) ||
        !wasi_http_types_method_outgoing_body_write(
            wasi_http_types_borrow_outgoing_body(reply.body), &reply.stream))
        abort();
    wasi_http_types_result_own_outgoing_response_error_code_t result = {
        .is_err = false,
        .val.ok = response,
    };
    wasi_http_types_static_response_outparam_set(out, &result);
    return reply;
}

static void reply_write(struct reply *reply, const char *data, size_t bytes)
{
    while (bytes > 0) {
        size_t now = bytes < WRITE_BYTES_MAX ? bytes : WRITE_BYTES_MAX;
        guest_list_u8_t piece = {.ptr = (uint8_t *)data, .len = now};
        wasi_io_streams_stream_error_t error;

        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
                wasi_io_streams_borrow_output_stream(reply->stream), &piece, &error))
            return;
        data += now;
        bytes -= now;
    }
}

static void reply_finish(struct reply *reply)
{
    wasi_http_types_error_code_t error;

    wasi_io_streams_output_stream_drop_own(reply->stream);
    wasi_http_types_static_outgoing_body_finish(reply->body, NULL, &error);
}

static void reply_text(response_outparam_t out, uint16_t status, const char *text)
{
    struct reply reply = reply_open(out, status);

    reply_write(&reply, text, strlen(text));
    reply_finish(&reply);
}

/* Streams a whole body into a reply, and closes both. */
static void reply_splice(struct reply *reply, wasi_http_types_own_incoming_body_t body)
{
    wasi_http_types_own_input_stream_t input;
    uint64_t moved;
    wasi_io_streams_stream_error_t error;

    if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body),
                                                     &input))
        abort();
    while (wasi_io_streams_method_output_stream_blocking_splice(
        wasi_io_streams_borrow_output_stream(reply->stream),
        wasi_io_streams_borrow_input_stream(input), 65536, &moved, &error)) {
    }
    wasi_io_streams_input_stream_drop_own(input);
    wasi_http_types_incoming_body_drop_own(body);
    if (error.tag == WASI_IO_STREAMS_STREAM_ERROR_CLOSED) {
        reply_finish(reply);
        return;
    }
    wasi_io_streams_stream_error_free(&error);
    wasi_io_streams_output_stream_drop_own(reply->stream);
    wasi_http_types_outgoing_body_drop_own(reply->body);
}

static uint64_t number_behind(const char *target, const char *name, uint64_t otherwise)
{
    const char *found = strstr(target, name);

    return found != NULL ? strtoull(found + strlen(name), NULL, 10) : otherwise;
}

static void answer_echo(incoming_request_t request, response_outparam_t out)
{
    wasi_http_types_own_incoming_body_t body;
    struct reply reply;

    if (!wasi_http_types_method_incoming_request_consume(
            wasi_http_types_borrow_incoming_request(request), &body))
        abort();
    reply = reply_open(out, 200);
    reply_splice(&reply, body);
}

static void answer_sleep(const char *target, response_outparam_t out)
{
    uint64_t nanoseconds = number_behind(target, "ms=", 0) * 1000000;
    wasi_io_poll_own_pollable_t timers[2] = {
        wasi_clocks_monotonic_clock_subscribe_duration(nanoseconds / 2),
        wasi_clocks_monotonic_clock_subscribe_duration(nanoseconds),
    };
    bool over = false;

    for (int first = 0; !over; first = 1) {
        wasi_io_poll_borrow_pollable_t waited[2];
        wasi_io_poll_list_borrow_pollable_t list = {.ptr = waited, .len = 0};
        guest_list_u32_t ready;

        for (int i = first; i < 2; i++)
            waited[list.len++] = wasi_io_poll_borrow_pollable(timers[i]);
        wasi_io_poll_poll(&list, &ready);
        guest_list_u32_free(&ready);
        over = wasi_io_poll_method_pollable_ready(wasi_io_poll_borrow_pollable(timers[1]));
    }
    wasi_io_poll_pollable_drop_own(timers[0]);
    wasi_io_poll_pollable_drop_own(timers[1]);
    reply_text(out, 200, "slept\n");
}

static void answer_memory(const char *target, response_outparam_t out)
{
    size_t bytes = (size_t)number_behind(target, "mb=", 1) << 20;
    volatile char *memory = malloc(bytes);

    if (memory != NULL) {
        for (size_t i = 0; i < bytes; i += 4096)
            memory[i] = 1;
    }
    free((void *)memory);
    reply_text(out, 200, memory != NULL ? "yes\n" : "no\n");
}

static void answer_count(response_outparam_t out)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64 "\n", requests);
    reply_text(out, 200, text);
}

static wasi_http_types_own_outgoing_request_t request_to(const char *authority, const char *path)
{
    wasi_http_types_own_outgoing_request_t request =
        wasi_http_types_constructor_outgoing_request(wasi_http_types_constructor_fields());
    wasi_http_types_borrow_outgoing_request_t borrowed =
        wasi_http_types_borrow_outgoing_request(request);
    wasi_http_types_scheme_t scheme = {.tag = WASI_HTTP_TYPES_SCHEME_HTTP};
    guest_string_t text;

    guest_string_set(&text, authority);
    if (!wasi_http_types_method_outgoing_request_set_scheme(borrowed, &scheme) ||
        !wasi_http_types_method_outgoing_request_set_authority(borrowed, &text))
        abort();
    guest_string_set(&text, path);
    if (!wasi_http_types_method_outgoing_request_set_path_with_query(borrowed, &text))
        abort();
    return request;
}

static void pass_on(wasi_http_types_own_future_incoming_response_t future, response_outparam_t out)
{
    wasi_http_types_result_result_own_incoming_response_error_code_void_t result;
    wasi_http_types_borrow_future_incoming_response_t borrowed =
        wasi_http_types_borrow_future_incoming_response(future);
    wasi_io_poll_own_pollable_t ready =
        wasi_http_types_method_future_incoming_response_subscribe(borrowed);
    wasi_http_types_own_incoming_body_t body;
    struct reply reply;
    char text[32];

    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(ready));
    wasi_io_poll_pollable_drop_own(ready);
    if (!wasi_http_types_method_future_incoming_response_get(borrowed, &result) || result.is_err)
        abort();
    if (result.val.ok.is_err) {
        snprintf(text, sizeof(text), "error %d\n", result.val.ok.val.err.tag);
        reply_text(out, 502, text);
    } else {
        wasi_http_types_own_incoming_response_t answer = result.val.ok.val.ok;
        wasi_http_types_borrow_incoming_response_t answer_borrowed =
            wasi_http_types_borrow_incoming_response(answer);

        reply = reply_open(out, wasi_http_types_method_incoming_response_status(answer_borrowed));
        if (!wasi_http_types_method_incoming_response_consume(answer_borrowed, &body))
            abort();
        reply_splice(&reply, body);
        wasi_http_types_incoming_response_drop_own(answer);
    }
    wasi_http_types_future_incoming_response_drop_own(future);
}

static void answer_fetch(char *authority, response_outparam_t out)
{
    wasi_http_outgoing_handler_own_future_incoming_response_t future;
    wasi_http_outgoing_handler_error_code_t error;
    wasi_http_types_own_outgoing_request_t request;
    char path[256] = "/";
    char *slash = strchr(authority, '/');

    if (slash != NULL) {
        snprintf(path, sizeof(path), "%s", slash);
        *slash = '\0';
    }
    request = request_to(authority, path);
    if (!wasi_http_outgoing_handler_handle(request, NULL, &future, &error)) {
        char text[32];

        snprintf(text, sizeof(text), "error %d\n", error.tag);
        reply_text(out, 502, text);
        return;
    }
    pass_on(future, out);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void route(char *target, incoming_request_t request, response_outparam_t out)
{
    if (strcmp(target, "/") == 0 || begins(target, "/hello")) {
        reply_text(out, 200, "Hello from C!\n");
    } else if (begins(target, "/count")) {
        answer_count(out);
    } else if (begins(target, "/echo")) {
        answer_echo(request, out);
    } else if (begins(target, "/sleep")) {
        answer_sleep(target, out);
    } else if (begins(target, "/spin-forever")) {
        for (volatile uint64_t rounds = 0;; rounds++) {
        }
    } else if (begins(target, "/memory")) {
        answer_memory(target, out);
    } else if (begins(target, "/trap")) {
        volatile int zero = 0;

        zero = 1 / zero;
    } else if (begins(target, "/log")) {
        puts("from C, on stdout");
        fflush(stdout);
        fputs("from C, on stderr\n", stderr);
        reply_text(out, 200, "logged\n");
    } else if (begins(target, "/fetch/")) {
        answer_fetch(target + strlen("/fetch/"), out);
    } else {
        reply_text(out, 404, "no such route\n");
    }
}

void exports_wasi_http_incoming_handler_handle(incoming_request_t request, response_outparam_t out)
{
    char target[512] = "/";
    guest_string_t text;

    requests++;
    if (wasi_http_types_method_incoming_request_path_with_query(
            wasi_http_types_borrow_incoming_request(request), &text)) {
        snprintf(target, sizeof(target), "%.*s", (int)text.len, (const char *)text.ptr);
        guest_string_free(&text);
    }
    route(target, request, out);
    wasi_http_types_incoming_request_drop_own(request);
}
