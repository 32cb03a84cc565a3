/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tables/errors.h"

/* The tokens of RFC 9209, 2.3, that fn0 may send. */
static const char *const tokens[] = {
    "dns_timeout",
    "dns_error",
    "destination_not_found",
    "destination_unavailable",
    "destination_ip_prohibited",
    "connection_refused",
    "connection_terminated",
    "connection_timeout",
    "connection_limit_reached",
    "http_request_error",
    "http_request_denied",
    "http_response_incomplete",
    "http_response_header_section_size",
    "http_response_body_size",
    "http_response_timeout",
    "http_protocol_error",
    "proxy_internal_error",
};

static int is_token(const char *text)
{
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        if (strcmp(tokens[i], text) == 0)
            return 1;
    }
    return 0;
}

static void each_code_and_label_stands_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < error_info_count(); i++) {
        for (size_t j = i + 1; j < error_info_count(); j++) {
            assert_int_not_equal(error_info_at(i)->code, error_info_at(j)->code);
            assert_string_not_equal(error_info_at(i)->label, error_info_at(j)->label);
        }
    }
}

static void each_answer_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < error_info_count(); i++) {
        const struct error_info *row = error_info_at(i);
        assert_true(row->code < 0);
        assert_true(strncmp(row->name, "ERROR_", 6) == 0);
        if (row->status == 0) {
            assert_string_equal(row->proxy_status, "");
            assert_string_equal(row->text, "");
        } else {
            assert_in_range(row->status, 400, 599);
            assert_true(is_token(row->proxy_status));
            assert_int_equal(row->text[strlen(row->text) - 1], '.');
        }
    }
}

static void a_code_finds_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < error_info_count(); i++)
        assert_ptr_equal(error_info(error_info_at(i)->code), error_info_at(i));
    assert_int_equal(error_info(ERROR_CALL_CPU)->status, 504);
    assert_string_equal(error_info(ERROR_NO_SLOT)->name, "ERROR_NO_SLOT");
    assert_null(error_info_at(error_info_count()));
}

static void an_unknown_code_is_internal(void **state)
{
    (void)state;
    assert_int_equal(error_info(0)->code, ERROR_INTERNAL);
    assert_int_equal(error_info(-99999)->code, ERROR_INTERNAL);
    assert_int_equal(error_info(1)->code, ERROR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_and_label_stands_once),
        cmocka_unit_test(each_answer_is_whole),
        cmocka_unit_test(a_code_finds_its_row),
        cmocka_unit_test(an_unknown_code_is_internal),
    };
    return cmocka_run_group_tests_name("tables/errors", tests, NULL, NULL);
}
