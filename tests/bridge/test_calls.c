/* SPDX-License-Identifier: AGPL-3.0-only */

/* Calls: what a guest is given and what comes of it. */

#include "driver.h"

#include <stdlib.h>
#include <string.h>

#define HELLO "Hello, world!\n"

static struct driver driver;

static int set_up(void **state)
{
    struct fn0_engine_options options = driver_engine_options();

    (void)state;
    driver_init(&driver, &options);
    driver_load(&driver, "probe");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    driver_fini(&driver);
    return 0;
}

/* Each test has a fresh instance and the usual window. */
static int start(void **state)
{
    (void)state;
    driver.stingy = false;
    driver.window_bytes = 64 << 10;
    driver_start(&driver, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    driver_stop(&driver);
    return 0;
}

static struct fn0_request post(const char *path)
{
    return (struct fn0_request){
        .method = slice("POST"),
        .authority = slice("a"),
        .path_with_query = slice(path),
        .has_body = true,
    };
}

static void answers_hello(void **state)
{
    const struct answer *answer = driver_get(&driver, "/hello");

    (void)state;
    assert_string_equal(answer->body.data, HELLO);
    assert_string_equal(answer->fields.data, "content-type: text/plain\n");
    assert_int_equal(answer->polls, 1);
    assert_int_equal(answer->trailers.bytes, 0);
    assert_int_equal(answer->wanted, 0);
    assert_true(driver_end(&driver));
}

static void guests_see_the_request(void **state)
{
    struct fn0_field fields[] = {
        field("Host", "example.com"), field("X-Twice", "1"),           field("Connection", "close"),
        field("x-twice", "2"),        field("Transfer-Encoding", "x"), field("empty", ""),
    };
    struct fn0_request request = {
        .method = slice("PROPFIND"),
        .authority = slice("example.com:81"),
        .path_with_query = slice("/headers?a=b"),
        .scheme = FN0_SCHEME_HTTP,
        .fields = fields,
        .field_count = 6,
    };

    (void)state;
    driver_call_with(&driver, &request);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(
        driver.answer.body.data,
        "{\"authority\":\"example.com:81\",\"headers\":[[\"x-twice\",\"1\"],[\"x-twice\",\"2\"],"
        "[\"empty\",\"\"]],\"method\":\"PROPFIND\",\"path\":\"/headers?a=b\",\"scheme\":\"http\"}\n");
    driver_call(&driver, "/headers");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_non_null(strstr(driver.answer.body.data,
                           "\"method\":\"GET\",\"path\":\"/headers\",\"scheme\":\"https\""));
    assert_non_null(strstr(driver.answer.body.data, "[[\"accept\",\"*/*\"],[\"x-test\",\"1\"]]"));
}

static void guests_see_their_environment_only(void **state)
{
    const struct answer *answer = driver_get(&driver, "/environment");

    (void)state;
    assert_string_equal(answer->body.data,
                        "{\"arguments\":[],\"directory\":null,\"variables\":[[\"COLOUR\","
                        "\"blue\"],[\"EMPTY\",\"\"]]}\n");
    answer = driver_get(&driver, "/files");
    assert_non_null(strstr(answer->body.data, "\"preopened\":0"));
    assert_null(strstr(answer->body.data, "worked"));
    answer = driver_get(&driver, "/socket");
    assert_null(strstr(answer->body.data, "worked"));
}

static void hop_by_hop_fields_are_refused(void **state)
{
    const char *body = driver_get(&driver, "/forbidden-headers")->body.data;

    (void)state;
    assert_non_null(strstr(body, "\"host\":\"HeaderError::Forbidden\""));
    assert_non_null(strstr(body, "\"transfer-encoding\":\"HeaderError::Forbidden\""));
    assert_non_null(strstr(body, "\"x bad name\":\"HeaderError::InvalidSyntax\""));
    assert_non_null(strstr(body, "\"x-bad-value\":\"HeaderError::InvalidSyntax\""));
    assert_non_null(strstr(body, "\"x-good\":\"taken\""));
}

static void who_holds_the_body_says_so_with_the_head(void **state)
{
    struct fn0_request echo = post("/echo"), nothing = post("/read-nothing"), size = post("/size");

    (void)state;
    driver_call_with(&driver, &echo); /* takes the body, sets the response, reads */
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.held, 1);
    assert_int_equal(driver.answer.wanted, 1);
    assert_int_equal(fn0_call_request_end(driver.call, NULL, 0), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_true(driver_end(&driver));
    driver_call_with(&driver, &nothing);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.held, 0);
    assert_true(driver_end(&driver));
    driver_call_with(&driver, &size); /* has read before */
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(fn0_call_request_end(driver.call, NULL, 0), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.held, 0);
    assert_int_equal(driver.answer.wanted, 1);
    assert_true(driver_end(&driver));
}

static void small_pieces_of_a_body_are_joined(void **state)
{
    enum { PIECES = 20000 };
    struct fn0_request request = post("/echo");

    (void)state;
    driver_call_with(&driver, &request);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    for (int i = 0; i < PIECES; i++)
        driver_give(&driver, (char[1]){(char)('a' + i % 26)}, 1);
    assert_int_equal(driver.wakes, 1);
    driver.answer.pieces = 0;
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.body.bytes, PIECES);
    assert_in_range(driver.answer.pieces, 1, 4);
    for (int i = 0; i < PIECES; i++)
        assert_int_equal(driver.answer.body.data[i], 'a' + i % 26);
    assert_int_equal(driver.answer.consumed, PIECES);
    assert_int_equal(fn0_call_request_end(driver.call, NULL, 0), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_true(driver_end(&driver));
}

static void bodies_go_through_with_back_pressure(void **state)
{
    enum { PIECE = 10000, PIECES = 200 };
    struct fn0_request request = post("/echo");
    char piece[PIECE];
    size_t outstanding = 0, sent = 0;

    (void)state;
    driver.stingy = true;
    driver.window_bytes = 16 << 10;
    driver_call_with(&driver, &request);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.heads, 1);
    assert_int_equal(driver.answer.wanted, 1);
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        driver_give(&driver, piece, sizeof piece);
        sent += sizeof piece;
        assert_true(driver.wakes == 1 || outstanding > 0);
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
        outstanding = sent - driver.answer.consumed;
        /* What the guest took is written, or held by the guest: one piece of it. */
        assert_true(driver.answer.body.bytes <= (16 << 10) + (size_t)(i / 2) * 2 * PIECE);
        if (i % 2 == 1) {
            fn0_call_response_window(driver.call, 2 * PIECE);
            assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
        }
    }
    assert_int_equal(fn0_call_request_end(driver.call, NULL, 0), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.body.bytes, PIECES * PIECE);
    assert_int_equal(driver.answer.consumed, PIECES * PIECE);
    assert_int_equal(driver.answer.wanted, 1);
    for (int i = 0; i < PIECES; i++)
        assert_int_equal(driver.answer.body.data[i * PIECE + PIECE / 2], 'a' + i % 26);
    assert_int_equal(driver.answer.ends, 1);
    assert_true(driver_end(&driver));
}

static void the_window_holds_a_writer(void **state)
{
    (void)state;
    driver.stingy = true;
    driver.window_bytes = 1000;
    driver_call(&driver, "/write-forever");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.body.bytes, 1000);
    assert_int_equal(driver_poll(&driver), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.body.bytes, 1000);
    fn0_call_response_window(driver.call, 1);
    assert_int_equal(driver.wakes, 1);
    assert_int_equal(driver_poll(&driver), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.body.bytes, 1001);
    driver.wakes = 0;
    assert_false(driver_end(&driver));
}

static void trailers_go_both_ways(void **state)
{
    struct fn0_field trailers[] = {field("X-Sum", "1 2"), field("Host", "no"),
                                   field("x-more", "3")};
    struct fn0_request request = post("/echo-trailers");

    (void)state;
    assert_string_equal(driver_get(&driver, "/trailers")->trailers.data, "x-checksum: abc\n");
    driver_call_with(&driver, &request);
    driver_give(&driver, "body", 4);
    fn0_call_request_end(driver.call, trailers, 3);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "body");
    assert_string_equal(driver.answer.trailers.data, "x-sum: 1 2\nx-more: 3\n");
    /* They come after the body was read, too. */
    driver_call_with(&driver, &request);
    driver_give(&driver, "body", 4);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    fn0_call_request_end(driver.call, trailers, 1);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.trailers.data, "x-sum: 1 2\n");
}

static void lengths_must_be_right(void **state)
{
    (void)state;
    driver_get(&driver, "/length?declared=10&sent=10");
    assert_string_equal(driver.answer.fields.data, "content-length: 10\n");
    assert_int_equal(driver.answer.body.bytes, 10);
    for (const char *sent = "9B"; *sent != 0; sent++) {
        driver_call(&driver,
                    *sent == '9' ? "/length?declared=10&sent=9" : "/length?declared=10&sent=11");
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
        assert_int_equal(driver.answer.status, 200);
        assert_int_equal(driver.answer.ends, 0);
        assert_int_equal(driver.answer.cuts, 1);
        assert_true(driver.answer.body.bytes < 10);
        assert_true(driver_end(&driver));
    }
}

static void a_failed_request_body_is_read_as_such(void **state)
{
    struct fn0_request request = post("/size");

    (void)state;
    driver_call_with(&driver, &request);
    driver_give(&driver, "12345", 5);
    fn0_call_request_fail(driver.call, slice("HTTP-request-body-size"));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "{\"bytes\":5,\"whole\":false}\n");
    request = post("/echo");
    driver_call_with(&driver, &request);
    driver_give(&driver, "12345", 5);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    fn0_call_request_fail(driver.call, slice("connection-terminated"));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "12345");
    assert_int_equal(driver.answer.cuts, 1);
    assert_int_equal(driver.answer.ends, 0);
}

static void an_unread_body_is_counted_when_it_is_dropped(void **state)
{
    struct fn0_request request = post("/read-nothing");

    (void)state;
    driver_call_with(&driver, &request);
    driver_give(&driver, "12345", 5);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.wanted, 0);
    assert_int_equal(driver.answer.consumed, 5);
    /* Also where it comes after the answer. */
    request = post("/answer-then-sleep?ms=20");
    driver_call_with(&driver, &request);
    assert_int_equal(driver_poll(&driver), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.ends, 1);
    driver_give(&driver, "12345", 5);
    assert_int_equal(driver_run(&driver, 1000), FN0_POLL_READY);
    assert_int_equal(driver.answer.consumed, 5);
    assert_int_equal(driver.answer.wanted, 0);
    assert_string_equal(driver.answer.out.data, "worked on after the answer\n");
}

static void a_request_without_body_ends_at_once(void **state)
{
    (void)state;
    assert_string_equal(driver_get(&driver, "/size")->body.data, "{\"bytes\":0,\"whole\":true}\n");
    assert_int_equal(driver.answer.wanted, 0);
    assert_int_equal(driver.answer.consumed, 0);
}

static void what_was_taken_is_not_given_again(void **state)
{
    (void)state;
    assert_string_equal(
        driver_get(&driver, "/double")->body.data,
        "{\"body\":\"refused\",\"consume\":\"refused\",\"stream\":\"refused\",\"write\":"
        "\"refused\"}\n");
}

static void output_is_told(void **state)
{
    (void)state;
    driver_get(&driver, "/log?lines=2&bytes=3&tail=end");
    assert_string_equal(driver.answer.out.data, "lll\nlll\nend");
    assert_int_equal(driver.answer.err.bytes, 0);
    driver_get(&driver, "/log?lines=1&bytes=3&stream=stderr");
    assert_string_equal(driver.answer.err.data, "lll\n");
    assert_int_equal(driver.answer.polls, 1);
    /* Much of it is told in several polls. */
    driver_get(&driver, "/log?lines=1000&bytes=999");
    assert_int_equal(driver.answer.out.bytes, 1000000);
    assert_in_range(driver.answer.yields, 10, 20);
}

static void sleepers_are_woken(void **state)
{
    (void)state;
    driver_call(&driver, "/sleep?ms=30");
    assert_int_equal(driver_poll(&driver), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.heads, 0);
    assert_int_equal(driver_run(&driver, 1000), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "slept\n");
    assert_in_range(driver.answer.polls, 2, 3);
    assert_int_equal(driver.answer.yields, 0);
    /* Streams go out in between. */
    driver_get(&driver, "/stream?chunks=3&bytes=2&delay_ms=5");
    assert_string_equal(driver.answer.body.data, "xxxxxx");
    assert_true(driver.answer.polls >= 3);
}

static void ticks_have_a_guest_yield_and_end(void **state)
{
    const struct answer *answer = &driver.answer;

    (void)state;
    driver_ticks_begin(&driver);
    driver_call(&driver, "/head-then-spin");
    for (int i = 0; i < 5; i++)
        assert_int_equal(driver_poll(&driver), FN0_POLL_YIELDED);
    assert_string_equal(answer->body.data, "begun\n");
    assert_int_equal(driver.wakes, 0);
    fn0_call_interrupt(driver.call);
    assert_int_equal(driver_poll(&driver), FN0_POLL_FAILED);
    assert_int_equal(answer->error.code, FN0_ERROR_INTERRUPTED);
    assert_non_null(strstr(answer->error.message, "interrupted\n"));
    assert_non_null(strstr(answer->error.message, "probe::limits::spin_forever"));
    assert_false(driver_end(&driver));
    /* One that was not entered yet ends at its first tick. */
    driver_start(&driver, NULL);
    driver_call(&driver, "/spin-forever");
    fn0_call_interrupt(driver.call);
    assert_int_equal(driver_poll(&driver), FN0_POLL_FAILED);
    assert_int_equal(answer->error.code, FN0_ERROR_INTERRUPTED);
    driver_ticks_end(&driver);
}

static void the_first_tick_stops_nobody(void **state)
{
    uint32_t yields = 0;

    (void)state;
    driver_ticks_begin(&driver);
    for (int i = 0; i < 50; i++) {
        driver_get(&driver, "/spin?ms=1");
        yields += driver.answer.yields;
    }
    driver_ticks_end(&driver);
    /* A tick came in nearly each of them, two only where the machine had other things to do. */
    assert_in_range(yields, 0, 10);
}

static void ticks_do_no_harm(void **state)
{
    (void)state;
    driver_ticks_begin(&driver);
    for (int i = 0; i < 3; i++) {
        driver_get(&driver, "/spin?ms=20");
        assert_in_range(driver.answer.yields, 2, 30);
        driver_get(&driver, "/stream?chunks=5&bytes=2&delay_ms=3");
        assert_string_equal(driver.answer.body.data, "xxxxxxxxxx");
    }
    driver_ticks_end(&driver);
}

struct ending {
    const char *path;
    int code;
    const char *message;
};

static void guests_end_badly(void **state)
{
    static const struct ending endings[] = {
        {"/trap", FN0_ERROR_TRAP, "unreachable"},
        {"/panic", FN0_ERROR_TRAP, "unreachable"},
        {"/recurse", FN0_ERROR_TRAP, "limits::recurse"},
        {"/allocate-until-trap", FN0_ERROR_TRAP, "unreachable"},
        {"/exit?code=0", FN0_ERROR_EXIT, "the guest called exit with status 0"},
        {"/exit?code=3", FN0_ERROR_EXIT, "the guest called exit with status 1"},
        {"/head-then-trap", FN0_ERROR_TRAP, "unreachable"},
    };
    const struct answer *answer = &driver.answer;

    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        driver_start(&driver, NULL);
        driver_call(&driver, endings[i].path);
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_FAILED);
        assert_int_equal(answer->error.code, endings[i].code);
        if (strstr(answer->error.message, endings[i].message) == NULL)
            fail_msg("%s: %s", endings[i].path, answer->error.message);
        if (endings[i].code == FN0_ERROR_TRAP && strstr(answer->error.message, "probe") == NULL)
            fail_msg("no backtrace with names: %s", answer->error.message);
        if (strcmp(endings[i].path, "/panic") == 0)
            assert_non_null(strstr(answer->err.data, "the probe was asked to panic"));
        if (strcmp(endings[i].path, "/head-then-trap") == 0)
            assert_string_equal(answer->body.data, "begun\n");
        else
            assert_int_equal(answer->heads, 0);
        assert_false(driver_end(&driver));
    }
    assert_int_equal(fn0_instance_memory_bytes(driver.instance) % 65536, 0);
}

static void a_guest_may_set_no_response(void **state)
{
    (void)state;
    driver_call(&driver, "/no-response");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.heads, 0);
    assert_true(driver_end(&driver));
    driver_get(&driver, "/hello");
}

static void a_waiting_guest_is_interrupted_with_its_backtrace(void **state)
{
    (void)state;
    driver_call(&driver, "/head-then-hang");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    fn0_call_interrupt(driver.call);
    assert_int_equal(driver_poll(&driver), FN0_POLL_FAILED);
    assert_int_equal(driver.answer.error.code, FN0_ERROR_INTERRUPTED);
    assert_non_null(strstr(driver.answer.error.message, "wasi:io/poll#[method]pollable.block"));
    assert_non_null(strstr(driver.answer.error.message, "head_then"));
    assert_false(driver_end(&driver));
}

static void cancelled_calls_leave_nothing(void **state)
{
    static const char *paths[] = {"/hello", "/sleep?ms=1000", "/write-forever", "/read-then-hang"};

    (void)state;
    driver.stingy = true;
    for (int i = 0; i < 8; i++) {
        struct fn0_request request = post(paths[i % 4]);

        driver_start(&driver, NULL);
        driver_call_with(&driver, &request);
        if (i >= 4)
            driver_poll(&driver);
        assert_int_equal(driver_end(&driver), i == 4);
    }
}

static void calls_are_refused_at_the_wrong_time(void **state)
{
    struct fn0_request request = post("/hello");
    struct fn0_call *second;
    struct fn0_error error;

    (void)state;
    driver_call(&driver, "/hello");
    assert_int_equal(fn0_call_create(driver.instance, &request, 1, &second, &error),
                     FN0_ERROR_INVALID_ARGUMENT);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver_poll(&driver), FN0_POLL_FAILED);
    assert_int_equal(driver.answer.error.code, FN0_ERROR_INVALID_ARGUMENT);
    assert_true(driver_end(&driver));
    request.path_with_query = slice("/\xff");
    assert_int_equal(fn0_call_create(driver.instance, &request, 1, &second, &error),
                     FN0_ERROR_INVALID_ARGUMENT);
    driver_get(&driver, "/hello");
}

static void an_instance_does_not_grow(void **state)
{
    uint64_t bytes;

    (void)state;
    driver_get(&driver, "/count");
    bytes = fn0_instance_memory_bytes(driver.instance);
    for (int i = 0; i < 20000; i++)
        driver_get(&driver, "/hello");
    assert_string_equal(driver_get(&driver, "/count")->body.data, "{\"count\":20002}\n");
    assert_int_equal(fn0_instance_memory_bytes(driver.instance), bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_hello, start, stop),
        cmocka_unit_test_setup_teardown(guests_see_the_request, start, stop),
        cmocka_unit_test_setup_teardown(guests_see_their_environment_only, start, stop),
        cmocka_unit_test_setup_teardown(hop_by_hop_fields_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(bodies_go_through_with_back_pressure, start, stop),
        cmocka_unit_test_setup_teardown(the_window_holds_a_writer, start, stop),
        cmocka_unit_test_setup_teardown(trailers_go_both_ways, start, stop),
        cmocka_unit_test_setup_teardown(lengths_must_be_right, start, stop),
        cmocka_unit_test_setup_teardown(who_holds_the_body_says_so_with_the_head, start, stop),
        cmocka_unit_test_setup_teardown(small_pieces_of_a_body_are_joined, start, stop),
        cmocka_unit_test_setup_teardown(a_failed_request_body_is_read_as_such, start, stop),
        cmocka_unit_test_setup_teardown(an_unread_body_is_counted_when_it_is_dropped, start, stop),
        cmocka_unit_test_setup_teardown(a_request_without_body_ends_at_once, start, stop),
        cmocka_unit_test_setup_teardown(what_was_taken_is_not_given_again, start, stop),
        cmocka_unit_test_setup_teardown(output_is_told, start, stop),
        cmocka_unit_test_setup_teardown(sleepers_are_woken, start, stop),
        cmocka_unit_test_setup_teardown(ticks_have_a_guest_yield_and_end, start, stop),
        cmocka_unit_test_setup_teardown(the_first_tick_stops_nobody, start, stop),
        cmocka_unit_test_setup_teardown(ticks_do_no_harm, start, stop),
        cmocka_unit_test_setup_teardown(guests_end_badly, start, stop),
        cmocka_unit_test_setup_teardown(a_guest_may_set_no_response, start, stop),
        cmocka_unit_test_setup_teardown(a_waiting_guest_is_interrupted_with_its_backtrace, start,
                                        stop),
        cmocka_unit_test_setup_teardown(cancelled_calls_leave_nothing, start, stop),
        cmocka_unit_test_setup_teardown(calls_are_refused_at_the_wrong_time, start, stop),
        cmocka_unit_test_setup_teardown(an_instance_does_not_grow, start, stop),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
