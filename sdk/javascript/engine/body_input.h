/* SPDX-License-Identifier: Apache-2.0 */

/* A body that comes from the host: of the request, or of an answer to an outgoing request. Opened
 * when it is first read, closed at its end, when its message is gone or the call ends. */

#ifndef FN0_JAVASCRIPT_BODY_INPUT_H
#define FN0_JAVASCRIPT_BODY_INPUT_H

#include <stdbool.h>

#include "content_coding.h"
#include "engine.h"
#include "host.h"

enum body_input_state {
    BODY_INPUT_UNOPENED, /* the request's, not yet asked for */
    BODY_INPUT_OPEN,
    BODY_INPUT_ENDED,  /* read to its end */
    BODY_INPUT_FAILED, /* broken, given up, or of a call that has ended */
};

struct body_input {
    struct resource resource;
    struct engine *engine;
    enum body_input_state state;
    host_handle request; /* where it is unopened; borrowed from the call */
    struct host_input input;
    struct content_coding *coding; /* what is read is decoded; NULL: as it comes */
    bool is_malformed;             /* it failed since it is not what its coding says */
    JSValue reason;                /* it was aborted; or undefined */
    struct wait wait;
    /* Who is told when there is something to read, and what it needs. */
    void (*ready)(void *context);
    void *ready_context;
};

/* Of the request of the running call. NULL: no memory. */
struct body_input *body_input_of_request(struct engine *engine, host_handle request);

/* Takes `input` over, and `coding`, which may be NULL. NULL: no memory, and both are gone. */
struct body_input *body_input_of_host(struct engine *engine, struct host_input *input,
                                      struct content_coding *coding);

/* NULL is fine. Gives up what has not been read. */
void body_input_destroy(struct body_input *input);

/* Reads a piece (malloc). HOST_WAIT: use body_input_wait. */
enum host_result body_input_read(struct body_input *input, struct host_bytes *ret_bytes);

/* Throws why it has failed: what it was aborted with, else a TypeError. Always JS_EXCEPTION. */
JSValue body_input_throw(const struct body_input *input);

/* Gives it up: reading it fails with `reason` from now on. Whoever waits is told, by the loop.
 * Nothing where it has ended. */
void body_input_abort(struct body_input *input, JSValueConst reason);

/* From now on it is read as it comes, not decoded. Only before anything was read. */
void body_input_leave_encoded(struct body_input *input);

/* Calls `ready` once when there is something to read, its end included. One waits at a time. */
void body_input_wait(struct body_input *input, void (*ready)(void *context), void *context);

/* Whoever waits is not told any more. Nothing where nobody waits. */
void body_input_cancel_wait(struct body_input *input);

/* Gives it up: reading it fails from now on. */
void body_input_close(struct body_input *input);

#endif
