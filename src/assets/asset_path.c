/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_path.h"

#include <stddef.h>

#include "base/check.h"

#define WELL_KNOWN SLICE(".well-known")

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes a byte off the front, decoded. False where it must not be there. */
static bool take_byte(struct slice *text, char *ret_byte, bool *ret_was_encoded)
{
    unsigned char byte = (unsigned char)text->data[0];
    size_t taken = 1;
    *ret_was_encoded = byte == '%';
    if (*ret_was_encoded) {
        int high = text->bytes >= 3 ? digit_of(text->data[1]) : -1;
        int low = text->bytes >= 3 ? digit_of(text->data[2]) : -1;
        if (high < 0 || low < 0)
            return false;
        byte = (unsigned char)(high << 4 | low);
        taken = 3;
    }
    text->data += taken;
    text->bytes -= taken;
    *ret_byte = (char)byte;
    return byte >= ' ' && byte != 0x7f && byte != '\\';
}

static bool part_valid(struct slice part, bool is_first)
{
    if (part.bytes == 0 || part.bytes > ASSET_PART_BYTES_MAX)
        return false;
    return part.data[0] != '.' || (is_first && slice_equal(part, WELL_KNOWN));
}

bool asset_path_read(struct slice target, char ret_path[ASSET_PATH_BYTES])
{
    size_t bytes = 0;
    size_t part_begin = 0;
    target = slice_before(target, '?');
    if (target.bytes == 0 || target.data[0] != '/')
        return false;
    target.data++;
    target.bytes--;
    while (target.bytes > 0) {
        char byte;
        bool was_encoded;
        if (bytes == ASSET_PATH_BYTES - 1 || !take_byte(&target, &byte, &was_encoded) ||
            (byte == '/' && was_encoded))
            return false;
        if (byte == '/') {
            struct slice part = {.data = ret_path + part_begin, .bytes = bytes - part_begin};
            if (!part_valid(part, part_begin == 0))
                return false;
            part_begin = bytes + 1;
        }
        ret_path[bytes++] = byte;
    }
    struct slice last = {.data = ret_path + part_begin, .bytes = bytes - part_begin};
    check(bytes < ASSET_PATH_BYTES);
    ret_path[bytes] = '\0';
    return last.bytes == 0 || part_valid(last, part_begin == 0);
}
