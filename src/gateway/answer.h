/* SPDX-License-Identifier: AGPL-3.0-only */

/* The answers that fn0 itself makes, for every error whose row in tables/errors.h has a status.
 *
 * A short line of text/plain, or application/problem+json (RFC 9457) where the client names JSON in
 * Accept; each with the request's id, with Proxy-Status (RFC 9209) that names the error, and with
 * Retry-After where trying again may help. What a client is shown comes from the error's row only:
 * no path, no message of the inside, no backtrace.
 *
 *     HTTP/1.1 404 Not Found
 *     content-type: text/plain; charset=utf-8
 *     proxy-status: fn0; error=destination_not_found; details="function_not_found"
 *     cache-control: no-store
 *     x-request-id: 5d65274d1a4d02003c205de3ae880e91
 *
 *     No function has this name. (request 5d65274d1a4d02003c205de3ae880e91)
 *
 * Nothing is allocated, so that also a host without memory answers. answer_send is for the worker's
 * thread, the others for any. */

#ifndef FN0_GATEWAY_ANSWER_H
#define FN0_GATEWAY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/server.h"

/* Room for the longest row of tables/errors.h with the longest request id. */
#define ANSWER_BODY_BYTES 768
#define ANSWER_PROXY_STATUS_BYTES 160

/* Content-Type, Proxy-Status, Cache-Control, X-Request-Id, Retry-After. */
#define ANSWER_FIELDS_MAX 5

/* An answer ready to be sent. Its fields point into it: not to be copied or moved. */
struct answer {
    uint32_t status;
    struct field fields[ANSWER_FIELDS_MAX];
    size_t field_count;
    struct slice body;
    char body_text[ANSWER_BODY_BYTES];
    char proxy_status[ANSWER_PROXY_STATUS_BYTES];
};

/* Makes the answer for `code`; a code without a status is answered as ERROR_INTERNAL. `json`: as
 * problem+json. `request_id` (at most 128 bytes that JSON need not escape, borrowed as long as the
 * answer; may be empty) is in the body and in the field x-request-id. */
void answer_make(struct answer *answer, int code, bool json, struct slice request_id);

/* Whether a request's Accept asks for JSON by name: application/problem+json or application/json
 * with a weight over 0 (RFC 9110, 12.5.1). Ranges with a * don't. */
bool answer_wants_json(const struct field *fields, size_t count);

/* Makes the answer for `code`, sends it and ends the exchange, which must not have been responded
 * to. Where even that fails the exchange is aborted: it is over in any case. */
void answer_send(struct http_exchange *exchange, int code, struct slice request_id);

#endif
