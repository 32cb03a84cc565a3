/* SPDX-License-Identifier: Apache-2.0 */

#include "content_coding.h"

#include <stdlib.h>
#include <string.h>

#include "fn0_javascript_native.h"

#define CONTENT_ENCODING TEXT("content-encoding")
#define CONTENT_LENGTH TEXT("content-length")

/* The first byte of a gzip member; another may follow the first. */
#define GZIP_FIRST_BYTE 0x1f

struct content_coding {
    struct text name;      /* as in Accept-Encoding */
    bool is_gzip;          /* else deflate */
    char *encoding;        /* the field's value */
    char *length;          /* or NULL */
    struct fn0_flow *flow; /* NULL before the first byte, and at the end */
    bool has_begun;
    bool has_ended;
    bool is_full;              /* the last piece was: the decoder may hold more */
    struct host_bytes encoded; /* what was given last */
    size_t taken;              /* how much of it has been decoded */
};

void content_coding_destroy(struct content_coding *coding)
{
    if (coding == NULL)
        return;
    fn0_flow_destroy(coding->flow);
    free(coding->encoded.data);
    free(coding->encoding);
    free(coding->length);
    free(coding);
}

/* ---- Fields -----------------------------------------------------------------------------------
 */

static bool equals_ignoring_case(struct text text, struct text lower)
{
    return header_name_equals(text, lower);
}

/* The value of all fields of that name as a string (malloc). False: no memory; *ret is NULL where
 * there is none. */
static bool copy_value(const struct header_list *headers, struct text name, char **ret)
{
    size_t bytes;
    bool is_found;
    *ret = NULL;
    char *value = header_list_get(headers, name, &bytes, &is_found);
    if (value == NULL)
        return !is_found;
    *ret = strndup(value, bytes);
    free(value);
    return *ret != NULL;
}

bool content_coding_take(struct header_list *headers, struct content_coding **ret_coding)
{
    char *encoding;
    *ret_coding = NULL;
    if (!copy_value(headers, CONTENT_ENCODING, &encoding))
        return false;
    if (encoding == NULL)
        return true;
    struct text name = header_value_trim((struct text){encoding, strlen(encoding)});
    bool is_gzip =
        equals_ignoring_case(name, TEXT("gzip")) || equals_ignoring_case(name, TEXT("x-gzip"));
    if (!is_gzip && !equals_ignoring_case(name, TEXT("deflate"))) {
        free(encoding);
        return true;
    }
    struct content_coding *coding = calloc(1, sizeof(*coding));
    char *length = NULL;
    if (coding == NULL || !copy_value(headers, CONTENT_LENGTH, &length)) {
        free(encoding);
        free(coding);
        return false;
    }
    coding->name = is_gzip ? TEXT("gzip") : TEXT("deflate");
    coding->is_gzip = is_gzip;
    coding->encoding = encoding;
    coding->length = length;
    header_list_delete(headers, CONTENT_ENCODING);
    header_list_delete(headers, CONTENT_LENGTH);
    *ret_coding = coding;
    return true;
}

static struct host_field field_of(struct text name, char *value)
{
    return (struct host_field){.name = {(uint8_t *)name.data, name.bytes},
                               .value = {(uint8_t *)value, strlen(value)}};
}

size_t content_coding_fields(const struct content_coding *coding,
                             struct host_field fields[CONTENT_CODING_FIELDS_MAX])
{
    size_t count = 0;
    fields[count++] = field_of(CONTENT_ENCODING, coding->encoding);
    if (coding->length != NULL)
        fields[count++] = field_of(CONTENT_LENGTH, coding->length);
    return count;
}

/* Whether an element of Accept-Encoding names the coding, and if so whether it takes or refuses it
 * ("gzip;q=0"). */
static bool element_names(struct text element, struct text name, bool *ret_takes)
{
    const char *semicolon = memchr(element.data, ';', element.bytes);
    size_t name_bytes = semicolon == NULL ? element.bytes : (size_t)(semicolon - element.data);
    if (!equals_ignoring_case(header_value_trim((struct text){element.data, name_bytes}), name))
        return false;
    struct text weight =
        header_value_trim((struct text){element.data + name_bytes, element.bytes - name_bytes});
    *ret_takes = true;
    if (weight.bytes > 0 && (weight.data[weight.bytes - 1] == '0')) {
        /* A weight is nothing where it has no other digit than 0. */
        const char *equals = memchr(weight.data, '=', weight.bytes);
        *ret_takes = false;
        for (const char *at = equals; at != NULL && at < weight.data + weight.bytes; at++)
            *ret_takes |= *at >= '1' && *at <= '9';
    }
    return true;
}

bool content_coding_is_accepted(const struct content_coding *coding,
                                const struct header_list *request)
{
    size_t bytes;
    bool is_found, takes = false, takes_any = false, is_named = false;
    char *accepted = header_list_get(request, TEXT("accept-encoding"), &bytes, &is_found);
    if (accepted == NULL)
        return false;
    for (size_t from = 0; from < bytes; from++) {
        const char *comma = memchr(accepted + from, ',', bytes - from);
        size_t to = comma == NULL ? bytes : (size_t)(comma - accepted);
        struct text element = {accepted + from, to - from};
        is_named |= element_names(element, coding->name, &takes);
        element_names(element, TEXT("*"), &takes_any);
        from = to;
    }
    free(accepted);
    return is_named ? takes : takes_any;
}

/* ---- Content ----------------------------------------------------------------------------------
 */

void content_coding_give(struct content_coding *coding, struct host_bytes encoded)
{
    free(coding->encoded.data);
    coding->encoded = encoded;
    coding->taken = 0;
}

bool content_coding_is_whole(const struct content_coding *coding)
{
    return coding->has_ended || !coding->has_begun;
}

/* Makes the decoder for what begins with `first`. Servers send raw deflate where they should wrap
 * it (RFC 9110, 8.4.1.2), and everybody takes both: a wrapper begins with 8 in its lower half. */
static void begin(struct content_coding *coding, uint8_t first)
{
    enum fn0_format deflate = (first & 0x0f) == 8 ? FN0_FORMAT_DEFLATE : FN0_FORMAT_DEFLATE_RAW;
    coding->flow = fn0_flow_create(coding->is_gzip ? FN0_FORMAT_GZIP : deflate, true);
    coding->has_begun = true;
    coding->has_ended = false;
}

/* Whether there is something to decode. What follows the end is ignored, but for a second gzip
 * member. */
static bool find_encoded(struct content_coding *coding)
{
    if (coding->taken == coding->encoded.bytes)
        return false;
    if (coding->flow != NULL)
        return true;
    uint8_t first = coding->encoded.data[coding->taken];
    if (coding->has_begun && (!coding->is_gzip || first != GZIP_FIRST_BYTE)) {
        coding->taken = coding->encoded.bytes;
        return false;
    }
    begin(coding, first);
    return true;
}

/* Fills `content` as far as there is something to decode. False: malformed. */
static bool decode(struct content_coding *coding, size_t bytes_max, struct host_bytes *content)
{
    while (content->bytes < bytes_max && (find_encoded(coding) || coding->flow != NULL)) {
        size_t taken, written, room = bytes_max - content->bytes;
        enum fn0_flow_state state =
            fn0_flow_run(coding->flow, coding->encoded.data + coding->taken,
                         coding->encoded.bytes - coding->taken, false,
                         content->data + content->bytes, room, &taken, &written);
        coding->taken += taken;
        content->bytes += written;
        if (state == FN0_FLOW_MALFORMED)
            return false;
        if (state == FN0_FLOW_ENDED) {
            fn0_flow_destroy(coding->flow);
            coding->flow = NULL;
            coding->has_ended = true;
        } else if (taken == 0 && written == 0) {
            break;
        }
    }
    coding->is_full = content->bytes == bytes_max;
    return true;
}

enum host_result content_coding_read(struct content_coding *coding, size_t bytes_max,
                                     struct host_bytes *ret_content)
{
    struct host_bytes content = {0};
    *ret_content = content;
    if (!find_encoded(coding) && (coding->flow == NULL || !coding->is_full))
        return HOST_WAIT;
    content.data = malloc(bytes_max);
    if (content.data == NULL)
        return HOST_FAILED;
    if (!decode(coding, bytes_max, &content)) {
        free(content.data);
        return HOST_FAILED;
    }
    if (content.bytes == 0) {
        free(content.data);
        return HOST_WAIT;
    }
    uint8_t *cut = realloc(content.data, content.bytes);
    if (cut != NULL)
        content.data = cut;
    *ret_content = content;
    return HOST_OK;
}
