/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the HTTP server does for well-behaved clients and handlers. */

#include "server_fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

static void answers_on_a_kept_connection(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    for (int i = 0; i < 3; i++) {
        say(fixture, GET("/path"));
        expect_events(fixture, "GET /path\n");
        answer(fixture->exchange, "hello");
        run(fixture);
        expect_events(fixture, "done 200 5 -\n");
        expect_received(fixture, OK("5", "hello"));
        expect_open(fixture);
    }
    fixture_free(fixture);
}

static void takes_a_request_byte_by_byte(void **state)
{
    struct server_fixture *fixture = fixture_make();
    const char *text = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\n0\r\nT: v\r\n\r\n";
    (void)state;
    for (const char *byte = text; *byte; byte++) {
        client_send(fixture, (struct slice){.data = byte, .bytes = 1});
        run(fixture);
        if (fixture->exchange)
            http_exchange_read(fixture->exchange);
    }
    expect_events(fixture, "POST /a\nbody a\nbody b\nbody c\nbody_end t=v\n");
    answer(fixture->exchange, "x");
    run(fixture);
    expect_received(fixture, OK("1", "x"));
    fixture_free(fixture);
}

static void writes_an_exchange_with_one_read_and_one_write(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, GET("/warm"));
    uint64_t reads = fixture->fault.passed[FAULT_READ];
    uint64_t writes = fixture->fault.passed[FAULT_WRITE];
    uint64_t allocations = fixture->fault.passed[FAULT_ALLOCATION];
    for (int i = 0; i < 5; i++)
        say(fixture, GET("/path"));
    assert_int_equal(fixture->fault.passed[FAULT_READ] - reads, 5);
    assert_int_equal(fixture->fault.passed[FAULT_WRITE] - writes, 5);
    assert_int_equal(fixture->fault.passed[FAULT_ALLOCATION] - allocations, 0);
    fixture_free(fixture);
}

static void answers_pipelined_requests_in_order(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/1") GET(
                     "/2") "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" GET("/4"));
    /* The next is not begun before the response has ended. */
    expect_events(fixture, "GET /1\n");
    answer(fixture->exchange, "1");
    run(fixture);
    expect_events(fixture, "done 200 1 -\nGET /2\n");
    answer(fixture->exchange, "2");
    run(fixture);
    expect_events(fixture, "done 200 1 -\nPOST /3\n");
    /* Nor before the body is out of the way. */
    http_exchange_read(fixture->exchange);
    expect_events(fixture, "body abc\nbody_end\n");
    answer(fixture->exchange, "3");
    run(fixture);
    expect_events(fixture, "done 200 1 -\nGET /4\n");
    answer(fixture->exchange, "4");
    run(fixture);
    expect_received(fixture, OK("1", "1") OK("1", "2") OK("1", "3") OK("1", "4"));
    fixture_free(fixture);
}

static void answers_many_pipelined_requests(void **state)
{
    struct server_fixture *fixture = fixture_make();
    char expected[16384] = "";
    (void)state;
    fixture->on_request = answer_with_path;
    for (int i = 0; i < 200; i++) {
        char request[64];
        snprintf(request, sizeof(request), GET("/%03d"), i);
        client_send(fixture, slice_of(request));
        snprintf(expected + strlen(expected), 64, OK("4", "/%03d"), i);
    }
    for (int i = 0; i < 10; i++)
        run(fixture);
    expect_received(fixture, expected);
    fixture_free(fixture);
}

/* Answers that are not taken bound how many requests are begun. */
static void does_not_pile_up_answers(void **state)
{
    struct server_fixture *fixture = fixture_make();
    int small = 1;
    (void)state;
    fixture->on_request = answer_with_path;
    setsockopt(fixture->client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (int i = 0; i < 20000; i++) {
        struct slice request = SLICE(GET("/"));
        ssize_t sent = send(fixture->client, request.data, request.bytes, MSG_DONTWAIT);
        if (sent < 0)
            break;
        assert_int_equal(sent, request.bytes);
        if (i % 100 == 0)
            run(fixture);
    }
    run(fixture);
    assert_true(http_server_counts(fixture->server)->requests < 19000);
    fixture_free(fixture);
}

static void frames_by_length_what_ends_in_its_turn(void **state)
{
    struct server_fixture *fixture = fixture_make();
    const struct field fields[] = {{SLICE("content-type"), SLICE("text/plain")}};
    (void)state;
    say(fixture, GET("/"));
    assert_int_equal(
        http_exchange_respond(fixture->exchange, 200, fields, 1, HTTP_LENGTH_UNKNOWN, 4096), 0);
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("hello ")), 0);
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("world")), 0);
    assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), 0);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
                             "Content-Length: 11\r\n\r\nhello world");
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_received(fixture, OK("0", ""));
    fixture_free(fixture);
}

static void chunks_what_goes_on(void **state)
{
    struct server_fixture *fixture = fixture_make();
    const struct field trailers[] = {{SLICE("x-sum"), SLICE("1")}, {SLICE("host"), SLICE("no")}};
    (void)state;
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("hello "));
    http_exchange_write(fixture->exchange, SLICE("world, be"));
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "f\r\nhello world, be\r\n");
    http_exchange_write(fixture->exchange, SLICE(" well, and do not shed a tear"));
    http_exchange_write(fixture->exchange, SLICE(""));
    run(fixture);
    expect_received(fixture, "1d\r\n well, and do not shed a tear\r\n");
    http_exchange_end(fixture->exchange, trailers, 2);
    run(fixture);
    expect_received(fixture, "0\r\nx-sum: 1\r\n\r\n");
    expect_open(fixture);
    /* A head alone leaves, too. */
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_received(fixture, "0\r\n\r\n");
    /* Trailers need chunks even where the length is known in time. */
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("x"));
    http_exchange_end(fixture->exchange, trailers, 1);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n");
    fixture_free(fixture);
}

/* An open head behind answers that have not left yet. */
static void frames_behind_other_answers(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, GET("/1") GET("/2") GET("/3"));
    for (int i = 0; i < 3; i++) {
        http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
        http_exchange_write(fixture->exchange, SLICE("abc"));
        http_exchange_end(fixture->exchange, NULL, 0);
        loop_run_once(fixture->loop, 0);
    }
    run(fixture);
    expect_received(fixture, OK("3", "abc") OK("3", "abc") OK("3", "abc"));
    fixture_free(fixture);
}

static void leaves_out_bodies_that_must_not_be(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static const struct {
        const char *method;
        uint32_t status;
        uint64_t body_bytes;
        const char *length_field;
        const char *expected;
    } cases[] = {
        {"HEAD", 200, 5, NULL, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
        {"HEAD", 200, HTTP_LENGTH_UNKNOWN, NULL, "HTTP/1.1 200 OK\r\n\r\n"},
        {"HEAD", 200, 0, NULL, "HTTP/1.1 200 OK\r\n\r\n"},
        {"HEAD", 200, 0, "7", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
        {"GET", 204, HTTP_LENGTH_UNKNOWN, NULL, "HTTP/1.1 204 No Content\r\n\r\n"},
        {"GET", 204, 5, "5", "HTTP/1.1 204 No Content\r\n\r\n"},
        {"GET", 205, 5, NULL, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"},
        {"GET", 304, 5, NULL, "HTTP/1.1 304 Not Modified\r\n\r\n"},
        {"GET", 304, 0, "9", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[64];
        snprintf(request, sizeof(request), "%s / HTTP/1.1\r\nHost: h\r\n\r\n", cases[i].method);
        say(fixture, request);
        struct field length = {SLICE("Content-Length"), slice_of(cases[i].length_field)};
        assert_int_equal(http_exchange_respond(fixture->exchange, cases[i].status, &length,
                                               cases[i].length_field != NULL, cases[i].body_bytes,
                                               4096),
                         0);
        assert_int_equal(http_exchange_write(fixture->exchange, SLICE("hello, this is long")), 0);
        run(fixture);
        assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), 0);
        run(fixture);
        expect_received(fixture, cases[i].expected);
        expect_open(fixture);
    }
    /* Who writes nothing where nothing is seen is told that there is room all the same. */
    assert_true(fixture->writables >= sizeof(cases) / sizeof(cases[0]));
    fixture_free(fixture);
}

static void speaks_http_1_0(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "GET / HTTP/1.0\r\n\r\n");
    answer(fixture->exchange, "a");
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
    expect_end(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);

    connect_client(fixture);
    say(fixture, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    answer(fixture->exchange, "b");
    run(fixture);
    expect_received(fixture,
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nb");
    expect_open(fixture);
    /* A length that becomes known in time keeps the connection. */
    say(fixture, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("cd"));
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_received(fixture,
                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\ncd");
    /* One that does not, ends with it. */
    say(fixture, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("ef"));
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nef");
    http_exchange_write(fixture->exchange, SLICE("gh"));
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_received(fixture, "gh");
    expect_end(fixture);
    fixture_free(fixture);
}

static void closes_when_asked_to(void **state)
{
    struct server_fixture *fixture = fixture_make();
    const struct field close_field = {SLICE("Connection"), SLICE("close, x-hop")};
    const struct field fields[] = {close_field, {SLICE("X-Hop"), SLICE("1")}};
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" GET("/never"));
    answer(fixture->exchange, "a");
    run(fixture);
    expect_events(fixture, "GET /\ndone 200 1 -\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
    expect_end(fixture);
    /* It did not keep its word, so it may go on sending, and is not reset for that. */
    assert_int_equal(http_server_connections(fixture->server), 1);
    connect_client(fixture);
    run(fixture);
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    answer(fixture->exchange, "a");
    run(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture->event_bytes = 0;
    /* The handler may ask, too; but of that the client does not know while it goes on sending. */
    connect_client(fixture);
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, fields, 2, 0, 4096);
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    expect_end(fixture);
    assert_int_equal(http_server_connections(fixture->server), 1);
    say(fixture, GET("/in vain"));
    expect_events(fixture, "GET /\ndone 200 0 -\n");
    client_close(fixture);
    run(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

#define PUT_EXPECT "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"

static void sends_continue_when_the_body_is_wanted(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, PUT_EXPECT);
    assert_true(http_exchange_request(fixture->exchange)->expects_continue);
    expect_received(fixture, "");
    http_exchange_read(fixture->exchange);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 100 Continue\r\n\r\n");
    http_exchange_read(fixture->exchange);
    say(fixture, "abc");
    expect_events(fixture, "PUT /\nbody abc\nbody_end\n");
    answer(fixture->exchange, "ok");
    run(fixture);
    expect_received(fixture, OK("2", "ok"));
    /* Who does not wait is not told. */
    say(fixture, PUT_EXPECT "abc");
    http_exchange_read(fixture->exchange);
    answer(fixture->exchange, "ok");
    run(fixture);
    expect_received(fixture, OK("2", "ok"));
    expect_open(fixture);
    fixture_free(fixture);
}

static void sends_continue_before_the_head_of_who_reads_later(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, PUT_EXPECT);
    http_exchange_continue(fixture->exchange);
    http_exchange_continue(fixture->exchange);
    http_exchange_respond(fixture->exchange, 200, NULL, 0, 2, 4096);
    run(fixture);
    expect_received(fixture,
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    say(fixture, "abc");
    expect_events(fixture, "PUT /\n"); /* nothing is read before it is wanted */
    http_exchange_read(fixture->exchange);
    expect_events(fixture, "body abc\nbody_end\n");
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("ok")), 0);
    assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), 0);
    run(fixture);
    expect_received(fixture, "ok");
    expect_open(fixture);
    /* Where it is too long nobody wants it. */
    say(fixture, PUT_EXPECT);
    http_exchange_limit_body(fixture->exchange, 2);
    http_exchange_continue(fixture->exchange);
    run(fixture);
    expect_received(fixture, "");
    answer(fixture->exchange, "no");
    fixture_free(fixture);
}

static void closes_where_an_expected_body_was_not_wanted(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, PUT_EXPECT);
    answer(fixture->exchange, "no");
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    expect_end(fixture);
    /* Nor is anything said between head and body of the answer. */
    connect_client(fixture);
    say(fixture, PUT_EXPECT);
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_read(fixture->exchange);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                             "Connection: close\r\n\r\n");
    fixture_free(fixture);
}

/* Reads the body as it comes, and answers at its end. */
static void read_at_once(struct server_fixture *fixture, struct http_exchange *exchange)
{
    fixture->exchange = exchange;
    http_exchange_handle(exchange, &fixture_events, fixture);
    http_exchange_read(exchange);
}

static void consume(struct server_fixture *fixture, struct slice data)
{
    http_exchange_consumed(fixture->exchange, data.bytes);
}

static void answer_end(struct server_fixture *fixture)
{
    answer(fixture->exchange, "end");
}

static void hands_bodies_on_within_the_window(void **state)
{
    struct server_fixture *fixture = fixture_make();
    char body[5000];
    (void)state;
    memset(body, 'x', sizeof(body));
    fixture->quiet_bodies = true;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n");
    client_send(fixture, (struct slice){.data = body, .bytes = sizeof(body)});
    run(fixture);
    assert_int_equal(fixture->body_bytes, 0);
    http_exchange_read(fixture->exchange);
    run(fixture);
    assert_int_equal(fixture->body_bytes, 1000);
    /* It goes on when half of the window is free. */
    http_exchange_consumed(fixture->exchange, 499);
    run(fixture);
    assert_int_equal(fixture->body_bytes, 1000);
    http_exchange_consumed(fixture->exchange, 1);
    assert_int_equal(fixture->body_bytes, 1000); /* not from within */
    run(fixture);
    assert_int_equal(fixture->body_bytes, 1500);
    for (int i = 0; i < 7; i++) {
        http_exchange_consumed(fixture->exchange, 500);
        run(fixture);
    }
    assert_int_equal(fixture->body_bytes, 5000);
    expect_events(fixture, "POST /\nbody_end\n");
    fixture_free(fixture);
}

static void streams_both_ways(void **state)
{
    struct server_fixture *fixture = fixture_make();
    char piece[10000];
    (void)state;
    memset(piece, 'y', sizeof(piece));
    fixture->quiet_bodies = true;
    fixture->on_request = read_at_once;
    fixture->on_body = consume;
    fixture->on_body_end = answer_end;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        client_send(fixture, (struct slice){.data = piece, .bytes = sizeof(piece)});
        run(fixture);
    }
    for (int i = 0; i < 1000 && fixture->body_bytes < 1000000; i++)
        run(fixture);
    assert_int_equal(fixture->body_bytes, 1000000);
    expect_received(fixture, OK("3", "end"));
    fixture_free(fixture);
}

static void waits_for_a_slow_reader(void **state)
{
    struct server_fixture *fixture = fixture_make();
    char piece[1000];
    int small = 1;
    uint64_t written = 0;
    (void)state;
    memset(piece, 'z', sizeof(piece));
    setsockopt(fixture->client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say(fixture, GET("/"));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, 1000000, 4096);
    assert_true(http_exchange_room(fixture->exchange) <= 10000);
    while (http_exchange_room(fixture->exchange) > 0 && written < 1000000) {
        http_exchange_write(fixture->exchange, (struct slice){.data = piece, .bytes = 1000});
        written += 1000;
        if (http_exchange_room(fixture->exchange) == 0)
            run(fixture); /* as much as the socket takes */
    }
    assert_true(written < 1000000);
    fixture->writables = 0;
    run(fixture);
    assert_int_equal(fixture->writables, 0);
    while (written < 1000000) {
        client_receive(fixture);
        while (http_exchange_room(fixture->exchange) > 0 && written < 1000000) {
            http_exchange_write(fixture->exchange, (struct slice){.data = piece, .bytes = 1000});
            written += 1000;
        }
        run(fixture);
    }
    assert_true(fixture->writables > 0);
    assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), 0);
    run(fixture);
    client_receive(fixture);
    assert_int_equal(strlen(strstr(fixture->received, "\r\n\r\n") + 4), 1000000);
    fixture_free(fixture);
}

/* A body that the handler does not want is read away, so that the connection goes on. */
static void discards_small_bodies(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" GET("/2"));
    say(fixture, "POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    expect_events(fixture, "POST /1\ndone 200 2 -\nGET /2\ndone 200 2 -\nPOST /3\ndone 200 2 -\n");
    say(fixture, "llo");
    say(fixture, "POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
    say(fixture, "lo\r\n0\r\nA: b\r\n\r\n" GET("/5"));
    expect_events(fixture, "POST /4\ndone 200 2 -\nGET /5\ndone 200 2 -\n");
    expect_received(fixture, OK("2", "/1") OK("2", "/2") OK("2", "/3") OK("2", "/4") OK("2", "/5"));
    expect_open(fixture);
    fixture_free(fixture);
}

static void answers_after_half_a_close(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    client_send(fixture, SLICE(GET("/1") GET("/2")));
    shutdown(fixture->client, SHUT_WR);
    run(fixture);
    expect_events(fixture, "GET /1\n");
    answer(fixture->exchange, "1");
    run(fixture);
    expect_events(fixture, "done 200 1 -\nGET /2\n");
    run(fixture);
    answer(fixture->exchange, "2");
    run(fixture);
    expect_received(fixture, OK("1", "1") "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                          "Connection: close\r\n\r\n2");
    expect_end(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

static void tells_what_it_knows_of_the_client(void **state)
{
    struct server_fixture *fixture = fixture_make();
    char text[ADDRESS_TEXT_BYTES];
    (void)state;
    say(fixture, GET("/"));
    const struct http_request *request = http_exchange_request(fixture->exchange);
    assert_string_equal(address_write_host(request->peer, text), "127.0.0.1");
    assert_true(slice_equal(request->peer_host, SLICE("127.0.0.1")));
    assert_int_equal(request->head_bytes, strlen(GET("/")));
    http_exchange_set_note(fixture->exchange, fixture);
    assert_ptr_equal(request->note, fixture);
    assert_false(http_exchange_responded(fixture->exchange));
    http_exchange_respond(fixture->exchange, 200, NULL, 0, 0, 4096);
    assert_true(http_exchange_responded(fixture->exchange));
    http_exchange_end(fixture->exchange, NULL, 0);
    fixture_free(fixture);
}

struct moves {
    char text[256];
};

static void write_move(void *context, const struct state_machine *machine, unsigned from,
                       unsigned to, uint64_t spent_ns)
{
    struct moves *moves = context;
    (void)spent_ns;
    if (moves->text[0] == '\0')
        strcat(moves->text, machine->rows[from].name);
    strcat(strcat(moves->text, " "), machine->rows[to].name);
}

static void moves_as_the_table_says(void **state)
{
    struct server_fixture *fixture = fixture_create();
    struct moves moves = {.text = ""};
    (void)state;
    fixture->options.trace = write_move;
    fixture->options.trace_context = &moves;
    fixture->on_request = answer_with_path;
    assert_int_equal(fixture_open(fixture, true), 0);
    connect_client(fixture);
    say(fixture, GET("/1"));
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    say(fixture, "lo");
    say(fixture, "bad\r\n\r\n");
    client_close(fixture);
    run(fixture);
    assert_string_equal(moves.text, "idle head exchange idle head exchange discarding idle "
                                    "head exchange closing lingering closed");
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_on_a_kept_connection),
        cmocka_unit_test(takes_a_request_byte_by_byte),
        cmocka_unit_test(writes_an_exchange_with_one_read_and_one_write),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(answers_many_pipelined_requests),
        cmocka_unit_test(does_not_pile_up_answers),
        cmocka_unit_test(frames_by_length_what_ends_in_its_turn),
        cmocka_unit_test(chunks_what_goes_on),
        cmocka_unit_test(frames_behind_other_answers),
        cmocka_unit_test(leaves_out_bodies_that_must_not_be),
        cmocka_unit_test(speaks_http_1_0),
        cmocka_unit_test(closes_when_asked_to),
        cmocka_unit_test(sends_continue_when_the_body_is_wanted),
        cmocka_unit_test(sends_continue_before_the_head_of_who_reads_later),
        cmocka_unit_test(closes_where_an_expected_body_was_not_wanted),
        cmocka_unit_test(hands_bodies_on_within_the_window),
        cmocka_unit_test(streams_both_ways),
        cmocka_unit_test(waits_for_a_slow_reader),
        cmocka_unit_test(discards_small_bodies),
        cmocka_unit_test(answers_after_half_a_close),
        cmocka_unit_test(tells_what_it_knows_of_the_client),
        cmocka_unit_test(moves_as_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
