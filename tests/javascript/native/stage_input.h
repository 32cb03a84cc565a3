/* SPDX-License-Identifier: AGPL-3.0-only */

/* Stages for an engine that runs natively: what the builder writes to a component's stdin. For
 * shell and fuzzers; no memory ends the program. */

#ifndef FN0_TESTS_JAVASCRIPT_STAGE_INPUT_H
#define FN0_TESTS_JAVASCRIPT_STAGE_INPUT_H

#include <stdio.h>

#include "engine.h"
#include "host.h"

/* All of a stream (malloc), with a zero behind it. */
struct host_bytes stage_input_read(FILE *file);

/* Runs a stage of that kind; all borrowed, `map` may be empty. False: *ret_error as stages_run has
 * it. */
bool stage_input_run(struct engine *engine, const char *kind, const char *name,
                     struct host_bytes source, struct host_bytes map, char **ret_error);

/* The same with the file at `path` and, for a script, PATH.map where that is there. False: the
 * reason was written to stderr. */
bool stage_input_run_file(struct engine *engine, const char *kind, const char *path);

#endif
