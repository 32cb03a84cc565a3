/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 config`: what a project's fn0.toml and all that stands above it say, and where
 * each value comes from; with --resolved the defaults, too.
 *
 * Variables of the function's environment that are not written in fn0.toml are secrets: their names
 * are shown, their values never.
 *
 * Main thread. */

#ifndef FN0_CLI_CONFIG_H
#define FN0_CLI_CONFIG_H

#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status. */
enum exit_status config_run(const struct program *program, int count, const char *const *words);

#endif
