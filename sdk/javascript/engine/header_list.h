/* SPDX-License-Identifier: Apache-2.0 */

/* A header list of the Fetch standard (2.2.2): names in lower case, values as bytes, in the order
 * they came. A message holds one without any JavaScript object around it; an object of class
 * Headers shares it by its count of references.
 *
 * Functions that add answer false where there is no memory; nothing has changed then. One thread.
 */

#ifndef FN0_JAVASCRIPT_HEADER_LIST_H
#define FN0_JAVASCRIPT_HEADER_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

struct text {
    const char *data;
    size_t bytes;
};

#define TEXT(literal) ((struct text){.data = (literal), .bytes = sizeof(literal) - 1})

/* Name and value lie behind one another in one allocation. */
struct header {
    char *name;
    size_t name_bytes;
    size_t value_bytes;
};

struct header_list {
    uint32_t references;
    bool immutable; /* its Headers object refuses to be changed: what came from outside */
    size_t count;
    size_t capacity;
    struct header *items;
};

static inline struct text header_name(const struct header *header)
{
    return (struct text){.data = header->name, .bytes = header->name_bytes};
}

static inline struct text header_value(const struct header *header)
{
    return (struct text){.data = header->name + header->name_bytes, .bytes = header->value_bytes};
}

/* An empty list with one reference. NULL: no memory. */
struct header_list *header_list_create(void);

/* Made of what the host gave (borrowed), immutable. NULL: no memory. */
struct header_list *header_list_from_host(const struct host_fields *fields);

/* The same list with one reference more. */
struct header_list *header_list_reference(struct header_list *list);

/* Gives one reference up; the last one frees. NULL is fine. */
void header_list_release(struct header_list *list);

/* A copy with one reference, not immutable. NULL: no memory. */
struct header_list *header_list_copy(const struct header_list *list);

/* Names are compared in lower case; the caller's are lowered where they are stored. */
bool header_list_append(struct header_list *list, struct text name, struct text value);

/* Puts the value into the first field of that name and removes the others, or appends. */
bool header_list_set(struct header_list *list, struct text name, struct text value);

/* Removes all fields of that name; nothing where there is none. */
void header_list_delete(struct header_list *list, struct text name);

/* The first field of that name, or NULL. */
const struct header *header_list_find(const struct header_list *list, struct text name);

/* The indices of the fields in the order of iteration: sorted by name, equal names in their order.
 * `ret_order` has room for `count` of them. */
void header_list_order(const struct header_list *list, size_t *ret_order);

/* All values of a name joined by ", " (malloc, *ret_bytes long). NULL with *ret_found: no memory;
 * NULL without: there is none. */
char *header_list_get(const struct header_list *list, struct text name, size_t *ret_bytes,
                      bool *ret_found);

/* Whether it is a field name (RFC 9110, 5.1: a token). */
bool header_name_is_valid(struct text name);

/* Cuts HTTP whitespace off both ends (Fetch, 2.2.2: normalize). */
struct text header_value_trim(struct text value);

/* Whether a trimmed value has none of NUL, CR and LF. */
bool header_value_is_valid(struct text value);

/* Compares a name with one that is in lower case. */
bool header_name_equals(struct text name, struct text lower);

/* Whether it is of the connection, not of the message (RFC 9110, 7.6.1), or `host`: the host
 * decides these, and wasi:http refuses them. They are left out, as elsewhere: Hono sets some with a
 * stream.
 */
bool header_name_is_the_hosts(struct text name);

#endif
