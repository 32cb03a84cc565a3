/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 dev`: builds the project, serves its function on this machine with the code and
 * the limits of `fn0 serve`, and builds it again whenever something changes. The host notices that
 * the component was replaced as any host does, so no request is dropped; where a build fails the
 * old version goes on serving, or, where there is none yet, a page that says why.
 *
 * Where fn0.toml or .env changes, and they can be read, the host ends in order and another one
 * begins at the same address.
 *
 * Threads: the host has the main one, as it must; one watches and builds; one reads the keys, where
 * stdin is a terminal. */

#ifndef FN0_CLI_DEV_H
#define FN0_CLI_DEV_H

#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status; may not return, as
 * serve_run. */
enum exit_status dev_run(const struct program *program, int count, const char *const *words);

#endif
