/* SPDX-License-Identifier: AGPL-3.0-only */

/* Outgoing requests: what C is told, and what the guest makes of C's answers. */

#include "driver.h"

#include <string.h>

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

/* Begins a call that fetches, up to where it waits for the answer. */
static struct outgoing *begin(const char *path)
{
    driver_call(&driver, path);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.outgoing_count, 1);
    return &driver.outgoing[0];
}

static void begin_post(const char *path)
{
    struct fn0_request request = {
        .method = slice("POST"),
        .authority = slice("a"),
        .path_with_query = slice(path),
        .has_body = true,
    };

    driver_call_with(&driver, &request);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
}

static void a_request_goes_and_its_answer_comes(void **state)
{
    struct fn0_field fields[] = {field("X-Answer", "1"), field("Connection", "close")};
    struct fn0_field trailers[] = {field("x-late", "2")};
    struct outgoing *outgoing = begin("/fetch?url=https://example.com:8443/a?b=c&method=PURGE");

    (void)state;
    assert_string_equal(outgoing->head.data, "PURGE https://example.com:8443/a?b=c\n");
    assert_false(outgoing->has_body);
    assert_int_equal(outgoing->ends, 0);
    assert_int_equal(outgoing->body_bytes, UINT64_MAX);
    for (int i = 0; i < 3; i++)
        assert_int_equal(outgoing->timeouts_ns[i], FN0_TIMEOUT_NONE);
    assert_int_equal(fn0_outgoing_head(driver.call, outgoing->id, 203, fields, 2), 0);
    assert_int_equal(driver.wakes, 1);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.answer.status, 203);
    assert_string_equal(driver.answer.fields.data, "x-answer: 1\n");
    assert_int_equal(fn0_outgoing_body(driver.call, outgoing->id, slice("some ")), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(outgoing->consumed, 5);
    assert_string_equal(driver.answer.body.data, "some ");
    assert_int_equal(fn0_outgoing_body(driver.call, outgoing->id, slice("body")), 0);
    assert_int_equal(fn0_outgoing_end(driver.call, outgoing->id, trailers, 1), 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "some body");
    assert_string_equal(driver.answer.trailers.data, "x-late: 2\n");
    assert_int_equal(outgoing->drops, 0);
    /* What comes late is nobody's. */
    assert_int_equal(fn0_outgoing_body(driver.call, outgoing->id, slice("late")), 0);
    assert_int_equal(fn0_outgoing_end(driver.call, 99, NULL, 0), 0);
    assert_true(driver_end(&driver));
}

static void its_body_streams_within_the_window(void **state)
{
    struct outgoing *outgoing = &driver.outgoing[0];

    (void)state;
    driver.stingy = true;
    driver.window_bytes = 8;
    begin_post("/fetch-post?url=http://a/&trailers=x-sum:7");
    assert_string_equal(outgoing->head.data, "POST http://a/\n");
    assert_true(outgoing->has_body);
    driver_give(&driver, "0123456789", 10);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_string_equal(outgoing->body.data, "01234567");
    assert_int_equal(driver.answer.consumed, 10);
    fn0_outgoing_window(driver.call, outgoing->id, 100);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_string_equal(outgoing->body.data, "0123456789");
    assert_int_equal(outgoing->ends, 0);
    fn0_call_request_end(driver.call, NULL, 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(outgoing->ends, 1);
    assert_string_equal(outgoing->trailers.data, "x-sum: 7\n");
    fn0_outgoing_head(driver.call, outgoing->id, 204, NULL, 0);
    fn0_outgoing_end(driver.call, outgoing->id, NULL, 0);
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.status, 204);
    assert_int_equal(outgoing->cuts, 0);
}

static void a_broken_upload_is_cut(void **state)
{
    struct outgoing *outgoing = &driver.outgoing[0];

    (void)state;
    begin_post("/fetch-post?url=http://a/");
    driver_give(&driver, "01", 2);
    fn0_call_request_fail(driver.call, slice("connection-terminated"));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_string_equal(outgoing->body.data, "01");
    assert_int_equal(outgoing->ends, 0);
    assert_int_equal(outgoing->cuts, 1);
    fn0_outgoing_fail(driver.call, outgoing->id, slice("HTTP-protocol-error"), slice(""));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.answer.status, 502);
}

static void errors_reach_the_guest_by_name(void **state)
{
    static const char *const codes[][3] = {
        {"connection-refused", "", "ErrorCode::ConnectionRefused"},
        {"destination-IP-prohibited", "", "ErrorCode::DestinationIpProhibited"},
        {"HTTP-request-denied", "ignored", "ErrorCode::HttpRequestDenied"},
        {"DNS-error", "no such host", "rcode: Some(\\\"no such host\\\")"},
        {"internal-error", "why", "ErrorCode::InternalError(Some(\\\"why\\\"))"},
        {"nonsense", "", "ErrorCode::InternalError(Some(\\\"nonsense\\\"))"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct outgoing *outgoing = begin("/fetch?url=http://a/");

        assert_int_equal(
            fn0_outgoing_fail(driver.call, outgoing->id, slice(codes[i][0]), slice(codes[i][1])),
            0);
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
        assert_int_equal(driver.answer.status, 502);
        if (strstr(driver.answer.body.data, codes[i][2]) == NULL)
            fail_msg("%s: %s", codes[i][0], driver.answer.body.data);
        assert_int_equal(outgoing->drops, 0);
    }
}

static void an_answer_that_breaks_breaks_the_guests(void **state)
{
    struct outgoing *outgoing = begin("/fetch?url=http://a/");

    (void)state;
    fn0_outgoing_head(driver.call, outgoing->id, 200, NULL, 0);
    fn0_outgoing_body(driver.call, outgoing->id, slice("half"));
    fn0_outgoing_fail(driver.call, outgoing->id, slice("HTTP-response-incomplete"), slice(""));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(driver.answer.body.data, "half");
    assert_int_equal(driver.answer.cuts, 1);
    assert_int_equal(outgoing->drops, 0);
}

static void timeouts_are_told(void **state)
{
    struct outgoing *outgoing =
        begin("/fetch?url=http://a/&connect_ms=1&first_byte_ms=2000&between_bytes_ms=3");

    (void)state;
    assert_int_equal(outgoing->timeouts_ns[0], 1000000);
    assert_int_equal(outgoing->timeouts_ns[1], 2000000000);
    assert_int_equal(outgoing->timeouts_ns[2], 3000000);
    assert_false(driver_end(&driver));
}

static void what_is_no_request_never_reaches_c(void **state)
{
    (void)state;
    driver_call(&driver, "/fetch?url=ftp://a/");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_int_equal(driver.outgoing_count, 0);
    assert_int_equal(driver.answer.status, 502);
    assert_non_null(strstr(driver.answer.body.data, "HttpProtocolError"));
}

static void targets_begin_with_a_slash(void **state)
{
    (void)state;
    begin("/fetch?url=http://a?b=c");
    assert_string_equal(driver.outgoing[0].head.data, "GET http://a/?b=c\n");
}

static void requests_run_side_by_side(void **state)
{
    (void)state;
    driver_call(&driver, "/fetch-many?url=http://a/&n=4&parallel=1");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(driver.outgoing_count, 4);
    for (int i = 3; i >= 0; i--) {
        uint64_t id = driver.outgoing[i].id;

        if (i == 1) {
            fn0_outgoing_fail(driver.call, id, slice("connection-timeout"), slice(""));
            continue;
        }
        fn0_outgoing_head(driver.call, id, 200, NULL, 0);
        fn0_outgoing_body(driver.call, id, slice("x"));
        fn0_outgoing_end(driver.call, id, NULL, 0);
    }
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
    assert_string_equal(
        driver.answer.body.data,
        "{\"failed\":1,\"first_error\":\"ErrorCode::ConnectionTimeout\",\"worked\":3}\n");
    for (int i = 0; i < 4; i++)
        assert_int_equal(driver.outgoing[i].drops, 0);
}

static void what_nobody_wants_is_dropped(void **state)
{
    struct outgoing *outgoing;

    (void)state;
    /* The guest is ended while it passes an answer on. */
    driver.stingy = true;
    driver.window_bytes = 1;
    outgoing = begin("/fetch?url=http://a/");
    fn0_outgoing_head(driver.call, outgoing->id, 200, NULL, 0);
    fn0_outgoing_body(driver.call, outgoing->id, slice("four"));
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_PENDING);
    assert_int_equal(outgoing->consumed, 4);
    fn0_call_interrupt(driver.call);
    assert_int_equal(driver_poll(&driver), FN0_POLL_FAILED);
    assert_int_equal(driver.answer.error.code, FN0_ERROR_INTERRUPTED);
    assert_int_equal(outgoing->drops, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_goes_and_its_answer_comes, start, stop),
        cmocka_unit_test_setup_teardown(its_body_streams_within_the_window, start, stop),
        cmocka_unit_test_setup_teardown(a_broken_upload_is_cut, start, stop),
        cmocka_unit_test_setup_teardown(errors_reach_the_guest_by_name, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_that_breaks_breaks_the_guests, start, stop),
        cmocka_unit_test_setup_teardown(timeouts_are_told, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_request_never_reaches_c, start, stop),
        cmocka_unit_test_setup_teardown(targets_begin_with_a_slash, start, stop),
        cmocka_unit_test_setup_teardown(requests_run_side_by_side, start, stop),
        cmocka_unit_test_setup_teardown(what_nobody_wants_is_dropped, start, stop),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
