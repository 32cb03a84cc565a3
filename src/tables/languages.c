/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/languages.h"

#include <stddef.h>
#include <string.h>

static const struct language_info rows[LANGUAGE_COUNT] = {
#define LANGUAGE_ROW(name, word, title, endings, marker, test) \
    [name] = {name, word, title, endings, marker, test},
    LANGUAGE_TABLE(LANGUAGE_ROW)
#undef LANGUAGE_ROW
};

const struct language_info *language_info(enum language language)
{
    bool known = language != LANGUAGE_AUTO && (unsigned)language < LANGUAGE_COUNT;
    return known ? &rows[language] : NULL;
}

static bool is_one_of(const char *ending, const char *endings)
{
    while (*endings) {
        size_t bytes = strcspn(endings, "|");
        if (strlen(ending) == bytes && strncmp(ending, endings, bytes) == 0)
            return true;
        endings += bytes + (endings[bytes] ? 1 : 0);
    }
    return false;
}

enum language language_of_source(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *ending = strrchr(slash ? slash : path, '.');
    for (int i = LANGUAGE_AUTO + 1; ending && i < LANGUAGE_COUNT; i++) {
        if (is_one_of(ending, rows[i].endings))
            return (enum language)i;
    }
    return LANGUAGE_AUTO;
}
