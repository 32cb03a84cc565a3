/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/media_types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct row {
    const char *ending;
    const char *type;
};

static const struct row rows[] = {
#define ROW(ending, type) {ending, type},
    MEDIA_TYPE_TABLE(ROW)
#undef ROW
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static int compare(const void *ending, const void *row)
{
    return strcasecmp(ending, ((const struct row *)row)->ending);
}

const char *media_type_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *point = strrchr(slash ? slash : path, '.');
    const struct row *row =
        point ? bsearch(point + 1, rows, ROW_COUNT, sizeof(rows[0]), compare) : NULL;
    return row ? row->type : "application/octet-stream";
}

size_t media_type_count(void)
{
    return ROW_COUNT;
}

const char *media_type_ending_at(size_t index)
{
    return index < ROW_COUNT ? rows[index].ending : NULL;
}
