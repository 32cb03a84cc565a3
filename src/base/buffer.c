/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "tables/errors.h"

#define CAPACITY_MIN 256

/* What holds between any two operations. */
static void check_buffer(const struct buffer *buffer)
{
    check(buffer->begin <= buffer->end && buffer->end <= buffer->capacity);
    check(buffer->capacity <= buffer->bytes_max);
    check(buffer->memory || buffer->capacity == 0);
}

void buffer_init(struct buffer *buffer, size_t bytes_max)
{
    check(bytes_max > 0);
    *buffer = (struct buffer){.bytes_max = bytes_max};
}

void buffer_fini(struct buffer *buffer)
{
    free(buffer->memory);
    buffer_init(buffer, buffer->bytes_max);
}

/* Moves what is held to the front of its memory. */
static void compact(struct buffer *buffer)
{
    size_t held = buffer_bytes(buffer);
    if (held > 0 && buffer->begin > 0)
        memmove(buffer->memory, buffer->memory + buffer->begin, held);
    buffer->begin = 0;
    buffer->end = held;
}

/* Makes room for `bytes` at the end. */
static int make_room(struct buffer *buffer, size_t bytes)
{
    check_buffer(buffer);
    size_t held = buffer_bytes(buffer);
    if (bytes > buffer->bytes_max - held)
        return ERROR_FULL;
    if (bytes <= buffer->capacity - buffer->end)
        return 0;
    /* Moving is cheaper than growing, and is paid for by what was consumed when that is at least as
     * much as is moved. */
    if (bytes <= buffer->capacity - held &&
        (buffer->begin >= held || buffer->capacity == buffer->bytes_max)) {
        compact(buffer);
        return 0;
    }
    size_t capacity =
        buffer->capacity > buffer->bytes_max / 2 ? buffer->bytes_max : buffer->capacity * 2;
    if (capacity < CAPACITY_MIN)
        capacity = CAPACITY_MIN;
    if (capacity < held + bytes)
        capacity = held + bytes;
    if (capacity > buffer->bytes_max)
        capacity = buffer->bytes_max;
    compact(buffer);
    char *memory = realloc(buffer->memory, capacity);
    if (!memory)
        return ERROR_OUT_OF_MEMORY;
    buffer->memory = memory;
    buffer->capacity = capacity;
    check(buffer->capacity - buffer->end >= bytes);
    check_buffer(buffer);
    return 0;
}

int buffer_append(struct buffer *buffer, struct slice bytes)
{
    if (bytes.bytes == 0)
        return 0;
    int code = make_room(buffer, bytes.bytes);
    if (code)
        return code;
    memcpy(buffer->memory + buffer->end, bytes.data, bytes.bytes);
    buffer->end += bytes.bytes;
    return 0;
}

int buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int measured = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (measured < 0)
        return ERROR_INVALID_ARGUMENT;
    size_t bytes = (size_t)measured;
    if (bytes == 0)
        return 0;

    /* vsnprintf wants room for a zero that is not kept, and at the maximum there is none. */
    int code = make_room(buffer, bytes);
    if (code)
        return code;
    char *text = buffer->memory + buffer->end;
    char *whole = NULL;
    if (buffer->capacity - buffer->end == bytes) {
        whole = malloc(bytes + 1);
        if (!whole)
            return ERROR_OUT_OF_MEMORY;
    }
    va_start(arguments, format);
    int written = vsnprintf(whole ? whole : text, bytes + 1, format, arguments);
    va_end(arguments);
    check(written == measured);
    if (whole)
        memcpy(text, whole, bytes);
    free(whole);
    buffer->end += bytes;
    return 0;
}

char *buffer_reserve(struct buffer *buffer, size_t bytes)
{
    if (bytes == 0)
        bytes = 1;
    return make_room(buffer, bytes) == 0 ? buffer->memory + buffer->end : NULL;
}

void buffer_commit(struct buffer *buffer, size_t bytes)
{
    check_buffer(buffer);
    check(bytes <= buffer->capacity - buffer->end);
    buffer->end += bytes;
}

void buffer_consume(struct buffer *buffer, size_t bytes)
{
    check_buffer(buffer);
    check(bytes <= buffer_bytes(buffer));
    buffer->begin += bytes;
    if (buffer->begin == buffer->end)
        buffer->begin = buffer->end = 0;
}

void buffer_reset(struct buffer *buffer, size_t keep_bytes_max)
{
    buffer->begin = buffer->end = 0;
    if (buffer->capacity > keep_bytes_max) {
        free(buffer->memory);
        buffer->memory = NULL;
        buffer->capacity = 0;
    }
}
