/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/pattern.h"

#include <fnmatch.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

/* Deeper than that a pattern's stars are not followed. */
#define FOLDERS_MAX 64

struct part {
    const char *text;
    size_t bytes;
};

/* The first part of a path; *rest is what follows it. An empty one: there is none. */
static struct part take_part(const char *path, const char **rest)
{
    struct part part = {.text = path};
    /* "a//b" and "./a" are "a/b" and "a". */
    while (*part.text == '/' || (part.text[0] == '.' && part.text[1] == '/'))
        part.text++;
    if (strcmp(part.text, ".") == 0)
        part.text++;
    part.bytes = strcspn(part.text, "/");
    *rest = part.text + part.bytes;
    return part;
}

static bool is_text(struct part part, const char *text)
{
    return part.bytes == strlen(text) && memcmp(part.text, text, part.bytes) == 0;
}

static bool is_left_out(struct part part)
{
    return part.text[0] == '.' || is_text(part, "node_modules") || is_text(part, "target") ||
           is_text(part, "__pycache__");
}

static bool match_part(struct part pattern, struct part part)
{
    char pattern_text[NAME_MAX + 1];
    char text[NAME_MAX + 1];
    if (pattern.bytes > NAME_MAX || part.bytes > NAME_MAX)
        return false;
    if (pattern.bytes == part.bytes && memcmp(pattern.text, part.text, part.bytes) == 0)
        return true;
    if (is_left_out(part))
        return false;
    memcpy(pattern_text, pattern.text, pattern.bytes);
    memcpy(text, part.text, part.bytes);
    pattern_text[pattern.bytes] = '\0';
    text[part.bytes] = '\0';
    return fnmatch(pattern_text, text, FNM_PERIOD) == 0;
}

static enum pattern_match match(const char *pattern, const char *path, unsigned depth)
{
    const char *pattern_rest;
    const char *path_rest;
    struct part wanted = take_part(pattern, &pattern_rest);
    struct part part = take_part(path, &path_rest);
    if (depth > FOLDERS_MAX)
        return PATTERN_NONE;
    if (wanted.bytes == 0) {
        /* All that is in what was named. */
        while (part.bytes > 0 && !is_left_out(part))
            part = take_part(path_rest, &path_rest);
        return part.bytes == 0 ? PATTERN_WHOLE : PATTERN_NONE;
    }
    if (is_text(wanted, "**")) {
        enum pattern_match here = match(pattern_rest, path, depth + 1);
        if (here == PATTERN_WHOLE || part.bytes == 0 || is_left_out(part))
            return here;
        enum pattern_match deeper = match(pattern, path_rest, depth + 1);
        return deeper > here ? deeper : here;
    }
    if (part.bytes == 0)
        return PATTERN_WITHIN;
    return match_part(wanted, part) ? match(pattern_rest, path_rest, depth + 1) : PATTERN_NONE;
}

enum pattern_match pattern_match(const char *pattern, const char *path)
{
    return match(pattern, path, 0);
}
