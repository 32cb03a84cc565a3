/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <string.h>

/* What is kept for each context: an object in the place where a class keeps its prototype. */
struct state {
    JSValue native;
    JSValue view_getters[3]; /* DataView's own, in the order of view_getter_names: called, they run
                                no script */
    JSAtom iterator_symbol;
};

static const char *const view_getter_names[] = {"buffer", "byteOffset", "byteLength"};

static JSClassID state_class;

static void state_finalize(JSRuntime *runtime, JSValueConst value)
{
    struct state *state = JS_GetOpaque(value, state_class);
    int index;

    if (state == NULL)
        return;
    JS_FreeValueRT(runtime, state->native);
    for (index = 0; index < COUNT_OF(view_getter_names); index++)
        JS_FreeValueRT(runtime, state->view_getters[index]);
    JS_FreeAtomRT(runtime, state->iterator_symbol);
    js_free_rt(runtime, state);
}

static void state_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    struct state *state = JS_GetOpaque(value, state_class);
    int index;

    if (state == NULL)
        return;
    JS_MarkValue(runtime, state->native, mark);
    for (index = 0; index < COUNT_OF(view_getter_names); index++)
        JS_MarkValue(runtime, state->view_getters[index], mark);
}

static const JSClassDef state_definition = {
    .class_name = "fn0 support",
    .finalizer = state_finalize,
    .gc_mark = state_mark,
};

/* The state lives as long as the context, whose place for prototypes holds it. */
static struct state *state_of(JSContext *context)
{
    JSValue holder = JS_GetClassProto(context, state_class);
    struct state *state = JS_GetOpaque(holder, state_class);
    JS_FreeValue(context, holder);
    return state;
}

static JSAtom find_iterator_symbol(JSContext *context)
{
    JSValue global = JS_GetGlobalObject(context);
    JSValue constructor = JS_GetPropertyStr(context, global, "Symbol");
    JSValue symbol = JS_GetPropertyStr(context, constructor, "iterator");
    JSAtom atom = JS_IsException(symbol) ? JS_ATOM_NULL : JS_ValueToAtom(context, symbol);
    JS_FreeValue(context, symbol);
    JS_FreeValue(context, constructor);
    JS_FreeValue(context, global);
    return atom;
}

/* The getters of DataView.prototype, before any script can change them. 0 or -1. */
static int find_view_getters(JSContext *context, JSValue *getters)
{
    JSValue global = JS_GetGlobalObject(context);
    JSValue constructor = JS_GetPropertyStr(context, global, "DataView");
    JSValue prototype = JS_GetPropertyStr(context, constructor, "prototype");
    int status = 0, index;

    for (index = 0; index < COUNT_OF(view_getter_names) && status == 0; index++) {
        JSPropertyDescriptor descriptor;
        JSAtom name = JS_NewAtom(context, view_getter_names[index]);
        if (name == JS_ATOM_NULL || JS_GetOwnProperty(context, &descriptor, prototype, name) <= 0) {
            status = -1;
        } else {
            getters[index] = descriptor.getter;
            JS_FreeValue(context, descriptor.value);
            JS_FreeValue(context, descriptor.setter);
        }
        JS_FreeAtom(context, name);
    }
    JS_FreeValue(context, prototype);
    JS_FreeValue(context, constructor);
    JS_FreeValue(context, global);
    return status;
}

int support_init(JSContext *context, JSValueConst native)
{
    JSRuntime *runtime = JS_GetRuntime(context);
    JSValue holder;
    struct state *state;
    int index;

    JS_NewClassID(runtime, &state_class);
    if (JS_IsRegisteredClass(runtime, state_class)) {
        if (state_of(context) != NULL)
            return 0;
    } else if (JS_NewClass(runtime, state_class, &state_definition) < 0) {
        return -1;
    }
    holder = JS_NewObjectProtoClass(context, JS_NULL, state_class);
    if (JS_IsException(holder))
        return -1;
    state = js_mallocz(context, sizeof(*state));
    if (state == NULL)
        goto failed;
    for (index = 0; index < COUNT_OF(view_getter_names); index++)
        state->view_getters[index] = JS_UNDEFINED;
    state->native = JS_DupValue(context, native);
    JS_SetOpaque(holder, state);
    state->iterator_symbol = find_iterator_symbol(context);
    if (state->iterator_symbol == JS_ATOM_NULL ||
        find_view_getters(context, state->view_getters) < 0)
        goto failed;
    JS_SetClassProto(context, state_class, holder);
    return 0;

failed:
    JS_FreeValue(context, holder);
    return -1;
}

JSValue support_throw_dom_exception(JSContext *context, const char *name, const char *message)
{
    JSValue hooks = JS_GetPropertyStr(context, state_of(context)->native, "hooks");
    JSValue create = JS_GetPropertyStr(context, hooks, "createDOMException");
    JSValue words[2] = {JS_NewString(context, message), JS_NewString(context, name)};
    JSValue error = JS_EXCEPTION;

    if (!JS_IsException(create) && !JS_IsException(words[0]) && !JS_IsException(words[1])) {
        error = JS_Call(context, create, hooks, 2, (JSValueConst *)words);
    }
    JS_FreeValue(context, words[0]);
    JS_FreeValue(context, words[1]);
    JS_FreeValue(context, create);
    JS_FreeValue(context, hooks);
    return JS_IsException(error) ? JS_EXCEPTION : JS_Throw(context, error);
}

JSValue support_call_native(JSContext *context, const char *name, JSValueConst argument)
{
    JSValueConst native = state_of(context)->native;
    JSValue function = JS_GetPropertyStr(context, native, name);
    JSValue result;
    if (JS_IsException(function))
        return JS_EXCEPTION;
    result = JS_Call(context, function, native, 1, &argument);
    JS_FreeValue(context, function);
    return result;
}

JSAtom support_iterator_symbol(JSContext *context)
{
    return state_of(context)->iterator_symbol;
}

JSValue support_iterator_prototype(JSContext *context)
{
    JSValue array = JS_NewArray(context);
    JSValue method = JS_GetProperty(context, array, support_iterator_symbol(context));
    JSValue iterator =
        JS_IsException(method) ? JS_EXCEPTION : JS_Call(context, method, array, 0, NULL);
    JSValue array_iterator_prototype =
        JS_IsException(iterator) ? JS_EXCEPTION : JS_GetPrototype(context, iterator);
    JSValue prototype = JS_IsException(array_iterator_prototype)
                            ? JS_EXCEPTION
                            : JS_GetPrototype(context, array_iterator_prototype);
    JS_FreeValue(context, array_iterator_prototype);
    JS_FreeValue(context, iterator);
    JS_FreeValue(context, method);
    JS_FreeValue(context, array);
    return prototype;
}

/* Where the next lone surrogate is, encoded as three bytes as QuickJS does; NULL if there is none.
 */
static const char *find_surrogate(const char *text, const char *end)
{
    while ((text = memchr(text, 0xED, (size_t)(end - text))) != NULL) {
        if ((unsigned char)text[1] >= 0xA0)
            return text;
        text++;
    }
    return NULL;
}

static const char *without_surrogates(JSContext *context, const char *text, size_t *size)
{
    char *copy = js_malloc(context, *size + 1);
    JSValue clean;
    char *found;
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, *size + 1);
    for (found = copy; (found = (char *)find_surrogate(found, copy + *size)) != NULL; found += 3) {
        memcpy(found, "\xEF\xBF\xBD", 3);
    }
    clean = JS_NewStringLen(context, copy, *size);
    js_free(context, copy);
    if (JS_IsException(clean))
        return NULL;
    text = JS_ToCStringLen(context, size, clean);
    JS_FreeValue(context, clean);
    return text;
}

const char *support_to_usv_string(JSContext *context, JSValueConst value, size_t *ret_size)
{
    const char *text = JS_ToCStringLen(context, ret_size, value);
    const char *clean;
    if (text == NULL || find_surrogate(text, text + *ret_size) == NULL)
        return text;
    clean = without_surrogates(context, text, ret_size);
    JS_FreeCString(context, text);
    return clean;
}

static JSValue call_view_getter(JSContext *context, JSValueConst view, int index)
{
    return JS_Call(context, state_of(context)->view_getters[index], view, 0, NULL);
}

/* The buffer behind a view, owned, and the view's place in it. JS_UNDEFINED when the value is no
 * view. */
static JSValue buffer_of_view(JSContext *context, JSValueConst value, size_t *ret_offset,
                              size_t *ret_size)
{
    JSValue offset, size;
    int64_t offset_number = 0, size_number = 0;

    if (JS_GetTypedArrayType(value) >= 0) {
        return JS_GetTypedArrayBuffer(context, value, ret_offset, ret_size, NULL);
    }
    if (!JS_IsDataView(value))
        return JS_UNDEFINED;
    offset = call_view_getter(context, value, 1);
    size = JS_IsException(offset) ? JS_EXCEPTION : call_view_getter(context, value, 2);
    if (JS_IsException(size))
        return JS_EXCEPTION;
    JS_ToInt64(context, &offset_number,
               offset); /* numbers, no objects: nothing to free or to run */
    JS_ToInt64(context, &size_number, size);
    *ret_offset = (size_t)offset_number;
    *ret_size = (size_t)size_number;
    return call_view_getter(context, value, 0);
}

int support_find_bytes(JSContext *context, JSValueConst value, struct byte_span *ret_bytes)
{
    size_t offset = 0, size = 0, whole = 0;
    const uint8_t *data;
    JSValue buffer;

    *ret_bytes = (struct byte_span){NULL, 0};
    if (!JS_IsObject(value))
        return 0;
    if (JS_IsArrayBuffer(value)) {
        data = JS_GetArrayBuffer(context, &ret_bytes->size, value);
        if (data == NULL && JS_HasException(context))
            return -1;
        ret_bytes->data = data;
        return 1;
    }
    buffer = buffer_of_view(context, value, &offset, &size);
    if (JS_IsUndefined(buffer))
        return 0;
    if (JS_IsException(buffer))
        return -1;
    data = JS_GetArrayBuffer(context, &whole, buffer);
    JS_FreeValue(context, buffer); /* the view holds it */
    if (data == NULL && JS_HasException(context))
        return -1;
    if (offset > whole)
        return 1;
    *ret_bytes = (struct byte_span){data + offset, size < whole - offset ? size : whole - offset};
    return 1;
}

int support_to_bytes(JSContext *context, JSValueConst value, const char *what,
                     struct byte_span *ret_bytes)
{
    int found = support_find_bytes(context, value, ret_bytes);
    if (found == 0)
        JS_ThrowTypeError(context, "%s must be an ArrayBuffer or a view of one", what);
    return found == 1 ? 0 : -1;
}

static void *reallocate_buffer(JSRuntime *runtime, void *opaque, void *data, size_t size)
{
    (void)opaque;
    if (size == 0) {
        js_free_rt(runtime, data);
        return NULL;
    }
    return js_realloc_rt(runtime, data, size);
}

JSValue support_take_array_buffer(JSContext *context, uint8_t *data, size_t size)
{
    JSValue buffer = JS_NewArrayBuffer(context, data, size, 0, reallocate_buffer, NULL, false);
    if (JS_IsException(buffer))
        js_free(context, data);
    return buffer;
}

JSValue support_take_uint8_array(JSContext *context, uint8_t *data, size_t size)
{
    JSValue buffer = support_take_array_buffer(context, data, size);
    JSValue array;
    if (JS_IsException(buffer))
        return JS_EXCEPTION;
    array = JS_NewTypedArray(context, 1, (JSValueConst *)&buffer, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(context, buffer);
    return array;
}

/* What iterator.next() of one step gave: 1 and the value, or 0 at the end, or -1. */
static int iterator_step(JSContext *context, JSValueConst iterator, JSValueConst next,
                         JSValue *ret_value)
{
    JSValue result = JS_Call(context, next, iterator, 0, NULL);
    JSValue done;
    int is_done;

    *ret_value = JS_UNDEFINED;
    if (JS_IsException(result))
        return -1;
    if (!JS_IsObject(result)) {
        JS_FreeValue(context, result);
        JS_ThrowTypeError(context, "the iterator's result is not an object");
        return -1;
    }
    done = JS_GetPropertyStr(context, result, "done");
    is_done = JS_ToBool(context, done);
    JS_FreeValue(context, done);
    if (is_done == 0) {
        *ret_value = JS_GetPropertyStr(context, result, "value");
        if (JS_IsException(*ret_value))
            is_done = -1;
    }
    JS_FreeValue(context, result);
    return is_done < 0 ? -1 : !is_done;
}

/* Calls iterator.return(), keeping the exception that is pending. */
static void iterator_close(JSContext *context, JSValueConst iterator)
{
    JSValue pending = JS_GetException(context);
    JSValue method = JS_GetPropertyStr(context, iterator, "return");
    if (JS_IsFunction(context, method)) {
        JS_FreeValue(context, JS_Call(context, method, iterator, 0, NULL));
    }
    JS_FreeValue(context, method);
    JS_FreeValue(context, JS_GetException(context));
    JS_Throw(context, pending);
}

int support_for_each(JSContext *context, JSValueConst iterable, JSValueConst method,
                     int (*item)(JSContext *context, void *opaque, JSValueConst value),
                     void *opaque)
{
    JSValue iterator = JS_Call(context, method, iterable, 0, NULL);
    JSValue next, value;
    int status;

    if (JS_IsException(iterator))
        return -1;
    if (!JS_IsObject(iterator)) {
        JS_FreeValue(context, iterator);
        JS_ThrowTypeError(context, "the iterator is not an object");
        return -1;
    }
    next = JS_GetPropertyStr(context, iterator, "next");
    status = JS_IsException(next) ? -1 : 1;
    while (status > 0 && (status = iterator_step(context, iterator, next, &value)) > 0) {
        int answer = item(context, opaque, value);
        JS_FreeValue(context, value);
        if (answer != 0) {
            iterator_close(context, iterator);
            status = answer;
            break;
        }
    }
    JS_FreeValue(context, next);
    JS_FreeValue(context, iterator);
    return status;
}

static JSValue throw_illegal_constructor(JSContext *context, JSValueConst new_target,
                                         int argument_count, JSValueConst *arguments)
{
    (void)new_target, (void)argument_count, (void)arguments;
    return JS_ThrowTypeError(context, "Illegal constructor");
}

int support_define_interface(JSContext *context, JSValueConst native, JSClassID *class_id,
                             const struct support_interface *interface)
{
    JSRuntime *runtime = JS_GetRuntime(context);
    const char *name = interface->class_definition.class_name;
    JSCFunction *call =
        interface->constructor != NULL ? interface->constructor : throw_illegal_constructor;
    JSValue prototype, constructor;

    JS_NewClassID(runtime, class_id);
    if (!JS_IsRegisteredClass(runtime, *class_id) &&
        JS_NewClass(runtime, *class_id, &interface->class_definition) < 0) {
        return -1;
    }
    prototype = JS_NewObject(context);
    if (JS_IsException(prototype))
        return -1;
    constructor = JS_NewCFunction2(context, call, name, interface->constructor_length,
                                   JS_CFUNC_constructor, 0);
    if (JS_IsException(constructor) ||
        JS_SetPropertyFunctionList(context, prototype, interface->members,
                                   interface->member_count) < 0 ||
        JS_SetPropertyFunctionList(context, constructor, interface->statics,
                                   interface->static_count) < 0 ||
        JS_SetConstructor(context, constructor, prototype) < 0) {
        JS_FreeValue(context, prototype);
        JS_FreeValue(context, constructor);
        return -1;
    }
    JS_SetClassProto(context, *class_id, prototype);
    return JS_SetPropertyStr(context, native, name, constructor) < 0 ? -1 : 0;
}

JSValue support_new_object(JSContext *context, JSValueConst new_target, JSClassID class_id)
{
    JSValue prototype = JS_GetPropertyStr(context, new_target, "prototype");
    JSValue object;
    if (JS_IsException(prototype))
        return JS_EXCEPTION;
    if (!JS_IsObject(prototype)) {
        JS_FreeValue(context, prototype);
        prototype = JS_GetClassProto(context, class_id);
    }
    object = JS_NewObjectProtoClass(context, prototype, class_id);
    JS_FreeValue(context, prototype);
    return object;
}
