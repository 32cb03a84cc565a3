/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes a new project of a template: a folder whose files are copied, with SCAFFOLD_NAME in them
 * replaced by the function's name, and the licence line of the template left out: what is made
 * belongs to whoever asked for it.
 *
 * Nothing is ever overwritten, and a project appears whole or not at all: where a file is there
 * already, nothing is written; what cannot be finished is taken back. Any thread. */

#ifndef FN0_PROJECT_SCAFFOLD_H
#define FN0_PROJECT_SCAFFOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/identifier.h"

/* What stands for the function's name in a template. */
#define SCAFFOLD_NAME "fn0-project-name"

/* What was made. */
struct scaffold {
    struct arena arena; /* owns the texts */
    const char **files; /* seen from the folder, sorted */
    size_t file_count;
};

/* Makes the files of the folder `template` in `folder`, which is made with those above it where it
 * is not there. ERROR_USAGE where a file of the template is there already (the message names it) or
 * `folder` is no folder; ERROR_NOT_FOUND where there is no such template; ERROR_SYSTEM. The caller
 * ends *ret_scaffold with scaffold_fini, after an error, too. */
int scaffold_make(const char *template, const char *folder, const char *name,
                  struct scaffold *ret_scaffold, struct error *error);

/* Frees what make has told. */
void scaffold_fini(struct scaffold *scaffold);

/* Writes the function's name that a folder's suggests: what is no letter or digit becomes a hyphen.
 * Whether there is one. */
bool scaffold_suggest_name(const char *folder, char ret_name[FUNCTION_NAME_TEXT_BYTES]);

#endif
