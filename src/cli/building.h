/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the commands that build have in common: how a build is interrupted, what is shown of it, and
 * what is said of its errors.
 *
 * Main thread. */

#ifndef FN0_CLI_BUILDING_H
#define FN0_CLI_BUILDING_H

#include <limits.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "builder/builder.h"
#include "builder/type_check.h"
#include "cli/program.h"

/* Writes the folder that the program is in, where the SDK lies beside it. */
int building_find_program_folder(char ret_path[PATH_MAX], struct error *error);

/* The limits and the cache (NULL: the user's) as fn0 serve has them when nothing is said. */
int building_options(const struct program *program, const char *cache_directory,
                     struct builder_options *ret_options, struct error *error);

/* Does `work` with a builder, so that a signal ends it in order. *ret_signal is that signal, or 0.
 * Returns what `work` did, or as builder_create fails. */
int building_run(const struct builder_options *options,
                 int (*work)(struct builder *builder, void *context, struct error *error),
                 void *context, int *ret_signal, struct error *error);

/* As builder_create: a builder whose threads leave signals alone. */
int building_create(const struct builder_options *options, struct builder **ret_builder,
                    struct error *error);

/* Does `work` with a builder that is there, as building_run. */
int building_run_with(struct builder *builder,
                      int (*work)(struct builder *builder, void *context, struct error *error),
                      void *context, int *ret_signal, struct error *error);

/* What --json prints on stdout in place of what was made: a line with why it was not. */
void building_print_json_error(const struct program *program, const struct error *error);

/* Shows on stderr what a script wrote while it was evaluated. */
void building_show_output(const struct program *program, struct slice output);

/* Says why evaluating `entry` failed, and what to do about it. Returns the error's code. */
int building_explain(const char *entry, struct error *error);

/* Shows on stderr what a check of types has found: the place, the line and what is wrong. */
void building_show_type_error(const struct program *program, const struct type_error *error);

/* How times and sizes are shown. */
double building_milliseconds(uint64_t ns);
int building_print_size(struct buffer *text, uint64_t bytes);

#endif
