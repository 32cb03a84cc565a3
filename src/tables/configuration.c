/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/configuration.h"

#include <string.h>

/* Less than the smallest value that can be written ("1us") would stop every call. */
#define LEAST_BYTES 0
#define LEAST_NANOSECONDS 1000
#define LEAST_COUNT 0
#define MOST_BYTES CONFIGURATION_BYTES_MAX
#define MOST_NANOSECONDS CONFIGURATION_TIME_MAX
#define MOST_COUNT CONFIGURATION_COUNT_MAX

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
     help,                                                                                         \
     LIMIT_COUNT},
#define LIMIT_ROW(name, key, unit, cloud, error, what) \
    {"limits." key,                                    \
     CONFIGURATION_FUNCTION,                           \
     CONFIGURATION_##unit,                             \
     "none",                                           \
     LEAST_##unit,                                     \
     MOST_##unit,                                      \
     NULL,                                             \
     NULL,                                             \
     NULL,                                             \
     what,                                             \
     name},
#define LIMIT_MAX_ROW(name, key, unit, cloud, error, what)  \
    {"limits.max." key,                                     \
     CONFIGURATION_HOST,                                    \
     CONFIGURATION_##unit,                                  \
     "none",                                                \
     LEAST_##unit,                                          \
     MOST_##unit,                                           \
     NULL,                                                  \
     NULL,                                                  \
     NULL,                                                  \
     "the most that a function may ask for as limits." key, \
     name},
    /* clang-format off */
    CONFIGURATION_HOST_TABLE(ROW)
    {"limits", CONFIGURATION_HOST, CONFIGURATION_LIMITS, "cloud|none", 0, 0, "cloud", "--limits",
     "none", "none: lifts all limits and what functions may ask for", LIMIT_COUNT},
    LIMIT_TABLE(LIMIT_MAX_ROW)
    LIMIT_TABLE(LIMIT_ROW)
    CONFIGURATION_FUNCTION_TABLE(ROW)
    /* clang-format on */
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

size_t configuration_info_count(void)
{
    return ROW_COUNT;
}

const struct configuration_info *configuration_info_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

const struct configuration_info *configuration_info_of_flag(const char *flag)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].flag && strcmp(rows[i].flag, flag) == 0)
            return &rows[i];
    }
    return NULL;
}
