/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/client_fixture.h"
#include "tables/errors.h"

/* ---- What is sent
 * -------------------------------------------------------------------------------- */

static const char *last_head(struct fixture *fixture)
{
    unsigned count = atomic_load(&fixture->peer.connections);
    return count ? fixture->peer.accepted[count - 1]->head : "";
}

static void a_response_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, NULL);
    start(fixture, &exchange, &(struct wanted){.path = "/a/../b?c=d%20e"});
    assert_int_equal(client_requests(fixture->client), 1);
    run_until_over(&exchange);
    assert_int_equal(client_requests(fixture->client), 0);
    assert_string_equal(exchange.events, "rbe");
    assert_int_equal(exchange.status, 200);
    assert_string_equal(exchange.fields, "content-length: 5\nx-a: b\n");
    assert_string_equal(exchange.text, "hello");
    assert_string_equal(exchange.trailers, "");
    /* Nothing of libcurl's own is sent. */
    char expected[200];
    snprintf(expected, sizeof(expected),
             "GET /a/../b?c=d%%20e HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", fixture->peer.port);
    assert_string_equal(last_head(fixture), expected);
}

static void fields_are_sent_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    const struct field fields[] = {
        {SLICE("accept"), SLICE("text/plain")},
        {SLICE("X-Twice"), SLICE("1")},
        {SLICE("X-Twice"), SLICE("2")},
        {SLICE("X-Empty"), SLICE("")},
        {SLICE("X-Latin"), SLICE("\xe9")},
        {SLICE("Authorization"), SLICE("Bearer x")},
        {SLICE("User-Agent"), SLICE("guest; 1")},
        /* Left out. */
        {SLICE("Host"), SLICE("example.com")},
        {SLICE("Content-Length"), SLICE("7")},
        {SLICE("Transfer-Encoding"), SLICE("chunked")},
        {SLICE("Connection"), SLICE("close")},
        {SLICE("Expect"), SLICE("100-continue")},
        {SLICE("TE"), SLICE("trailers")},
        {SLICE("Upgrade"), SLICE("h2c")},
    };
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.method = "DELETE",
                                    .fields = fields,
                                    .field_count = sizeof(fields) / sizeof(fields[0])});
    assert_string_equal(exchange.events, "rbe");
    char expected[400];
    snprintf(expected, sizeof(expected),
             "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\naccept: text/plain\r\nX-Twice: 1\r\n"
             "X-Twice: 2\r\nX-Empty:\r\nX-Latin: \xe9\r\nAuthorization: Bearer x\r\n"
             "User-Agent: guest; 1\r\n\r\n",
             fixture->peer.port);
    assert_string_equal(last_head(fixture), expected);
}

static void methods_frame_their_bodies(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    char value[256];
    static const struct {
        struct wanted wanted;
        const char *length; /* Content-Length as sent; NULL: none */
        bool chunked;
    } rows[] = {
        {{.method = "GET"}, NULL, false},
        {{.method = "DELETE"}, NULL, false},
        {{.method = "OPTIONS"}, NULL, false},
        {{.method = "PURGE"}, NULL, false},
        {{.method = "POST"}, "0", false},
        {{.method = "PUT"}, "0", false},
        {{.method = "PATCH"}, "0", false},
        {{.method = "POST", .has_body = true, .known_length = true, .body_bytes = 7}, "7", false},
        {{.method = "POST", .has_body = true, .body_bytes = 7}, NULL, true},
        {{.method = "GET", .has_body = true, .known_length = true, .body_bytes = 7}, "7", false},
        {{.method = "PUT", .has_body = true, .known_length = true, .body_bytes = 0}, "0", false},
        /* Over a mebibyte libcurl would wait for 100 (Continue). */
        {{.method = "PUT", .has_body = true, .known_length = true, .body_bytes = 1500000},
         "1500000",
         false},
    };
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exchange_whole(fixture, &exchange, &rows[i].wanted);
        assert_int_equal(exchange.status, 200);
        assert_string_equal(exchange.text, "hello");
        assert_int_equal(exchange.sent_bytes, rows[i].wanted.body_bytes);
        struct peer_connection *connection = fixture->peer.accepted[0];
        assert_memory_equal(connection->head, rows[i].wanted.method, strlen(rows[i].wanted.method));
        bool has_length = peer_field(connection, "Content-Length", value);
        assert_int_equal(has_length, rows[i].length != NULL);
        if (has_length)
            assert_string_equal(value, rows[i].length);
        assert_int_equal(peer_field(connection, "Transfer-Encoding", value), rows[i].chunked);
        assert_false(peer_field(connection, "Expect", value));
        assert_false(peer_field(connection, "Content-Type", value));
    }
    /* All on one connection. */
    assert_int_equal(atomic_load(&fixture->peer.connections), 1);
}

static void head_has_no_body(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, answer_text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &(struct wanted){.method = "HEAD"});
    assert_string_equal(exchange.events, "re");
    assert_string_equal(exchange.fields, "content-length: 5\n");
    /* What is written to it counts as sent. */
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.method = "HEAD", .has_body = true, .body_bytes = 200000});
    assert_int_equal(exchange.status, 200);
    assert_true(exchange.sent_bytes > 0);
    assert_memory_equal(last_head(fixture), "HEAD / HTTP/1.1\r\nHost: ", 23);
    assert_null(strstr(last_head(fixture), "chunked"));
}

static void what_http_does_not_allow_is_refused(void **state)
{
    struct fixture *fixture = *state;
    make_client(fixture, NULL);
    static const struct {
        const char *method;
        struct field field;
    } rows[] = {
        {"", {SLICE("a"), SLICE("b")}},
        {"GE T", {SLICE("a"), SLICE("b")}},
        {"GET\r\nX: y", {SLICE("a"), SLICE("b")}},
        {"CONNECT", {SLICE("a"), SLICE("b")}},
        {"GET", {SLICE(""), SLICE("b")}},
        {"GET", {SLICE("a b"), SLICE("b")}},
        {"GET", {SLICE("a:"), SLICE("b")}},
        {"GET", {SLICE("a"), SLICE("b\r\nX: y")}},
        {"GET", {SLICE("a"), SLICE("b\nX: y")}},
        {"GET", {SLICE("a"), SLICE("b\0c")}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client_request_options options = {.method = slice_of(rows[i].method),
                                                 .url = SLICE("http://127.0.0.1:1/"),
                                                 .fields = &rows[i].field,
                                                 .field_count = 1};
        struct client_request *request;
        struct error error = {0};
        assert_int_equal(client_request_start(fixture->client, &options, &exchange_events, NULL,
                                              &request, &error),
                         ERROR_INVALID_ARGUMENT);
        assert_true(error.message[0] != 0);
    }
    char *large = malloc(524288);
    assert_non_null(large);
    memset(large, 'x', 524288);
    struct field field = {SLICE("a"), {large, 524288}};
    struct client_request_options options = {.method = SLICE("GET"),
                                             .url = SLICE("http://127.0.0.1:1/"),
                                             .fields = &field,
                                             .field_count = 1};
    struct client_request *request;
    assert_int_equal(
        client_request_start(fixture->client, &options, &exchange_events, NULL, &request, NULL),
        ERROR_FULL);
    free(large);
    assert_int_equal(client_requests(fixture->client), 0);
}

static void what_is_no_url_fails(void **state)
{
    struct fixture *fixture = *state;
    static const char *const urls[] = {
        "",
        "http://",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/#fragment",
        "http://127.0.0.1:99999/",
        "http://[::1/",
    };
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct exchange exchange;
        exchange_whole(fixture, &exchange, &(struct wanted){.url = urls[i]});
        if (strcmp(exchange.events, "f") != 0 || exchange.failure != CLIENT_URI_INVALID)
            fail_msg("\"%s\": %s %s", urls[i], exchange.events,
                     client_failure_name(exchange.failure));
    }
}

/* ---- Bodies
 * -------------------------------------------------------------------------------------- */

static void ten_mebibytes_are_echoed(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    for (int known_length = 0; known_length < 2; known_length++) {
        exchange_whole(fixture, &exchange,
                       &(struct wanted){.method = "POST",
                                        .has_body = true,
                                        .known_length = known_length,
                                        .body_bytes = 10 * MEBIBYTE});
        assert_int_equal(exchange.failure, 0);
        assert_int_equal(exchange.sent_bytes, 10 * MEBIBYTE);
        assert_int_equal(exchange.body_bytes, 10 * MEBIBYTE);
        assert_int_equal(exchange.pattern_errors, 0);
    }
    assert_int_equal(atomic_load(&fixture->peer.connections), 1);
}

static void reading_pauses_for_a_slow_caller(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {.holds = true};
    start_peer(fixture, send_much, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange, &(struct wanted){.between_bytes_timeout_ns = 400 * MILLISECOND});
    /* Longer than the timeout between bytes: it is not the server that is waited for. */
    run_for(fixture, 600 * MILLISECOND);
    assert_string_equal(exchange.events, "rb");
    assert_in_range(exchange.body_bytes, 65537, 65536 + 32768);
    size_t before = exchange.body_bytes;
    /* A little less than is needed, then enough. */
    client_request_consumed(exchange.request, before - 65537);
    run_for(fixture, 20 * MILLISECOND);
    assert_int_equal(exchange.body_bytes, before);
    client_request_consumed(exchange.request, 1);
    run_for(fixture, 20 * MILLISECOND);
    assert_true(exchange.body_bytes > before); /* what libcurl had read already */
    exchange.holds = false;
    client_request_consumed(exchange.request, exchange.body_bytes - (before - 65536));
    run_until_over(&exchange);
    assert_string_equal(exchange.events, "rbe");
    assert_int_equal(exchange.body_bytes, 10 * MEBIBYTE);
    assert_int_equal(exchange.pattern_errors, 0);
}

static void sending_pauses_for_a_slow_server(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, read_nothing, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange,
          &(struct wanted){.method = "POST", .has_body = true, .body_bytes = 64 * MEBIBYTE});
    run_for(fixture, 200 * MILLISECOND);
    assert_true(exchange.sent_bytes < 32 * MEBIBYTE);
    assert_in_range(exchange.written - exchange.sent_bytes, 1, 65536);
    size_t before = exchange.sent_bytes;
    run_for(fixture, 50 * MILLISECOND);
    assert_int_equal(exchange.sent_bytes, before);
    client_request_cancel(exchange.request);
}

static void a_body_may_come_late_and_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    /* The caller is waited for longer than the server may be. */
    start(fixture, &exchange,
          &(struct wanted){.method = "POST",
                           .has_body = true,
                           .first_byte_timeout_ns = 300 * MILLISECOND,
                           .between_bytes_timeout_ns = 300 * MILLISECOND});
    for (size_t i = 0; i < 2; i++) {
        run_for(fixture, 450 * MILLISECOND);
        char piece[3] = {pattern_at(i * 3), pattern_at(i * 3 + 1), pattern_at(i * 3 + 2)};
        exchange.to_write += 3;
        exchange.written += 3;
        assert_int_equal(client_request_write(exchange.request, (struct slice){piece, 3}), 0);
    }
    run_for(fixture, 450 * MILLISECOND);
    assert_int_equal(exchange.body_bytes, 6); /* each piece came back before the end */
    assert_int_equal(client_request_end(exchange.request, NULL, 0), 0);
    run_until_over(&exchange);
    assert_int_equal(exchange.failure, 0);
    assert_int_equal(exchange.status, 200);
    assert_int_equal(exchange.pattern_errors, 0);
}

static void bodies_are_held_to_their_length(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange, &(struct wanted){.method = "GET"});
    assert_int_equal(client_request_write(exchange.request, SLICE("x")), ERROR_INVALID_ARGUMENT);
    assert_int_equal(client_request_end(exchange.request, NULL, 0), ERROR_INVALID_ARGUMENT);
    run_until_over(&exchange);
    memset(&exchange, 0, sizeof(exchange));
    struct client_request_options options = {.method = SLICE("POST"),
                                             .has_body = true,
                                             .body_bytes = 5,
                                             .connect_timeout_ns = UINT64_MAX,
                                             .first_byte_timeout_ns = UINT64_MAX,
                                             .between_bytes_timeout_ns = UINT64_MAX};
    char url[100];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", fixture->peer.port);
    options.url = slice_of(url);
    exchange.fixture = fixture;
    assert_int_equal(client_request_start(fixture->client, &options, &exchange_events, &exchange,
                                          &exchange.request, NULL),
                     0);
    exchange.written = 5;
    assert_int_equal(client_request_write(exchange.request, SLICE("abc")), 0);
    assert_int_equal(client_request_end(exchange.request, NULL, 0), ERROR_INVALID_ARGUMENT);
    assert_int_equal(client_request_write(exchange.request, SLICE("def")), ERROR_INVALID_ARGUMENT);
    assert_int_equal(client_request_write(exchange.request, SLICE("de")), 0);
    assert_int_equal(client_request_write(exchange.request, SLICE("f")), ERROR_INVALID_ARGUMENT);
    assert_int_equal(client_request_end(exchange.request, NULL, 0), 0);
    assert_int_equal(client_request_end(exchange.request, NULL, 0), ERROR_INVALID_ARGUMENT);
    run_until_over(&exchange);
    assert_string_equal(exchange.text, "abcde");
}

static void trailers_go_both_ways(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    const struct field trailers[] = {
        {SLICE("X-Sum"), SLICE("12 34")},
        {SLICE("Content-Length"), SLICE("3")}, /* left out */
        {SLICE("X-Empty"), SLICE("")},
    };
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    exchange.trailers_to_send = trailers;
    exchange.trailer_count = 3;
    start(fixture, &exchange,
          &(struct wanted){.method = "POST", .has_body = true, .body_bytes = 9});
    run_until_over(&exchange);
    assert_string_equal(exchange.trailers, "echoed-x-sum: 12 34\nechoed-x-empty: \n");
    assert_int_equal(exchange.body_bytes, 9);
    /* Trailers of a body that pauses come after it. */
    memset(&exchange, 0, sizeof(exchange));
    exchange.trailers_to_send = trailers;
    exchange.trailer_count = 1;
    exchange.holds = true;
    start(fixture, &exchange,
          &(struct wanted){.method = "POST", .has_body = true, .body_bytes = 100000});
    run_for(fixture, 100 * MILLISECOND);
    assert_non_null(exchange.request);
    exchange.holds = false;
    client_request_consumed(exchange.request, exchange.body_bytes);
    run_until_over(&exchange);
    assert_int_equal(exchange.body_bytes, 100000);
    assert_string_equal(exchange.trailers, "echoed-x-sum: 12 34\n");
}

static void trailers_are_held_to_the_rules(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    start_peer(fixture, echo, NULL);
    make_client(fixture, NULL);
    start(fixture, &exchange, &(struct wanted){.method = "POST", .has_body = true});
    const struct field wrong = {SLICE("A"), SLICE("b\r\nX: y")};
    assert_int_equal(client_request_end(exchange.request, &wrong, 1), ERROR_INVALID_ARGUMENT);
    char *large = malloc(61440);
    assert_non_null(large);
    memset(large, 'x', 61440);
    const struct field much = {SLICE("A"), {large, 61440 - 4}};
    assert_int_equal(client_request_end(exchange.request, &much, 1), ERROR_FULL);
    const struct field fits = {SLICE("A"), {large, 61440 - 5}};
    assert_int_equal(client_request_end(exchange.request, &fits, 1), 0);
    free(large);
    client_request_cancel(exchange.request);
}

/* ---- Connections
 * --------------------------------------------------------------------------------- */

static void connections_are_kept(void **state)
{
    struct fixture *fixture = *state;
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, NULL);
    for (int i = 0; i < 20; i++) {
        struct exchange exchange;
        exchange_whole(fixture, &exchange, &(struct wanted){0});
        assert_string_equal(exchange.events, "rbe");
    }
    assert_int_equal(atomic_load(&fixture->peer.requests), 20);
    assert_int_equal(atomic_load(&fixture->peer.connections), 1);
    /* As many at a time need as many connections; they are used again, too. */
    struct exchange exchanges[4];
    for (int round = 0; round < 5; round++) {
        memset(exchanges, 0, sizeof(exchanges));
        for (int i = 0; i < 4; i++)
            start(fixture, &exchanges[i], &(struct wanted){0});
        for (int i = 0; i < 4; i++)
            run_until_over(&exchanges[i]);
    }
    assert_int_equal(atomic_load(&fixture->peer.requests), 40);
    assert_in_range(atomic_load(&fixture->peer.connections), 1, 4);
}

static void an_idle_client_closes_its_connections(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, answer_text, HELLO);
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    fixture->clock_ahead_ns = 59 * NANOSECONDS_PER_SECOND;
    run_for(fixture, 50 * MILLISECOND);
    assert_int_equal(atomic_load(&fixture->peer.open), 1);
    fixture->clock_ahead_ns = 61 * NANOSECONDS_PER_SECOND;
    run_until_counted(fixture, &fixture->peer.open, 0);
    /* It can be used again. */
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_string_equal(exchange.events, "rbe");
    assert_int_equal(atomic_load(&fixture->peer.connections), 2);
}

/* Answers two requests on each connection. */
static void answer_two(struct peer_connection *connection)
{
    for (int i = 0; i < 2 && peer_read_head(connection); i++)
        peer_print(connection, HELLO);
}

static void a_connection_closed_while_idle_is_not_used(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, answer_two, NULL);
    make_client(fixture, NULL);
    for (int round = 0; round < 3; round++) {
        exchange_whole(fixture, &exchange, &(struct wanted){0});
        assert_string_equal(exchange.events, "rbe");
        exchange_whole(fixture, &exchange, &(struct wanted){.method = "POST"});
        assert_string_equal(exchange.events, "rbe");
        /* The end of the connection is seen, and does not keep the loop busy. */
        run_until_counted(fixture, &fixture->peer.open, 0);
        uint64_t begin_ns = clock_thread_cpu_ns(clock_system());
        run_for(fixture, 100 * MILLISECOND);
        assert_true(clock_thread_cpu_ns(clock_system()) - begin_ns < 50 * MILLISECOND);
    }
    assert_int_equal(atomic_load(&fixture->peer.connections), 3);
    assert_int_equal(atomic_load(&fixture->peer.requests), 6);
}

/* The first connection answers once, and ends when the second request comes. */
static void lose_the_second(struct peer_connection *connection)
{
    while (peer_read_head(connection)) {
        if (connection->number == 1 && atomic_load(&connection->peer->requests) == 2)
            return;
        if (read_body(connection, NULL, NULL) < 0)
            return;
        peer_print(connection, HELLO);
    }
}

static void a_lost_connection_is_replaced_where_that_is_harmless(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    start_peer(fixture, lose_the_second, NULL);
    make_client(fixture, NULL);
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_string_equal(exchange.events, "rbe");
    exchange_whole(fixture, &exchange, &(struct wanted){0});
    assert_string_equal(exchange.events, "rbe");
    assert_int_equal(atomic_load(&fixture->peer.connections), 2);
    assert_int_equal(atomic_load(&fixture->peer.requests), 3);
}

static void no_request_that_changes_something_is_sent_twice(void **state)
{
    static const struct wanted rows[] = {
        {.method = "POST"},
        {.method = "PATCH"},
        {.method = "POST", .has_body = true, .known_length = true, .body_bytes = 5},
        {.method = "POST", .has_body = true, .body_bytes = 5},
        /* Idempotent, but its body has begun to leave and is not kept. */
        {.method = "PUT", .has_body = true, .body_bytes = 5},
    };
    struct fixture *fixture = *state;
    make_client(fixture, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct exchange exchange;
        start_peer(fixture, lose_the_second, NULL);
        exchange_whole(fixture, &exchange, &(struct wanted){0});
        assert_string_equal(exchange.events, "rbe");
        exchange_whole(fixture, &exchange, &rows[i]);
        assert_failed(&exchange, CLIENT_CONNECTION_TERMINATED);
        assert_int_equal(atomic_load(&fixture->peer.requests), 2);
    }
}

static void connections_are_limited(void **state)
{
    struct fixture *fixture = *state;
    struct exchange first = {0}, second = {0}, third = {0};
    start_peer(fixture, read_only, NULL);
    make_client(fixture, &(struct client_options){.connections_max = 1});
    start(fixture, &first, &(struct wanted){0});
    run_until_counted(fixture, &fixture->peer.connections, 1);
    start(fixture, &second, &(struct wanted){.connect_timeout_ns = 50 * MILLISECOND});
    run_until_over(&second);
    assert_string_equal(second.events, "f");
    assert_failed(&second, CLIENT_CONNECTION_LIMIT);
    assert_int_equal(atomic_load(&fixture->peer.connections), 1);
    /* Who waits gets the connection that becomes free. */
    start(fixture, &third, &(struct wanted){.first_byte_timeout_ns = 50 * MILLISECOND});
    client_request_cancel(first.request);
    run_until_over(&third);
    assert_failed(&third, CLIENT_RESPONSE_TIMEOUT);
    run_until_counted(fixture, &fixture->peer.connections, 2);
}

/* ---- Addresses
 * ----------------------------------------------------------------------------------- */

static void private_addresses_are_prohibited(void **state)
{
    struct fixture *fixture = *state;
    char urls[12][100];
    start_peer(fixture, answer_text, HELLO);
    struct address_prefix other;
    assert_int_equal(address_prefix_read(SLICE("127.0.0.1:1"), &other, NULL), 0);
    make_client(fixture, &(struct client_options){.allow = &other, .allow_count = 1});
    unsigned port = fixture->peer.port;
    size_t count = 0;
    static const char *const hosts[] = {
        "127.0.0.1",       "127.1",   "2130706433",         "0x7f.1",
        "localhost",       "[::1]",   "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]",
        "169.254.169.254", "0.0.0.0", "10.0.0.1",
    };
    for (; count < sizeof(hosts) / sizeof(hosts[0]); count++)
        snprintf(urls[count], sizeof(urls[count]), "http://%s:%u/", hosts[count], port);
    for (size_t i = 0; i < count; i++) {
        struct exchange exchange;
        exchange_whole(fixture, &exchange, &(struct wanted){.url = urls[i]});
        assert_string_equal(exchange.events, "f");
        if (exchange.failure != CLIENT_ADDRESS_PROHIBITED)
            fail_msg("%s: %s", urls[i], client_failure_name(exchange.failure));
    }
    assert_int_equal(atomic_load(&fixture->peer.connections), 0);
}

static void a_name_is_resolved_and_judged(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    char url[100];
    start_peer(fixture, answer_text, HELLO);
    struct address_prefix exact;
    snprintf(url, sizeof(url), "127.0.0.1:%u", fixture->peer.port);
    assert_int_equal(address_prefix_read(slice_of(url), &exact, NULL), 0);
    make_client(fixture, &(struct client_options){.allow = &exact, .allow_count = 1});
    snprintf(url, sizeof(url), "http://localhost:%u/", fixture->peer.port);
    exchange_whole(fixture, &exchange, &(struct wanted){.url = url});
    assert_string_equal(exchange.events, "rbe");
    /* A name that no resolver has to be asked for. */
    exchange_whole(fixture, &exchange,
                   &(struct wanted){.url = "http://a-label-of-more-than-sixty-three-bytes-is-not-a-"
                                           "name-and-so-is-never-looked-up.invalid/"});
    assert_failed(&exchange, CLIENT_DNS_ERROR);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown(test, client_set_up, client_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CLIENT(a_response_is_told),
        WITH_CLIENT(fields_are_sent_as_they_are),
        WITH_CLIENT(methods_frame_their_bodies),
        WITH_CLIENT(head_has_no_body),
        WITH_CLIENT(what_http_does_not_allow_is_refused),
        WITH_CLIENT(what_is_no_url_fails),
        WITH_CLIENT(ten_mebibytes_are_echoed),
        WITH_CLIENT(reading_pauses_for_a_slow_caller),
        WITH_CLIENT(sending_pauses_for_a_slow_server),
        WITH_CLIENT(a_body_may_come_late_and_in_pieces),
        WITH_CLIENT(bodies_are_held_to_their_length),
        WITH_CLIENT(trailers_go_both_ways),
        WITH_CLIENT(trailers_are_held_to_the_rules),
        WITH_CLIENT(connections_are_kept),
        WITH_CLIENT(an_idle_client_closes_its_connections),
        WITH_CLIENT(a_connection_closed_while_idle_is_not_used),
        WITH_CLIENT(a_lost_connection_is_replaced_where_that_is_harmless),
        WITH_CLIENT(no_request_that_changes_something_is_sent_twice),
        WITH_CLIENT(connections_are_limited),
        WITH_CLIENT(private_addresses_are_prohibited),
        WITH_CLIENT(a_name_is_resolved_and_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
