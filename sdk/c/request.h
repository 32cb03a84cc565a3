/* SPDX-License-Identifier: Apache-2.0 */

/* What the library's files have in common; not for functions. */

#ifndef FN0_REQUEST_H
#define FN0_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fn0.h"
#include "function.h"

/* What a host takes at once, and what is read at once. */
#define WRITE_BYTES_MAX 4096
#define READ_BYTES 65536

/* One piece of memory that is freed with the request. */
struct piece {
    struct piece *next;
    max_align_t memory[];
};

/* Memory that is freed with the request; never NULL. */
void *request_take(struct fn0_request *request, size_t bytes);
char *request_copy(struct fn0_request *request, const void *data, size_t bytes);

/* Where the list of its fetches begins. */
struct fn0_fetch **request_fetches(struct fn0_request *request);

/* Ends them all. */
void fetches_end(struct fn0_request *request);

/* The bindings' text, borrowed. */
static inline function_string_t text_of(const char *text)
{
    return (function_string_t){.ptr = (uint8_t *)text, .len = strlen(text)};
}

/* ---- Fields ---- */

const char *fields_find(struct fn0_request *request, wasi_http_types_own_headers_t fields,
                        const char *name);
bool fields_add(wasi_http_types_own_fields_t fields, const char *name, const char *value);

/* ---- A body that comes in ---- */

struct body {
    wasi_http_types_own_incoming_body_t incoming;
    wasi_io_streams_own_input_stream_t stream;
    bool open;  /* the two above are there */
    bool cut;   /* it ended too early */
    char *text; /* what body_whole has read */
    size_t bytes;
    size_t capacity;
};

/* Takes over what is handed to it. */
void body_open(struct body *body, wasi_http_types_own_incoming_body_t incoming);

/* Waits for a piece, which the caller frees; empty at the end. False where it was cut off. */
bool body_read(struct body *body, size_t bytes, function_list_u8_t *ret_piece);

/* Waits for all that has not been read; terminated. NULL where it was cut off. */
const char *body_whole(struct body *body, size_t *ret_bytes);

void body_close(struct body *body);

/* ---- One that goes out ---- */

/* False where nobody takes it. */
bool stream_write(wasi_io_streams_own_output_stream_t stream, const void *data, size_t bytes);

#endif
