/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tables/limits.h"

/* The promises of the cloud profile, written a second time on purpose: changing one breaks people's
 * functions. */
static void the_cloud_profile_is_what_was_promised(void **state)
{
    (void)state;
    struct limits limits;
    limits_set_cloud(&limits);
    assert_int_equal(limits.value[LIMIT_REQUEST_HEADER], 128 * 1024);
    assert_int_equal(limits.value[LIMIT_REQUEST_BODY], 100 * 1024 * 1024);
    assert_int_equal(limits.value[LIMIT_RESPONSE_HEADER], 128 * 1024);
    assert_true(limits.value[LIMIT_RESPONSE_BODY] == LIMIT_NONE);
    assert_int_equal(limits.value[LIMIT_MEMORY], 2048 * 65536);
    assert_int_equal(limits.value[LIMIT_CPU], 10 * 1000 * 1000);
    assert_int_equal(limits.value[LIMIT_DURATION], 15ull * 1000 * 1000 * 1000);
    assert_int_equal(limits.value[LIMIT_OUTGOING_REQUESTS], 50);
    assert_int_equal(limits.value[LIMIT_START_CPU], 1000 * 1000 * 1000);
}

static void none_lifts_all(void **state)
{
    (void)state;
    struct limits limits;
    limits_set_none(&limits);
    for (int i = 0; i < LIMIT_COUNT; i++)
        assert_true(limits.value[i] == LIMIT_NONE);
}

static void each_row_is_whole(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_info *row = limit_info((enum limit)i);
        assert_true(strlen(row->key) > 0);
        assert_true(strlen(row->what) > 0);
        assert_int_equal(error_info(row->error)->code, row->error);
        for (int j = i + 1; j < LIMIT_COUNT; j++)
            assert_string_not_equal(row->key, limit_info((enum limit)j)->key);
    }
    assert_null(limit_info(LIMIT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cloud_profile_is_what_was_promised),
        cmocka_unit_test(none_lifts_all),
        cmocka_unit_test(each_row_is_whole),
    };
    return cmocka_run_group_tests_name("tables/limits", tests, NULL, NULL);
}
