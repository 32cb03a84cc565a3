/* SPDX-License-Identifier: Apache-2.0 */

/* JSON.stringify of what JSON mostly is: plain objects and arrays of strings, numbers, booleans and
 * null, with no replacer and no indentation. QuickJS's own makes an array of the keys of each
 * object and strings of each part. Whatever might run code of the script's, or is rare, is left to
 * it from the beginning: nothing has been changed by then. Part of quickjs_engine.c. */

/* Deeper ones may be circular. */
#define JSON_DEPTH_MAX 64

enum json_result { JSON_WRITTEN, JSON_UNUSUAL, JSON_FAILED };

struct json_writer {
    JSContext *context;
    StringBuffer text;
    unsigned depth;
};

static enum json_result json_write_value(struct json_writer *writer, JSValueConst value);

static enum json_result json_result_of(int failed)
{
    return failed ? JSON_FAILED : JSON_WRITTEN;
}

static enum json_result json_write_text(struct json_writer *writer, const char *text, size_t bytes)
{
    return json_result_of(string_buffer_write8(&writer->text, (const uint8_t *)text, (int)bytes));
}

static bool json_is_plain(const JSString *string)
{
    if (string->is_wide_char)
        return false;
    const uint8_t *characters = str8((JSString *)string);
    for (uint32_t i = 0; i < string->len; i++)
        if (characters[i] < 0x20 || characters[i] == '"' || characters[i] == '\\')
            return false;
    return true;
}

static enum json_result json_write_string(struct json_writer *writer, JSString *string)
{
    StringBuffer *text = &writer->text;
    if (json_is_plain(string))
        return json_result_of(string_buffer_putc8(text, '"') ||
                              string_buffer_write8(text, str8(string), (int)string->len) ||
                              string_buffer_putc8(text, '"'));
    JSValue quoted = JS_ToQuotedString(writer->context, JS_MKPTR(JS_TAG_STRING, string));
    if (JS_IsException(quoted))
        return JSON_FAILED;
    return json_result_of(string_buffer_concat_value_free(text, quoted));
}

static enum json_result json_write_number(struct json_writer *writer, double number)
{
    char digits[64];
    JSDTOATempMem memory;
    if (!isfinite(number))
        return json_write_text(writer, "null", 4);
    size_t used = number_write_decimals(digits, number);
    if (used > 0)
        return json_write_text(writer, digits, used);
    if (js_dtoa_max_len(number, 10, 0, JS_DTOA_FORMAT_FREE) >= (int)sizeof(digits))
        return JSON_UNUSUAL;
    int bytes = js_dtoa(digits, number, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
    return json_write_text(writer, digits, (size_t)bytes);
}

/* Whether the object, or what it inherits from, may have a method toJSON, or is not what it seems.
 */
static bool json_may_convert_itself(JSObject *object)
{
    JSProperty *property;
    for (; object != NULL; object = object->shape->proto)
        if ((object->is_exotic && object->class_id != JS_CLASS_ARRAY) ||
            find_own_property(&property, object, JS_ATOM_toJSON) != NULL)
            return true;
    return false;
}

static bool json_is_absent(JSValueConst value)
{
    return JS_IsUndefined(value) || JS_IsSymbol(value);
}

static enum json_result json_write_array(struct json_writer *writer, JSObject *array)
{
    StringBuffer *text = &writer->text;
    uint32_t count = array->u.array.count;
    JSValue length = array->prop[0].u.value;
    if (!array->fast_array || JS_VALUE_GET_TAG(length) != JS_TAG_INT ||
        (uint32_t)JS_VALUE_GET_INT(length) != count)
        return JSON_UNUSUAL;
    enum json_result result = json_result_of(string_buffer_putc8(text, '['));
    for (uint32_t i = 0; i < count && result == JSON_WRITTEN; i++) {
        JSValueConst value = array->u.array.u.values[i];
        if (i > 0 && string_buffer_putc8(text, ','))
            return JSON_FAILED;
        result = json_is_absent(value) ? json_write_text(writer, "null", 4)
                                       : json_write_value(writer, value);
    }
    return result != JSON_WRITTEN ? result : json_result_of(string_buffer_putc8(text, ']'));
}

/* Names that are array indices come first and in order, so they are unusual; so are accessors. */
static enum json_result json_write_member(struct json_writer *writer, const JSShapeProperty *shape,
                                          const JSProperty *property, bool is_first)
{
    StringBuffer *text = &writer->text;
    if (__JS_AtomIsTaggedInt(shape->atom) || (shape->flags & JS_PROP_TMASK) != JS_PROP_NORMAL)
        return JSON_UNUSUAL;
    JSString *name = writer->context->rt->atom_array[shape->atom];
    if (name->len > 0 && !name->is_wide_char && is_digit(str8(name)[0]))
        return JSON_UNUSUAL;
    if (!is_first && string_buffer_putc8(text, ','))
        return JSON_FAILED;
    enum json_result result = json_write_string(writer, name);
    if (result != JSON_WRITTEN)
        return result;
    if (string_buffer_putc8(text, ':'))
        return JSON_FAILED;
    return json_write_value(writer, property->u.value);
}

static bool json_is_member(struct json_writer *writer, const JSShapeProperty *shape,
                           const JSProperty *property)
{
    if (shape->atom == JS_ATOM_NULL || !(shape->flags & JS_PROP_ENUMERABLE))
        return false;
    if (__JS_AtomIsTaggedInt(shape->atom))
        return true;
    if (writer->context->rt->atom_array[shape->atom]->atom_type != JS_ATOM_TYPE_STRING)
        return false;
    return (shape->flags & JS_PROP_TMASK) != JS_PROP_NORMAL || !json_is_absent(property->u.value);
}

static enum json_result json_write_members(struct json_writer *writer, JSObject *object)
{
    StringBuffer *text = &writer->text;
    const JSShapeProperty *shapes = get_shape_prop(object->shape);
    bool is_first = true;
    if (string_buffer_putc8(text, '{'))
        return JSON_FAILED;
    for (int i = 0; i < object->shape->prop_count; i++) {
        if (!json_is_member(writer, &shapes[i], &object->prop[i]))
            continue;
        enum json_result result = json_write_member(writer, &shapes[i], &object->prop[i], is_first);
        if (result != JSON_WRITTEN)
            return result;
        is_first = false;
    }
    return json_result_of(string_buffer_putc8(text, '}'));
}

static enum json_result json_write_object(struct json_writer *writer, JSObject *object)
{
    enum json_result result = JSON_UNUSUAL;
    if (writer->depth == JSON_DEPTH_MAX || json_may_convert_itself(object))
        return result;
    writer->depth++;
    if (object->class_id == JS_CLASS_ARRAY)
        result = json_write_array(writer, object);
    else if (object->class_id == JS_CLASS_OBJECT)
        result = json_write_members(writer, object);
    writer->depth--;
    return result;
}

static enum json_result json_write_rope(struct json_writer *writer, JSValueConst rope)
{
    JSValue string = js_linearize_string_rope(writer->context, rope);
    if (JS_IsException(string))
        return JSON_FAILED;
    enum json_result result = json_write_string(writer, JS_VALUE_GET_STRING(string));
    JS_FreeValue(writer->context, string);
    return result;
}

static enum json_result json_write_value(struct json_writer *writer, JSValueConst value)
{
    char digits[16];
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_STRING:
        return json_write_string(writer, JS_VALUE_GET_STRING(value));
    case JS_TAG_STRING_ROPE:
        return json_write_rope(writer, value);
    case JS_TAG_INT:
        return json_write_text(writer, digits, i32toa(digits, JS_VALUE_GET_INT(value)));
    case JS_TAG_FLOAT64:
        return json_write_number(writer, JS_VALUE_GET_FLOAT64(value));
    case JS_TAG_BOOL:
        return JS_VALUE_GET_BOOL(value) ? json_write_text(writer, "true", 4)
                                        : json_write_text(writer, "false", 5);
    case JS_TAG_NULL:
        return json_write_text(writer, "null", 4);
    case JS_TAG_OBJECT:
        return json_write_object(writer, JS_VALUE_GET_OBJ(value));
    default:
        return JSON_UNUSUAL;
    }
}

JSValue quickjs_json_stringify(JSContext *context, JSValueConst value)
{
    struct json_writer writer = {.context = context};
    if (JS_IsObject(value)) {
        enum json_result result = string_buffer_init(context, &writer.text, 256)
                                      ? JSON_FAILED
                                      : json_write_value(&writer, value);
        if (result == JSON_WRITTEN)
            return string_buffer_end(&writer.text);
        string_buffer_free(&writer.text);
        if (result == JSON_FAILED)
            return JS_EXCEPTION;
    }
    return JS_JSONStringify(context, value, JS_UNDEFINED, JS_UNDEFINED);
}

/* JSON.stringify(value, replacer, space) */
static JSValue json_stringify(JSContext *context, JSValueConst this_value, int argument_count,
                              JSValueConst *arguments)
{
    (void)this_value;
    (void)argument_count;
    if (JS_IsUndefined(arguments[1]) && JS_IsUndefined(arguments[2]))
        return quickjs_json_stringify(context, arguments[0]);
    return JS_JSONStringify(context, arguments[0], arguments[1], arguments[2]);
}

static JSValue json_read_float(const uint8_t *begin)
{
    JSATODTempMem memory;
    return js_float64(js_atod((const char *)begin, NULL, 10, 0, &memory));
}

/* Of so many digits a number is exact, and so is 10 to as many: their quotient is the nearest one.
 */
#define JSON_DIGITS_MAX 15

/* Numbers of a JSON text, from `begin` to `end`: small integers are QuickJS's integers, which it
 * computes and prints faster. Its own reader makes each a floating-point number. */
static JSValue quickjs_json_number(const uint8_t *begin, const uint8_t *end)
{
    static const double powers[JSON_DIGITS_MAX + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool is_negative = *begin == '-';
    const uint8_t *digit = begin + is_negative;
    const uint8_t *point = NULL;
    uint64_t number = 0;
    if (end - digit > JSON_DIGITS_MAX)
        return json_read_float(begin);
    for (; digit < end; digit++) {
        if (is_digit(*digit))
            number = number * 10 + (uint64_t)(*digit - '0');
        else if (*digit == '.')
            point = digit;
        else
            return json_read_float(begin);
    }
    if (point == NULL && number <= INT32_MAX && !(is_negative && number == 0))
        return js_int32(is_negative ? -(int32_t)number : (int32_t)number);
    double value = (double)number / powers[point == NULL ? 0 : end - point - 1];
    return js_float64(is_negative ? -value : value);
}
