/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/custom_section.h"

#include <stdint.h>

#define SECTION_ID "\0"
#define NUMBER_BYTES_MAX 5

/* The number in LEB128, into `digits`. */
static struct slice encode(uint32_t number, char digits[NUMBER_BYTES_MAX])
{
    size_t count = 0;

    do {
        uint8_t low = number & 0x7f;
        number >>= 7;
        digits[count++] = (char)(number != 0 ? low | 0x80 : low);
    } while (number != 0);
    return (struct slice){digits, count};
}

int custom_section_append(struct buffer *buffer, struct slice name, struct slice content)
{
    char name_digits[NUMBER_BYTES_MAX], digits[NUMBER_BYTES_MAX];
    struct slice name_bytes = encode((uint32_t)name.bytes, name_digits);
    uint32_t bytes = (uint32_t)(name_bytes.bytes + name.bytes + content.bytes);
    const struct slice parts[] = {
        {SECTION_ID, 1}, encode(bytes, digits), name_bytes, name, content,
    };
    int code = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && code == 0; i++)
        code = buffer_append(buffer, parts[i]);
    return code;
}
