/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes a component of an engine of a language and what that engine is given: the engine reads it
 * from its stdin in `wizer-initialize`, and what its memory is then is the component's.
 *
 * What is compiled for this, the instrumented engine, is the same for every function, and is kept
 * in the cache of artifacts: it is compiled when an engine is first met.
 *
 * One build at a time, on the thread that created the builder; builder_cancel from any. */

#ifndef FN0_BUILDER_BUILDER_H
#define FN0_BUILDER_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/configuration.h"
#include "base/error.h"
#include "base/slice.h"
#include "builder/bundler.h"
#include "builder/type_check.h"
#include "runtime/compiler.h"
#include "runtime/trial.h"

struct builder;

struct builder_options {
    const struct clock *clock;   /* outlives the builder */
    const char *cache_directory; /* NULL: the user's or the system's */
    uint64_t cache_bytes_max;
    uint64_t start_cpu_ns_max; /* what the engine may compute; LIMIT_NONE: any */
    uint64_t memory_bytes_max; /* what it may take; LIMIT_NONE: any */
    bool develop; /* one build follows the other: a tool that can stay does, and what tools say is
                     passed on and kept */
    bool colour;  /* what they say ends on a terminal, though they cannot see it */
};

/* What came of it. */
struct built {
    struct compiled compiled; /* `content` is the component, `output` what the guest wrote */
    uint64_t compile_ns;      /* 0: the engine was compiled already */
    uint64_t snapshot_ns;
};

/* Opens the cache. Errors as of artifact_cache_create and engine_create. The caller destroys
 * *ret_builder. */
int builder_create(const struct builder_options *options, struct builder **ret_builder,
                   struct error *error);

/* No build may run. NULL is fine. */
void builder_destroy(struct builder *builder);

/* Makes a component. Errors as of compiler_snapshot; the caller ends *ret_built with built_fini
 * after an error, too. */
int builder_snapshot(struct builder *builder, struct slice engine, struct slice input,
                     struct built *ret_built, struct error *error);

/* Frees it. */
void built_fini(struct built *built);

/* What a component that was made is like. */
struct checked {
    struct trial_result start;
    uint64_t compile_ns; /* 0: it was compiled already */
};

/* Checks that this platform can run a component, and starts one instance of it with the limits and
 * the environment of a function. It is compiled for that, and the artifact is left in the cache for
 * whoever serves it. Errors as of compiler_run and trial_run. */
int builder_check(struct builder *builder, struct slice component,
                  const struct function_configuration *configuration, struct checked *ret_checked,
                  struct error *error);

/* Whether tools are to be told to colour what they say. */
bool builder_has_colour(const struct builder *builder);

/* A program that a build needs. */
struct builder_tool {
    char *const *words; /* the first is the program, a path or a name on PATH; the last NULL */
    const char *folder; /* where it works; NULL: where the caller does */
    bool scratch; /* its $TMPDIR is a folder of its own, which is removed when it has ended: some
                     leave things behind when they are ended */
};

/* Runs a program and waits for it; what it prints goes to stderr. Cancelled, it ends with all that
 * it has started. As process_run. */
int builder_run(struct builder *builder, const struct builder_tool *tool, int *ret_status,
                struct error *error);

/* Bundles, by the process that stays where one does (`request->program` with `--serve`). What it
 * says goes to stderr. *ret_status is what the command would have ended with, or -1 where no
 * process stays: the caller runs the command. ERROR_NOT_FOUND without node; ERROR_CLOSED. */
int builder_bundle(struct builder *builder, const struct bundler_request *request, int *ret_status,
                   struct error *error);

/* Starts that process, so that it is there when it is asked; of no consequence where it cannot. */
void builder_prepare_bundler(struct builder *builder, const struct bundler_request *request);

/* Begins a check of types that goes on beside builds; one at most, until the builder is destroyed.
 * Nothing is told where there is none to be had. As type_check_create. */
int builder_check_types(struct builder *builder, const struct type_check_options *options,
                        struct error *error);

/* Waits for the end of one that does not watch, if there is one. */
void builder_wait_for_types(struct builder *builder);

/* What tools have said since builder_forget_said, where that is kept. Valid until one runs. */
struct slice builder_said(const struct builder *builder);
void builder_forget_said(struct builder *builder);

/* Ends what runs, and whatever would be begun later: ERROR_CLOSED. Any thread. */
void builder_cancel(struct builder *builder);

#endif
