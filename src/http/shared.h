/* SPDX-License-Identifier: AGPL-3.0-only */

/* What all connections of a server share: options, handler, pools, and the lists that the server
 * finds its connections by. Part of struct http_server; connections and exchanges know no more of
 * it. One thread. */

#ifndef FN0_HTTP_SHARED_H
#define FN0_HTTP_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "http/date.h"
#include "http/output.h"
#include "http/server.h"
#include "io/loop.h"

/* One read from a socket. */
#define HTTP_READ_BYTES 65536

/* What is read at a time outside of bodies, and what a client may send beyond the request that is
 * being answered before reading stops. */
#define HTTP_PENDING_BYTES_MAX 16384

/* A request body that nobody wants is read to its end up to here, to keep the connection. */
#define HTTP_DISCARD_BYTES_MAX 262144

/* A client that still sends when the last answer is out is read this much and this long, so that it
 * sees the answer rather than a reset (RFC 9112, 9.6). */
#define HTTP_LINGER_BYTES_MAX 33554432
#define HTTP_LINGER_NS (5 * NANOSECONDS_PER_SECOND)

/* While draining, a new connection has this long to say something, a head that has begun to come
 * whole, and a connection that lingers to go. */
#define HTTP_DRAIN_GRACE_NS (NANOSECONDS_PER_SECOND / 2)

/* Pipelined requests of one connection handled before others get their turn. */
#define HTTP_REQUESTS_PER_TURN 32

/* `open` + `closing` connections stand in `connections`; `idle` has some of the open ones. */
struct http_shared {
    struct loop *loop;
    struct http_server_options options;
    struct http_handler handler;
    struct http_date date;
    /* Pools: what is free now of output and exchanges. */
    struct http_block_pool blocks;
    struct list exchanges;
    size_t exchange_count;
    /* Connections: all; and those between requests, the longest idle first. */
    struct list connections;
    struct list idle;
    size_t open;    /* with a socket */
    size_t closing; /* whose handle libuv has not let go of */
    bool draining;
    /* HTTP_READ_BYTES that every connection reads into: what it cannot parse at once it copies. */
    char *read_memory;
    /* Told when a connection has closed its socket, and again when its memory is gone. */
    void (*connection_closed)(struct http_shared *shared);
    struct http_server_counts counts;
};

#endif
