/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes the component of a project: by the language's own tool or by [build] command, whichever
 * project/project.h says; then checks it as a host would, and puts it where it belongs.
 *
 * Nothing is made where nothing has changed: beside the component, in PROJECT_FOLDER, stands a hash
 * of what it was made of. The component appears whole or not at all, and one that this platform
 * cannot run does not take the place of one that it can (but for one that [build] command puts
 * there itself).
 *
 * The thread of the builder. */

#ifndef FN0_BUILDER_PROJECT_BUILD_H
#define FN0_BUILDER_PROJECT_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "builder/builder.h"
#include "project/project.h"

struct project_build_options {
    const struct clock *clock;
    const struct project *project;
    const char *sdk_named;        /* of javascript_find_sdk */
    const char *sdk_c_named;      /* of clang_find_sdk */
    const char *sdk_python_named; /* of python_find_sdk */
    const char *program_folder;   /* of all */
    bool force;                   /* also where nothing has changed */
    bool unchecked;               /* leave the check to whoever serves it */
    bool development;             /* as JavaScript's bundler has it; of a project of that kind */
};

/* What came of it. */
struct project_made {
    bool fresh;       /* nothing had changed, and nothing was done: the rest is 0, but `bytes` */
    uint64_t bytes;   /* of the component */
    uint64_t tool_ns; /* bundling, or the language's tool */
    uint64_t
        engine_ns; /* compiling the engine of the language; 0: it was there, or there is none */
    uint64_t snapshot_ns; /* 0: none was taken */
    struct checked checked;
    struct buffer output; /* what the function wrote while it was evaluated */
};

/* Makes it, if need be. Tools say on stderr what is wrong with the source, and the error says where
 * to look: ERROR_COMPONENT_INVALID. ERROR_NOT_FOUND, and what to install, where a tool is missing;
 * ERROR_CONFIGURATION where the project does not say enough; errors of javascript_build and
 * builder_check. The caller ends *ret_made with project_made_fini, after an error, too. */
int project_build(struct builder *builder, const struct project_build_options *options,
                  struct project_made *ret_made, struct error *error);

/* Puts the types of what a function may use where a check of types (builder/type_check.h) looks for
 * them, as a build does; before such a check begins beside the first one. */
void project_put_types(const struct project_build_options *options);

/* Looks whether there is anything to make, without a builder: as project_build, which then does
 * nothing else where ret_made->fresh. Any thread. */
int project_look(const struct project_build_options *options, struct project_made *ret_made,
                 struct error *error);

/* Frees it. */
void project_made_fini(struct project_made *made);

#endif
