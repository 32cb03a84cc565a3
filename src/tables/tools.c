/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/tools.h"

static const struct tool_info rows[] = {
#define TOOL_ROW(language, name, script, minimum, advice) {language, name, script, minimum, advice},
    TOOL_TABLE(TOOL_ROW)
#undef TOOL_ROW
};

const struct tool_info *tool_info_at(size_t index)
{
    return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}
