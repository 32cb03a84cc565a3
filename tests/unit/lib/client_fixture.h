/* SPDX-License-Identifier: AGPL-3.0-only */

/* What tests of io/client.h share: a client on a loop that may reach a peer on 127.0.0.1, requests
 * that note what they are told, and scripts for the peer. */

#ifndef FN0_TESTS_CLIENT_FIXTURE_H
#define FN0_TESTS_CLIENT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_peer.h"
#include "io/client.h"

#define MILLISECOND NANOSECONDS_PER_MILLISECOND
#define MEBIBYTE ((size_t)1 << 20)

struct fixture {
    struct loop *loop;
    struct client *client;
    struct peer peer;
    struct address_prefix allow;
    bool peer_runs;
    bool closed;
    uint64_t clock_ahead_ns;
    struct clock clock;
};

struct exchange {
    struct fixture *fixture;
    struct client_request *request; /* NULL: over */
    char events[64];                /* a letter each, once: r, b, s, e, f */
    uint32_t status;
    char fields[4096]; /* "name: value\n" of each */
    char trailers[4096];
    char text[256]; /* the beginning of the body */
    size_t body_bytes;
    size_t pattern_errors;
    size_t sent_bytes;
    enum client_failure failure;
    char detail[300];
    bool holds;      /* does not consume */
    char cancels_at; /* the event's letter */
    char closes_at;
    /* What is to be sent yet: bytes of the pattern. */
    size_t to_write;
    size_t written;
    size_t window; /* that may be unsent */
    const struct field *trailers_to_send;
    size_t trailer_count;
};

/* The byte that stands at `i` in every body that is checked. */
char pattern_at(size_t i);

/* Set-up and tear-down of cmocka: a loop, whose clock can be put ahead. A test that hangs is ended.
 */
int client_set_up(void **state);
int client_tear_down(void **state);

/* Makes the fixture's client: 127.0.0.0/8 is allowed; what is not 0 in `changes` (may be NULL) is
 * taken from there. */
void make_client(struct fixture *fixture, const struct client_options *changes);

/* Closes the client and waits until it is closed; another one can be made then. */
void close_client(struct fixture *fixture);

/* Waits until a client is closed whose closing has begun. */
void run_until_closed(struct fixture *fixture);

/* For client_close. */
void on_client_closed(void *context);

/* Starts the fixture's peer, after stopping the one that runs. */
void start_peer(struct fixture *fixture, void (*script)(struct peer_connection *connection),
                const void *context);

/* A request; what is 0 has the value said. */
struct wanted {
    const char *method; /* GET */
    const char *url;    /* the peer's */
    const char *path;   /* of the peer's URL */
    const struct field *fields;
    size_t field_count;
    bool has_body;
    bool known_length;
    size_t body_bytes;
    size_t window; /* 64 KiB */
    uint64_t connect_timeout_ns;
    uint64_t first_byte_timeout_ns;
    uint64_t between_bytes_timeout_ns;
};

/* Starts a request, and writes what fits of its body. `exchange` is all 0 but for what it wants. */
void start(struct fixture *fixture, struct exchange *exchange, const struct wanted *wanted);

/* Runs the loop until the request is over. */
void run_until_over(struct exchange *exchange);

/* Runs the loop for so long. */
void run_for(struct fixture *fixture, uint64_t ns);

/* Runs the loop until the peer's counter stands at `value`; fails the test after seconds. */
void run_until_counted(struct fixture *fixture, const _Atomic(unsigned) *counter, unsigned value);

/* A whole exchange. */
void exchange_whole(struct fixture *fixture, struct exchange *exchange,
                    const struct wanted *wanted);

/* Fails the test where the request has not failed in this way. */
void assert_failed(const struct exchange *exchange, enum client_failure failure);

/* The events of struct exchange, for starting a request by hand. */
extern const struct client_events exchange_events;

/* ---- Scripts for the peer
 * ------------------------------------------------------------------------ */

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"

/* Reads a request's body, whatever its framing, and hands it on piece by piece; `trailers` (may be
 * NULL) are lines. The number of its bytes, or -1. */
long read_body(struct peer_connection *connection,
               void (*piece)(struct peer_connection *connection, const char *data, size_t bytes),
               char trailers[4096]);

/* Answers each request by the text in its context. */
void answer_text(struct peer_connection *connection);

/* Answers while the request comes in, chunk by chunk, with the trailers that came. */
void echo(struct peer_connection *connection);

/* Sends 10 MiB of the pattern to each request. */
void send_much(struct peer_connection *connection);

/* Reads all and never answers. */
void read_only(struct peer_connection *connection);

/* Reads nothing until the client is gone. */
void read_nothing(struct peer_connection *connection);

/* Sends the context after a head, ends its own side, and waits for the client's end. */
void send_context_and_end(struct peer_connection *connection);

#endif
