/* SPDX-License-Identifier: Apache-2.0 */

/* The class Response (Fetch, 5.5). */

#ifndef FN0_JAVASCRIPT_RESPONSE_H
#define FN0_JAVASCRIPT_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "quickjs.h"

#include "body.h"
#include "engine.h"

struct response {
    struct message message;
    uint16_t status;     /* 0: a network error */
    JSValue status_text; /* a string, or undefined: empty */
    JSValue url;         /* the same */
    bool is_redirected;
    bool is_error; /* Response.error() */
    bool is_from_network;
};

/* Makes the class and puts its constructor on the global object. Returns 0 or -1 with an exception.
 */
int response_register(JSContext *context, JSValueConst global);

/* NULL where it is none, with no exception. */
struct response *response_of(JSContext *context, JSValueConst object);

/* An answer that came from outside. Its body is decoded when it is read, but for one to HEAD, whose
 * headers tell of a content that is not sent. Takes `headers` and `input` over, also where it
 * fails. */
JSValue response_of_host(struct engine *engine, uint16_t status, struct header_list *headers,
                         struct host_input *input, bool is_head);

/* What a fetch adds at its end: the last URL, and whether it was redirected to. */
void response_set_url(JSContext *context, struct response *response, JSValueConst url,
                      bool is_redirected);

#endif
