/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/field_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../base/failing_allocation.h"
#include "http/field_list.c"

static struct http_field_list list;

static int set_up(void **state)
{
    (void)state;
    allocations_left = INT_MAX;
    http_field_list_init(&list, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_field_list_fini(&list);
    return 0;
}

static int add(const char *name, const char *value)
{
    int code = http_field_list_add_name(&list, slice_of(name));
    if (code == 0)
        code = http_field_list_add_value(&list, slice_of(value));
    if (code == 0)
        http_field_list_end_field(&list);
    return code;
}

static void assert_field(size_t index, const char *name, const char *value)
{
    assert_true(index < list.count);
    assert_true(slice_equal(list.fields[index].name, slice_of(name)));
    assert_true(slice_equal(list.fields[index].value, slice_of(value)));
}

static void pieces_become_fields(void **state)
{
    (void)state;
    assert_int_equal(http_field_list_add_name(&list, SLICE("X-")), 0);
    assert_int_equal(http_field_list_add_name(&list, SLICE("One")), 0);
    assert_int_equal(http_field_list_add_value(&list, SLICE(" a")), 0);
    assert_int_equal(http_field_list_add_value(&list, SLICE("\tB ")), 0);
    http_field_list_end_field(&list);
    assert_int_equal(add("EMPTY", ""), 0);
    assert_int_equal(add("[@`{", "\xc4 "), 0);
    http_field_list_complete(&list);
    assert_int_equal(list.count, 3);
    assert_field(0, "x-one", "a\tB");
    assert_field(1, "empty", "");
    assert_field(2, "[@`{", "\xc4");
}

static void there_may_be_none(void **state)
{
    (void)state;
    http_field_list_complete(&list);
    assert_int_equal(list.count, 0);
}

/* The text moves while it grows: the last field is as right as the first. */
static void there_may_be_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < HTTP_FIELDS_MAX; i++)
        assert_int_equal(add("name", i % 2 ? "odd" : "even"), 0);
    assert_int_equal(http_field_list_add_name(&list, SLICE("x")), ERROR_REQUEST_HEADER_SIZE);
    http_field_list_complete(&list);
    assert_int_equal(list.count, HTTP_FIELDS_MAX);
    assert_field(0, "name", "even");
    assert_field(HTTP_FIELDS_MAX - 1, "name", "odd");
}

static void their_text_is_bounded(void **state)
{
    (void)state;
    http_field_list_fini(&list);
    http_field_list_init(&list, 10);
    assert_int_equal(add("name", "value1"), 0);
    assert_int_equal(http_field_list_add_name(&list, SLICE("a")), ERROR_REQUEST_HEADER_SIZE);
    http_field_list_reset(&list);
    assert_int_equal(http_field_list_add_name(&list, SLICE("name")), 0);
    assert_int_equal(http_field_list_add_value(&list, SLICE("1234567")), ERROR_REQUEST_HEADER_SIZE);
}

static void a_reset_keeps_what_is_ordinary(void **state)
{
    (void)state;
    for (int i = 0; i < KEPT_FIELDS; i++)
        assert_int_equal(add("a", "b"), 0);
    http_field_list_reset(&list);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.capacity, KEPT_FIELDS);
    for (int i = 0; i < KEPT_FIELDS + 1; i++)
        assert_int_equal(add("a", "b"), 0);
    http_field_list_reset(&list);
    assert_int_equal(list.capacity, 0);
    assert_int_equal(add("c", "d"), 0);
    http_field_list_complete(&list);
    assert_field(0, "c", "d");
}

static void without_memory_nothing_is_added(void **state)
{
    (void)state;
    allocations_left = 0;
    assert_int_equal(http_field_list_add_name(&list, SLICE("a")), ERROR_OUT_OF_MEMORY);
    assert_int_equal(list.count, 0);
    allocations_left = INT_MAX;
    assert_int_equal(add("a", "b"), 0);
    http_field_list_complete(&list);
    assert_field(0, "a", "b");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_become_fields),
        TEST(there_may_be_none),
        TEST(there_may_be_many),
        TEST(their_text_is_bounded),
        TEST(a_reset_keeps_what_is_ordinary),
        TEST(without_memory_nothing_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
