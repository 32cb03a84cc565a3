/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/field_list.h"

#include <assert.h>
#include <stdlib.h>

#include "base/check.h"
#include "tables/errors.h"

/* What a list keeps when it is reset: the head of an ordinary browser fits. */
#define KEPT_TEXT_BYTES 4096
#define KEPT_FIELDS 64
#define FIRST_FIELDS 32

static_assert(FIRST_FIELDS <= KEPT_FIELDS && KEPT_FIELDS <= HTTP_FIELDS_MAX,
              "ordinary lists are kept, and are no more than there may be");
static_assert(HTTP_FIELDS_MAX % FIRST_FIELDS == 0, "doubling ends at the most fields");

/* What holds between any two pieces. */
static void check_list(const struct http_field_list *list)
{
    check(list->count <= list->capacity && list->capacity <= HTTP_FIELDS_MAX);
    check((list->fields == NULL) == (list->capacity == 0));
    check(!list->open || list->count > 0);
}

void http_field_list_init(struct http_field_list *list, size_t bytes_max)
{
    *list = (struct http_field_list){.fields = NULL};
    buffer_init(&list->text, bytes_max);
}

void http_field_list_fini(struct http_field_list *list)
{
    buffer_fini(&list->text);
    free(list->fields);
    list->fields = NULL;
    list->count = list->capacity = 0;
    list->open = false;
}

void http_field_list_reset(struct http_field_list *list)
{
    buffer_reset(&list->text, KEPT_TEXT_BYTES);
    if (list->capacity > KEPT_FIELDS) {
        free(list->fields);
        list->fields = NULL;
        list->capacity = 0;
    }
    list->count = 0;
    list->open = false;
}

static int begin_field(struct http_field_list *list)
{
    if (list->count == HTTP_FIELDS_MAX)
        return ERROR_REQUEST_HEADER_SIZE;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : FIRST_FIELDS;
        struct field *fields = realloc(list->fields, capacity * sizeof(*fields));
        if (!fields)
            return ERROR_OUT_OF_MEMORY;
        list->fields = fields;
        list->capacity = capacity;
    }
    list->fields[list->count++] = (struct field){.name = {.bytes = 0}};
    list->open = true;
    check_list(list);
    return 0;
}

/* ERROR_FULL means more here than that a buffer is full. */
static int head_too_large(int code)
{
    return code == ERROR_FULL ? ERROR_REQUEST_HEADER_SIZE : code;
}

int http_field_list_add_name(struct http_field_list *list, struct slice piece)
{
    if (!list->open) {
        int code = begin_field(list);
        if (code)
            return code;
    }
    char *name = buffer_reserve(&list->text, piece.bytes);
    if (!name)
        return head_too_large(piece.bytes > list->text.bytes_max - buffer_bytes(&list->text)
                                  ? ERROR_FULL
                                  : ERROR_OUT_OF_MEMORY);
    for (size_t i = 0; i < piece.bytes; i++) {
        char byte = piece.data[i];
        name[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    buffer_commit(&list->text, piece.bytes);
    list->fields[list->count - 1].name.bytes += piece.bytes;
    return 0;
}

int http_field_list_add_value(struct http_field_list *list, struct slice piece)
{
    check(list->open);
    check_list(list);
    int code = buffer_append(&list->text, piece);
    if (code)
        return head_too_large(code);
    list->fields[list->count - 1].value.bytes += piece.bytes;
    return 0;
}

void http_field_list_end_field(struct http_field_list *list)
{
    check(list->open);
    list->open = false;
}

void http_field_list_complete(struct http_field_list *list)
{
    check(!list->open);
    check_list(list);
    const char *next = list->count > 0 ? buffer_slice(&list->text).data : NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct field *field = &list->fields[i];
        field->name.data = next;
        next += field->name.bytes;
        field->value.data = next;
        next += field->value.bytes;
        field->value = slice_trim(field->value);
    }
    check(list->count == 0 || next == buffer_slice(&list->text).data + buffer_bytes(&list->text));
}
