/* SPDX-License-Identifier: AGPL-3.0-only */

/* The server's side of HTTP/1.1 (RFC 9112) for one worker: listening sockets, connections, and exchanges of one request and its response.
 *
 * A handler is told of each request when its head is complete; the exchange is then the handler's until it ends it by http_exchange_end or
 * http_exchange_abort, or is told that it is `gone`. All on the worker's loop.
 *
 * What the server does on its own: it refuses what is malformed or ambiguous (400 and close), bounds heads, counts and times out slow clients, answers
 * 100-continue when the body is first wanted, frames the response (Content-Length where known, else chunked, else until close), adds Date and Connection, drops hop-by-hop
 * fields, leaves out the body of answers to HEAD and of 204 and 304, keeps the connection or closes it. */

#ifndef FN0_HTTP_SERVER_H
#define FN0_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "io/address.h"
#include "io/loop.h"

struct http_server;
struct http_exchange;

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* A request's head; valid until the exchange is over. */
struct http_request {
    struct slice method;
    struct slice authority;       /* of Host or of the absolute-form target (which wins); empty in HTTP/1.0 without Host */
    struct slice path_with_query; /* begins with a slash; "*" only for OPTIONS */
    const struct field *fields;   /* end-to-end ones, names in lower case; Host, framing and hop-by-hop fields are taken out */
    size_t field_count;
    size_t head_bytes;            /* on the wire, request line included */
    uint64_t body_bytes;          /* Content-Length, 0 without a body, HTTP_LENGTH_UNKNOWN when chunked */
    unsigned version_minor;       /* HTTP/1.0 or HTTP/1.1 */
    bool expects_continue;
    const struct address *peer;   /* the client's address */
    struct arena *arena;          /* lives as long as the exchange; the handler may use it */
    void *note;                   /* the handler's own, for `done`: see http_exchange_set_note; NULL at first */
};

/* What the handler is told about an exchange after its request; `context` is the handler's for this exchange. */
struct http_exchange_events {
    /* A piece of the request's body. The handler takes it all, and says by http_exchange_consumed when it has used it. */
    void (*body)(void *context, struct slice data);
    /* The body is whole. */
    void (*body_end)(void *context, const struct field *trailers, size_t count);
    /* The body will not come whole: `code` is ERROR_REQUEST_BODY_SIZE, _TIMEOUT, _MALFORMED or _HEADER_SIZE (trailers). The exchange
     * goes on: the handler may still answer; the connection closes after the response. */
    void (*body_failed)(void *context, int code);
    /* All that was written has left, or enough of it: there is room again (see http_exchange_room). */
    void (*writable)(void *context);
    /* The client is gone (`code` ERROR_CLIENT_GONE: reset, failed write, closed before the request was whole; ERROR_CLIENT_SLOW: takes nothing).
     * The exchange is over: the last event, and the pointer is invalid after it. */
    void (*gone)(void *context, int code);
};

/* Handed each request whose head is complete. Must set the events (http_exchange_handle) before it returns, or end the exchange. */
struct http_handler {
    void *context;
    void (*request)(void *context, struct http_exchange *exchange);
    /* After each exchange, also of those the server answered itself, for counting and the access log: `status` as sent (0: none), bytes of body
     * sent, `code` 0 or why it failed. `request` is NULL where no head was understood. May be NULL. */
    void (*done)(void *context, const struct http_request *request, uint32_t status, uint64_t body_bytes, uint64_t duration_ns, int code);
    /* The answer the server sends for an error of its own (400, 408, 431, …): the handler makes it, so that every answer of fn0 looks
     * alike. It calls http_exchange_respond, _write, _end. `request` may be incomplete; NULL members are possible. */
    void (*refuse)(void *context, struct http_exchange *exchange, int code);
};

struct http_server_options {
    size_t head_bytes_max;          /* LIMIT_REQUEST_HEADER's maximum; also of trailers */
    size_t connections_max;         /* on this worker */
    size_t connections_per_address_max;
    uint64_t head_timeout_ns;
    uint64_t body_timeout_ns;
    uint64_t write_timeout_ns;
    uint64_t idle_timeout_ns;
    size_t body_window_bytes;       /* of a request's body unconsumed by the handler */
    size_t output_bytes_max;        /* gathered for a slow reader before http_exchange_room is 0 */
};

/* The caller closes *ret_server. `loop` and what the handler points at must outlive it. */
int http_server_create(struct loop *loop, const struct http_server_options *options, const struct http_handler *handler,
                       struct http_server **ret_server, struct error *error);

/* Listens on a socket that is bound (SO_REUSEPORT) but does not listen yet; takes it over. */
int http_server_listen(struct http_server *server, int socket, struct error *error);

/* Takes over a connected socket, as if it had been accepted: for tests. */
int http_server_adopt(struct http_server *server, int socket, struct error *error);

/* Accepts what waits in the backlog, then closes the listening sockets; idle connections are closed, others after their running exchange
 * (answers carry Connection: close from now on). `drained` is called from the loop when no connection is left. */
void http_server_drain(struct http_server *server, void (*drained)(void *context), void *context);

/* Cuts what is left (exchanges are told `gone`) and frees all; `closed` is called from the loop as the last thing. */
void http_server_close(struct http_server *server, void (*closed)(void *context), void *context);

/* Connections open now. */
size_t http_server_connections(const struct http_server *server);

/* The request. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* Sets the request's `note`: what the handler wants to find again in `done`. Lies in the request's arena or outlives the exchange. */
void http_exchange_set_note(struct http_exchange *exchange, void *note);

/* Takes the exchange on: events from now on. Nothing is read of the body before http_exchange_read. */
void http_exchange_handle(struct http_exchange *exchange, const struct http_exchange_events *events, void *context);

/* Bounds the request's body; without a call it is unbounded. */
void http_exchange_limit_body(struct http_exchange *exchange, uint64_t body_bytes_max);

/* The body is wanted: begins reading, sends 100 (Continue) where it is expected and nothing was answered yet. Events may come from within. */
void http_exchange_read(struct http_exchange *exchange);

/* The handler has used `bytes` of the body. */
void http_exchange_consumed(struct http_exchange *exchange, size_t bytes);

/* The response's head, once. `fields` are what the handler wants sent (hop-by-hop and framing fields in it are dropped, but a valid Content-Length is
 * believed and held to). `body_bytes`: the length where known, else HTTP_LENGTH_UNKNOWN. `more` adds to the head after `fields`.
 * Nothing leaves before this turn of the loop ends, so that head and body go out in one write.
 * ERROR_RESPONSE_HEADER_SIZE past `head_bytes_max`, ERROR_RESPONSE_INVALID for bytes that a field may not have: nothing is sent then and another answer may be given. */
int http_exchange_respond(struct http_exchange *exchange, uint32_t status, const struct field *fields, size_t count, uint64_t body_bytes,
                          size_t head_bytes_max);

/* Whether http_exchange_respond has succeeded. */
bool http_exchange_responded(const struct http_exchange *exchange);

/* How many bytes of body may be written now. */
size_t http_exchange_room(const struct http_exchange *exchange);

/* A piece of the response's body; copied; also over the room, but then the memory is the handler's fault. Returns 0, ERROR_OUT_OF_MEMORY or
 * ERROR_RESPONSE_INVALID (more than Content-Length; the exchange should be aborted). */
int http_exchange_write(struct http_exchange *exchange, struct slice data);

/* The response is whole, with trailers (only chunked ones carry them). The exchange is the server's again. When less than Content-Length was
 * written, it is cut as by http_exchange_abort, and ERROR_RESPONSE_INCOMPLETE is the answer. */
int http_exchange_end(struct http_exchange *exchange, const struct field *trailers, size_t count);

/* Cuts the response: the connection is closed without the end of the body (reset where the framing would not show it). The exchange is over. */
void http_exchange_abort(struct http_exchange *exchange);

#endif
