/* SPDX-License-Identifier: AGPL-3.0-only */

/* The access log: one line for each exchange, when it is over. What only the gateway knows of an
 * exchange (its function, its id) waits for that in a note in the request's arena.
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

#include <stdint.h>

#include "base/log.h"
#include "base/slice.h"
#include "http/server.h"

/* What the line says beside what http knows. */
struct access_note {
    const char *function;    /* the name; NULL where none was found */
    struct slice request_id; /* in the request's arena */
    int code;                /* why the gateway failed it, else 0 */
};

/* Makes the exchange's note, with a copy of `request_id`, and sets it. NULL when there is no memory
 * or no arena (a head that was not understood): the line then lacks these. */
struct access_note *access_note_make(struct http_exchange *exchange, struct slice request_id);

/* Writes the line "request": method, path, status (0: none was sent), bytes of body, milliseconds,
 * function, request id, client; and why it failed, where it did: the gateway's reason stands above
 * the server's. The arguments are those of http_handler.done. */
void access_write(struct log *log, const struct http_request *request, uint32_t status,
                  uint64_t body_bytes, uint64_t duration_ns, int code);

#endif
