/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/errors.h"

#include <stddef.h>

static const struct error_info rows[] = {
#define ERROR_ROW(name, code, status, proxy_status, label, text) \
    {code, status, #name, proxy_status, label, text},
    ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

const struct error_info *error_info(int code)
{
    /* About fifty rows, and asked only when something went wrong: a search is quick enough. */
    const struct error_info *internal = &rows[0];
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].code == code)
            return &rows[i];
        if (rows[i].code == ERROR_INTERNAL)
            internal = &rows[i];
    }
    return internal;
}

size_t error_info_count(void)
{
    return ROW_COUNT;
}

const struct error_info *error_info_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}
