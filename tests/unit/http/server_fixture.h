/* SPDX-License-Identifier: AGPL-3.0-only */

/* A server on a loop in a time of its own, with one client on the other end of a socket pair, and a
 * handler that writes down what it is told. Used by the tests of http/server.h. */

#ifndef FN0_TESTS_SERVER_FIXTURE_H
#define FN0_TESTS_SERVER_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/fault.h"
#include "http/server.h"
#include "tables/errors.h"
#include "tables/limits.h"

#define SECOND NANOSECONDS_PER_SECOND

struct server_fixture {
    struct clock clock;
    uint64_t now_ns;
    struct fault fault;
    struct loop *loop;
    struct http_server_options options;
    struct client_counts clients;
    size_t connections_per_address_max;
    struct http_server *server;
    int client; /* the client's end; -1: closed */
    /* What happened, a line each. */
    char events[65536];
    size_t event_bytes;
    char received[1 << 21]; /* by the client, since the last look, without Date */
    size_t received_bytes;
    bool client_saw_end;
    bool client_saw_reset;
    bool drained;
    bool closed;
    /* The handler. */
    struct http_exchange *exchange; /* the last one that was not ended yet */
    void (*on_request)(struct server_fixture *fixture, struct http_exchange *exchange);
    void (*on_body)(struct server_fixture *fixture, struct slice data);
    void (*on_body_end)(struct server_fixture *fixture);
    void (*on_body_failed)(struct server_fixture *fixture, int code);
    void (*on_writable)(struct server_fixture *fixture);
    void (*on_gone)(struct server_fixture *fixture);
    void (*on_done)(struct server_fixture *fixture);
    bool quiet_bodies; /* count them only */
    uint64_t body_bytes;
    unsigned writables;
};

static inline void note(struct server_fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void note(struct server_fixture *fixture, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(fixture->events + fixture->event_bytes,
                          sizeof(fixture->events) - fixture->event_bytes, format, arguments);
    va_end(arguments);
    check(bytes >= 0 && (size_t)bytes < sizeof(fixture->events) - fixture->event_bytes);
    fixture->event_bytes += (size_t)bytes;
}

/* What happened since the last look. */
static inline void expect_events(struct server_fixture *fixture, const char *expected)
{
    fixture->events[fixture->event_bytes] = '\0';
    fixture->event_bytes = 0;
    assert_string_equal(fixture->events, expected);
}

/* ---- The handler ----------------------------------------------------------------------------- */

static inline const char *code_name(int code)
{
    return code == 0 ? "-" : error_info(code)->name + strlen("ERROR_");
}

static inline void fixture_body(void *context, struct slice data)
{
    struct server_fixture *fixture = context;
    check(data.bytes > 0);
    fixture->body_bytes += data.bytes;
    if (!fixture->quiet_bodies)
        note(fixture, "body %.*s\n", (int)data.bytes, data.data);
    if (fixture->on_body)
        fixture->on_body(fixture, data);
}

static inline void fixture_body_end(void *context, const struct field *trailers, size_t count)
{
    struct server_fixture *fixture = context;
    note(fixture, "body_end");
    for (size_t i = 0; i < count; i++)
        note(fixture, " %.*s=%.*s", (int)trailers[i].name.bytes, trailers[i].name.data,
             (int)trailers[i].value.bytes, trailers[i].value.data);
    note(fixture, "\n");
    if (fixture->on_body_end)
        fixture->on_body_end(fixture);
}

static inline void fixture_body_failed(void *context, int code)
{
    struct server_fixture *fixture = context;
    note(fixture, "body_failed %s\n", code_name(code));
    if (fixture->on_body_failed)
        fixture->on_body_failed(fixture, code);
}

static inline void fixture_writable(void *context)
{
    struct server_fixture *fixture = context;
    fixture->writables++;
    if (fixture->on_writable)
        fixture->on_writable(fixture);
}

static inline void fixture_gone(void *context, int code)
{
    struct server_fixture *fixture = context;
    note(fixture, "gone %s\n", code_name(code));
    fixture->exchange = NULL;
    if (fixture->on_gone)
        fixture->on_gone(fixture);
}

static const struct http_exchange_events fixture_events = {
    .body = fixture_body,
    .body_end = fixture_body_end,
    .body_failed = fixture_body_failed,
    .writable = fixture_writable,
    .gone = fixture_gone,
};

static inline void fixture_request(void *context, struct http_exchange *exchange)
{
    struct server_fixture *fixture = context;
    const struct http_request *request = http_exchange_request(exchange);
    check(request->arena && request->peer && !request->note);
    note(fixture, "%.*s %.*s\n", (int)request->method.bytes, request->method.data,
         (int)request->path_with_query.bytes, request->path_with_query.data);
    if (fixture->on_request) {
        fixture->on_request(fixture, exchange);
        return;
    }
    fixture->exchange = exchange;
    http_exchange_handle(exchange, &fixture_events, fixture);
}

static inline void fixture_done(void *context, const struct http_request *request, uint32_t status,
                                uint64_t body_bytes, uint64_t duration_ns, int code)
{
    struct server_fixture *fixture = context;
    check(request && request->arena);
    note(fixture, "done %u %" PRIu64 " %s\n", status, body_bytes, code_name(code));
    (void)duration_ns;
    if (fixture->on_done)
        fixture->on_done(fixture);
}

static inline void fixture_refuse(void *context, struct http_exchange *exchange, int code)
{
    struct server_fixture *fixture = context;
    note(fixture, "refuse %s\n", code_name(code));
    struct slice text = slice_of(code_name(code));
    uint32_t status = (uint32_t)error_info(code)->status;
    if (http_exchange_respond(exchange, status, NULL, 0, text.bytes, SIZE_MAX) == 0 &&
        http_exchange_write(exchange, text) == 0)
        (void)http_exchange_end(exchange, NULL, 0);
    else
        http_exchange_abort(exchange);
}

/* Answers 200 with the text, and ends. */
static inline void answer(struct http_exchange *exchange, const char *text)
{
    struct slice body = slice_of(text);
    if (http_exchange_respond(exchange, 200, NULL, 0, body.bytes, 4096) == 0 &&
        http_exchange_write(exchange, body) == 0)
        (void)http_exchange_end(exchange, NULL, 0);
    else
        http_exchange_abort(exchange);
}

/* A handler that answers every request with its path at once. */
static inline void answer_with_path(struct server_fixture *fixture, struct http_exchange *exchange)
{
    struct slice path = http_exchange_request(exchange)->path_with_query;
    char text[256];
    snprintf(text, sizeof(text), "%.*s", (int)path.bytes, path.data);
    (void)fixture;
    answer(exchange, text);
}

/* ---- Time and turns -------------------------------------------------------------------------- */

static inline uint64_t fixture_now(void *context)
{
    return ((struct server_fixture *)context)->now_ns;
}

/* Lets the loop do all there is to do now. */
static inline void run(struct server_fixture *fixture)
{
    for (int i = 0; i < 8; i++)
        loop_run_once(fixture->loop, 0);
}

static inline void pass_time(struct server_fixture *fixture, uint64_t ns)
{
    fixture->now_ns += ns;
    run(fixture);
}

/* ---- The client ------------------------------------------------------------------------------ */

static inline void client_send(struct server_fixture *fixture, struct slice text)
{
    while (text.bytes > 0) {
        ssize_t sent = send(fixture->client, text.data, text.bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            assert_int_equal(errno, EAGAIN);
            run(fixture);
            continue;
        }
        text.data += sent;
        text.bytes -= (size_t)sent;
    }
}

/* Sends, and lets the server work. */
static inline void say(struct server_fixture *fixture, const char *text)
{
    client_send(fixture, slice_of(text));
    run(fixture);
}

/* Reads all that the client has got. */
static inline void client_receive(struct server_fixture *fixture)
{
    for (;;) {
        ssize_t got = recv(fixture->client, fixture->received + fixture->received_bytes,
                           sizeof(fixture->received) - 1 - fixture->received_bytes, MSG_DONTWAIT);
        if (got > 0) {
            fixture->received_bytes += (size_t)got;
            run(fixture);
            continue;
        }
        fixture->client_saw_end |= got == 0;
        fixture->client_saw_reset |= got < 0 && errno == ECONNRESET;
        break;
    }
    fixture->received[fixture->received_bytes] = '\0';
}

static inline void drop_dates(char *text)
{
    for (char *date; (date = strstr(text, "Date: ")) != NULL;) {
        char *next = strstr(date, "\r\n");
        check(next && next - date == 35);
        memmove(date, next + 2, strlen(next + 2) + 1);
    }
}

/* What the client has got since the last look, without Date. */
static inline void expect_received(struct server_fixture *fixture, const char *expected)
{
    client_receive(fixture);
    drop_dates(fixture->received);
    assert_string_equal(fixture->received, expected);
    fixture->received_bytes = 0;
}

static inline void expect_open(struct server_fixture *fixture)
{
    client_receive(fixture);
    assert_false(fixture->client_saw_end);
    assert_false(fixture->client_saw_reset);
}

/* The client sees the end of what the server says. */
static inline void expect_end(struct server_fixture *fixture)
{
    client_receive(fixture);
    assert_true(fixture->client_saw_end);
    assert_false(fixture->client_saw_reset);
}

static inline void client_close(struct server_fixture *fixture)
{
    if (fixture->client >= 0)
        close(fixture->client);
    fixture->client = -1;
}

/* Another client, instead of the one there was. */
static inline void connect_client(struct server_fixture *fixture)
{
    int ends[2];
    struct error error;
    client_close(fixture);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fixture->client = ends[0];
    fixture->client_saw_end = fixture->client_saw_reset = false;
    fixture->received_bytes = 0;
    if (http_server_adopt(fixture->server, ends[1], &error) != 0)
        close(ends[1]);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static inline void on_fixture_drained(void *context)
{
    ((struct server_fixture *)context)->drained = true;
}

static inline void on_fixture_closed(void *context)
{
    ((struct server_fixture *)context)->closed = true;
}

static inline void close_server(struct server_fixture *fixture)
{
    http_server_close(fixture->server, on_fixture_closed, fixture);
}

static inline struct server_fixture *fixture_create(void)
{
    struct server_fixture *fixture = calloc(1, sizeof(*fixture));
    struct error error;
    assert_non_null(fixture);
    fixture->client = -1;
    fixture->now_ns = 1000 * SECOND;
    fault_init(&fixture->fault);
    fixture->clock = (struct clock){.name = "test",
                                    .context = fixture,
                                    .monotonic_ns = fixture_now,
                                    .realtime_ns = fixture_now,
                                    .thread_cpu_ns = fixture_now};
    fixture->options = (struct http_server_options){
        .head_bytes_max = 1024,
        .connections_max = 100,
        .clients = &fixture->clients,
        .head_timeout_ns = 10 * SECOND,
        .body_timeout_ns = 20 * SECOND,
        .write_timeout_ns = 30 * SECOND,
        .idle_timeout_ns = 60 * SECOND,
        .body_window_bytes = 1000,
        .output_bytes_max = 10000,
        .fault = &fixture->fault,
    };
    fixture->connections_per_address_max = 100;
    assert_int_equal(loop_create(&fixture->clock, &fixture->loop, &error), 0);
    return fixture;
}

static inline int fixture_open(struct server_fixture *fixture, bool with_refuse)
{
    struct error error;
    const struct http_handler handler = {
        .context = fixture,
        .request = fixture_request,
        .done = fixture_done,
        .refuse = with_refuse ? fixture_refuse : NULL,
    };
    int code = client_counts_init(&fixture->clients, 100, fixture->connections_per_address_max,
                                  &fixture->fault);
    if (code)
        return code;
    return http_server_create(fixture->loop, &fixture->options, &handler, &fixture->server, &error);
}

/* A server and a connected client. */
static inline struct server_fixture *fixture_make(void)
{
    struct server_fixture *fixture = fixture_create();
    assert_int_equal(fixture_open(fixture, true), 0);
    connect_client(fixture);
    return fixture;
}

static inline void fixture_free(struct server_fixture *fixture)
{
    if (fixture->server && !fixture->closed) {
        close_server(fixture);
        run(fixture);
        assert_true(fixture->closed);
    }
    client_close(fixture);
    client_counts_fini(&fixture->clients);
    loop_destroy(fixture->loop);
    free(fixture);
}

#endif
