/* SPDX-License-Identifier: AGPL-3.0-only */

/* A growing run of bytes that cannot be made without a maximum: taken from at the front, added to
 * at the end. What it holds lies in one piece.
 *
 * Adding past the maximum fails and changes nothing: that is the back-pressure. Memory is asked for
 * when bytes come, doubles up to the maximum, and does not grow with what merely passes through.
 *
 * Embedded; buffer_init begins its life, buffer_fini ends it. One thread. */

#ifndef FN0_BASE_BUFFER_H
#define FN0_BASE_BUFFER_H

#include <stddef.h>

#include "base/slice.h"

/* Its members are not for others. */
struct buffer {
    char *memory;
    size_t capacity;
    size_t begin; /* of what is held, in memory */
    size_t end;
    size_t bytes_max;
};

/* Begins empty; nothing is allocated. `bytes_max` over 0: what it may hold at a time. */
void buffer_init(struct buffer *buffer, size_t bytes_max);

/* Frees its memory; it is empty and can be used again. */
void buffer_fini(struct buffer *buffer);

/* What it holds; valid until something is added or freed. */
static inline struct slice buffer_slice(const struct buffer *buffer)
{
    /* Nothing may be added to NULL, not even 0. */
    return (struct slice){.data = buffer->memory ? buffer->memory + buffer->begin : NULL,
                          .bytes = buffer->end - buffer->begin};
}

/* How many bytes it holds. */
static inline size_t buffer_bytes(const struct buffer *buffer)
{
    return buffer->end - buffer->begin;
}

/* Adds bytes. Returns 0, ERROR_FULL past the maximum (nothing is added) or ERROR_OUT_OF_MEMORY. */
int buffer_append(struct buffer *buffer, struct slice bytes);

/* printf at the end. As buffer_append. */
int buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for at least `bytes` at the end, to be written by the caller and then committed. NULL as
 * buffer_append fails. */
char *buffer_reserve(struct buffer *buffer, size_t bytes);

/* Says that `bytes` of what was reserved are written. */
void buffer_commit(struct buffer *buffer, size_t bytes);

/* Drops `bytes` from the front; at most what it holds. */
void buffer_consume(struct buffer *buffer, size_t bytes);

/* Drops all but keeps its memory up to `keep_bytes_max`. */
void buffer_reset(struct buffer *buffer, size_t keep_bytes_max);

#endif
