/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/field_syntax.h"

/* The ranges first, then what differs in them. */
#define LETTER (BYTE_OF_TOKEN | BYTE_OF_VALUE | BYTE_OF_PATH | BYTE_OF_HOST_NAME)
#define SYMBOL (BYTE_OF_VALUE | BYTE_OF_PATH)
const unsigned char byte_classes[256] = {
    ['\t'] = BYTE_OF_VALUE,
    [' '] = BYTE_OF_VALUE,
    ['0' ... '9'] = LETTER,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
    ['!'] = LETTER,
    ['"'] = SYMBOL,
    ['#'] = BYTE_OF_TOKEN | BYTE_OF_VALUE,
    ['$'] = LETTER,
    ['%'] = BYTE_OF_TOKEN | SYMBOL,
    ['&'] = LETTER,
    ['\''] = LETTER,
    ['('] = SYMBOL | BYTE_OF_HOST_NAME,
    [')'] = SYMBOL | BYTE_OF_HOST_NAME,
    ['*'] = LETTER,
    ['+'] = LETTER,
    [','] = SYMBOL | BYTE_OF_HOST_NAME,
    ['-'] = LETTER,
    ['.'] = LETTER,
    ['/'] = SYMBOL,
    [':'] = SYMBOL,
    [';'] = SYMBOL | BYTE_OF_HOST_NAME,
    ['<'] = SYMBOL,
    ['='] = SYMBOL | BYTE_OF_HOST_NAME,
    ['>'] = SYMBOL,
    ['?'] = SYMBOL,
    ['@'] = SYMBOL,
    ['['] = SYMBOL,
    ['\\'] = SYMBOL,
    [']'] = SYMBOL,
    ['^'] = BYTE_OF_TOKEN | SYMBOL,
    ['_'] = LETTER,
    ['`'] = BYTE_OF_TOKEN | SYMBOL,
    ['{'] = SYMBOL,
    ['|'] = BYTE_OF_TOKEN | SYMBOL,
    ['}'] = SYMBOL,
    ['~'] = LETTER,
    [0x80 ... 0xff] = BYTE_OF_VALUE,
};

bool bytes_are(struct slice text, enum byte_class class)
{
    unsigned char common = (unsigned char)class;
    for (size_t i = 0; i < text.bytes; i++)
        common &= byte_classes[(unsigned char)text.data[i]];
    return common == (unsigned char)class;
}

bool token_valid(struct slice token)
{
    return token.bytes > 0 && bytes_are(token, BYTE_OF_TOKEN);
}

bool field_value_valid(struct slice value)
{
    return bytes_are(value, BYTE_OF_VALUE);
}
