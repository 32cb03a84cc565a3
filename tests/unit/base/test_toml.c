/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/toml.h"

static struct toml_entry *read_document(struct arena *arena, const char *text)
{
    struct error error = {0};
    struct toml_entry *entries;
    arena_init(arena, 1 << 20);
    if (toml_read("a.toml", slice_of(text), arena, &entries, &error) != 0)
        fail_msg("%s", error.message);
    return entries;
}

static void fails(const char *text, const char *begins)
{
    struct arena arena;
    struct error error = {0};
    struct toml_entry *entries;
    arena_init(&arena, 1 << 20);
    assert_int_equal(toml_read("a.toml", slice_of(text), &arena, &entries, &error),
                     ERROR_CONFIGURATION);
    assert_null(entries);
    if (strncmp(error.message, begins, strlen(begins)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", error.message, begins);
    arena_fini(&arena);
}

/* Checks an entry and goes on to the next. */
static const struct toml_value *expect(struct toml_entry **entry, const char *key,
                                       enum toml_kind kind, unsigned line)
{
    assert_non_null(*entry);
    assert_string_equal((*entry)->key, key);
    assert_int_equal((*entry)->value.kind, kind);
    assert_int_equal((*entry)->line, line);
    const struct toml_value *value = &(*entry)->value;
    *entry = (*entry)->next;
    return value;
}

static void each_kind_is_read(void **state)
{
    (void)state;
    struct arena arena;
    struct toml_entry *entry = read_document(&arena, "text = \"a\\n\\u00fc\"\n"
                                                     "literal = 'C:\\x'\n"
                                                     "hexadecimal = 0x7ff\n"
                                                     "negative = -1_000\n"
                                                     "real = 1.5\n"
                                                     "yes = true\n"
                                                     "no = false\n"
                                                     "when = 2026-11-23\n");
    const struct toml_value *value = expect(&entry, "text", TOML_STRING, 1);
    assert_true(slice_equal(value->text, SLICE("a\n\xc3\xbc")));
    value = expect(&entry, "literal", TOML_STRING, 2);
    assert_string_equal(value->text.data, "C:\\x");
    assert_int_equal(expect(&entry, "hexadecimal", TOML_INTEGER, 3)->integer, 0x7ff);
    assert_true(expect(&entry, "negative", TOML_INTEGER, 4)->integer == -1000);
    assert_true(expect(&entry, "real", TOML_FLOAT, 5)->real == 1.5);
    assert_true(expect(&entry, "yes", TOML_BOOLEAN, 6)->boolean);
    assert_false(expect(&entry, "no", TOML_BOOLEAN, 7)->boolean);
    value = expect(&entry, "when", TOML_DATETIME, 8);
    assert_string_equal(value->text.data, "2026-11-23");
    assert_null(entry);
    arena_fini(&arena);
}

static void lists_have_their_items(void **state)
{
    (void)state;
    struct arena arena;
    struct toml_entry *entry =
        read_document(&arena, "a = [1, \"two\",\n [3, [4, 5]], {six = [7], eight = 9}, []]\n"
                              "b = []\n"
                              "c = 1\n");
    const struct toml_value *list = expect(&entry, "a", TOML_ARRAY, 1);
    assert_int_equal(list->item_count, 5);
    const struct toml_value *item = list->items;
    assert_int_equal(item->integer, 1);
    item = item->next;
    assert_string_equal(item->text.data, "two");
    item = item->next;
    assert_int_equal(item->kind, TOML_ARRAY);
    assert_int_equal(item->item_count, 2);
    assert_null(item->items);
    item = item->next;
    assert_int_equal(item->kind, TOML_TABLE);
    item = item->next;
    assert_int_equal(item->kind, TOML_ARRAY);
    assert_int_equal(item->item_count, 0);
    assert_null(item->next);
    assert_int_equal(expect(&entry, "b", TOML_ARRAY, 3)->item_count, 0);
    expect(&entry, "c", TOML_INTEGER, 4);
    assert_null(entry);
    arena_fini(&arena);
}

static void tables_give_dotted_keys(void **state)
{
    (void)state;
    struct arena arena;
    struct toml_entry *entry = read_document(&arena, "top = 1\n"
                                                     "x.y = 2\n"
                                                     "inline = { a = 3 }\n"
                                                     "\n"
                                                     "[net]\n"
                                                     "listen = 4\n"
                                                     "[limits.max]\n"
                                                     "cpu = 5\n"
                                                     "[empty]\n");
    expect(&entry, "top", TOML_INTEGER, 1);
    expect(&entry, "x", TOML_TABLE, 2);
    assert_true(slice_equal(entry->table, SLICE("x")));
    assert_true(slice_equal(entry->name, SLICE("y")));
    expect(&entry, "x.y", TOML_INTEGER, 2);
    expect(&entry, "inline", TOML_TABLE, 3);
    expect(&entry, "inline.a", TOML_INTEGER, 3);
    expect(&entry, "net", TOML_TABLE, 5);
    expect(&entry, "net.listen", TOML_INTEGER, 6);
    expect(&entry, "limits", TOML_TABLE, 7);
    expect(&entry, "limits.max", TOML_TABLE, 7);
    assert_true(slice_equal(entry->table, SLICE("limits.max")));
    expect(&entry, "limits.max.cpu", TOML_INTEGER, 8);
    expect(&entry, "empty", TOML_TABLE, 9);
    assert_null(entry);
    arena_fini(&arena);
}

static void keys_that_are_not_bare_are_quoted(void **state)
{
    (void)state;
    struct arena arena;
    struct toml_entry *entry = read_document(&arena, "\"a.b\" = 1\n"
                                                     "'' = 2\n"
                                                     "\"a\\nb\" = 3\n"
                                                     "\"bare\" = 4\n"
                                                     "t.\"c d\".e = 5\n");
    expect(&entry, "\"a.b\"", TOML_INTEGER, 1);
    expect(&entry, "\"\"", TOML_INTEGER, 2);
    assert_true(slice_equal(entry->name, SLICE("a\nb")));
    expect(&entry, "\"a?b\"", TOML_INTEGER, 3);
    expect(&entry, "bare", TOML_INTEGER, 4);
    expect(&entry, "t", TOML_TABLE, 5);
    expect(&entry, "t.\"c d\"", TOML_TABLE, 5);
    expect(&entry, "t.\"c d\".e", TOML_INTEGER, 5);
    assert_null(entry);
    arena_fini(&arena);
}

static void an_empty_document_has_no_entries(void **state)
{
    (void)state;
    struct arena arena;
    struct toml_entry *entries = (struct toml_entry *)&arena;
    arena_init(&arena, 1 << 20);
    assert_int_equal(toml_read("a", slice_of(NULL), &arena, &entries, NULL), 0);
    assert_null(entries);
    assert_int_equal(toml_read("a", SLICE("# only this\n\n"), &arena, &entries, NULL), 0);
    assert_null(entries);
    arena_fini(&arena);
}

static void what_is_no_toml_is_said_with_its_line(void **state)
{
    (void)state;
    fails("a = 1\nb\n", "a.toml:2: column ");
    fails("a = 1\na = 2\n", "a.toml:2: column ");
    fails("\n\n[x\n", "a.toml:3: column ");
    fails("a = \"\n", "a.toml:1: column ");
    fails("a = 00", "a.toml:1: column ");
    fails("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", "a.toml:1: tables are nested too deeply");
}

static void an_arena_that_is_too_small_is_no_crash(void **state)
{
    (void)state;
    for (size_t max = 1; max < 3000; max += 7) {
        struct arena arena;
        struct error error = {0};
        struct toml_entry *entries;
        arena_init(&arena, max);
        int code = toml_read("a.toml", SLICE("[a]\nb = [\"x\", \"y\"]\nc.d = \"z\"\n"), &arena,
                             &entries, &error);
        assert_true(code == 0 || code == ERROR_OUT_OF_MEMORY);
        if (max < 500)
            assert_string_equal(error.message, "a.toml: too large for a configuration");
        if (max > 2500)
            assert_int_equal(code, 0);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(lists_have_their_items),
        cmocka_unit_test(tables_give_dotted_keys),
        cmocka_unit_test(keys_that_are_not_bare_are_quoted),
        cmocka_unit_test(an_empty_document_has_no_entries),
        cmocka_unit_test(what_is_no_toml_is_said_with_its_line),
        cmocka_unit_test(an_arena_that_is_too_small_is_no_crash),
    };
    return cmocka_run_group_tests_name("base/toml", tests, NULL, NULL);
}
