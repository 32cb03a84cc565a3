/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/identifier.h"
#include "fakes.h"

/* A gateway with one function, and an exchange to hand it. */
struct fixture {
    struct trace trace;
    struct http_exchange exchange;
    struct executor executor;
    struct directory directory;
    struct host_configuration host;
    struct function_configuration configuration;
    struct version version;
    struct directory_entry entry;
    struct random random;
    struct log *log;
    const struct access_sink *access;
    int log_pipe[2];
    struct gateway *gateway;
    struct http_handler handler;
};

static void make_gateway(struct fixture *fixture, const char *only_function)
{
    const struct gateway_options options = {
        .directory = &fixture->directory,
        .executor = &fixture->executor,
        .configuration = &fixture->host,
        .only_function = only_function,
        .random = &fixture->random,
        .log = fixture->log,
        .access = fixture->access,
    };
    gateway_destroy(fixture->gateway);
    assert_int_equal(gateway_create(&options, &fixture->gateway, NULL), 0);
    fixture->handler = gateway_handler(fixture->gateway);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    exchange_init(&fixture->exchange, &fixture->trace);
    fixture->executor.call.trace = &fixture->trace;
    random_init(&fixture->random, 1);
    limits_set_cloud(&fixture->configuration.limits);
    limits_set_cloud(&fixture->host.function.limits);
    fixture->version.configuration = &fixture->configuration;
    fixture->entry = (struct directory_entry){
        .name = "hello", .state = FUNCTION_READY, .version = &fixture->version};
    fixture->directory.entry = &fixture->entry;
    assert_int_equal(pipe(fixture->log_pipe), 0);
    assert_int_equal(log_create(fixture->log_pipe[1], LOG_INFO, LOG_FORMAT_JSON, false,
                                clock_system(), &fixture->log),
                     0);
    make_gateway(fixture, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    gateway_destroy(fixture->gateway);
    exchange_fini(&fixture->exchange);
    log_destroy(fixture->log);
    close(fixture->log_pipe[0]);
    close(fixture->log_pipe[1]);
    free(fixture);
    return 0;
}

static void request(struct fixture *fixture)
{
    fixture->handler.request(fixture->handler.context, &fixture->exchange);
}

/* Ends the call that was started, so that the gateway can be destroyed. */
static void end_call(struct fixture *fixture)
{
    struct call *call = &fixture->executor.call;
    call->sink->end(call->context, ERROR_CALL_TRAP, NULL);
}

static void a_function_is_found_by_its_host(void **state)
{
    struct fixture *fixture = *state;
    fixture->exchange.request.authority = SLICE("HELLO.example.com:8080");
    request(fixture);
    assert_string_equal(fixture->trace.text, "start ");
    const struct call_request *call = &fixture->executor.call.request;
    assert_true(slice_equal(call->authority, SLICE("HELLO.example.com:8080")));
    assert_int_equal(call->request_id.bytes, REQUEST_ID_BYTES);
    assert_false(call->has_body);
    const struct slice *id = field_find(call->fields, call->field_count, SLICE("x-request-id"));
    assert_true(slice_equal(*id, call->request_id));
    end_call(fixture);
}

static void an_unknown_name_is_404(void **state)
{
    struct fixture *fixture = *state;
    fixture->exchange.request.authority = SLICE("other.example.com");
    request(fixture);
    assert_int_equal(fixture->exchange.status, 404);
    fixture->exchange.responded = false;
    fixture->exchange.request.authority = SLICE("127.0.0.1:8080");
    request(fixture);
    assert_int_equal(fixture->exchange.status, 404);
    fixture->exchange.request.authority = (struct slice){0};
    request(fixture);
    assert_int_equal(fixture->exchange.status, 404);
    assert_null(strstr(fixture->trace.text, "start"));
}

static void the_only_function_takes_all(void **state)
{
    struct fixture *fixture = *state;
    make_gateway(fixture, "hello");
    fixture->exchange.request.authority = SLICE("127.0.0.1:8080");
    request(fixture);
    assert_string_equal(fixture->trace.text, "start ");
    end_call(fixture);
}

static void the_only_function_may_be_gone(void **state)
{
    struct fixture *fixture = *state;
    make_gateway(fixture, "hello");
    fixture->directory.entry = NULL;
    request(fixture);
    assert_int_equal(fixture->exchange.status, 404);
}

static void the_header_may_have_its_limit(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_HEADER] = 100;
    request(fixture);
    assert_string_equal(fixture->trace.text, "start ");
    end_call(fixture);
}

static void a_larger_header_is_431(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_HEADER] = 99;
    request(fixture);
    assert_int_equal(fixture->exchange.status, 431);
    assert_null(strstr(fixture->trace.text, "start"));
}

static void the_body_may_have_its_limit(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_BODY] = 10;
    fixture->exchange.request.body_bytes = 10;
    request(fixture);
    assert_string_equal(fixture->trace.text, "start ");
    assert_true(fixture->executor.call.request.has_body);
    assert_int_equal(fixture->exchange.body_bytes_max, 10);
    end_call(fixture);
}

static void a_larger_body_is_413_before_any_guest(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_BODY] = 10;
    fixture->exchange.request.body_bytes = 11;
    request(fixture);
    assert_int_equal(fixture->exchange.status, 413);
    assert_null(strstr(fixture->trace.text, "start"));
}

static void a_chunked_body_is_bounded_as_it_comes(void **state)
{
    struct fixture *fixture = *state;
    fixture->configuration.limits.value[LIMIT_REQUEST_BODY] = 10;
    fixture->exchange.request.body_bytes = HTTP_LENGTH_UNKNOWN;
    request(fixture);
    assert_string_equal(fixture->trace.text, "start ");
    assert_int_equal(fixture->exchange.body_bytes_max, 10);
    end_call(fixture);
}

static void refusals_of_the_server_look_alike(void **state)
{
    struct fixture *fixture = *state;
    fixture->handler.refuse(fixture->handler.context, &fixture->exchange, ERROR_REQUEST_HOST);
    assert_int_equal(fixture->exchange.status, 400);
    assert_non_null(strstr(fixture->exchange.fields, "proxy-status: fn0; error="));
    assert_non_null(strstr(fixture->exchange.fields, "x-request-id: "));
}

static void a_refusal_may_know_nothing_of_the_request(void **state)
{
    struct fixture *fixture = *state;
    fixture->exchange.request = (struct http_request){0};
    fixture->handler.refuse(fixture->handler.context, &fixture->exchange, ERROR_REQUEST_MALFORMED);
    assert_int_equal(fixture->exchange.status, 400);
}

/* What the log has got; empty where nothing. */
static const char *read_log(struct fixture *fixture, char text[4096])
{
    close(fixture->log_pipe[1]);
    fixture->log_pipe[1] = dup(fixture->log_pipe[0]);
    log_destroy(fixture->log);
    fixture->log = NULL;
    ssize_t bytes = read(fixture->log_pipe[0], text, 4095);
    text[bytes > 0 ? bytes : 0] = '\0';
    return text;
}

static void done(struct fixture *fixture, int code)
{
    fixture->handler.done(fixture->handler.context, &fixture->exchange.request, 404, 12, 1500000,
                          code);
}

static void the_access_log_says_what_was_asked_and_answered(void **state)
{
    struct fixture *fixture = *state;
    char text[4096];
    fixture->host.log.access = true;
    fixture->exchange.request.authority = SLICE("other.example.com");
    fixture->exchange.request.path_with_query = SLICE("/a?b=c");
    request(fixture);
    done(fixture, 0);
    read_log(fixture, text);
    assert_non_null(strstr(text, "\"method\":\"GET\""));
    assert_non_null(strstr(text, "\"path\":\"/a\""));
    assert_non_null(strstr(text, "\"status\":404"));
    assert_non_null(strstr(text, "\"bytes\":12"));
    assert_non_null(strstr(text, "\"duration_ms\":1.500"));
    assert_non_null(strstr(text, "\"client\":\"192.0.2.1\""));
    assert_non_null(strstr(text, "\"error\":\"function_not_found\""));
    assert_non_null(strstr(text, "\"request_id\":\""));
}

static void keep_status(void *context, const struct access_record *record)
{
    assert_true(slice_equal(record->path, SLICE("/a")));
    assert_false(record->measured);
    *(uint32_t *)context = record->status;
}

static void a_sink_is_told_each_exchange(void **state)
{
    struct fixture *fixture = *state;
    char text[4096];
    uint32_t status = 0;
    const struct access_sink sink = {.context = &status, .write = keep_status};
    fixture->access = &sink;
    make_gateway(fixture, NULL);
    fixture->exchange.request.authority = SLICE("other.example.com");
    fixture->exchange.request.path_with_query = SLICE("/a?b=c");
    request(fixture);
    done(fixture, 0);
    assert_int_equal(status, 404);
    /* It takes nothing from the log, and gives it nothing. */
    assert_string_equal(read_log(fixture, text), "");
}

static void there_is_no_access_log_unless_asked_for(void **state)
{
    struct fixture *fixture = *state;
    char text[4096];
    fixture->exchange.request.authority = SLICE("other.example.com");
    request(fixture);
    done(fixture, 0);
    assert_string_equal(read_log(fixture, text), "");
}

static void the_access_log_knows_requests_without_a_head(void **state)
{
    struct fixture *fixture = *state;
    char text[4096];
    fixture->host.log.access = true;
    fixture->handler.done(fixture->handler.context, NULL, 408, 0, 1, ERROR_REQUEST_TIMEOUT);
    read_log(fixture, text);
    assert_non_null(strstr(text, "\"status\":408"));
    assert_non_null(strstr(text, "\"error\":\"request_timeout\""));
}

static void a_wrong_proxy_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    const char *items[] = {"nowhere"};
    fixture->host.net.trusted_proxies = (struct texts){.items = items, .count = 1};
    const struct gateway_options options = {.configuration = &fixture->host};
    struct gateway *gateway;
    assert_int_equal(gateway_create(&options, &gateway, NULL), ERROR_CONFIGURATION);
    fixture->host.net.trusted_proxies = (struct texts){0};
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_function_is_found_by_its_host),
        TEST(an_unknown_name_is_404),
        TEST(the_only_function_takes_all),
        TEST(the_only_function_may_be_gone),
        TEST(the_header_may_have_its_limit),
        TEST(a_larger_header_is_431),
        TEST(the_body_may_have_its_limit),
        TEST(a_larger_body_is_413_before_any_guest),
        TEST(a_chunked_body_is_bounded_as_it_comes),
        TEST(refusals_of_the_server_look_alike),
        TEST(a_refusal_may_know_nothing_of_the_request),
        TEST(the_access_log_says_what_was_asked_and_answered),
        TEST(a_sink_is_told_each_exchange),
        TEST(there_is_no_access_log_unless_asked_for),
        TEST(the_access_log_knows_requests_without_a_head),
        TEST(a_wrong_proxy_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
