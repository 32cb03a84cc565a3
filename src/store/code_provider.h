/* SPDX-License-Identifier: AGPL-3.0-only */

/* Where the code of functions comes from: a seam with several makes (a folder or file now, S3-compatible storage later). */

#ifndef FN0_STORE_CODE_PROVIDER_H
#define FN0_STORE_CODE_PROVIDER_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"
#include "io/loop.h"

/* Told on the provider's loop, first once for every function that is there, then for each change. */
struct code_provider_events {
    /* The function is new, or its component or its configuration may have changed (the content decides: read it). */
    void (*changed)(void *context, const char *name);
    void (*removed)(void *context, const char *name);
    /* All that is there has been told once. */
    void (*listed)(void *context);
};

/* One make. `self` is its own. */
struct code_provider {
    const char *kind; /* "directory", "file" */
    void *self;
    /* Begins to watch on `loop`; what is there already is told from the loop. */
    int (*start)(void *self, struct loop *loop, const struct code_provider_events *events, void *context, struct error *error);
    /* Reads a function's component and the text of its configuration (empty where it has none) into the buffers. Any thread, also several
     * at a time. ERROR_NOT_FOUND; ERROR_FULL when over the buffers' maxima. */
    int (*read)(void *self, const char *name, struct buffer *component, struct buffer *configuration, struct error *error);
    /* Where its component and its configuration are, for messages ("functions/hello.wasm"); static until destroy is called or the next call. */
    void (*describe)(void *self, const char *name, char *ret_component, char *ret_configuration, size_t bytes);
    /* Stops watching and frees all; `closed` is called from the loop as the last thing. */
    void (*close)(void *self, void (*closed)(void *context), void *context);
};

#endif
