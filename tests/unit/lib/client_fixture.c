/* SPDX-License-Identifier: AGPL-3.0-only */

#include "client_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"

#define WAIT_NS (20 * NANOSECONDS_PER_SECOND)

char pattern_at(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void print_fields(char text[4096], const struct field *fields, size_t count)
{
    size_t at = 0;
    text[0] = 0;
    for (size_t i = 0; i < count && at < 4000; i++)
        at +=
            (size_t)snprintf(text + at, 4096 - at, "%.*s: %.*s\n", (int)fields[i].name.bytes,
                             fields[i].name.data, (int)fields[i].value.bytes, fields[i].value.data);
}

void on_client_closed(void *context)
{
    struct fixture *fixture = context;
    assert_false(fixture->closed);
    fixture->closed = true;
    fixture->client = NULL;
}

/* Notes an event; cancels or closes where the test wants that. False when the request is gone. */
static bool note(struct exchange *exchange, char event)
{
    size_t count = strlen(exchange->events);
    assert_non_null(exchange->request);
    if (!strchr(exchange->events, event)) {
        assert_true(count + 1 < sizeof(exchange->events));
        exchange->events[count] = event;
    } else {
        assert_true(event == 'b' || event == 's');
    }
    if (exchange->cancels_at == event) {
        client_request_cancel(exchange->request);
        exchange->request = NULL;
    } else if (exchange->closes_at == event) {
        client_close(exchange->fixture->client, on_client_closed, exchange->fixture);
        exchange->request = NULL;
    } else if (event == 'e' || event == 'f') {
        exchange->request = NULL;
    }
    return exchange->request;
}

static void on_response(void *context, uint32_t status, const struct field *fields, size_t count)
{
    struct exchange *exchange = context;
    exchange->status = status;
    print_fields(exchange->fields, fields, count);
    note(exchange, 'r');
}

static void on_body(void *context, struct slice data)
{
    struct exchange *exchange = context;
    assert_true(data.bytes > 0);
    for (size_t i = 0; i < data.bytes; i++, exchange->body_bytes++) {
        if (exchange->body_bytes + 1 < sizeof(exchange->text))
            exchange->text[exchange->body_bytes] = data.data[i];
        exchange->pattern_errors += data.data[i] != pattern_at(exchange->body_bytes);
    }
    if (note(exchange, 'b') && !exchange->holds)
        client_request_consumed(exchange->request, data.bytes);
}

/* Writes as much as the window allows, and ends. */
static void pump(struct exchange *exchange)
{
    char piece[4096];
    while (exchange->written < exchange->to_write &&
           exchange->written - exchange->sent_bytes < exchange->window) {
        size_t bytes = exchange->to_write - exchange->written;
        size_t room = exchange->window - (exchange->written - exchange->sent_bytes);
        bytes = bytes < sizeof(piece) ? bytes : sizeof(piece);
        bytes = bytes < room ? bytes : room;
        for (size_t i = 0; i < bytes; i++)
            piece[i] = pattern_at(exchange->written + i);
        struct slice data = {.data = piece, .bytes = bytes};
        assert_int_equal(client_request_write(exchange->request, data), 0);
        exchange->written += bytes;
        if (exchange->written == exchange->to_write)
            assert_int_equal(client_request_end(exchange->request, exchange->trailers_to_send,
                                                exchange->trailer_count),
                             0);
    }
}

static void on_sent(void *context, size_t bytes)
{
    struct exchange *exchange = context;
    assert_true(bytes > 0);
    exchange->sent_bytes += bytes;
    assert_true(exchange->sent_bytes <= exchange->written);
    if (note(exchange, 's'))
        pump(exchange);
}

static void on_end(void *context, const struct field *trailers, size_t count)
{
    struct exchange *exchange = context;
    print_fields(exchange->trailers, trailers, count);
    note(exchange, 'e');
}

static void on_failed(void *context, enum client_failure failure, const char *detail)
{
    struct exchange *exchange = context;
    exchange->failure = failure;
    snprintf(exchange->detail, sizeof(exchange->detail), "%s", detail);
    assert_true(detail[0] != 0);
    note(exchange, 'f');
}

const struct client_events exchange_events = {
    .response = on_response,
    .body = on_body,
    .sent = on_sent,
    .end = on_end,
    .failed = on_failed,
};

/* ---- Set-up
 * -------------------------------------------------------------------------------------- */

static uint64_t shifted_now(void *context)
{
    struct fixture *fixture = context;
    return clock_monotonic_ns(clock_system()) + fixture->clock_ahead_ns;
}

int client_set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    alarm(120);
    fixture->clock = *clock_system();
    fixture->clock.context = fixture;
    fixture->clock.monotonic_ns = shifted_now;
    assert_int_equal(loop_create(&fixture->clock, &fixture->loop, NULL), 0);
    *state = fixture;
    return 0;
}

void run_until_closed(struct fixture *fixture)
{
    for (int i = 0; i < 1000 && !fixture->closed; i++)
        loop_run_once(fixture->loop, 10);
    assert_true(fixture->closed);
}

void close_client(struct fixture *fixture)
{
    fixture->closed = false;
    client_close(fixture->client, on_client_closed, fixture);
    run_until_closed(fixture);
}

int client_tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->client)
        close_client(fixture);
    loop_destroy(fixture->loop);
    if (fixture->peer_runs)
        peer_stop(&fixture->peer);
    free(fixture);
    alarm(0);
    return 0;
}

void make_client(struct fixture *fixture, const struct client_options *changes)
{
    assert_int_equal(address_prefix_read(SLICE("127.0.0.0/8"), &fixture->allow, NULL), 0);
    struct client_options options = {
        .connections_max = 16,
        .connections_per_host_max = 8,
        .idle_time_ns = 60 * NANOSECONDS_PER_SECOND,
        .response_header_bytes_max = 131072,
        .allow = &fixture->allow,
        .allow_count = 1,
    };
    if (changes && changes->connections_max)
        options.connections_max = changes->connections_max;
    if (changes && changes->response_header_bytes_max)
        options.response_header_bytes_max = changes->response_header_bytes_max;
    if (changes && changes->allow) {
        options.allow = changes->allow;
        options.allow_count = changes->allow_count;
    }
    if (changes)
        options.certificates = changes->certificates;
    assert_int_equal(client_create(fixture->loop, &options, &fixture->client, NULL), 0);
}

void start_peer(struct fixture *fixture, void (*script)(struct peer_connection *connection),
                const void *context)
{
    if (fixture->peer_runs)
        peer_stop(&fixture->peer);
    peer_start(&fixture->peer, script, context, NULL);
    fixture->peer_runs = true;
}

void start(struct fixture *fixture, struct exchange *exchange, const struct wanted *wanted)
{
    char url[300];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", fixture->peer.port,
             wanted->path ? wanted->path : "/");
    struct client_request_options options = {
        .method = slice_of(wanted->method ? wanted->method : "GET"),
        .url = slice_of(wanted->url ? wanted->url : url),
        .fields = wanted->fields,
        .field_count = wanted->field_count,
        .has_body = wanted->has_body,
        .body_bytes = wanted->known_length ? wanted->body_bytes : UINT64_MAX,
        .connect_timeout_ns = wanted->connect_timeout_ns ? wanted->connect_timeout_ns : WAIT_NS,
        .first_byte_timeout_ns =
            wanted->first_byte_timeout_ns ? wanted->first_byte_timeout_ns : WAIT_NS,
        .between_bytes_timeout_ns =
            wanted->between_bytes_timeout_ns ? wanted->between_bytes_timeout_ns : WAIT_NS,
    };
    struct error error = {0};
    exchange->fixture = fixture;
    exchange->window = wanted->window ? wanted->window : 65536;
    int code = client_request_start(fixture->client, &options, &exchange_events, exchange,
                                    &exchange->request, &error);
    if (code != 0)
        fail_msg("%s", error.message);
    /* No event comes from within. */
    assert_string_equal(exchange->events, "");
    exchange->to_write = wanted->body_bytes;
    if (wanted->has_body && wanted->body_bytes > 0)
        pump(exchange);
}

void run_until_over(struct exchange *exchange)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + WAIT_NS;
    while (exchange->request && clock_monotonic_ns(clock_system()) < end_ns)
        loop_run_once(exchange->fixture->loop, 10);
    assert_null(exchange->request);
}

void run_for(struct fixture *fixture, uint64_t ns)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + ns;
    while (clock_monotonic_ns(clock_system()) < end_ns)
        loop_run_once(fixture->loop, 2);
}

void run_until_counted(struct fixture *fixture, const _Atomic(unsigned) *counter, unsigned value)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + WAIT_NS;
    while (atomic_load(counter) != value && clock_monotonic_ns(clock_system()) < end_ns)
        loop_run_once(fixture->loop, 2);
    assert_int_equal(atomic_load(counter), value);
}

void exchange_whole(struct fixture *fixture, struct exchange *exchange, const struct wanted *wanted)
{
    memset(exchange, 0, sizeof(*exchange));
    start(fixture, exchange, wanted);
    run_until_over(exchange);
}

void assert_failed(const struct exchange *exchange, enum client_failure failure)
{
    if (strchr(exchange->events, 'f') == NULL || exchange->failure != failure)
        fail_msg("expected %s, but events were %s and the failure %s (%s)",
                 client_failure_name(failure), exchange->events,
                 client_failure_name(exchange->failure), exchange->detail);
}

/* ---- Scripts
 * ------------------------------------------------------------------------------------- */

/* Reads a request's body, whatever its framing. The number of its bytes, or -1. */
long read_body(struct peer_connection *connection,
               void (*piece)(struct peer_connection *, const char *, size_t), char trailers[4096])
{
    char value[256], data[16384], line[1024];
    long total = 0;
    size_t left = 0;
    bool chunked = peer_field(connection, "Transfer-Encoding", value);
    if (!chunked && peer_field(connection, "Content-Length", value))
        left = strtoul(value, NULL, 10);
    for (;;) {
        if (chunked) {
            if (!peer_read_line(connection, line))
                return -1;
            left = strtoul(line, NULL, 16);
        }
        bool last = left == 0 || !chunked;
        while (left > 0) {
            size_t bytes = peer_read(connection, data, left < sizeof(data) ? left : sizeof(data));
            if (bytes == 0)
                return -1;
            if (piece)
                piece(connection, data, bytes);
            total += (long)bytes;
            left -= bytes;
        }
        if (last && !chunked)
            return total;
        if (last)
            break;
        if (!peer_read_line(connection, line)) /* the line end after a chunk */
            return -1;
    }
    if (trailers)
        trailers[0] = 0;
    while (peer_read_line(connection, line) && line[0])
        if (trailers)
            strcat(strcat(trailers, line), "\n");
    return line[0] ? -1 : total;
}

/* Answers each request by the text in its context. */
void answer_text(struct peer_connection *connection)
{
    const char *text = connection->peer->context;
    while (peer_read_head(connection) && read_body(connection, NULL, NULL) >= 0)
        if (!peer_send(connection, text, strlen(text)))
            return;
}

static void echo_piece(struct peer_connection *connection, const char *data, size_t bytes)
{
    char line[32];
    snprintf(line, sizeof(line), "%zx\r\n", bytes);
    peer_send(connection, line, strlen(line));
    peer_send(connection, data, bytes);
    peer_send(connection, "\r\n", 2);
}

/* Answers while the request comes in, chunk by chunk, with the trailers that came. */
void echo(struct peer_connection *connection)
{
    char trailers[4096];
    while (peer_read_head(connection)) {
        peer_print(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        if (read_body(connection, echo_piece, trailers) < 0)
            return;
        peer_print(connection, "0\r\n");
        for (char *line = strtok(trailers, "\n"); line; line = strtok(NULL, "\n"))
            peer_print(connection, "Echoed-%s\r\n", line);
        peer_print(connection, "\r\n");
    }
}

/* Sends 10 MiB of the pattern to each request. */
void send_much(struct peer_connection *connection)
{
    while (peer_read_head(connection)) {
        peer_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", 10 * MEBIBYTE);
        char data[8192];
        for (size_t i = 0; i < 10 * MEBIBYTE; i += sizeof(data)) {
            for (size_t j = 0; j < sizeof(data); j++)
                data[j] = pattern_at(i + j);
            if (!peer_send(connection, data, sizeof(data)))
                return;
        }
    }
}

/* Never answers. */
void read_only(struct peer_connection *connection)
{
    char data[16384];
    while (peer_read(connection, data, sizeof(data)) > 0)
        ;
}

/* Reads nothing until the client is gone. */
void read_nothing(struct peer_connection *connection)
{
    struct pollfd poll_for = {.fd = connection->socket, .events = POLLRDHUP};
    poll(&poll_for, 1, 20000);
}

void send_context_and_end(struct peer_connection *connection)
{
    peer_read_head(connection);
    peer_print(connection, "%s", (const char *)connection->peer->context);
    shutdown(connection->socket, SHUT_WR);
    read_only(connection);
}
