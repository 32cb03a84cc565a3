/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/access.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

/* A path may be as long as a head; a line of the log may not. */
#define ACCESS_PATH_BYTES_MAX 1024

/* Of a line. */
#define FIELDS_ALWAYS 8
#define FIELDS_MAX (FIELDS_ALWAYS + 4)

struct access_note *access_note_make(struct http_exchange *exchange, struct slice request_id)
{
    const struct http_request *request = http_exchange_request(exchange);
    if (!request || !request->arena)
        return NULL;
    struct access_note *note = arena_allocate(request->arena, sizeof(*note));
    struct slice copy = arena_copy(request->arena, request_id);
    if (!note || !copy.data)
        return NULL;
    *note = (struct access_note){.request_id = copy};
    http_exchange_set_note(exchange, note);
    return note;
}

/* The path without its query, which may hold what is nobody's business. */
static struct slice path_of(struct slice target)
{
    struct slice path = slice_before(target, '?');
    if (path.bytes > ACCESS_PATH_BYTES_MAX)
        path.bytes = ACCESS_PATH_BYTES_MAX;
    return path;
}

struct access_record access_record_make(const struct http_request *request, uint32_t status,
                                        uint64_t body_bytes, uint64_t duration_ns, int code)
{
    static const struct http_request unknown = {0};
    static const struct access_note nothing = {0};
    if (!request)
        request = &unknown;
    const struct access_note *note = request->note ? request->note : &nothing;
    return (struct access_record){
        .method = request->method,
        .path = path_of(request->path_with_query),
        .client = request->peer_host,
        .request_id = note->request_id,
        .function = note->function,
        .status = status,
        .body_bytes = body_bytes,
        .duration_ns = duration_ns,
        .code = note->code != 0 ? note->code : code,
        .asset = note->asset,
        .measured = note->measured,
        .cpu_ns = note->cpu_ns,
        .memory_bytes = note->memory_bytes,
    };
}

static double milliseconds(uint64_t ns)
{
    return (double)ns / (double)NANOSECONDS_PER_MILLISECOND;
}

void access_write(struct log *log, const struct access_record *record)
{
    if (!log_enabled(log, LOG_INFO))
        return;
    struct log_field fields[FIELDS_MAX] = {
        log_text("method", record->method),
        log_text("path", record->path),
        log_number("status", record->status),
        log_number("bytes", record->body_bytes),
        log_real("duration_ms", milliseconds(record->duration_ns)),
        log_string("function", record->function),
        log_text("request_id", record->request_id),
        log_text("client", record->client),
    };
    size_t count = FIELDS_ALWAYS;
    if (record->asset)
        fields[count++] = log_string("served", "asset");
    if (record->measured) {
        fields[count++] = log_real("cpu_ms", milliseconds(record->cpu_ns));
        fields[count++] = log_number("memory_bytes", record->memory_bytes);
    }
    if (record->code != 0)
        fields[count++] = log_string("error", error_info(record->code)->label);
    log_write(log, LOG_INFO, "request", fields, count);
}
