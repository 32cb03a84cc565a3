/* SPDX-License-Identifier: AGPL-3.0-only */

/* The files that a language's tool has read to make a project's component, as it said after the
 * last build: they are what counts, so that a log or a page of documentation in the folder builds
 * nothing. Kept beside the component, as lines; nobody's business but project/inputs.h.
 *
 * Any thread. */

#ifndef FN0_PROJECT_SOURCES_H
#define FN0_PROJECT_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "project/project.h"

/* Embedded. */
struct sources {
    struct buffer text;
    const char **paths; /* absolute, in order, ended by zeros within the text */
    size_t count;
    bool all; /* whatever is in the folder counts: nothing is known, or the last build failed */
};

/* Reads what is known; where nothing is, or it cannot be read, `all`. The caller ends *ret_sources
 * with sources_fini. */
void sources_read(const struct project *project, struct sources *ret_sources);

/* Makes one that says `all` and nothing else; ended the same way. */
void sources_init_all(struct sources *sources);

void sources_fini(struct sources *sources);

/* Whether a path is one of them. */
bool sources_has(const struct sources *sources, const char *path);

/* Keeps what a tool has said: absolute paths, a line each, in any order; empty: it does not say.
 * ERROR_SYSTEM, ERROR_OUT_OF_MEMORY; nothing is known then. */
int sources_keep(const struct project *project, struct slice lines, struct error *error);

/* A build has failed: until one has not, it may be for want of anything in the folder. */
void sources_doubt(const struct project *project);

/* Whether one of them was written at a time (of the system's clock) or after it. */
bool sources_are_newer(const struct project *project, uint64_t realtime_ns);

#endif
