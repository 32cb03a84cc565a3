/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the glue of the native library shares (url.c, encoding.c, compression.c, crypto.c): strings
 * and bytes of arguments, iterables, errors of the web.
 *
 * Conventions as QuickJS has them: JSValue is owned, JSValueConst borrowed; a negative return, NULL
 * or JS_EXCEPTION means that an exception is pending in the context. One thread, the context's.
 */
#ifndef FN0_JAVASCRIPT_SUPPORT_H
#define FN0_JAVASCRIPT_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

#include "engine.h"

/* A span of memory that belongs to somebody else. */
struct byte_span {
    const uint8_t *data;
    size_t size;
};

/* Takes what is needed of the language's own objects, before any script runs. 0, or -1 with an
 * exception. */
int support_init(struct engine *engine);

/* Throws a DOMException, which is the library's class. Always JS_EXCEPTION. */
JSValue support_throw_dom_exception(JSContext *context, const char *name, const char *message);

/*
 * A USVString: the value as UTF-8, each lone surrogate made U+FFFD. NULL with an exception; else
 * end it with JS_FreeCString. It is followed by a zero byte.
 */
const char *support_to_usv_string(JSContext *context, JSValueConst value, size_t *ret_size);

/*
 * The bytes of an ArrayBuffer or a view of one (a BufferSource): borrowed, until JavaScript runs
 * next. 1, or 0 when the value is none, or -1 with an exception. No script runs.
 */
int support_find_bytes(JSContext *context, JSValueConst value, struct byte_span *ret_bytes);

/* The same, but a value that is none throws a TypeError that names `what`. 0 or -1. */
int support_to_bytes(JSContext *context, JSValueConst value, const char *what,
                     struct byte_span *ret_bytes);

/* An ArrayBuffer that takes over `data`, which js_malloc gave. On failure `data` is
 * freed. */
JSValue support_take_array_buffer(JSContext *context, uint8_t *data, size_t size);

/* The same as a Uint8Array. */
JSValue support_take_uint8_array(JSContext *context, uint8_t *data, size_t size);

/* Calls item(context, opaque, value) for each value of an iterable; non-zero from it ends the loop
 * (the iterator is closed) and is handed on. `method` is iterable[Symbol.iterator]. 0, or what item
 * returned, or -1. */
int support_for_each(JSContext *context, JSValueConst iterable, JSValueConst method,
                     int (*item)(JSContext *context, void *opaque, JSValueConst value),
                     void *opaque);

#endif
