/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes versions of functions in the background: reads component and configuration, finds or
 * compiles the artifact, maps it once to see that it loads. Holds no state of functions: the
 * catalog asks for loads and decides what comes of them.
 *
 * Life: create, loads, close. A load is its owner's before loader_submit and from `finished` on,
 * and nobody may touch it in between; each that was submitted is finished exactly once.
 *
 * Threads: a few of its own, at low priority (nice 10), so that compiling takes what serving
 * leaves. What wasmtime starts for compiling inherits that. All functions here are for the loop's
 * thread. */

#ifndef FN0_RUNTIME_LOADER_H
#define FN0_RUNTIME_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/list.h"
#include "base/log.h"
#include "base/sha256.h"
#include "io/loop.h"
#include "runtime/engine.h"
#include "runtime/version.h"
#include "store/artifact_cache.h"
#include "store/code_provider.h"

struct loader;
struct loader_thread;

/* What a loader works with. All is borrowed and outlives it. */
struct loader_options {
    struct loop *loop;
    struct engine *engine;
    struct artifact_cache *cache;
    const struct code_provider *provider; /* started */
    const struct host_configuration *configuration;
    struct log *log;
    unsigned threads; /* at least 1 */
};

/* What a function was made from: hashes of the two files, as they were read. Two that are known and
 * equal make the same version. */
struct source {
    bool known;
    uint8_t component[SHA256_BYTES];
    uint8_t configuration[SHA256_BYTES];
};

/* What came of a load. */
enum load_outcome {
    LOAD_READY,     /* `version` is new */
    LOAD_UNCHANGED, /* the same source as `current` */
    LOAD_KNOWN,     /* the same source as `refused` */
    LOAD_AGAIN,     /* somebody is writing it: try again when it is quiet */
    LOAD_GONE,      /* there is no component */
    LOAD_FAILED,    /* `error` says why */
};

/* One load. The owner makes it, fills the first part, and frees it when it has finished. */
struct load {
    const char *name;      /* of the function; stays until finished */
    struct source current; /* of the version that serves */
    struct source refused; /* what was reported as broken already */
    bool keep_mapped;      /* else the version's component is mapped when it is first called */
    void (*finished)(struct load *load);
    void *context; /* the owner's */

    /* The answer. */
    enum load_outcome outcome;
    struct source source;    /* known unless reading failed */
    struct version *version; /* LOAD_READY: one reference, the owner's now */
    bool compiled;           /* no artifact was cached */
    uint64_t compile_ns;     /* wall time */
    struct error error;      /* LOAD_FAILED */

    /* The loader's own. */
    struct loader *loader;
    struct loader_thread *thread; /* that runs it */
    struct list link;
    struct loop_message message;
};

/* Starts the threads. All in the options is borrowed and outlives it. ERROR_OUT_OF_MEMORY, or
 * ERROR_SYSTEM where there can be no more threads; none of its threads is left then. The caller
 * closes *ret_loader. */
int loader_create(const struct loader_options *options, struct loader **ret_loader,
                  struct error *error);

/* Queues a load, behind those before it; `finished` is called from the loop, never from within. Not
 * after loader_close. */
void loader_submit(struct loader *loader, struct load *load);

/* Ends compiles that run, and waits for their loads without blocking the loop; loads that wait in
 * the queue finish as LOAD_AGAIN. `closed` is called from the loop after the last `finished`. */
void loader_close(struct loader *loader, void (*closed)(void *context), void *context);

#endif
