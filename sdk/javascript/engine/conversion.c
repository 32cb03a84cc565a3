/* SPDX-License-Identifier: Apache-2.0 */

#include "conversion.h"

#include <stdlib.h>
#include <string.h>

/* The bytes from which on UTF-8 is no ASCII; all of them where it is. */
static size_t ascii_bytes(const char *data, size_t bytes)
{
    size_t i = 0;
    while (i < bytes && (unsigned char)data[i] < 0x80)
        i++;
    return i;
}

int conversion_to_byte_string(JSContext *context, JSValueConst value, const char *what,
                              struct host_bytes *ret_bytes)
{
    size_t bytes;
    const char *utf8 = JS_ToCStringLen(context, &bytes, value);
    if (utf8 == NULL)
        return -1;
    uint8_t *data = malloc(bytes + 1);
    if (data == NULL) {
        JS_FreeCString(context, utf8);
        JS_ThrowOutOfMemory(context);
        return -1;
    }
    size_t from = ascii_bytes(utf8, bytes), to = from;
    memcpy(data, utf8, from);
    for (; from < bytes; from++) {
        unsigned char c = (unsigned char)utf8[from];
        if (c >= 0xc4) { /* U+0100 and more */
            free(data);
            JS_FreeCString(context, utf8);
            JS_ThrowTypeError(context, "%s has a character above 255: it cannot be sent", what);
            return -1;
        }
        if (c >= 0xc2)
            c = (unsigned char)((c & 0x03) << 6 | (utf8[++from] & 0x3f));
        data[to++] = c;
    }
    data[to] = '\0';
    JS_FreeCString(context, utf8);
    *ret_bytes = (struct host_bytes){.data = data, .bytes = to};
    return 0;
}

JSValue conversion_from_byte_string(JSContext *context, struct text text)
{
    size_t ascii = ascii_bytes(text.data, text.bytes);
    if (ascii == text.bytes)
        return JS_NewStringLen(context, text.data, text.bytes);
    char *utf8 = malloc(2 * text.bytes);
    if (utf8 == NULL)
        return JS_ThrowOutOfMemory(context);
    size_t to = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x80) {
            utf8[to++] = (char)c;
        } else {
            utf8[to++] = (char)(0xc0 | c >> 6);
            utf8[to++] = (char)(0x80 | (c & 0x3f));
        }
    }
    JSValue string = JS_NewStringLen(context, utf8, to);
    free(utf8);
    return string;
}

JSValue conversion_from_utf8(JSContext *context, struct text text)
{
    if (text.bytes >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        text.data += 3;
        text.bytes -= 3;
    }
    return JS_NewStringLen(context, text.data, text.bytes);
}

bool conversion_buffer_source(JSContext *context, JSValueConst value, struct text *ret_bytes)
{
    size_t bytes, offset, element_bytes;
    *ret_bytes = (struct text){0};
    if (JS_IsArrayBuffer(value)) {
        uint8_t *data = JS_GetArrayBuffer(context, &bytes, value);
        if (data == NULL)
            JS_FreeValue(context, JS_GetException(context)); /* detached: no bytes */
        else
            *ret_bytes = (struct text){.data = (const char *)data, .bytes = bytes};
        return true;
    }
    bool is_view = JS_GetTypedArrayType(value) >= 0;
    if (!is_view && !JS_IsDataView(value))
        return false;
    JSValue buffer;
    if (is_view) {
        buffer = JS_GetTypedArrayBuffer(context, value, &offset, &bytes, &element_bytes);
    } else {
        /* A DataView has no function of its own in QuickJS's interface. */
        int64_t offset64 = 0, bytes64 = 0;
        JSValue offset_value = JS_GetPropertyStr(context, value, "byteOffset");
        JSValue bytes_value = JS_GetPropertyStr(context, value, "byteLength");
        buffer = JS_GetPropertyStr(context, value, "buffer");
        JS_ToInt64(context, &offset64, offset_value);
        JS_ToInt64(context, &bytes64, bytes_value);
        offset = (size_t)offset64;
        bytes = (size_t)bytes64;
    }
    if (JS_IsException(buffer)) {
        JS_FreeValue(context, JS_GetException(context));
        return true;
    }
    size_t buffer_bytes;
    uint8_t *data = JS_GetArrayBuffer(context, &buffer_bytes, buffer);
    if (data == NULL)
        JS_FreeValue(context, JS_GetException(context));
    else if (offset <= buffer_bytes && bytes <= buffer_bytes - offset)
        *ret_bytes = (struct text){.data = (const char *)data + offset, .bytes = bytes};
    JS_FreeValue(context, buffer); /* the view holds it */
    return true;
}

static void *resize_buffer(JSRuntime *runtime, void *opaque, void *pointer, size_t size)
{
    (void)runtime;
    (void)opaque;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

JSValue conversion_to_uint8_array(JSContext *context, struct host_bytes bytes)
{
    if (bytes.data == NULL)
        return JS_NewUint8ArrayCopy(context, (const uint8_t *)"", 0);
    return JS_NewUint8Array(context, bytes.data, bytes.bytes, resize_buffer, NULL, false);
}

JSValue conversion_to_array_buffer(JSContext *context, struct host_bytes bytes)
{
    if (bytes.data == NULL)
        return JS_NewArrayBufferCopy(context, (const uint8_t *)"", 0);
    return JS_NewArrayBuffer(context, bytes.data, bytes.bytes, 0, resize_buffer, NULL, false);
}
