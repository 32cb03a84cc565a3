/* SPDX-License-Identifier: AGPL-3.0-only */

#include "observe/function_log.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/list.h"
#include "observe/line_level.h"

#define BUCKETS 256 /* a power of two */

static_assert((BUCKETS & (BUCKETS - 1)) == 0, "buckets are found by a mask");
static_assert(FUNCTION_LOG_LINE_BYTES_MAX <= FUNCTION_LOG_CALL_BYTES_MAX,
              "a call may write a whole line");

/* A call that has written something. */
struct writer {
    struct list link; /* of its bucket */
    const char *function;
    struct slice request_id;
    struct stream {
        struct buffer unfinished;
        bool is_stderr;
        bool within;          /* a line, of which a part was logged */
        enum log_level level; /* of that line */
    } streams[2];             /* stdout and stderr */
    uint64_t bytes;
    uint64_t bytes_dropped;
    char memory[]; /* of function and request_id */
};

struct function_log {
    struct log *log;
    size_t writers;
    struct list buckets[BUCKETS];
};

int function_log_create(struct log *log, struct function_log **ret_log, struct error *error)
{
    struct function_log *functions = malloc(sizeof(*functions));
    if (!functions)
        return error_set_memory(error);
    functions->log = log;
    functions->writers = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&functions->buckets[i]);
    *ret_log = functions;
    return 0;
}

static void write_at(struct function_log *log, enum log_level level, const char *function,
                     struct slice request_id, bool is_stderr, struct slice line)
{
    LOG(log->log, level, "output", log_string("function", function),
        log_text("request_id", request_id), log_string("stream", is_stderr ? "stderr" : "stdout"),
        log_text("line", line));
}

/* Writes a line or a part of one; `whole`: the line has no more. */
static void write_line(struct function_log *log, const struct writer *writer, struct stream *stream,
                       struct slice line, bool whole)
{
    if (!stream->within)
        stream->level = line_level(&line, stream->is_stderr);
    stream->within = !whole;
    write_at(log, stream->level, writer->function, writer->request_id, stream->is_stderr, line);
}

/* Writes what stands unfinished as a line. */
static void flush(struct function_log *log, struct writer *writer, struct stream *stream)
{
    struct buffer *buffer = &stream->unfinished;
    if (buffer_bytes(buffer) == 0)
        return;
    write_line(log, writer, stream, buffer_slice(buffer), false);
    buffer_consume(buffer, buffer_bytes(buffer));
}

static void end_writer(struct function_log *log, struct writer *writer)
{
    flush(log, writer, &writer->streams[0]);
    flush(log, writer, &writer->streams[1]);
    if (writer->bytes_dropped > 0)
        LOG(log->log, LOG_WARNING, "output dropped", log_string("function", writer->function),
            log_text("request_id", writer->request_id),
            log_number("dropped_bytes", writer->bytes_dropped),
            log_number("limit_bytes", FUNCTION_LOG_CALL_BYTES_MAX));
    list_remove(&writer->link);
    buffer_fini(&writer->streams[0].unfinished);
    buffer_fini(&writer->streams[1].unfinished);
    free(writer);
    check(log->writers > 0);
    log->writers--;
}

void function_log_destroy(struct function_log *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (!list_empty(&log->buckets[i]))
            end_writer(log, container_of(log->buckets[i].next, struct writer, link));
    }
    check(log->writers == 0);
    free(log);
}

/* FNV-1a: the ids are random numbers mostly, and a chain that a proxy makes long harms itself. */
static struct list *bucket_of(struct function_log *log, struct slice request_id)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < request_id.bytes; i++)
        hash = (hash ^ (uint8_t)request_id.data[i]) * 16777619u;
    return &log->buckets[hash & (BUCKETS - 1)];
}

static struct writer *find_writer(struct function_log *log, const char *function,
                                  struct slice request_id)
{
    if (log->writers == 0)
        return NULL;
    struct list *bucket = bucket_of(log, request_id);
    for (struct list *link = bucket->next; link != bucket; link = link->next) {
        struct writer *writer = container_of(link, struct writer, link);
        if (slice_equal(writer->request_id, request_id) && strcmp(writer->function, function) == 0)
            return writer;
    }
    return NULL;
}

static struct writer *make_writer(struct function_log *log, const char *function,
                                  struct slice request_id)
{
    size_t name_bytes = strlen(function) + 1;
    struct writer *writer = malloc(sizeof(*writer) + name_bytes + request_id.bytes);
    if (!writer)
        return NULL;
    memcpy(writer->memory, function, name_bytes);
    if (request_id.bytes > 0)
        memcpy(writer->memory + name_bytes, request_id.data, request_id.bytes);
    writer->function = writer->memory;
    writer->request_id =
        (struct slice){.data = writer->memory + name_bytes, .bytes = request_id.bytes};
    for (int i = 0; i < 2; i++) {
        writer->streams[i] = (struct stream){.is_stderr = i == 1};
        buffer_init(&writer->streams[i].unfinished, FUNCTION_LOG_LINE_BYTES_MAX);
    }
    writer->bytes = 0;
    writer->bytes_dropped = 0;
    list_init(&writer->link);
    list_push_back(bucket_of(log, request_id), &writer->link);
    log->writers++;
    return writer;
}

static struct slice without_carriage_return(struct slice line)
{
    if (line.bytes > 0 && line.data[line.bytes - 1] == '\r')
        line.bytes--;
    return line;
}

/* Adds to the unfinished line. */
static void keep(struct function_log *log, struct writer *writer, struct stream *stream,
                 struct slice data)
{
    if (data.bytes == 0)
        return;
    if (buffer_append(&stream->unfinished, data) < 0) {
        flush(log, writer, stream);
        write_line(log, writer, stream, data, false);
    }
}

/* `data` ends a line, or (not `whole`) is all of it that fits. */
static void finish_line(struct function_log *log, struct writer *writer, struct stream *stream,
                        struct slice data, bool whole)
{
    struct buffer *buffer = &stream->unfinished;
    if (buffer_bytes(buffer) == 0) {
        write_line(log, writer, stream, without_carriage_return(data), whole);
        return;
    }
    keep(log, writer, stream, data);
    struct slice line = without_carriage_return(buffer_slice(buffer));
    if (buffer_bytes(buffer) > 0)
        write_line(log, writer, stream, line, whole);
    buffer_consume(buffer, buffer_bytes(buffer));
    stream->within = !whole;
}

/* Takes what a call may still write off the front of what it writes. */
static struct slice within_bounds(struct writer *writer, struct slice data)
{
    check(writer->bytes <= FUNCTION_LOG_CALL_BYTES_MAX);
    uint64_t room = FUNCTION_LOG_CALL_BYTES_MAX - writer->bytes;
    if (data.bytes > room) {
        writer->bytes_dropped += data.bytes - room;
        data.bytes = room;
    }
    writer->bytes += data.bytes;
    return data;
}

void function_log_write(struct function_log *log, const char *function, struct slice request_id,
                        bool is_stderr, struct slice data)
{
    /* Any line may be an error. */
    if (!log_enabled(log->log, LOG_ERROR))
        return;
    struct writer *writer = find_writer(log, function, request_id);
    if (!writer)
        writer = make_writer(log, function, request_id);
    if (!writer) {
        write_at(log, line_level(&data, is_stderr), function, request_id, is_stderr, data);
        return;
    }
    data = within_bounds(writer, data);
    struct stream *stream = &writer->streams[is_stderr];
    while (data.bytes > 0) {
        size_t room = FUNCTION_LOG_LINE_BYTES_MAX - buffer_bytes(&stream->unfinished);
        /* One more than fits: the end of a line that fills the room exactly. */
        size_t looked_at = data.bytes <= room ? data.bytes : room + 1;
        check(looked_at > 0 && looked_at <= data.bytes);
        const char *end = memchr(data.data, '\n', looked_at);
        size_t bytes = end ? (size_t)(end - data.data) : looked_at;
        if (!end && bytes > room)
            bytes = room;
        struct slice piece = {.data = data.data, .bytes = bytes};
        if (end || bytes < data.bytes)
            finish_line(log, writer, stream, piece, end != NULL);
        else
            keep(log, writer, stream, piece);
        bytes += end != NULL;
        data.data += bytes;
        data.bytes -= bytes;
    }
}

void function_log_end(struct function_log *log, const char *function, struct slice request_id)
{
    struct writer *writer = find_writer(log, function, request_id);
    if (writer)
        end_writer(log, writer);
}
