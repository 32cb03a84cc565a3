/* SPDX-License-Identifier: Apache-2.0 */

#include "headers.h"

#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "conversion.h"
#include "engine.h"

static struct header_list *list_of(JSContext *context, JSValueConst object)
{
    return JS_GetOpaque2(context, object, engine_of(context)->classes.headers);
}

static void finalize(JSRuntime *runtime, JSValueConst object)
{
    JSClassID class_id;
    (void)runtime;
    header_list_release(JS_GetAnyOpaque(object, &class_id));
}

JSValue headers_new(JSContext *context, struct header_list *list)
{
    JSValue object = JS_NewObjectClass(context, engine_of(context)->classes.headers);
    if (!JS_IsException(object))
        JS_SetOpaque(object, header_list_reference(list));
    return object;
}

/* ---- Names and values -------------------------------------------------------------------------
 */

/* Reads a name. The caller frees *ret_bytes' data. */
static int read_name(JSContext *context, JSValueConst value, struct host_bytes *ret_bytes)
{
    if (conversion_to_byte_string(context, value, "the header's name", ret_bytes) != 0)
        return -1;
    if (header_name_is_valid((struct text){(char *)ret_bytes->data, ret_bytes->bytes}))
        return 0;
    JS_ThrowTypeError(context, "\"%s\" is not a valid header name", (char *)ret_bytes->data);
    free(ret_bytes->data);
    return -1;
}

/* Reads a value, trimmed: *ret_value lies in *ret_bytes, which the caller frees. */
static int read_value(JSContext *context, JSValueConst value, struct host_bytes *ret_bytes,
                      struct text *ret_value)
{
    if (conversion_to_byte_string(context, value, "the header's value", ret_bytes) != 0)
        return -1;
    *ret_value = header_value_trim((struct text){(char *)ret_bytes->data, ret_bytes->bytes});
    if (header_value_is_valid(*ret_value))
        return 0;
    JS_ThrowTypeError(context, "the header's value has a line break or a zero: it cannot be sent");
    free(ret_bytes->data);
    return -1;
}

static int change(JSContext *context, struct header_list *list, JSValueConst name_value,
                  JSValueConst value_value,
                  bool (*verb)(struct header_list *list, struct text name, struct text value))
{
    struct host_bytes name, value;
    struct text trimmed;
    if (read_name(context, name_value, &name) != 0)
        return -1;
    int result = read_value(context, value_value, &value, &trimmed);
    if (result == 0 && list->immutable) {
        JS_ThrowTypeError(context, "these headers are immutable: copy them with new Headers(…)");
        result = -1;
        free(value.data);
    } else if (result == 0) {
        if (!verb(list, (struct text){(char *)name.data, name.bytes}, trimmed)) {
            JS_ThrowOutOfMemory(context);
            result = -1;
        }
        free(value.data);
    }
    free(name.data);
    return result;
}

/* ---- HeadersInit ------------------------------------------------------------------------------
 */

/* One pair of a sequence. */
static int append_pair(JSContext *context, struct header_list *list, JSValueConst pair)
{
    int64_t length = 0;
    if (!JS_IsObject(pair) || JS_GetLength(context, pair, &length) != 0 || length != 2) {
        if (!JS_HasException(context))
            JS_ThrowTypeError(context, "each header must be a pair of name and value");
        return -1;
    }
    JSValue name = JS_GetPropertyUint32(context, pair, 0);
    JSValue value = JS_GetPropertyUint32(context, pair, 1);
    int result = JS_IsException(name) || JS_IsException(value)
                     ? -1
                     : change(context, list, name, value, header_list_append);
    JS_FreeValue(context, name);
    JS_FreeValue(context, value);
    return result;
}

/* Any iterable of pairs: `next` until it is done. */
static int fill_from_iterator(JSContext *context, struct header_list *list, JSValueConst iterator)
{
    struct engine *engine = engine_of(context);
    int result = 0;
    JSValue next = JS_GetPropertyStr(context, iterator, "next");
    while (result == 0) {
        JSValue step = JS_Call(context, next, iterator, 0, NULL);
        if (JS_IsException(step)) {
            result = -1;
            break;
        }
        JSValue done = JS_GetProperty(context, step, engine->atoms[ATOM_DONE]);
        int is_done = JS_ToBool(context, done);
        JS_FreeValue(context, done);
        if (is_done == 0) {
            JSValue pair = JS_GetProperty(context, step, engine->atoms[ATOM_VALUE]);
            result = JS_IsException(pair) ? -1 : append_pair(context, list, pair);
            JS_FreeValue(context, pair);
        }
        JS_FreeValue(context, step);
        if (is_done != 0) {
            result = is_done < 0 ? -1 : 0;
            break;
        }
    }
    JS_FreeValue(context, next);
    return result;
}

static int fill_from_record(JSContext *context, struct header_list *list, JSValueConst record)
{
    JSPropertyEnum *properties;
    uint32_t count;
    int result = 0;
    if (JS_GetOwnPropertyNames(context, &properties, &count, record,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) != 0)
        return -1;
    for (uint32_t i = 0; i < count && result == 0; i++) {
        JSValue name = JS_AtomToString(context, properties[i].atom);
        JSValue value = JS_GetProperty(context, record, properties[i].atom);
        result = JS_IsException(name) || JS_IsException(value)
                     ? -1
                     : change(context, list, name, value, header_list_append);
        JS_FreeValue(context, name);
        JS_FreeValue(context, value);
    }
    JS_FreePropertyEnum(context, properties, count);
    return result;
}

static int fill_from_list(JSContext *context, struct header_list *list,
                          const struct header_list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!header_list_append(list, header_name(&from->items[i]),
                                header_value(&from->items[i]))) {
            JS_ThrowOutOfMemory(context);
            return -1;
        }
    }
    return 0;
}

int headers_fill(JSContext *context, struct header_list *list, JSValueConst init)
{
    const struct header_list *from = JS_GetOpaque(init, engine_of(context)->classes.headers);
    if (from != NULL)
        return fill_from_list(context, list, from);
    if (!JS_IsObject(init)) {
        JS_ThrowTypeError(context, "headers must be a Headers, a list of pairs or an object");
        return -1;
    }
    JSValue method = JS_GetProperty(context, init, engine_of(context)->symbol_iterator);
    if (JS_IsException(method))
        return -1;
    if (JS_IsUndefined(method) || JS_IsNull(method)) {
        JS_FreeValue(context, method);
        return fill_from_record(context, list, init);
    }
    JSValue iterator = JS_Call(context, method, init, 0, NULL);
    JS_FreeValue(context, method);
    if (JS_IsException(iterator))
        return -1;
    int result = fill_from_iterator(context, list, iterator);
    JS_FreeValue(context, iterator);
    return result;
}

/* ---- Members ----------------------------------------------------------------------------------
 */

static JSValue js_constructor(JSContext *context, JSValueConst new_target, int argument_count,
                              JSValueConst *arguments)
{
    JSValue object = class_new(context, new_target, engine_of(context)->classes.headers);
    if (JS_IsException(object))
        return object;
    struct header_list *list = header_list_create();
    if (list == NULL) {
        JS_FreeValue(context, object);
        return JS_ThrowOutOfMemory(context);
    }
    JS_SetOpaque(object, list);
    if (argument_count > 0 && !JS_IsUndefined(arguments[0]) &&
        headers_fill(context, list, arguments[0]) != 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    return object;
}

static int need_arguments(JSContext *context, int count, int needed, const char *function)
{
    if (count >= needed)
        return 0;
    JS_ThrowTypeError(context, "%s needs %d argument%s, %d given", function, needed,
                      needed == 1 ? "" : "s", count);
    return -1;
}

static JSValue js_append(JSContext *context, JSValueConst this_value, int argument_count,
                         JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    if (list == NULL || need_arguments(context, argument_count, 2, "Headers.append") != 0 ||
        change(context, list, arguments[0], arguments[1], header_list_append) != 0)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

static JSValue js_set(JSContext *context, JSValueConst this_value, int argument_count,
                      JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    if (list == NULL || need_arguments(context, argument_count, 2, "Headers.set") != 0 ||
        change(context, list, arguments[0], arguments[1], header_list_set) != 0)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

static JSValue js_delete(JSContext *context, JSValueConst this_value, int argument_count,
                         JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    struct host_bytes name;
    if (list == NULL || need_arguments(context, argument_count, 1, "Headers.delete") != 0 ||
        read_name(context, arguments[0], &name) != 0)
        return JS_EXCEPTION;
    bool is_immutable = list->immutable;
    if (!is_immutable)
        header_list_delete(list, (struct text){(char *)name.data, name.bytes});
    free(name.data);
    return is_immutable ? JS_ThrowTypeError(
                              context, "these headers are immutable: copy them with new Headers(…)")
                        : JS_UNDEFINED;
}

static JSValue js_get(JSContext *context, JSValueConst this_value, int argument_count,
                      JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    struct host_bytes name;
    size_t bytes;
    bool is_found;
    if (list == NULL || need_arguments(context, argument_count, 1, "Headers.get") != 0 ||
        read_name(context, arguments[0], &name) != 0)
        return JS_EXCEPTION;
    char *value =
        header_list_get(list, (struct text){(char *)name.data, name.bytes}, &bytes, &is_found);
    free(name.data);
    if (value == NULL)
        return is_found ? JS_ThrowOutOfMemory(context) : JS_NULL;
    JSValue string = conversion_from_byte_string(context, (struct text){value, bytes});
    free(value);
    return string;
}

static JSValue js_has(JSContext *context, JSValueConst this_value, int argument_count,
                      JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    struct host_bytes name;
    if (list == NULL || need_arguments(context, argument_count, 1, "Headers.has") != 0 ||
        read_name(context, arguments[0], &name) != 0)
        return JS_EXCEPTION;
    bool has = header_list_find(list, (struct text){(char *)name.data, name.bytes}) != NULL;
    free(name.data);
    return JS_NewBool(context, has);
}

static JSValue js_get_set_cookie(JSContext *context, JSValueConst this_value, int argument_count,
                                 JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    uint32_t count = 0;
    (void)argument_count;
    (void)arguments;
    if (list == NULL)
        return JS_EXCEPTION;
    JSValue array = JS_NewArray(context);
    for (size_t i = 0; i < list->count && !JS_IsException(array); i++) {
        if (!header_name_equals(header_name(&list->items[i]), TEXT("set-cookie")))
            continue;
        JSValue value = conversion_from_byte_string(context, header_value(&list->items[i]));
        if (JS_IsException(value) ||
            JS_DefinePropertyValueUint32(context, array, count++, value, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(context, array);
            array = JS_EXCEPTION;
        }
    }
    return array;
}

/* ---- Iteration --------------------------------------------------------------------------------
 */

/* Iterates over "sort and combine" of the list as it is at each step: a list may change meanwhile,
 * and the position is kept (Web IDL: the value pairs to iterate over). */
struct iterator {
    JSValue headers;
    int kind;
    size_t position;
};

enum iterator_kind { ITERATE_KEYS, ITERATE_VALUES, ITERATE_ENTRIES };

static void finalize_iterator(JSRuntime *runtime, JSValueConst object)
{
    JSClassID class_id;
    struct iterator *iterator = JS_GetAnyOpaque(object, &class_id);
    if (iterator != NULL)
        JS_FreeValueRT(runtime, iterator->headers);
    free(iterator);
}

static void mark_iterator(JSRuntime *runtime, JSValueConst object, JS_MarkFunc *mark)
{
    JSClassID class_id;
    struct iterator *iterator = JS_GetAnyOpaque(object, &class_id);
    if (iterator != NULL)
        JS_MarkValue(runtime, iterator->headers, mark);
}

/* The field at a position of the sorted, combined list, or NULL behind its end. Fields of one name
 * are one position, those of Set-Cookie one each. */
static const struct header *field_at(const struct header_list *list, size_t position, bool *ret_ok)
{
    size_t *order = malloc((list->count + 1) * sizeof(*order));
    const struct header *found = NULL;
    *ret_ok = order != NULL;
    if (order == NULL)
        return NULL;
    header_list_order(list, order);
    for (size_t i = 0, at = 0; i < list->count && found == NULL; i++) {
        const struct header *header = &list->items[order[i]];
        struct text name = header_name(header);
        bool is_first = i == 0 || header_name_equals(name, TEXT("set-cookie")) ||
                        !header_name_equals(name, header_name(&list->items[order[i - 1]]));
        if (is_first && at++ == position)
            found = header;
    }
    free(order);
    return found;
}

static JSValue value_of_field(JSContext *context, const struct header_list *list,
                              const struct header *header)
{
    size_t bytes;
    bool is_found;
    if (header_name_equals(header_name(header), TEXT("set-cookie")))
        return conversion_from_byte_string(context, header_value(header));
    char *joined = header_list_get(list, header_name(header), &bytes, &is_found);
    if (joined == NULL)
        return JS_ThrowOutOfMemory(context);
    JSValue value = conversion_from_byte_string(context, (struct text){joined, bytes});
    free(joined);
    return value;
}

static JSValue item_of_field(JSContext *context, const struct header_list *list,
                             const struct header *header, int kind)
{
    JSValue name = JS_UNDEFINED, value = JS_UNDEFINED;
    if (kind != ITERATE_VALUES)
        name = conversion_from_byte_string(context, header_name(header));
    if (kind != ITERATE_KEYS)
        value = value_of_field(context, list, header);
    if (kind == ITERATE_KEYS)
        return name;
    if (kind == ITERATE_VALUES)
        return value;
    if (JS_IsException(name) || JS_IsException(value)) {
        JS_FreeValue(context, name);
        JS_FreeValue(context, value);
        return JS_EXCEPTION;
    }
    JSValue pair[] = {name, value};
    return JS_NewArrayFrom(context, 2, pair);
}

static JSValue js_next(JSContext *context, JSValueConst this_value, int argument_count,
                       JSValueConst *arguments, int *ret_done, int magic)
{
    struct iterator *iterator =
        JS_GetOpaque2(context, this_value, engine_of(context)->classes.headers_iterator);
    bool is_ok;
    (void)argument_count;
    (void)arguments;
    (void)magic;
    *ret_done = 0;
    if (iterator == NULL)
        return JS_EXCEPTION;
    const struct header_list *list = list_of(context, iterator->headers);
    const struct header *header = field_at(list, iterator->position, &is_ok);
    if (!is_ok)
        return JS_ThrowOutOfMemory(context);
    if (header == NULL) {
        *ret_done = 1;
        return JS_UNDEFINED;
    }
    iterator->position++;
    return item_of_field(context, list, header, iterator->kind);
}

static JSValue js_iterate(JSContext *context, JSValueConst this_value, int argument_count,
                          JSValueConst *arguments, int kind)
{
    (void)argument_count;
    (void)arguments;
    if (list_of(context, this_value) == NULL)
        return JS_EXCEPTION;
    JSValue object = JS_NewObjectClass(context, engine_of(context)->classes.headers_iterator);
    if (JS_IsException(object))
        return object;
    struct iterator *iterator = calloc(1, sizeof(*iterator));
    if (iterator == NULL) {
        JS_FreeValue(context, object);
        return JS_ThrowOutOfMemory(context);
    }
    iterator->headers = JS_DupValue(context, this_value);
    iterator->kind = kind;
    JS_SetOpaque(object, iterator);
    return object;
}

static JSValue js_for_each(JSContext *context, JSValueConst this_value, int argument_count,
                           JSValueConst *arguments)
{
    struct header_list *list = list_of(context, this_value);
    bool is_ok;
    if (list == NULL || need_arguments(context, argument_count, 1, "Headers.forEach") != 0)
        return JS_EXCEPTION;
    if (!JS_IsFunction(context, arguments[0]))
        return JS_ThrowTypeError(context, "Headers.forEach needs a function");
    JSValueConst this_argument = argument_count > 1 ? arguments[1] : JS_UNDEFINED;
    for (size_t position = 0;; position++) {
        const struct header *header = field_at(list, position, &is_ok);
        if (!is_ok)
            return JS_ThrowOutOfMemory(context);
        if (header == NULL)
            return JS_UNDEFINED;
        JSValue name = conversion_from_byte_string(context, header_name(header));
        JSValue value = value_of_field(context, list, header);
        JSValueConst call_arguments[] = {value, name, this_value};
        JSValue result = JS_IsException(name) || JS_IsException(value)
                             ? JS_EXCEPTION
                             : JS_Call(context, arguments[0], this_argument, 3, call_arguments);
        JS_FreeValue(context, name);
        JS_FreeValue(context, value);
        if (JS_IsException(result))
            return result;
        JS_FreeValue(context, result);
    }
}

static const JSCFunctionListEntry members[] = {
    CLASS_METHOD("append", 2, js_append),
    CLASS_METHOD("delete", 1, js_delete),
    CLASS_METHOD("get", 1, js_get),
    CLASS_METHOD("getSetCookie", 0, js_get_set_cookie),
    CLASS_METHOD("has", 1, js_has),
    CLASS_METHOD("set", 2, js_set),
    CLASS_METHOD("forEach", 1, js_for_each),
    CLASS_METHOD_MAGIC("entries", 0, js_iterate, ITERATE_ENTRIES),
    CLASS_METHOD_MAGIC("keys", 0, js_iterate, ITERATE_KEYS),
    CLASS_METHOD_MAGIC("values", 0, js_iterate, ITERATE_VALUES),
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
    CLASS_NAME("Headers"),
};

static const struct class_definition headers_class = {
    .name = "Headers",
    .class_def = {.class_name = "Headers", .finalizer = finalize},
    .constructor = js_constructor,
    .members = members,
    .member_count = sizeof(members) / sizeof(members[0]),
};

static const JSCFunctionListEntry iterator_members[] = {
    JS_ITERATOR_NEXT_DEF("next", 0, js_next, 0),
    CLASS_NAME("Headers Iterator"),
};

static const struct class_definition iterator_class = {
    .name = "Headers Iterator",
    .class_def = {.class_name = "Headers Iterator",
                  .finalizer = finalize_iterator,
                  .gc_mark = mark_iterator},
    .members = iterator_members,
    .member_count = sizeof(iterator_members) / sizeof(iterator_members[0]),
};

int headers_register(JSContext *context, JSValueConst global)
{
    struct engine *engine = engine_of(context);
    if (class_register(context, global, &headers_class, &engine->classes.headers) != 0 ||
        class_register(context, JS_UNDEFINED, &iterator_class, &engine->classes.headers_iterator) !=
            0)
        return -1;
    return class_inherit_from_iterator(context, engine->classes.headers_iterator);
}
