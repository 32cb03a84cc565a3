/* SPDX-License-Identifier: AGPL-3.0-only */

/* The head and the trailers of a response, gathered line by line as libcurl hands them over (RFC
 * 9112, 4 and 5): names in lower case, values without surrounding space, folded lines joined,
 * interim (1xx) heads passed over, hop-by-hop and framing fields taken out. Bounded. Used by
 * io/client.c; one thread.
 *
 * Life: init, then a line at a time. When `complete`, the members of the head mean something; lines
 * after that are trailers. What the slices point at lives until fini. */

#ifndef FN0_IO_RESPONSE_HEAD_H
#define FN0_IO_RESPONSE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* A list of fields that grows in an arena. */
struct response_fields {
    struct field *items;
    size_t count;
    size_t capacity;
};

/* The body is chunked, or ends with the connection. (Of an answer to HEAD nothing of this is true.)
 */
#define RESPONSE_LENGTH_UNKNOWN UINT64_MAX

/* What was gathered so far. `status`, `closes`, `content_length` and `fields` mean something when
 * `complete`, `trailers` when the body has ended. */
struct response_head {
    struct arena arena;
    size_t bytes_max; /* of the head, interim ones included; and of the trailers again */
    size_t bytes;
    bool begun; /* a status line came */
    bool interim;
    bool complete;
    bool closes; /* the server closes the connection after it */
    uint32_t status;
    uint64_t content_length; /* 0 where the status has no body; else see RESPONSE_LENGTH_UNKNOWN */
    struct response_fields fields;
    struct response_fields trailers;
};

/* What came of a line. All but FINE are final. */
enum response_head_result {
    RESPONSE_HEAD_FINE,
    RESPONSE_HEAD_TOO_LARGE,
    RESPONSE_HEAD_MALFORMED, /* no HTTP/1, ambiguous lengths, bytes that a field may not have */
    RESPONSE_HEAD_NO_MEMORY,
};

/* Begins; `bytes_max` over 0. */
void response_head_init(struct response_head *head, size_t bytes_max);

/* Frees all. */
void response_head_fini(struct response_head *head);

/* Takes one line with its line end. After another answer than FINE nothing may be added. */
enum response_head_result response_head_line(struct response_head *head, struct slice line);

#endif
