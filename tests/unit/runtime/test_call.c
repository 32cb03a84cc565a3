/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_the_table_of_states(void **state)
{
    (void)state;
    static const struct {
        enum call_state from;
        const char *to; /* the first letters of the states that may follow */
    } rows[] = {
        {CALL_NEW, "wsre"},    {CALL_WAITING, "sre"}, {CALL_STARTING, "srTe"},
        {CALL_RUNNING, "sSe"}, {CALL_STOPPING, "e"},  {CALL_START_STOPPING, "e"},
        {CALL_ENDED, ""},
    };
    static const char letters[CALL_STATE_COUNT] = {'n', 'w', 's', 'r', 'S', 'T', 'e'};
    for (size_t i = 0; i < CALL_STATE_COUNT; i++) {
        struct state at;
        state_init(&at, &call_machine, rows[i].from, 0, NULL, NULL);
        for (unsigned to = 0; to < CALL_STATE_COUNT; to++)
            assert_int_equal(state_may(&at, to), strchr(rows[i].to, letters[to]) != NULL);
        assert_true(strlen(state_name(&at)) > 2);
    }
}

static void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.bytes, strlen(text));
    assert_memory_equal(slice.data, text, slice.bytes);
}

static void test_labels_are_copies_and_have_no_query(void **state)
{
    (void)state;
    static struct call call;
    char id[] = "request-1", method[] = "GET", path[] = "/a/b?token=secret";
    struct call_request request = {
        .request_id = slice_of(id), .method = slice_of(method), .path_with_query = slice_of(path)};
    call_label(&call, &request);
    memset(id, '#', strlen(id));
    memset(method, '#', strlen(method));
    memset(path, '#', strlen(path));
    assert_slice(call.request_id, "request-1");
    assert_slice(call.method, "GET");
    assert_slice(call.path, "/a/b");
    request = (struct call_request){0};
    call_label(&call, &request);
    assert_slice(call.path, "");
}

static void test_labels_are_cut(void **state)
{
    (void)state;
    static struct call call;
    static char text[1000];
    memset(text, 'x', sizeof text);
    struct slice one = {text, sizeof text};
    struct call_request request = {.request_id = one, .method = one, .path_with_query = one};
    call_label(&call, &request);
    assert_int_equal(call.request_id.bytes, 128);
    assert_int_equal(call.method.bytes, 32);
    assert_int_equal(call.path.bytes, CALL_LABEL_BYTES - 128 - 32);
    /* What one does not need the next may have. */
    request.method = SLICE("GET");
    call_label(&call, &request);
    assert_int_equal(call.path.bytes, CALL_LABEL_BYTES - 128 - 3);
}

static void test_limits_of_errors(void **state)
{
    (void)state;
    assert_int_equal(call_limit_of(ERROR_CALL_CPU), LIMIT_CPU);
    assert_int_equal(call_limit_of(ERROR_CALL_MEMORY), LIMIT_MEMORY);
    assert_int_equal(call_limit_of(ERROR_CALL_START_CPU), LIMIT_START_CPU);
    assert_int_equal(call_limit_of(ERROR_CALL_TRAP), LIMIT_COUNT);
    assert_int_equal(call_limit_of(0), LIMIT_COUNT);
}

static void test_what_a_guest_reads_when_its_body_fails(void **state)
{
    (void)state;
    assert_slice(call_body_error_name(ERROR_REQUEST_BODY_SIZE), "HTTP-request-body-size");
    assert_slice(call_body_error_name(ERROR_REQUEST_TIMEOUT), "connection-read-timeout");
    assert_slice(call_body_error_name(ERROR_CLIENT_GONE), "connection-terminated");
    assert_slice(call_body_error_name(ERROR_REQUEST_HEADER_SIZE),
                 "HTTP-request-trailer-section-size");
    assert_slice(call_body_error_name(ERROR_OUT_OF_MEMORY), "internal-error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_of_states),
        cmocka_unit_test(test_labels_are_copies_and_have_no_query),
        cmocka_unit_test(test_labels_are_cut),
        cmocka_unit_test(test_limits_of_errors),
        cmocka_unit_test(test_what_a_guest_reads_when_its_body_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
