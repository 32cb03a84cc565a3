/* SPDX-License-Identifier: Apache-2.0 */

#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "function.h"

/* Handles are dropped here and nowhere else. libc's own streams are not used: they would keep
 * handles open across a snapshot. */

/* What is empty has no memory: its address is any. */
static struct host_bytes bytes_of(function_string_t text)
{
    return (struct host_bytes){.data = text.len > 0 ? text.ptr : NULL, .bytes = text.len};
}

static void free_bytes(struct host_bytes bytes)
{
    if (bytes.bytes > 0)
        free(bytes.data);
}

static function_string_t string_of(struct host_bytes bytes)
{
    return (function_string_t){.ptr = bytes.data, .len = bytes.bytes};
}

static struct host_bytes copy_text(const char *text)
{
    size_t bytes = strlen(text);
    uint8_t *data = malloc(bytes + 1);
    if (data == NULL)
        return (struct host_bytes){0};
    memcpy(data, text, bytes + 1);
    return (struct host_bytes){.data = data, .bytes = bytes};
}

void host_fields_fini(struct host_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free_bytes(fields->items[i].name);
        free_bytes(fields->items[i].value);
    }
    if (fields->count > 0)
        free(fields->items);
    *fields = (struct host_fields){0};
}

/* ---- The request ------------------------------------------------------------------------------
 */

static wasi_http_types_borrow_incoming_request_t borrow_request(host_handle request)
{
    return wasi_http_types_borrow_incoming_request(
        (wasi_http_types_own_incoming_request_t){.__handle = request});
}

static const char *const method_names[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                           "CONNECT", "OPTIONS", "TRACE", "PATCH"};

void host_request_method(host_handle request, struct host_bytes *ret_method)
{
    wasi_http_types_method_t method;
    wasi_http_types_method_incoming_request_method(borrow_request(request), &method);
    *ret_method = method.tag == WASI_HTTP_TYPES_METHOD_OTHER ? bytes_of(method.val.other)
                                                             : copy_text(method_names[method.tag]);
}

bool host_request_path_with_query(host_handle request, struct host_bytes *ret_path)
{
    function_string_t path;
    *ret_path = (struct host_bytes){0};
    if (!wasi_http_types_method_incoming_request_path_with_query(borrow_request(request), &path))
        return false;
    *ret_path = bytes_of(path);
    return true;
}

bool host_request_authority(host_handle request, struct host_bytes *ret_authority)
{
    function_string_t authority;
    *ret_authority = (struct host_bytes){0};
    if (!wasi_http_types_method_incoming_request_authority(borrow_request(request), &authority))
        return false;
    *ret_authority = bytes_of(authority);
    return true;
}

bool host_request_is_secure(host_handle request)
{
    wasi_http_types_scheme_t scheme;
    if (!wasi_http_types_method_incoming_request_scheme(borrow_request(request), &scheme))
        return false;
    bool is_secure = scheme.tag == WASI_HTTP_TYPES_SCHEME_HTTPS;
    wasi_http_types_scheme_free(&scheme);
    return is_secure;
}

/* Takes the entries' memory over: their layout is ours. */
_Static_assert(sizeof(struct host_field) == sizeof(wasi_http_types_tuple2_field_name_field_value_t),
               "a field is a name and a value");

static void take_fields(wasi_http_types_own_fields_t fields, struct host_fields *ret_fields)
{
    wasi_http_types_list_tuple2_field_name_field_value_t entries;
    wasi_http_types_method_fields_entries(wasi_http_types_borrow_fields(fields), &entries);
    wasi_http_types_fields_drop_own(fields);
    *ret_fields =
        (struct host_fields){.items = (struct host_field *)entries.ptr, .count = entries.len};
}

void host_request_fields(host_handle request, struct host_fields *ret_fields)
{
    take_fields(wasi_http_types_method_incoming_request_headers(borrow_request(request)),
                ret_fields);
}

void host_request_drop(host_handle request)
{
    wasi_http_types_incoming_request_drop_own(
        (wasi_http_types_own_incoming_request_t){.__handle = request});
}

/* ---- Bodies that come in ----------------------------------------------------------------------
 */

static wasi_io_streams_borrow_input_stream_t borrow_input(const struct host_input *input)
{
    return wasi_io_streams_borrow_input_stream(
        (wasi_io_streams_own_input_stream_t){.__handle = input->stream});
}

/* Opens the stream of a body that was just taken. */
static bool open_input(wasi_http_types_own_incoming_body_t body, struct host_input *ret_input)
{
    wasi_http_types_own_input_stream_t stream;
    if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body),
                                                     &stream)) {
        wasi_http_types_incoming_body_drop_own(body);
        return false;
    }
    *ret_input = (struct host_input){.body = body.__handle, .stream = stream.__handle};
    return true;
}

bool host_request_body(host_handle request, struct host_input *ret_input)
{
    wasi_http_types_own_incoming_body_t body;
    return wasi_http_types_method_incoming_request_consume(borrow_request(request), &body) &&
           open_input(body, ret_input);
}

static enum host_result stream_error(wasi_io_streams_stream_error_t *error)
{
    if (error->tag == WASI_IO_STREAMS_STREAM_ERROR_CLOSED)
        return HOST_END;
    wasi_io_error_error_drop_own(error->val.last_operation_failed);
    return HOST_FAILED;
}

enum host_result host_input_read(struct host_input *input, size_t bytes_max,
                                 struct host_bytes *ret_bytes)
{
    function_list_u8_t list;
    wasi_io_streams_stream_error_t error;
    *ret_bytes = (struct host_bytes){0};
    if (!wasi_io_streams_method_input_stream_read(borrow_input(input), bytes_max, &list, &error))
        return stream_error(&error);
    if (list.len == 0)
        return HOST_WAIT;
    *ret_bytes = (struct host_bytes){.data = list.ptr, .bytes = list.len};
    return HOST_OK;
}

host_handle host_input_pollable(struct host_input *input)
{
    return wasi_io_streams_method_input_stream_subscribe(borrow_input(input)).__handle;
}

void host_input_drop(struct host_input *input)
{
    if (input->stream != HOST_HANDLE_NONE)
        wasi_io_streams_input_stream_drop_own(
            (wasi_io_streams_own_input_stream_t){.__handle = input->stream});
    if (input->body != HOST_HANDLE_NONE)
        wasi_http_types_incoming_body_drop_own(
            (wasi_http_types_own_incoming_body_t){.__handle = input->body});
    *input = (struct host_input){.body = HOST_HANDLE_NONE, .stream = HOST_HANDLE_NONE};
}

/* ---- Bodies that go out -----------------------------------------------------------------------
 */

static wasi_io_streams_borrow_output_stream_t borrow_output(const struct host_output *output)
{
    return wasi_io_streams_borrow_output_stream(
        (wasi_io_streams_own_output_stream_t){.__handle = output->stream});
}

static bool open_output(wasi_http_types_own_outgoing_body_t body, struct host_output *ret_output)
{
    wasi_http_types_own_output_stream_t stream;
    if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body),
                                                    &stream)) {
        wasi_http_types_outgoing_body_drop_own(body);
        return false;
    }
    *ret_output = (struct host_output){.body = body.__handle, .stream = stream.__handle};
    return true;
}

enum host_result host_output_write(struct host_output *output, const uint8_t *data, size_t bytes,
                                   size_t *ret_written)
{
    wasi_io_streams_borrow_output_stream_t stream = borrow_output(output);
    wasi_io_streams_stream_error_t error;
    uint64_t room;
    *ret_written = 0;
    if (!wasi_io_streams_method_output_stream_check_write(stream, &room, &error)) {
        stream_error(&error);
        return HOST_FAILED;
    }
    if (room == 0)
        return HOST_WAIT;
    function_list_u8_t piece = {.ptr = (uint8_t *)data, .len = bytes < room ? bytes : (size_t)room};
    if (!wasi_io_streams_method_output_stream_write(stream, &piece, &error)) {
        stream_error(&error);
        return HOST_FAILED;
    }
    *ret_written = piece.len;
    return HOST_OK;
}

host_handle host_output_pollable(struct host_output *output)
{
    return wasi_io_streams_method_output_stream_subscribe(borrow_output(output)).__handle;
}

static void drop_output_stream(struct host_output *output)
{
    if (output->stream != HOST_HANDLE_NONE)
        wasi_io_streams_output_stream_drop_own(
            (wasi_io_streams_own_output_stream_t){.__handle = output->stream});
    output->stream = HOST_HANDLE_NONE;
}

bool host_output_finish(struct host_output *output)
{
    wasi_http_types_error_code_t error;
    wasi_http_types_own_outgoing_body_t body = {.__handle = output->body};
    drop_output_stream(output);
    output->body = HOST_HANDLE_NONE;
    if (wasi_http_types_static_outgoing_body_finish(body, NULL, &error))
        return true;
    wasi_http_types_error_code_free(&error);
    return false;
}

void host_output_drop(struct host_output *output)
{
    drop_output_stream(output);
    if (output->body != HOST_HANDLE_NONE)
        wasi_http_types_outgoing_body_drop_own(
            (wasi_http_types_own_outgoing_body_t){.__handle = output->body});
    output->body = HOST_HANDLE_NONE;
}

/* ---- The answer -------------------------------------------------------------------------------
 */

static bool make_fields(const struct host_field *items, size_t count,
                        wasi_http_types_own_fields_t *ret_fields)
{
    wasi_http_types_header_error_t error;
    wasi_http_types_list_tuple2_field_name_field_value_t entries = {
        .ptr = (wasi_http_types_tuple2_field_name_field_value_t *)items, .len = count};
    return wasi_http_types_static_fields_from_list(&entries, ret_fields, &error);
}

bool host_respond(host_handle outparam, uint16_t status, const struct host_field *items,
                  size_t count, struct host_output *ret_output)
{
    wasi_http_types_own_fields_t fields;
    wasi_http_types_own_outgoing_body_t body;
    if (!make_fields(items, count, &fields))
        return false;
    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(fields);
    wasi_http_types_borrow_outgoing_response_t borrowed =
        wasi_http_types_borrow_outgoing_response(response);
    if ((status != 200 &&
         !wasi_http_types_method_outgoing_response_set_status_code(borrowed, status)) ||
        !wasi_http_types_method_outgoing_response_body(borrowed, &body)) {
        wasi_http_types_outgoing_response_drop_own(response);
        return false;
    }
    wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false,
                                                                        .val.ok = response};
    wasi_http_types_static_response_outparam_set(
        (wasi_http_types_own_response_outparam_t){.__handle = outparam}, &result);
    return open_output(body, ret_output);
}

void host_respond_error(host_handle outparam, const char *message)
{
    wasi_http_types_result_own_outgoing_response_error_code_t result = {
        .is_err = true,
        .val.err = {
            .tag = WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR,
            .val.internal_error = {.is_some = true,
                                   .val = {.ptr = (uint8_t *)message, .len = strlen(message)}}}};
    wasi_http_types_static_response_outparam_set(
        (wasi_http_types_own_response_outparam_t){.__handle = outparam}, &result);
}

/* ---- Outgoing requests ------------------------------------------------------------------------
 */

/* What people read of an error-code; RFC 9209 has most of the words. */
static const char *error_code_text(uint8_t tag)
{
    static const char *const texts[] = {
        "DNS timeout",
        "DNS error: the name does not resolve",
        "destination not found",
        "destination unavailable",
        "this host does not let functions reach the destination's address",
        "the destination's address is not routable",
        "connection refused",
        "connection terminated",
        "connection timeout",
        "connection read timeout",
        "connection write timeout",
        "connection limit reached",
        "TLS protocol error",
        "TLS certificate error",
        "TLS alert received",
        "request denied: the limit of outgoing requests is reached, or the host is not allowed",
        "request length required",
        "request body size",
        "request method invalid",
        "request URI invalid",
        "request URI too long",
        "request header section size",
        "request header size",
        "request trailer section size",
        "request trailer size",
        "response incomplete",
        "response header section size",
        "response header size",
        "response body size",
        "response trailer section size",
        "response trailer size",
        "response transfer coding",
        "response content coding",
        "response timeout",
        "upgrade failed",
        "HTTP protocol error",
        "loop detected",
        "configuration error",
        "internal error",
    };
    return tag < sizeof(texts) / sizeof(texts[0]) ? texts[tag] : "unknown error";
}

static struct host_bytes error_text(wasi_http_types_error_code_t *error)
{
    struct host_bytes text;
    if (error->tag == WASI_HTTP_TYPES_ERROR_CODE_INTERNAL_ERROR &&
        error->val.internal_error.is_some && error->val.internal_error.val.len > 0)
        return bytes_of(error->val.internal_error.val); /* its memory goes on */
    text = copy_text(error_code_text(error->tag));
    wasi_http_types_error_code_free(error);
    return text;
}

/* A method that has a case of its own must be sent as that case. */
static wasi_http_types_method_t method_of(struct host_bytes text)
{
    for (uint8_t tag = 0; tag < sizeof(method_names) / sizeof(method_names[0]); tag++)
        if (strlen(method_names[tag]) == text.bytes &&
            memcmp(method_names[tag], text.data, text.bytes) == 0)
            return (wasi_http_types_method_t){.tag = tag};
    return (wasi_http_types_method_t){.tag = WASI_HTTP_TYPES_METHOD_OTHER,
                                      .val.other = string_of(text)};
}

/* Sets what a request is made of beside its fields. */
static bool set_request_line(wasi_http_types_borrow_outgoing_request_t outgoing,
                             const struct host_outgoing *request)
{
    wasi_http_types_method_t method = method_of(request->method);
    wasi_http_types_scheme_t scheme = {.tag = request->is_secure ? WASI_HTTP_TYPES_SCHEME_HTTPS
                                                                 : WASI_HTTP_TYPES_SCHEME_HTTP};
    function_string_t authority = string_of(request->authority);
    function_string_t path = string_of(request->path_with_query);
    return wasi_http_types_method_outgoing_request_set_method(outgoing, &method) &&
           wasi_http_types_method_outgoing_request_set_scheme(outgoing, &scheme) &&
           wasi_http_types_method_outgoing_request_set_authority(outgoing, &authority) &&
           wasi_http_types_method_outgoing_request_set_path_with_query(outgoing, &path);
}

bool host_send(const struct host_outgoing *request, host_handle *ret_response,
               struct host_output *ret_output, struct host_bytes *ret_error)
{
    wasi_http_types_own_fields_t fields;
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_outgoing_handler_own_future_incoming_response_t response;
    wasi_http_outgoing_handler_error_code_t error;
    if (!make_fields(request->fields, request->field_count, &fields)) {
        *ret_error = copy_text("a header is not allowed in an outgoing request");
        return false;
    }
    wasi_http_types_own_outgoing_request_t outgoing =
        wasi_http_types_constructor_outgoing_request(fields);
    wasi_http_types_borrow_outgoing_request_t borrowed =
        wasi_http_types_borrow_outgoing_request(outgoing);
    if (!set_request_line(borrowed, request) ||
        !wasi_http_types_method_outgoing_request_body(borrowed, &body)) {
        wasi_http_types_outgoing_request_drop_own(outgoing);
        *ret_error = copy_text("the method or the URL is not one that can be sent");
        return false;
    }
    if (!wasi_http_outgoing_handler_handle(outgoing, NULL, &response, &error)) {
        wasi_http_types_outgoing_body_drop_own(body);
        *ret_error = error_text(&error);
        return false;
    }
    *ret_response = response.__handle;
    if (open_output(body, ret_output))
        return true;
    host_response_drop(response.__handle);
    *ret_error = copy_text("the body could not be opened");
    return false;
}

static wasi_http_types_borrow_future_incoming_response_t borrow_response(host_handle response)
{
    return wasi_http_types_borrow_future_incoming_response(
        (wasi_http_types_own_future_incoming_response_t){.__handle = response});
}

host_handle host_response_pollable(host_handle response)
{
    return wasi_http_types_method_future_incoming_response_subscribe(borrow_response(response))
        .__handle;
}

enum host_result host_response_take(host_handle response, uint16_t *ret_status,
                                    struct host_fields *ret_fields, struct host_input *ret_input,
                                    struct host_bytes *ret_error)
{
    wasi_http_types_result_result_own_incoming_response_error_code_void_t result;
    wasi_http_types_own_incoming_body_t body;
    if (!wasi_http_types_method_future_incoming_response_get(borrow_response(response), &result))
        return HOST_WAIT;
    if (result.is_err) {
        *ret_error = copy_text("the answer was taken already");
        return HOST_FAILED;
    }
    if (result.val.ok.is_err) {
        *ret_error = error_text(&result.val.ok.val.err);
        return HOST_FAILED;
    }
    wasi_http_types_own_incoming_response_t incoming = result.val.ok.val.ok;
    wasi_http_types_borrow_incoming_response_t borrowed =
        wasi_http_types_borrow_incoming_response(incoming);
    *ret_status = wasi_http_types_method_incoming_response_status(borrowed);
    take_fields(wasi_http_types_method_incoming_response_headers(borrowed), ret_fields);
    bool has_body = wasi_http_types_method_incoming_response_consume(borrowed, &body) &&
                    open_input(body, ret_input);
    wasi_http_types_incoming_response_drop_own(incoming);
    if (has_body)
        return HOST_OK;
    host_fields_fini(ret_fields);
    *ret_error = copy_text("the answer's body could not be opened");
    return HOST_FAILED;
}

void host_response_drop(host_handle response)
{
    wasi_http_types_future_incoming_response_drop_own(
        (wasi_http_types_own_future_incoming_response_t){.__handle = response});
}

/* ---- Waiting ----------------------------------------------------------------------------------
 */

_Static_assert(sizeof(host_handle) == sizeof(wasi_io_poll_borrow_pollable_t),
               "a handle is a number");

void host_poll(const host_handle *pollables, size_t count, bool *ret_ready)
{
    wasi_io_poll_list_borrow_pollable_t in = {.ptr = (wasi_io_poll_borrow_pollable_t *)pollables,
                                              .len = count};
    function_list_u32_t ready;
    wasi_io_poll_poll(&in, &ready);
    memset(ret_ready, 0, count * sizeof(*ret_ready));
    for (size_t i = 0; i < ready.len; i++)
        ret_ready[ready.ptr[i]] = true;
    free(ready.ptr);
}

host_handle host_timer(uint64_t nanoseconds)
{
    return wasi_clocks_monotonic_clock_subscribe_duration(nanoseconds).__handle;
}

void host_pollable_drop(host_handle pollable)
{
    wasi_io_poll_pollable_drop_own((wasi_io_poll_own_pollable_t){.__handle = pollable});
}

/* ---- The rest ---------------------------------------------------------------------------------
 */

uint64_t host_monotonic_ns(void)
{
    return wasi_clocks_monotonic_clock_now();
}

uint64_t host_wall_ns(void)
{
    wasi_clocks_wall_clock_datetime_t now;
    wasi_clocks_wall_clock_now(&now);
    return now.seconds * UINT64_C(1000000000) + now.nanoseconds;
}

void host_random(uint8_t *data, size_t bytes)
{
    function_list_u8_t list;
    wasi_random_random_get_random_bytes(bytes, &list);
    memcpy(data, list.ptr, bytes);
    free(list.ptr);
}

_Static_assert(sizeof(struct host_field) == sizeof(function_tuple2_string_string_t),
               "a variable is a name and a value");

void host_environment(struct host_fields *ret_variables)
{
    function_list_tuple2_string_string_t variables;
    wasi_cli_environment_get_environment(&variables);
    *ret_variables =
        (struct host_fields){.items = (struct host_field *)variables.ptr, .count = variables.len};
}

/* One blocking write takes this much (wasi:io/streams). */
#define LOG_PIECE_BYTES 4096

void host_log(bool is_error, const char *data, size_t bytes)
{
    wasi_io_streams_own_output_stream_t stream =
        is_error ? wasi_cli_stderr_get_stderr() : wasi_cli_stdout_get_stdout();
    while (bytes > 0) {
        wasi_io_streams_stream_error_t error;
        function_list_u8_t piece = {.ptr = (uint8_t *)data,
                                    .len = bytes < LOG_PIECE_BYTES ? bytes : LOG_PIECE_BYTES};
        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
                wasi_io_streams_borrow_output_stream(stream), &piece, &error)) {
            stream_error(&error);
            break;
        }
        data += piece.len;
        bytes -= piece.len;
    }
    wasi_io_streams_output_stream_drop_own(stream);
}

#define INPUT_PIECE_BYTES 65536

bool host_read_input(struct host_bytes *ret_input)
{
    wasi_io_streams_own_input_stream_t stream = wasi_cli_stdin_get_stdin();
    struct host_bytes all = {0};
    enum host_result result = HOST_OK;
    while (result == HOST_OK) {
        function_list_u8_t piece;
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_input_stream_blocking_read(
                wasi_io_streams_borrow_input_stream(stream), INPUT_PIECE_BYTES, &piece, &error)) {
            result = stream_error(&error);
            break;
        }
        uint8_t *larger = realloc(all.data, all.bytes + piece.len + 1);
        if (larger == NULL) {
            free(piece.ptr);
            result = HOST_FAILED;
            break;
        }
        memcpy(larger + all.bytes, piece.ptr, piece.len);
        all = (struct host_bytes){.data = larger, .bytes = all.bytes + piece.len};
        free(piece.ptr);
    }
    wasi_io_streams_input_stream_drop_own(stream);
    if (result == HOST_END) {
        *ret_input = all;
        return true;
    }
    free(all.data);
    return false;
}
