/* SPDX-License-Identifier: AGPL-3.0-only */

/* Reads the words behind a command by the rows of tables/commands.h and tables/configuration.h:
 * "--flag VALUE", "--flag=VALUE", "--switch", "-h" for "--help", and "--" before words that may
 * begin with a hyphen.
 *
 * Of a flag with a key only the value's presence is checked: the configuration knows what it may
 * be, and says so with the flag's name. A flag that may be repeated stands here as often as it was
 * given. A new flag is a row in a table, and nothing here.
 *
 * Any thread. */

#ifndef FN0_CLI_COMMAND_LINE_H
#define FN0_CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "tables/commands.h"

/* What was read. Everything in it is borrowed from the words and the tables but the arrays. */
struct command_line {
    struct configuration_flag *flags; /* those with a key, in the order given */
    size_t flag_count;
    const char **options; /* by enum command_option: the value; "" without one; NULL: not given */
    const char **words;   /* what is no flag */
    size_t word_count;
};

/* Reads `count` words (borrowed, as long as the line lives) for a command; COMMAND_NONE: those
 * before any command, up to the first word that is no flag. Which flags with a key a command has
 * says command_takes_key. Returns 0, ERROR_USAGE (an unknown flag, with the one that is most like
 * it; a missing or superfluous value) or ERROR_OUT_OF_MEMORY. The caller ends it with
 * command_line_fini.
 */
int command_line_init(struct command_line *line, enum command command, int count,
                      const char *const *words, struct error *error);

/* Frees what init made. */
void command_line_fini(struct command_line *line);

#endif
