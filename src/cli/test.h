/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 test`: builds the project, serves its function on a free port as `fn0 serve`
 * would, and runs the author's tests with FN0_URL set to where it is. When they end, so does the
 * host, and their status is the command's.
 *
 * Threads: the host has the main one, as it must; the tests are waited for on another. */

#ifndef FN0_CLI_TEST_H
#define FN0_CLI_TEST_H

#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status. */
enum exit_status test_run(const struct program *program, int count, const char *const *words);

#endif
