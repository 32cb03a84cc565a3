/* SPDX-License-Identifier: AGPL-3.0-only */

/* Watches a folder of components, or one component in it, and tells what changed: what the
 * providers `directory` and `file` share.
 *
 * Two ways of noticing: inotify, which is prompt but silent on network file systems and about links
 * that are switched further up; and a look at all files once a second (device, inode, size, times
 * in ns). Looks run on libuv's threads, so that a file system that hangs does not stop the loop.
 *
 * What is seen to change is told again two seconds later, because a clock of the file system may
 * tick too slowly to tell two writes apart. A missing file is told as removed only when it is still
 * missing after WATCH_REMOVAL_NS, since some tools remove before they write; a missing folder after
 * WATCH_FOLDER_REMOVAL_NS. A folder that cannot be read for another reason changes nothing.
 *
 * Everything on the loop's thread. */

#ifndef FN0_STORE_FOLDER_WATCH_H
#define FN0_STORE_FOLDER_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "io/loop.h"
#include "store/code_provider.h"

/* Between two looks when nothing is told by inotify. */
#define WATCH_INTERVAL_NS 1000000000ull

/* From an event of inotify to the look: a burst is one look. */
#define WATCH_GATHER_NS 30000000ull

/* The same for a component that may be missing: whoever builds it puts it there whole, and a person
 * waits for it. */
#define WATCH_GATHER_SOON_NS 2000000ull

/* See above. */
#define WATCH_REMOVAL_NS 200000000ull
#define WATCH_FOLDER_REMOVAL_NS 2000000000ull

struct folder_watch;

struct folder_watch_options {
    const char *folder;        /* copied, as the others */
    const char *component;     /* file name of the only component; NULL: each NAME.wasm is one */
    const char *configuration; /* file name of its configuration; NULL with `component` NULL */
    const char *name;          /* what the only component is called; NULL with `component` NULL */
    bool may_be_missing;       /* the only component may come later */
    struct log *log;           /* borrowed */
};

/* Begins to watch; the first look is told from the loop. ERROR_NOT_FOUND where the folder or the
 * only component is not there (unless that may be). The caller closes *ret_watch. */
int folder_watch_create(struct loop *loop, const struct folder_watch_options *options,
                        const struct code_provider_events *events, void *context,
                        struct folder_watch **ret_watch, struct error *error);

/* Nothing is told any more; `closed` is called from the loop as the last thing. */
void folder_watch_close(struct folder_watch *watch, void (*closed)(void *context), void *context);

#endif
