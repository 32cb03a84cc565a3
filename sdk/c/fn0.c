/* SPDX-License-Identifier: Apache-2.0 */

#include "fn0.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

struct fn0_request {
    wasi_http_types_own_incoming_request_t incoming;
    wasi_http_types_own_headers_t headers;
    wasi_http_types_own_response_outparam_t out;
    struct piece *pieces;
    const char *method; /* NULL: not asked for yet; so are the next */
    const char *path;
    const char *query; /* behind the question mark; NULL: none */
    struct fn0_fetch *fetches;
    struct body body;
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

void *request_take(struct fn0_request *request, size_t bytes)
{
    struct piece *piece = malloc(sizeof(*piece) + bytes);
    if (!piece)
        abort();
    piece->next = request->pieces;
    request->pieces = piece;
    return piece->memory;
}

char *request_copy(struct fn0_request *request, const void *data, size_t bytes)
{
    char *text = request_take(request, bytes + 1);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    return text;
}

struct fn0_fetch **request_fetches(struct fn0_request *request)
{
    return &request->fetches;
}

static void free_all(struct fn0_request *request)
{
    while (request->pieces) {
        struct piece *next = request->pieces->next;
        free(request->pieces);
        request->pieces = next;
    }
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
        request->method = request_copy(request, method.val.other.ptr, method.val.other.len);
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
    char *path = request_copy(request, target.ptr, target.len);
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
    char *decoded = request_take(request, bytes + 1);
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

const char *fields_find(struct fn0_request *request, wasi_http_types_own_headers_t fields,
                        const char *name)
{
    function_string_t text = text_of(name);
    wasi_http_types_list_field_value_t values;
    wasi_http_types_method_fields_get(wasi_http_types_borrow_fields(fields), &text, &values);
    const char *value =
        values.len > 0 ? request_copy(request, values.ptr[0].ptr, values.ptr[0].len) : NULL;
    wasi_http_types_list_field_value_free(&values);
    return value;
}

const char *fn0_field(struct fn0_request *request, const char *name)
{
    return fields_find(request, request->headers, name);
}

/* ---- Bodies ---- */

void body_open(struct body *body, wasi_http_types_own_incoming_body_t incoming)
{
    body->incoming = incoming;
    body->open = true;
    if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(incoming),
                                                     &body->stream))
        abort();
}

static void close_body(struct body *body)
{
    if (!body->open)
        return;
    wasi_io_streams_input_stream_drop_own(body->stream);
    wasi_http_types_incoming_body_drop_own(body->incoming);
    body->open = false;
}

bool body_read(struct body *body, size_t bytes, function_list_u8_t *ret_piece)
{
    wasi_io_streams_stream_error_t error;
    *ret_piece = (function_list_u8_t){0};
    if (!body->open)
        return !body->cut;
    do {
        if (!wasi_io_streams_method_input_stream_blocking_read(
                wasi_io_streams_borrow_input_stream(body->stream), bytes, ret_piece, &error)) {
            body->cut = error.tag != WASI_IO_STREAMS_STREAM_ERROR_CLOSED;
            wasi_io_streams_stream_error_free(&error);
            close_body(body);
            *ret_piece = (function_list_u8_t){0};
            return !body->cut;
        }
    } while (ret_piece->len == 0);
    return true;
}

static void append(struct body *body, const function_list_u8_t *piece)
{
    if (body->bytes + piece->len + 1 > body->capacity) {
        body->capacity = 2 * (body->bytes + piece->len + 1);
        char *grown = realloc(body->text, body->capacity);
        if (!grown)
            abort();
        body->text = grown;
    }
    if (piece->len > 0)
        memcpy(body->text + body->bytes, piece->ptr, piece->len);
    body->bytes += piece->len;
    body->text[body->bytes] = '\0';
}

const char *body_whole(struct body *body, size_t *ret_bytes)
{
    function_list_u8_t piece;
    bool whole;
    do {
        whole = body_read(body, READ_BYTES, &piece);
        if (whole)
            append(body, &piece);
        function_list_u8_free(&piece);
    } while (body->open);
    if (ret_bytes)
        *ret_bytes = whole ? body->bytes : 0;
    return whole ? body->text : NULL;
}

void body_close(struct body *body)
{
    close_body(body);
    free(body->text);
}

const char *fn0_body(struct fn0_request *request, size_t *ret_bytes)
{
    wasi_http_types_own_incoming_body_t incoming;
    if (!request->body_taken) {
        request->body_taken = true;
        if (!wasi_http_types_method_incoming_request_consume(
                wasi_http_types_borrow_incoming_request(request->incoming), &incoming))
            abort();
        body_open(&request->body, incoming);
    }
    return body_whole(&request->body, ret_bytes);
}

bool stream_write(wasi_io_streams_own_output_stream_t stream, const void *data, size_t bytes)
{
    const uint8_t *next = data;
    while (bytes > 0) {
        function_list_u8_t piece = {.ptr = (uint8_t *)next,
                                    .len = bytes < WRITE_BYTES_MAX ? bytes : WRITE_BYTES_MAX};
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
                wasi_io_streams_borrow_output_stream(stream), &piece, &error)) {
            wasi_io_streams_stream_error_free(&error);
            return false;
        }
        next += piece.len;
        bytes -= piece.len;
    }
    return true;
}

/* ---- The answer ---- */

bool fn0_set_status(struct fn0_request *request, int status)
{
    if (request->head_sent || status < 100 || status > 999)
        return false;
    request->status = status;
    return true;
}

bool fields_add(wasi_http_types_own_fields_t fields, const char *name, const char *value)
{
    function_string_t name_text = text_of(name);
    function_string_t value_text = text_of(value);
    wasi_http_types_field_value_t value_bytes = {.ptr = value_text.ptr, .len = value_text.len};
    wasi_http_types_header_error_t error;
    return wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(fields), &name_text,
                                                &value_bytes, &error);
}

bool fn0_add_field(struct fn0_request *request, const char *name, const char *value)
{
    return !request->head_sent && fields_add(request->fields, name, value);
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
    if (!request->head_sent)
        send_head(request);
    request->broken = request->broken || !stream_write(request->stream, data, bytes);
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
    fetches_end(request);
    body_close(&request->body);
    wasi_http_types_fields_drop_own(request->headers);
    wasi_http_types_incoming_request_drop_own(request->incoming);
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
