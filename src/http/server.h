/* SPDX-License-Identifier: AGPL-3.0-only */

/* The server's side of HTTP/1.1 (RFC 9110, RFC 9112) for one worker: listening sockets,
 * connections, and exchanges of one request and its response.
 *
 * A handler is told of each request when its head is complete; the exchange is then the handler's
 * until it ends it by http_exchange_end or http_exchange_abort, or is told that it is `gone`. From
 * within any event the handler may call any function here, also those that end the exchange, drain
 * the server or close it.
 *
 * What the server does on its own: it refuses what is malformed or ambiguous (400 and close),
 * bounds heads and trailers, counts and times out slow clients, answers pipelined requests in their
 * order, sends 100 (Continue) when the body is first wanted, frames the response, adds Date and
 * Connection, drops hop-by-hop fields, leaves out the body of answers to HEAD and of 204, 205 and
 * 304, keeps the connection or closes it, so that the client sees the last answer.
 *
 * How a response is framed: by Content-Length where its length is known when its first byte has to
 * leave (the handler says it, or ends the response in the turn in which it began it); else chunked;
 * to HTTP/1.0 until the connection closes.
 *
 * How slow a client may be: `head_timeout` is for a whole head, counted from its first byte; past
 * it the answer is 408. `body_timeout` is between two pieces of a body that the handler waits for;
 * `write_timeout` between two moments in which the client takes something; `idle_timeout` is
 * between two requests, and before the first, and ends in silence.
 *
 * Where descriptors run out, the connection that has been idle longest makes room for a new one.
 * Where none is idle the backlog waits until a connection closes, and is looked at ten times a
 * second meanwhile; a line in the log says so, every ten seconds at most.
 *
 * All on the thread of the worker's loop. In the steady state of kept connections nothing is
 * allocated, and an exchange costs one read and one write. */

#ifndef FN0_HTTP_SERVER_H
#define FN0_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/slice.h"
#include "base/state.h"
#include "http/client_counts.h"
#include "io/address.h"
#include "io/loop.h"

struct http_server;
struct http_exchange;

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* A request's head; valid until the exchange is over. */
struct http_request {
    struct slice method; /* any token, as it came: "GET" is not "get" */
    /* Of Host or of the absolute-form target (which wins), valid as of RFC 9110, 4.2.1, as the
     * client wrote it; empty in HTTP/1.0 without Host. */
    struct slice authority;
    struct slice path_with_query; /* begins with a slash; "*" only for OPTIONS */
    /* End-to-end ones, names in lower case. Taken out are Host, Expect, Content-Length,
     * Transfer-Encoding, Connection, what that names, and what else is hop-by-hop. */
    const struct field *fields;
    size_t field_count;
    size_t head_bytes;      /* on the wire, request line and empty line included */
    uint64_t body_bytes;    /* Content-Length, 0 without a body, HTTP_LENGTH_UNKNOWN if chunked */
    unsigned version_minor; /* HTTP/1.0 or HTTP/1.1 */
    bool expects_continue;  /* HTTP/1.1, and there is a body */
    const struct address *peer; /* the client's address, and as text: address_write_host */
    struct slice peer_host;
    struct arena *arena; /* lives as long as the exchange; the handler may use it */
    void *note;          /* the handler's own: see http_exchange_set_note; NULL at first */
};

/* What the handler is told about an exchange after its request; `context` is the handler's for this
 * exchange. All must be there. */
struct http_exchange_events {
    /* A piece of the request's body, never empty, valid during the call. The handler takes it all,
     * and says by http_exchange_consumed when it has used it. */
    void (*body)(void *context, struct slice data);
    /* The body is whole. The trailers are valid during the call. */
    void (*body_end)(void *context, const struct field *trailers, size_t count);
    /* The body will not come whole: `code` is ERROR_REQUEST_BODY_SIZE, _TIMEOUT, _MALFORMED or
     * _HEADER_SIZE (trailers). The exchange goes on: the handler may still answer; the connection
     * closes after the response. */
    void (*body_failed)(void *context, int code);
    /* All that was written has left, or enough of it: there is room again (see
     * http_exchange_room). Told after writes only, never from within them. */
    void (*writable)(void *context);
    /* The client is gone. `code`: ERROR_CLIENT_GONE (reset, failed write, closed before the request
     * was whole), ERROR_CLIENT_SLOW (takes nothing), ERROR_CLOSED (http_server_close),
     * ERROR_OUT_OF_MEMORY. A client that closes its sending side after a whole request is not gone.
     * The exchange is over: the last event, and the pointer is invalid after it. Only ever from the
     * loop, never from within a function of this header. */
    void (*gone)(void *context, int code);
};

/* Who handles requests. */
struct http_handler {
    void *context;
    /* Handed each request whose head is complete. Must set the events (http_exchange_handle) before
     * it returns, or end the exchange. */
    void (*request)(void *context, struct http_exchange *exchange);
    /* After each exchange, also of those the server answered itself, for counting and the access
     * log: `status` as sent (0: none), bytes of body sent, without framing; the time since the
     * request's first byte; `code` 0 or why it failed. Of a head that was not understood `request`
     * has no fields, and perhaps no method. May be NULL. */
    void (*done)(void *context, const struct http_request *request, uint32_t status,
                 uint64_t body_bytes, uint64_t duration_ns, int code);
    /* The answer the server sends for an error of its own (400, 408, 431, …): the handler makes it,
     * so that every answer of fn0 looks alike. It calls http_exchange_respond, _write, _end before
     * it returns; the connection closes afterwards. The request is as in `done`. NULL: the error's
     * status and line (tables/errors.h) as text/plain. */
    void (*refuse)(void *context, struct http_exchange *exchange, int code);
};

/* Copied by http_server_create. LIMIT_NONE is no bound, and no timeout. */
struct http_server_options {
    size_t head_bytes_max;         /* LIMIT_REQUEST_HEADER's maximum; also of trailers; over 0 */
    size_t connections_max;        /* on this worker; past it the longest idle one makes room */
    struct client_counts *clients; /* how many each client may have; shared by a host's servers */
    uint64_t head_timeout_ns;
    uint64_t body_timeout_ns;
    uint64_t write_timeout_ns;
    uint64_t idle_timeout_ns;
    size_t body_window_bytes; /* of a request's body unconsumed by the handler; over 0 */
    size_t output_bytes_max;  /* gathered for a slow reader before http_exchange_room is 0 */
    struct log *log;          /* NULL: nothing is logged */
    struct fault *fault;      /* of tests; NULL */
    state_trace trace;        /* told each move of each connection; may be NULL */
    void *trace_context;
};

/* Counted since the server was made. */
struct http_server_counts {
    uint64_t connections_accepted;
    uint64_t connections_refused; /* by the bounds, or for want of memory */
    uint64_t connections_evicted; /* idle ones that made room for new ones */
    uint64_t accepts_failed;      /* for want of descriptors or memory */
    uint64_t requests;            /* begun; refused ones included */
};

/* The caller closes *ret_server. `loop`, and what the handler and the options point at, must
 * outlive it. Returns 0 or ERROR_OUT_OF_MEMORY. */
int http_server_create(struct loop *loop, const struct http_server_options *options,
                       const struct http_handler *handler, struct http_server **ret_server,
                       struct error *error);

/* Listens on a TCP socket that is bound (SO_REUSEPORT) but need not listen yet; takes it over.
 * Returns 0, ERROR_ADDRESS_IN_USE, ERROR_SYSTEM or ERROR_OUT_OF_MEMORY; the socket is still the
 * caller's then. */
int http_server_listen(struct http_server *server, int socket, struct error *error);

/* Takes over a connected stream socket, as if it had been accepted: for tests. The client of a
 * socket that is not an internet one counts as 127.0.0.1. Returns 0, ERROR_FULL past a bound, or as
 * http_server_listen. */
int http_server_adopt(struct http_server *server, int socket, struct error *error);

/* Accepts what waits in the backlog, then closes the listening sockets. Idle connections, and those
 * that have sent half a head, are closed unless more is on its way; others after their running
 * exchange (answers carry Connection: close from now on). `drained` is called once, from the loop,
 * when no connection is left. How long that may take is the caller's to bound, by
 * http_server_close. */
void http_server_drain(struct http_server *server, void (*drained)(void *context), void *context);

/* Cuts what is left (exchanges are told `gone`, from the loop) and frees all; `closed` (may be
 * NULL) is called from the loop as the last thing. A `drained` that has not been called yet never
 * is. */
void http_server_close(struct http_server *server, void (*closed)(void *context), void *context);

/* Connections open now. */
size_t http_server_connections(const struct http_server *server);

/* The counts. */
const struct http_server_counts *http_server_counts(const struct http_server *server);

/* The request. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* Sets the request's `note`: what the handler wants to find again in `done`. Lies in the request's
 * arena or outlives the exchange. */
void http_exchange_set_note(struct http_exchange *exchange, void *note);

/* Takes the exchange on: events, which are copied, from now on. Nothing is read of the body before
 * http_exchange_read. Again, for others to be told, until the body is wanted or the head is out. */
void http_exchange_handle(struct http_exchange *exchange, const struct http_exchange_events *events,
                          void *context);

/* Bounds the request's body: one byte more is ERROR_REQUEST_BODY_SIZE, told at http_exchange_read
 * where Content-Length says so, else after `body_bytes_max` bytes. Without a call it is
 * unbounded. */
void http_exchange_limit_body(struct http_exchange *exchange, uint64_t body_bytes_max);

/* The body is wanted: begins reading, sends 100 (Continue) where it is expected, nothing of the
 * body has come and nothing was answered yet. The body's events may come from within. Calling it
 * again does nothing. */
void http_exchange_read(struct http_exchange *exchange);

/* The body may be wanted yet, after the response is begun: sends 100 (Continue) now where it is
 * expected, since it cannot be sent then; nothing is read. Not for a body that Content-Length says
 * is too large. */
void http_exchange_continue(struct http_exchange *exchange);

/* The handler has used `bytes` of what it was handed of the body. Reading stops while
 * `body_window_bytes` are unused, until half of them are used. No event comes from within. */
void http_exchange_consumed(struct http_exchange *exchange, size_t bytes);

/* The response's head, once; a final status, 200 to 999. `fields` are what the handler wants sent,
 * copied: hop-by-hop and framing fields among them are dropped, but a valid Content-Length is
 * believed and held to, `close` in Connection is heeded, and a Date is kept. `body_bytes`: the
 * length where known, else HTTP_LENGTH_UNKNOWN.
 *
 * Nothing leaves before this turn of the loop ends, so that head and body go out in one write.
 *
 * ERROR_RESPONSE_HEADER_SIZE past `head_bytes_max`, which counts the head as sent, with Date and
 * all (a length that is not known yet as if it never were); ERROR_RESPONSE_INVALID for bytes that a
 * field may not have, a status that is not final, or lengths that contradict each other;
 * ERROR_OUT_OF_MEMORY. Nothing is sent then and another answer may be given. */
int http_exchange_respond(struct http_exchange *exchange, uint32_t status,
                          const struct field *fields, size_t count, uint64_t body_bytes,
                          size_t head_bytes_max);

/* Whether http_exchange_respond has succeeded. */
bool http_exchange_responded(const struct http_exchange *exchange);

/* How many bytes of body may be written now. Where it is 0, `writable` will be told. */
size_t http_exchange_room(const struct http_exchange *exchange);

/* A piece of the response's body; copied; also over the room, but then the memory is the handler's
 * fault. Where the answer has no body (HEAD, 204, …) it is thrown away. Returns 0,
 * ERROR_OUT_OF_MEMORY (nothing of it is sent) or ERROR_RESPONSE_INVALID (more than Content-Length;
 * the exchange should be aborted). After http_exchange_respond only. */
int http_exchange_write(struct http_exchange *exchange, struct slice data);

/* The response is whole, with trailers (only chunked ones carry them; those that RFC 9110, 6.5.1
 * forbids are dropped). The exchange is the server's again, whatever is returned. Where the
 * response was not begun, or less than Content-Length was written, it is cut as by
 * http_exchange_abort: ERROR_RESPONSE_INCOMPLETE; as it is with ERROR_RESPONSE_INVALID (a trailer's
 * bytes) and ERROR_OUT_OF_MEMORY. */
int http_exchange_end(struct http_exchange *exchange, const struct field *trailers, size_t count);

/* Cuts the response: what was written may leave, then the connection is closed without the end of
 * the body (reset where the framing would not show it). The exchange is over. */
void http_exchange_abort(struct http_exchange *exchange);

#endif
