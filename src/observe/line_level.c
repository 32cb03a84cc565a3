/* SPDX-License-Identifier: AGPL-3.0-only */

#include "observe/line_level.h"

enum log_level line_level(struct slice *line, bool is_stderr)
{
    static const enum log_level levels[] = {
        LOG_ERROR, LOG_ERROR, LOG_ERROR, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_INFO, LOG_DEBUG,
    };
    const char *data = line->data;

    if (line->bytes < 3 || data[0] != '<' || data[1] < '0' || data[1] > '7' || data[2] != '>')
        return is_stderr ? LOG_ERROR : LOG_INFO;
    line->data += 3;
    line->bytes -= 3;
    return levels[data[1] - '0'];
}
