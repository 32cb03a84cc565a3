/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 serve`: reads its flags and the configuration, makes the log and a host, and
 * runs it to its end.
 *
 * The one word that is no flag is the component; it and `functions`, whether flag or key, exclude
 * each other, and one of them must be there. The log goes to stderr; stdout has one line, that of
 * the host that serves.
 *
 * Main thread. */

#ifndef FN0_CLI_SERVE_H
#define FN0_CLI_SERVE_H

#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status; does not return
 * where a compile had to be left behind, or after a second signal: the process has ended then. */
enum exit_status serve_run(const struct program *program, int count, const char *const *words);

#endif
