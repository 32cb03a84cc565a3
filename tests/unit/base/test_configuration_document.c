/* SPDX-License-Identifier: AGPL-3.0-only */

/* docs/configuration.md lists every key as the table has it. With UPDATE_DOCUMENTS=1 the list is
 * written anew. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/units.h"
#include "tables/configuration.h"

#define DOCUMENT "docs/configuration.md"
#define BEGIN "<!-- begin keys -->\n"
#define END "<!-- end keys -->\n"

/* The order of reading, not of the table. */
static const char *const sections[] = {
    "",         "net",    "log",         "limits", "limits.max", "instance",
    "outbound", "assets", "environment", "build",  "test"};
#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

static bool stands_in(const struct configuration_info *row, const char *section)
{
    const char *point = strrchr(row->key, '.');
    size_t bytes = point ? (size_t)(point - row->key) : 0;
    return strlen(section) == bytes && strncmp(row->key, section, bytes) == 0;
}

static void add_words(struct buffer *text, const char *words, const char *before)
{
    while (*words) {
        size_t bytes = strcspn(words, "|");
        assert_int_equal(buffer_print(text, "%s`\"%.*s\"`", before, (int)bytes, words), 0);
        words += bytes + (words[bytes] ? 1 : 0);
        before = ", ";
    }
}

static void add_range(struct buffer *text, const char *what, enum limit_unit unit,
                      const struct configuration_info *row)
{
    char minimum[UNITS_TEXT_BYTES];
    char maximum[UNITS_TEXT_BYTES];
    assert_int_equal(buffer_print(text, "%s, %s to %s", what,
                                  units_write(unit, row->minimum, minimum),
                                  units_write(unit, row->maximum, maximum)),
                     0);
    add_words(text, row->words, ", ");
}

static void add_value(struct buffer *text, const struct configuration_info *row)
{
    static const char *const names[] = {
        [CONFIGURATION_TEXT] = "text",
        [CONFIGURATION_NAME] = "name",
        [CONFIGURATION_FOLDER] = "path of a folder",
        [CONFIGURATION_PATTERNS] = "list of patterns of paths",
        [CONFIGURATION_ADDRESSES] = "list of addresses with ports",
        [CONFIGURATION_PREFIXES] = "list of addresses and prefixes",
        [CONFIGURATION_EXCEPTIONS] = "list of prefixes and addresses with ports",
        [CONFIGURATION_HOSTS] = "list of names of hosts",
        [CONFIGURATION_BOOLEAN] = "`true`, `false`",
        [CONFIGURATION_ENVIRONMENT] = "text",
    };
    switch (row->kind) {
    case CONFIGURATION_COUNT:
        add_range(text, "number", LIMIT_UNIT_COUNT, row);
        return;
    case CONFIGURATION_BYTES:
        add_range(text, "size", LIMIT_UNIT_BYTES, row);
        return;
    case CONFIGURATION_NANOSECONDS:
        add_range(text, "duration", LIMIT_UNIT_NANOSECONDS, row);
        return;
    case CONFIGURATION_CHOICE:
    case CONFIGURATION_LIMITS:
        add_words(text, row->words, "");
        return;
    default:
        assert_non_null(names[row->kind]);
        assert_int_equal(buffer_print(text, "%s", names[row->kind]), 0);
    }
}

static void add_default(struct buffer *text, const struct configuration_info *row)
{
    enum limit limit = configuration_info_limit(row);
    bool is_text = row->kind != CONFIGURATION_COUNT && row->kind != CONFIGURATION_BOOLEAN;
    char value[UNITS_TEXT_BYTES];
    if (limit != LIMIT_COUNT)
        buffer_print(text, "%s",
                     units_write(limit_info(limit)->unit, limit_info(limit)->cloud, value));
    else if (row->default_text && (is_text || strcmp(row->default_text, "auto") == 0))
        buffer_print(text, "`\"%s\"`", row->default_text);
    else if (row->default_text)
        buffer_print(text, "`%s`", row->default_text);
}

static const char *where(const struct configuration_info *row)
{
    static const char *const names[] = {
        [CONFIGURATION_HOST] = "host",
        [CONFIGURATION_FUNCTION] = "all",
        [CONFIGURATION_PROJECT] = "project",
    };
    return names[row->scope];
}

static void add_row(struct buffer *text, const struct configuration_info *row)
{
    const char *point = strrchr(row->key, '.');
    const char *name = point ? point + 1 : row->key;
    assert_int_equal(buffer_print(text, "| `%s` | ", strcmp(name, "*") == 0 ? "NAME" : name), 0);
    add_value(text, row);
    buffer_print(text, " | ");
    add_default(text, row);
    buffer_print(text, " | %s", row->help);
    if (row->flag)
        buffer_print(text, " (`%s%s%s`)", row->flag, row->argument ? " " : "",
                     row->argument ? row->argument : "");
    assert_int_equal(buffer_print(text, " | %s |\n", where(row)), 0);
}

static size_t add_section(struct buffer *text, const char *section)
{
    size_t count = 0;
    const char *open = *section ? "[" : "";
    const char *close = *section ? "]" : "";
    buffer_print(text, "\n### %s%s%s\n\n", open, *section ? section : "At the top", close);
    buffer_print(text, "| key | value | default | what it is | where |\n");
    buffer_print(text, "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (!stands_in(row, section))
            continue;
        add_row(text, row);
        count++;
    }
    return count;
}

static void the_document_lists_every_key(void **state)
{
    (void)state;
    struct buffer document;
    struct buffer keys;
    struct error error = {0};
    buffer_init(&document, 1 << 20);
    buffer_init(&keys, 1 << 20);
    size_t count = 0;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        count += add_section(&keys, sections[i]);
    buffer_print(&keys, "\n");
    assert_int_equal(count, configuration_info_count());

    /* Tests are run from the root of the project. */
    if (file_read(DOCUMENT, &document, NULL, &error) != 0)
        fail_msg("%s", error.message);
    struct slice all = buffer_slice(&document);
    const char *begin = memmem(all.data, all.bytes, BEGIN, strlen(BEGIN));
    const char *end = memmem(all.data, all.bytes, END, strlen(END));
    assert_true(begin && end && begin < end);
    begin += strlen(BEGIN);
    struct slice listed = {.data = begin, .bytes = (size_t)(end - begin)};
    bool same = slice_equal(listed, buffer_slice(&keys));

    if (!same && getenv("UPDATE_DOCUMENTS")) {
        struct buffer updated;
        buffer_init(&updated, 1 << 20);
        buffer_append(&updated, (struct slice){all.data, (size_t)(begin - all.data)});
        buffer_append(&updated, buffer_slice(&keys));
        buffer_append(&updated, (struct slice){end, (size_t)(all.data + all.bytes - end)});
        assert_int_equal(file_write(DOCUMENT, buffer_slice(&updated), 0644, NULL, NULL), 0);
        buffer_fini(&updated);
        same = true;
    }
    buffer_fini(&document);
    buffer_fini(&keys);
    if (!same)
        fail_msg(DOCUMENT " differs from the table: run this with UPDATE_DOCUMENTS=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_document_lists_every_key)};
    return cmocka_run_group_tests_name("docs/configuration.md", tests, NULL, NULL);
}
