/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/configuration_value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/configuration.h"
#include "base/identifier.h"
#include "base/json.h"
#include "base/units.h"

/* How much of a wrong value a message repeats. */
#define SHOWN_BYTES_MAX 60
#define EXPECTED_BYTES 320

/* ---- Messages ---- */

static const char *plural_of_items(enum configuration_kind kind)
{
    switch (kind) {
    case CONFIGURATION_ADDRESSES:
        return "addresses with ports, like \"127.0.0.1:8080\" or \"[::]:8080\"";
    case CONFIGURATION_PREFIXES:
        return "addresses or prefixes, like \"10.0.0.0/8\" or \"fd00::/8\"";
    case CONFIGURATION_EXCEPTIONS:
        return "prefixes or addresses with ports, like \"10.1.0.0/16\" or \"127.0.0.1:9000\"";
    case CONFIGURATION_HOSTS:
        return "names of hosts, like \"api.example.com\"";
    case CONFIGURATION_PATTERNS:
        return "patterns of paths within the folder, like \"src/**\"";
    case CONFIGURATION_NAME:
        return "a name of a-z, 0-9 and '-', like \"hello\"";
    case CONFIGURATION_FOLDER:
        return "a folder below that of this file, like \"public\"";
    case CONFIGURATION_BOOLEAN:
        return "true or false";
    case CONFIGURATION_ENVIRONMENT:
        return "a text";
    default:
        return "a text that is not empty";
    }
}

/* Writes `"a", "b" or "c"`. */
static void describe_words(const char *words, char *text, size_t bytes)
{
    size_t used = 0;
    for (const char *word = words; *word;) {
        size_t word_bytes = strcspn(word, "|");
        const char *next = word + word_bytes + (word[word_bytes] ? 1 : 0);
        const char *before = word == words ? "" : *next ? ", " : " or ";
        int written =
            snprintf(text + used, bytes - used, "%s\"%.*s\"", before, (int)word_bytes, word);
        check(written > 0 && (size_t)written < bytes - used);
        used += (size_t)written;
        word = next;
    }
}

static void describe_number(const struct configuration_info *row, char *text, size_t bytes)
{
    static const struct {
        enum limit_unit unit;
        const char *what;
        const char *example;
    } kinds[] = {
        [CONFIGURATION_COUNT] = {LIMIT_UNIT_COUNT, "a whole number", ""},
        [CONFIGURATION_BYTES] = {LIMIT_UNIT_BYTES, "a size", ", like \"128MB\""},
        [CONFIGURATION_NANOSECONDS] = {LIMIT_UNIT_NANOSECONDS, "a duration", ", like \"10ms\""},
    };
    char minimum[UNITS_TEXT_BYTES];
    char maximum[UNITS_TEXT_BYTES];
    char words[64] = "";
    describe_words(row->words, words, sizeof(words));
    snprintf(text, bytes, "%s from %s to %s%s%s%s", kinds[row->kind].what,
             units_write(kinds[row->kind].unit, row->minimum, minimum),
             units_write(kinds[row->kind].unit, row->maximum, maximum), kinds[row->kind].example,
             *words ? ", or " : "", words);
}

static void describe_expected(const struct configuration_info *row, char *text, size_t bytes)
{
    switch (row->kind) {
    case CONFIGURATION_COUNT:
    case CONFIGURATION_BYTES:
    case CONFIGURATION_NANOSECONDS:
        describe_number(row, text, bytes);
        break;
    case CONFIGURATION_CHOICE:
    case CONFIGURATION_LIMITS:
        describe_words(row->words, text, bytes);
        break;
    default:
        snprintf(text, bytes, "%s", plural_of_items(row->kind));
    }
}

/* Repeats a wrong text between quotes, without control bytes, cut where it is long. */
static void describe_text(struct slice text, char *shown)
{
    bool cut = text.bytes > SHOWN_BYTES_MAX;
    size_t bytes = cut ? SHOWN_BYTES_MAX : text.bytes;
    /* Not within a character. */
    while (cut && bytes > 0 && ((unsigned char)text.data[bytes] & 0xc0) == 0x80)
        bytes--;
    *shown++ = '"';
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        *shown++ = c < ' ' || c == 0x7f ? '?' : (char)c;
    }
    strcpy(shown, cut ? "…\"" : "\"");
}

static void describe_value(const struct toml_value *value, char text[SHOWN_BYTES_MAX + 8])
{
    switch (value->kind) {
    case TOML_STRING:
        describe_text(value->text, text);
        return;
    case TOML_INTEGER:
        snprintf(text, SHOWN_BYTES_MAX, "%lld", (long long)value->integer);
        return;
    case TOML_FLOAT:
        snprintf(text, SHOWN_BYTES_MAX, "%g", value->real);
        return;
    case TOML_BOOLEAN:
        strcpy(text, value->boolean ? "true" : "false");
        return;
    case TOML_DATETIME:
        strcpy(text, "a date");
        return;
    case TOML_ARRAY:
        strcpy(text, value->item_count == 0 ? "an empty list" : "a list");
        return;
    case TOML_TABLE:
        break;
    }
    strcpy(text, "a table");
}

int configuration_value_refuse(const struct configuration_info *row, const struct toml_value *value,
                               struct error *error)
{
    char expected[EXPECTED_BYTES] = "";
    char shown[SHOWN_BYTES_MAX + 8];
    describe_expected(row, expected, sizeof(expected));
    describe_value(value, shown);
    return error_set(error, ERROR_INVALID_ARGUMENT, "expected %s, not %s", expected, shown);
}

/* ---- Forms of texts ---- */

/* Addresses are read a second time, into sockaddrs, by io/address.h, which stands above this room;
 * here it is only checked that they can be, so that a mistake is answered with file and line. */
static bool is_address(struct slice text, int family)
{
    char terminated[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (text.bytes == 0 || text.bytes >= sizeof(terminated) || memchr(text.data, '\0', text.bytes))
        return false;
    memcpy(terminated, text.data, text.bytes);
    terminated[text.bytes] = '\0';
    return inet_pton(family, terminated, address) == 1;
}

static bool is_number(struct slice text, uint64_t min, uint64_t max)
{
    uint64_t number;
    return text.bytes > 0 && text.bytes <= 5 && units_read_count(text, &number, NULL) == 0 &&
           number >= min && number <= max;
}

/* Splits at a byte; false where it is not there. */
static bool split_at_last(struct slice text, char at, struct slice *ret_before,
                          struct slice *ret_after)
{
    const char *found = text.bytes > 0 ? memrchr(text.data, at, text.bytes) : NULL;
    if (!found)
        return false;
    size_t before = (size_t)(found - text.data);
    *ret_before = (struct slice){.data = text.data, .bytes = before};
    *ret_after = (struct slice){.data = found + 1, .bytes = text.bytes - before - 1};
    return true;
}

/* "[::1]" without the brackets; false where there are none. */
static bool take_brackets(struct slice *text)
{
    if (text->bytes < 2 || text->data[0] != '[' || text->data[text->bytes - 1] != ']')
        return false;
    text->data++;
    text->bytes -= 2;
    return true;
}

/* Port 0 takes a free one, so it can be listened on but not be reached. */
static bool is_address_with_port(struct slice text, uint64_t port_min)
{
    struct slice host;
    struct slice port;
    if (!split_at_last(text, ':', &host, &port) || !is_number(port, port_min, 65535))
        return false;
    return take_brackets(&host) ? is_address(host, AF_INET6) : is_address(host, AF_INET);
}

static bool is_prefix(struct slice text)
{
    struct slice address = text;
    struct slice bits = SLICE("0");
    if (take_brackets(&address))
        return is_address(address, AF_INET6);
    split_at_last(text, '/', &address, &bits);
    return (is_address(address, AF_INET) && is_number(bits, 0, 32)) ||
           (is_address(address, AF_INET6) && is_number(bits, 0, 128));
}

static bool is_label_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Labels with points between them (RFC 1123, 2.1; an underscore is seen in the wild). An IPv4
 * address is of this form, too. */
static bool is_host(struct slice text)
{
    size_t label_bytes = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] == '.' && label_bytes > 0)
            label_bytes = 0;
        else if (is_label_character(text.data[i]) && label_bytes < 63)
            label_bytes++;
        else
            return false;
    }
    return label_bytes > 0 && text.bytes <= 253;
}

/* Takes the part before the next slash off a path. */
static struct slice take_part(struct slice *path)
{
    const char *slash = memchr(path->data, '/', path->bytes);
    struct slice part = {path->data, slash ? (size_t)(slash - path->data) : path->bytes};
    path->data += part.bytes + (slash != NULL);
    path->bytes -= part.bytes + (slash != NULL);
    return part;
}

/* Seen from a folder, and within it. */
static bool is_pattern(struct slice text)
{
    bool inside = text.bytes > 0 && text.data[0] != '/' && !memchr(text.data, '\0', text.bytes);
    while (inside && text.bytes > 0)
        inside = !slice_equal(take_part(&text), SLICE(".."));
    return inside;
}

/* The same, and it is not the folder itself. */
static bool is_folder(struct slice text)
{
    bool below = false;
    if (!is_pattern(text))
        return false;
    while (text.bytes > 0) {
        struct slice part = take_part(&text);
        below = below || (part.bytes > 0 && !slice_equal(part, SLICE(".")));
    }
    return below;
}

static bool has_form(enum configuration_kind kind, struct slice text)
{
    switch (kind) {
    case CONFIGURATION_ADDRESSES:
        return is_address_with_port(text, 0);
    case CONFIGURATION_PREFIXES:
        return is_prefix(text);
    case CONFIGURATION_EXCEPTIONS:
        return is_prefix(text) || is_address_with_port(text, 1);
    case CONFIGURATION_HOSTS:
        return is_host(text);
    case CONFIGURATION_PATTERNS:
        return is_pattern(text);
    case CONFIGURATION_FOLDER:
        return is_folder(text);
    default:
        return text.bytes > 0 && memchr(text.data, '\0', text.bytes) == NULL;
    }
}

/* ---- Reading ---- */

static int read_text(const struct configuration_info *row, const struct toml_value *value,
                     const char **member, struct arena *arena, struct error *error)
{
    if (value->kind != TOML_STRING || !has_form(row->kind, value->text))
        return configuration_value_refuse(row, value, error);
    struct slice copy = arena_copy(arena, value->text);
    if (!copy.data)
        return error_set_memory(error);
    *member = copy.data;
    return 0;
}

static int read_texts(const struct configuration_info *row, const struct toml_value *value,
                      bool append, struct texts *member, struct arena *arena, struct error *error)
{
    /* One alone is a list of one. */
    bool alone = value->kind == TOML_STRING;
    if (!alone && value->kind != TOML_ARRAY)
        return configuration_value_refuse(row, value, error);
    /* To listen nowhere cannot be meant. */
    if (row->kind == CONFIGURATION_ADDRESSES && !alone && value->item_count == 0)
        return configuration_value_refuse(row, value, error);
    struct texts texts = append ? *member : (struct texts){.items = NULL};
    size_t count = texts.count + (alone ? 1 : value->item_count);
    const char **items = arena_allocate(arena, (count + 1) * sizeof(*items));
    if (!items)
        return error_set_memory(error);
    if (texts.count > 0)
        memcpy(items, texts.items, texts.count * sizeof(*items));

    size_t added = texts.count;
    for (const struct toml_value *item = alone ? value : value->items; item;
         item = alone ? NULL : item->next) {
        if (item->kind != TOML_STRING || !has_form(row->kind, item->text))
            return configuration_value_refuse(row, item, error);
        struct slice copy = arena_copy(arena, item->text);
        if (!copy.data)
            return error_set_memory(error);
        items[added++] = copy.data;
        char *letter = (char *)copy.data;
        for (; row->kind == CONFIGURATION_HOSTS && *letter; letter++)
            *letter = *letter >= 'A' && *letter <= 'Z' ? (char)(*letter | 0x20) : *letter;
    }
    check(added == count);
    *member = (struct texts){.items = items, .count = count};
    return 0;
}

bool configuration_word_find(const char *words, struct slice word, unsigned *ret_place)
{
    *ret_place = 0;
    while (*words) {
        size_t bytes = strcspn(words, "|");
        if (slice_equal(word, (struct slice){.data = words, .bytes = bytes}))
            return true;
        words += bytes + (words[bytes] ? 1 : 0);
        (*ret_place)++;
    }
    return false;
}

static bool read_unit(enum configuration_kind kind, const struct toml_value *value,
                      uint64_t *ret_number)
{
    *ret_number = 0;
    if (kind == CONFIGURATION_COUNT) {
        *ret_number = (uint64_t)value->integer;
        return value->kind == TOML_INTEGER && value->integer >= 0;
    }
    if (value->kind != TOML_STRING)
        return false;
    int code = kind == CONFIGURATION_BYTES ? units_read_bytes(value->text, ret_number, NULL)
                                           : units_read_duration(value->text, ret_number, NULL);
    return code == 0;
}

static int read_number(const struct configuration_info *row, const struct toml_value *value,
                       uint64_t *member, struct error *error)
{
    unsigned place;
    if (value->kind == TOML_STRING && configuration_word_find(row->words, value->text, &place)) {
        *member = slice_equal(value->text, SLICE("none")) ? LIMIT_NONE : CONFIGURATION_AUTO;
        return 0;
    }
    uint64_t number;
    if (!read_unit(row->kind, value, &number) || number < row->minimum || number > row->maximum)
        return configuration_value_refuse(row, value, error);
    *member = number;
    return 0;
}

static int read_choice(const struct configuration_info *row, const struct toml_value *value,
                       void *member, struct error *error)
{
    struct slice word = value->text;
    /* reuse = true and reuse = "true" are the same. */
    if (value->kind == TOML_BOOLEAN)
        word = value->boolean ? SLICE("true") : SLICE("false");
    else if (value->kind != TOML_STRING)
        return configuration_value_refuse(row, value, error);
    unsigned place;
    if (!configuration_word_find(row->words, word, &place))
        return configuration_value_refuse(row, value, error);
    /* Enums with constants from 0 on are unsigned with both compilers; base/configuration.c has the
     * assertion. */
    memcpy(member, &place, sizeof(place));
    return 0;
}

int configuration_value_read(const struct configuration_info *row, const struct toml_value *value,
                             bool append, void *member, struct arena *arena, struct error *error)
{
    switch (row->kind) {
    case CONFIGURATION_TEXT:
    case CONFIGURATION_FOLDER:
        return read_text(row, value, member, arena, error);
    case CONFIGURATION_NAME:
        if (value->kind != TOML_STRING || !function_name_valid(value->text))
            return configuration_value_refuse(row, value, error);
        return read_text(row, value, member, arena, error);
    case CONFIGURATION_ADDRESSES:
    case CONFIGURATION_PREFIXES:
    case CONFIGURATION_EXCEPTIONS:
    case CONFIGURATION_HOSTS:
    case CONFIGURATION_PATTERNS:
        return read_texts(row, value, append, member, arena, error);
    case CONFIGURATION_BOOLEAN:
        if (value->kind != TOML_BOOLEAN)
            return configuration_value_refuse(row, value, error);
        *(bool *)member = value->boolean;
        return 0;
    case CONFIGURATION_COUNT:
    case CONFIGURATION_BYTES:
    case CONFIGURATION_NANOSECONDS:
        return read_number(row, value, member, error);
    case CONFIGURATION_CHOICE:
        return read_choice(row, value, member, error);
    case CONFIGURATION_ENVIRONMENT:
    case CONFIGURATION_LIMITS:
        break;
    }
    check(row->kind == CONFIGURATION_CHOICE);
    return ERROR_INTERNAL;
}

struct toml_value configuration_value_of_text(enum configuration_kind kind, const char *text)
{
    struct toml_value value = {.kind = TOML_STRING, .text = slice_of(text)};
    uint64_t number;
    if (kind == CONFIGURATION_BOOLEAN &&
        (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        value.kind = TOML_BOOLEAN;
        value.boolean = strcmp(text, "true") == 0;
    } else if (kind == CONFIGURATION_COUNT && units_read_count(value.text, &number, NULL) == 0 &&
               number != LIMIT_NONE) {
        value.kind = TOML_INTEGER;
        value.integer = (int64_t)number;
    }
    return value;
}

/* ---- Writing ---- */

static int write_texts(struct buffer *buffer, const struct texts *texts)
{
    int code = buffer_print(buffer, "[");
    for (size_t i = 0; i < texts->count && code == 0; i++) {
        code = i > 0 ? buffer_print(buffer, ", ") : 0;
        if (code == 0)
            code = json_append_text(buffer, slice_of(texts->items[i]));
    }
    return code == 0 ? buffer_print(buffer, "]") : code;
}

static int write_number(struct buffer *buffer, enum configuration_kind kind, uint64_t number)
{
    char text[UNITS_TEXT_BYTES];
    if (number == CONFIGURATION_AUTO)
        return buffer_print(buffer, "\"auto\"");
    if (number == LIMIT_NONE)
        return buffer_print(buffer, "\"none\"");
    if (kind == CONFIGURATION_COUNT)
        return buffer_print(buffer, "%llu", (unsigned long long)number);
    units_write(kind == CONFIGURATION_BYTES ? LIMIT_UNIT_BYTES : LIMIT_UNIT_NANOSECONDS, number,
                text);
    return buffer_print(buffer, "\"%s\"", text);
}

static int write_word(struct buffer *buffer, const char *words, unsigned place)
{
    for (; place > 0; place--)
        words += strcspn(words, "|") + 1;
    return buffer_print(buffer, "\"%.*s\"", (int)strcspn(words, "|"), words);
}

int configuration_value_write(struct buffer *buffer, const struct configuration_info *row,
                              const void *member)
{
    switch (row->kind) {
    case CONFIGURATION_TEXT:
    case CONFIGURATION_FOLDER:
    case CONFIGURATION_NAME: {
        const char *text = *(const char *const *)member;
        return text ? json_append_text(buffer, slice_of(text)) : buffer_print(buffer, "null");
    }
    case CONFIGURATION_ADDRESSES:
    case CONFIGURATION_PREFIXES:
    case CONFIGURATION_EXCEPTIONS:
    case CONFIGURATION_HOSTS:
    case CONFIGURATION_PATTERNS:
        return write_texts(buffer, member);
    case CONFIGURATION_BOOLEAN:
        return buffer_print(buffer, *(const bool *)member ? "true" : "false");
    case CONFIGURATION_COUNT:
    case CONFIGURATION_BYTES:
    case CONFIGURATION_NANOSECONDS:
        return write_number(buffer, row->kind, *(const uint64_t *)member);
    case CONFIGURATION_CHOICE:
        return write_word(buffer, row->words, *(const unsigned *)member);
    case CONFIGURATION_ENVIRONMENT:
    case CONFIGURATION_LIMITS:
        break;
    }
    check(row->kind == CONFIGURATION_CHOICE);
    return ERROR_INTERNAL;
}
