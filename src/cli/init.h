/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 init [DIR]`: makes a new project of a template, in this folder or in DIR. On a
 * terminal it asks for what was not said; elsewhere it has to be said.
 *
 * Main thread. */

#ifndef FN0_CLI_INIT_H
#define FN0_CLI_INIT_H

#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status. */
enum exit_status init_run(const struct program *program, int count, const char *const *words);

#endif
