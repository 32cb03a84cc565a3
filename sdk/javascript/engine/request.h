/* SPDX-License-Identifier: Apache-2.0 */

/* The class Request (Fetch, 5.4). One that came from a client asks the host for its parts when they
 * are first looked at: a handler that looks at none costs none. */

#ifndef FN0_JAVASCRIPT_REQUEST_H
#define FN0_JAVASCRIPT_REQUEST_H

#include <stdbool.h>

#include "quickjs.h"

#include "body.h"
#include "engine.h"

struct request {
    struct message message;
    JSValue method;       /* undefined: to be asked of the host */
    JSValue url;          /* the same */
    JSValue signal;       /* undefined: made when it is asked for */
    bool is_body_decided; /* whether message.body says if there is one */
    /* What is kept as it was given, and means nothing on a server. */
    JSValue redirect;
    JSValue cache;
    JSValue credentials;
    JSValue mode;
    JSValue referrer;
    JSValue referrer_policy;
    JSValue integrity;
    bool keepalive;
};

/* Makes the class and puts its constructor on the global object. Returns 0 or -1 with an exception.
 */
int request_register(JSContext *context, JSValueConst global);

/* The request of a call. `handle` stays the call's: request_end before it drops it. */
JSValue request_of_host(struct engine *engine, host_handle handle);

/* The call has ended: what was not asked for can't be any more. */
void request_end(struct engine *engine, JSValueConst object);

/* Finds out whether a request from a client has a body, where that was not asked yet. Nothing for
 * other objects. Returns 0 or -1 with an exception. */
int request_decide_body(JSContext *context, JSValueConst object);

/* NULL where it is none, with no exception. */
struct request *request_of(JSContext *context, JSValueConst object);

/* A copy with a body of its own. A TypeError where it was read from. */
JSValue request_clone(JSContext *context, JSValueConst object);

/* The whole method; owned, or an exception. */
JSValue request_method(JSContext *context, struct request *request);

#endif
