/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 completion SHELL`: prints what makes bash, zsh or fish complete the words of
 * `fn0`; made from the same rows as the help, so a flag that exists is completed.
 *
 * Main thread. */

#ifndef FN0_CLI_COMPLETION_H
#define FN0_CLI_COMPLETION_H

#include "base/buffer.h"
#include "cli/program.h"

/* The shells, in the order of completion_words. */
enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH, COMPLETION_SHELL_COUNT };

/* Adds the script of a shell. As buffer_append. */
int completion_print(struct buffer *text, enum completion_shell shell);

/* Runs the command with the words behind it. Returns the process's exit status. */
enum exit_status completion_run(const struct program *program, int count, const char *const *words);

#endif
