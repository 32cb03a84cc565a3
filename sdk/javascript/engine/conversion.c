/* SPDX-License-Identifier: Apache-2.0 */

#include "conversion.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

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
    struct byte_span span;
    int found = support_find_bytes(context, value, &span);
    if (found < 0)
        JS_FreeValue(context, JS_GetException(context)); /* detached: no bytes */
    *ret_bytes = found > 0 ? (struct text){(const char *)span.data, span.size} : (struct text){0};
    return found != 0;
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
