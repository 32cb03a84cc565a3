/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the glue of the native library shares (url.c, encoding.c, compression.c, crypto.c): strings
 * and bytes of arguments, classes, errors of the web.
 *
 * Conventions as QuickJS has them: JSValue is owned, JSValueConst borrowed; a negative return, NULL
 * or JS_EXCEPTION means that an exception is pending in the context. One thread, the context's.
 */
#ifndef FN0_JAVASCRIPT_SUPPORT_H
#define FN0_JAVASCRIPT_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Members of interfaces: Web IDL has them enumerable. */
#define MEMBER_METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)
#define MEMBER_GETTER(name, getter) \
    JS_CGETSET_DEF2(name, getter, NULL, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)
#define MEMBER_NAME(name) JS_PROP_STRING_DEF("[Symbol.toStringTag]", name, JS_PROP_CONFIGURABLE)

/* A span of memory that belongs to somebody else. */
struct byte_span {
    const uint8_t *data;
    size_t size;
};

/*
 * Keeps `native` (the object called fn0Native) for the functions below; each NAME_register calls it
 * first, and it does nothing the second time in a context. 0, or -1 with an exception.
 */
int support_init(JSContext *context, JSValueConst native);

/* Throws native.hooks.createDOMException(message, name), the library's class. Always JS_EXCEPTION.
 */
JSValue support_throw_dom_exception(JSContext *context, const char *name, const char *message);

/* native[name](argument), for what the engine's own C offers there. */
JSValue support_call_native(JSContext *context, const char *name, JSValueConst argument);

/* The key Symbol.iterator, borrowed. */
JSAtom support_iterator_symbol(JSContext *context);

/* %IteratorPrototype%, owned. */
JSValue support_iterator_prototype(JSContext *context);

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

/* An ArrayBuffer or Uint8Array that takes over `data`, which js_malloc gave. On failure `data` is
 * freed. */
JSValue support_take_array_buffer(JSContext *context, uint8_t *data, size_t size);
JSValue support_take_uint8_array(JSContext *context, uint8_t *data, size_t size);

/* Calls item(context, opaque, value) for each value of an iterable; non-zero from it ends the loop
 * (the iterator is closed) and is handed on. `method` is iterable[Symbol.iterator]. 0, or what item
 * returned, or -1. */
int support_for_each(JSContext *context, JSValueConst iterable, JSValueConst method,
                     int (*item)(JSContext *context, void *opaque, JSValueConst value),
                     void *opaque);

/* What an interface is: a class of QuickJS, its prototype's members, its constructor. */
struct support_interface {
    JSClassDef class_definition; /* its class_name is the interface's name */
    JSCFunction *constructor;    /* NULL: `new` throws "Illegal constructor" */
    int constructor_length;
    const JSCFunctionListEntry *members;
    int member_count;
    const JSCFunctionListEntry *statics;
    int static_count;
};

/*
 * Makes the class (its id is put into *class_id the first time), prototype and constructor, and
 * sets native[class_name] to the constructor. 0 or -1.
 */
int support_define_interface(JSContext *context, JSValueConst native, JSClassID *class_id,
                             const struct support_interface *interface);

/* An object of the class for a constructor called with new_target, so that a subclass works. */
JSValue support_new_object(JSContext *context, JSValueConst new_target, JSClassID class_id);

#endif
