/* SPDX-License-Identifier: Apache-2.0 */

/* Classes as Web IDL wants them: members are enumerable, constructors want `new`, prototypes have a
 * name. */

#ifndef FN0_JAVASCRIPT_CLASS_H
#define FN0_JAVASCRIPT_CLASS_H

#include "quickjs.h"

/* Entries of a class's lists of members and statics: a method with the number of its arguments, a
 * getter, and both with a number (magic) that tells apart those that share a function. */
#define CLASS_METHOD(name, length, function) JS_CFUNC_DEF2(name, length, function, JS_PROP_C_W_E)

#define CLASS_METHOD_MAGIC(name_, length_, function, magic_)                                   \
    {                                                                                          \
        .name = name_, .prop_flags = JS_PROP_C_W_E, .def_type = JS_DEF_CFUNC, .magic = magic_, \
        .u.func = {                                                                            \
            length_,                                                                           \
            JS_CFUNC_generic_magic,                                                            \
            {.generic_magic = function}                                                        \
        }                                                                                      \
    }

#define CLASS_GETTER(name, get) \
    JS_CGETSET_DEF2(name, get, NULL, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

#define CLASS_GETTER_MAGIC(name_, get_, magic_)                                 \
    {                                                                           \
        .name = name_, .prop_flags = JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE, \
        .def_type = JS_DEF_CGETSET_MAGIC, .magic = magic_, .u.getset = {        \
            .get = {.getter_magic = get_},                                      \
            .set = {.setter = NULL}                                             \
        }                                                                       \
    }

/* What Object.prototype.toString shows. */
#define CLASS_NAME(name) JS_PROP_STRING_DEF("[Symbol.toStringTag]", name, JS_PROP_CONFIGURABLE)

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct class_definition {
    const char *name;
    JSClassDef class_def;
    JSCFunction *constructor; /* NULL: scripts cannot make one, and there is no name for it */
    int constructor_length;
    const JSCFunctionListEntry *members; /* of the prototype */
    int member_count;
    const JSCFunctionListEntry *statics; /* of the constructor */
    int static_count;
};

/* Makes the class, with a new number in *ret_id, and puts its constructor on `target` (where it is
 * not undefined). Returns 0 or -1 with an exception. */
int class_register(JSContext *context, JSValueConst target,
                   const struct class_definition *definition, JSClassID *ret_id);

/* Makes the objects of a class iterators as the language's are, which can be iterated themselves.
 * Returns 0 or -1. */
int class_inherit_from_iterator(JSContext *context, JSClassID class_id);

/* An object of the class for a constructor that was called with `new_target`: subclasses work. */
JSValue class_new(JSContext *context, JSValueConst new_target, JSClassID class_id);

#endif
