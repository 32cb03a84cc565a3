/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"

static void a_message_is_set(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, ERROR_FULL, "%d of %s", 3, "four"), ERROR_FULL);
    assert_int_equal(error.code, ERROR_FULL);
    assert_string_equal(error.message, "3 of four");
}

static void without_a_struct_only_the_code_comes_back(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ERROR_FULL, "x"), ERROR_FULL);
    assert_int_equal(error_set_errno(NULL, EADDRINUSE, "x"), ERROR_ADDRESS_IN_USE);
    assert_int_equal(error_set_memory(NULL), ERROR_OUT_OF_MEMORY);
    assert_int_equal(error_wrap(NULL, "x"), ERROR_INTERNAL);
    struct error error = {.code = ERROR_USAGE, .message = "m"};
    assert_int_equal(error_copy(NULL, &error), ERROR_USAGE);
}

static void errno_of_either_sign_becomes_a_code(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set_errno(&error, ENOENT, "open %s", "x"), ERROR_SYSTEM);
    assert_string_equal(error.message, "open x: No such file or directory");
    assert_int_equal(error_set_errno(&error, -EADDRINUSE, "listen"), ERROR_ADDRESS_IN_USE);
    assert_string_equal(error.message, "listen: Address already in use");
    assert_int_equal(error_set_errno(&error, -ENOMEM, "map"), ERROR_OUT_OF_MEMORY);
}

static void context_goes_before_the_message(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_NOT_FOUND, "no such file");
    assert_int_equal(error_wrap(&error, "reading %s", "a.toml"), ERROR_NOT_FOUND);
    assert_string_equal(error.message, "reading a.toml: no such file");
    error_wrap(&error, "hello");
    assert_string_equal(error.message, "hello: reading a.toml: no such file");
}

static void what_is_too_long_is_cut_at_its_end(void **state)
{
    (void)state;
    struct error error = {0};
    char *text = malloc(2 * ERROR_MESSAGE_BYTES);
    assert_non_null(text);
    memset(text, 'x', 2 * ERROR_MESSAGE_BYTES - 1);
    text[2 * ERROR_MESSAGE_BYTES - 1] = '\0';

    error_set(&error, ERROR_FULL, "%s", text);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
    error_set_errno(&error, ENOENT, "%s", text);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
    error_wrap(&error, "context");
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_BYTES - 1);
    assert_memory_equal(error.message, "context: xxxx", 13);
    for (int i = 0; i < 10; i++)
        error_wrap(&error, "%s", text);
    assert_true(strlen(error.message) < ERROR_MESSAGE_BYTES);
    assert_int_equal(error.code, ERROR_SYSTEM);
    free(text);
}

static void a_copy_is_the_same(void **state)
{
    (void)state;
    struct error from = {0};
    struct error to = {0};
    error_set(&from, ERROR_CLOSED, "closed");
    assert_int_equal(error_copy(&to, &from), ERROR_CLOSED);
    assert_string_equal(to.message, "closed");
    assert_int_equal(error_copy(&to, &to), ERROR_CLOSED);
    assert_string_equal(to.message, "closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_set),
        cmocka_unit_test(without_a_struct_only_the_code_comes_back),
        cmocka_unit_test(errno_of_either_sign_becomes_a_code),
        cmocka_unit_test(context_goes_before_the_message),
        cmocka_unit_test(what_is_too_long_is_cut_at_its_end),
        cmocka_unit_test(a_copy_is_the_same),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
