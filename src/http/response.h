/* SPDX-License-Identifier: AGPL-3.0-only */

/* The head of a response: judged, framed, then written.
 *
 * In steps, because a handler may be told that its head will not do, and then give another one; and
 * because where the length of the body is not known, it may be known a moment later: the head is
 * written in two parts, the front with the handler's fields, and the tail that says how the body is
 * framed, which can wait until the first byte has to leave.
 *
 * Pure functions of their arguments; any thread; nothing is allocated. */

#ifndef FN0_HTTP_RESPONSE_H
#define FN0_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/field.h"

/* How the client sees where the body ends (RFC 9112, 6.3). */
enum http_framing {
    HTTP_FRAMING_NO_BODY, /* HEAD, 204, 205, 304: what is written is thrown away */
    HTTP_FRAMING_LENGTH,
    HTTP_FRAMING_CHUNKED,
    HTTP_FRAMING_UNTIL_CLOSE,
};

/* A response on its way from what the handler wants to bytes. What is given is set by the caller,
 * the rest by the functions below. */
struct http_response {
    /* Given: what the handler wants. Borrowed until the head is written. */
    uint32_t status; /* 200 to 999 */
    const struct field *fields;
    size_t count;
    uint64_t body_bytes;    /* or HTTP_LENGTH_UNKNOWN */
    struct slice date_line; /* a whole Date field, for answers without one */
    /* Given: the request that is answered. */
    bool to_head;
    unsigned version_minor;
    bool keep_alive; /* the connection goes on if the answer lets it */
    /* Decided. */
    enum http_framing framing;
    bool states_length;
    uint64_t length; /* where stated or framed by it */
    bool adds_date;
    size_t front_bytes;
    struct http_connection_options connection; /* of the handler's fields */
};

/* Decides. Returns 0, or ERROR_RESPONSE_INVALID: a status out of range (1xx are not final), bytes
 * that a name or value may not have, a Content-Length that is none, or that contradicts another one
 * or `body_bytes`. */
int http_response_decide(struct http_response *response);

/* The body of a response framed otherwise turns out to have this length: it is framed by it. */
void http_response_set_length(struct http_response *response, uint64_t length);

/* Whether the connection goes on after this response, as it is framed now. */
bool http_response_keeps_alive(const struct http_response *response);

/* Writes the front, `front_bytes`: all of the head that does not depend on the framing. */
void http_response_write_front(const struct http_response *response, char *memory);

/* No tail is longer. */
#define HTTP_RESPONSE_TAIL_BYTES_MAX 80

/* Writes the rest of the head, for the framing as it is now, up to the empty line. Returns its
 * length. */
size_t http_response_write_tail(const struct http_response *response,
                                char memory[HTTP_RESPONSE_TAIL_BYTES_MAX]);

#define HTTP_CHUNK_LINE_BYTES_MAX 18

/* Writes the line before a chunk's data. `bytes` over 0. Returns its length. */
size_t http_chunk_line_write(size_t bytes, char memory[HTTP_CHUNK_LINE_BYTES_MAX]);

/* How many bytes http_trailers_write will write: the last chunk, the trailers that may be sent, and
 * the empty line. 0: a name or value is not valid. */
size_t http_trailers_bytes(const struct field *trailers, size_t count);

/* Writes them. */
void http_trailers_write(const struct field *trailers, size_t count, char *memory);

#endif
