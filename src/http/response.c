/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/response.h"

#include <assert.h>

#include "base/check.h"
#include "base/field_syntax.h"
#include "http/field.h"
#include "http/server.h"
#include "http/status.h"
#include "tables/errors.h"

#define STATUS_LINE_BYTES (sizeof("HTTP/1.1 200 \r\n") - 1)

static_assert(sizeof("Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n") -
                      1 <=
                  HTTP_RESPONSE_TAIL_BYTES_MAX,
              "the longest tail with a length fits");
static_assert(sizeof("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n") - 1 <=
                  HTTP_RESPONSE_TAIL_BYTES_MAX,
              "the longest tail of chunks fits");
static_assert(2 * sizeof(size_t) + sizeof("\r\n") - 1 <= HTTP_CHUNK_LINE_BYTES_MAX,
              "two hexadecimal digits a byte of the length");

/* Whether a field of the handler's goes out: it is for the other end. Length, coding and connection
 * are ours to say. */
static bool goes_out(const struct http_response *response, struct slice name)
{
    switch (http_field_kind(name)) {
    case HTTP_FIELD_CONNECTION:
    case HTTP_FIELD_CONTENT_LENGTH:
    case HTTP_FIELD_TRANSFER_ENCODING:
    case HTTP_FIELD_HOP_BY_HOP:
        return false;
    default:
        return !http_connection_options_has(&response->connection, name);
    }
}

static size_t line_bytes(const struct field *field)
{
    return field->name.bytes + sizeof(": ") - 1 + field->value.bytes + sizeof("\r\n") - 1;
}

static bool field_valid(const struct field *field)
{
    return token_valid(field->name) && field_value_valid(field->value);
}

static size_t decimal_digits(uint64_t number)
{
    size_t digits = 1;
    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

/* What the handler's fields say about the body and the date. */
struct wishes {
    bool has_length;
    uint64_t length;
    bool has_date;
};

static int read_field(struct http_response *response, const struct field *field,
                      struct wishes *wishes)
{
    uint64_t length;
    if (!field_valid(field))
        return ERROR_RESPONSE_INVALID;
    switch (http_field_kind(field->name)) {
    case HTTP_FIELD_CONTENT_LENGTH:
        if (!http_length_read(slice_trim(field->value), &length) ||
            (wishes->has_length && wishes->length != length))
            return ERROR_RESPONSE_INVALID;
        wishes->has_length = true;
        wishes->length = length;
        return 0;
    case HTTP_FIELD_CONNECTION:
        return http_connection_options_add(&response->connection, field->value)
                   ? 0
                   : ERROR_RESPONSE_INVALID;
    case HTTP_FIELD_DATE:
        wishes->has_date = true;
        return 0;
    default:
        return 0;
    }
}

/* An answer whose status or method leaves no room for a body. A length is that of the body there
 * would be (RFC 9110, 8.6); of a body that a handler does not write to HEAD nothing is known, least
 * of all that it is empty. */
static void decide_no_body(struct http_response *response, const struct wishes *wishes)
{
    bool known = response->body_bytes != HTTP_LENGTH_UNKNOWN && response->body_bytes > 0;
    response->framing = HTTP_FRAMING_NO_BODY;
    if (response->status == 205 || response->status == 204) {
        response->states_length = response->status == 205;
        response->length = 0;
        return;
    }
    response->length = wishes->has_length ? wishes->length : response->body_bytes;
    response->states_length = wishes->has_length || (known && response->status != 304);
}

/* RFC 9112, 6.3. */
static int decide_framing(struct http_response *response, const struct wishes *wishes)
{
    bool known = response->body_bytes != HTTP_LENGTH_UNKNOWN;
    if (response->to_head || http_status_is_bodiless(response->status)) {
        decide_no_body(response, wishes);
        return 0;
    }
    if (known && wishes->has_length && wishes->length != response->body_bytes)
        return ERROR_RESPONSE_INVALID;
    if (known || wishes->has_length) {
        response->framing = HTTP_FRAMING_LENGTH;
        response->length = known ? response->body_bytes : wishes->length;
        response->states_length = true;
        return 0;
    }
    response->framing =
        response->version_minor > 0 ? HTTP_FRAMING_CHUNKED : HTTP_FRAMING_UNTIL_CLOSE;
    return 0;
}

void http_response_set_length(struct http_response *response, uint64_t length)
{
    check(response->framing == HTTP_FRAMING_CHUNKED ||
          response->framing == HTTP_FRAMING_UNTIL_CLOSE);
    check(!response->states_length && length != HTTP_LENGTH_UNKNOWN);
    response->framing = HTTP_FRAMING_LENGTH;
    response->states_length = true;
    response->length = length;
}

bool http_response_keeps_alive(const struct http_response *response)
{
    return response->keep_alive && !response->connection.close &&
           response->framing != HTTP_FRAMING_UNTIL_CLOSE;
}

static size_t measure_front(const struct http_response *response)
{
    size_t bytes = STATUS_LINE_BYTES + http_status_reason(response->status).bytes;
    for (size_t i = 0; i < response->count; i++) {
        if (goes_out(response, response->fields[i].name))
            bytes += line_bytes(&response->fields[i]);
    }
    return response->adds_date ? bytes + response->date_line.bytes : bytes;
}

int http_response_decide(struct http_response *response)
{
    struct wishes wishes = {.has_length = false};
    if (response->status < 200 || response->status > 999)
        return ERROR_RESPONSE_INVALID;
    response->connection.close = false;
    response->connection.count = 0;
    for (size_t i = 0; i < response->count; i++) {
        int code = read_field(response, &response->fields[i], &wishes);
        if (code)
            return code;
    }
    response->states_length = false;
    int code = decide_framing(response, &wishes);
    if (code)
        return code;
    response->adds_date = !wishes.has_date;
    response->front_bytes = measure_front(response);
    check(response->front_bytes >= STATUS_LINE_BYTES);
    check(response->states_length || response->framing != HTTP_FRAMING_LENGTH);
    return 0;
}

static char *put(char *to, struct slice text)
{
    if (text.bytes > 0)
        memcpy(to, text.data, text.bytes);
    return to + text.bytes;
}

static char *put_field(char *to, const struct field *field)
{
    to = put(to, field->name);
    to = put(to, SLICE(": "));
    to = put(to, field->value);
    return put(to, SLICE("\r\n"));
}

static char *put_decimal(char *to, uint64_t number)
{
    size_t digits = decimal_digits(number);
    for (size_t i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

void http_response_write_front(const struct http_response *response, char *memory)
{
    char *to = put(memory, SLICE("HTTP/1.1 "));
    to = put_decimal(to, response->status);
    *to++ = ' ';
    to = put(to, http_status_reason(response->status));
    to = put(to, SLICE("\r\n"));
    for (size_t i = 0; i < response->count; i++) {
        if (goes_out(response, response->fields[i].name))
            to = put_field(to, &response->fields[i]);
    }
    if (response->adds_date)
        to = put(to, response->date_line);
    check(to == memory + response->front_bytes);
}

size_t http_response_write_tail(const struct http_response *response,
                                char memory[HTTP_RESPONSE_TAIL_BYTES_MAX])
{
    char *to = memory;
    check(!response->states_length || response->framing == HTTP_FRAMING_LENGTH ||
          response->framing == HTTP_FRAMING_NO_BODY);
    if (response->states_length) {
        to = put(to, SLICE("Content-Length: "));
        to = put_decimal(to, response->length);
        to = put(to, SLICE("\r\n"));
    }
    if (response->framing == HTTP_FRAMING_CHUNKED)
        to = put(to, SLICE("Transfer-Encoding: chunked\r\n"));
    if (!http_response_keeps_alive(response))
        to = put(to, SLICE("Connection: close\r\n"));
    else if (response->version_minor == 0)
        to = put(to, SLICE("Connection: keep-alive\r\n"));
    to = put(to, SLICE("\r\n"));
    check(to <= memory + HTTP_RESPONSE_TAIL_BYTES_MAX);
    return (size_t)(to - memory);
}

size_t http_chunk_line_write(size_t bytes, char memory[HTTP_CHUNK_LINE_BYTES_MAX])
{
    static const char digits[] = "0123456789abcdef";
    check(bytes > 0);
    size_t count = 1;
    while (count < 16 && bytes >> (4 * count) != 0)
        count++;
    check(count + 2 <= HTTP_CHUNK_LINE_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        memory[i] = digits[bytes >> (4 * (count - 1 - i)) & 0xf];
    put(memory + count, SLICE("\r\n"));
    return count + 2;
}

/* RFC 9110, 6.5.1: what frames, routes or concerns this hop is no trailer. */
static bool is_trailer(struct slice name)
{
    enum http_field_kind kind = http_field_kind(name);
    return kind == HTTP_FIELD_END_TO_END || kind == HTTP_FIELD_DATE;
}

#define LAST_CHUNK SLICE("0\r\n")

size_t http_trailers_bytes(const struct field *trailers, size_t count)
{
    size_t bytes = LAST_CHUNK.bytes + sizeof("\r\n") - 1;
    for (size_t i = 0; i < count; i++) {
        if (!field_valid(&trailers[i]))
            return 0;
        if (is_trailer(trailers[i].name))
            bytes += line_bytes(&trailers[i]);
    }
    return bytes;
}

void http_trailers_write(const struct field *trailers, size_t count, char *memory)
{
    char *to = put(memory, LAST_CHUNK);
    for (size_t i = 0; i < count; i++) {
        if (is_trailer(trailers[i].name))
            to = put_field(to, &trailers[i]);
    }
    put(to, SLICE("\r\n"));
}
