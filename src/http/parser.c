/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/parser.h"

#include <assert.h>

#include "base/check.h"
#include "base/field_syntax.h"
#include "http/field.h"
#include "tables/errors.h"

/* RFC 9110, 9.1: a method is any token; llhttp knows some. It is given this one and never sees the
 * client's, which also keeps its roads into RTSP, ICE and HTTP/2 shut. */
#define STAND_IN_METHOD "PUT "

/* What a chunk may cost without counting against HTTP_CHUNK_OVERHEAD_BYTES_MAX. */
#define CHUNK_LINE_BYTES 16

static_assert(sizeof(((struct http_parser *)0)->version) > sizeof("1.1") - 1,
              "what is longer than a version is seen to be");
static_assert(CHUNK_LINE_BYTES < HTTP_CHUNK_OVERHEAD_BYTES_MAX, "a chunk may cost something");
static_assert(HTTP_METHOD_BYTES_MAX >= sizeof("UPDATEREDIRECTREF") - 1,
              "the longest registered method fits");

/* What holds between any two steps. */
static void check_parser(const struct http_parser *parser)
{
    check(parser->section_bytes <= parser->head_bytes_max);
    check(parser->version_bytes <= sizeof(parser->version));
    check(parser->empty_line_bytes <= sizeof("\r\n") - 1);
    check(parser->overhead_bytes <= HTTP_CHUNK_OVERHEAD_BYTES_MAX);
}

static struct http_parser *parser_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

/* Makes llhttp stop with an error of ours. */
static int stop(struct http_parser *parser, int code)
{
    if (code == 0)
        return HPE_OK;
    parser->failure = code;
    return HPE_USER;
}

static struct http_field_list *fields_of(struct http_parser *parser)
{
    return parser->state == HTTP_PARSER_HEAD ? &parser->head->header : &parser->head->trailers;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t bytes)
{
    struct http_parser *parser = parser_of(llhttp);
    int code = buffer_append(&parser->head->target, (struct slice){.data = at, .bytes = bytes});
    return stop(parser, code == ERROR_FULL ? ERROR_REQUEST_HEADER_SIZE : code);
}

/* llhttp allows any number of blanks around the target. Where "1.1" must begin is known. */
static bool version_in_place(const struct http_parser *parser, const char *at)
{
    size_t expected =
        parser->head->method_bytes + 1 + buffer_bytes(&parser->head->target) + sizeof(" HTTP/") - 1;
    return parser->section_bytes + (size_t)(at - parser->begin) == expected;
}

static int on_version(llhttp_t *llhttp, const char *at, size_t bytes)
{
    struct http_parser *parser = parser_of(llhttp);
    if (bytes == 0)
        return HPE_OK;
    if (parser->version_bytes == 0 && !version_in_place(parser, at))
        return stop(parser, ERROR_REQUEST_MALFORMED);
    for (size_t i = 0; i < bytes && parser->version_bytes < sizeof(parser->version); i++)
        parser->version[parser->version_bytes++] = at[i];
    return HPE_OK;
}

static int on_version_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = parser_of(llhttp);
    parser->version_complete = true;
    return stop(parser,
                llhttp->http_major == 1 && llhttp->http_minor <= 1 ? 0 : ERROR_REQUEST_VERSION);
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t bytes)
{
    struct http_parser *parser = parser_of(llhttp);
    if (bytes == 0)
        return HPE_OK;
    return stop(parser, http_field_list_add_name(fields_of(parser),
                                                 (struct slice){.data = at, .bytes = bytes}));
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t bytes)
{
    struct http_parser *parser = parser_of(llhttp);
    if (bytes == 0)
        return HPE_OK;
    return stop(parser, http_field_list_add_value(fields_of(parser),
                                                  (struct slice){.data = at, .bytes = bytes}));
}

static int on_header_value_complete(llhttp_t *llhttp)
{
    http_field_list_end_field(fields_of(parser_of(llhttp)));
    return HPE_OK;
}

static int on_headers_complete(llhttp_t *llhttp)
{
    parser_of(llhttp)->head_complete = true;
    /* Upgrade is ignored (RFC 9110, 7.8). */
    llhttp->upgrade = 0;
    return HPE_PAUSED;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t bytes)
{
    if (bytes == 0)
        return HPE_OK;
    parser_of(llhttp)->body = (struct slice){.data = at, .bytes = bytes};
    return HPE_PAUSED;
}

static int on_chunk_header(llhttp_t *llhttp)
{
    parser_of(llhttp)->chunk_begun = true;
    return HPE_PAUSED;
}

static int on_message_complete(llhttp_t *llhttp)
{
    parser_of(llhttp)->message_complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_version = on_version,
    .on_version_complete = on_version_complete,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

void http_parser_init(struct http_parser *parser, size_t head_bytes_max)
{
    check(head_bytes_max > 0);
    *parser = (struct http_parser){.head_bytes_max = head_bytes_max};
}

int http_parser_skip_empty_line(struct http_parser *parser, struct slice *input)
{
    check(parser->state == HTTP_PARSER_EMPTY_LINE);
    while (input->bytes > 0) {
        char byte = input->data[0];
        bool expected = parser->empty_line_bytes == 0   ? byte == '\r'
                        : parser->empty_line_bytes == 1 ? byte == '\n'
                                                        : false;
        if (!expected) {
            bool is_line_end = byte == '\r' || byte == '\n';
            return is_line_end || parser->empty_line_bytes == 1 ? ERROR_REQUEST_MALFORMED : 0;
        }
        parser->empty_line_bytes++;
        input->data++;
        input->bytes--;
    }
    return 0;
}

void http_parser_begin(struct http_parser *parser, struct http_head *head, struct arena *arena)
{
    check(parser->state == HTTP_PARSER_EMPTY_LINE);
    check(head && arena && head->method_bytes == 0 && buffer_bytes(&head->target) == 0);
    size_t head_bytes_max = parser->head_bytes_max;
    *parser = (struct http_parser){
        .head = head,
        .arena = arena,
        .head_bytes_max = head_bytes_max,
        .state = HTTP_PARSER_METHOD,
    };
}

/* Gathers the method, and the blank behind it. Returns 0 while it is not whole, or when it is and
 * the state has moved on. */
static int take_method(struct http_parser *parser, struct slice *input)
{
    struct http_head *head = parser->head;
    while (input->bytes > 0) {
        char byte = input->data[0];
        if (parser->section_bytes == parser->head_bytes_max)
            return ERROR_REQUEST_HEADER_SIZE;
        parser->section_bytes++;
        input->data++;
        input->bytes--;
        if (byte == ' ' && head->method_bytes > 0) {
            http_head_end_method(head);
            /* A tunnel is nothing that a function could answer (RFC 9110, 9.3.6). */
            if (slice_equal(head->request.method, SLICE("CONNECT")))
                return ERROR_REQUEST_METHOD;
            llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
            parser->llhttp.data = parser;
            enum llhttp_errno result =
                llhttp_execute(&parser->llhttp, STAND_IN_METHOD, sizeof(STAND_IN_METHOD) - 1);
            check(result == HPE_OK);
            parser->state = HTTP_PARSER_HEAD;
            return 0;
        }
        if (!byte_is(byte, BYTE_OF_TOKEN))
            return ERROR_REQUEST_MALFORMED;
        if (head->method_bytes == HTTP_METHOD_BYTES_MAX)
            return ERROR_REQUEST_METHOD;
        head->method[head->method_bytes++] = byte;
    }
    return 0;
}

/* Runs llhttp over `input` until something is found. Returns its verdict; *ret_used says how much
 * of the input it has used. */
static enum llhttp_errno run(struct http_parser *parser, struct slice input, size_t *ret_used)
{
    /* Nothing at no place would make llhttp forget that it is within a body or a field. */
    if (!input.data)
        input.data = "";
    parser->begin = input.data;
    parser->body = (struct slice){.data = NULL};
    parser->chunk_begun = parser->head_complete = parser->message_complete = false;
    if (llhttp_get_errno(&parser->llhttp) == HPE_PAUSED)
        llhttp_resume(&parser->llhttp);
    enum llhttp_errno result = llhttp_execute(&parser->llhttp, input.data, input.bytes);
    *ret_used = input.bytes;
    if (result == HPE_PAUSED)
        *ret_used = (size_t)(llhttp_get_error_pos(&parser->llhttp) - input.data);
    check(*ret_used <= input.bytes && parser->body.bytes <= input.bytes);
    return result;
}

/* What an error of llhttp means to a client. */
static int failure_of(const struct http_parser *parser, enum llhttp_errno result)
{
    if (parser->failure != 0)
        return parser->failure;
    /* "HTTP/3.0" is a version, "HTTP/x.0" is not. */
    if (result == HPE_INVALID_VERSION && parser->version_bytes == 3 && !parser->version_complete)
        return ERROR_REQUEST_VERSION;
    return ERROR_REQUEST_MALFORMED;
}

static void take(struct slice *input, size_t bytes)
{
    check(bytes <= input->bytes);
    input->data += bytes;
    input->bytes -= bytes;
}

static int complete_head(struct http_parser *parser)
{
    struct http_head_framing framing = {
        .version_minor = parser->llhttp.http_minor,
        .head_bytes = parser->section_bytes,
        .has_length = (parser->llhttp.flags & F_CONTENT_LENGTH) != 0,
        .body_bytes = parser->llhttp.content_length,
    };
    if (!parser->version_complete)
        return ERROR_REQUEST_MALFORMED;
    int code = http_head_complete(parser->head, &framing, parser->arena);
    if (code != 0)
        return code;
    /* llhttp must see the body as we do. */
    uint64_t body_bytes = parser->head->request.body_bytes;
    check((body_bytes == HTTP_LENGTH_UNKNOWN) == ((parser->llhttp.flags & F_CHUNKED) != 0));
    parser->section_bytes = 0;
    parser->state = body_bytes == 0                     ? HTTP_PARSER_NO_BODY
                    : body_bytes == HTTP_LENGTH_UNKNOWN ? HTTP_PARSER_CHUNKS
                                                        : HTTP_PARSER_BODY;
    return HTTP_PARSED_HEAD;
}

/* "GET /" and a line end, which llhttp lets through. It makes up its mind about that with the byte
 * that follows, for which such a client does not let us wait. */
static bool is_http_0_9(const struct http_parser *parser, const char *piece, size_t used)
{
    return parser->version_bytes == 0 &&
           (parser->llhttp.http_minor == 9 || (used > 0 && piece[used - 1] == '\n'));
}

/* The head, or the trailers: never more than the maximum is shown to llhttp, so the bound is met at
 * the same byte however the input is cut. */
static int take_section(struct http_parser *parser, struct slice *input)
{
    check_parser(parser);
    size_t room = parser->head_bytes_max - parser->section_bytes;
    size_t used;
    struct slice piece = {.data = input->data, .bytes = input->bytes < room ? input->bytes : room};
    enum llhttp_errno result = run(parser, piece, &used);
    if (result != HPE_OK && result != HPE_PAUSED)
        return failure_of(parser, result);
    take(input, used);
    parser->section_bytes += used;
    if (parser->state == HTTP_PARSER_HEAD && is_http_0_9(parser, piece.data, used))
        return ERROR_REQUEST_MALFORMED;
    if (parser->state == HTTP_PARSER_HEAD && parser->head_complete)
        return complete_head(parser);
    if (parser->message_complete) {
        http_head_complete_trailers(parser->head);
        parser->state = HTTP_PARSER_OVER;
        return HTTP_PARSED_END;
    }
    /* The end of trailers comes in two steps. */
    if (result == HPE_OK && parser->section_bytes == parser->head_bytes_max)
        return ERROR_REQUEST_HEADER_SIZE;
    return HTTP_PARSED_MORE;
}

/* A chunk begins, the last one perhaps: settles what the lines up to here have cost. */
static void settle_chunk(struct http_parser *parser)
{
    uint64_t chunk_bytes = parser->llhttp.content_length;
    uint64_t allowed = chunk_bytes > HTTP_CHUNK_OVERHEAD_BYTES_MAX
                           ? UINT64_MAX
                           : CHUNK_LINE_BYTES + 2 * chunk_bytes;
    uint64_t cost = parser->overhead_bytes + parser->line_bytes;
    parser->overhead_bytes = cost > allowed ? cost - allowed : 0;
    parser->line_bytes = 0;
    check_parser(parser);
    if (chunk_bytes == 0)
        parser->state = HTTP_PARSER_TRAILERS;
}

static int take_body(struct http_parser *parser, struct slice *input, struct slice *ret_body)
{
    size_t used;
    enum llhttp_errno result = run(parser, *input, &used);
    if (result != HPE_OK && result != HPE_PAUSED)
        return failure_of(parser, result);
    take(input, used);
    check(parser->body.bytes <= used);
    parser->line_bytes += used - parser->body.bytes;
    if (parser->overhead_bytes + parser->line_bytes > HTTP_CHUNK_OVERHEAD_BYTES_MAX)
        return ERROR_REQUEST_MALFORMED;
    if (parser->chunk_begun)
        settle_chunk(parser);
    if (parser->message_complete) {
        check(parser->state == HTTP_PARSER_BODY);
        parser->state = HTTP_PARSER_OVER;
        return HTTP_PARSED_END;
    }
    if (parser->body.bytes == 0)
        return HTTP_PARSED_MORE;
    *ret_body = parser->body;
    return HTTP_PARSED_BODY;
}

/* One step, which may have to be followed by another. */
static int step(struct http_parser *parser, struct slice *input, struct slice *ret_body)
{
    switch (parser->state) {
    case HTTP_PARSER_METHOD:
        return take_method(parser, input);
    case HTTP_PARSER_HEAD:
    case HTTP_PARSER_TRAILERS:
        return take_section(parser, input);
    case HTTP_PARSER_NO_BODY:
        parser->state = HTTP_PARSER_OVER;
        return HTTP_PARSED_END;
    case HTTP_PARSER_BODY:
    case HTTP_PARSER_CHUNKS:
        return take_body(parser, input, ret_body);
    case HTTP_PARSER_EMPTY_LINE:
    case HTTP_PARSER_OVER:
        break;
    }
    check(!"a request is being parsed");
    return ERROR_INTERNAL;
}

int http_parser_next(struct http_parser *parser, struct slice *input, struct slice *ret_body)
{
    /* Pointers into it are compared and moved, which NULL is not for. */
    if (!input->data)
        *input = SLICE("");
    for (;;) {
        int parsed = step(parser, input, ret_body);
        if (parsed != HTTP_PARSED_MORE)
            return parsed;
        bool paused =
            parser->state != HTTP_PARSER_METHOD && llhttp_get_errno(&parser->llhttp) == HPE_PAUSED;
        if (input->bytes == 0 && !paused)
            return HTTP_PARSED_MORE;
    }
}

void http_parser_finish(struct http_parser *parser)
{
    check(parser->state == HTTP_PARSER_OVER);
    check_parser(parser);
    parser->state = HTTP_PARSER_EMPTY_LINE;
    parser->empty_line_bytes = 0;
}

uint64_t http_parser_body_left(const struct http_parser *parser)
{
    switch (parser->state) {
    case HTTP_PARSER_NO_BODY:
    case HTTP_PARSER_OVER:
        return 0;
    case HTTP_PARSER_BODY:
        return parser->llhttp.content_length;
    default:
        return HTTP_LENGTH_UNKNOWN;
    }
}
