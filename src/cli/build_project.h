/* SPDX-License-Identifier: AGPL-3.0-only */

/* `fn0 build` without a script: makes the component of the project that the folder belongs to, if
 * something has changed, and says what it is like.
 *
 * Main thread, but where said otherwise. */

#ifndef FN0_CLI_BUILD_PROJECT_H
#define FN0_CLI_BUILD_PROJECT_H

#include "builder/builder.h"
#include "cli/command_line.h"
#include "cli/dev_report.h"
#include "cli/program.h"
#include "project/project.h"

/* Runs it with the command's options. Returns the process's exit status. */
enum exit_status build_project(const struct program *program, const struct command_line *line);

/* Does the same for a command that goes on with the component: what was made is said on stderr, and
 * nothing where nothing had changed. `cache_directory`: of the artifacts; NULL: the user's. */
enum exit_status build_project_for(const struct program *program, const char *command,
                                   struct project *project, const char *cache_directory);

/* How a builder for a project is to be made: with the limits of its function. */
int build_project_builder(const struct program *program, const struct project *project,
                          const char *cache_directory, struct builder_options *ret_options,
                          struct error *error);

/* Builds a project of development with such a builder, on its thread, and says what was made, if
 * anything was; `force`: also where nothing has changed. Errors as of project_build. */
int build_project_develop(const struct dev_report *report, struct builder *builder,
                          struct project *project, bool force, struct error *error);

#endif
