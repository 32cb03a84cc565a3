/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "fakes.h"

static const int codes[] = {
#define ERROR_ROW(name, code, status, proxy_status, label, text) name,
    ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

static const char *field_of(const struct answer *answer, const char *name)
{
    static char value[256];
    const struct slice *found = field_find(answer->fields, answer->field_count, slice_of(name));
    if (!found)
        return NULL;
    (void)snprintf(value, sizeof(value), "%.*s", (int)found->bytes, found->data);
    return value;
}

static void a_line_for_people(void **state)
{
    (void)state;
    struct answer answer;
    answer_make(&answer, ERROR_FUNCTION_NOT_FOUND, false, SLICE("id-1"));
    assert_int_equal(answer.status, 404);
    assert_true(slice_equal(answer.body, SLICE("No function has this name. (request id-1)\n")));
    assert_string_equal(field_of(&answer, "content-type"), "text/plain; charset=utf-8");
    assert_string_equal(field_of(&answer, "proxy-status"),
                        "fn0; error=destination_not_found; details=\"function_not_found\"");
    assert_string_equal(field_of(&answer, "x-request-id"), "id-1");
    assert_string_equal(field_of(&answer, "cache-control"), "no-store");
    assert_null(field_of(&answer, "retry-after"));
}

static void a_problem_for_programs(void **state)
{
    (void)state;
    struct answer answer;
    answer_make(&answer, ERROR_CALL_CPU, true, SLICE("id-1"));
    assert_string_equal(field_of(&answer, "content-type"), "application/problem+json");
    assert_true(slice_equal(
        answer.body, SLICE("{\"type\":\"about:blank\",\"title\":\"Gateway Timeout\",\"status\":504,"
                           "\"detail\":\"The function used more CPU time than it may.\","
                           "\"error\":\"cpu\",\"request_id\":\"id-1\"}\n")));
}

static void every_503_says_when_to_try_again(void **state)
{
    (void)state;
    struct answer answer;
    answer_make(&answer, ERROR_NO_SLOT, false, SLICE("id-1"));
    assert_int_equal(answer.status, 503);
    assert_string_equal(field_of(&answer, "retry-after"), "1");
}

static void without_an_id_nothing_is_said_of_it(void **state)
{
    (void)state;
    struct answer answer;
    answer_make(&answer, ERROR_REQUEST_MALFORMED, false, (struct slice){0});
    assert_true(slice_equal(answer.body, SLICE("The request is malformed.\n")));
    assert_null(field_of(&answer, "x-request-id"));
}

/* Also the codes that nobody is answered with: they say no more than that it is the host's fault.
 */
static void every_code_has_an_answer(void **state)
{
    (void)state;
    char id[129];
    memset(id, 'x', sizeof(id) - 1);
    id[128] = '\0';
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        for (int json = 0; json < 2; json++) {
            struct answer answer;
            answer_make(&answer, codes[i], json, slice_of(id));
            assert_in_range(answer.status, 400, 599);
            assert_non_null(field_of(&answer, "proxy-status"));
            if (error_info(codes[i])->status == 0)
                assert_int_equal(answer.status, 500);
        }
    }
}

static bool wants_json(const char *accept)
{
    const struct field field = {SLICE("accept"), slice_of(accept)};
    return answer_wants_json(&field, 1);
}

static void json_is_for_those_who_name_it(void **state)
{
    (void)state;
    assert_true(wants_json("application/problem+json"));
    assert_true(wants_json("application/json"));
    assert_true(wants_json("text/html, Application/JSON;q=0.5"));
    assert_true(wants_json("application/json ; charset=utf-8; q=0.001"));
    assert_false(wants_json("*/*"));
    assert_false(wants_json("application/*"));
    assert_false(wants_json("text/html"));
    assert_false(wants_json(""));
    assert_false(wants_json("application/jsonp"));
    assert_false(wants_json("application/json;q=0"));
    assert_false(wants_json("application/json;q=0.000, text/plain"));
    assert_false(answer_wants_json(NULL, 0));
}

static void is_sent_whole(void **state)
{
    (void)state;
    struct trace trace = {0};
    struct http_exchange exchange;
    exchange_init(&exchange, &trace);
    answer_send(&exchange, ERROR_NO_SLOT, SLICE("id-1"));
    assert_string_equal(exchange.body, "The host is busy; try again. (request id-1)\n");
    assert_int_equal(exchange.status, 503);
    assert_non_null(strstr(trace.text, "end"));
    exchange_fini(&exchange);
}

static void a_head_that_fails_ends_the_exchange(void **state)
{
    (void)state;
    struct trace trace = {0};
    struct http_exchange exchange;
    exchange_init(&exchange, &trace);
    exchange.respond_fails = ERROR_OUT_OF_MEMORY;
    answer_send(&exchange, ERROR_NO_SLOT, SLICE("id-1"));
    assert_string_equal(trace.text, "abort ");
    exchange_fini(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_people),
        cmocka_unit_test(a_problem_for_programs),
        cmocka_unit_test(every_503_says_when_to_try_again),
        cmocka_unit_test(without_an_id_nothing_is_said_of_it),
        cmocka_unit_test(every_code_has_an_answer),
        cmocka_unit_test(json_is_for_those_who_name_it),
        cmocka_unit_test(is_sent_whole),
        cmocka_unit_test(a_head_that_fails_ends_the_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
