/* SPDX-License-Identifier: Apache-2.0 */
#include "encoding.h"

#include <ctype.h>
#include <string.h>

#include "fn0_javascript_native.h"
#include "class.h"
#include "engine.h"
#include "support.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define BYTE_ORDER_MARK_SIZE 3

struct text_decoder {
    const struct fn0_encoding *encoding;
    struct fn0_decoder *decoder; /* in the middle of a stream whose pieces did not end between
                                    characters, else NULL */
    bool is_utf8;
    bool fatal;
    bool ignore_bom;
    bool past_start; /* of the stream: what looks like a byte order mark is none */
};

/* ---- TextEncoder
 * ----------------------------------------------------------------------------------------------------
 */

static JSValue encoder_construct(JSContext *context, JSValueConst new_target, int count,
                                 JSValueConst *arguments)
{
    (void)count, (void)arguments;
    return class_new(context, new_target, engine_of(context)->classes.text_encoder);
}

static int check_encoder(JSContext *context, JSValueConst value)
{
    if (JS_GetClassID(value) == engine_of(context)->classes.text_encoder)
        return 0;
    JS_ThrowTypeError(context, "not a TextEncoder");
    return -1;
}

static JSValue js_encoder_encoding(JSContext *context, JSValueConst this_value)
{
    return check_encoder(context, this_value) < 0 ? JS_EXCEPTION : JS_NewString(context, "utf-8");
}

static JSValue js_encoder_encode(JSContext *context, JSValueConst this_value, int count,
                                 JSValueConst *arguments)
{
    const char *text;
    size_t size;
    JSValue array;

    if (check_encoder(context, this_value) < 0)
        return JS_EXCEPTION;
    if (count == 0 || JS_IsUndefined(arguments[0]))
        return JS_NewUint8ArrayCopy(context, (const uint8_t *)"", 0);
    text = support_to_usv_string(context, arguments[0], &size);
    if (text == NULL)
        return JS_EXCEPTION;
    array = JS_NewUint8ArrayCopy(context, (const uint8_t *)text, size);
    JS_FreeCString(context, text);
    return array;
}

/* How many UTF-16 units this UTF-8 stands for: one for each character, two where it takes four
 * bytes. */
static size_t count_units(const char *text, size_t size)
{
    size_t index, units = 0;
    for (index = 0; index < size; index++) {
        unsigned char byte = (unsigned char)text[index];
        units += (byte & 0xC0) != 0x80;
        units += byte >= 0xF0;
    }
    return units;
}

static JSValue js_encoder_encode_into(JSContext *context, JSValueConst this_value, int count,
                                      JSValueConst *arguments)
{
    static const char *const names[] = {"read", "written"};
    const char *text;
    uint8_t *target;
    size_t size, room, units;

    if (check_encoder(context, this_value) < 0)
        return JS_EXCEPTION;
    if (count < 2 || JS_GetTypedArrayType(arguments[1]) != JS_TYPED_ARRAY_UINT8) {
        return JS_ThrowTypeError(context, "encodeInto needs a string and a Uint8Array");
    }
    text = support_to_usv_string(context, arguments[0], &size);
    if (text == NULL)
        return JS_EXCEPTION;
    target = JS_GetUint8Array(context, &room, arguments[1]);
    if (target == NULL && JS_HasException(context)) {
        JS_FreeCString(context, text);
        return JS_EXCEPTION;
    }
    if (size > room) {
        for (size = room; size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80; size--)
            continue;
    }
    if (size > 0)
        memcpy(target, text, size);
    units = count_units(text, size);
    JS_FreeCString(context, text);
    return JS_NewObjectFromStr(
        context, 2, (const char **)names,
        (JSValue[]){JS_NewInt64(context, (int64_t)units), JS_NewInt64(context, (int64_t)size)});
}

static const JSCFunctionListEntry encoder_members[] = {
    CLASS_NAME("TextEncoder"),
    CLASS_GETTER("encoding", js_encoder_encoding),
    CLASS_METHOD("encode", 0, js_encoder_encode),
    CLASS_METHOD("encodeInto", 2, js_encoder_encode_into),
};

static const struct class_definition encoder_definition = {
    .name = "TextEncoder",
    .class_def = {.class_name = "TextEncoder"},
    .constructor = encoder_construct,
    .members = encoder_members,
    .member_count = COUNT_OF(encoder_members),
};

/* ---- TextDecoder
 * ----------------------------------------------------------------------------------------------------
 */

static void decoder_finalize(JSRuntime *runtime, JSValueConst value)
{
    JSClassID class_id;
    struct text_decoder *decoder = JS_GetAnyOpaque(value, &class_id);
    if (decoder == NULL)
        return;
    fn0_decoder_destroy(decoder->decoder);
    js_free_rt(runtime, decoder);
}

static struct text_decoder *decoder_of(JSContext *context, JSValueConst value)
{
    return JS_GetOpaque2(context, value, engine_of(context)->classes.text_decoder);
}

/* A boolean of a dictionary; false where the dictionary or the member is absent. 0 or -1. */
static int read_option(JSContext *context, JSValueConst options, const char *name, bool *ret_value)
{
    JSValue value;
    int answer;

    *ret_value = false;
    if (JS_IsUndefined(options) || JS_IsNull(options))
        return 0;
    if (!JS_IsObject(options)) {
        JS_ThrowTypeError(context, "the options must be an object");
        return -1;
    }
    value = JS_GetPropertyStr(context, options, name);
    answer = JS_ToBool(context, value);
    JS_FreeValue(context, value);
    *ret_value = answer > 0;
    return answer < 0 ? -1 : 0;
}

/* The encoding of a label; NULL with a RangeError where the standard has none. */
static const struct fn0_encoding *to_encoding(JSContext *context, JSValueConst label)
{
    const struct fn0_encoding *encoding;
    const char *text;
    size_t size;

    if (JS_IsUndefined(label))
        return fn0_encoding_find("utf-8", 5);
    text = JS_ToCStringLen(context, &size, label);
    if (text == NULL)
        return NULL;
    encoding = fn0_encoding_find(text, size);
    if (encoding == NULL)
        JS_ThrowRangeError(context, "The \"%.60s\" encoding is not supported", text);
    JS_FreeCString(context, text);
    return encoding;
}

static JSValue decoder_construct(JSContext *context, JSValueConst new_target, int count,
                                 JSValueConst *arguments)
{
    const struct fn0_encoding *encoding =
        to_encoding(context, count > 0 ? arguments[0] : JS_UNDEFINED);
    JSValueConst options = count > 1 ? arguments[1] : JS_UNDEFINED;
    struct text_decoder *decoder;
    bool fatal, ignore_bom;
    JSValue object;

    if (encoding == NULL || read_option(context, options, "fatal", &fatal) < 0 ||
        read_option(context, options, "ignoreBOM", &ignore_bom) < 0) {
        return JS_EXCEPTION;
    }
    object = class_new(context, new_target, engine_of(context)->classes.text_decoder);
    if (JS_IsException(object))
        return JS_EXCEPTION;
    decoder = js_malloc(context, sizeof(*decoder));
    if (decoder == NULL) {
        JS_FreeValue(context, object);
        return JS_EXCEPTION;
    }
    *decoder = (struct text_decoder){
        .encoding = encoding,
        .is_utf8 = encoding == fn0_encoding_find("utf-8", 5),
        .fatal = fatal,
        .ignore_bom = ignore_bom,
    };
    JS_SetOpaque(object, decoder);
    return object;
}

static JSValue throw_malformed(JSContext *context)
{
    return JS_ThrowTypeError(context, "The encoded data was not valid");
}

/*
 * UTF-8 without an error or a cut in it, decoded by QuickJS from where it is: 1 and the string, 0
 * when it has to go through a decoder. A stream's first bytes may be half a byte order mark.
 */
static int decode_plain(JSContext *context, struct text_decoder *decoder, struct byte_span bytes,
                        bool stream, JSValue *ret_string)
{
    if (!decoder->is_utf8 || decoder->decoder != NULL)
        return 0;
    if (stream && !decoder->past_start && bytes.size < BYTE_ORDER_MARK_SIZE)
        return 0;
    if (fn0_utf8_valid_up_to(bytes.data, bytes.size) != bytes.size)
        return 0;
    if (!decoder->ignore_bom && !decoder->past_start && bytes.size >= BYTE_ORDER_MARK_SIZE &&
        memcmp(bytes.data, BYTE_ORDER_MARK, BYTE_ORDER_MARK_SIZE) == 0) {
        bytes.data += BYTE_ORDER_MARK_SIZE;
        bytes.size -= BYTE_ORDER_MARK_SIZE;
    }
    decoder->past_start = stream;
    *ret_string = JS_NewStringLen(context, (const char *)bytes.data, bytes.size);
    return 1;
}

static void decoder_end_stream(struct text_decoder *decoder)
{
    fn0_decoder_destroy(decoder->decoder);
    decoder->decoder = NULL;
    decoder->past_start = false;
}

static JSValue decode_through(JSContext *context, struct text_decoder *decoder,
                              struct byte_span bytes, bool stream)
{
    size_t room, written;
    JSValue string;
    char *text;

    if (decoder->decoder == NULL) {
        decoder->decoder =
            fn0_decoder_create(decoder->encoding, decoder->ignore_bom || decoder->past_start);
    }
    room = fn0_decoder_room(decoder->decoder, bytes.size);
    text = js_malloc(context, room > 0 ? room : 1);
    if (text == NULL)
        return JS_EXCEPTION;
    written = fn0_decoder_decode(decoder->decoder, bytes.data, bytes.size, !stream, decoder->fatal,
                                 text, room);
    string =
        written == SIZE_MAX ? throw_malformed(context) : JS_NewStringLen(context, text, written);
    js_free(context, text);
    if (!stream || written == SIZE_MAX)
        decoder_end_stream(decoder);
    return string;
}

static JSValue js_decoder_decode(JSContext *context, JSValueConst this_value, int count,
                                 JSValueConst *arguments)
{
    struct text_decoder *decoder = decoder_of(context, this_value);
    struct byte_span bytes = {NULL, 0};
    JSValue string;
    bool stream;

    if (decoder == NULL)
        return JS_EXCEPTION;
    if (read_option(context, count > 1 ? arguments[1] : JS_UNDEFINED, "stream", &stream) < 0)
        return JS_EXCEPTION;
    if (count > 0 && !JS_IsUndefined(arguments[0]) &&
        support_to_bytes(context, arguments[0], "the input", &bytes) < 0) {
        return JS_EXCEPTION;
    }
    if (decode_plain(context, decoder, bytes, stream, &string))
        return string;
    return decode_through(context, decoder, bytes, stream);
}

static JSValue js_decoder_encoding(JSContext *context, JSValueConst this_value)
{
    struct text_decoder *decoder = decoder_of(context, this_value);
    char name[32];
    size_t size, index;
    if (decoder == NULL)
        return JS_EXCEPTION;
    size = fn0_encoding_name(decoder->encoding, name, sizeof(name));
    for (index = 0; index < size; index++)
        name[index] = (char)tolower((unsigned char)name[index]);
    return JS_NewStringLen(context, name, size);
}

static JSValue js_decoder_fatal(JSContext *context, JSValueConst this_value)
{
    struct text_decoder *decoder = decoder_of(context, this_value);
    return decoder != NULL ? JS_NewBool(context, decoder->fatal) : JS_EXCEPTION;
}

static JSValue js_decoder_ignore_bom(JSContext *context, JSValueConst this_value)
{
    struct text_decoder *decoder = decoder_of(context, this_value);
    return decoder != NULL ? JS_NewBool(context, decoder->ignore_bom) : JS_EXCEPTION;
}

static const JSCFunctionListEntry decoder_members[] = {
    CLASS_NAME("TextDecoder"),
    CLASS_GETTER("encoding", js_decoder_encoding),
    CLASS_GETTER("fatal", js_decoder_fatal),
    CLASS_GETTER("ignoreBOM", js_decoder_ignore_bom),
    CLASS_METHOD("decode", 0, js_decoder_decode),
};

static const struct class_definition decoder_definition = {
    .name = "TextDecoder",
    .class_def = {.class_name = "TextDecoder", .finalizer = decoder_finalize},
    .constructor = decoder_construct,
    .members = decoder_members,
    .member_count = COUNT_OF(decoder_members),
};

/* ---- Base64
 * ---------------------------------------------------------------------------------------------------------
 */

/* Whether the pending exception is the InvalidCharacterError of QuickJS; takes it away if it is. */
static bool take_invalid_character(JSContext *context)
{
    JSValue error = JS_GetException(context);
    JSValue name = JS_IsObject(error) ? JS_GetPropertyStr(context, error, "name") : JS_UNDEFINED;
    const char *text = JS_ToCString(context, name);
    bool is_it = text != NULL && strcmp(text, "InvalidCharacterError") == 0;

    JS_FreeCString(context, text);
    JS_FreeValue(context, name);
    if (is_it) {
        JS_FreeValue(context, error);
    } else {
        JS_Throw(context, error);
    }
    return is_it;
}

/* QuickJS's function, but what it throws is the library's class. */
static JSValue js_base64(JSContext *context, JSValueConst this_value, int count,
                         JSValueConst *arguments, int magic, JSValueConst *data)
{
    JSValue text, result;
    (void)this_value, (void)magic;
    if (count < 1)
        return JS_ThrowTypeError(context, "1 argument needed, 0 given");
    text = JS_ToString(context, arguments[0]);
    if (JS_IsException(text))
        return JS_EXCEPTION;
    result = JS_Call(context, data[0], JS_UNDEFINED, 1, (JSValueConst *)&text);
    JS_FreeValue(context, text);
    if (JS_IsException(result) && take_invalid_character(context)) {
        return support_throw_dom_exception(
            context, "InvalidCharacterError",
            magic == 0 ? "The string to be decoded is not correctly encoded"
                       : "The string contains characters outside of Latin1");
    }
    return result;
}

static int define_base64(JSContext *context, JSValueConst native, const char *name, int magic)
{
    JSValue global = JS_GetGlobalObject(context);
    JSValue own = JS_GetPropertyStr(context, global, name);
    JSValue function = JS_EXCEPTION;
    if (!JS_IsException(own)) {
        function =
            JS_NewCFunctionData2(context, js_base64, name, 1, magic, 1, (JSValueConst *)&own);
    }
    JS_FreeValue(context, own);
    JS_FreeValue(context, global);
    if (JS_IsException(function))
        return -1;
    return JS_SetPropertyStr(context, native, name, function) < 0 ? -1 : 0;
}

int encoding_register(JSContext *context, JSValueConst native)
{
    struct engine_classes *classes = &engine_of(context)->classes;
    if (class_register(context, native, &encoder_definition, &classes->text_encoder) != 0 ||
        class_register(context, native, &decoder_definition, &classes->text_decoder) != 0 ||
        define_base64(context, native, "atob", 0) < 0 ||
        define_base64(context, native, "btoa", 1) < 0) {
        return -1;
    }
    return 0;
}
