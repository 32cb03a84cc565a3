/* SPDX-License-Identifier: AGPL-3.0-only */

/* Lets the Nth allocation, read or write fail, for every N: nothing may leak, break or hang, each
 * exchange that began must end once, and the server must go on. */

#include "../base/failing_allocation.h"

/* Their allocations count, too. */
#include "../../../src/base/arena.c"
#include "../../../src/base/buffer.c"

#include "server_fixture.h"

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

/* Answers in chunks, over two turns; cuts where that fails. */
static void begin_answer(struct server_fixture *fixture)
{
    struct http_exchange *exchange = fixture->exchange;
    const struct field field = {SLICE("content-type"), SLICE("text/plain")};
    if (http_exchange_respond(exchange, 200, &field, 1, HTTP_LENGTH_UNKNOWN, 4096) != 0 ||
        http_exchange_write(exchange, SLICE("hello")) != 0) {
        http_exchange_abort(exchange);
        fixture->exchange = NULL;
    }
}

static void go_on_answering(struct server_fixture *fixture)
{
    static char piece[20000];
    const struct field trailer = {SLICE("t"), SLICE("v")};
    struct http_exchange *exchange = fixture->exchange;
    if (!exchange)
        return;
    fixture->exchange = NULL;
    if (http_exchange_write(exchange, (struct slice){.data = piece, .bytes = sizeof(piece)}) != 0)
        http_exchange_abort(exchange);
    else
        (void)http_exchange_end(exchange, &trailer, 1);
}

static void abort_after_failure(struct server_fixture *fixture, int code)
{
    (void)code;
    http_exchange_abort(fixture->exchange);
    fixture->exchange = NULL;
}

static void try_saying(struct server_fixture *fixture, const char *text)
{
    (void)!send(fixture->client, text, strlen(text), MSG_NOSIGNAL);
    run(fixture);
}

/* A connection with a bit of everything. Whoever hangs up is connected again. */
static void talk(struct server_fixture *fixture)
{
    connect_client(fixture);
    fixture->on_request = answer_with_path;
    try_saying(fixture, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET http://a?b HTTP/1.1\r\nHost: h\r\n");
    try_saying(fixture, "\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    client_receive(fixture);
    fixture->on_request = read_at_once;
    fixture->on_body = consume;
    fixture->on_body_end = begin_answer;
    fixture->on_body_failed = abort_after_failure;
    fixture->on_writable = go_on_answering;
    try_saying(fixture, "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    try_saying(fixture, "c\r\n0\r\nT: v\r\n\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
    client_receive(fixture);
    run(fixture);
    try_saying(fixture, "bad\r\n\r\n");
    fixture->received_bytes = 0;
    client_receive(fixture);
    fixture->received_bytes = 0;
    client_close(fixture);
    run(fixture);
    run(fixture);
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *found = text; (found = strstr(found, word)); found += strlen(word))
        count++;
    return count;
}

/* Talks with the fault armed, then without. Returns whether it came. */
static bool talk_with_fault(enum fault_kind kind, uint64_t nth)
{
    struct server_fixture *fixture = fixture_create();
    fault_arm(&fixture->fault, kind, nth);
    if (fixture_open(fixture, true) == 0) {
        talk(fixture);
        talk(fixture);
        fixture->events[fixture->event_bytes] = '\0';
        /* Each begun exchange has ended. */
        assert_int_equal(count_of(fixture->events, "GET /") + count_of(fixture->events, "POST /") +
                             count_of(fixture->events, "refuse"),
                         count_of(fixture->events, "done"));
        assert_int_equal(http_server_connections(fixture->server), 0);
        /* And at the latest the second time all went well. */
        assert_non_null(strstr(fixture->events, "refuse REQUEST_MALFORMED\ndone 400"));
    } else {
        assert_int_equal(kind, FAULT_ALLOCATION);
    }
    bool came = fault_came(&fixture->fault, kind);
    fixture_free(fixture);
    return came;
}

static void bears_each_fault_of_a_kind(enum fault_kind kind)
{
    uint64_t nth = 1;
    while (talk_with_fault(kind, nth))
        nth++;
    assert_true(nth > 3);
}

static void bears_failed_allocations(void **state)
{
    (void)state;
    bears_each_fault_of_a_kind(FAULT_ALLOCATION);
}

static void bears_failed_reads(void **state)
{
    (void)state;
    bears_each_fault_of_a_kind(FAULT_READ);
}

static void bears_failed_writes(void **state)
{
    (void)state;
    bears_each_fault_of_a_kind(FAULT_WRITE);
}

/* Those of buffers and arenas. */
static void bears_failed_allocations_below(void **state)
{
    bool came = true;
    (void)state;
    for (int passing = 0; came; passing++) {
        struct server_fixture *fixture = fixture_create();
        assert_int_equal(fixture_open(fixture, true), 0);
        allocations_left = passing;
        talk(fixture);
        came = allocations_left == 0;
        allocations_left = INT_MAX;
        talk(fixture);
        assert_int_equal(http_server_connections(fixture->server), 0);
        fixture->events[fixture->event_bytes] = '\0';
        assert_non_null(strstr(fixture->events, "refuse REQUEST_MALFORMED\ndone 400"));
        assert_true(passing < 100);
        fixture_free(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bears_failed_allocations),
        cmocka_unit_test(bears_failed_reads),
        cmocka_unit_test(bears_failed_writes),
        cmocka_unit_test(bears_failed_allocations_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
