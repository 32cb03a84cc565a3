/* SPDX-License-Identifier: AGPL-3.0-only */

/* The access log: one record of each exchange, when it is over, and the line that is made of it.
 * What only the gateway knows of an exchange (its function, its id, what the call used) waits for
 * that in a note in the request's arena.
 *
 * Life of a note: made when the request arrives, or when the server refuses it; found again by
 * http_handler.done through the request; gone with the arena. So a request that has no line (the
 * log is off) costs no more than those few bytes.
 *
 * The line leaves out the target's query, which may hold what is nobody's business, and cuts a path
 * that is longer than a line should be.
 *
 * Threads: the worker's. */

#ifndef FN0_GATEWAY_ACCESS_H
#define FN0_GATEWAY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/slice.h"
#include "http/server.h"

/* What the line says beside what http knows. */
struct access_note {
    const char *function;    /* the name; NULL where none was found */
    struct slice request_id; /* in the request's arena */
    int code;                /* why the gateway failed it, else 0 */
    bool asset;              /* a file was the answer */
    bool measured;           /* a call was run, and the rest is known */
    uint64_t cpu_ns;
    uint64_t memory_bytes;
};

/* An exchange that is over. Its slices are good as long as the request. */
struct access_record {
    struct slice method; /* empty where the head was not understood, as the next */
    struct slice path;   /* without the query; cut where longer than a line should be */
    struct slice client;
    struct slice request_id;
    const char *function; /* NULL where none was found */
    uint32_t status;      /* 0: none was sent */
    uint64_t body_bytes;  /* of the response, as sent */
    uint64_t duration_ns; /* since the request's first byte */
    int code;             /* why it failed, else 0 */
    bool asset;           /* a file was the answer, and no call was run */
    bool measured;   /* a call was run; the rest is what it had used when its response was over */
    uint64_t cpu_ns; /* of the handler, without the instance's start */
    uint64_t memory_bytes; /* of its instance */
};

/* Who is told each record as well as the log; on the thread of each worker, so by several at a
 * time. */
struct access_sink {
    void *context;
    void (*write)(void *context, const struct access_record *record);
};

/* Makes the exchange's note, with a copy of `request_id`, and sets it. NULL when there is no memory
 * or no arena (a head that was not understood): the line then lacks these. */
struct access_note *access_note_make(struct http_exchange *exchange, struct slice request_id);

/* Makes the record of an exchange: the gateway's reason stands above the server's. The arguments
 * are those of http_handler.done. */
struct access_record access_record_make(const struct http_request *request, uint32_t status,
                                        uint64_t body_bytes, uint64_t duration_ns, int code);

/* Writes the line "request": method, path, status, bytes of body, milliseconds, function, request
 * id, client; CPU time and memory, where a call was run; and why it failed, where it did. */
void access_write(struct log *log, const struct access_record *record);

#endif
