/* SPDX-License-Identifier: AGPL-3.0-only */

/* Fields being gathered piece by piece, as a parser hands them out: header or trailers of a
 * request.
 *
 * All text lies one after another in one buffer that grows; so while fields are being added only
 * their lengths are known, and field_list_complete says where they are. Memory is kept from message
 * to message. Embedded; one thread. */

#ifndef FN0_HTTP_FIELD_LIST_H
#define FN0_HTTP_FIELD_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

/* More fields than this are refused as a header that is too large: a field costs memory and time
 * beyond its bytes. */
#define HTTP_FIELDS_MAX 1024

/* `fields` and `count` are for reading, after http_field_list_complete; the caller may leave some
 * out by moving others forward. */
struct http_field_list {
    struct buffer text;
    struct field *fields; /* `data` of names and values is set by http_field_list_complete */
    size_t count;
    size_t capacity;
    bool open; /* the last field is not whole */
};

/* Begins empty; nothing is allocated. `bytes_max` over 0: of all names and values together. */
void http_field_list_init(struct http_field_list *list, size_t bytes_max);

/* Frees its memory. */
void http_field_list_fini(struct http_field_list *list);

/* Forgets the fields; keeps memory that is not out of the ordinary. */
void http_field_list_reset(struct http_field_list *list);

/* Adds a piece of a name, in lower case; the first one begins a field. Returns 0,
 * ERROR_REQUEST_HEADER_SIZE past HTTP_FIELDS_MAX or the maximum of bytes, or ERROR_OUT_OF_MEMORY.
 */
int http_field_list_add_name(struct http_field_list *list, struct slice piece);

/* Adds a piece of the value of the field that was begun. Returns as http_field_list_add_name. */
int http_field_list_add_value(struct http_field_list *list, struct slice piece);

/* The field that was begun is whole. */
void http_field_list_end_field(struct http_field_list *list);

/* No more fields: makes `fields` valid, values without the blanks around them, until the reset. */
void http_field_list_complete(struct http_field_list *list);

#endif
