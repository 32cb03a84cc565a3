/* SPDX-License-Identifier: AGPL-3.0-only */

/* The command `fn0 doctor [LANGUAGE…]`: says for which languages this machine has what it takes to
 * build functions, with versions, and what to do about the others. Asked for languages it ends with
 * 1 where one of them is not ready.
 *
 * Main thread. */

#ifndef FN0_CLI_DOCTOR_H
#define FN0_CLI_DOCTOR_H

#include <stdbool.h>

#include "base/slice.h"
#include "cli/program.h"

/* Runs the command with the words behind it. Returns the process's exit status. */
enum exit_status doctor_run(const struct program *program, int count, const char *const *words);

/* Takes the version out of what a tool says of itself: "cargo 1.95.0 (f2d3ce0bd)" and "v20.1.0" are
 * 1.95.0 and 20.1.0. An empty slice: there is none. */
struct slice doctor_find_version(struct slice text);

/* Whether a version is at least another one, number by number: 1.9 is not 1.10. */
bool doctor_version_suffices(struct slice version, struct slice minimum);

#endif
