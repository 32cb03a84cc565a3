/* SPDX-License-Identifier: AGPL-3.0-only */

/* How an engine of a language is told what to evaluate: its stdin is
 *
 *     fn0-javascript 1 STAGE NAME_BYTES SOURCE_BYTES MAP_BYTES\n
 *
 * and then name, source and source map (UTF-8) right behind one another. Any thread. */

#ifndef FN0_BUILDER_FRAME_H
#define FN0_BUILDER_FRAME_H

#include "base/buffer.h"
#include "base/slice.h"

/* What is evaluated. */
struct frame {
    const char *stage; /* "library": a part of the engine itself; "script": a function */
    struct slice name; /* as backtraces show it */
    struct slice source;
    struct slice map; /* may be empty */
};

/* Adds the frame. As buffer_append. */
int frame_append(struct buffer *buffer, const struct frame *frame);

#endif
