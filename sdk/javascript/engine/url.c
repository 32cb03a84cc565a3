/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <ada_c.h>
#include <string.h>

#include "class.h"
#include "engine.h"
#include "support.h"

struct parameters;

struct url {
    ada_url url;
    JSValue parameters; /* its URLSearchParams, or JS_UNDEFINED until asked for */
};

struct parameters {
    ada_url_search_params list;
    struct url
        *url; /* whose parameters these are, or NULL; the URL takes itself out when it goes */
};

/* What is walked: entries, keys or values; also the magic of the methods that begin it. */
enum walk { WALK_ENTRIES, WALK_KEYS, WALK_VALUES };

/* The magic of the methods that change an entry. */
enum change { CHANGE_APPEND, CHANGE_SET, CHANGE_DELETE };

struct iterator {
    JSValue parameters;
    ada_url_search_params_entries_iter position;
    enum walk walk;
};

enum component {
    COMPONENT_HREF,
    COMPONENT_PROTOCOL,
    COMPONENT_USERNAME,
    COMPONENT_PASSWORD,
    COMPONENT_HOST,
    COMPONENT_HOSTNAME,
    COMPONENT_PORT,
    COMPONENT_PATHNAME,
    COMPONENT_SEARCH,
    COMPONENT_HASH
};

static struct parameters *parameters_of(JSContext *context, JSValueConst value)
{
    return JS_GetOpaque2(context, value, engine_of(context)->classes.url_search_params);
}

static struct url *url_of(JSContext *context, JSValueConst value)
{
    return JS_GetOpaque2(context, value, engine_of(context)->classes.url);
}

static int need_arguments(JSContext *context, int count, int needed)
{
    if (count >= needed)
        return 0;
    JS_ThrowTypeError(context, "%d argument%s needed, %d given", needed, needed == 1 ? "" : "s",
                      count);
    return -1;
}

static JSValue new_string(JSContext *context, ada_string text)
{
    return JS_NewStringLen(context, text.data, text.length);
}

/* ---- URLSearchParams
 * ------------------------------------------------------------------------------------------------
 */

static void parameters_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID class_id;
    struct parameters *parameters = JS_GetAnyOpaque(value, &class_id);
    if (parameters == NULL)
        return;
    if (parameters->list != NULL)
        ada_free_search_params(parameters->list);
    js_free_rt(runtime, parameters);
}

/* Gives `object` its list, parsed from a query. */
static struct parameters *parameters_attach(JSContext *context, JSValueConst object,
                                            const char *query, size_t size)
{
    struct parameters *parameters = js_mallocz(context, sizeof(*parameters));
    if (parameters == NULL)
        return NULL;
    parameters->list = ada_parse_search_params(query, size);
    JS_SetOpaque(object, parameters);
    return parameters;
}

/* After each change: the URL that owns these parameters gets them as its query. */
static void parameters_changed(struct parameters *parameters)
{
    ada_owned_string query;
    if (parameters->url == NULL)
        return;
    query = ada_search_params_to_string(parameters->list);
    ada_set_search(parameters->url->url, query.data, query.length);
    ada_free_owned_string(query);
}

static int append_strings(JSContext *context, struct parameters *parameters, JSValueConst name,
                          JSValueConst value)
{
    size_t name_size, value_size;
    const char *value_text, *name_text = support_to_usv_string(context, name, &name_size);
    if (name_text == NULL)
        return -1;
    value_text = support_to_usv_string(context, value, &value_size);
    if (value_text != NULL) {
        ada_search_params_append(parameters->list, name_text, name_size, value_text, value_size);
        JS_FreeCString(context, value_text);
    }
    JS_FreeCString(context, name_text);
    return value_text != NULL ? 0 : -1;
}

struct pair {
    JSValue items[2];
    int count;
};

static int pair_item(JSContext *context, void *opaque, JSValueConst value)
{
    struct pair *pair = opaque;
    if (pair->count < 2) {
        JSValue text = JS_ToString(context, value);
        if (JS_IsException(text))
            return -1;
        pair->items[pair->count] = text;
    }
    pair->count++;
    return 0;
}

/* One item of `new URLSearchParams([[name, value], …])`. */
static int append_pair(JSContext *context, void *opaque, JSValueConst value)
{
    struct pair pair = {{JS_UNDEFINED, JS_UNDEFINED}, 0};
    JSValue method = JS_UNDEFINED;
    int status = -1;

    if (JS_IsObject(value))
        method = JS_GetProperty(context, value, engine_of(context)->symbol_iterator);
    if (JS_IsException(method))
        return -1;
    if (JS_IsFunction(context, method)) {
        status = support_for_each(context, value, method, pair_item, &pair);
        if (status == 0 && pair.count != 2) {
            JS_ThrowTypeError(context, "each pair must have a name and a value");
            status = -1;
        }
        if (status == 0)
            status = append_strings(context, opaque, pair.items[0], pair.items[1]);
    } else {
        JS_ThrowTypeError(context, "each pair must be iterable, with a name and a value");
    }
    JS_FreeValue(context, pair.items[0]);
    JS_FreeValue(context, pair.items[1]);
    JS_FreeValue(context, method);
    return status;
}

/*
 * `new URLSearchParams({ name: value })`. Two keys that differ only in lone surrogates are one
 * name: the later value takes the place of the earlier.
 */
static int append_property(JSContext *context, struct parameters *parameters, JSValueConst object,
                           JSAtom atom)
{
    JSPropertyDescriptor descriptor;
    JSValue name, value;
    const char *name_text, *value_text = NULL;
    size_t name_size, value_size;
    int found = JS_GetOwnProperty(context, &descriptor, object, atom);

    if (found <= 0)
        return found;
    JS_FreeValue(context, descriptor.value);
    JS_FreeValue(context, descriptor.getter);
    JS_FreeValue(context, descriptor.setter);
    if ((descriptor.flags & JS_PROP_ENUMERABLE) == 0)
        return 0;
    name = JS_AtomToValue(context, atom);
    name_text = support_to_usv_string(context, name, &name_size);
    JS_FreeValue(context, name);
    if (name_text == NULL)
        return -1;
    value = JS_GetProperty(context, object, atom);
    if (!JS_IsException(value))
        value_text = support_to_usv_string(context, value, &value_size);
    JS_FreeValue(context, value);
    if (value_text != NULL) {
        ada_search_params_set(parameters->list, name_text, name_size, value_text, value_size);
        JS_FreeCString(context, value_text);
    }
    JS_FreeCString(context, name_text);
    return value_text != NULL ? 0 : -1;
}

static int append_record(JSContext *context, struct parameters *parameters, JSValueConst object)
{
    JSPropertyEnum *properties;
    uint32_t count, index;
    int status = 0;

    if (JS_GetOwnPropertyNames(context, &properties, &count, object,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK) < 0) {
        return -1;
    }
    for (index = 0; index < count && status == 0; index++) {
        status = append_property(context, parameters, object, properties[index].atom);
    }
    JS_FreePropertyEnum(context, properties, count);
    return status;
}

static int append_object(JSContext *context, struct parameters *parameters, JSValueConst object)
{
    JSValue method = JS_GetProperty(context, object, engine_of(context)->symbol_iterator);
    int status;

    if (JS_IsException(method))
        return -1;
    if (JS_IsUndefined(method) || JS_IsNull(method)) {
        status = append_record(context, parameters, object);
    } else if (JS_IsFunction(context, method)) {
        status = support_for_each(context, object, method, append_pair, parameters);
    } else {
        JS_ThrowTypeError(context, "the pairs are not iterable");
        status = -1;
    }
    JS_FreeValue(context, method);
    return status;
}

static JSValue parameters_construct(JSContext *context, JSValueConst new_target, int count,
                                    JSValueConst *arguments)
{
    JSValue object = class_new(context, new_target, engine_of(context)->classes.url_search_params);
    JSValueConst init = count > 0 ? arguments[0] : JS_UNDEFINED;
    struct parameters *parameters;
    const char *text = "";
    size_t size = 0;
    int status = 0;

    if (JS_IsException(object))
        return JS_EXCEPTION;
    if (JS_IsUndefined(init) || JS_IsObject(init)) {
        parameters = parameters_attach(context, object, "", 0);
        if (parameters == NULL)
            status = -1;
        if (status == 0 && JS_IsObject(init))
            status = append_object(context, parameters, init);
    } else {
        text = support_to_usv_string(context, init, &size);
        if (text == NULL || parameters_attach(context, object, text, size) == NULL)
            status = -1;
        JS_FreeCString(context, text);
    }
    if (status == 0)
        return object;
    JS_FreeValue(context, object);
    return JS_EXCEPTION;
}

/* What a method of one name, and perhaps a value, has been given. */
struct words {
    struct parameters *parameters;
    const char *name, *value; /* value is NULL where there is none */
    size_t name_size, value_size;
};

static void words_fini(JSContext *context, struct words *words)
{
    JS_FreeCString(context, words->name);
    JS_FreeCString(context, words->value);
}

static int words_init(JSContext *context, struct words *words, JSValueConst this_value, int count,
                      JSValueConst *arguments, int needed)
{
    *words = (struct words){.parameters = parameters_of(context, this_value)};
    if (words->parameters == NULL || need_arguments(context, count, needed) < 0)
        return -1;
    words->name = support_to_usv_string(context, arguments[0], &words->name_size);
    if (words->name == NULL)
        return -1;
    if (count > 1 && (needed == 2 || !JS_IsUndefined(arguments[1]))) {
        words->value = support_to_usv_string(context, arguments[1], &words->value_size);
        if (words->value == NULL) {
            words_fini(context, words);
            return -1;
        }
    }
    return 0;
}

static JSValue js_parameters_change(JSContext *context, JSValueConst this_value, int count,
                                    JSValueConst *arguments, int change)
{
    struct words words;
    if (words_init(context, &words, this_value, count, arguments, change == CHANGE_DELETE ? 1 : 2) <
        0)
        return JS_EXCEPTION;
    ada_url_search_params list = words.parameters->list;
    if (change == CHANGE_APPEND)
        ada_search_params_append(list, words.name, words.name_size, words.value, words.value_size);
    else if (change == CHANGE_SET)
        ada_search_params_set(list, words.name, words.name_size, words.value, words.value_size);
    else if (words.value != NULL)
        ada_search_params_remove_value(list, words.name, words.name_size, words.value,
                                       words.value_size);
    else
        ada_search_params_remove(list, words.name, words.name_size);
    parameters_changed(words.parameters);
    words_fini(context, &words);
    return JS_UNDEFINED;
}

static JSValue js_parameters_has(JSContext *context, JSValueConst this_value, int count,
                                 JSValueConst *arguments)
{
    struct words words;
    bool has;
    if (words_init(context, &words, this_value, count, arguments, 1) < 0)
        return JS_EXCEPTION;
    has = words.value != NULL
              ? ada_search_params_has_value(words.parameters->list, words.name, words.name_size,
                                            words.value, words.value_size)
              : ada_search_params_has(words.parameters->list, words.name, words.name_size);
    words_fini(context, &words);
    return JS_NewBool(context, has);
}

static JSValue js_parameters_get(JSContext *context, JSValueConst this_value, int count,
                                 JSValueConst *arguments)
{
    struct words words;
    ada_string found;
    if (words_init(context, &words, this_value, count > 1 ? 1 : count, arguments, 1) < 0)
        return JS_EXCEPTION;
    found = ada_search_params_get(words.parameters->list, words.name, words.name_size);
    words_fini(context, &words);
    return found.data == NULL ? JS_NULL : new_string(context, found);
}

static JSValue js_parameters_get_all(JSContext *context, JSValueConst this_value, int count,
                                     JSValueConst *arguments)
{
    JSValue array = JS_NewArray(context);
    struct words words;
    ada_strings found;
    size_t index, size;

    if (JS_IsException(array) ||
        words_init(context, &words, this_value, count > 1 ? 1 : count, arguments, 1) < 0) {
        JS_FreeValue(context, array);
        return JS_EXCEPTION;
    }
    found = ada_search_params_get_all(words.parameters->list, words.name, words.name_size);
    size = ada_strings_size(found);
    for (index = 0; index < size; index++) {
        JSValue value = new_string(context, ada_strings_get(found, index));
        if (JS_IsException(value) || JS_DefinePropertyValueUint32(context, array, (uint32_t)index,
                                                                  value, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(context, array);
            array = JS_EXCEPTION;
            break;
        }
    }
    ada_free_strings(found);
    words_fini(context, &words);
    return array;
}

static JSValue js_parameters_sort(JSContext *context, JSValueConst this_value, int count,
                                  JSValueConst *arguments)
{
    struct parameters *parameters = parameters_of(context, this_value);
    (void)count, (void)arguments;
    if (parameters == NULL)
        return JS_EXCEPTION;
    ada_search_params_sort(parameters->list);
    parameters_changed(parameters);
    return JS_UNDEFINED;
}

static JSValue js_parameters_to_string(JSContext *context, JSValueConst this_value, int count,
                                       JSValueConst *arguments)
{
    struct parameters *parameters = parameters_of(context, this_value);
    ada_owned_string text;
    JSValue string;
    (void)count, (void)arguments;
    if (parameters == NULL)
        return JS_EXCEPTION;
    text = ada_search_params_to_string(parameters->list);
    string = JS_NewStringLen(context, text.data, text.length);
    ada_free_owned_string(text);
    return string;
}

static JSValue js_parameters_size(JSContext *context, JSValueConst this_value)
{
    struct parameters *parameters = parameters_of(context, this_value);
    if (parameters == NULL)
        return JS_EXCEPTION;
    return JS_NewInt64(context, (int64_t)ada_search_params_size(parameters->list));
}

static int call_for_pair(JSContext *context, JSValueConst callback, JSValueConst callback_this,
                         JSValueConst object, ada_string_pair pair)
{
    JSValue words[2] = {new_string(context, pair.value), new_string(context, pair.key)};
    JSValue result = JS_EXCEPTION;
    if (!JS_IsException(words[0]) && !JS_IsException(words[1])) {
        JSValueConst all[3] = {words[0], words[1], object};
        result = JS_Call(context, callback, callback_this, 3, all);
    }
    JS_FreeValue(context, words[0]);
    JS_FreeValue(context, words[1]);
    if (JS_IsException(result))
        return -1;
    JS_FreeValue(context, result);
    return 0;
}

static JSValue js_parameters_for_each(JSContext *context, JSValueConst this_value, int count,
                                      JSValueConst *arguments)
{
    struct parameters *parameters = parameters_of(context, this_value);
    ada_url_search_params_entries_iter position;
    int status = 0;

    if (parameters == NULL || need_arguments(context, count, 1) < 0)
        return JS_EXCEPTION;
    if (!JS_IsFunction(context, arguments[0]))
        return JS_ThrowTypeError(context, "the callback is not a function");
    position = ada_search_params_get_entries(parameters->list);
    while (status == 0 && ada_search_params_entries_iter_has_next(position)) {
        status = call_for_pair(context, arguments[0], count > 1 ? arguments[1] : JS_UNDEFINED,
                               this_value, ada_search_params_entries_iter_next(position));
    }
    ada_free_search_params_entries_iter(position);
    return status == 0 ? JS_UNDEFINED : JS_EXCEPTION;
}

/* ---- Its iterator
 * ---------------------------------------------------------------------------------------------------
 */

static void iterator_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID class_id;
    struct iterator *iterator = JS_GetAnyOpaque(value, &class_id);
    if (iterator == NULL)
        return;
    ada_free_search_params_entries_iter(iterator->position);
    JS_FreeValueRT(runtime, iterator->parameters);
    js_free_rt(runtime, iterator);
}

static void iterator_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    JSClassID class_id;
    struct iterator *iterator = JS_GetAnyOpaque(value, &class_id);
    if (iterator != NULL)
        JS_MarkValue(runtime, iterator->parameters, mark);
}

static JSValue js_parameters_walk(JSContext *context, JSValueConst this_value, int count,
                                  JSValueConst *arguments, int walk)
{
    struct parameters *parameters = parameters_of(context, this_value);
    struct iterator *iterator;
    JSValue object;

    (void)count, (void)arguments;
    if (parameters == NULL)
        return JS_EXCEPTION;
    object = JS_NewObjectClass(context, engine_of(context)->classes.url_search_params_iterator);
    if (JS_IsException(object))
        return JS_EXCEPTION;
    iterator = js_mallocz(context, sizeof(*iterator));
    if (iterator == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    iterator->parameters = JS_DupValue(context, this_value);
    iterator->position = ada_search_params_get_entries(parameters->list);
    iterator->walk = walk;
    JS_SetOpaque(object, iterator);
    return object;
}

static JSValue new_pair(JSContext *context, ada_string_pair pair)
{
    JSValue array = JS_NewArray(context);
    JSValue name = new_string(context, pair.key);
    JSValue value = new_string(context, pair.value);
    if (JS_IsException(array) || JS_IsException(name) || JS_IsException(value)) {
        JS_FreeValue(context, name);
        JS_FreeValue(context, value);
    } else if (JS_DefinePropertyValueUint32(context, array, 0, name, JS_PROP_C_W_E) < 0) {
        JS_FreeValue(context, value);
    } else if (JS_DefinePropertyValueUint32(context, array, 1, value, JS_PROP_C_W_E) >= 0) {
        return array;
    }
    JS_FreeValue(context, array);
    return JS_EXCEPTION;
}

static JSValue js_iterator_next(JSContext *context, JSValueConst this_value, int count,
                                JSValueConst *arguments, int *ret_done, int magic)
{
    struct iterator *iterator =
        JS_GetOpaque2(context, this_value, engine_of(context)->classes.url_search_params_iterator);
    ada_string_pair pair;

    (void)count, (void)arguments, (void)magic;
    *ret_done = 1;
    if (iterator == NULL)
        return JS_EXCEPTION;
    if (!ada_search_params_entries_iter_has_next(iterator->position))
        return JS_UNDEFINED;
    *ret_done = 0;
    pair = ada_search_params_entries_iter_next(iterator->position);
    switch (iterator->walk) {
    case WALK_KEYS:
        return new_string(context, pair.key);
    case WALK_VALUES:
        return new_string(context, pair.value);
    default:
        return new_pair(context, pair);
    }
}

/* ---- URL
 * ------------------------------------------------------------------------------------------------------------
 */

static void url_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID class_id;
    struct url *url = JS_GetAnyOpaque(value, &class_id);
    struct parameters *parameters;
    if (url == NULL)
        return;
    parameters = JS_GetAnyOpaque(url->parameters, &class_id);
    if (parameters != NULL)
        parameters->url = NULL;
    JS_FreeValueRT(runtime, url->parameters);
    ada_free(url->url);
    js_free_rt(runtime, url);
}

static void url_mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark)
{
    JSClassID class_id;
    struct url *url = JS_GetAnyOpaque(value, &class_id);
    if (url != NULL)
        JS_MarkValue(runtime, url->parameters, mark);
}

/* The arguments (url, base) as strings; base is NULL where there is none. */
struct location {
    const char *text, *base;
    size_t size, base_size;
};

static void location_fini(JSContext *context, struct location *location)
{
    JS_FreeCString(context, location->text);
    JS_FreeCString(context, location->base);
}

static int location_init(JSContext *context, struct location *location, int count,
                         JSValueConst *arguments)
{
    *location = (struct location){0};
    if (need_arguments(context, count, 1) < 0)
        return -1;
    location->text = support_to_usv_string(context, arguments[0], &location->size);
    if (location->text == NULL)
        return -1;
    if (count > 1 && !JS_IsUndefined(arguments[1])) {
        location->base = support_to_usv_string(context, arguments[1], &location->base_size);
        if (location->base == NULL) {
            location_fini(context, location);
            return -1;
        }
    }
    return 0;
}

/* NULL where it is no URL. */
static ada_url location_parse(const struct location *location)
{
    ada_url url = location->base != NULL ? ada_parse_with_base(location->text, location->size,
                                                               location->base, location->base_size)
                                         : ada_parse(location->text, location->size);
    if (ada_is_valid(url))
        return url;
    ada_free(url);
    return NULL;
}

/* Makes `object` own the parsed URL, which is freed on failure. */
static int url_attach(JSContext *context, JSValueConst object, ada_url parsed)
{
    struct url *url = js_malloc(context, sizeof(*url));
    if (url == NULL) {
        ada_free(parsed);
        return -1;
    }
    *url = (struct url){.url = parsed, .parameters = JS_UNDEFINED};
    JS_SetOpaque(object, url);
    return 0;
}

static JSValue throw_invalid(JSContext *context, const char *text)
{
    return JS_ThrowTypeError(context, "Invalid URL: %.100s", text);
}

/* An object of the class that owns the parsed URL, which is freed on failure. new_target is
 * undefined where no constructor was called. */
static JSValue new_url(JSContext *context, JSValueConst new_target, ada_url parsed)
{
    JSClassID class_id = engine_of(context)->classes.url;
    JSValue object = JS_IsUndefined(new_target) ? JS_NewObjectClass(context, class_id)
                                                : class_new(context, new_target, class_id);
    if (JS_IsException(object)) {
        ada_free(parsed);
    } else if (url_attach(context, object, parsed) < 0) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    return object;
}

static JSValue url_construct(JSContext *context, JSValueConst new_target, int count,
                             JSValueConst *arguments)
{
    struct location location;
    ada_url parsed;

    if (location_init(context, &location, count, arguments) < 0)
        return JS_EXCEPTION;
    parsed = location_parse(&location);
    if (parsed == NULL)
        throw_invalid(context, location.text);
    location_fini(context, &location);
    return parsed == NULL ? JS_EXCEPTION : new_url(context, new_target, parsed);
}

static JSValue js_url_parse(JSContext *context, JSValueConst this_value, int count,
                            JSValueConst *arguments)
{
    struct location location;
    ada_url parsed;

    (void)this_value;
    if (location_init(context, &location, count, arguments) < 0)
        return JS_EXCEPTION;
    parsed = location_parse(&location);
    location_fini(context, &location);
    return parsed == NULL ? JS_NULL : new_url(context, JS_UNDEFINED, parsed);
}

static JSValue js_url_can_parse(JSContext *context, JSValueConst this_value, int count,
                                JSValueConst *arguments)
{
    struct location location;
    bool can;
    (void)this_value;
    if (location_init(context, &location, count, arguments) < 0)
        return JS_EXCEPTION;
    can = location.base != NULL ? ada_can_parse_with_base(location.text, location.size,
                                                          location.base, location.base_size)
                                : ada_can_parse(location.text, location.size);
    location_fini(context, &location);
    return JS_NewBool(context, can);
}

static ada_string component_of(ada_url url, enum component component)
{
    switch (component) {
    case COMPONENT_PROTOCOL:
        return ada_get_protocol(url);
    case COMPONENT_USERNAME:
        return ada_get_username(url);
    case COMPONENT_PASSWORD:
        return ada_get_password(url);
    case COMPONENT_HOST:
        return ada_get_host(url);
    case COMPONENT_HOSTNAME:
        return ada_get_hostname(url);
    case COMPONENT_PORT:
        return ada_get_port(url);
    case COMPONENT_PATHNAME:
        return ada_get_pathname(url);
    case COMPONENT_SEARCH:
        return ada_get_search(url);
    case COMPONENT_HASH:
        return ada_get_hash(url);
    default:
        return ada_get_href(url);
    }
}

static JSValue js_url_component(JSContext *context, JSValueConst this_value, int component)
{
    struct url *url = url_of(context, this_value);
    return url != NULL ? new_string(context, component_of(url->url, component)) : JS_EXCEPTION;
}

static bool set_component(ada_url url, enum component component, const char *text, size_t size)
{
    switch (component) {
    case COMPONENT_PROTOCOL:
        return ada_set_protocol(url, text, size);
    case COMPONENT_USERNAME:
        return ada_set_username(url, text, size);
    case COMPONENT_PASSWORD:
        return ada_set_password(url, text, size);
    case COMPONENT_HOST:
        return ada_set_host(url, text, size);
    case COMPONENT_HOSTNAME:
        return ada_set_hostname(url, text, size);
    case COMPONENT_PORT:
        return ada_set_port(url, text, size);
    case COMPONENT_PATHNAME:
        return ada_set_pathname(url, text, size);
    case COMPONENT_SEARCH:
        ada_set_search(url, text, size);
        return true;
    case COMPONENT_HASH:
        ada_set_hash(url, text, size);
        return true;
    default:
        return ada_set_href(url, text, size);
    }
}

/* What the standard has a setter do with a value that does not fit: nothing, but for href. */
static JSValue js_url_set_component(JSContext *context, JSValueConst this_value, JSValueConst value,
                                    int component)
{
    struct url *url = url_of(context, this_value);
    struct parameters *parameters;
    JSValue result = JS_UNDEFINED;
    const char *text;
    size_t size;

    if (url == NULL)
        return JS_EXCEPTION;
    text = support_to_usv_string(context, value, &size);
    if (text == NULL)
        return JS_EXCEPTION;
    if (!set_component(url->url, component, text, size) && component == COMPONENT_HREF) {
        result = throw_invalid(context, text);
    }
    JS_FreeCString(context, text);
    parameters = JS_GetOpaque(url->parameters, engine_of(context)->classes.url_search_params);
    if (parameters != NULL && (component == COMPONENT_SEARCH || component == COMPONENT_HREF)) {
        ada_string query = ada_get_search(url->url);
        ada_search_params_reset(parameters->list, query.data, query.length);
    }
    return result;
}

static JSValue js_url_origin(JSContext *context, JSValueConst this_value)
{
    struct url *url = url_of(context, this_value);
    ada_owned_string origin;
    JSValue string;
    if (url == NULL)
        return JS_EXCEPTION;
    origin = ada_get_origin(url->url);
    string = JS_NewStringLen(context, origin.data, origin.length);
    ada_free_owned_string(origin);
    return string;
}

static JSValue js_url_search_params(JSContext *context, JSValueConst this_value)
{
    struct url *url = url_of(context, this_value);
    struct parameters *parameters;
    ada_string query;
    JSValue object;

    if (url == NULL)
        return JS_EXCEPTION;
    if (!JS_IsUndefined(url->parameters))
        return JS_DupValue(context, url->parameters);
    object = JS_NewObjectClass(context, engine_of(context)->classes.url_search_params);
    if (JS_IsException(object))
        return JS_EXCEPTION;
    query = ada_get_search(url->url);
    parameters = parameters_attach(context, object, query.data, query.length);
    if (parameters == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    parameters->url = url;
    url->parameters = JS_DupValue(context, object);
    return object;
}

static JSValue js_url_to_string(JSContext *context, JSValueConst this_value, int count,
                                JSValueConst *arguments)
{
    (void)count, (void)arguments;
    return js_url_component(context, this_value, COMPONENT_HREF);
}

/* ---- What is offered
 * ------------------------------------------------------------------------------------------------
 */

#define URL_COMPONENT(name, component)                                             \
    JS_CGETSET_MAGIC_DEF2(name, js_url_component, js_url_set_component, component, \
                          JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

static const JSCFunctionListEntry url_members[] = {
    CLASS_NAME("URL"),
    URL_COMPONENT("href", COMPONENT_HREF),
    CLASS_GETTER("origin", js_url_origin),
    URL_COMPONENT("protocol", COMPONENT_PROTOCOL),
    URL_COMPONENT("username", COMPONENT_USERNAME),
    URL_COMPONENT("password", COMPONENT_PASSWORD),
    URL_COMPONENT("host", COMPONENT_HOST),
    URL_COMPONENT("hostname", COMPONENT_HOSTNAME),
    URL_COMPONENT("port", COMPONENT_PORT),
    URL_COMPONENT("pathname", COMPONENT_PATHNAME),
    URL_COMPONENT("search", COMPONENT_SEARCH),
    CLASS_GETTER("searchParams", js_url_search_params),
    URL_COMPONENT("hash", COMPONENT_HASH),
    CLASS_METHOD("toString", 0, js_url_to_string),
    CLASS_METHOD("toJSON", 0, js_url_to_string),
};

static const JSCFunctionListEntry url_statics[] = {
    CLASS_METHOD("parse", 1, js_url_parse),
    CLASS_METHOD("canParse", 1, js_url_can_parse),
};

static const struct class_definition url_definition = {
    .name = "URL",
    .class_def = {.class_name = "URL", .finalizer = url_finalize, .gc_mark = url_mark},
    .constructor = url_construct,
    .constructor_length = 1,
    .members = url_members,
    .member_count = COUNT_OF(url_members),
    .statics = url_statics,
    .static_count = COUNT_OF(url_statics),
};

static const JSCFunctionListEntry parameters_members[] = {
    CLASS_NAME("URLSearchParams"),
    CLASS_GETTER("size", js_parameters_size),
    CLASS_METHOD_MAGIC("append", 2, js_parameters_change, CHANGE_APPEND),
    CLASS_METHOD_MAGIC("delete", 1, js_parameters_change, CHANGE_DELETE),
    CLASS_METHOD("get", 1, js_parameters_get),
    CLASS_METHOD("getAll", 1, js_parameters_get_all),
    CLASS_METHOD("has", 1, js_parameters_has),
    CLASS_METHOD_MAGIC("set", 2, js_parameters_change, CHANGE_SET),
    CLASS_METHOD("sort", 0, js_parameters_sort),
    CLASS_METHOD("toString", 0, js_parameters_to_string),
    CLASS_METHOD_MAGIC("entries", 0, js_parameters_walk, WALK_ENTRIES),
    CLASS_METHOD("forEach", 1, js_parameters_for_each),
    CLASS_METHOD_MAGIC("keys", 0, js_parameters_walk, WALK_KEYS),
    CLASS_METHOD_MAGIC("values", 0, js_parameters_walk, WALK_VALUES),
    JS_ALIAS_DEF("[Symbol.iterator]", "entries"),
};

static const struct class_definition parameters_definition = {
    .name = "URLSearchParams",
    .class_def = {.class_name = "URLSearchParams", .finalizer = parameters_finalize},
    .constructor = parameters_construct,
    .members = parameters_members,
    .member_count = COUNT_OF(parameters_members),
};

static const JSCFunctionListEntry iterator_members[] = {
    CLASS_NAME("URLSearchParams Iterator"),
    JS_ITERATOR_NEXT_DEF("next", 0, js_iterator_next, 0),
};

static const struct class_definition iterator_definition = {
    .name = "URLSearchParams Iterator",
    .class_def = {.class_name = "URLSearchParams Iterator",
                  .finalizer = iterator_finalize,
                  .gc_mark = iterator_mark},
    .members = iterator_members,
    .member_count = COUNT_OF(iterator_members),
};

int url_register(JSContext *context, JSValueConst native)
{
    struct engine_classes *classes = &engine_of(context)->classes;
    if (class_register(context, JS_UNDEFINED, &iterator_definition,
                       &classes->url_search_params_iterator) != 0 ||
        class_inherit_from_iterator(context, classes->url_search_params_iterator) != 0 ||
        class_register(context, native, &parameters_definition, &classes->url_search_params) != 0 ||
        class_register(context, native, &url_definition, &classes->url) != 0) {
        return -1;
    }
    return 0;
}
