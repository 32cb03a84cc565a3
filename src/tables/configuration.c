/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/configuration.h"

#include <string.h>

/* clang-format off: one row a line of the table is enough. */
static const struct configuration_info rows[] = {
#define ROW(scope, key, kind, member, words, minimum, maximum, default_text, flag, argument, help) \
    {key,                                                                                          \
     CONFIGURATION_##scope,                                                                        \
     CONFIGURATION_##kind,                                                                         \
     words,                                                                                        \
     minimum,                                                                                      \
     maximum,                                                                                      \
     default_text,                                                                                 \
     flag,                                                                                         \
     argument,                                                                                     \
     help},
    CONFIGURATION_TABLE(ROW)
#undef ROW
};
/* clang-format on */

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

size_t configuration_info_count(void)
{
    return ROW_COUNT;
}

const struct configuration_info *configuration_info_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

enum limit configuration_info_limit(const struct configuration_info *row)
{
    static const char under[] = "limits.";
    static const char under_max[] = "limits.max.";
    const char *key = row->key;
    if (strncmp(key, under_max, sizeof(under_max) - 1) == 0)
        key += sizeof(under_max) - 1;
    else if (strncmp(key, under, sizeof(under) - 1) == 0)
        key += sizeof(under) - 1;
    else
        return LIMIT_COUNT;
    for (int i = 0; i < LIMIT_COUNT; i++) {
        if (strcmp(limit_info((enum limit)i)->key, key) == 0)
            return (enum limit)i;
    }
    return LIMIT_COUNT;
}

const struct configuration_info *configuration_info_of_flag(const char *flag)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].flag && strcmp(rows[i].flag, flag) == 0)
            return &rows[i];
    }
    return NULL;
}
