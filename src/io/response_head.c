/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/response_head.h"

#include <string.h>

#include "base/check.h"
#include "base/field_syntax.h"
#include "io/hop_by_hop.h"

#define FIELDS_MIN 16
/* More of them is no server in good faith; so few can be compared one by one. */
#define CONNECTION_OPTIONS_MAX 32

/* What holds between any two lines. */
static void check_head(const struct response_head *head)
{
    check(head->bytes <= head->bytes_max);
    check(head->fields.count <= head->fields.capacity);
    check(head->trailers.count <= head->trailers.capacity);
    check(!head->complete || (head->begun && !head->interim && head->status >= 200));
    check(head->complete || head->trailers.count == 0);
}

void response_head_init(struct response_head *head, size_t bytes_max)
{
    check(bytes_max > 0);
    *head =
        (struct response_head){.bytes_max = bytes_max, .content_length = RESPONSE_LENGTH_UNKNOWN};
    /* The shortest field has 4 bytes on the wire, and takes a struct field in an array that may
     * have been copied once for each time it doubled. */
    arena_init(&head->arena, bytes_max * 2 * (1 + sizeof(struct field)) + 4096);
}

void response_head_fini(struct response_head *head)
{
    arena_fini(&head->arena);
}

/* ---- Lines
 * --------------------------------------------------------------------------------------- */

/* Reads "HTTP/1.1 200 OK". */
static enum response_head_result take_status(struct response_head *head, struct slice line)
{
    const char *text = line.data;
    if (line.bytes < 12 || memcmp(text, "HTTP/1.", 7) != 0 || (text[7] != '0' && text[7] != '1') ||
        text[8] != ' ' || (line.bytes > 12 && text[12] != ' '))
        return RESPONSE_HEAD_MALFORMED;
    uint32_t status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9')
            return RESPONSE_HEAD_MALFORMED;
        status = status * 10 + (uint32_t)(text[i] - '0');
    }
    /* Nobody asked for another protocol. */
    if (status < 100 || status == 101)
        return RESPONSE_HEAD_MALFORMED;
    head->begun = true;
    head->interim = status < 200;
    head->closes = text[7] == '0';
    head->status = status;
    head->fields.count = 0;
    return RESPONSE_HEAD_FINE;
}

static struct field *add_field(struct response_head *head, struct response_fields *fields)
{
    if (fields->count == fields->capacity) {
        size_t capacity = fields->capacity ? fields->capacity * 2 : FIELDS_MIN;
        struct field *items = arena_allocate(&head->arena, capacity * sizeof(*items));
        if (!items)
            return NULL;
        if (fields->count > 0)
            memcpy(items, fields->items, fields->count * sizeof(*items));
        fields->items = items;
        fields->capacity = capacity;
    }
    check(fields->items && fields->count < fields->capacity);
    return &fields->items[fields->count++];
}

static enum response_head_result take_field(struct response_head *head,
                                            struct response_fields *fields, struct slice line)
{
    const char *colon = memchr(line.data, ':', line.bytes);
    if (!colon)
        return RESPONSE_HEAD_MALFORMED;
    struct slice name = {.data = line.data, .bytes = (size_t)(colon - line.data)};
    struct slice value =
        slice_trim((struct slice){.data = colon + 1, .bytes = line.bytes - name.bytes - 1});
    if (!token_valid(name) || !field_value_valid(value))
        return RESPONSE_HEAD_MALFORMED;
    name = arena_copy(&head->arena, name);
    value = arena_copy(&head->arena, value);
    if (!name.data || !value.data)
        return RESPONSE_HEAD_NO_MEMORY;
    for (char *byte = (char *)name.data; *byte; byte++)
        if (*byte >= 'A' && *byte <= 'Z')
            *byte += 'a' - 'A';
    struct field *field = add_field(head, fields);
    if (!field)
        return RESPONSE_HEAD_NO_MEMORY;
    *field = (struct field){.name = name, .value = value};
    return RESPONSE_HEAD_FINE;
}

/* Joins a folded line to the value before it, by a space (RFC 9112, 5.2). */
static enum response_head_result continue_field(struct response_head *head,
                                                struct response_fields *fields, struct slice line)
{
    struct slice rest = slice_trim(line);
    if (fields->count == 0 || !field_value_valid(rest))
        return RESPONSE_HEAD_MALFORMED;
    struct slice *value = &fields->items[fields->count - 1].value;
    char *joined = arena_allocate(&head->arena, value->bytes + 1 + rest.bytes + 1);
    if (!joined)
        return RESPONSE_HEAD_NO_MEMORY;
    memcpy(joined, value->data, value->bytes);
    joined[value->bytes] = ' ';
    memcpy(joined + value->bytes + 1, rest.data, rest.bytes);
    joined[value->bytes + 1 + rest.bytes] = 0;
    *value = slice_trim((struct slice){.data = joined, .bytes = value->bytes + 1 + rest.bytes});
    return RESPONSE_HEAD_FINE;
}

/* ---- The end of a head
 * --------------------------------------------------------------------------- */

/* What Connection names (RFC 9110, 7.6.1): options, and fields that end at this hop. */
struct connection_options {
    struct slice items[CONNECTION_OPTIONS_MAX];
    size_t count;
};

static bool collect_options(const struct response_fields *fields,
                            struct connection_options *options)
{
    options->count = 0;
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal(fields->items[i].name, SLICE("connection")))
            continue;
        struct slice list = fields->items[i].value, element;
        while (slice_next_in_list(&list, &element)) {
            if (options->count == CONNECTION_OPTIONS_MAX)
                return false;
            options->items[options->count++] = element;
        }
    }
    return true;
}

static bool has_option(const struct connection_options *options, struct slice name)
{
    for (size_t i = 0; i < options->count; i++)
        if (slice_equal_ignoring_case(options->items[i], name))
            return true;
    return false;
}

/* Reads a Content-Length; several are fine if they agree (RFC 9112, 6.3). */
static bool take_length(struct response_head *head, struct slice value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value.bytes; i++) {
        if (value.data[i] < '0' || value.data[i] > '9' || length > UINT64_MAX / 100)
            return false;
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    bool agrees = head->content_length == RESPONSE_LENGTH_UNKNOWN || head->content_length == length;
    head->content_length = length;
    return value.bytes > 0 && agrees;
}

/* Takes out what concerns only the connection. `chunked`: the length says nothing then. */
static void keep_end_to_end(struct response_fields *fields,
                            const struct connection_options *options, bool chunked)
{
    size_t kept = 0;
    for (size_t i = 0; i < fields->count; i++) {
        struct slice name = fields->items[i].name;
        if (!field_is_hop_by_hop(name) && !has_option(options, name) &&
            !(chunked && slice_equal(name, SLICE("content-length"))))
            fields->items[kept++] = fields->items[i];
    }
    fields->count = kept;
}

static enum response_head_result end_head(struct response_head *head)
{
    if (!head->begun)
        return RESPONSE_HEAD_MALFORMED;
    head->begun = !head->interim;
    if (head->interim)
        return RESPONSE_HEAD_FINE;
    struct response_fields *fields = &head->fields;
    bool chunked = field_find(fields->items, fields->count, SLICE("transfer-encoding"));
    for (size_t i = 0; i < fields->count; i++)
        if (slice_equal(fields->items[i].name, SLICE("content-length")) &&
            !take_length(head, fields->items[i].value))
            return RESPONSE_HEAD_MALFORMED;
    if (chunked)
        head->content_length = RESPONSE_LENGTH_UNKNOWN;
    if (head->status == 204 || head->status == 304)
        head->content_length = 0;
    bool ends_with_connection = !chunked && head->content_length == RESPONSE_LENGTH_UNKNOWN;
    struct connection_options options;
    if (!collect_options(fields, &options))
        return RESPONSE_HEAD_MALFORMED;
    if (ends_with_connection || has_option(&options, SLICE("close")))
        head->closes = true;
    else if (has_option(&options, SLICE("keep-alive")))
        head->closes = false;
    keep_end_to_end(fields, &options, chunked);
    head->complete = true;
    head->bytes = 0;
    check_head(head);
    return RESPONSE_HEAD_FINE;
}

enum response_head_result response_head_line(struct response_head *head, struct slice line)
{
    check_head(head);
    if (line.bytes > head->bytes_max - head->bytes)
        return RESPONSE_HEAD_TOO_LARGE;
    head->bytes += line.bytes;
    if (line.bytes > 0 && line.data[line.bytes - 1] == '\n')
        line.bytes--;
    if (line.bytes > 0 && line.data[line.bytes - 1] == '\r')
        line.bytes--;
    struct response_fields *fields = head->complete ? &head->trailers : &head->fields;
    if (line.bytes == 0)
        return head->complete ? RESPONSE_HEAD_FINE : end_head(head);
    if (!head->complete && !head->begun)
        return take_status(head, line);
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return continue_field(head, fields, line);
    enum response_head_result result = take_field(head, fields, line);
    /* Trailers come after what they could frame. */
    if (result == RESPONSE_HEAD_FINE && head->complete) {
        struct slice name = fields->items[fields->count - 1].name;
        if (field_is_hop_by_hop(name) || slice_equal(name, SLICE("content-length")) ||
            slice_equal(name, SLICE("trailer")))
            fields->count--;
    }
    return result;
}
