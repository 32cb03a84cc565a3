/* SPDX-License-Identifier: AGPL-3.0-only */

/* How exchanges, connections and the server end: by clients that go, by handlers that cut, by
 * bounds, by drain and by close, also from within events. */

#include "server_fixture.h"

#include <sys/resource.h>

#include "io/listen.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

/* Listens on loopback; returns the address. */
static struct address listen_on_loopback(struct server_fixture *fixture)
{
    struct address address;
    struct error error;
    int listening;
    assert_int_equal(address_read(SLICE("127.0.0.1:0"), false, &address, &error), 0);
    assert_int_equal(listen_bind(&address, 1, &listening, &address, &error), 0);
    assert_int_equal(http_server_listen(fixture->server, listening, &error), 0);
    return address;
}

static int connect_to(const struct address *address)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    assert_int_equal(connect(client, &address->any, sizeof(address->v4)), 0);
    return client;
}

/* A server with a client over TCP, where a reset is a reset. */
static struct server_fixture *fixture_make_tcp(void)
{
    struct server_fixture *fixture = fixture_create();
    assert_int_equal(fixture_open(fixture, true), 0);
    struct address address = listen_on_loopback(fixture);
    fixture->client = connect_to(&address);
    run(fixture);
    assert_int_equal(http_server_connections(fixture->server), 1);
    return fixture;
}

static void client_reset(struct server_fixture *fixture)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fixture->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    client_close(fixture);
}

/* The network of loopback is quick, but not part of our turns. */
static void run_until_closed(struct server_fixture *fixture, size_t connections)
{
    for (int i = 0; i < 200 && http_server_connections(fixture->server) > connections; i++)
        loop_run_once(fixture->loop, 5);
    assert_int_equal(http_server_connections(fixture->server), connections);
}

/* ---- Clients --------------------------------------------------------------------------------- */

static void tells_of_a_reset_while_the_guest_works(void **state)
{
    struct server_fixture *fixture = fixture_make_tcp();
    (void)state;
    say(fixture, GET("/"));
    client_reset(fixture);
    run_until_closed(fixture, 0);
    expect_events(fixture, "GET /\ngone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n");
    fixture_free(fixture);
}

/* With the handler's window full, and with so much pipelined that nothing is read any more. */
static void tells_of_a_reset_while_reading_is_held_back(void **state)
{
    static char much[100000];
    (void)state;
    memset(much, 'x', sizeof(much));
    for (int pipelined = 0; pipelined <= 1; pipelined++) {
        struct server_fixture *fixture = fixture_make_tcp();
        fixture->quiet_bodies = true;
        if (pipelined) {
            say(fixture, GET("/"));
        } else {
            say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
            http_exchange_read(fixture->exchange);
        }
        client_send(fixture, (struct slice){.data = much, .bytes = sizeof(much)});
        run(fixture);
        assert_int_equal(fixture->body_bytes, pipelined ? 0 : 1000);
        run(fixture);
        client_reset(fixture);
        run_until_closed(fixture, 0);
        expect_events(fixture, pipelined ? "GET /\ngone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n"
                                         : "POST /\ngone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n");
        fixture_free(fixture);
    }
}

static void tells_of_a_reset_after_half_a_close(void **state)
{
    struct server_fixture *fixture = fixture_make_tcp();
    (void)state;
    say(fixture, GET("/"));
    shutdown(fixture->client, SHUT_WR);
    run(fixture);
    expect_events(fixture, "GET /\n");
    client_reset(fixture);
    run_until_closed(fixture, 0);
    expect_events(fixture, "gone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n");
    fixture_free(fixture);
}

static void tells_of_a_failed_write(void **state)
{
    struct server_fixture *fixture = fixture_make_tcp();
    (void)state;
    say(fixture, GET("/"));
    client_close(fixture); /* looks like half a close, until something is written */
    run(fixture);
    expect_events(fixture, "GET /\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    for (int i = 0; i < 100 && fixture->exchange; i++) {
        http_exchange_write(fixture->exchange, SLICE("x"));
        loop_run_once(fixture->loop, 5);
    }
    expect_events(fixture, "gone CLIENT_GONE\ndone 200 1 CLIENT_GONE\n");
    fixture_free(fixture);
}

static void tells_of_bodies_that_end_too_soon(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    shutdown(fixture->client, SHUT_WR);
    run(fixture);
    expect_events(fixture, "POST /\n"); /* the handler has not asked for the body yet */
    http_exchange_read(fixture->exchange);
    expect_events(fixture, "body hel\n"); /* never gone from within */
    run(fixture);
    expect_events(fixture, "gone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n");

    connect_client(fixture);
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    http_exchange_read(fixture->exchange);
    shutdown(fixture->client, SHUT_WR);
    run(fixture);
    expect_events(fixture, "POST /\ngone CLIENT_GONE\ndone 0 0 CLIENT_GONE\n");
    fixture_free(fixture);
}

static void forgets_heads_that_never_come_whole(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "GET / HTT");
    shutdown(fixture->client, SHUT_WR);
    run(fixture);
    expect_events(fixture, "");
    expect_received(fixture, "");
    expect_end(fixture);
    fixture_free(fixture);
}

/* Urgent data means nothing, and must not keep the loop awake. */
static void bears_urgent_data(void **state)
{
    struct server_fixture *fixture = fixture_make_tcp();
    static char much[100000];
    (void)state;
    memset(much, 'x', sizeof(much));
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
    client_send(fixture, (struct slice){.data = much, .bytes = sizeof(much)});
    run(fixture);
    assert_int_equal(send(fixture->client, "!", 1, MSG_OOB), 1);
    run(fixture);
    expect_events(fixture, "POST /\n");
    struct pollfd loop = {.fd = uv_backend_fd(loop_uv(fixture->loop)), .events = POLLIN};
    assert_int_equal(poll(&loop, 1, 20), 0);
    http_exchange_abort(fixture->exchange);
    fixture_free(fixture);
}

/* ---- Handlers -------------------------------------------------------------------------------- */

static void cuts_chunked_answers(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("part"));
    http_exchange_abort(fixture->exchange);
    run(fixture);
    expect_events(fixture, "GET /\ndone 200 4 RESPONSE_INCOMPLETE\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
    expect_end(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

/* What only a close would end is cut by a reset. */
static void resets_answers_that_last_until_the_close(void **state)
{
    struct server_fixture *fixture = fixture_make_tcp();
    (void)state;
    say(fixture, "GET / HTTP/1.0\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("part"));
    run(fixture);
    client_receive(fixture);
    http_exchange_abort(fixture->exchange);
    run_until_closed(fixture, 0);
    for (int i = 0; i < 100 && !fixture->client_saw_reset; i++) {
        loop_run_once(fixture->loop, 5);
        client_receive(fixture);
        assert_false(fixture->client_saw_end);
    }
    assert_true(fixture->client_saw_reset);
    fixture_free(fixture);
}

static void cuts_before_anything_was_said(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/") GET("/never"));
    http_exchange_abort(fixture->exchange);
    run(fixture);
    expect_events(fixture, "GET /\ndone 0 0 RESPONSE_INCOMPLETE\n");
    expect_received(fixture, "");
    expect_end(fixture);
    fixture_free(fixture);
}

static void abort_at_once(struct server_fixture *fixture, struct http_exchange *exchange)
{
    (void)fixture;
    http_exchange_abort(exchange);
}

static void read_at_once(struct server_fixture *fixture, struct http_exchange *exchange)
{
    fixture->exchange = exchange;
    http_exchange_handle(exchange, &fixture_events, fixture);
    http_exchange_read(exchange);
}

static void answer_in_body(struct server_fixture *fixture, struct slice data)
{
    (void)data;
    answer(fixture->exchange, "early");
    fixture->exchange = NULL;
}

static void abort_in_body(struct server_fixture *fixture, struct slice data)
{
    (void)data;
    http_exchange_abort(fixture->exchange);
    fixture->exchange = NULL;
}

static void answer_in_body_end(struct server_fixture *fixture)
{
    answer(fixture->exchange, "end");
}

static void abort_in_body_end(struct server_fixture *fixture)
{
    http_exchange_abort(fixture->exchange);
}

static void answer_in_body_failed(struct server_fixture *fixture, int code)
{
    answer(fixture->exchange, code_name(code));
}

static void abort_in_body_failed(struct server_fixture *fixture, int code)
{
    (void)code;
    http_exchange_abort(fixture->exchange);
}

static void ends_within_requests(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = abort_at_once;
    say(fixture, GET("/1") GET("/2"));
    expect_events(fixture, "GET /1\ndone 0 0 RESPONSE_INCOMPLETE\n");
    expect_end(fixture);
    fixture_free(fixture);
}

#define POST_HELLO "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
#define POST_CHUNKS                                                    \
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" \
    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"

static void ends_within_bodies(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = read_at_once;
    fixture->on_body = answer_in_body;
    say(fixture, POST_HELLO POST_CHUNKS);
    expect_events(fixture, "POST /\nbody hello\ndone 200 5 -\nPOST /\nbody he\ndone 200 5 -\n");
    expect_received(fixture, OK("5", "early") OK("5", "early"));
    expect_open(fixture);
    fixture->on_body = abort_in_body;
    say(fixture, POST_CHUNKS GET("/"));
    expect_events(fixture, "POST /\nbody he\ndone 0 0 RESPONSE_INCOMPLETE\n");
    expect_end(fixture);

    connect_client(fixture);
    fixture->on_body = NULL;
    fixture->on_body_end = answer_in_body_end;
    say(fixture, POST_HELLO POST_CHUNKS);
    expect_received(fixture, OK("3", "end") OK("3", "end"));
    fixture->on_body_end = abort_in_body_end;
    say(fixture, POST_HELLO GET("/"));
    expect_end(fixture);

    connect_client(fixture);
    fixture->on_body_failed = answer_in_body_failed;
    fixture->event_bytes = 0;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n"
                             "Connection: close\r\n\r\nREQUEST_MALFORMED");
    connect_client(fixture);
    fixture->on_body_failed = abort_in_body_failed;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz");
    expect_end(fixture);
    fixture_free(fixture);
}

/* The same where the events come from within http_exchange_read. */
static void ends_within_reading(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_body = answer_in_body;
    say(fixture, POST_CHUNKS GET("/next"));
    http_exchange_read(fixture->exchange);
    /* The next request is not begun from within. */
    expect_events(fixture, "POST /\nbody he\ndone 200 5 -\n");
    run(fixture);
    expect_events(fixture, "GET /next\n");
    answer(fixture->exchange, "x");
    run(fixture);
    expect_received(fixture, OK("5", "early") OK("1", "x"));

    fixture->on_body = abort_in_body;
    say(fixture, POST_CHUNKS);
    http_exchange_read(fixture->exchange);
    run(fixture);
    expect_end(fixture);

    connect_client(fixture);
    fixture->on_body = NULL;
    fixture->on_body_end = answer_in_body_end;
    say(fixture, GET("/"));
    http_exchange_read(fixture->exchange); /* a body of nothing ends at once */
    run(fixture);
    expect_received(fixture, OK("3", "end"));
    fixture_free(fixture);
}

static void end_in_writable(struct server_fixture *fixture)
{
    if (fixture->exchange)
        http_exchange_end(fixture->exchange, NULL, 0);
    fixture->exchange = NULL;
}

static void abort_in_writable(struct server_fixture *fixture)
{
    if (fixture->exchange)
        http_exchange_abort(fixture->exchange);
    fixture->exchange = NULL;
}

static void ends_within_writable(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_writable = end_in_writable;
    say(fixture, GET("/1") GET("/2"));
    for (int i = 0; i < 2; i++) {
        http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
        http_exchange_write(fixture->exchange, SLICE("x"));
        run(fixture);
        fixture->on_writable = abort_in_writable;
    }
    expect_events(fixture, "GET /1\ndone 200 1 -\nGET /2\ndone 200 1 RESPONSE_INCOMPLETE\n");
    expect_end(fixture);
    fixture_free(fixture);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void makes_room_at_the_expense_of_the_idle(void **state)
{
    struct server_fixture *fixture = fixture_create();
    int clients[4];
    char byte;
    (void)state;
    fixture->options.connections_max = 3;
    assert_int_equal(fixture_open(fixture, true), 0);
    struct address address = listen_on_loopback(fixture);
    for (int i = 0; i < 3; i++) {
        clients[i] = connect_to(&address);
        run(fixture);
    }
    /* The first is busy, the second has been idle for longest. */
    assert_true(send(clients[0], GET("/"), strlen(GET("/")), 0) > 0);
    run(fixture);
    clients[3] = connect_to(&address);
    run(fixture);
    assert_int_equal(http_server_connections(fixture->server), 3);
    assert_int_equal(recv(clients[1], &byte, 1, 0), 0);
    assert_int_equal(http_server_counts(fixture->server)->connections_evicted, 1);
    assert_int_equal(http_server_counts(fixture->server)->connections_accepted, 4);
    /* Nobody is idle: the new one is refused. */
    assert_true(send(clients[2], "G", 1, 0) > 0);
    assert_true(send(clients[3], "G", 1, 0) > 0);
    run(fixture);
    int refused = connect_to(&address);
    run(fixture);
    assert_int_equal(recv(refused, &byte, 1, 0), 0);
    assert_int_equal(http_server_counts(fixture->server)->connections_refused, 1);
    assert_int_equal(http_server_connections(fixture->server), 3);
    close(refused);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
    fixture_free(fixture);
}

/* Leaves the process `count` descriptors more than it has. Returns the limit there was. */
static struct rlimit leave_descriptors(unsigned count)
{
    struct rlimit before, now;
    int next = dup(STDIN_FILENO);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)next + count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return before;
}

static void waits_for_descriptors(void **state)
{
    struct server_fixture *fixture = fixture_create();
    struct log *log;
    FILE *file = tmpfile();
    char text[4096] = "";
    (void)state;
    fixture->on_request = answer_with_path;
    assert_int_equal(
        log_create(fileno(file), LOG_INFO, LOG_FORMAT_JSON, false, clock_system(), &log), 0);
    fixture->options.log = log;
    assert_int_equal(fixture_open(fixture, true), 0);
    struct address address = listen_on_loopback(fixture);
    const struct http_server_counts *counts = http_server_counts(fixture->server);
    int busy = connect_to(&address), idle = connect_to(&address);
    assert_true(send(busy, "G", 1, 0) > 0);
    run(fixture);
    int more[2] = {connect_to(&address), connect_to(&address)};
    struct rlimit before = leave_descriptors(0);
    assert_true(send(more[0], "G", 1, 0) > 0);
    run(fixture);
    run(fixture);
    /* The idle one makes room; then nobody is idle, and the other waits. */
    assert_int_equal(counts->connections_evicted, 1);
    assert_int_equal(counts->connections_accepted, 3);
    assert_int_equal(recv(idle, text, 1, 0), 0);
    uint64_t failed = counts->accepts_failed;
    assert_in_range(failed, 2, 3); /* it tries when a socket is closed, and when its memory goes */
    run(fixture);                  /* nobody tries meanwhile */
    assert_int_equal(counts->accepts_failed, failed);
    for (int i = 0; i < 20; i++)
        pass_time(fixture, SECOND / 10);
    assert_in_range(counts->accepts_failed, failed + 10, failed + 20);
    /* As soon as a connection closes it gets its place, without the pause. */
    close(busy);
    run(fixture);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(counts->connections_accepted, 4);
    assert_true(pread(fileno(file), text, sizeof(text) - 1, 0) > 0);
    char *line = strstr(text, "connections cannot be accepted");
    assert_non_null(line);
    assert_null(strstr(line + 1, "connections cannot be accepted"));
    close(idle);
    close(more[0]);
    close(more[1]);
    fixture_free(fixture);
    log_destroy(log);
    fclose(file);
}

static void bounds_connections_per_address(void **state)
{
    struct server_fixture *fixture = fixture_create();
    struct error error;
    int ends[3][2];
    (void)state;
    fixture->connections_per_address_max = 2;
    assert_int_equal(fixture_open(fixture, true), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
        assert_int_equal(http_server_adopt(fixture->server, ends[i][1], &error),
                         i < 2 ? 0 : ERROR_FULL);
    }
    close(ends[0][0]);
    run(fixture);
    assert_int_equal(http_server_adopt(fixture->server, ends[2][1], &error), 0);
    close(ends[1][0]);
    close(ends[2][0]);
    fixture_free(fixture);
}

/* ---- Drain and close ------------------------------------------------------------------------- */

static void drains(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/"));
    int busy = fixture->client;
    fixture->client = -1;
    struct http_exchange *exchange = fixture->exchange;
    fixture->on_request = answer_with_path;
    connect_client(fixture); /* an idle one, that has had its answer */
    say(fixture, GET("/idle"));
    client_receive(fixture);
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    expect_end(fixture);
    assert_false(fixture->drained);
    assert_int_equal(http_server_connections(fixture->server), 1);
    client_close(fixture);
    fixture->client = busy;
    fixture->received_bytes = 0;
    fixture->client_saw_end = false;
    answer(exchange, "last");
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                             "Connection: close\r\n\r\nlast");
    expect_end(fixture);
    client_close(fixture);
    run(fixture);
    assert_true(fixture->drained);
    fixture_free(fixture);
}

static void drains_when_there_is_nobody(void **state)
{
    struct server_fixture *fixture = fixture_create();
    (void)state;
    assert_int_equal(fixture_open(fixture, true), 0);
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    assert_false(fixture->drained); /* from the loop */
    run(fixture);
    assert_true(fixture->drained);
    fixture_free(fixture);
}

/* Who has got through to the backlog is answered; who says nothing is not waited for long. */
static void drains_the_backlog(void **state)
{
    struct server_fixture *fixture = fixture_create();
    char text[256];
    (void)state;
    fixture->on_request = answer_with_path;
    assert_int_equal(fixture_open(fixture, true), 0);
    struct address address = listen_on_loopback(fixture);
    int first = connect_to(&address);
    int silent = connect_to(&address);
    assert_true(send(first, GET("/first"), strlen(GET("/first")), 0) > 0);
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    ssize_t bytes = recv(first, text, sizeof(text) - 1, 0);
    assert_true(bytes > 0);
    text[bytes] = '\0';
    drop_dates(text);
    assert_string_equal(text, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"
                              "Connection: close\r\n\r\n/first");
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_not_equal(connect(refused, &address.any, sizeof(address.v4)), 0);
    close(refused);
    close(first);
    run_until_closed(fixture, 1);
    assert_false(fixture->drained);
    pass_time(fixture, SECOND / 2);
    assert_true(fixture->drained);
    assert_int_equal(recv(silent, text, 1, 0), 0);
    close(silent);
    fixture_free(fixture);
}

/* Who has its last answer, and does not hang up, is not waited for long. */
static void drains_what_lingers(void **state)
{
    (void)state;
    for (int before = 0; before <= 1; before++) {
        struct server_fixture *fixture = fixture_make();
        if (before)
            say(fixture, "bad\r\n");
        http_server_drain(fixture->server, on_fixture_drained, fixture);
        if (!before)
            say(fixture, "bad\r\n");
        pass_time(fixture, SECOND / 2 - 1);
        assert_false(fixture->drained);
        pass_time(fixture, 1);
        assert_true(fixture->drained);
        fixture_free(fixture);
    }
}

/* A request that is on its way when the drain begins. */
static void drains_what_is_on_its_way(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, GET("/1"));
    client_send(fixture, SLICE(GET("/2")));
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    expect_received(fixture, OK("2", "/1") "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                           "Connection: close\r\n\r\n/2");
    expect_end(fixture);
    fixture_free(fixture);
}

/* Half a head is no request: nobody waits for the rest, but for what has been sent of it. */
static void drains_half_a_head(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, "GET /1 HTTP/1.1\r\n");
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    expect_received(fixture, "");
    expect_end(fixture);
    assert_true(fixture->drained);
    fixture_free(fixture);

    fixture = fixture_make();
    fixture->on_request = answer_with_path;
    say(fixture, "GET /1 HTTP/1.1\r\n");
    client_send(fixture, SLICE("Host: h\r\n"));
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    expect_open(fixture);
    say(fixture, "\r\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                             "Connection: close\r\n\r\n/1");
    fixture_free(fixture);

    fixture = fixture_make();
    say(fixture, "GET /1 HTTP/1.1\r\n");
    client_send(fixture, SLICE("Host: h\r\n"));
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    pass_time(fixture, SECOND / 2); /* 408, and the client is not waited for */
    pass_time(fixture, SECOND / 2);
    assert_true(fixture->drained);
    fixture_free(fixture);
}

/* Nor for the rest of a body that nobody wants. */
static void drains_what_is_read_away(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    expect_received(fixture, OK("2", "/1"));
    expect_open(fixture);
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    run(fixture);
    expect_end(fixture);
    pass_time(fixture, SECOND / 2);
    assert_true(fixture->drained);
    fixture_free(fixture);
}

static void closes_with_running_exchanges(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/"));
    close_server(fixture);
    expect_events(fixture, "GET /\n"); /* gone is told from the loop */
    assert_false(fixture->closed);
    run(fixture);
    expect_events(fixture, "gone CLOSED\ndone 0 0 CLOSED\n");
    assert_true(fixture->closed);
    fixture_free(fixture);
}

static void close_in_request(struct server_fixture *fixture, struct http_exchange *exchange)
{
    read_at_once(fixture, exchange);
    close_server(fixture);
}

static void close_in_body(struct server_fixture *fixture, struct slice data)
{
    (void)data;
    close_server(fixture);
}

static void close_in_writable(struct server_fixture *fixture)
{
    close_server(fixture);
}

static void close_in_body_failed(struct server_fixture *fixture, int code)
{
    (void)code;
    close_server(fixture);
}

static void closes_within_events(void **state)
{
    (void)state;
    for (int where = 0; where < 7; where++) {
        struct server_fixture *fixture = fixture_make();
        fixture->on_request = where == 0 ? close_in_request : read_at_once;
        fixture->on_body = where == 1 ? close_in_body : NULL;
        fixture->on_body_end = where == 2 ? close_server : NULL;
        fixture->on_body_failed = where == 3 ? close_in_body_failed : NULL;
        fixture->on_writable = where == 4 ? close_in_writable : NULL;
        fixture->on_gone = where == 5 ? close_server : NULL;
        fixture->on_done = where == 6 ? close_server : NULL;
        say(fixture, where == 3
                         ? "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz"
                         : POST_HELLO);
        if (where == 4) {
            http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
            http_exchange_write(fixture->exchange, SLICE("x"));
            run(fixture);
        }
        client_close(fixture);
        run(fixture);
        assert_true(fixture->closed);
        assert_non_null(strstr(fixture->events, "gone"));
        assert_non_null(strstr(fixture->events, "done"));
        fixture_free(fixture);
    }
}

static void drain_in_request(struct server_fixture *fixture, struct http_exchange *exchange)
{
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    answer(exchange, "x");
}

static void drains_within_requests(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = drain_in_request;
    say(fixture, GET("/"));
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
    client_close(fixture);
    run(fixture);
    assert_true(fixture->drained);
    fixture_free(fixture);
}

/* A drain that is cut short by a close never says that it is over. */
static void closes_while_draining(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/"));
    http_server_drain(fixture->server, on_fixture_drained, fixture);
    close_server(fixture);
    run(fixture);
    assert_true(fixture->closed);
    assert_false(fixture->drained);
    expect_events(fixture, "GET /\ngone CLOSED\ndone 0 0 CLOSED\n");
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_a_reset_while_the_guest_works),
        cmocka_unit_test(tells_of_a_reset_while_reading_is_held_back),
        cmocka_unit_test(tells_of_a_reset_after_half_a_close),
        cmocka_unit_test(tells_of_a_failed_write),
        cmocka_unit_test(tells_of_bodies_that_end_too_soon),
        cmocka_unit_test(forgets_heads_that_never_come_whole),
        cmocka_unit_test(bears_urgent_data),
        cmocka_unit_test(cuts_chunked_answers),
        cmocka_unit_test(resets_answers_that_last_until_the_close),
        cmocka_unit_test(cuts_before_anything_was_said),
        cmocka_unit_test(ends_within_requests),
        cmocka_unit_test(ends_within_bodies),
        cmocka_unit_test(ends_within_reading),
        cmocka_unit_test(ends_within_writable),
        cmocka_unit_test(makes_room_at_the_expense_of_the_idle),
        cmocka_unit_test(waits_for_descriptors),
        cmocka_unit_test(bounds_connections_per_address),
        cmocka_unit_test(drains),
        cmocka_unit_test(drains_when_there_is_nobody),
        cmocka_unit_test(drains_the_backlog),
        cmocka_unit_test(drains_what_lingers),
        cmocka_unit_test(drains_what_is_on_its_way),
        cmocka_unit_test(drains_half_a_head),
        cmocka_unit_test(drains_what_is_read_away),
        cmocka_unit_test(closes_with_running_exchanges),
        cmocka_unit_test(closes_within_events),
        cmocka_unit_test(drains_within_requests),
        cmocka_unit_test(closes_while_draining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
