/* SPDX-License-Identifier: AGPL-3.0-only */

/* The functions of a host: watches a code provider, has versions made in the background, and
 * publishes them to the workers' directories. Belongs to the control loop (the main thread's).
 *
 * A function is compiling until its first version is ready or found to be broken. A replaced
 * component is compiled while the old version answers; one line is logged when the last worker has
 * swapped. A broken one is reported, once for each content, and the old version goes on. What is
 * caught half-written is tried again when it is quiet, before it is reported. A change of the
 * configuration alone makes a new version and compiles nothing. A removed function is unpublished.
 *
 * What changes quickly is read when it has been quiet for CATALOG_QUIET_NS, at the latest after
 * CATALOG_QUIET_NS_MAX; the last content wins. */

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

/* A mapped component takes about 270 KB of memory (Rust's hello) and a descriptor. With up to so
 * many functions all are mapped at once, and a first call finds everything done; of more, each is
 * mapped by its first call, which costs it 0.2 ms (JavaScript's 1 ms). */
#define CATALOG_MAPPED_MAX 64

#define CATALOG_QUIET_NS 70000000ull
#define CATALOG_QUIET_NS_MAX 1000000000ull

struct catalog;

struct catalog_options {
    struct loop *loop;
    struct engine *engine;
    struct artifact_cache *cache;
    const struct code_provider *provider; /* not started; catalog_create starts it */
    const struct host_configuration *configuration;
    struct log *log;
    unsigned compile_threads;             /* 1 is enough: one compile uses several cores */
    struct directory *const *directories; /* of all workers; outlive the catalog */
    size_t directory_count;
    /* Called once from the loop, before `settled`: every function that was there at the start has
     * been published to the directories, at least as compiling. From now on a name that is not
     * found is not there. The server listens then, with a folder. May be NULL. */
    void (*listed)(void *context);
    /* Called once from the loop: every function that was there at the start is either ready or
     * broken, and all directories know. May be NULL. */
    void (*settled)(void *context, size_t ready, size_t broken);
    void *context;
};

/* Starts it, and the provider. All in the options is borrowed and outlives it; the struct itself
 * and the array are copied. The caller closes *ret_catalog. After a failure the provider is still
 * the caller's to close, before the loop runs. */
int catalog_create(const struct catalog_options *options, struct catalog **ret_catalog,
                   struct error *error);

/* Stops; a compile that runs is ended, and waited for without blocking the loop. The workers' loops
 * must run until then, or their directories be destroyed: what is on its way to them is waited for.
 * `closed` is called from the loop as the last thing; it must close the provider before it returns,
 * since nobody listens to that any more. */
void catalog_close(struct catalog *catalog, void (*closed)(void *context), void *context);

#endif
