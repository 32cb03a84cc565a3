/* SPDX-License-Identifier: Apache-2.0 */

#include "content_coding.h"

#include <stdlib.h>
#include <string.h>

#include "fn0_javascript_native.h"

#define CONTENT_ENCODING TEXT("content-encoding")
#define CONTENT_LENGTH TEXT("content-length")

/* The first byte of a gzip member; another may follow the first. */
#define GZIP_FIRST_BYTE 0x1f

/* One coding, by the decoder of what it made. */
struct step {
    struct text name;      /* as in Accept-Encoding */
    bool is_gzip;          /* else deflate */
    struct fn0_flow *flow; /* NULL before the first byte, and at the end */
    bool has_begun;
    bool has_ended;
    bool is_full;              /* the last piece was: the decoder may hold more */
    struct host_bytes encoded; /* what was given last */
    size_t taken;              /* how much of it has been decoded */
};

/* As many as undici takes: each one multiplies what a few bytes may become. */
#define STEPS_MAX 5

struct content_coding {
    char *encoding; /* the field's value */
    char *length;   /* or NULL */
    /* In the order in which they were applied: the last one's bytes are those that came. */
    struct step steps[STEPS_MAX];
    size_t step_count;
};

void content_coding_destroy(struct content_coding *coding)
{
    if (coding == NULL)
        return;
    for (size_t i = 0; i < coding->step_count; i++) {
        fn0_flow_destroy(coding->steps[i].flow);
        free(coding->steps[i].encoded.data);
    }
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

/* Cuts the next element off a list that is separated by commas. False: there is none. */
static bool next_element(struct text *list, struct text *ret_element)
{
    if (list->data == NULL)
        return false;
    const char *comma = memchr(list->data, ',', list->bytes);
    size_t bytes = comma == NULL ? list->bytes : (size_t)(comma - list->data);
    *ret_element = header_value_trim((struct text){list->data, bytes});
    *list = comma == NULL ? (struct text){0} : (struct text){comma + 1, list->bytes - bytes - 1};
    return true;
}

static bool step_init(struct step *step, struct text name)
{
    step->is_gzip =
        equals_ignoring_case(name, TEXT("gzip")) || equals_ignoring_case(name, TEXT("x-gzip"));
    step->name = step->is_gzip ? TEXT("gzip") : TEXT("deflate");
    return step->is_gzip || equals_ignoring_case(name, TEXT("deflate"));
}

/* False: it names one that cannot be decoded, or too many. */
static bool find_steps(struct content_coding *coding, const char *encoding)
{
    struct text list = {encoding, strlen(encoding)}, name;
    while (next_element(&list, &name)) {
        if (name.bytes == 0)
            continue;
        if (coding->step_count == STEPS_MAX || !step_init(&coding->steps[coding->step_count], name))
            return false;
        coding->step_count++;
    }
    return coding->step_count > 0;
}

bool content_coding_take(struct header_list *headers, struct content_coding **ret_coding)
{
    *ret_coding = NULL;
    if (header_list_find(headers, CONTENT_ENCODING) == NULL)
        return true;
    struct content_coding *coding = calloc(1, sizeof(*coding));
    bool is_copied = coding != NULL && copy_value(headers, CONTENT_ENCODING, &coding->encoding) &&
                     copy_value(headers, CONTENT_LENGTH, &coding->length);
    if (!is_copied || !find_steps(coding, coding->encoding)) {
        content_coding_destroy(coding);
        return is_copied;
    }
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

static bool step_is_accepted(const struct step *step, struct text accepted)
{
    struct text element;
    bool takes = false, takes_any = false, is_named = false;
    while (next_element(&accepted, &element)) {
        is_named |= element_names(element, step->name, &takes);
        element_names(element, TEXT("*"), &takes_any);
    }
    return is_named ? takes : takes_any;
}

bool content_coding_is_accepted(const struct content_coding *coding,
                                const struct header_list *request)
{
    size_t bytes;
    bool is_found, is_accepted = true;
    char *accepted = header_list_get(request, TEXT("accept-encoding"), &bytes, &is_found);
    if (accepted == NULL)
        return false;
    for (size_t i = 0; i < coding->step_count; i++)
        is_accepted &= step_is_accepted(&coding->steps[i], (struct text){accepted, bytes});
    free(accepted);
    return is_accepted;
}

/* ---- Content ----------------------------------------------------------------------------------
 */

static void step_give(struct step *step, struct host_bytes encoded)
{
    free(step->encoded.data);
    step->encoded = encoded;
    step->taken = 0;
}

void content_coding_give(struct content_coding *coding, struct host_bytes encoded)
{
    step_give(&coding->steps[coding->step_count - 1], encoded);
}

bool content_coding_is_whole(const struct content_coding *coding)
{
    for (size_t i = 0; i < coding->step_count; i++)
        if (coding->steps[i].has_begun && !coding->steps[i].has_ended)
            return false;
    return true;
}

/* Makes the decoder for what begins with `first`. Servers send raw deflate where they should wrap
 * it (RFC 9110, 8.4.1.2), and everybody takes both: a wrapper begins with 8 in its lower half. */
static void begin(struct step *step, uint8_t first)
{
    enum fn0_format deflate = (first & 0x0f) == 8 ? FN0_FORMAT_DEFLATE : FN0_FORMAT_DEFLATE_RAW;
    step->flow = fn0_flow_create(step->is_gzip ? FN0_FORMAT_GZIP : deflate, true);
    step->has_begun = true;
    step->has_ended = false;
}

/* Whether there is something to decode. What follows the end is ignored, but for a second gzip
 * member. */
static bool find_encoded(struct step *step)
{
    if (step->taken == step->encoded.bytes)
        return false;
    if (step->flow != NULL)
        return true;
    uint8_t first = step->encoded.data[step->taken];
    if (step->has_begun && (!step->is_gzip || first != GZIP_FIRST_BYTE)) {
        step->taken = step->encoded.bytes;
        return false;
    }
    begin(step, first);
    return true;
}

/* Fills `content` as far as there is something to decode. False: malformed. */
static bool decode(struct step *step, size_t bytes_max, struct host_bytes *content)
{
    while (content->bytes < bytes_max && (find_encoded(step) || step->flow != NULL)) {
        size_t taken, written, room = bytes_max - content->bytes;
        enum fn0_flow_state state = fn0_flow_run(
            step->flow, step->encoded.data + step->taken, step->encoded.bytes - step->taken, false,
            content->data + content->bytes, room, &taken, &written);
        step->taken += taken;
        content->bytes += written;
        if (state == FN0_FLOW_MALFORMED)
            return false;
        if (state == FN0_FLOW_ENDED) {
            fn0_flow_destroy(step->flow);
            step->flow = NULL;
            step->has_ended = true;
        } else if (taken == 0 && written == 0) {
            break;
        }
    }
    step->is_full = content->bytes == bytes_max;
    return true;
}

static enum host_result step_read(struct step *step, size_t bytes_max,
                                  struct host_bytes *ret_content)
{
    struct host_bytes content = {0};
    *ret_content = content;
    if (!find_encoded(step) && (step->flow == NULL || !step->is_full))
        return HOST_WAIT;
    content.data = malloc(bytes_max);
    if (content.data == NULL)
        return HOST_FAILED;
    if (!decode(step, bytes_max, &content)) {
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

enum host_result content_coding_read(struct content_coding *coding, size_t bytes_max,
                                     struct host_bytes *ret_content)
{
    for (size_t i = 0;;) {
        enum host_result result = step_read(&coding->steps[i], bytes_max, ret_content);
        if (result == HOST_WAIT && i + 1 < coding->step_count) {
            i++; /* what that one gives is what this one waits for */
        } else if (result == HOST_OK && i > 0) {
            i--;
            step_give(&coding->steps[i], *ret_content);
        } else {
            return result;
        }
    }
}
