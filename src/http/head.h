/* SPDX-License-Identifier: AGPL-3.0-only */

/* The head of one request, and its trailers: gathered by the parser, then judged as a whole.
 *
 * What llhttp cannot judge is judged here: one valid Host (RFC 9112, 3.2), the form of the target
 * (3.2.1 to 3.2.4), transfer codings (6.1), Expect (RFC 9110, 10.1.1), Connection (7.6.1). Fields
 * that are not for the other end are taken out.
 *
 * Embedded, one thread. Reset from request to request, it keeps its memory. */

#ifndef FN0_HTTP_HEAD_H
#define FN0_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "http/field_list.h"
#include "http/server.h"

/* A longer method is refused with 501 (RFC 9112, 3). The longest registered one has 17. */
#define HTTP_METHOD_BYTES_MAX 32

/* `method` and `target` as they came; the fields of header and trailers in lists of their own,
 * since trailers grow while the handler holds on to the header. */
struct http_head {
    char method[HTTP_METHOD_BYTES_MAX];
    size_t method_bytes;
    struct buffer target;
    struct http_field_list header;
    struct http_field_list trailers;
    /* Set by http_head_complete, but for `peer`, `peer_host` and `arena`; before that only the
     * method is. */
    struct http_request request;
    bool keep_alive; /* as far as the client is concerned */
};

/* How the request line and llhttp say that the message is framed. */
struct http_head_framing {
    unsigned version_minor;
    size_t head_bytes;
    bool has_length;
    uint64_t body_bytes; /* of Content-Length */
};

/* Begins empty; nothing is allocated. `head_bytes_max` over 0: of the header, and of the trailers.
 */
void http_head_init(struct http_head *head, size_t head_bytes_max);

/* Frees its memory. */
void http_head_fini(struct http_head *head);

/* Ready for the next request; what `request` pointed at is invalid. Keeps ordinary memory. */
void http_head_reset(struct http_head *head);

/* The method is whole: `request.method` is set. */
void http_head_end_method(struct http_head *head);

/* All of the head is gathered: judges it and makes `request`, which points into the head. `arena`,
 * kept as request.arena, takes what cannot be pointed at. Returns 0, ERROR_REQUEST_MALFORMED,
 * ERROR_REQUEST_HOST, ERROR_REQUEST_EXPECTATION (`request` is whole then) or
 * ERROR_OUT_OF_MEMORY. */
int http_head_complete(struct http_head *head, const struct http_head_framing *framing,
                       struct arena *arena);

/* All trailers are gathered: makes `trailers` valid, without those that must not be there (RFC
 * 9110, 6.5.1): framing, routing, and what is for this hop. */
void http_head_complete_trailers(struct http_head *head);

#endif
