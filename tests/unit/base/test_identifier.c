/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/identifier.h"

static void request_ids_are_32_hexadecimal_digits(void **state)
{
    (void)state;
    struct random random;
    char before[REQUEST_ID_TEXT_BYTES] = "";
    char text[REQUEST_ID_TEXT_BYTES];
    random_init(&random, 1);
    for (int i = 0; i < 1000; i++) {
        assert_ptr_equal(request_id_write(&random, text), text);
        assert_int_equal(strspn(text, "0123456789abcdef"), REQUEST_ID_BYTES);
        assert_int_equal(strlen(text), REQUEST_ID_BYTES);
        assert_string_not_equal(text, before);
        assert_true(request_id_valid(slice_of(text)));
        strcpy(before, text);
    }
}

static void every_digit_of_an_id_is_random(void **state)
{
    (void)state;
    struct random random;
    char text[REQUEST_ID_TEXT_BYTES];
    static const char digits[] = "0123456789abcdef";
    unsigned seen[REQUEST_ID_BYTES] = {0};
    random_init(&random, 2);
    for (int i = 0; i < 500; i++) {
        request_id_write(&random, text);
        for (int j = 0; j < REQUEST_ID_BYTES; j++)
            seen[j] |= 1u << (strchr(digits, text[j]) - digits);
    }
    for (int j = 0; j < REQUEST_ID_BYTES; j++)
        assert_true(__builtin_popcount(seen[j]) > 12);
}

static void foreign_ids_must_be_harmless(void **state)
{
    (void)state;
    char text[130];
    memset(text, 'a', sizeof(text));
    assert_true(request_id_valid(SLICE("a")));
    assert_true(request_id_valid(SLICE("0AZ-z_9.x:y")));
    assert_true(request_id_valid((struct slice){text, 128}));
    assert_false(request_id_valid((struct slice){text, 129}));
    assert_false(request_id_valid(slice_of(NULL)));
    assert_false(request_id_valid(SLICE("a b")));
    assert_false(request_id_valid(SLICE("a\r\nb")));
    assert_false(request_id_valid(SLICE("a\"")));
    assert_false(request_id_valid(SLICE("a\0")));
    assert_false(request_id_valid(SLICE("gr\xc3\xbc")));
}

static void function_names_are_one_label(void **state)
{
    (void)state;
    char text[64];
    memset(text, 'a', sizeof(text));
    assert_true(function_name_valid(SLICE("a")));
    assert_true(function_name_valid(SLICE("0")));
    assert_true(function_name_valid(SLICE("a-b--c9")));
    assert_true(function_name_valid((struct slice){text, 63}));
    assert_false(function_name_valid((struct slice){text, 64}));
    assert_false(function_name_valid(slice_of(NULL)));
    assert_false(function_name_valid(SLICE("-a")));
    assert_false(function_name_valid(SLICE("a-")));
    assert_false(function_name_valid(SLICE("-")));
    assert_false(function_name_valid(SLICE("A")));
    assert_false(function_name_valid(SLICE("a.b")));
    assert_false(function_name_valid(SLICE("a_b")));
    assert_false(function_name_valid(SLICE("../a")));
    assert_false(function_name_valid(SLICE("a\0b")));
}

static void names_are_read_in_either_case(void **state)
{
    (void)state;
    char text[FUNCTION_NAME_TEXT_BYTES];
    char large[64];
    memset(large, 'Z', sizeof(large));
    assert_true(function_name_read(SLICE("Hello-World"), text));
    assert_string_equal(text, "hello-world");
    assert_true(function_name_read((struct slice){large, 63}, text));
    assert_int_equal(strlen(text), 63);
    assert_false(function_name_read((struct slice){large, 64}, text));
    assert_false(function_name_read(SLICE(""), text));
    assert_false(function_name_read(slice_of(NULL), text));
    assert_false(function_name_read(SLICE("a b"), text));
    assert_false(function_name_read(SLICE("@"), text));
    assert_false(function_name_read(SLICE("[a]"), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_ids_are_32_hexadecimal_digits),
        cmocka_unit_test(every_digit_of_an_id_is_random),
        cmocka_unit_test(foreign_ids_must_be_harmless),
        cmocka_unit_test(function_names_are_one_label),
        cmocka_unit_test(names_are_read_in_either_case),
    };
    return cmocka_run_group_tests_name("base/identifier", tests, NULL, NULL);
}
