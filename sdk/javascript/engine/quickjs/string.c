/* SPDX-License-Identifier: Apache-2.0 */

/* String.prototype.concat, which templates are compiled to: in one buffer rather than part by part.
 * Part of quickjs_engine.c. */

/* Whether its text can be had without running code of the script's. */
static bool string_is_primitive(JSValueConst value)
{
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_STRING:
    case JS_TAG_STRING_ROPE:
    case JS_TAG_INT:
    case JS_TAG_FLOAT64:
    case JS_TAG_BOOL:
    case JS_TAG_NULL:
    case JS_TAG_UNDEFINED:
        return true;
    default:
        return false;
    }
}

/* 0, or -1 with an exception. */
static int string_append(StringBuffer *text, JSValueConst value)
{
    char digits[16];
    if (JS_VALUE_GET_TAG(value) == JS_TAG_STRING) {
        JSString *string = JS_VALUE_GET_STRING(value);
        if (!string->is_wide_char)
            return string_buffer_write8(text, str8(string), (int)string->len);
    }
    if (JS_VALUE_GET_TAG(value) == JS_TAG_INT)
        return string_buffer_write8(text, (const uint8_t *)digits,
                                    (int)i32toa(digits, JS_VALUE_GET_INT(value)));
    return string_buffer_concat_value(text, value);
}

/* So many characters that the buffer seldom grows. */
static int string_length_of(JSValueConst value)
{
    return JS_VALUE_GET_TAG(value) == JS_TAG_STRING ? (int)JS_VALUE_GET_STRING(value)->len : 8;
}

/* Longer ones become ropes, as QuickJS makes them: they are not copied. */
#define STRING_CONCAT_MAX 8192

static JSValue string_concat(JSContext *context, JSValueConst this_value, int argument_count,
                             JSValueConst *arguments)
{
    StringBuffer text;
    int length = string_length_of(this_value);
    bool is_simple = JS_VALUE_GET_TAG(this_value) == JS_TAG_STRING;
    for (int i = 0; i < argument_count && is_simple && length <= STRING_CONCAT_MAX; i++) {
        is_simple = string_is_primitive(arguments[i]) &&
                    JS_VALUE_GET_NORM_TAG(arguments[i]) != JS_TAG_STRING_ROPE;
        length += string_length_of(arguments[i]);
    }
    if (!is_simple || length > STRING_CONCAT_MAX || argument_count == 0)
        return js_string_concat(context, this_value, argument_count, arguments);
    int failed = string_buffer_init(context, &text, length) || string_append(&text, this_value);
    for (int i = 0; i < argument_count && !failed; i++)
        failed = string_append(&text, arguments[i]);
    if (failed) {
        string_buffer_free(&text);
        return JS_EXCEPTION;
    }
    return string_buffer_end(&text);
}

static bool string_replace_functions(JSContext *context)
{
    return JS_DefinePropertyValue(context, context->class_proto[JS_CLASS_STRING], JS_ATOM_concat,
                                  JS_NewCFunction(context, string_concat, "concat", 1),
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) >= 0;
}

/* How many bytes of Latin-1 are not ASCII, and so take two in UTF-8. Mostly none. */
static int quickjs_count_not_ascii(const uint8_t *text, int count)
{
    uint64_t any = 0;
    int found = 0;
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t eight;
        memcpy(&eight, text + i, sizeof(eight));
        any |= eight;
    }
    if (any & 0x8080808080808080u)
        i = 0;
    for (; i < count; i++)
        found += text[i] >> 7;
    return found;
}
