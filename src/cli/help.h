/* SPDX-License-Identifier: AGPL-3.0-only */

/* The texts of `fn0 --help` and `fn0 COMMAND --help`, made from the rows of tables/commands.h and
 * tables/configuration.h. Any thread. */

#ifndef FN0_CLI_HELP_H
#define FN0_CLI_HELP_H

#include "base/buffer.h"
#include "cli/program.h"
#include "tables/commands.h"

/* Adds the text of a command, COMMAND_NONE: of the program. Lines have at most 100 columns. Returns
 * 0 or as buffer_append fails. */
int help_print(struct buffer *text, enum command command);

/* Prints it. */
enum exit_status help_show(const struct program *program, enum command command);

#endif
