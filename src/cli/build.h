/* SPDX-License-Identifier: AGPL-3.0-only */

/* The commands `fn0 build SCRIPT`, which makes a component of a function in JavaScript or
 * TypeScript, and `fn0 build-engine ENGINE.wasm LIBRARY.js -o OUT.wasm`, by which the SDK's own
 * build puts the library into the engine.
 *
 * The component is written aside and renamed, so a build that fails or is interrupted leaves the
 * old one whole. stdout has one line, what was made; what the script writes while it is evaluated,
 * and what is wrong with it, goes to stderr.
 *
 * Main thread. */

#ifndef FN0_CLI_BUILD_H
#define FN0_CLI_BUILD_H

#include "cli/program.h"

/* Each runs its command with the words behind it. Returns the process's exit status: after a signal
 * 128 and its number. */
enum exit_status build_run(const struct program *program, int count, const char *const *words);
enum exit_status build_engine_run(const struct program *program, int count,
                                  const char *const *words);

#endif
