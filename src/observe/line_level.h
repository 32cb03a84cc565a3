/* SPDX-License-Identifier: AGPL-3.0-only */

/* How severe a line is that a function has written: a line may begin with its level as sd-daemon(3)
 * has it, "<7>" debug, "<6>" and "<5>" info, "<4>" warning, "<3>" to "<0>" error. Any thread. */

#ifndef FN0_OBSERVE_LINE_LEVEL_H
#define FN0_OBSERVE_LINE_LEVEL_H

#include <stdbool.h>

#include "base/log.h"
#include "base/slice.h"

/* Takes the level off the front of *line, and answers it; without one it is LOG_INFO on stdout,
 * LOG_ERROR on stderr. */
enum log_level line_level(struct slice *line, bool is_stderr);

#endif
