/* SPDX-License-Identifier: AGPL-3.0-only */

/* TOML, as it is told item by item. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "driver.h"

struct told {
    char text[4096];
    int stop_after; /* items; 0 never */
    int items;
};

static const char *const kinds[] = {"string", "integer", "float", "boolean", "datetime",
                                    "{",      "}",       "[",     "]"};

static int visit(void *context, const struct fn0_toml_item *item)
{
    struct told *told = context;
    size_t used = strlen(told->text);
    char value[64] = "";

    if (item->kind == FN0_TOML_STRING || item->kind == FN0_TOML_DATETIME)
        snprintf(value, sizeof value, " '%.*s'", (int)item->text.bytes, item->text.data);
    if (item->kind == FN0_TOML_INTEGER)
        snprintf(value, sizeof value, " %" PRId64, item->integer);
    if (item->kind == FN0_TOML_FLOAT)
        snprintf(value, sizeof value, " %g", item->real);
    if (item->kind == FN0_TOML_BOOLEAN)
        snprintf(value, sizeof value, " %s", item->boolean ? "true" : "false");
    snprintf(told->text + used, sizeof told->text - used, "%" PRIu32 ":%" PRIu32 " %.*s%s%s%s\n",
             item->line, item->column, (int)item->key.bytes,
             item->key.bytes > 0 ? item->key.data : "", item->key.bytes > 0 ? " " : "",
             kinds[item->kind], value);
    return ++told->items == told->stop_after ? 77 : 0;
}

static void is_told(const char *document, const char *expected)
{
    struct told told = {.items = 0};
    struct fn0_error error;

    if (fn0_toml_read(slice(document), visit, &told, &error) != 0)
        fail_msg("%s: %s", document, error.message);
    assert_string_equal(told.text, expected);
}

static void items_come_in_order(void **state)
{
    (void)state;
    is_told("", "1:1 {\n1:1 }\n");
    is_told(
        "b = 1\na = \"\\u00e4\"\n# c\nc=[1, true,\n  'x']\n",
        "1:1 {\n1:1 b integer 1\n2:1 a string '\xc3\xa4'\n4:1 c [\n4:4 integer 1\n4:7 boolean true\n"
        "5:3 string 'x'\n4:1 c ]\n1:1 }\n");
    is_told(
        "[z]\nx.y = 0x10\n[a]\n\"k k\" = 1.5\nt = 1979-05-27T07:32:00Z\n[z.w]\n",
        "1:1 {\n1:2 z {\n2:1 x {\n2:3 y integer 16\n2:1 x }\n6:4 w {\n6:4 w }\n1:2 z }\n3:2 a {\n"
        "4:1 k k float 1.5\n5:1 t datetime '1979-05-27T07:32:00Z'\n3:2 a }\n1:1 }\n");
    is_told("[[a]]\nx = -1\n[[a]]\n",
            "1:1 {\n1:3 a [\n1:1 {\n2:1 x integer -1\n1:1 }\n3:1 {\n3:1 }\n1:3 a ]\n1:1 }\n");
    is_told("i = {a = 1_000, b = []}\n",
            "1:1 {\n1:1 i {\n1:6 a integer 1000\n1:17 b [\n1:17 b ]\n1:1 i }\n1:1 }\n");
}

static void columns_are_characters(void **state)
{
    (void)state;
    is_told("a = {\"\xc3\xa4\xc3\xb6\" = 1, b = 2}\n",
            "1:1 {\n1:1 a {\n1:6 \xc3\xa4\xc3\xb6 integer 1\n1:16 b integer 2\n1:1 a }\n1:1 }\n");
}

static void numbers_reach_their_bounds(void **state)
{
    (void)state;
    is_told(
        "a = 9223372036854775807\nb = -9223372036854775808\nc = inf\n",
        "1:1 {\n1:1 a integer 9223372036854775807\n2:1 b integer -9223372036854775808\n3:1 c float inf\n1:1 }\n");
}

struct mistake {
    const char *document;
    const char *message;
};

static void mistakes_have_a_place(void **state)
{
    static const struct mistake mistakes[] = {
        {"a = 1\nb =\n", "line 2, column 4: "},
        {"a = 1\na = 2\n", "line 2, column 1: "},
        {"a = \"x\n", "line 1, column "},
        {"[a\n", "line 1, column 3: "},
        {"x = 9223372036854775808\n", "line 1, column 5: "},
        {"\xc3\xa4 = 1\n", "line 1, column 1: "},
        {"a = 1\nb = \"\xff\"\n", "line 2, column 6: this is not UTF-8"},
        {"a = 1\r\n\r\nb = ?\r\n", "line 3, column 5: "},
    };
    char deep[2001];

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct told told = {.items = 0};
        struct fn0_error error;

        assert_int_equal(fn0_toml_read(slice(mistakes[i].document), visit, &told, &error),
                         FN0_ERROR_SYNTAX);
        if (strncmp(error.message, mistakes[i].message, strlen(mistakes[i].message)) != 0)
            fail_msg("%s: %s", mistakes[i].document, error.message);
    }
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    memcpy(deep, "a=", 2);
    assert_int_equal(fn0_toml_read(slice(deep), visit, NULL, NULL), FN0_ERROR_SYNTAX);
}

static void a_visitor_can_stop(void **state)
{
    struct told told = {.stop_after = 2};
    struct fn0_error error;

    (void)state;
    assert_int_equal(fn0_toml_read(slice("a=1\nb=2\n"), visit, &told, &error), 77);
    assert_int_equal(told.items, 2);
    assert_int_equal(fn0_toml_read(slice("a=1\n"), NULL, NULL, &error), FN0_ERROR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order),        cmocka_unit_test(columns_are_characters),
        cmocka_unit_test(numbers_reach_their_bounds), cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(a_visitor_can_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
