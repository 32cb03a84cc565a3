/* SPDX-License-Identifier: AGPL-3.0-only */

/* The inside of an exchange: one request and its response, between its connection, which brings
 * bytes and takes them away, and its handler, which uses the functions of http/server.h.
 *
 * Life: taken from the pool when a request's first byte has come; the handler's from the whole head
 * on; over at http_exchange_end, http_exchange_abort or `gone`; back in the pool when the request's
 * body is out of the way, too. Memory is kept from exchange to exchange. The worker's thread. */

#ifndef FN0_HTTP_EXCHANGE_H
#define FN0_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "http/head.h"
#include "http/output.h"
#include "http/response.h"
#include "http/server.h"
#include "http/shared.h"

struct http_connection;

/* What is known of the request's body. */
enum http_body_state { HTTP_BODY_COMING, HTTP_BODY_WHOLE, HTTP_BODY_FAILED };

/* unconsumed <= received, and no more than body_window_bytes; body_sent is never more than a
 * Content-Length that was sent. */
struct http_exchange {
    struct list link; /* of the pool */
    struct http_connection *connection;
    /* Memory that is kept from exchange to exchange: the request, and what the handler adds. */
    struct http_head head;
    struct arena arena;
    uint64_t begun_ns; /* when the first byte came */
    /* The handler's: whom to tell what. `handled`: it gets events; `over`: it is done with. */
    struct http_exchange_events events;
    void *context;
    bool handled;
    bool over;
    int failure; /* why it did not go well, for `done` */
    /* The request's body. `wanted`: the handler has called http_exchange_read; `held`: it has as
     * much unconsumed as it may; `continue_owed`: the client may be waiting for 100 (Continue). */
    enum http_body_state body;
    bool wanted;
    bool held;
    bool continue_owed;
    size_t unconsumed;
    uint64_t received;
    uint64_t body_bytes_max;
    /* The response. `written`: the handler has written since it was last told `writable`. */
    bool responded;
    bool written;
    struct http_response response;
    uint64_t body_sent; /* gathered at least; without framing */
    /* A head whose tail is not written yet, because the body's length may still become known: its
     * block (NULL: there is none) and where its front begins. All of the body so far lies behind a
     * gap that is long enough for the tail. */
    struct http_block *open;
    char *open_memory;
};

/* Takes one from the pool, or makes one; reset, with the time begun. NULL when there is no memory.
 * The connection gives it back. */
struct http_exchange *http_exchange_take(struct http_shared *shared,
                                         struct http_connection *connection);

/* Puts it back, or frees it where the pool is full. It is over, or was never handed to anybody.
 * Everything its request points at is invalid from here on. */
void http_exchange_give(struct http_shared *shared, struct http_exchange *exchange);

/* Frees the pool: the last thing before the server goes. */
void http_exchange_free_all(struct http_shared *shared);

/* The head is whole: hands the exchange to the handler, which takes it on or ends it before it
 * returns. It may be over afterwards. */
void http_exchange_begin(struct http_exchange *exchange);

/* The request cannot be handled: answers for `code`, by the handler's `refuse` or plainly. It is
 * over afterwards, and its connection closing. */
void http_exchange_refuse(struct http_exchange *exchange, int code);

/* A piece of the body, no more than http_exchange_window. It may be over afterwards. */
void http_exchange_receive(struct http_exchange *exchange, struct slice data);

/* The body is whole; so are the head's trailers. */
void http_exchange_receive_end(struct http_exchange *exchange);

/* The body will not come whole, for `code`: tells the handler, who may still answer. It may be over
 * afterwards. */
void http_exchange_receive_failure(struct http_exchange *exchange, int code);

/* Whether the handler waits for more of the body, or its end. */
bool http_exchange_wants_body(const struct http_exchange *exchange);

/* How much of the body the handler may be handed now; 0: nothing, or nothing is wanted. */
size_t http_exchange_window(const struct http_exchange *exchange);

/* Output is about to be sent: a head that is open is framed as of unknown length. */
void http_exchange_seal(struct http_exchange *exchange);

/* Output has been sent: tells the handler when there is room again. It may be over afterwards. */
void http_exchange_sent(struct http_exchange *exchange);

/* The client is gone: tells the handler, unless it is over already. It is over afterwards. */
void http_exchange_lose(struct http_exchange *exchange, int code);

#endif
