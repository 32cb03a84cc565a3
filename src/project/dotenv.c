/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/dotenv.h"

#include <stdbool.h>

/* A reading of a text. */
struct reading {
    const char *path;
    const char *next;
    const char *end;
    unsigned line;
    struct arena *arena;
    struct error *error;
};

static int fail(const struct reading *reading, unsigned line, const char *what)
{
    return error_set(reading->error, ERROR_CONFIGURATION, "%s:%u: %s", reading->path, line, what);
}

/* What comes next, or 0 at the end; a zero in the text is an end as well, and refused there. */
static char peek(const struct reading *reading)
{
    return reading->next < reading->end ? *reading->next : '\0';
}

static void skip_blanks(struct reading *reading)
{
    while (peek(reading) == ' ' || peek(reading) == '\t' || peek(reading) == '\r')
        reading->next++;
}

static void skip_line(struct reading *reading)
{
    while (reading->next < reading->end && *reading->next != '\n')
        reading->next++;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool continues_name(char c)
{
    return begins_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static struct slice take_name(struct reading *reading)
{
    const char *begin = reading->next;
    while (begins_name(peek(reading)) || (reading->next > begin && continues_name(peek(reading))))
        reading->next++;
    return (struct slice){.data = begin, .bytes = (size_t)(reading->next - begin)};
}

/* NAME and its equals sign, perhaps with `export` before. */
static int read_name(struct reading *reading, const char **ret_name)
{
    struct slice name = take_name(reading);
    if (slice_equal(name, SLICE("export")) && (peek(reading) == ' ' || peek(reading) == '\t')) {
        skip_blanks(reading);
        name = take_name(reading);
    }
    skip_blanks(reading);
    if (name.bytes == 0 || peek(reading) != '=')
        return fail(reading, reading->line, "expected NAME=VALUE or a comment that begins with #");
    reading->next++;
    *ret_name = arena_copy(reading->arena, name).data;
    return *ret_name ? 0 : error_set_memory(reading->error);
}

/* To the end of the line, or to a comment. */
static int read_bare(struct reading *reading, const char **ret_value)
{
    const char *begin = reading->next;
    const char *end = begin;
    skip_line(reading);
    while (end < reading->next &&
           !(*end == '#' && (end == begin || end[-1] == ' ' || end[-1] == '\t')))
        end++;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    struct slice value = {.data = begin, .bytes = (size_t)(end - begin)};
    if (value.bytes > 0 && memchr(value.data, '\0', value.bytes))
        return fail(reading, reading->line, "a value holds no zero byte");
    *ret_value = arena_copy(reading->arena, value).data;
    return *ret_value ? 0 : error_set_memory(reading->error);
}

/* What a character behind a backslash stands for; 0: nothing. */
static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '"':
    case '\'':
    case '\\':
    case '$':
    case '`':
        return c;
    default:
        return '\0';
    }
}

/* From behind the quote to the next one. */
static int read_quoted(struct reading *reading, char quote, const char **ret_value)
{
    unsigned line = reading->line;
    char *value = arena_allocate(reading->arena, (size_t)(reading->end - reading->next) + 1);
    size_t bytes = 0;
    if (!value)
        return error_set_memory(reading->error);
    while (peek(reading) != quote) {
        char c = peek(reading);
        if (c == '\0')
            return fail(reading, line, "the quote is not closed");
        if (c == '\n')
            reading->line++;
        reading->next++;
        if (c == '\\' && quote == '"') {
            c = unescape(peek(reading));
            if (c == '\0')
                return fail(reading, reading->line,
                            "expected one of n r t \" ' \\ $ ` behind a backslash");
            reading->next++;
        }
        value[bytes++] = c;
    }
    value[bytes] = '\0';
    reading->next++;
    skip_blanks(reading);
    if (peek(reading) == '#')
        skip_line(reading);
    if (reading->next < reading->end && *reading->next != '\n')
        return fail(reading, reading->line, "expected nothing behind the closing quote");
    *ret_value = value;
    return 0;
}

static int read_variable(struct reading *reading, struct dotenv_variable ***tail)
{
    struct dotenv_variable *variable = arena_allocate(reading->arena, sizeof(*variable));
    if (!variable)
        return error_set_memory(reading->error);
    *variable = (struct dotenv_variable){.line = reading->line};
    int code = read_name(reading, &variable->name);
    if (code)
        return code;
    skip_blanks(reading);
    char quote = peek(reading);
    if (quote == '"' || quote == '\'') {
        reading->next++;
        code = read_quoted(reading, quote, &variable->value);
    } else {
        code = read_bare(reading, &variable->value);
    }
    **tail = variable;
    *tail = &variable->next;
    return code;
}

int dotenv_read(const char *path, struct slice text, struct arena *arena,
                struct dotenv_variable **ret_variables, struct error *error)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct reading reading = {
        .path = path, .next = text.data, .line = 1, .arena = arena, .error = error};
    struct dotenv_variable **tail = ret_variables;
    int code = 0;
    *ret_variables = NULL;
    if (text.bytes == 0)
        return 0;
    reading.end = text.data + text.bytes;
    if (text.bytes >= 3 && memcmp(text.data, mark, 3) == 0)
        reading.next += 3;
    while (reading.next < reading.end && code == 0) {
        skip_blanks(&reading);
        if (peek(&reading) == '#')
            skip_line(&reading);
        if (reading.next == reading.end)
            break;
        if (*reading.next == '\n') {
            reading.next++;
            reading.line++;
        } else {
            code = read_variable(&reading, &tail);
        }
    }
    return code;
}
