/* SPDX-License-Identifier: Apache-2.0 */

#include "header_list.h"

#include <stdlib.h>
#include <string.h>

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

struct header_list *header_list_create(void)
{
    struct header_list *list = calloc(1, sizeof(*list));
    if (list != NULL)
        list->references = 1;
    return list;
}

struct header_list *header_list_from_host(const struct host_fields *fields)
{
    struct header_list *list = header_list_create();
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < fields->count; i++) {
        const struct host_field *field = &fields->items[i];
        struct text name = {(const char *)field->name.data, field->name.bytes};
        struct text value = {(const char *)field->value.data, field->value.bytes};
        if (!header_list_append(list, name, value)) {
            header_list_release(list);
            return NULL;
        }
    }
    list->immutable = true;
    return list;
}

struct header_list *header_list_reference(struct header_list *list)
{
    list->references++;
    return list;
}

static void clear(struct header_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
}

void header_list_release(struct header_list *list)
{
    if (list == NULL || --list->references > 0)
        return;
    clear(list);
    free(list);
}

struct header_list *header_list_copy(const struct header_list *list)
{
    struct header_list *copy = header_list_create();
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (!header_list_append(copy, header_name(&list->items[i]),
                                header_value(&list->items[i]))) {
            header_list_release(copy);
            return NULL;
        }
    }
    return copy;
}

static bool make_header(struct text name, struct text value, struct header *ret_header)
{
    char *memory = malloc(name.bytes + value.bytes + 1);
    if (memory == NULL)
        return false;
    for (size_t i = 0; i < name.bytes; i++)
        memory[i] = lower_of(name.data[i]);
    memcpy(memory + name.bytes, value.data, value.bytes);
    *ret_header =
        (struct header){.name = memory, .name_bytes = name.bytes, .value_bytes = value.bytes};
    return true;
}

static bool make_room(struct header_list *list)
{
    if (list->count < list->capacity)
        return true;
    size_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
    struct header *items = realloc(list->items, capacity * sizeof(*items));
    if (items == NULL)
        return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool header_list_append(struct header_list *list, struct text name, struct text value)
{
    if (!make_room(list) || !make_header(name, value, &list->items[list->count]))
        return false;
    list->count++;
    return true;
}

bool header_name_equals(struct text name, struct text lower)
{
    if (name.bytes != lower.bytes)
        return false;
    for (size_t i = 0; i < name.bytes; i++)
        if (lower_of(name.data[i]) != lower.data[i])
            return false;
    return true;
}

/* The first field of that name at or behind `from`, or the count. */
static size_t find_from(const struct header_list *list, struct text name, size_t from)
{
    while (from < list->count && !header_name_equals(name, header_name(&list->items[from])))
        from++;
    return from;
}

static void remove_from(struct header_list *list, struct text name, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < list->count; i++) {
        if (header_name_equals(name, header_name(&list->items[i])))
            free(list->items[i].name);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

bool header_list_set(struct header_list *list, struct text name, struct text value)
{
    size_t at = find_from(list, name, 0);
    struct header header;
    if (at == list->count)
        return header_list_append(list, name, value);
    if (!make_header(name, value, &header))
        return false;
    /* `name` may lie in a field that is removed here. */
    char *old = list->items[at].name;
    list->items[at] = header;
    remove_from(list, header_name(&header), at + 1);
    free(old);
    return true;
}

void header_list_delete(struct header_list *list, struct text name)
{
    remove_from(list, name, 0);
}

const struct header *header_list_find(const struct header_list *list, struct text name)
{
    size_t at = find_from(list, name, 0);
    return at < list->count ? &list->items[at] : NULL;
}

static int compare_names(struct text a, struct text b)
{
    int order = memcmp(a.data, b.data, a.bytes < b.bytes ? a.bytes : b.bytes);
    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

void header_list_order(const struct header_list *list, size_t *ret_order)
{
    /* Lists are short, and insertion keeps equal names in their order. */
    for (size_t i = 0; i < list->count; i++) {
        size_t at = i;
        while (at > 0 && compare_names(header_name(&list->items[i]),
                                       header_name(&list->items[ret_order[at - 1]])) < 0) {
            ret_order[at] = ret_order[at - 1];
            at--;
        }
        ret_order[at] = i;
    }
}

char *header_list_get(const struct header_list *list, struct text name, size_t *ret_bytes,
                      bool *ret_found)
{
    size_t first = find_from(list, name, 0);
    size_t bytes = 0;
    *ret_found = first < list->count;
    *ret_bytes = 0;
    if (!*ret_found)
        return NULL;
    for (size_t i = first; i < list->count; i = find_from(list, name, i + 1))
        bytes += list->items[i].value_bytes + 2;
    char *joined = malloc(bytes);
    if (joined == NULL)
        return NULL;
    size_t end = 0;
    for (size_t i = first; i < list->count; i = find_from(list, name, i + 1)) {
        struct text value = header_value(&list->items[i]);
        if (i != first) {
            memcpy(joined + end, ", ", 2);
            end += 2;
        }
        memcpy(joined + end, value.data, value.bytes);
        end += value.bytes;
    }
    *ret_bytes = end;
    return joined;
}

static bool is_token_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool header_name_is_valid(struct text name)
{
    for (size_t i = 0; i < name.bytes; i++)
        if (!is_token_character((unsigned char)name.data[i]))
            return false;
    return name.bytes > 0;
}

static bool is_whitespace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text header_value_trim(struct text value)
{
    while (value.bytes > 0 && is_whitespace(value.data[0])) {
        value.data++;
        value.bytes--;
    }
    while (value.bytes > 0 && is_whitespace(value.data[value.bytes - 1]))
        value.bytes--;
    return value;
}

bool header_value_is_valid(struct text value)
{
    for (size_t i = 0; i < value.bytes; i++)
        if (value.data[i] == '\0' || value.data[i] == '\r' || value.data[i] == '\n')
            return false;
    return true;
}

bool header_name_is_the_hosts(struct text name)
{
    static const char *const names[] = {"host",
                                        "connection",
                                        "keep-alive",
                                        "upgrade",
                                        "http2-settings",
                                        "proxy-connection",
                                        "transfer-encoding",
                                        "proxy-authenticate",
                                        "proxy-authorization"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (header_name_equals(name, (struct text){names[i], strlen(names[i])}))
            return true;
    return false;
}
