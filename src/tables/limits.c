/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/limits.h"

#include <assert.h>
#include <stddef.h>

static const struct limit_info rows[LIMIT_COUNT] = {
#define LIMIT_ROW(name, key, unit, cloud, least, error, what) \
    [name] = {key, LIMIT_UNIT_##unit, cloud, error, what},
    LIMIT_TABLE(LIMIT_ROW)
#undef LIMIT_ROW
};

#define LIMIT_ROW(name, key, unit, cloud, least, error, what) \
    static_assert((cloud) > 0 && (cloud) > (least), key ": a limit of 0 would stop every call");
LIMIT_TABLE(LIMIT_ROW)
#undef LIMIT_ROW

const struct limit_info *limit_info(enum limit limit)
{
    return (unsigned)limit < LIMIT_COUNT ? &rows[limit] : NULL;
}

void limits_set_cloud(struct limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        limits->value[i] = rows[i].cloud;
}

void limits_set_none(struct limits *limits)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        limits->value[i] = LIMIT_NONE;
}
