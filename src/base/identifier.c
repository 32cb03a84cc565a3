/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/identifier.h"

#include <string.h>

char *request_id_write(struct random *random, char text[REQUEST_ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int half = 0; half < 2; half++) {
        uint64_t bits = random_next(random);
        for (int i = 0; i < 16; i++, bits >>= 4)
            text[half * 16 + i] = digits[bits & 15];
    }
    text[REQUEST_ID_BYTES] = '\0';
    return text;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool request_id_valid(struct slice text)
{
    if (text.bytes == 0 || text.bytes > 128)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.data[i];
        if (!is_letter_or_digit(c) && c != '-' && c != '_' && c != '.' && c != ':')
            return false;
    }
    return true;
}

bool function_name_valid(struct slice name)
{
    if (name.bytes == 0 || name.bytes > FUNCTION_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return name.data[0] != '-' && name.data[name.bytes - 1] != '-';
}

bool function_name_read(struct slice name, char text[FUNCTION_NAME_TEXT_BYTES])
{
    if (name.bytes > FUNCTION_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.data[i];
        text[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    text[name.bytes] = '\0';
    return function_name_valid((struct slice){.data = text, .bytes = name.bytes});
}
