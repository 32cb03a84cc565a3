/* SPDX-License-Identifier: AGPL-3.0-only */

/* The HTTP client of a worker: one libcurl multi handle on its loop, so that connections are kept, counted and refused by policy.
 *
 * Every pointer belongs to the loop's thread. Proxies of the environment are ignored; redirects are not followed; TLS is
 * verified against the system's trust store. The address that was checked is the address that is connected to: the check sits where the
 * socket is opened. */

#ifndef FN0_IO_CLIENT_H
#define FN0_IO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "io/address.h"
#include "io/loop.h"

struct client;
struct client_request;

/* Why a request failed; the names follow wasi:http's error-code, which is what guests are told. */
enum client_failure {
    CLIENT_DNS_TIMEOUT,
    CLIENT_DNS_ERROR,
    CLIENT_DESTINATION_NOT_FOUND,
    CLIENT_DESTINATION_UNAVAILABLE,
    CLIENT_ADDRESS_PROHIBITED,
    CLIENT_CONNECTION_REFUSED,
    CLIENT_CONNECTION_TERMINATED,
    CLIENT_CONNECTION_TIMEOUT,
    CLIENT_READ_TIMEOUT,
    CLIENT_WRITE_TIMEOUT,
    CLIENT_CONNECTION_LIMIT,
    CLIENT_TLS_PROTOCOL,
    CLIENT_TLS_CERTIFICATE,
    CLIENT_URI_INVALID,
    CLIENT_RESPONSE_INCOMPLETE,
    CLIENT_RESPONSE_TIMEOUT, /* no first byte in time */
    CLIENT_RESPONSE_HEADER_SIZE,
    CLIENT_PROTOCOL_ERROR,
    CLIENT_INTERNAL,
};

struct client_options {
    size_t connections_max;          /* open at a time */
    size_t connections_per_host_max;
    uint64_t idle_time_ns;           /* a kept connection unused for so long is closed */
    size_t response_header_bytes_max;
    const struct address_prefix *allow; /* exceptions to "public addresses only"; borrowed, outlive the client */
    size_t allow_count;
};

/* What happens to a request, in this order: response, body…, then end or failed, which is the last: the request is gone when it
 * returns. Called from the loop, never from within a client_* function. What they point at is valid during the call. */
struct client_events {
    void (*response)(void *context, uint32_t status, const struct field *fields, size_t count);
    void (*body)(void *context, struct slice data); /* all of it is taken; see client_request_consumed */
    void (*sent)(void *context, size_t bytes);      /* so much of the request's body has left: more may be written */
    void (*end)(void *context, const struct field *trailers, size_t count);
    void (*failed)(void *context, enum client_failure failure, const char *detail);
};

struct client_request_options {
    struct slice method;
    struct slice url; /* http:// or https:// */
    const struct field *fields;
    size_t field_count;
    bool has_body;
    uint64_t body_bytes;               /* UINT64_MAX: unknown, chunked */
    uint64_t connect_timeout_ns;       /* UINT64_MAX: none; so are the next two */
    uint64_t first_byte_timeout_ns;
    uint64_t between_bytes_timeout_ns;
};

/* The caller closes *ret_client. `loop` must outlive it. */
int client_create(struct loop *loop, const struct client_options *options, struct client **ret_client, struct error *error);

/* Ends every request without an event and frees all; `closed` (may be NULL) is called from the loop when nothing is left. */
void client_close(struct client *client, void (*closed)(void *context), void *context);

/* Starts a request; copies what it is given. */
int client_request_start(struct client *client, const struct client_request_options *options, const struct client_events *events,
                         void *context, struct client_request **ret_request, struct error *error);

/* Adds to the request's body; copied, so the caller keeps what is unsent bounded by the `sent` events. */
int client_request_write(struct client_request *request, struct slice data);

/* The body is whole, with its trailers (copied; may be none). */
int client_request_end(struct client_request *request, const struct field *trailers, size_t count);

/* The caller has used `bytes` of the answer's body. Reading pauses while more than 64 KiB are unused. */
void client_request_consumed(struct client_request *request, size_t bytes);

/* Ends it without an event; it is gone. */
void client_request_cancel(struct client_request *request);

#endif
