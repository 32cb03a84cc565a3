/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/access.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

/* A path may be as long as a head; a line of the log may not. */
#define ACCESS_PATH_BYTES_MAX 1024

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
    const char *query = target.bytes ? memchr(target.data, '?', target.bytes) : NULL;
    if (query)
        target.bytes = (size_t)(query - target.data);
    if (target.bytes > ACCESS_PATH_BYTES_MAX)
        target.bytes = ACCESS_PATH_BYTES_MAX;
    return target;
}

void access_write(struct log *log, const struct http_request *request, uint32_t status,
                  uint64_t body_bytes, uint64_t duration_ns, int code)
{
    static const struct http_request unknown = {0};
    static const struct access_note nothing = {0};
    if (!log_enabled(log, LOG_INFO))
        return;
    if (!request)
        request = &unknown;
    const struct access_note *note = request->note ? request->note : &nothing;
    if (note->code != 0)
        code = note->code;
    struct slice path = path_of(request->path_with_query);
    struct log_field fields[] = {
        log_text("method", request->method),
        log_text("path", path),
        log_number("status", status),
        log_number("bytes", body_bytes),
        log_real("duration_ms", (double)duration_ns / (double)NANOSECONDS_PER_MILLISECOND),
        log_string("function", note->function),
        log_text("request_id", note->request_id),
        log_text("client", request->peer_host),
        log_string("error", code == 0 ? NULL : error_info(code)->label),
    };
    size_t count = sizeof(fields) / sizeof(fields[0]);
    log_write(log, LOG_INFO, "request", fields, code == 0 ? count - 1 : count);
}
