/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/limits.h"

#include <assert.h>
#include <stddef.h>

static const struct limit_info rows[LIMIT_COUNT] = {
#define LIMIT_ROW(name, key, unit, cloud, error, what) \
    [name] = {key, LIMIT_UNIT_##unit, cloud, error, what},
    LIMIT_TABLE(LIMIT_ROW)
#undef LIMIT_ROW
};

/* What the rest of the platform takes for granted between limits. */
enum {
#define LIMIT_ROW(name, key, unit, cloud, error, what) CLOUD_FITS_##name = (cloud) > 0,
    LIMIT_TABLE(LIMIT_ROW)
#undef LIMIT_ROW
};
static_assert(CLOUD_FITS_LIMIT_MEMORY && CLOUD_FITS_LIMIT_CPU,
              "a limit of 0 would stop every call");

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
