/* SPDX-License-Identifier: Apache-2.0 */

#include "fn0.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "function.h"

/* What a host takes at once. */
#define WRITE_BYTES_MAX 4096
#define READ_BYTES 65536

/* One piece of memory that is freed with the request. */
struct piece {
    struct piece *next;
    max_align_t memory[];
};

struct fn0_request {
    wasi_http_types_own_incoming_request_t incoming;
    wasi_http_types_own_headers_t headers;
    wasi_http_types_own_response_outparam_t out;
    struct piece *pieces;
    const char *method; /* NULL: not asked for yet; so are the next */
    const char *path;
    const char *query; /* behind the question mark; NULL: none */
    char *body;
    size_t body_bytes;
    bool body_taken;
    /* The answer. */
    int status;
    wasi_http_types_own_fields_t fields;
    bool head_sent;
    bool broken; /* nobody takes what is written */
    wasi_http_types_own_outgoing_body_t outgoing;
    wasi_http_types_own_output_stream_t stream;
};

/* ---- Memory ---- */

static void *take(struct fn0_request *request, size_t bytes)
{
    struct piece *piece = malloc(sizeof(*piece) + bytes);
    if (!piece)
        abort();
    piece->next = request->pieces;
    request->pieces = piece;
    return piece->memory;
}

static char *copy(struct fn0_request *request, const uint8_t *data, size_t bytes)
{
    char *text = take(request, bytes + 1);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    return text;
}

static void free_all(struct fn0_request *request)
{
    while (request->pieces) {
        struct piece *next = request->pieces->next;
        free(request->pieces);
        request->pieces = next;
    }
}

/* The bindings' text, borrowed. */
static function_string_t text_of(const char *text)
{
    return (function_string_t){.ptr = (uint8_t *)text, .len = strlen(text)};
}

/* ---- The request ---- */

const char *fn0_method(struct fn0_request *request)
{
    static const char *const names[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    wasi_http_types_method_t method;
    if (request->method)
        return request->method;
    wasi_http_types_method_incoming_request_method(
        wasi_http_types_borrow_incoming_request(request->incoming), &method);
    if (method.tag == WASI_HTTP_TYPES_METHOD_OTHER)
        request->method = copy(request, method.val.other.ptr, method.val.other.len);
    else
        request->method = names[method.tag];
    wasi_http_types_method_free(&method);
    return request->method;
}

const char *fn0_path(struct fn0_request *request)
{
    function_string_t target;
    if (request->path)
        return request->path;
    if (!wasi_http_types_method_incoming_request_path_with_query(
            wasi_http_types_borrow_incoming_request(request->incoming), &target))
        return request->path = "/";
    char *path = copy(request, target.ptr, target.len);
    function_string_free(&target);
    char *mark = strchr(path, '?');
    if (mark) {
        *mark = '\0';
        request->query = mark + 1;
    }
    return request->path = path;
}

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes a part of a query (application/x-www-form-urlencoded). */
static const char *decode(struct fn0_request *request, const char *text, size_t bytes)
{
    char *decoded = take(request, bytes + 1);
    size_t length = 0;
    for (size_t i = 0; i < bytes; i++) {
        int high = text[i] == '%' && i + 2 < bytes ? hexadecimal(text[i + 1]) : -1;
        int low = high >= 0 ? hexadecimal(text[i + 2]) : -1;
        /* A '%' without two digits stands for itself. */
        if (low >= 0) {
            decoded[length++] = (char)(16 * high + low);
            i += 2;
        } else {
            decoded[length++] = text[i] == '+' ? ' ' : text[i];
        }
    }
    decoded[length] = '\0';
    return decoded;
}

const char *fn0_query(struct fn0_request *request, const char *name)
{
    (void)fn0_path(request);
    for (const char *part = request->query; part && *part;) {
        size_t bytes = strcspn(part, "&");
        const char *equals = memchr(part, '=', bytes);
        size_t name_bytes = equals ? (size_t)(equals - part) : bytes;
        if (strcmp(decode(request, part, name_bytes), name) == 0)
            return equals ? decode(request, equals + 1, bytes - name_bytes - 1) : "";
        part += bytes + (part[bytes] == '&');
    }
    return NULL;
}

const char *fn0_field(struct fn0_request *request, const char *name)
{
    function_string_t text = text_of(name);
    wasi_http_types_list_field_value_t values;
    wasi_http_types_method_fields_get(wasi_http_types_borrow_fields(request->headers), &text,
                                      &values);
    const char *value = values.len > 0 ? copy(request, values.ptr[0].ptr, values.ptr[0].len) : NULL;
    wasi_http_types_list_field_value_free(&values);
    return value;
}

/* Reads a stream to its end. False where it ends too early. */
static bool read_all(struct fn0_request *request, wasi_http_types_own_input_stream_t stream)
{
    size_t capacity = 0;
    for (;;) {
        function_list_u8_t piece;
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_input_stream_blocking_read(
                wasi_io_streams_borrow_input_stream(stream), READ_BYTES, &piece, &error)) {
            bool closed = error.tag == WASI_IO_STREAMS_STREAM_ERROR_CLOSED;
            wasi_io_streams_stream_error_free(&error);
            return closed;
        }
        if (request->body_bytes + piece.len + 1 > capacity) {
            capacity = 2 * (request->body_bytes + piece.len + 1);
            char *grown = realloc(request->body, capacity);
            if (!grown)
                abort();
            request->body = grown;
        }
        memcpy(request->body + request->body_bytes, piece.ptr, piece.len);
        request->body_bytes += piece.len;
        request->body[request->body_bytes] = '\0';
        function_list_u8_free(&piece);
    }
}

static void take_body(struct fn0_request *request)
{
    wasi_http_types_own_incoming_body_t body;
    wasi_http_types_own_input_stream_t stream;
    request->body_taken = true;
    if (!wasi_http_types_method_incoming_request_consume(
            wasi_http_types_borrow_incoming_request(request->incoming), &body) ||
        !wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body),
                                                     &stream))
        abort();
    bool whole = read_all(request, stream);
    wasi_io_streams_input_stream_drop_own(stream);
    wasi_http_types_incoming_body_drop_own(body);
    if (whole && !request->body)
        request->body = calloc(1, 1);
    if (!whole) {
        free(request->body);
        request->body = NULL;
        request->body_bytes = 0;
    }
}

const char *fn0_body(struct fn0_request *request, size_t *ret_bytes)
{
    if (!request->body_taken)
        take_body(request);
    if (ret_bytes)
        *ret_bytes = request->body_bytes;
    return request->body;
}

/* ---- The answer ---- */

bool fn0_set_status(struct fn0_request *request, int status)
{
    if (request->head_sent || status < 100 || status > 999)
        return false;
    request->status = status;
    return true;
}

bool fn0_add_field(struct fn0_request *request, const char *name, const char *value)
{
    function_string_t name_text = text_of(name);
    function_string_t value_text = text_of(value);
    wasi_http_types_field_value_t value_bytes = {.ptr = value_text.ptr, .len = value_text.len};
    wasi_http_types_header_error_t error;
    return !request->head_sent &&
           wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(request->fields),
                                                &name_text, &value_bytes, &error);
}

/* Hands over status and fields. */
static void send_head(struct fn0_request *request)
{
    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(request->fields);
    wasi_http_types_borrow_outgoing_response_t borrowed =
        wasi_http_types_borrow_outgoing_response(response);
    request->head_sent = true;
    if (!wasi_http_types_method_outgoing_response_set_status_code(borrowed,
                                                                  (uint16_t)request->status) ||
        !wasi_http_types_method_outgoing_response_body(borrowed, &request->outgoing) ||
        !wasi_http_types_method_outgoing_body_write(
            wasi_http_types_borrow_outgoing_body(request->outgoing), &request->stream))
        abort();
    wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false,
                                                                        .val.ok = response};
    wasi_http_types_static_response_outparam_set(request->out, &result);
}

bool fn0_write(struct fn0_request *request, const void *data, size_t bytes)
{
    const uint8_t *next = data;
    if (!request->head_sent)
        send_head(request);
    while (bytes > 0 && !request->broken) {
        function_list_u8_t piece = {.ptr = (uint8_t *)next,
                                    .len = bytes < WRITE_BYTES_MAX ? bytes : WRITE_BYTES_MAX};
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
                wasi_io_streams_borrow_output_stream(request->stream), &piece, &error)) {
            wasi_io_streams_stream_error_free(&error);
            request->broken = true;
        }
        next += piece.len;
        bytes -= piece.len;
    }
    return !request->broken;
}

bool fn0_print(struct fn0_request *request, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (bytes < 0)
        return false;
    char *text = malloc((size_t)bytes + 1);
    if (!text)
        abort();
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)bytes + 1, format, arguments);
    va_end(arguments);
    bool written = fn0_write(request, text, (size_t)bytes);
    free(text);
    return written;
}

bool fn0_answer(struct fn0_request *request, int status, const char *type, const char *text)
{
    return fn0_set_status(request, status) && fn0_add_field(request, "content-type", type) &&
           fn0_write(request, text, strlen(text));
}

/* ---- A call ---- */

static void finish(struct fn0_request *request)
{
    wasi_http_types_error_code_t error;
    if (!request->head_sent)
        send_head(request);
    wasi_io_streams_output_stream_drop_own(request->stream);
    if (request->broken)
        wasi_http_types_outgoing_body_drop_own(request->outgoing);
    else if (!wasi_http_types_static_outgoing_body_finish(request->outgoing, NULL, &error))
        wasi_http_types_error_code_free(&error);
    wasi_http_types_fields_drop_own(request->headers);
    wasi_http_types_incoming_request_drop_own(request->incoming);
    free(request->body);
    free_all(request);
}

void exports_wasi_http_incoming_handler_handle(
    exports_wasi_http_incoming_handler_own_incoming_request_t incoming,
    exports_wasi_http_incoming_handler_own_response_outparam_t out)
{
    struct fn0_request request = {
        .incoming = incoming,
        .headers = wasi_http_types_method_incoming_request_headers(
            wasi_http_types_borrow_incoming_request(incoming)),
        .out = out,
        .status = 200,
        .fields = wasi_http_types_constructor_fields(),
    };
    fn0_handle(&request);
    /* What was printed belongs to this request. */
    (void)fflush(NULL);
    finish(&request);
}
