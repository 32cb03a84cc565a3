/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tables/errors.h"

static void registered_ones_have_a_reason(void **state)
{
    (void)state;
    assert_true(slice_equal(http_status_reason(200), SLICE("OK")));
    assert_true(slice_equal(http_status_reason(404), SLICE("Not Found")));
    assert_true(slice_equal(http_status_reason(431), SLICE("Request Header Fields Too Large")));
    assert_true(slice_equal(http_status_reason(505), SLICE("HTTP Version Not Supported")));
    for (uint32_t status = 0; status < 1000; status++) {
        struct slice reason = http_status_reason(status);
        assert_int_equal(reason.data == NULL, reason.bytes == 0);
        if (reason.bytes > 0)
            assert_in_range(status, 200, 599);
    }
}

static void others_have_none(void **state)
{
    static const uint32_t others[] = {0, 100, 199, 299, 306, 430, 599, 600, 999, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(http_status_reason(others[i]).bytes, 0);
}

/* What this host answers by itself can be said in words. */
static void each_error_has_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < error_info_count(); i++) {
        int status = error_info_at(i)->status;
        if (status && http_status_reason((uint32_t)status).bytes == 0)
            fail_msg("%s: %d has no reason", error_info_at(i)->name, status);
    }
}

static void three_have_no_body(void **state)
{
    (void)state;
    for (uint32_t status = 200; status < 600; status++)
        assert_int_equal(http_status_is_bodiless(status),
                         status == 204 || status == 205 || status == 304);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_ones_have_a_reason),
        cmocka_unit_test(others_have_none),
        cmocka_unit_test(each_error_has_one),
        cmocka_unit_test(three_have_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
