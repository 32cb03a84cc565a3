/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the HTTP server refuses, and how long it waits for whom. */

#include "server_fixture.h"

#define POST_CHUNKED "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

/* Each is answered, the connection closed for writing, what the client still sends read away. */
static void refuses_what_it_cannot_take(void **state)
{
    static const struct {
        const char *input;
        const char *code;
        const char *status;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", "REQUEST_MALFORMED", "400 Bad Request"},
        {"\r\n\r\n", "REQUEST_MALFORMED", "400 Bad Request"},
        {"GET / HTTP/1.1\r\n\r\n", "REQUEST_HOST", "400 Bad Request"},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "REQUEST_HOST", "400 Bad Request"},
        {"GET / HTTP/2.0\r\n", "REQUEST_VERSION", "505 HTTP Version Not Supported"},
        {"CONNECT h:1 ", "REQUEST_METHOD", "501 Not Implemented"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
         "REQUEST_MALFORMED", "400 Bad Request"},
        {"GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "REQUEST_EXPECTATION",
         "417 Expectation Failed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server_fixture *fixture = fixture_make();
        char expected[256];
        say(fixture, cases[i].input);
        snprintf(expected, sizeof(expected), "refuse %s\ndone %.3s %zu %s\n", cases[i].code,
                 cases[i].status, strlen(cases[i].code), cases[i].code);
        expect_events(fixture, expected);
        snprintf(expected, sizeof(expected),
                 "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 cases[i].status, strlen(cases[i].code), cases[i].code);
        expect_received(fixture, expected);
        expect_end(fixture);
        /* It lingers: the client can go on for a while without being reset. */
        assert_int_equal(http_server_connections(fixture->server), 1);
        say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_int_equal(http_server_connections(fixture->server), 1);
        expect_events(fixture, "");
        client_close(fixture);
        run(fixture);
        assert_int_equal(http_server_connections(fixture->server), 0);
        fixture_free(fixture);
    }
}

static void lingers_for_a_bounded_time(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "bad\r\n");
    for (int second = 0; second < 4; second++) {
        pass_time(fixture, SECOND);
        say(fixture, "more");
    }
    assert_int_equal(http_server_connections(fixture->server), 1);
    pass_time(fixture, SECOND);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

static void lingers_for_a_bounded_amount(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static char piece[1 << 20];
    size_t sent = 0;
    (void)state;
    say(fixture, "bad\r\n");
    while (http_server_connections(fixture->server) == 1 && sent < (64 << 20)) {
        ssize_t bytes = send(fixture->client, piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += bytes > 0 ? (size_t)bytes : 0;
        run(fixture);
    }
    assert_int_equal(http_server_connections(fixture->server), 0);
    assert_in_range(sent, 32 << 20, 40 << 20);
    fixture_free(fixture);
}

static void answers_plainly_without_a_handler(void **state)
{
    struct server_fixture *fixture = fixture_create();
    (void)state;
    assert_int_equal(fixture_open(fixture, false), 0);
    connect_client(fixture);
    say(fixture, "bad\r\n");
    expect_received(fixture, "HTTP/1.1 400 Bad Request\r\n"
                             "content-type: text/plain; charset=utf-8\r\n"
                             "Content-Length: 25\r\nConnection: close\r\n\r\n"
                             "The request is malformed.");
    fixture_free(fixture);
}

static void refuses_a_head_past_its_bound(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct server_fixture *fixture = fixture_make();
        char head[1100];
        size_t bytes = fixture->options.head_bytes_max + over;
        int begin = sprintf(head, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
        memset(head + begin, 'a', bytes - (size_t)begin);
        memcpy(head + bytes - 4, "\r\n\r\n", 4);
        client_send(fixture, (struct slice){.data = head, .bytes = bytes});
        run(fixture);
        expect_events(fixture, over ? "refuse REQUEST_HEADER_SIZE\n"
                                      "done 431 19 REQUEST_HEADER_SIZE\n"
                                    : "GET /\n");
        fixture_free(fixture);
    }
}

/* What was answered before stays answered. */
static void refuses_after_good_requests(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nbad\r\n"
                 "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_events(fixture, "GET /1\ndone 200 2 -\nGET /2\ndone 200 2 -\n"
                           "refuse REQUEST_MALFORMED\ndone 400 17 REQUEST_MALFORMED\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1"
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/2"
                             "HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\n"
                             "Connection: close\r\n\r\nREQUEST_MALFORMED");
    fixture_free(fixture);
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static void handle_with_limit(struct server_fixture *fixture, struct http_exchange *exchange)
{
    fixture->exchange = exchange;
    http_exchange_handle(exchange, &fixture_events, fixture);
    http_exchange_limit_body(exchange, 5);
    http_exchange_read(exchange);
}

static void bounds_bodies(void **state)
{
    static const struct {
        const char *input;
        const char *events;
    } cases[] = {
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
         "POST /\nbody hello\nbody_end\n"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nhello!",
         "POST /\nbody_failed REQUEST_BODY_SIZE\n"},
        {POST_CHUNKED "5\r\nhello\r\n0\r\n\r\n", "POST /\nbody hello\nbody_end\n"},
        {POST_CHUNKED "6\r\nhello!\r\n0\r\n\r\n",
         "POST /\nbody hello\nbody_failed REQUEST_BODY_SIZE\n"},
        {POST_CHUNKED "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
         "POST /\nbody hello\nbody_failed REQUEST_BODY_SIZE\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server_fixture *fixture = fixture_make();
        fixture->on_request = handle_with_limit;
        say(fixture, cases[i].input);
        expect_events(fixture, cases[i].events);
        bool failed = strstr(cases[i].events, "failed") != NULL;
        answer(fixture->exchange, "x");
        run(fixture);
        expect_events(fixture, failed ? "done 200 1 REQUEST_BODY_SIZE\n" : "done 200 1 -\n");
        expect_received(
            fixture, failed ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
                            : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        assert_int_equal(fixture->client_saw_end, failed);
        fixture_free(fixture);
    }
}

/* The body that is not to come is not asked for either. */
static void does_not_continue_a_body_past_its_bound(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = handle_with_limit;
    say(fixture, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
    expect_events(fixture, "PUT /\nbody_failed REQUEST_BODY_SIZE\n");
    expect_received(fixture, "");
    fixture_free(fixture);
}

static void read_body(struct server_fixture *fixture, struct http_exchange *exchange)
{
    fixture->exchange = exchange;
    http_exchange_handle(exchange, &fixture_events, fixture);
    http_exchange_read(exchange);
}

static void tells_of_malformed_bodies(void **state)
{
    (void)state;
    for (int trailers = 0; trailers <= 1; trailers++) {
        struct server_fixture *fixture = fixture_make();
        fixture->on_request = read_body;
        if (trailers) {
            char many[1100];
            say(fixture, POST_CHUNKED "1\r\nx\r\n0\r\nA: ");
            memset(many, 'a', sizeof(many));
            client_send(fixture, (struct slice){.data = many, .bytes = sizeof(many)});
            run(fixture);
            expect_events(fixture, "POST /\nbody x\nbody_failed REQUEST_HEADER_SIZE\n");
        } else {
            say(fixture, POST_CHUNKED "1\r\nx\r\nz\r\n");
            expect_events(fixture, "POST /\nbody x\nbody_failed REQUEST_MALFORMED\n");
        }
        answer(fixture->exchange, "sorry");
        run(fixture);
        expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                                 "Connection: close\r\n\r\nsorry");
        expect_end(fixture);
        fixture_free(fixture);
    }
}

/* A body that nobody wants is read away up to a bound; where it is announced, the client is told.
 */
static void gives_up_on_long_unwanted_bodies(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static char piece[65536];
    (void)state;
    fixture->on_request = answer_with_path;
    say(fixture, "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 262145\r\n\r\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/1");
    expect_end(fixture);

    connect_client(fixture);
    say(fixture, "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 262144\r\n\r\n");
    for (int i = 0; i < 4; i++)
        client_send(fixture, (struct slice){.data = piece, .bytes = sizeof(piece)});
    say(fixture, "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/2"
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/3");
    expect_open(fixture);

    say(fixture, "POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        say(fixture, "10000\r\n");
        client_send(fixture, (struct slice){.data = piece, .bytes = sizeof(piece)});
        say(fixture, "\r\n");
    }
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/4");
    expect_end(fixture);
    fixture_free(fixture);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void times_out_slow_heads(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nA:");
    for (int i = 0; i < 9; i++) {
        pass_time(fixture, SECOND);
        say(fixture, "b"); /* bytes do not help, only the whole head does */
    }
    pass_time(fixture, SECOND - 1);
    expect_events(fixture, "");
    pass_time(fixture, 1);
    expect_events(fixture, "refuse REQUEST_TIMEOUT\ndone 408 15 REQUEST_TIMEOUT\n");
    expect_received(fixture, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 15\r\n"
                             "Connection: close\r\n\r\nREQUEST_TIMEOUT");
    expect_end(fixture);
    fixture_free(fixture);
}

static void closes_idle_connections_in_silence(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = answer_with_path;
    pass_time(fixture, 60 * SECOND - 1);
    expect_open(fixture);
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    pass_time(fixture, 60 * SECOND - 1);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n/");
    expect_open(fixture);
    /* An empty line is no request. */
    say(fixture, "\r\n");
    pass_time(fixture, 1);
    expect_received(fixture, "");
    expect_end(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

static void times_out_slow_bodies(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = read_body;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        pass_time(fixture, 20 * SECOND - 1);
        say(fixture, "x"); /* each piece gives new time */
    }
    expect_events(fixture, "POST /\nbody x\nbody x\nbody x\n");
    pass_time(fixture, 20 * SECOND);
    expect_events(fixture, "body_failed REQUEST_TIMEOUT\n");
    answer(fixture->exchange, "late");
    run(fixture);
    expect_events(fixture, "done 200 4 REQUEST_TIMEOUT\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                             "Connection: close\r\n\r\nlate");
    expect_end(fixture);
    fixture_free(fixture);
}

/* Framing without data is no progress. */
static void times_out_bodies_of_nothing_but_framing(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    fixture->on_request = read_body;
    say(fixture, POST_CHUNKED);
    for (int i = 0; i < 19; i++) {
        pass_time(fixture, SECOND);
        say(fixture, "0");
    }
    expect_events(fixture, "POST /\n");
    pass_time(fixture, SECOND);
    expect_events(fixture, "body_failed REQUEST_TIMEOUT\n");
    http_exchange_abort(fixture->exchange);
    fixture_free(fixture);
}

/* Who is not waited for is not timed. */
static void does_not_time_what_is_held_back(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static char body[1000];
    (void)state;
    fixture->quiet_bodies = true;
    say(fixture, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
    pass_time(fixture, 1000 * SECOND); /* the handler wants nothing */
    http_exchange_read(fixture->exchange);
    client_send(fixture, (struct slice){.data = body, .bytes = sizeof(body)});
    run(fixture);
    pass_time(fixture, 1000 * SECOND); /* the handler has enough */
    expect_events(fixture, "POST /\n");
    http_exchange_consumed(fixture->exchange, 1000);
    run(fixture);
    pass_time(fixture, 20 * SECOND - 1);
    expect_events(fixture, "");
    pass_time(fixture, 1);
    expect_events(fixture, "body_failed REQUEST_TIMEOUT\n");
    http_exchange_abort(fixture->exchange);
    fixture_free(fixture);
}

static void times_out_slow_readers(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static char much[1 << 20];
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, (struct slice){.data = much, .bytes = sizeof(much)});
    run(fixture);
    pass_time(fixture, 30 * SECOND - 1);
    expect_events(fixture, "GET /\n");
    /* Taking something gives new time. */
    char taken[262144];
    assert_true(recv(fixture->client, taken, sizeof(taken), MSG_DONTWAIT) > 0);
    run(fixture);
    pass_time(fixture, 30 * SECOND - 1);
    expect_events(fixture, "");
    pass_time(fixture, 1);
    expect_events(fixture, "gone CLIENT_SLOW\ndone 200 1048576 CLIENT_SLOW\n");
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

/* Also when the exchange is over, and nobody is left to be told. */
static void times_out_readers_of_the_last_answer(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static char much[1 << 20];
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, sizeof(much), 4096);
    http_exchange_write(fixture->exchange, (struct slice){.data = much, .bytes = sizeof(much)});
    http_exchange_end(fixture->exchange, NULL, 0);
    run(fixture);
    expect_events(fixture, "GET /\ndone 200 1048576 -\n");
    pass_time(fixture, 30 * SECOND - 1);
    assert_int_equal(http_server_connections(fixture->server), 1);
    pass_time(fixture, 1);
    expect_events(fixture, "");
    assert_int_equal(http_server_connections(fixture->server), 0);
    fixture_free(fixture);
}

/* ---- What handlers may not say --------------------------------------------------------------- */

static void refuses_invalid_responses(void **state)
{
    struct server_fixture *fixture = fixture_make();
    static const struct {
        uint32_t status;
        const char *name;
        const char *value;
        uint64_t body_bytes;
    } cases[] = {
        {100, "a", "b", 0},
        {199, "a", "b", 0},
        {1000, "a", "b", 0},
        {200, "a b", "c", 0},
        {200, "", "c", 0},
        {200, "a:", "c", 0},
        {200, "a", "b\r\nc: d", 0},
        {200, "a", "b\x01", 0},
        {200, "a", "\x7f", 0},
        {200, "content-length", "5", 4},
        {200, "content-length", "+5", 5},
        {200, "content-length", "", HTTP_LENGTH_UNKNOWN},
        {200, "content-length", "5, 5", 5},
        {200, "content-length", "9223372036854775808", HTTP_LENGTH_UNKNOWN},
        {200, "connection", "a b", 0},
    };
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct field field = {slice_of(cases[i].name), slice_of(cases[i].value)};
        assert_int_equal(http_exchange_respond(fixture->exchange, cases[i].status, &field, 1,
                                               cases[i].body_bytes, 4096),
                         ERROR_RESPONSE_INVALID);
        assert_false(http_exchange_responded(fixture->exchange));
    }
    struct field twice[] = {{SLICE("content-length"), SLICE("1")},
                            {SLICE("content-length"), SLICE("2")}};
    assert_int_equal(http_exchange_respond(fixture->exchange, 200, twice, 2, 1, 4096),
                     ERROR_RESPONSE_INVALID);
    /* Another answer may be given. */
    answer(fixture->exchange, "ok");
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    fixture_free(fixture);
}

/* As sent, with Date, and with the length as if it never became known. */
static void bounds_response_heads(void **state)
{
    (void)state;
    for (int known = 0; known <= 1; known++) {
        struct server_fixture *fixture = fixture_make();
        struct field field = {SLICE("name"), SLICE("value \xff\t and more")};
        uint64_t body_bytes = known ? 1 : HTTP_LENGTH_UNKNOWN;
        say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        size_t bytes_max = 0;
        while (http_exchange_respond(fixture->exchange, 200, &field, 1, body_bytes, bytes_max) ==
               ERROR_RESPONSE_HEADER_SIZE)
            bytes_max++;
        assert_true(http_exchange_responded(fixture->exchange));
        run(fixture);
        client_receive(fixture);
        assert_int_equal(strstr(fixture->received, "\r\n\r\n") + 4 - fixture->received, bytes_max);
        http_exchange_abort(fixture->exchange);
        fixture_free(fixture);
    }
}

static void holds_handlers_to_their_length(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, 5, 4096);
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("hello!")),
                     ERROR_RESPONSE_INVALID);
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("hell")), 0);
    assert_int_equal(http_exchange_write(fixture->exchange, SLICE("oo")), ERROR_RESPONSE_INVALID);
    assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), ERROR_RESPONSE_INCOMPLETE);
    run(fixture);
    expect_events(fixture, "GET /\ndone 200 4 RESPONSE_INCOMPLETE\n");
    expect_received(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    expect_end(fixture);
    fixture_free(fixture);
}

static void cuts_responses_that_were_not_begun(void **state)
{
    struct server_fixture *fixture = fixture_make();
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(http_exchange_end(fixture->exchange, NULL, 0), ERROR_RESPONSE_INCOMPLETE);
    run(fixture);
    expect_events(fixture, "GET /\ndone 0 0 RESPONSE_INCOMPLETE\n");
    expect_received(fixture, "");
    expect_end(fixture);
    fixture_free(fixture);
}

static void cuts_at_invalid_trailers(void **state)
{
    struct server_fixture *fixture = fixture_make();
    const struct field bad = {SLICE("a"), SLICE("b\r\n")};
    (void)state;
    say(fixture, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    http_exchange_respond(fixture->exchange, 200, NULL, 0, HTTP_LENGTH_UNKNOWN, 4096);
    http_exchange_write(fixture->exchange, SLICE("x"));
    assert_int_equal(http_exchange_end(fixture->exchange, &bad, 1), ERROR_RESPONSE_INVALID);
    run(fixture);
    expect_received(fixture, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
    expect_end(fixture);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_cannot_take),
        cmocka_unit_test(lingers_for_a_bounded_time),
        cmocka_unit_test(lingers_for_a_bounded_amount),
        cmocka_unit_test(answers_plainly_without_a_handler),
        cmocka_unit_test(refuses_a_head_past_its_bound),
        cmocka_unit_test(refuses_after_good_requests),
        cmocka_unit_test(bounds_bodies),
        cmocka_unit_test(does_not_continue_a_body_past_its_bound),
        cmocka_unit_test(tells_of_malformed_bodies),
        cmocka_unit_test(gives_up_on_long_unwanted_bodies),
        cmocka_unit_test(times_out_slow_heads),
        cmocka_unit_test(closes_idle_connections_in_silence),
        cmocka_unit_test(times_out_slow_bodies),
        cmocka_unit_test(times_out_bodies_of_nothing_but_framing),
        cmocka_unit_test(does_not_time_what_is_held_back),
        cmocka_unit_test(times_out_slow_readers),
        cmocka_unit_test(times_out_readers_of_the_last_answer),
        cmocka_unit_test(refuses_invalid_responses),
        cmocka_unit_test(bounds_response_heads),
        cmocka_unit_test(holds_handlers_to_their_length),
        cmocka_unit_test(cuts_responses_that_were_not_begun),
        cmocka_unit_test(cuts_at_invalid_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
