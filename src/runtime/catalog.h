/* SPDX-License-Identifier: AGPL-3.0-only */

/* The functions of a host: watches a code provider, compiles in the background what is new, and publishes versions to the workers' directories. Belongs to the
 * control loop (the main thread's); compiles on threads of its own.
 *
 * A replaced component is compiled while the old version answers; one line is logged when the last worker has swapped. A broken one is reported,
 * and the old version goes on. A file caught half-written is tried again when it is quiet. A removed one is unpublished. */

#ifndef FN0_RUNTIME_CATALOG_H
#define FN0_RUNTIME_CATALOG_H

#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "runtime/directory.h"
#include "runtime/engine.h"
#include "store/artifact_cache.h"
#include "store/code_provider.h"

struct catalog;

struct catalog_options {
    struct loop *loop;
    struct engine *engine;
    struct artifact_cache *cache;
    const struct code_provider *provider;
    const struct host_configuration *configuration;
    struct log *log;
    unsigned compile_threads;              /* 1 is enough: one compile uses several cores */
    struct directory *const *directories;  /* of all workers; outlive the catalog */
    size_t directory_count;
    /* Called once from the loop, before `settled`: every function that was there at the start has been published to the directories, at least as
     * compiling. From now on a name that is not found is not there. May be NULL. */
    void (*listed)(void *context);
    /* Called once from the loop: every function that was there at the start is either ready or broken. May be NULL. `broken` counts. */
    void (*settled)(void *context, size_t ready, size_t broken);
    void *context;
};

/* Starts it. The caller closes *ret_catalog. All in the options is borrowed and outlives it. */
int catalog_create(const struct catalog_options *options, struct catalog **ret_catalog, struct error *error);

/* Stops; a compile that runs is waited for without blocking the loop. `closed` is called from the loop as the last thing. */
void catalog_close(struct catalog *catalog, void (*closed)(void *context), void *context);

#endif
