/* SPDX-License-Identifier: AGPL-3.0-only */

/* Reads the text of a `.env` file: variables for local work, which git does not get to see.
 *
 *     # a comment
 *     NAME=value                  spaces at both ends are taken off, and so is " # a comment"
 *     export NAME=value           the same
 *     NAME='as it $tands'         nothing in it means anything
 *     NAME="two\nlines, \"or\"    \n \r \t \" \' \\ \$ \`, and real ends of lines
 *     more"
 *
 * Nothing is expanded: what is written is the value. What is said twice is what was said last; both
 * stand in the list. Any thread. */

#ifndef FN0_PROJECT_DOTENV_H
#define FN0_PROJECT_DOTENV_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* A variable; the texts are terminated and in the arena. */
struct dotenv_variable {
    struct dotenv_variable *next; /* in the order of the text; NULL: the last */
    const char *name;             /* of letters, digits, '_', '.' and '-'; no digit first */
    const char *value;
    unsigned line; /* from 1 */
};

/* Reads a text; *ret_variables is NULL for an empty one. `path` is for messages:
 * ERROR_CONFIGURATION says "path:line: what was expected". ERROR_OUT_OF_MEMORY when the arena is
 * exhausted. */
int dotenv_read(const char *path, struct slice text, struct arena *arena,
                struct dotenv_variable **ret_variables, struct error *error);

#endif
