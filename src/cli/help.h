/* SPDX-License-Identifier: AGPL-3.0-only */

/* The texts of `fn0 --help` and `fn0 COMMAND --help`, made from the rows of tables/commands.h and
 * tables/configuration.h: so a flag without a help does not exist.
 *
 * Two columns: the flag with its argument, and from the same column on what it does, broken between
 * words, with the default where it takes a value. Any thread. */

#ifndef FN0_CLI_HELP_H
#define FN0_CLI_HELP_H

#include "base/buffer.h"
#include "cli/program.h"
#include "tables/commands.h"

/* Adds the text of a command, COMMAND_NONE: of the program. Lines have at most 100 columns. Returns
 * 0 or as buffer_append fails. */
int help_print(struct buffer *text, enum command command);

/* Prints that text on the program's stdout. EXIT_STATUS_FAILED where it could not be written. */
enum exit_status help_show(const struct program *program, enum command command);

#endif
