/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 sequence at the front (RFC 3629), or 0 where there is none. */
static size_t utf8_bytes(struct slice text)
{
    const unsigned char *c = (const unsigned char *)text.data;
    size_t bytes = c[0] < 0x80                   ? 1
                   : c[0] >= 0xc2 && c[0] < 0xe0 ? 2
                   : c[0] >= 0xe0 && c[0] < 0xf0 ? 3
                   : c[0] >= 0xf0 && c[0] < 0xf5 ? 4
                                                 : 0;
    if (bytes == 0 || bytes > text.bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool surrogate = c[0] == 0xed && c[1] >= 0xa0;
    bool past_end = c[0] == 0xf4 && c[1] >= 0x90;
    return overlong || surrogate || past_end ? 0 : bytes;
}

size_t json_escape(struct slice text, char escaped[JSON_ESCAPED_BYTES], size_t *ret_bytes)
{
    unsigned char c = (unsigned char)text.data[0];
    size_t bytes = utf8_bytes(text);
    const char *replacement = NULL;
    if (bytes == 0)
        replacement = "\xef\xbf\xbd";
    else if (c == '"')
        replacement = "\\\"";
    else if (c == '\\')
        replacement = "\\\\";
    else if (c == '\n')
        replacement = "\\n";
    else if (c == '\r')
        replacement = "\\r";
    else if (c == '\t')
        replacement = "\\t";
    if (replacement) {
        *ret_bytes = strlen(replacement);
        memcpy(escaped, replacement, *ret_bytes);
        return bytes ? bytes : 1;
    }
    /* C0, DEL and C1: a terminal would obey them. */
    bool c1 = bytes == 2 && c == 0xc2 && (unsigned char)text.data[1] < 0xa0;
    if (c < 0x20 || c == 0x7f || c1) {
        unsigned code = c1 ? (unsigned char)text.data[1] : c;
        *ret_bytes = (size_t)snprintf(escaped, JSON_ESCAPED_BYTES, "\\u%04x", code);
        return bytes;
    }
    memcpy(escaped, text.data, bytes);
    *ret_bytes = bytes;
    return bytes;
}

int json_append_text(struct buffer *buffer, struct slice text)
{
    int code = buffer_append(buffer, SLICE("\""));

    while (text.bytes > 0 && code == 0) {
        char escaped[JSON_ESCAPED_BYTES];
        size_t bytes;
        size_t taken = json_escape(text, escaped, &bytes);
        code = buffer_append(buffer, (struct slice){.data = escaped, .bytes = bytes});
        text.data += taken;
        text.bytes -= taken;
    }
    return code < 0 ? code : buffer_append(buffer, SLICE("\""));
}
