/* SPDX-License-Identifier: Apache-2.0 */

/* Carries a body from where it comes from to where it goes, piece by piece, holding one piece at a
 * time: that is the back-pressure.
 *
 * From: the host (a body that came in), a ReadableStream, or one piece that is there already.
 * To: the host (a body that goes out), or memory.
 *
 * A pump is an object of JavaScript's, which keeps itself alive until it is done; the promises that
 * it waits for hold it, too. It is a resource of the call: when that ends before the pump is done,
 * the pump closes and says so. */

#ifndef FN0_JAVASCRIPT_PUMP_H
#define FN0_JAVASCRIPT_PUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "quickjs.h"

#include "body_input.h"
#include "engine.h"
#include "host.h"

/* Where the pieces come from. One of the members says so, or none: then `first` is all. */
struct pump_source {
    JSValueConst holder;      /* keeps `input` alive; borrowed */
    struct body_input *input; /* or NULL */
    JSValueConst stream;      /* a ReadableStream, not locked; or undefined; borrowed */
    struct host_bytes first;  /* taken over (malloc); may be nothing */
};

struct pump;

/* Told once, at the end. `is_whole`: everything has gone. `is_closed`: the call has ended, and
 * nothing may be done but to free. Otherwise `error` (borrowed) is why, and `is_source_error` tells
 * whether the source failed or the sink. With memory as the sink `bytes` is what came: whoever
 * takes it over sets it to nothing. */
struct pump_result {
    bool is_whole;
    bool is_closed;
    bool is_source_error;
    JSValueConst error;
    struct host_bytes bytes;
};

typedef void (*pump_done)(struct engine *engine, void *context, JSValueConst target,
                          struct pump_result *result);

/* Registers the class. Returns 0 or -1. */
int pump_register(JSContext *context);

/* Begins to carry into `output` (taken over, finished or dropped by the pump), or into memory where
 * it is NULL. `done` may be called before this returns. `target` is kept alive for it. Returns 0,
 * or -1 with an exception: then nothing was begun, and `output` is still the caller's. */
int pump_begin(struct engine *engine, const struct pump_source *source, struct host_output *output,
               pump_done done, void *done_context, JSValueConst target);

#endif
