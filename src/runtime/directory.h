/* SPDX-License-Identifier: AGPL-3.0-only */

/* A worker's own table of functions. The catalog changes it by messages, so that a look-up takes no
 * lock.
 *
 * Life: made before its worker's loop runs, destroyed after that. Each worker has one, and they may
 * differ for a moment: a publication arrives at each when its loop comes to it.
 *
 * Worker's thread only, but for directory_publish. */

#ifndef FN0_RUNTIME_DIRECTORY_H
#define FN0_RUNTIME_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "base/slice.h"
#include "io/loop.h"
#include "runtime/version.h"

/* Where a function stands on a worker. */
enum function_state {
    FUNCTION_COMPILING, /* no version yet: its first calls wait */
    FUNCTION_READY,     /* has a version */
    FUNCTION_BROKEN,    /* its first and only version cannot be loaded: `code` says why */
};

/* A function on a worker. Read by whoever is on the worker's thread; changed by publications only,
 * but for `pool`. */
struct directory_entry {
    const char *name;
    enum function_state state;
    struct version
        *version; /* FUNCTION_READY: the current one; referenced by the entry. Else NULL */
    int code;     /* FUNCTION_BROKEN: ERROR_COMPONENT_… and the like. Else 0 */
    void *pool;   /* the executor's, for this function on this worker; NULL at first */
};

/* Told on the worker's loop, after an entry has been made or has changed, or right before a removed
 * one is freed (`removed`; its version is still there). `old` is the version before, or NULL;
 * released after the call. Nothing may be removed from the directory meanwhile. */
typedef void (*directory_changed)(void *context, struct directory_entry *entry, struct version *old,
                                  bool removed);

/* Who is told. Embedded in its owner, who fills the last two and takes it out before it is freed.
 * `link` is readied by directory_watch. */
struct directory_watcher {
    struct list link; /* the directory's own */
    directory_changed changed;
    void *context;
};

struct directory;

/* `loop` outlives it. The caller destroys *ret_directory, when the catalog has let go of it and
 * `loop` doesn't run any more. */
int directory_create(struct loop *loop, struct directory **ret_directory, struct error *error);

/* Tells the watchers of each entry as removed, and frees all. Publications that have not arrived
 * are forgotten; their `applied` is called. NULL is fine. */
void directory_destroy(struct directory *directory);

/* From now on the watcher is told, after those that came before it. Entries that are there already
 * are not told. */
void directory_watch(struct directory *directory, struct directory_watcher *watcher);

/* Takes a watcher out that is in; from within what it is told, too. */
void directory_unwatch(struct directory_watcher *watcher);

/* The entry of a name (lower case), or NULL. Valid until the loop goes round. */
struct directory_entry *directory_find(struct directory *directory, struct slice name);

/* How many entries there are. */
size_t directory_count(const struct directory *directory);

/* What the catalog says of one function. */
struct publication {
    const char *name;
    enum function_state state;
    bool removed;            /* the rest says nothing then */
    struct version *version; /* with FUNCTION_READY; the directory takes a reference of its own */
    int code;                /* with FUNCTION_BROKEN */
};

/* Sends a publication (copied) to the directory's worker. `applied` (may be NULL) is called on the
 * WORKER's thread after the entry has changed. Publications arrive in the order they were sent. The
 * first of a name makes its entry. ERROR_OUT_OF_MEMORY: nothing was sent. Any thread. */
int directory_publish(struct directory *directory, const struct publication *publication,
                      void (*applied)(void *context), void *context);

#endif
