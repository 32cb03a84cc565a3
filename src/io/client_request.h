/* SPDX-License-Identifier: AGPL-3.0-only */

/* What io/client.c (the client: libcurl's multi handle on a loop) and io/client_request.c (one
 * request: libcurl's easy handle, and what the caller is told) know of each other. For these two
 * only.
 *
 * Life of a request: made by client_request_start, it stands in the client's list until its last
 * event has been told or it was cancelled; then it is freed, by its own task where that is running
 * (`telling`). A client that closes cancels its requests first.
 *
 * The loop's thread; libcurl's threads that resolve names touch nothing of this.
 *
 * libcurl's callbacks never call the caller. They note what has come, and the request's task tells
 * the caller in the same turn of the loop, outside of libcurl: so the caller may do anything in an
 * event. */

#ifndef FN0_IO_CLIENT_REQUEST_H
#define FN0_IO_CLIENT_REQUEST_H

#include <curl/curl.h>

#include "base/buffer.h"
#include "io/client.h"
#include "io/client_sockets.h"
#include "io/response_head.h"

/* `multi` and `shared` are there together, from the first request on until the client was idle for
 * its idle time, or could not be used any more. */
struct client {
    struct loop *loop;
    struct client_options options;
    const char *trusted_file; /* one of the two is NULL */
    const char *trusted_folder;
    CURLM *multi;   /* NULL: unused since it was closed */
    CURLSH *shared; /* TLS sessions */
    struct client_sockets sockets;
    struct loop_task act;      /* libcurl wants to be called */
    struct loop_timeout timer; /* the same, later */
    struct loop_timeout idle;
    struct list requests;
    size_t request_count;
    bool broken; /* the multi handle is of no use any more */
    bool closing;
    struct loop_task finish; /* the last task of a client that closes */
    void (*closed)(void *context);
    void *context;
};

/* How far a request has come, for telling what a timeout means. */
enum client_phase {
    CLIENT_PHASE_QUEUED, /* waits for a free connection */
    CLIENT_PHASE_RESOLVING,
    CLIENT_PHASE_CONNECTING,
    CLIENT_PHASE_EXCHANGING,
};

/* What has come and what has been told of it are two things, because libcurl's callbacks only note.
 * Of the request's body libcurl has taken no more than was written, and that is no more than
 * body_bytes, where these are known. Times are in nanoseconds; UINT64_MAX: none. */
struct client_request {
    struct list link;      /* in client.requests */
    struct client *client; /* NULL: over; only the events' task may still hold it */
    CURL *easy;
    struct client_events events;
    void *context;
    struct arena arena; /* what `easy` borrows, and trailers to be sent */
    enum client_phase phase;
    bool idempotent;
    bool prohibited; /* an address was refused */
    bool connects;   /* an address was not */
    unsigned sends;  /* how often it was given to a connection */

    /* The request's body. */
    struct buffer unsent;
    bool has_body;
    bool body_ended;     /* by the caller */
    bool body_given;     /* all of it to libcurl */
    bool body_dropped;   /* nobody wants it: what is written counts as sent */
    bool send_paused;    /* libcurl waits for more of it */
    uint64_t body_bytes; /* UINT64_MAX: unknown */
    uint64_t written;    /* by the caller */
    uint64_t taken;      /* by libcurl */
    size_t sent_untold;  /* bytes that the caller has to be told of */
    struct field *trailers;
    size_t trailer_count;

    /* The response. */
    struct response_head head;
    bool head_told;
    struct buffer untold; /* of the body */
    uint64_t received;
    size_t unused; /* received and not consumed */
    bool receive_paused;

    /* The end. */
    bool finished;
    bool failed;
    enum client_failure failure;
    char detail[CURL_ERROR_SIZE];

    struct loop_task tell;
    bool telling;
    struct loop_timeout timeout;
    uint64_t first_byte_timeout_ns;
    uint64_t between_bytes_timeout_ns;
};

/* Whether this address may be connected to: it is public and not the host's own, or allowed. Asked
 * with the very address that the socket is then opened for. */
bool client_may_connect(const struct client *client, const struct address *address);

/* The multi handle, made where there is none; NULL without memory. The client's. */
CURLM *client_multi(struct client *client);

/* A request begins: it stands in the client's list, and the client is not idle any more. */
void client_request_begun(struct client *client, struct client_request *request);

/* A request is over: it leaves the list. With the last one the client's idle time begins, or its
 * connections are closed now, where the multi handle is of no use any more. */
void client_request_over(struct client *client, struct client_request *request);

/* libcurl is done with the request, for `result`. The request's task tells the caller; what comes
 * after the first time changes nothing. */
void client_request_done(struct client_request *request, CURLcode result);

#endif
