/* SPDX-License-Identifier: AGPL-3.0-only */

/* Where the code of functions comes from: a seam with several makes (a folder or one file now,
 * S3-compatible storage later).
 *
 * A provider only says that something may have changed; who listens reads the content and decides
 * by its hash. So a provider may tell too much, but never too little.
 *
 * Life: a make's create function fills a struct code_provider; start; events come from the loop;
 * close. Threads: all but `read` on the loop's thread. */

#ifndef FN0_STORE_CODE_PROVIDER_H
#define FN0_STORE_CODE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"
#include "io/loop.h"

/* What a component may have at most. The largest in use (componentize-py) has 20 MB. */
#define CODE_COMPONENT_BYTES_MAX (256ull * 1024 * 1024)

/* What the text of a configuration may have at most. */
#define CODE_CONFIGURATION_BYTES_MAX (1024ull * 1024)

/* Told on the provider's loop, first once for every function that is there, then for each change.
 */
struct code_provider_events {
    /* The function is new, or its component or its configuration may have changed (the content
     * decides: read it). */
    void (*changed)(void *context, const char *name);
    /* Its component is gone. */
    void (*removed)(void *context, const char *name);
    /* All that is there has been told once. Comes once. */
    void (*listed)(void *context);
};

/* What was read of one function. Made by code_init; one thread. A component is megabytes that are
 * needed for a moment, so it lies in pages of its own, which code_fini gives back to the system. */
struct code {
    struct slice component;
    struct buffer configuration; /* empty where it has none */
    bool torn;  /* it changed while it was read: use nothing of it, read again when it is quiet */
    bool fresh; /* changed less than CODE_FRESH_NS ago: what makes no sense may be half-written */
};

/* How long after its last change a file may still be one that somebody writes. */
#define CODE_FRESH_NS 2000000000ull

/* Begins empty. */
void code_init(struct code *code);

/* Frees what it holds. */
void code_fini(struct code *code);

/* Makes room for a component of `bytes` (at most CODE_COMPONENT_BYTES_MAX), which `component` then
 * is; the caller fills *ret_room. Once for each code. ERROR_FULL; ERROR_OUT_OF_MEMORY. */
int code_reserve_component(struct code *code, size_t bytes, char **ret_room);

/* One make. `self` is its own. */
struct code_provider {
    const char *kind; /* "directory", "file" */
    void *self;
    /* Begins to watch on `loop`; what is there already is told from the loop, never from within.
     * `events` (copied) may come until `closed`. ERROR_NOT_FOUND where there is nothing to watch.
     */
    int (*start)(void *self, struct loop *loop, const struct code_provider_events *events,
                 void *context, struct error *error);
    /* Reads a function's component and configuration into `code`, which is empty. ERROR_NOT_FOUND;
     * ERROR_FULL when over the maxima; ERROR_SYSTEM. Any thread, also several at a time,
     * from start until close. */
    int (*read)(void *self, const char *name, struct code *code, struct error *error);
    /* Where its component and its configuration are, for messages ("functions/hello.wasm"): two
     * terminated strings of at most `bytes` bytes each, cut where longer. Any thread. */
    void (*describe)(void *self, const char *name, char *ret_component, char *ret_configuration,
                     size_t bytes);
    /* Stops watching and frees all; `closed` is called from the loop as the last thing, or at once
     * where it was never started. No `read` may be running. */
    void (*close)(void *self, void (*closed)(void *context), void *context);
};

#endif
