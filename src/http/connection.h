/* SPDX-License-Identifier: AGPL-3.0-only */

/* One connection of the HTTP server: a socket, the parser of what comes in, the output that goes
 * out, and the exchange that is going on, if any.
 *
 * States and moves are a table in connection.c:
 *
 *     idle ─▶ head ─▶ exchange ─┬─▶ idle                     the next request
 *                               ├─▶ discarding ─▶ idle       a body that nobody wants is read away
 *                               └─▶ closing ─▶ lingering     the last output leaves; then what the
 *                                                            client still sends is read away
 *     any ─▶ closed
 *
 * The socket is watched with uv_poll, not uv_tcp: so the connection reads straight into memory that
 * all connections share, writes what is gathered at the end of the loop's turn without a request of
 * its own, and is told of a reset also while it does not want to read. What is watched for changes
 * only when it has to, since each change costs two system calls.
 *
 * Nothing here calls the handler from within a function that the handler called, but for the body's
 * events within http_exchange_read. The worker's thread. */

#ifndef FN0_HTTP_CONNECTION_H
#define FN0_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/state.h"
#include "http/exchange.h"
#include "http/output.h"
#include "http/parser.h"
#include "http/shared.h"
#include "io/address.h"
#include "io/loop.h"

/* Where a connection stands: see the picture above. */
enum http_connection_state {
    HTTP_CONNECTION_IDLE,
    HTTP_CONNECTION_HEAD,
    HTTP_CONNECTION_EXCHANGE,
    HTTP_CONNECTION_DISCARDING,
    HTTP_CONNECTION_CLOSING,
    HTTP_CONNECTION_LINGERING,
    HTTP_CONNECTION_CLOSED,
};

/* What read_timeout runs for. */
enum http_timing {
    HTTP_TIMING_NOTHING,
    HTTP_TIMING_IDLE,
    HTTP_TIMING_HEAD,
    HTTP_TIMING_BODY,
    HTTP_TIMING_LINGER,
};

/* It has a socket until it is closed; stands in `idle` exactly while it is idle; and has an
 * exchange at least while a head comes or a request is handled. */
struct http_connection {
    struct http_shared *shared;
    struct list link;      /* of shared->connections */
    struct list idle_link; /* of shared->idle, in state idle */
    struct state state;
    /* The socket, and the events of libuv it is watched for (UV_READABLE and so on). */
    uv_poll_t poll;
    int socket;
    int watched;
    /* Who is on the other end, and where it is counted. */
    struct address peer;
    char peer_host[ADDRESS_TEXT_BYTES]; /* written once: most clients ask more than once */
    struct client_count *client;
    /* Input. `pending` has been read but not parsed yet; `working` is what is being parsed right
     * now, up the stack, else NULL. */
    struct http_parser parser;
    struct buffer pending;
    const struct slice *working;
    /* From the first byte of a request to the end of its body and response, else NULL. */
    struct http_exchange *exchange;
    struct http_output output;
    /* Sends, at the end of the turn; and goes on with `pending`, in this turn. */
    struct loop_task flush;
    struct loop_task work;
    struct loop_timeout read_timeout;
    struct loop_timeout write_timeout; /* runs while the socket takes nothing */
    enum http_timing timing;
    uint64_t requests;      /* begun on this connection */
    uint64_t dropped_bytes; /* while discarding or lingering */
    unsigned turn_requests; /* that may still be begun in this turn */
    int failure;            /* why it is to be lost at the next flush; 0: it is not */
    bool progress;          /* since read_timeout was last looked at */
    bool keeps_alive;       /* after the response that was given last */
    bool input_ended;       /* the client has sent all it will */
    bool output_stuck;      /* the socket takes no more now */
    bool lingers;           /* when closing: what the client still sends is read away */
    bool resets;            /* when closing: by a reset */
};

/* Takes over a connected socket. Returns 0; ERROR_FULL where the bound for the client is reached;
 * ERROR_OUT_OF_MEMORY or ERROR_SYSTEM: the socket is still the caller's then. The connection frees
 * itself. */
int http_connection_open(struct http_shared *shared, int socket, const struct address *peer);

/* The server drains: a connection that is idle or has sent half a head is closed, unless more is on
 * its way; so is one whose last body is read away. Whatever else the client could keep open by
 * doing nothing, it has a short time for (HTTP_DRAIN_GRACE_NS). */
void http_connection_drain(struct http_connection *connection);

/* Whether nothing of a request has come, not even as far as the socket, and no answer is left to
 * send: a connection that is idle and can be closed without harm. Asks the system. */
bool http_connection_is_quiet(const struct http_connection *connection);

/* Closes it as it is; its exchange is told `gone` with `code`. */
void http_connection_lose(struct http_connection *connection, int code);

/* For exchanges: whether something of what the client sent waits to be parsed. */
bool http_connection_has_input(const struct http_connection *connection);

/* For exchanges: output was gathered; it leaves at the end of this turn. */
void http_connection_flush_soon(struct http_connection *connection);

/* For exchanges: the body is wanted. Events may come from within. */
void http_connection_read_body(struct http_connection *connection);

/* For exchanges: the handler has used some of the body. No event comes from within. */
void http_connection_read_more(struct http_connection *connection);

/* For exchanges: the response is whole, and the exchange over. */
void http_connection_end_response(struct http_connection *connection);

/* For exchanges: the exchange is over without a whole response. What is gathered may leave; then
 * the connection is closed, by a reset where `reset`. */
void http_connection_cut(struct http_connection *connection, bool reset);

#endif
