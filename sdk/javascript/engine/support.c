/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <string.h>

int support_init(struct engine *engine)
{
    static const char *const names[] = {"buffer", "byteOffset", "byteLength"};
    JSContext *context = engine->context;
    JSValue global = JS_GetGlobalObject(context);
    JSValue constructor = JS_GetPropertyStr(context, global, "DataView");
    JSValue prototype = JS_GetPropertyStr(context, constructor, "prototype");
    int status = 0, index;

    for (index = 0; index < VIEW_GETTER_COUNT && status == 0; index++) {
        JSPropertyDescriptor descriptor;
        JSAtom name = JS_NewAtom(context, names[index]);
        if (name == JS_ATOM_NULL || JS_GetOwnProperty(context, &descriptor, prototype, name) <= 0) {
            status = -1;
        } else {
            engine->view_getters[index] = descriptor.getter;
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

JSValue support_throw_dom_exception(JSContext *context, const char *name, const char *message)
{
    JSValue words[] = {JS_NewString(context, message), JS_NewString(context, name)};
    JSValue error = JS_EXCEPTION;

    if (!JS_IsException(words[0]) && !JS_IsException(words[1])) {
        error =
            engine_hook(engine_of(context), HOOK_CREATE_DOM_EXCEPTION, 2, (JSValueConst *)words);
    }
    JS_FreeValue(context, words[0]);
    JS_FreeValue(context, words[1]);
    return JS_IsException(error) ? JS_EXCEPTION : JS_Throw(context, error);
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

static JSValue call_view_getter(JSContext *context, JSValueConst view, enum view_getter getter)
{
    return JS_Call(context, engine_of(context)->view_getters[getter], view, 0, NULL);
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
    offset = call_view_getter(context, value, VIEW_BYTE_OFFSET);
    size =
        JS_IsException(offset) ? JS_EXCEPTION : call_view_getter(context, value, VIEW_BYTE_LENGTH);
    if (JS_IsException(size))
        return JS_EXCEPTION;
    JS_ToInt64(context, &offset_number,
               offset); /* numbers, no objects: nothing to free or to run */
    JS_ToInt64(context, &size_number, size);
    *ret_offset = (size_t)offset_number;
    *ret_size = (size_t)size_number;
    return call_view_getter(context, value, VIEW_BUFFER);
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
