/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct code code;

static int set_up(void **state)
{
    (void)state;
    code_init(&code);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    code_fini(&code);
    return 0;
}

static void it_begins_empty(void **state)
{
    (void)state;
    assert_int_equal(code.component.bytes, 0);
    assert_int_equal(buffer_bytes(&code.configuration), 0);
    assert_false(code.torn || code.fresh);
}

static void room_is_as_large_as_asked_for(void **state)
{
    char *room;
    (void)state;
    assert_int_equal(code_reserve_component(&code, 10000, &room), 0);
    memset(room, 'x', 10000);
    assert_ptr_equal(code.component.data, room);
    assert_int_equal(code.component.bytes, 10000);
    code_fini(&code);
    assert_int_equal(code.component.bytes, 0);
}

static void an_empty_file_needs_none(void **state)
{
    char *room = &(char){0};
    (void)state;
    assert_int_equal(code_reserve_component(&code, 0, &room), 0);
    assert_null(room);
    assert_int_equal(code.component.bytes, 0);
}

static void room_is_bounded(void **state)
{
    char *room;
    (void)state;
    assert_int_equal(code_reserve_component(&code, CODE_COMPONENT_BYTES_MAX + 1, &room),
                     ERROR_FULL);
    assert_null(room);
    assert_int_equal(code_reserve_component(&code, CODE_COMPONENT_BYTES_MAX, &room), 0);
    assert_non_null(room);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_begins_empty),
        TEST(room_is_as_large_as_asked_for),
        TEST(an_empty_file_needs_none),
        TEST(room_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
