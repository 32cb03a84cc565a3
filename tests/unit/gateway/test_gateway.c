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

#include "../lib/folder.h"
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
    struct loop *loop;
    struct folder folder; /* of assets; empty path: none was made */
    bool assets_never_cached;
    struct gateway *gateway;
    struct http_handler handler;
};

static void make_gateway(struct fixture *fixture, const char *only_function)
{
    const struct gateway_options options = {
        .loop = fixture->loop,
        .directory = &fixture->directory,
        .executor = &fixture->executor,
        .configuration = &fixture->host,
        .only_function = only_function,
        .assets_never_cached = fixture->assets_never_cached,
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
    assert_int_equal(loop_create(clock_system(), &fixture->loop, NULL), 0);
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
    loop_destroy(fixture->loop);
    if (fixture->folder.path[0])
        folder_fini(&fixture->folder);
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

/* ---- Assets ---- */

/* Gives the function a folder with one file. */
static void make_assets(struct fixture *fixture)
{
    folder_init(&fixture->folder);
    folder_write(&fixture->folder, "a.css", "body{}", 6);
    fixture->configuration.assets.folder = fixture->folder.path;
    fixture->exchange.request.path_with_query = SLICE("/a.css");
}

static void expect_trace(struct fixture *fixture, const char *expected)
{
    assert_string_equal(fixture->trace.text, expected);
    fixture->trace.text[0] = '\0';
    fixture->exchange.responded = false;
}

/* Asks again, with another method or path. */
static void ask(struct fixture *fixture, struct slice method, struct slice path)
{
    fixture->exchange.request.method = method;
    fixture->exchange.request.path_with_query = path;
    request(fixture);
}

/* What was never looked at has to be asked of the disk. */
static void settle(struct fixture *fixture)
{
    for (int i = 0; i < 2000 && fixture->trace.text[0] == '\0'; i++)
        loop_run_once(fixture->loop, 1);
}

static void an_asset_is_answered_without_a_call(void **state)
{
    struct fixture *fixture = *state;
    make_assets(fixture);
    request(fixture);
    expect_trace(fixture, "respond:200 write:6 end ");
    assert_string_equal(fixture->exchange.body, "body{}");
    assert_non_null(strstr(fixture->exchange.fields, "x-request-id: "));
    const struct access_note *note = fixture->exchange.request.note;
    assert_true(note->asset && note->code == 0);
    assert_string_equal(note->function, "hello");
    ask(fixture, SLICE("HEAD"), SLICE("/a.css?v=1"));
    expect_trace(fixture, "respond:200 end ");
}

static void all_else_is_the_functions(void **state)
{
    static const char *const paths[] = {"/",         "/none",   "/a.css/",
                                        "/../a.css", "//a.css", "/a.css%00"};
    struct fixture *fixture = *state;
    make_assets(fixture);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ask(fixture, SLICE("GET"), slice_of(paths[i]));
        settle(fixture);
        expect_trace(fixture, "start ");
        end_call(fixture);
        fixture->trace.text[0] = '\0';
    }
    ask(fixture, SLICE("POST"), SLICE("/a.css"));
    expect_trace(fixture, "start ");
    end_call(fixture);
    fixture->configuration.assets.folder = "/nonexistent/folder";
    fixture->trace.text[0] = '\0';
    ask(fixture, SLICE("GET"), SLICE("/a.css"));
    settle(fixture);
    expect_trace(fixture, "start ");
    end_call(fixture);
}

static void an_assets_head_may_have_its_limit(void **state)
{
    struct fixture *fixture = *state;
    make_assets(fixture);
    fixture->exchange.request.head_bytes =
        fixture->configuration.limits.value[LIMIT_REQUEST_HEADER] + 1;
    request(fixture);
    assert_int_equal(fixture->exchange.status, 431);
}

static void make_slow_assets(struct fixture *fixture)
{
    fixture->assets_never_cached = true;
    make_gateway(fixture, NULL);
    make_assets(fixture);
}

static void a_disk_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    make_slow_assets(fixture);
    request(fixture);
    expect_trace(fixture, "");
    settle(fixture);
    assert_non_null(strstr(fixture->trace.text, "respond:200 "));
    for (int i = 0; i < 2000 && !strstr(fixture->trace.text, "end "); i++)
        loop_run_once(fixture->loop, 1);
    expect_trace(fixture, "respond:200 write:6 end ");
    ask(fixture, SLICE("GET"), SLICE("/none"));
    expect_trace(fixture, "");
    settle(fixture);
    expect_trace(fixture, "start ");
    end_call(fixture);
}

static void a_client_may_go_while_a_disk_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    make_slow_assets(fixture);
    request(fixture);
    const struct access_note *note = fixture->exchange.request.note;
    fixture->exchange.events->gone(fixture->exchange.context, ERROR_CLIENT_GONE);
    assert_int_equal(note->code, ERROR_CLIENT_GONE);
    for (int i = 0; i < 20; i++)
        loop_run_once(fixture->loop, 1);
    expect_trace(fixture, "");
}

static void a_function_may_go_while_a_disk_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    make_slow_assets(fixture);
    request(fixture);
    fixture->directory.entry = NULL;
    settle(fixture);
    assert_int_equal(fixture->exchange.status, 404);
}

static void a_body_may_fail_while_a_disk_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    make_slow_assets(fixture);
    request(fixture);
    fixture->exchange.events->body_failed(fixture->exchange.context, ERROR_REQUEST_MALFORMED);
    settle(fixture);
    assert_int_equal(fixture->exchange.status, 400);
}

/* ---- Before the first version ---- */

static void publish(struct fixture *fixture, enum function_state function, bool removed)
{
    const struct directory_watcher *watcher = fixture->directory.watcher;
    fixture->entry.state = function;
    fixture->entry.version = function == FUNCTION_READY ? &fixture->version : NULL;
    if (removed)
        fixture->directory.entry = NULL;
    watcher->changed(watcher->context, &fixture->entry, NULL, removed);
}

static void the_first_version_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    make_assets(fixture);
    publish(fixture, FUNCTION_COMPILING, false);
    request(fixture);
    expect_trace(fixture, "");
    /* Of another function. */
    struct directory_entry other = {.name = "other", .state = FUNCTION_READY};
    fixture->directory.watcher->changed(fixture->directory.watcher->context, &other, NULL, false);
    publish(fixture, FUNCTION_COMPILING, false);
    expect_trace(fixture, "");
    publish(fixture, FUNCTION_READY, false);
    expect_trace(fixture, "respond:200 write:6 end ");
    /* Nobody waits any more. */
    publish(fixture, FUNCTION_READY, false);
    expect_trace(fixture, "");
}

static void what_no_file_can_answer_waits_as_a_call(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, FUNCTION_COMPILING, false);
    ask(fixture, SLICE("POST"), SLICE("/a.css"));
    expect_trace(fixture, "start ");
    end_call(fixture);
}

static void a_function_without_assets_is_called_when_it_is_there(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, FUNCTION_COMPILING, false);
    request(fixture);
    expect_trace(fixture, "");
    publish(fixture, FUNCTION_READY, false);
    expect_trace(fixture, "start ");
    end_call(fixture);
}

static void who_waits_for_what_never_comes_is_told(void **state)
{
    struct fixture *fixture = *state;
    publish(fixture, FUNCTION_COMPILING, false);
    request(fixture);
    fixture->executor.refuses = ERROR_FUNCTION_BROKEN;
    publish(fixture, FUNCTION_BROKEN, false);
    assert_int_equal(fixture->exchange.status, 503);
    fixture->exchange.responded = false;
    publish(fixture, FUNCTION_COMPILING, false);
    request(fixture);
    publish(fixture, FUNCTION_COMPILING, true);
    assert_int_equal(fixture->exchange.status, 404);
    fixture->exchange.responded = false;
    fixture->directory.entry = &fixture->entry;
    publish(fixture, FUNCTION_COMPILING, false);
    request(fixture);
    fixture->exchange.events->gone(fixture->exchange.context, ERROR_CLIENT_GONE);
    fixture->trace.text[0] = '\0';
    publish(fixture, FUNCTION_READY, false);
    expect_trace(fixture, "");
}

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
        TEST(an_asset_is_answered_without_a_call),
        TEST(all_else_is_the_functions),
        TEST(an_assets_head_may_have_its_limit),
        TEST(a_disk_is_waited_for),
        TEST(a_client_may_go_while_a_disk_is_waited_for),
        TEST(a_function_may_go_while_a_disk_is_waited_for),
        TEST(a_body_may_fail_while_a_disk_is_waited_for),
        TEST(the_first_version_is_waited_for),
        TEST(what_no_file_can_answer_waits_as_a_call),
        TEST(a_function_without_assets_is_called_when_it_is_there),
        TEST(who_waits_for_what_never_comes_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
