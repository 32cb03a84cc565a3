/* SPDX-License-Identifier: Apache-2.0 */

/* What Request and Response share (Fetch: the mixin Body): header list and body.
 *
 * A body stays what it was made of as long as nobody asks for its ReadableStream: a string, bytes,
 * or a body that comes from the host, which C reads and passes on without any JavaScript. */

#ifndef FN0_JAVASCRIPT_BODY_H
#define FN0_JAVASCRIPT_BODY_H

#include <stdbool.h>

#include "quickjs.h"

#include "body_input.h"
#include "engine.h"
#include "header_list.h"
#include "pump.h"

enum body_kind {
    BODY_NONE, /* null */
    BODY_TEXT,
    BODY_BYTES,
    BODY_INPUT,
    BODY_STREAM,
};

struct body {
    enum body_kind kind;
    bool is_used;             /* was read, or is being read, by C */
    JSValue text;             /* BODY_TEXT: a string */
    struct host_bytes bytes;  /* BODY_BYTES (malloc) */
    struct body_input *input; /* BODY_INPUT */
    JSValue stream;           /* its ReadableStream, or undefined where nobody has asked for it */
};

/* The first member of what stands behind a Request or Response. */
struct message {
    struct header_list *headers; /* NULL: a request's that has not been asked for */
    JSValue headers_object;      /* or undefined */
    host_handle request;         /* where the headers come from; none when the call has ended */
    struct body body;
};

/* Empty, without headers. */
void message_init(struct message *message);

/* Lets go of all that it holds; what is read of its body then fails. */
void message_fini(JSRuntime *runtime, struct message *message);

/* For the gc_mark of the class whose object holds it: tells the collector what it reaches. */
void message_mark(JSRuntime *runtime, struct message *message, JS_MarkFunc *mark);

/* Its header list, fetched from the host where nobody has asked before. NULL with an exception. */
struct header_list *message_headers(JSContext *context, struct message *message);

/* Fills an empty body from a value given as `body` (Fetch: extract a body). *ret_type is the
 * Content-Type it brings (malloc), or NULL. Returns 0 or -1 with an exception. */
int body_extract(struct engine *engine, JSValueConst value, struct body *body, char **ret_type);

/* Sets Content-Type where the message has none. Frees `type`, which may be NULL. Returns 0 or -1.
 */
int message_set_content_type(struct engine *engine, struct message *message, char *type);

/* Whether it was read from (bodyUsed). 1, 0, or -1 with an exception. */
int body_is_used(struct engine *engine, struct body *body);

/* Whether it was read from or its stream is locked: it cannot be read any more. */
int body_is_unusable(struct engine *engine, struct body *body);

/* The ReadableStream, made now where nobody has asked before; null where there is no body. `object`
 * is the message's own. */
JSValue body_stream(struct engine *engine, JSValueConst object, struct body *body);

/* Makes `to`, which is empty, a second body with the same content. Returns 0 or -1. */
int body_clone(struct engine *engine, JSValueConst object, struct body *body, struct body *to);

/* Moves the body of `object` into `to`, which is empty; `from` has been used then. Returns 0 or -1
 * with an exception. */
int body_take(struct engine *engine, JSValueConst object, struct body *from, struct body *to);

/* Begins to write the body to the host; see pump_begin. The body is there and not used. Returns as
 * pump_begin does. */
int body_send(struct engine *engine, JSValueConst object, struct body *body,
              struct host_output *output, pump_done done, void *done_context, JSValueConst target);

/* Its length in bytes, or -1 where it is not known. 0 for none. */
int64_t body_length(struct engine *engine, const struct body *body);

/* Puts text(), json(), arrayBuffer(), bytes(), blob(), formData(), body and bodyUsed on a
 * prototype. Returns 0 or -1. */
int body_define(JSContext *context, JSValueConst prototype);

/* The message behind a Request or Response; NULL and a TypeError where it is neither. */
struct message *message_of(JSContext *context, JSValueConst object);

#endif
