/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/slice.h"

/* Not tolower(): that one asks the locale. */
static unsigned char to_lower(char byte)
{
    unsigned char c = (unsigned char)byte;
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

bool slice_equal_ignoring_case(struct slice a, struct slice b)
{
    if (a.bytes != b.bytes)
        return false;
    for (size_t i = 0; i < a.bytes; i++) {
        if (to_lower(a.data[i]) != to_lower(b.data[i]))
            return false;
    }
    return true;
}

struct slice slice_trim(struct slice slice)
{
    while (slice.bytes > 0 && (slice.data[0] == ' ' || slice.data[0] == '\t')) {
        slice.data++;
        slice.bytes--;
    }
    while (slice.bytes > 0 &&
           (slice.data[slice.bytes - 1] == ' ' || slice.data[slice.bytes - 1] == '\t'))
        slice.bytes--;
    return slice;
}

struct slice slice_before(struct slice slice, char byte)
{
    const char *found = slice.bytes > 0 ? memchr(slice.data, byte, slice.bytes) : NULL;
    if (found)
        slice.bytes = (size_t)(found - slice.data);
    return slice;
}

bool slice_next_in_list(struct slice *list, struct slice *ret_element)
{
    while (list->bytes > 0) {
        const char *comma = memchr(list->data, ',', list->bytes);
        struct slice element = {.data = list->data,
                                .bytes = comma ? (size_t)(comma - list->data) : list->bytes};
        size_t taken = element.bytes + (comma ? 1 : 0);
        list->data += taken;
        list->bytes -= taken;
        element = slice_trim(element);
        if (element.bytes > 0) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

const struct slice *field_find(const struct field *fields, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_ignoring_case(fields[i].name, name))
            return &fields[i].value;
    }
    return NULL;
}
