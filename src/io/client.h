/* SPDX-License-Identifier: AGPL-3.0-only */

/* The HTTP/1.1 client of a worker: one libcurl multi handle on its loop, so that connections are
 * kept, counted and refused by policy.
 *
 * Policy. Only http and https; proxies of the environment are ignored; redirects are not followed;
 * bodies are not decompressed; there are no cookies; TLS is verified against the system's trust
 * store. The address that was checked is the address that is connected to: the check sits where the
 * socket is opened, so that neither a name that resolves differently a second time nor a number in
 * disguise gets past it. Only public addresses other than the host's own are connected to, and what
 * `allow` names.
 *
 * Kept connections. They are used again for any request to the same scheme, host and port. Where
 * such a connection turns out to have been closed, the request is sent again on a new one, unless
 * that might do something twice: a request whose method is not idempotent (RFC 9110, 9.2.2), or
 * whose body has begun to leave, is sent at most once.
 *
 * Bodies stream both ways. Sending: the caller writes, is told by `sent` what has left, and so
 * keeps what is unsent within a bound of its own. Receiving: reading pauses while more than 64 KiB
 * are not consumed; up to 32 KiB more may have been read by then.
 *
 * Life: client_create, requests, client_close. A request is the caller's until its last event
 * (`end` or `failed`), or until it cancels. Events come from the loop, never from within a function
 * of this header; every function may be called from within an event, client_request_cancel and
 * client_close too. SIGPIPE must be ignored in the process.
 *
 * Threads: every pointer belongs to the loop's thread. Names are resolved in threads of libcurl's.
 */

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

/* Why a request failed, once: X(name, error_code, what). `error_code` is the case of wasi:http's
 * error-code that guests are told; `what` is for logs where libcurl has no words. */
#define CLIENT_FAILURE_TABLE(X)                                                                 \
    X(CLIENT_DNS_TIMEOUT, "DNS-timeout", "the name was not resolved in time")                   \
    X(CLIENT_DNS_ERROR, "DNS-error", "the name cannot be resolved")                             \
    X(CLIENT_DESTINATION_NOT_FOUND, "destination-not-found", "there is no such destination")    \
    X(CLIENT_DESTINATION_UNAVAILABLE, "destination-unavailable", "there is no way there")       \
    X(CLIENT_ADDRESS_PROHIBITED, "destination-IP-prohibited", "the address may not be reached") \
    X(CLIENT_CONNECTION_REFUSED, "connection-refused", "the connection was refused")            \
    X(CLIENT_CONNECTION_TERMINATED, "connection-terminated", "the connection was cut")          \
    X(CLIENT_CONNECTION_TIMEOUT, "connection-timeout", "no connection in time")                 \
    X(CLIENT_READ_TIMEOUT, "connection-read-timeout", "the response stopped for too long")      \
    X(CLIENT_WRITE_TIMEOUT, "connection-write-timeout", "the request was not taken in time")    \
    X(CLIENT_CONNECTION_LIMIT, "connection-limit-reached", "no connection became free in time") \
    X(CLIENT_TLS_PROTOCOL, "TLS-protocol-error", "TLS failed")                                  \
    X(CLIENT_TLS_CERTIFICATE, "TLS-certificate-error", "the certificate is not trusted")        \
    X(CLIENT_URI_INVALID, "HTTP-request-URI-invalid", "the URL is not valid")                   \
    X(CLIENT_RESPONSE_INCOMPLETE, "HTTP-response-incomplete", "the response ended early")       \
    X(CLIENT_RESPONSE_TIMEOUT, "HTTP-response-timeout", "no response in time")                  \
    X(CLIENT_RESPONSE_HEADER_SIZE, "HTTP-response-header-section-size",                         \
      "the response's header is too large")                                                     \
    X(CLIENT_PROTOCOL_ERROR, "HTTP-protocol-error", "the response is not valid HTTP")           \
    X(CLIENT_INTERNAL, "internal-error", "internal error")

/* See CLIENT_FAILURE_TABLE. */
enum client_failure {
#define CLIENT_FAILURE_ROW(name, error_code, what) name,
    CLIENT_FAILURE_TABLE(CLIENT_FAILURE_ROW)
#undef CLIENT_FAILURE_ROW
};

/* The failure's case of wasi:http's error-code: static, terminated. Any thread. */
const char *client_failure_name(enum client_failure failure);

struct client_options {
    size_t connections_max;           /* open at a time, kept ones included; over 0 */
    size_t connections_per_host_max;  /* over 0 */
    uint64_t idle_time_ns;            /* a kept connection unused for so long is not used again, and
                                         all are closed when the client was unused for so long */
    size_t response_header_bytes_max; /* interim heads included; of trailers again; over 0 */
    const struct address_prefix *allow; /* exceptions to "public addresses only"; borrowed, outlive
                                           the client */
    size_t allow_count;
    /* What is trusted instead of the system's store: a file of certificates (PEM), or a folder of
     * them with links named after their hashes (openssl rehash). NULL: the system's. Borrowed,
     * outlives the client. */
    const char *certificates;
};

/* What happens to a request, in this order: response, body…, then end or failed, which is the last:
 * the request is gone when it returns. `sent` comes at any time before. What they point at is valid
 * during the call. */
struct client_events {
    /* The head of the final response: names in lower case; hop-by-hop and framing fields are taken
     * out, but Content-Length is left where it holds. */
    void (*response)(void *context, uint32_t status, const struct field *fields, size_t count);
    /* A piece of the body; all of it is taken. See client_request_consumed. */
    void (*body)(void *context, struct slice data);
    /* So much of the request's body has left: as much may be written again. Also told of what is
     * dropped because the server has answered an error without waiting for it. */
    void (*sent)(void *context, size_t bytes);
    /* The response is whole. */
    void (*end)(void *context, const struct field *trailers, size_t count);
    /* There will be no response, or no more of it. `detail` is for people. */
    void (*failed)(void *context, enum client_failure failure, const char *detail);
};

/* All is copied. Times are rounded up to a millisecond; UINT64_MAX: none. They count only while the
 * server is waited for, not while the caller is (to write more, to consume more). */
struct client_request_options {
    struct slice method; /* a token, in its own case; not CONNECT */
    struct slice url;    /* http:// or https://, without user and password */
    /* Sent as they are, but Host, Content-Length, Expect and hop-by-hop fields are left out. */
    const struct field *fields;
    size_t field_count;
    bool has_body;               /* HEAD never sends one: what is written is dropped */
    uint64_t body_bytes;         /* UINT64_MAX: unknown, chunked */
    uint64_t connect_timeout_ns; /* to resolve, to wait for a free connection, to connect, TLS */
    uint64_t
        first_byte_timeout_ns; /* from then, or from the last byte sent, to the response's head */
    uint64_t between_bytes_timeout_ns;
};

/* Makes a client; it opens nothing yet. The caller closes *ret_client. `loop` must outlive it.
 * Returns 0, ERROR_OUT_OF_MEMORY, or ERROR_SYSTEM where libcurl does not start. */
int client_create(struct loop *loop, const struct client_options *options,
                  struct client **ret_client, struct error *error);

/* Ends every request without an event and frees all; `closed` (may be NULL) is called from the loop
 * when nothing is left. */
void client_close(struct client *client, void (*closed)(void *context), void *context);

/* Starts a request. Returns 0, ERROR_INVALID_ARGUMENT (a method or field that HTTP does not allow),
 * ERROR_FULL (fields of more than 512 KiB) or ERROR_OUT_OF_MEMORY; all other failures are events.
 * The request belongs to the client; *ret_request is valid until its last event or its cancelling.
 */
int client_request_start(struct client *client, const struct client_request_options *options,
                         const struct client_events *events, void *context,
                         struct client_request **ret_request, struct error *error);

/* Adds to the request's body; copied, so the caller keeps what is unsent bounded by the `sent`
 * events. Returns 0, ERROR_OUT_OF_MEMORY, or ERROR_INVALID_ARGUMENT: more than body_bytes, or after
 * the end, or without has_body; then nothing is added, and the request should be cancelled. */
int client_request_write(struct client_request *request, struct slice data);

/* The body is whole, with its trailers (copied; may be none; only bodies of unknown length carry
 * them, others drop them). Returns 0, ERROR_OUT_OF_MEMORY, ERROR_FULL (trailers of more than 60
 * KiB), or ERROR_INVALID_ARGUMENT: less than body_bytes was written, a field that HTTP does not
 * allow, a second end; then nothing has ended, and the request should be cancelled. */
int client_request_end(struct client_request *request, const struct field *trailers, size_t count);

/* The caller has used `bytes` of the answer's body. Reading pauses while more than 64 KiB are
 * unused. */
void client_request_consumed(struct client_request *request, size_t bytes);

/* Ends it without an event; it is gone. */
void client_request_cancel(struct client_request *request);

/* How many requests run. */
size_t client_requests(const struct client *client);

#endif
