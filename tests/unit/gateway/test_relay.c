/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fakes.h"

/* A function with limits, an exchange, and a relay between it and its call. */
struct fixture {
    struct trace trace;
    struct http_exchange exchange;
    struct executor executor;
    struct directory directory;
    struct function_configuration configuration;
    struct version version;
    struct directory_entry entry;
    struct limits defaults;
    struct relay_set set;
    struct access_note *access;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    exchange_init(&fixture->exchange, &fixture->trace);
    fixture->executor.call.trace = &fixture->trace;
    limits_set_cloud(&fixture->configuration.limits);
    limits_set_cloud(&fixture->defaults);
    fixture->version.configuration = &fixture->configuration;
    fixture->entry = (struct directory_entry){
        .name = "hello", .state = FUNCTION_READY, .version = &fixture->version};
    fixture->directory.entry = &fixture->entry;
    relay_set_init(&fixture->set, &fixture->executor, &fixture->directory, &fixture->defaults,
                   NULL);
    fixture->access = access_note_make(&fixture->exchange, SLICE("id-1"));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    /* Every test brings both sides to their end. */
    assert_true(list_empty(&fixture->set.busy));
    relay_set_fini(&fixture->set);
    exchange_fini(&fixture->exchange);
    free(fixture);
    return 0;
}

static void start(struct fixture *fixture, bool has_body)
{
    const struct call_request request = {
        .method = SLICE("GET"), .has_body = has_body, .request_id = fixture->access->request_id};
    relay_start(&fixture->set, &fixture->exchange, fixture->access, &fixture->entry, "hello",
                &request);
}

#define SINK(fixture, event, ...) \
    (fixture)->executor.call.sink->event((fixture)->executor.call.context, ##__VA_ARGS__)
#define CLIENT(fixture, event, ...) \
    (fixture)->exchange.events->event((fixture)->exchange.context, ##__VA_ARGS__)

#define assert_trace(fixture, expected) assert_string_equal((fixture)->trace.text, expected)

static void head(struct fixture *fixture)
{
    SINK(fixture, head, 200, NULL, 0);
}

static void passes_a_response_on(void **state)
{
    struct fixture *fixture = *state;
    const struct field fields[] = {{SLICE("a"), SLICE("b")},
                                   {SLICE("x-request-id"), SLICE("forged")}};
    const struct field trailer = {SLICE("t"), SLICE("u")};
    start(fixture, false);
    SINK(fixture, head, 201, fields, 2);
    SINK(fixture, body, SLICE("hello"));
    SINK(fixture, response_end, &trailer, 1);
    SINK(fixture, end, 0, NULL);
    assert_trace(fixture, "start respond:201 write:5 window:5 end trailer:t=u ");
    assert_string_equal(fixture->exchange.fields, "a: b\nx-request-id: id-1\n");
    assert_string_equal(fixture->exchange.body, "hello");
}

static void a_call_may_outlive_its_exchange(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    head(fixture);
    SINK(fixture, response_end, NULL, 0);
    assert_false(list_empty(&fixture->set.busy));
    /* Its id stays good though the exchange's arena may be gone. */
    fixture->access->request_id = SLICE("another");
    assert_true(slice_equal(fixture->executor.call.request.request_id, SLICE("id-1")));
    SINK(fixture, end, ERROR_CALL_TRAP, NULL);
    assert_trace(fixture, "start respond:200 end ");
}

static void what_a_response_cost_is_kept(void **state)
{
    struct fixture *fixture = *state;
    fixture->set.measures = true;
    fixture->executor.call.used = (struct call_usage){.cpu_ns = 7, .memory_bytes = 65536};
    start(fixture, false);
    head(fixture);
    assert_false(fixture->access->measured);
    SINK(fixture, response_end, NULL, 0);
    assert_true(fixture->access->measured);
    assert_int_equal(fixture->access->cpu_ns, 7);
    assert_int_equal(fixture->access->memory_bytes, 65536);
    /* What it does afterwards is not the response's. */
    const struct call_usage more = {.cpu_ns = 9};
    SINK(fixture, end, 0, &more);
    assert_int_equal(fixture->access->cpu_ns, 7);
}

static void what_a_failed_call_cost_is_kept(void **state)
{
    struct fixture *fixture = *state;
    const struct call_usage usage = {.cpu_ns = 10000000, .memory_bytes = 65536};
    fixture->set.measures = true;
    start(fixture, false);
    SINK(fixture, end, ERROR_CALL_CPU, &usage);
    assert_int_equal(fixture->access->code, ERROR_CALL_CPU);
    assert_int_equal(fixture->access->cpu_ns, 10000000);
    assert_int_equal(fixture->access->memory_bytes, 65536);
}

static void a_refused_call_is_answered(void **state)
{
    struct fixture *fixture = *state;
    fixture->executor.refuses = ERROR_NO_SLOT;
    start(fixture, false);
    assert_int_equal(fixture->exchange.status, 503);
    assert_non_null(strstr(fixture->exchange.fields, "retry-after: 1\n"));
    assert_non_null(strstr(fixture->exchange.fields, "error=connection_limit_reached"));
    assert_int_equal(fixture->access->code, ERROR_NO_SLOT);
}

static void a_call_without_a_head_is_answered_by_its_code(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    SINK(fixture, end, ERROR_CALL_CPU, NULL);
    assert_int_equal(fixture->exchange.status, 504);
    assert_int_equal(fixture->access->code, ERROR_CALL_CPU);
}

static void a_call_without_head_and_code_made_no_response(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    SINK(fixture, end, 0, NULL);
    assert_int_equal(fixture->exchange.status, 502);
    assert_int_equal(fixture->access->code, ERROR_CALL_NO_RESPONSE);
}

static void a_call_that_fails_after_its_head_cuts_the_response(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    head(fixture);
    SINK(fixture, end, ERROR_CALL_DURATION, NULL);
    assert_trace(fixture, "start respond:200 abort ");
    assert_int_equal(fixture->access->code, ERROR_CALL_DURATION);
}

static void a_cut_body_cuts_the_response(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    head(fixture);
    SINK(fixture, response_cut);
    SINK(fixture, end, 0, NULL);
    assert_trace(fixture, "start respond:200 abort ");
}

static void a_client_that_goes_cancels_the_call(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    head(fixture);
    CLIENT(fixture, gone, ERROR_CLIENT_GONE);
    assert_trace(fixture, "start respond:200 cancel ");
    assert_int_equal(fixture->access->code, ERROR_CLIENT_GONE);
}

static void a_slow_reader_holds_the_window(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    head(fixture);
    fixture->exchange.room = 0;
    SINK(fixture, body, SLICE("12345"));
    SINK(fixture, body, SLICE("678"));
    assert_trace(fixture, "start respond:200 write:5 write:3 ");
    CLIENT(fixture, writable);
    CLIENT(fixture, writable);
    assert_trace(fixture, "start respond:200 write:5 write:3 window:8 ");
    SINK(fixture, end, ERROR_CALL_TRAP, NULL);
}

static void the_body_is_read_when_it_is_wanted(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    assert_trace(fixture, "start ");
    SINK(fixture, body_wanted);
    SINK(fixture, body_wanted);
    CLIENT(fixture, body, SLICE("abc"));
    SINK(fixture, body_consumed, 3);
    CLIENT(fixture, body_end, NULL, 0);
    assert_trace(fixture, "start read call_body:3 consumed:3 call_body_end:0 ");
    head(fixture);
    SINK(fixture, response_end, NULL, 0);
    SINK(fixture, end, 0, NULL);
}

static void who_holds_the_body_has_the_client_go_on(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    SINK(fixture, body_held);
    head(fixture);
    SINK(fixture, body_wanted);
    SINK(fixture, body_held); /* it is read already */
    assert_trace(fixture, "start continue respond:200 read ");
    CLIENT(fixture, body_end, NULL, 0);
    SINK(fixture, response_end, NULL, 0);
    SINK(fixture, body_held); /* the exchange is over */
    SINK(fixture, end, 0, NULL);
    assert_trace(fixture, "start continue respond:200 read call_body_end:0 end ");
}

static void body_fails_within_read(struct http_exchange *exchange)
{
    exchange->events->body_failed(exchange->context, ERROR_REQUEST_MALFORMED);
}

static void a_body_may_fail_from_within_the_reading(void **state)
{
    struct fixture *fixture = *state;
    fixture->exchange.during_read = body_fails_within_read;
    start(fixture, true);
    SINK(fixture, body_wanted);
    assert_int_equal(fixture->exchange.status, 400);
    assert_int_equal(fixture->set.idle_count, 1);
    assert_non_null(strstr(fixture->trace.text, "cancel "));
}

static void too_long_a_body_is_413_and_the_guest_ends_by_itself(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    SINK(fixture, body_wanted);
    CLIENT(fixture, body_failed, ERROR_REQUEST_BODY_SIZE);
    assert_int_equal(fixture->exchange.status, 413);
    assert_null(strstr(fixture->trace.text, "cancel"));
    assert_non_null(strstr(fixture->trace.text, "call_body_fail:request_body_size "));
    /* What the guest still answers goes nowhere, and does not hold it up. */
    size_t so_far = strlen(fixture->trace.text);
    head(fixture);
    SINK(fixture, body, SLICE("late"));
    SINK(fixture, body_consumed, 1);
    SINK(fixture, response_end, NULL, 0);
    assert_string_equal(fixture->trace.text + so_far, "window:4 ");
    SINK(fixture, end, 0, NULL);
}

static void too_long_a_body_after_the_head_only_ends_the_stream(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    SINK(fixture, body_wanted);
    head(fixture);
    CLIENT(fixture, body_failed, ERROR_REQUEST_BODY_SIZE);
    SINK(fixture, response_end, NULL, 0);
    SINK(fixture, end, 0, NULL);
    assert_trace(fixture, "start read respond:200 call_body_fail:request_body_size end ");
}

static void a_slow_body_frees_the_guest(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    SINK(fixture, body_wanted);
    CLIENT(fixture, body_failed, ERROR_REQUEST_TIMEOUT);
    assert_int_equal(fixture->exchange.status, 408);
    assert_non_null(strstr(fixture->trace.text, "cancel "));
}

static void trailers_count_as_a_header(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_HEADER] = 6;
    const struct field fits = {SLICE("a"), SLICE("b")};
    start(fixture, true);
    SINK(fixture, body_wanted);
    CLIENT(fixture, body_end, &fits, 1);
    assert_trace(fixture, "start read call_body_end:1 ");
    SINK(fixture, end, ERROR_CALL_TRAP, NULL);
}

static void trailers_too_large_are_431(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_HEADER] = 6;
    const struct field too_large = {SLICE("a"), SLICE("bc")};
    start(fixture, true);
    SINK(fixture, body_wanted);
    CLIENT(fixture, body_end, &too_large, 1);
    assert_int_equal(fixture->exchange.status, 431);
    SINK(fixture, end, 0, NULL);
}

static void a_guest_may_read_on_after_its_response(void **state)
{
    struct fixture *fixture = *state;
    const struct field trailer = {SLICE("t"), SLICE("u")};
    start(fixture, true);
    SINK(fixture, body_wanted);
    head(fixture);
    SINK(fixture, response_end, &trailer, 1);
    assert_trace(fixture, "start read respond:200 ");
    CLIENT(fixture, body, SLICE("late"));
    CLIENT(fixture, body_end, NULL, 0);
    assert_trace(fixture, "start read respond:200 call_body:4 call_body_end:0 end trailer:t=u ");
    SINK(fixture, end, 0, NULL);
}

static void the_calls_end_ends_a_response_that_waited_for_the_body(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    SINK(fixture, body_wanted);
    head(fixture);
    SINK(fixture, response_end, NULL, 0);
    SINK(fixture, end, 0, NULL);
    assert_trace(fixture, "start read respond:200 end ");
}

static void a_body_wanted_too_late_fails(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, true);
    head(fixture);
    SINK(fixture, response_end, NULL, 0);
    assert_trace(fixture, "start respond:200 end call_body_fail:client_gone ");
    SINK(fixture, body_wanted);
    assert_trace(fixture, "start respond:200 end call_body_fail:client_gone ");
    SINK(fixture, end, 0, NULL);
}

static void too_large_a_response_header_is_502(void **state)
{
    struct fixture *fixture = *state;
    /* "a: b\n" and "x-request-id: id-1\n" as the fake counts them. */
    const struct field field = {SLICE("a"), SLICE("b")};
    fixture->configuration.limits.value[LIMIT_RESPONSE_HEADER] = 23;
    start(fixture, false);
    SINK(fixture, head, 200, &field, 1);
    assert_int_equal(fixture->exchange.status, 502);
    assert_non_null(strstr(fixture->exchange.fields, "http_response_header_section_size"));
    assert_non_null(strstr(fixture->trace.text, "cancel"));
}

static void the_response_header_may_have_its_limit(void **state)
{
    struct fixture *fixture = *state;
    const struct field field = {SLICE("a"), SLICE("b")};
    fixture->configuration.limits.value[LIMIT_RESPONSE_HEADER] = 24;
    start(fixture, false);
    SINK(fixture, head, 200, &field, 1);
    assert_int_equal(fixture->exchange.status, 200);
    SINK(fixture, end, ERROR_CALL_TRAP, NULL);
}

static void an_interim_status_is_no_response(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, false);
    SINK(fixture, head, 199, NULL, 0);
    assert_int_equal(fixture->exchange.status, 502);
    assert_int_equal(fixture->access->code, ERROR_RESPONSE_INVALID);
}

static void limits_of_a_first_version_are_learnt_when_it_is_there(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.version = NULL;
    fixture->exchange.request.body_bytes = 9;
    start(fixture, true);
    assert_true(fixture->exchange.body_bytes_max == UINT64_MAX);
    fixture->entry.version = &fixture->version;
    fixture->configuration.limits.value[LIMIT_REQUEST_BODY] = 9;
    SINK(fixture, body_wanted);
    assert_int_equal(fixture->exchange.body_bytes_max, 9);
    assert_trace(fixture, "start read ");
    SINK(fixture, end, ERROR_CALL_TRAP, NULL);
}

static void a_head_past_the_limits_of_a_first_version_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->entry.version = NULL;
    fixture->exchange.request.body_bytes = 9;
    start(fixture, true);
    fixture->entry.version = &fixture->version;
    fixture->configuration.limits.value[LIMIT_REQUEST_BODY] = 8;
    SINK(fixture, body_wanted);
    assert_int_equal(fixture->exchange.status, 413);
    assert_non_null(strstr(fixture->trace.text, "cancel"));
    assert_null(strstr(fixture->trace.text, "read"));
}

static void relays_are_used_again(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++) {
        start(fixture, false);
        head(fixture);
        SINK(fixture, response_end, NULL, 0);
        SINK(fixture, end, 0, NULL);
        assert_int_equal(fixture->set.idle_count, 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(passes_a_response_on),
        TEST(a_call_may_outlive_its_exchange),
        TEST(what_a_response_cost_is_kept),
        TEST(what_a_failed_call_cost_is_kept),
        TEST(a_refused_call_is_answered),
        TEST(a_call_without_a_head_is_answered_by_its_code),
        TEST(a_call_without_head_and_code_made_no_response),
        TEST(a_call_that_fails_after_its_head_cuts_the_response),
        TEST(a_cut_body_cuts_the_response),
        TEST(a_client_that_goes_cancels_the_call),
        TEST(a_slow_reader_holds_the_window),
        TEST(the_body_is_read_when_it_is_wanted),
        TEST(who_holds_the_body_has_the_client_go_on),
        TEST(a_body_may_fail_from_within_the_reading),
        TEST(too_long_a_body_is_413_and_the_guest_ends_by_itself),
        TEST(too_long_a_body_after_the_head_only_ends_the_stream),
        TEST(a_slow_body_frees_the_guest),
        TEST(trailers_count_as_a_header),
        TEST(trailers_too_large_are_431),
        TEST(a_guest_may_read_on_after_its_response),
        TEST(the_calls_end_ends_a_response_that_waited_for_the_body),
        TEST(a_body_wanted_too_late_fails),
        TEST(too_large_a_response_header_is_502),
        TEST(the_response_header_may_have_its_limit),
        TEST(an_interim_status_is_no_response),
        TEST(limits_of_a_first_version_are_learnt_when_it_is_there),
        TEST(a_head_past_the_limits_of_a_first_version_is_refused),
        TEST(relays_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
