/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a parser makes of the bytes of a connection, as text: requests, bodies, trailers, and the
 * error at which it stopped. The text does not show how the bytes were cut into pieces, so it must
 * be the same however they were. Used by the parser's tests and its fuzzer. */

#ifndef FN0_TESTS_TRANSCRIPT_H
#define FN0_TESTS_TRANSCRIPT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/field_syntax.h"
#include "http/field.h"
#include "http/parser.h"
#include "tables/errors.h"

/* How many bytes the parser is shown next; at least 1. `left`: those there are. */
typedef size_t (*transcript_cut)(void *context, size_t left);

struct transcript {
    struct http_parser parser;
    struct http_head head;
    struct arena arena;
    struct buffer text;
    bool in_body;
};

static inline void transcript_add_fields(struct transcript *transcript, const char *what,
                                         const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(token_valid(fields[i].name) && field_value_valid(fields[i].value));
        check(buffer_print(&transcript->text, "%s %.*s=%.*s\n", what, (int)fields[i].name.bytes,
                           fields[i].name.data, (int)fields[i].value.bytes,
                           fields[i].value.bytes ? fields[i].value.data : "") == 0);
    }
}

/* A head; also that it is what the contract says a head is. */
static inline void transcript_add_head(struct transcript *transcript)
{
    const struct http_request *request = &transcript->head.request;
    check(token_valid(request->method));
    check(request->path_with_query.bytes > 0 && http_path_valid(request->path_with_query));
    check(request->path_with_query.data[0] == '/' ||
          (slice_equal(request->path_with_query, SLICE("*")) &&
           slice_equal(request->method, SLICE("OPTIONS"))));
    check(request->authority.bytes > 0 || request->version_minor == 0);
    check(request->authority.bytes == 0 || http_authority_valid(request->authority));
    check(request->version_minor <= 1 && request->head_bytes <= transcript->parser.head_bytes_max);
    check(buffer_print(
              &transcript->text, "%.*s %.*s 1.%u @%.*s length=%" PRId64 " head=%zu%s%s\n",
              (int)request->method.bytes, request->method.data, (int)request->path_with_query.bytes,
              request->path_with_query.data, request->version_minor, (int)request->authority.bytes,
              request->authority.bytes ? request->authority.data : "", (int64_t)request->body_bytes,
              request->head_bytes, transcript->head.keep_alive ? "" : " close",
              request->expects_continue ? " expects" : "") == 0);
    transcript_add_fields(transcript, "field", request->fields, request->field_count);
    for (size_t i = 0; i < request->field_count; i++) {
        enum http_field_kind kind = http_field_kind(request->fields[i].name);
        check(kind == HTTP_FIELD_END_TO_END || kind == HTTP_FIELD_DATE);
    }
}

/* Goes on with `input`. Returns 0 when it is used up, 1 at the end of a request, or the error. */
static inline int transcript_request(struct transcript *transcript, struct slice *input)
{
    for (;;) {
        struct slice body = {.data = NULL};
        int parsed = http_parser_next(&transcript->parser, input, &body);
        switch (parsed) {
        case HTTP_PARSED_MORE:
            check(input->bytes == 0);
            return 0;
        case HTTP_PARSED_HEAD:
            transcript_add_head(transcript);
            break;
        case HTTP_PARSED_BODY:
            check(body.bytes > 0);
            if (!transcript->in_body)
                check(buffer_append(&transcript->text, SLICE("body ")) == 0);
            transcript->in_body = true;
            check(buffer_append(&transcript->text, body) == 0);
            break;
        case HTTP_PARSED_END:
            check(buffer_print(&transcript->text, "%send\n", transcript->in_body ? "\n" : "") == 0);
            transcript_add_fields(transcript, "trailer", transcript->head.trailers.fields,
                                  transcript->head.trailers.count);
            return 1;
        default:
            check(parsed < 0);
            return parsed;
        }
    }
}

/* Shows one piece to the parser. Returns 0 or the error. */
static inline int transcript_piece(struct transcript *transcript, struct slice input, bool *begun)
{
    while (*begun || input.bytes > 0) {
        if (!*begun) {
            int code = http_parser_skip_empty_line(&transcript->parser, &input);
            if (code != 0 || input.bytes == 0)
                return code;
            http_head_reset(&transcript->head);
            arena_reset(&transcript->arena);
            transcript->in_body = false;
            http_parser_begin(&transcript->parser, &transcript->head, &transcript->arena);
            *begun = true;
        }
        int state = transcript_request(transcript, &input);
        if (state <= 0)
            return state;
        http_parser_finish(&transcript->parser);
        *begun = false;
    }
    return 0;
}

/* The transcript of `input`, cut as `cut` says (NULL: not at all). The caller frees it. */
static inline char *transcript_make(struct slice input, size_t head_bytes_max, transcript_cut cut,
                                    void *context)
{
    struct transcript transcript = {.in_body = false};
    bool begun = false;
    int code = 0;
    http_parser_init(&transcript.parser, head_bytes_max);
    http_head_init(&transcript.head, head_bytes_max);
    arena_init(&transcript.arena, 1 << 20);
    buffer_init(&transcript.text, 16 << 20);
    while (input.bytes > 0 && code == 0) {
        size_t bytes = cut ? cut(context, input.bytes) : input.bytes;
        check(bytes > 0 && bytes <= input.bytes);
        /* Memory of its own, so that a sanitizer sees a read beyond the piece. */
        char *piece = malloc(bytes);
        check(piece);
        memcpy(piece, input.data, bytes);
        code = transcript_piece(&transcript, (struct slice){.data = piece, .bytes = bytes}, &begun);
        free(piece);
        input.data += bytes;
        input.bytes -= bytes;
    }
    if (code != 0)
        check(buffer_print(&transcript.text, "%s%s\n", transcript.in_body ? "\n" : "",
                           error_info(code)->name) == 0);
    else if (begun)
        check(buffer_print(&transcript.text, "%s…\n", transcript.in_body ? "\n" : "") == 0);
    struct slice text = buffer_slice(&transcript.text);
    char *copy = malloc(text.bytes + 1);
    check(copy);
    if (text.bytes > 0)
        memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    http_head_fini(&transcript.head);
    arena_fini(&transcript.arena);
    buffer_fini(&transcript.text);
    return copy;
}

#endif
