/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define NANOSECONDS_PER_MILLISECOND 1000000

struct fn0_fetch {
    struct fn0_request *request;
    struct fn0_fetch *next;
    const char *error;
    wasi_http_types_own_incoming_response_t response;
    wasi_http_types_own_headers_t headers;
    bool answered; /* the two above are there */
    bool body_taken;
    struct body body;
};

/* ---- Errors ---- */

/* In the order of their numbers. */
static const char *const error_names[] = {
    "DNS-timeout",
    "DNS-error",
    "destination-not-found",
    "destination-unavailable",
    "destination-IP-prohibited",
    "destination-IP-unroutable",
    "connection-refused",
    "connection-terminated",
    "connection-timeout",
    "connection-read-timeout",
    "connection-write-timeout",
    "connection-limit-reached",
    "TLS-protocol-error",
    "TLS-certificate-error",
    "TLS-alert-received",
    "HTTP-request-denied",
    "HTTP-request-length-required",
    "HTTP-request-body-size",
    "HTTP-request-method-invalid",
    "HTTP-request-URI-invalid",
    "HTTP-request-URI-too-long",
    "HTTP-request-header-section-size",
    "HTTP-request-header-size",
    "HTTP-request-trailer-section-size",
    "HTTP-request-trailer-size",
    "HTTP-response-incomplete",
    "HTTP-response-header-section-size",
    "HTTP-response-header-size",
    "HTTP-response-body-size",
    "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding",
    "HTTP-response-content-coding",
    "HTTP-response-timeout",
    "HTTP-upgrade-failed",
    "HTTP-protocol-error",
    "loop-detected",
    "configuration-error",
    "internal-error",
};

_Static_assert(sizeof(error_names) / sizeof(error_names[0]) ==
                   WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR + 1,
               "each error has its name");

/* Frees the error. */
static const char *name_of(wasi_http_types_error_code_t *error)
{
    const char *name = error_names[error->tag];
    wasi_http_types_error_code_free(error);
    return name;
}

/* ---- The request ---- */

/* Names of methods that have a number, in its order; others are said as they are. */
static wasi_http_types_method_t method_of(const char *name)
{
    static const char *const names[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    wasi_http_types_method_t method = {.tag = WASI_HTTP_TYPES_METHOD_OTHER,
                                       .val.other = text_of(name)};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            method.tag = (uint8_t)i;
    }
    return method;
}

/* What an URL says; both texts lie in the request's memory. */
struct target {
    wasi_http_types_scheme_t scheme;
    function_string_t authority;
    function_string_t path;
};

static bool read_url(struct fn0_request *request, const char *url, struct target *target)
{
    static const char http[] = "http://", https[] = "https://";
    bool secure = strncmp(url, https, sizeof(https) - 1) == 0;
    if (!secure && strncmp(url, http, sizeof(http) - 1) != 0)
        return false;
    const char *begin = url + (secure ? sizeof(https) : sizeof(http)) - 1;
    size_t authority = strcspn(begin, "/?#");
    size_t path = strcspn(begin + authority, "#");
    /* "?a" without a path is "/?a". */
    char *text = request_take(request, path + 2);
    (void)snprintf(text, path + 2, "%s%.*s", begin[authority] == '/' ? "" : "/", (int)path,
                   begin + authority);
    target->scheme.tag = secure ? WASI_HTTP_TYPES_SCHEME_HTTPS : WASI_HTTP_TYPES_SCHEME_HTTP;
    target->authority = text_of(request_copy(request, begin, authority));
    target->path = text_of(text);
    return authority > 0;
}

static wasi_http_types_own_request_options_t make_options(unsigned timeout_ms)
{
    wasi_http_types_own_request_options_t options = wasi_http_types_constructor_request_options();
    wasi_http_types_borrow_request_options_t borrowed =
        wasi_http_types_borrow_request_options(options);
    wasi_http_types_duration_t duration =
        (wasi_http_types_duration_t)timeout_ms * NANOSECONDS_PER_MILLISECOND;
    if (timeout_ms > 0) {
        /* A host that does not know one of these has its own. */
        (void)wasi_http_types_method_request_options_set_connect_timeout(borrowed, &duration);
        (void)wasi_http_types_method_request_options_set_first_byte_timeout(borrowed, &duration);
        (void)wasi_http_types_method_request_options_set_between_bytes_timeout(borrowed, &duration);
    }
    return options;
}

/* Makes the head; NULL, or what is wrong with it. */
static const char *make_request(struct fn0_request *request, const char *url,
                                const struct fn0_fetch_options *options,
                                wasi_http_types_own_outgoing_request_t *ret_outgoing)
{
    struct target target;
    if (!read_url(request, url, &target))
        return "HTTP-request-URI-invalid";
    wasi_http_types_own_fields_t fields = wasi_http_types_constructor_fields();
    for (const char *const *field = options->fields; field && field[0]; field += 2) {
        if (!fields_add(fields, field[0], field[1])) {
            wasi_http_types_fields_drop_own(fields);
            return "HTTP-request-header-invalid";
        }
    }
    *ret_outgoing = wasi_http_types_constructor_outgoing_request(fields);
    wasi_http_types_borrow_outgoing_request_t outgoing =
        wasi_http_types_borrow_outgoing_request(*ret_outgoing);
    const char *method = options->method ? options->method : options->body ? "POST" : "GET";
    wasi_http_types_method_t number = method_of(method);
    if (wasi_http_types_method_outgoing_request_set_method(outgoing, &number) &&
        wasi_http_types_method_outgoing_request_set_scheme(outgoing, &target.scheme) &&
        wasi_http_types_method_outgoing_request_set_authority(outgoing, &target.authority) &&
        wasi_http_types_method_outgoing_request_set_path_with_query(outgoing, &target.path))
        return NULL;
    wasi_http_types_outgoing_request_drop_own(*ret_outgoing);
    return "HTTP-request-URI-invalid";
}

/* A body that nobody takes is no failure yet: the answer may say why. */
static void send_body(wasi_http_types_own_outgoing_body_t body,
                      const struct fn0_fetch_options *options)
{
    wasi_io_streams_own_output_stream_t stream;
    wasi_http_types_error_code_t error;
    bool written = true;
    if (options->body && wasi_http_types_method_outgoing_body_write(
                             wasi_http_types_borrow_outgoing_body(body), &stream)) {
        written = stream_write(stream, options->body, options->body_bytes);
        wasi_io_streams_output_stream_drop_own(stream);
    }
    if (!written)
        wasi_http_types_outgoing_body_drop_own(body);
    else if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &error))
        wasi_http_types_error_code_free(&error);
}

/* ---- The answer ---- */

static void await(struct fn0_fetch *fetch, wasi_http_types_own_future_incoming_response_t future)
{
    wasi_http_types_borrow_future_incoming_response_t borrowed =
        wasi_http_types_borrow_future_incoming_response(future);
    wasi_io_poll_own_pollable_t pollable =
        wasi_http_types_method_future_incoming_response_subscribe(borrowed);
    wasi_http_types_result_result_own_incoming_response_error_code_void_t result;
    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(pollable));
    wasi_io_poll_pollable_drop_own(pollable);
    if (!wasi_http_types_method_future_incoming_response_get(borrowed, &result) || result.is_err)
        abort();
    if (result.val.ok.is_err) {
        fetch->error = name_of(&result.val.ok.val.err);
    } else {
        fetch->response = result.val.ok.val.ok;
        fetch->headers = wasi_http_types_method_incoming_response_headers(
            wasi_http_types_borrow_incoming_response(fetch->response));
        fetch->answered = true;
    }
    wasi_http_types_future_incoming_response_drop_own(future);
}

/* Sends it and waits. */
static void run(struct fn0_fetch *fetch, wasi_http_types_own_outgoing_request_t outgoing,
                const struct fn0_fetch_options *options)
{
    wasi_http_types_own_request_options_t timeouts = make_options(options->timeout_ms);
    wasi_http_types_own_future_incoming_response_t future;
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_error_code_t error;
    if (!wasi_http_types_method_outgoing_request_body(
            wasi_http_types_borrow_outgoing_request(outgoing), &body))
        abort();
    if (!wasi_http_outgoing_handler_handle(outgoing, &timeouts, &future, &error)) {
        fetch->error = name_of(&error);
        wasi_http_types_outgoing_body_drop_own(body);
        return;
    }
    send_body(body, options);
    await(fetch, future);
}

struct fn0_fetch *fn0_fetch(struct fn0_request *request, const char *url,
                            const struct fn0_fetch_options *options)
{
    static const struct fn0_fetch_options none;
    wasi_http_types_own_outgoing_request_t outgoing;
    struct fn0_fetch *fetch = request_take(request, sizeof(*fetch));
    struct fn0_fetch **list = request_fetches(request);
    *fetch = (struct fn0_fetch){.request = request, .next = *list};
    *list = fetch;
    options = options ? options : &none;
    fetch->error = make_request(request, url, options, &outgoing);
    if (!fetch->error)
        run(fetch, outgoing, options);
    return fetch;
}

const char *fn0_fetch_error(const struct fn0_fetch *fetch)
{
    return fetch->error;
}

int fn0_fetch_status(const struct fn0_fetch *fetch)
{
    return fetch->answered ? wasi_http_types_method_incoming_response_status(
                                 wasi_http_types_borrow_incoming_response(fetch->response))
                           : 0;
}

const char *fn0_fetch_field(struct fn0_fetch *fetch, const char *name)
{
    return fetch->answered ? fields_find(fetch->request, fetch->headers, name) : NULL;
}

static struct body *take_body(struct fn0_fetch *fetch)
{
    wasi_http_types_own_incoming_body_t incoming;
    if (fetch->body_taken)
        return &fetch->body;
    fetch->body_taken = true;
    fetch->body.cut = !fetch->answered;
    if (fetch->answered &&
        wasi_http_types_method_incoming_response_consume(
            wasi_http_types_borrow_incoming_response(fetch->response), &incoming))
        body_open(&fetch->body, incoming);
    return &fetch->body;
}

long fn0_fetch_read(struct fn0_fetch *fetch, void *data, size_t bytes)
{
    function_list_u8_t piece;
    if (!body_read(take_body(fetch), bytes, &piece))
        return -1;
    long length = (long)piece.len;
    if (length > 0)
        memcpy(data, piece.ptr, piece.len);
    function_list_u8_free(&piece);
    return length;
}

const char *fn0_fetch_body(struct fn0_fetch *fetch, size_t *ret_bytes)
{
    return body_whole(take_body(fetch), ret_bytes);
}

void fetches_end(struct fn0_request *request)
{
    for (struct fn0_fetch *fetch = *request_fetches(request); fetch; fetch = fetch->next) {
        body_close(&fetch->body);
        if (fetch->answered) {
            wasi_http_types_fields_drop_own(fetch->headers);
            wasi_http_types_incoming_response_drop_own(fetch->response);
        }
    }
    *request_fetches(request) = NULL;
}
