/* SPDX-License-Identifier: AGPL-3.0-only */

/* From bytes to requests: llhttp in its strict form, with what it leaves to its user around it.
 *
 * Bytes go in, one event at a time comes out; no socket, no clock, no callback. How the bytes were
 * cut into pieces changes nothing but where body pieces end: same heads, same body, same trailers,
 * same error. (The fuzzer holds it to that.)
 *
 * Added to llhttp: any method that is a token, one blank between the parts of the request line,
 * HTTP/1.0 and 1.1 only (505), one empty line before a request (RFC 9112, 2.2), bounds on the head,
 * on the trailers and on what chunks may cost, and all that http/head.h judges.
 *
 * A parser is embedded in its connection and used by one thread. For each request:
 * http_parser_begin, then http_parser_next until HTTP_PARSED_END or an error, which is final. */

#ifndef FN0_HTTP_PARSER_H
#define FN0_HTTP_PARSER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "http/head.h"

/* What the lines of chunks may cost beyond 16 bytes a chunk and twice its data, over a whole body:
 * so extensions and leading zeros cannot keep a connection busy for ever without a body coming. */
#define HTTP_CHUNK_OVERHEAD_BYTES_MAX 16384

/* What has been found. Negative instead: an error of ERROR_REQUEST_… or ERROR_OUT_OF_MEMORY. */
enum http_parsed {
    HTTP_PARSED_MORE, /* the input is used up */
    HTTP_PARSED_HEAD, /* the head's `request` is whole */
    HTTP_PARSED_BODY, /* a piece of the body */
    HTTP_PARSED_END,  /* the request is whole, `trailers` of the head valid */
};

/* All fields are its own. */
struct http_parser {
    llhttp_t llhttp;
    struct http_head *head;
    struct arena *arena;
    size_t head_bytes_max;
    enum {
        HTTP_PARSER_EMPTY_LINE, /* before a request: an empty line may come */
        HTTP_PARSER_METHOD,
        HTTP_PARSER_HEAD,
        HTTP_PARSER_NO_BODY,
        HTTP_PARSER_BODY, /* of Content-Length */
        HTTP_PARSER_CHUNKS,
        HTTP_PARSER_TRAILERS,
        HTTP_PARSER_OVER,
    } state;
    unsigned empty_line_bytes;
    size_t section_bytes; /* of the head or the trailers, so far */
    char version[4];      /* "1.1" */
    unsigned version_bytes;
    bool version_complete;
    uint64_t line_bytes;     /* around chunks, since the last chunk began */
    uint64_t overhead_bytes; /* of earlier chunks, above what they may cost */
    int failure;             /* why a callback stopped llhttp */
    /* Of one run of llhttp. */
    const char *begin;
    struct slice body;
    bool chunk_begun;
    bool head_complete;
    bool message_complete;
};

/* Ready for the bytes of the first request. `head_bytes_max` over 0: of the request line with the
 * header, and of the trailers, as they are on the wire; LIMIT_NONE: none. */
void http_parser_init(struct http_parser *parser, size_t head_bytes_max);

/* Takes an empty line, and no more than one, off the front of *input, as long as no request has
 * begun. Returns 0 (where input is left, a request begins: call http_parser_begin) or
 * ERROR_REQUEST_MALFORMED. */
int http_parser_skip_empty_line(struct http_parser *parser, struct slice *input);

/* Begins a request, gathered in `head`, which must be reset; `arena` as in http_head_complete. Both
 * are borrowed until the next begin. */
void http_parser_begin(struct http_parser *parser, struct http_head *head, struct arena *arena);

/* Goes on with *input and takes off its front what was used. Returns an enum http_parsed: call it
 * again, also with an empty input, until it says HTTP_PARSED_MORE. *ret_body is set with
 * HTTP_PARSED_BODY and points into the input; it is never empty.
 *
 * Errors, after which the parser must not be asked again:
 *   ERROR_REQUEST_MALFORMED     not HTTP/1.x, or ambiguous, or too dear (see above)
 *   ERROR_REQUEST_VERSION       another version
 *   ERROR_REQUEST_METHOD        CONNECT, or too long
 *   ERROR_REQUEST_HEADER_SIZE   head or trailers too large, or too many fields
 *   ERROR_REQUEST_HOST, ERROR_REQUEST_EXPECTATION, ERROR_OUT_OF_MEMORY: see http_head_complete */
int http_parser_next(struct http_parser *parser, struct slice *input, struct slice *ret_body);

/* The request is over: an empty line may come, or the next request begin. */
void http_parser_finish(struct http_parser *parser);

/* How much of the body's announced length is still to come; HTTP_LENGTH_UNKNOWN when chunked. After
 * HTTP_PARSED_HEAD only. */
uint64_t http_parser_body_left(const struct http_parser *parser);

#endif
