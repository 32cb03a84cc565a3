/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/toml.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "fn0_bridge.h"

/* Tables within tables: the schema needs three. */
#define DEPTH_MAX 16

/* While the bridge visits the items. */
struct reading {
    struct arena *arena;
    struct toml_entry *first;
    struct toml_entry *last;
    struct toml_entry
        *tables[DEPTH_MAX];   /* from the root's, which is NULL, to the one that is open */
    unsigned depth;           /* open tables */
    struct toml_value *array; /* the open one, or NULL */
    struct toml_value *array_last;
    unsigned skipped; /* open arrays and tables within the array */
    int code;         /* why reading was ended */
    unsigned line;
};

static struct slice from_bridge(struct fn0_slice slice)
{
    return (struct slice){.data = slice.data, .bytes = slice.bytes};
}

/* Copies what an item holds. False without memory. */
static bool copy_value(struct reading *reading, const struct fn0_toml_item *item,
                       struct toml_value *value)
{
    *value = (struct toml_value){.kind = TOML_TABLE};
    switch ((enum fn0_toml_kind)item->kind) {
    case FN0_TOML_STRING:
    case FN0_TOML_DATETIME:
        value->kind = item->kind == FN0_TOML_STRING ? TOML_STRING : TOML_DATETIME;
        value->text = arena_copy(reading->arena, from_bridge(item->text));
        return value->text.data != NULL;
    case FN0_TOML_INTEGER:
        value->kind = TOML_INTEGER;
        value->integer = item->integer;
        return true;
    case FN0_TOML_FLOAT:
        value->kind = TOML_FLOAT;
        value->real = item->real;
        return true;
    case FN0_TOML_BOOLEAN:
        value->kind = TOML_BOOLEAN;
        value->boolean = item->boolean;
        return true;
    case FN0_TOML_ARRAY_BEGIN:
        value->kind = TOML_ARRAY;
        return true;
    case FN0_TOML_TABLE_BEGIN:
    case FN0_TOML_TABLE_END:
    case FN0_TOML_ARRAY_END:
        break;
    }
    return true;
}

static bool is_bare(struct slice name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return name.bytes > 0;
}

/* "table.name", so that keys with points of their own are not taken for others, and messages show
 * no control bytes. */
static const char *make_key(struct arena *arena, const char *table, struct slice name)
{
    const char *quote = is_bare(name) ? "" : "\"";
    char *key = arena_print(arena, "%s%s%s%.*s%s", table, *table ? "." : "", quote, (int)name.bytes,
                            name.data ? name.data : "", quote);
    for (char *c = key; c && *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    return key;
}

static int add_entry(struct reading *reading, const struct fn0_toml_item *item)
{
    check(reading->depth > 0 && !reading->array);
    struct toml_entry *table = reading->tables[reading->depth - 1];
    struct toml_entry *entry = arena_allocate(reading->arena, sizeof(*entry));
    struct slice name = arena_copy(reading->arena, from_bridge(item->key));
    if (!entry || !name.data)
        return ERROR_OUT_OF_MEMORY;
    const char *prefix = table ? table->key : "";
    *entry = (struct toml_entry){.table = slice_of(prefix), .name = name, .line = item->line};
    entry->key = make_key(reading->arena, prefix, name);
    if (!entry->key || !copy_value(reading, item, &entry->value))
        return ERROR_OUT_OF_MEMORY;
    if (reading->last)
        reading->last->next = entry;
    else
        reading->first = entry;
    reading->last = entry;

    if (item->kind == FN0_TOML_ARRAY_BEGIN) {
        reading->array = &entry->value;
        reading->array_last = NULL;
    } else if (item->kind == FN0_TOML_TABLE_BEGIN) {
        if (reading->depth == DEPTH_MAX)
            return ERROR_CONFIGURATION;
        reading->tables[reading->depth++] = entry;
    }
    return 0;
}

static int add_array_item(struct reading *reading, const struct fn0_toml_item *item)
{
    struct toml_value *value = arena_allocate(reading->arena, sizeof(*value));
    if (!value || !copy_value(reading, item, value))
        return ERROR_OUT_OF_MEMORY;
    check(reading->array->kind == TOML_ARRAY);
    if (reading->array_last)
        reading->array_last->next = value;
    else
        reading->array->items = value;
    reading->array_last = value;
    reading->array->item_count++;
    return 0;
}

/* An item within the array that is open. */
static int visit_in_array(struct reading *reading, const struct fn0_toml_item *item)
{
    bool begins = item->kind == FN0_TOML_ARRAY_BEGIN || item->kind == FN0_TOML_TABLE_BEGIN;
    bool ends = item->kind == FN0_TOML_ARRAY_END || item->kind == FN0_TOML_TABLE_END;
    if (ends && reading->skipped > 0) {
        reading->skipped--;
        return 0;
    }
    if (ends) {
        check(item->kind == FN0_TOML_ARRAY_END);
        reading->array = NULL;
        return 0;
    }
    int code = reading->skipped == 0 ? add_array_item(reading, item) : 0;
    if (reading->skipped == 1)
        reading->array_last->item_count++;
    reading->skipped += begins ? 1 : 0;
    return code;
}

static int visit_item(struct reading *reading, const struct fn0_toml_item *item)
{
    if (reading->array)
        return visit_in_array(reading, item);
    if (item->kind == FN0_TOML_TABLE_END) {
        check(reading->depth > 0);
        reading->depth--;
        return 0;
    }
    /* The first item is the root's beginning. */
    if (reading->depth == 0) {
        check(item->kind == FN0_TOML_TABLE_BEGIN);
        reading->tables[reading->depth++] = NULL;
        return 0;
    }
    return add_entry(reading, item);
}

static int visit(void *context, const struct fn0_toml_item *item)
{
    struct reading *reading = context;
    reading->code = visit_item(reading, item);
    reading->line = item->line;
    return reading->code ? 1 : 0;
}

/* The bridge says "line 3, column 7: why": an editor can follow "path:3:". */
static int fail_syntax(const char *path, const char *message, struct error *error)
{
    unsigned line;
    unsigned column;
    int read = 0;
    if (sscanf(message, "line %u, column %u: %n", &line, &column, &read) == 2 && read > 0)
        return error_set(error, ERROR_CONFIGURATION, "%s:%u: column %u: %s", path, line, column,
                         message + read);
    return error_set(error, ERROR_CONFIGURATION, "%s: %s", path, message);
}

int toml_read(const char *path, struct slice text, struct arena *arena,
              struct toml_entry **ret_entries, struct error *error)
{
    struct reading reading = {.arena = arena};
    struct fn0_error bridge_error = {0};
    struct fn0_slice document = {.data = text.data, .bytes = text.bytes};
    *ret_entries = NULL;
    int result = fn0_toml_read(document, visit, &reading, &bridge_error);
    if (reading.code == ERROR_OUT_OF_MEMORY)
        return error_set(error, ERROR_OUT_OF_MEMORY, "%s: too large for a configuration", path);
    if (reading.code)
        return error_set(error, reading.code, "%s:%u: tables are nested too deeply", path,
                         reading.line);
    if (result == FN0_ERROR_SYNTAX)
        return fail_syntax(path, bridge_error.message, error);
    if (result != 0)
        return error_set(error, ERROR_INTERNAL, "%s: %s", path, bridge_error.message);
    *ret_entries = reading.first;
    return 0;
}
