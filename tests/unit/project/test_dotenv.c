/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/dotenv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* Reads a text that holds one variable. */
static const struct dotenv_variable *read_one(const char *text)
{
    struct error error = {0};
    struct dotenv_variable *variables = NULL;
    if (dotenv_read(".env", slice_of(text), &arena, &variables, &error))
        fail_msg("%s: %s", text, error.message);
    assert_non_null(variables);
    assert_null(variables->next);
    return variables;
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
        const char *value;
    } rows[] = {
        {"A=b", "A", "b"},
        {"A=", "A", ""},
        {"A=#", "A", ""},
        {"  A = b  \r\n", "A", "b"},
        {"export A=b", "A", "b"},
        {"export=b", "export", "b"},
        {"exporter=b", "exporter", "b"},
        {"A=b c # not this", "A", "b c"},
        {"A=b#c", "A", "b#c"},
        {"A=b=c", "A", "b=c"},
        {"A=$HOME `x` \\n", "A", "$HOME `x` \\n"},
        {"A='b # \"c\" \\n $D'", "A", "b # \"c\" \\n $D"},
        {"A='b\nc'", "A", "b\nc"},
        {"A=\"b\\n\\t\\r\\\"\\'\\\\\\$\\`\"", "A", "b\n\t\r\"'\\$`"},
        {"A=\"b\nc\" # not this\n", "A", "b\nc"},
        {"A=\"\"", "A", ""},
        {"a.b-c_1=2", "a.b-c_1", "2"},
        {"\xef\xbb\xbf"
         "A=b",
         "A", "b"},
        {"# first\n\n\t# second\nA=b\n\n", "A", "b"},
        {"A=it's", "A", "it's"},
        {"A=\xc3\xa9", "A", "\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct dotenv_variable *variable = read_one(rows[i].text);
        assert_string_equal(variable->name, rows[i].name);
        assert_string_equal(variable->value, rows[i].value);
    }
}

static void several_have_their_lines(void **state)
{
    (void)state;
    struct dotenv_variable *first = NULL;
    assert_int_equal(dotenv_read(".env", SLICE("\nA=\"1\n2\"\nB=3\nA=4"), &arena, &first, NULL), 0);
    assert_string_equal(first->name, "A");
    assert_int_equal(first->line, 2);
    assert_string_equal(first->next->name, "B");
    assert_int_equal(first->next->line, 4);
    assert_string_equal(first->next->next->value, "4");
    assert_int_equal(first->next->next->line, 5);
    assert_null(first->next->next->next);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "# x", "  ", "\r\n\r\n", "\t"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dotenv_variable *variables = NULL;
        assert_int_equal(dotenv_read(".env", slice_of(texts[i]), &arena, &variables, NULL), 0);
        assert_null(variables);
    }
}

static void what_is_wrong_has_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"A", ".env:1: expected NAME=VALUE or a comment that begins with #"},
        {"\nA B=c", ".env:2: expected NAME=VALUE or a comment that begins with #"},
        {"=a", ".env:1: expected NAME=VALUE or a comment that begins with #"},
        {"1A=a", ".env:1: expected NAME=VALUE or a comment that begins with #"},
        {"A=1\nB=\"x\n\ny", ".env:2: the quote is not closed"},
        {"A='", ".env:1: the quote is not closed"},
        {"A=\"a\"b", ".env:1: expected nothing behind the closing quote"},
        {"A=\"\n\\x\"", ".env:2: expected one of n r t \" ' \\ $ ` behind a backslash"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error error = {0};
        struct dotenv_variable *variables = NULL;
        int code = dotenv_read(".env", slice_of(rows[i].text), &arena, &variables, &error);
        assert_int_equal(code, ERROR_CONFIGURATION);
        assert_string_equal(error.message, rows[i].message);
    }
}

static void zero_bytes_are_refused(void **state)
{
    (void)state;
    struct dotenv_variable *variables = NULL;
    static const struct slice texts[] = {SLICE("A=b\0c"), SLICE("\0"), SLICE("A='\0'"),
                                         SLICE("A\0=b")};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(dotenv_read(".env", texts[i], &arena, &variables, NULL),
                         ERROR_CONFIGURATION);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct arena small;
    struct dotenv_variable *variables = NULL;
    char text[9000] = "A=";
    memset(text + 2, 'x', sizeof(text) - 3);
    arena_init(&small, 8192);
    assert_int_equal(dotenv_read(".env", slice_of(text), &small, &variables, NULL),
                     ERROR_OUT_OF_MEMORY);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_have_their_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_fine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_has_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zero_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
