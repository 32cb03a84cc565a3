/* SPDX-License-Identifier: Apache-2.0 */

/* Functions in C. A whole one:
 *
 *     #include <fn0.h>
 *
 *     void fn0_handle(struct fn0_request *request)
 *     {
 *         fn0_answer(request, 200, "text/plain", "Hello, world!\n");
 *     }
 *
 * An instance answers one request at a time, and is mostly kept for the next: variables may
 * survive, and must not be relied on. Variables of the function's environment are there by getenv.
 * What is written to stdout is a line of its log, what is written to stderr an error's.
 *
 * All that these functions return is valid until fn0_handle returns, and is freed then. Where
 * memory is out the function ends with a trap. */

#ifndef FN0_H
#define FN0_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A request, and the answer to it. */
struct fn0_request;

/* Yours: called for each request. What it has not answered when it returns is answered with the
 * status that was set, 200 by default, and no body. */
void fn0_handle(struct fn0_request *request);

/* ---- The request ---- */

/* "GET", as it was sent. */
const char *fn0_method(struct fn0_request *request);

/* "/hello", without the query, as it was sent: not decoded. */
const char *fn0_path(struct fn0_request *request);

/* The first parameter of the query that is called `name`, decoded; "" where it has no value, NULL
 * where it is not there. */
const char *fn0_query(struct fn0_request *request, const char *name);

/* The first header field that is called `name`, in any case; NULL: there is none. */
const char *fn0_field(struct fn0_request *request, const char *name);

/* Waits for the whole body, which is terminated by a zero that is not counted; *ret_bytes may be
 * NULL. NULL where the client was cut off. Every call answers the same. */
const char *fn0_body(struct fn0_request *request, size_t *ret_bytes);

/* ---- The answer: status and fields first, they leave with the first byte of the body ---- */

/* 200 where nothing is set. False where the head has left or this is no status. */
bool fn0_set_status(struct fn0_request *request, int status);

/* Adds a header field. False where the head has left, or name or value are none. */
bool fn0_add_field(struct fn0_request *request, const char *name, const char *value);

/* Writes a piece of the body, and waits where the client is slow. False where it is gone: there is
 * nobody left to answer. */
bool fn0_write(struct fn0_request *request, const void *data, size_t bytes);

/* printf into the body. As fn0_write. */
bool fn0_print(struct fn0_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Status, Content-Type and the whole body at once. As fn0_write. */
bool fn0_answer(struct fn0_request *request, int status, const char *type, const char *text);

/* ---- Requests to other servers ---- */

/* A request that was sent, and the answer to it. */
struct fn0_fetch;

struct fn0_fetch_options {
    const char *method;        /* NULL: GET, or POST where there is a body */
    const char *const *fields; /* name, value, name, value, …, NULL; NULL: none */
    const void *body;          /* NULL: none */
    size_t body_bytes;
    unsigned timeout_ms; /* to connect, for the answer's head, and between its pieces; 0: the host's
                            own */
};

/* Sends a request to "https://api.example.com/path?query", and waits for the head of the answer;
 * redirects are not followed. `options` may be NULL. Never NULL itself: where there is no answer
 * fn0_fetch_error says why. Valid until fn0_handle returns. */
struct fn0_fetch *fn0_fetch(struct fn0_request *request, const char *url,
                            const struct fn0_fetch_options *options);

/* Why there is no answer, as WASI calls it, like "DNS-error" or "HTTP-request-denied" (the host or
 * a limit does not allow it); NULL: there is one. */
const char *fn0_fetch_error(const struct fn0_fetch *fetch);

/* 200, or 0 where there is no answer. */
int fn0_fetch_status(const struct fn0_fetch *fetch);

/* The first header field of the answer that is called `name`, in any case; NULL: there is none. */
const char *fn0_fetch_field(struct fn0_fetch *fetch, const char *name);

/* Waits for the next piece of the answer's body, at most `bytes` (over 0): how many were read, 0 at
 * the end, -1 where the rest is missing. */
long fn0_fetch_read(struct fn0_fetch *fetch, void *data, size_t bytes);

/* Waits for the rest of the body, as fn0_body does. */
const char *fn0_fetch_body(struct fn0_fetch *fetch, size_t *ret_bytes);

#ifdef __cplusplus
}
#endif

#endif
