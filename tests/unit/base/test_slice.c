/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/slice.h"

static void equality(void **state)
{
    (void)state;
    assert_true(slice_equal(SLICE("abc"), slice_of("abc")));
    assert_false(slice_equal(SLICE("abc"), SLICE("ab")));
    assert_false(slice_equal(SLICE("abc"), SLICE("abd")));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_true(slice_equal(slice_of(NULL), SLICE("")));
}

static void equality_ignoring_case_is_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(slice_equal_ignoring_case(SLICE("Content-LENGTH"), SLICE("content-length")));
    assert_false(slice_equal_ignoring_case(SLICE("abc"), SLICE("abcd")));
    assert_false(slice_equal_ignoring_case(SLICE("@"), SLICE("`")));
    assert_false(slice_equal_ignoring_case(SLICE("["), SLICE("{")));
    assert_false(slice_equal_ignoring_case(SLICE("\xc4"), SLICE("\xe4")));
    assert_true(slice_equal_ignoring_case(SLICE("azAZ"), SLICE("AZaz")));
    assert_true(slice_equal_ignoring_case(slice_of(NULL), SLICE("")));
}

static void trimming_takes_spaces_and_tabs(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_trim(SLICE(" \t a b\t ")), SLICE("a b")));
    assert_true(slice_equal(slice_trim(SLICE("a")), SLICE("a")));
    assert_int_equal(slice_trim(SLICE(" \t ")).bytes, 0);
    assert_int_equal(slice_trim(slice_of(NULL)).bytes, 0);
    assert_true(slice_equal(slice_trim(SLICE("\ra\n")), SLICE("\ra\n")));
}

static void a_list_gives_its_elements(void **state)
{
    (void)state;
    struct slice list = SLICE(",, gzip ,\t,chunked, x y ,");
    struct slice element;
    assert_true(slice_next_in_list(&list, &element));
    assert_true(slice_equal(element, SLICE("gzip")));
    assert_true(slice_next_in_list(&list, &element));
    assert_true(slice_equal(element, SLICE("chunked")));
    assert_true(slice_next_in_list(&list, &element));
    assert_true(slice_equal(element, SLICE("x y")));
    assert_false(slice_next_in_list(&list, &element));
    assert_false(slice_next_in_list(&list, &element));
}

static void an_empty_list_has_none(void **state)
{
    (void)state;
    struct slice element;
    struct slice list = slice_of(NULL);
    assert_false(slice_next_in_list(&list, &element));
    list = SLICE(" , ,");
    assert_false(slice_next_in_list(&list, &element));
}

static void the_first_field_of_a_name_is_found(void **state)
{
    (void)state;
    const struct field fields[] = {
        {SLICE("Host"), SLICE("a")},
        {SLICE("accept"), SLICE("b")},
        {SLICE("HOST"), SLICE("c")},
    };
    assert_ptr_equal(field_find(fields, 3, SLICE("host")), &fields[0].value);
    assert_ptr_equal(field_find(fields, 3, SLICE("ACCEPT")), &fields[1].value);
    assert_null(field_find(fields, 3, SLICE("hos")));
    assert_null(field_find(NULL, 0, SLICE("host")));
}

static void what_stands_before_a_byte(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_before(SLICE("/a?b?c"), '?'), SLICE("/a")));
    assert_true(slice_equal(slice_before(SLICE("/a"), '?'), SLICE("/a")));
    assert_int_equal(slice_before(SLICE("?a"), '?').bytes, 0);
    assert_int_equal(slice_before(slice_of(NULL), '?').bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(equality_ignoring_case_is_for_ascii_letters_only),
        cmocka_unit_test(trimming_takes_spaces_and_tabs),
        cmocka_unit_test(a_list_gives_its_elements),
        cmocka_unit_test(an_empty_list_has_none),
        cmocka_unit_test(the_first_field_of_a_name_is_found),
        cmocka_unit_test(what_stands_before_a_byte),
    };
    return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
