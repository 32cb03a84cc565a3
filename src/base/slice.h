/* SPDX-License-Identifier: AGPL-3.0-only */

/* Borrowed bytes, and the fields of HTTP messages made of them.
 *
 * A slice never owns and is not terminated by a zero: whoever keeps it for longer than the call
 * copies it (arena_copy). It is handed by value. Any thread. */

#ifndef FN0_BASE_SLICE_H
#define FN0_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes from `data` on; any value, zeros too. */
struct slice {
    const char *data; /* may be NULL when bytes is 0 */
    size_t bytes;
};

/* A header or trailer field (RFC 9110, 5). */
struct field {
    struct slice name;
    struct slice value;
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){.data = (literal), .bytes = sizeof(literal) - 1})

/* A slice of a terminated string, without the zero. NULL gives the empty slice. */
static inline struct slice slice_of(const char *string)
{
    return (struct slice){.data = string, .bytes = string ? strlen(string) : 0};
}

/* Whether both hold the same bytes. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

/* Whether both hold the same bytes where ASCII letters of either case are the same (RFC 9110, 5.1).
 */
bool slice_equal_ignoring_case(struct slice a, struct slice b);

/* The slice without spaces and tabs (OWS of RFC 9110, 5.6.3) at both ends. */
struct slice slice_trim(struct slice slice);

/* What stands before the first `byte`; all of it where there is none. */
struct slice slice_before(struct slice slice, char byte);

/* Takes the next element of a comma-separated list (RFC 9110, 5.6.1) off the front of *list,
 * trimmed; empty elements are passed over. False at the end of the list. */
bool slice_next_in_list(struct slice *list, struct slice *ret_element);

/* The value of the first field called `name` (any case), or NULL. Points into `fields`. */
const struct slice *field_find(const struct field *fields, size_t count, struct slice name);

#endif
