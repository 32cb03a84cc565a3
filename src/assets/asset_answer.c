/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_answer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/sha256.h"

#define CACHE_ALWAYS "public, max-age=31536000, immutable"
#define CACHE_ASKING "public, max-age=0, must-revalidate"

/* The first that a date can say; the last one is far in the future. */
#define YEAR_0_SECONDS (-62167219200)

/* What a validator is made of. */
#define STAMP_TEXT_BYTES 128

/* ---- The request's fields -------------------------------------------------------------------- */

static const struct slice *find(const struct http_request *request, struct slice name)
{
    return field_find(request->fields, request->field_count, name);
}

/* Whether an entity tag of a list is the answer's. `weak`: W/"a" is as good as "a" (RFC 9110,
 * 8.8.3.2). A comma within a tag splits it, and then it is none of ours. */
static bool list_has_tag(struct slice list, const char *etag, bool weak)
{
    struct slice element;
    while (slice_next_in_list(&list, &element)) {
        if (slice_equal(element, SLICE("*")))
            return true;
        if (weak && element.bytes > 2 && element.data[0] == 'W' && element.data[1] == '/') {
            element.data += 2;
            element.bytes -= 2;
        }
        if (*etag && slice_equal(element, slice_of(etag)))
            return true;
    }
    return false;
}

/* The same in all fields of a name. *ret_present: there is one. */
static bool fields_have_tag(const struct http_request *request, struct slice name, const char *etag,
                            bool weak, bool *ret_present)
{
    *ret_present = false;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!slice_equal_ignoring_case(request->fields[i].name, name))
            continue;
        *ret_present = true;
        if (list_has_tag(request->fields[i].value, etag, weak))
            return true;
    }
    return false;
}

static int64_t seconds_of(int64_t ns)
{
    const int64_t second = (int64_t)NANOSECONDS_PER_SECOND;
    return ns / second - (ns % second < 0);
}

/* ---- Preconditions (RFC 9110, 13.2.2) -------------------------------------------------------- */

/* 412, 304, or 0: go on. */
static uint32_t check_conditions(const struct http_request *request,
                                 const struct asset_answer *answer, const struct asset_facts *facts)
{
    int64_t modified = seconds_of(facts->stamp.modified_ns);
    const struct slice *date;
    int64_t seconds;
    bool present;
    bool matches = fields_have_tag(request, SLICE("if-match"), answer->etag, false, &present);
    if (present) {
        if (!matches)
            return 412;
    } else if ((date = find(request, SLICE("if-unmodified-since"))) &&
               http_date_read(*date, &seconds) && modified > seconds) {
        return 412;
    }
    matches = fields_have_tag(request, SLICE("if-none-match"), answer->etag, true, &present);
    if (present)
        return matches ? 304 : 0;
    date = find(request, SLICE("if-modified-since"));
    bool unchanged =
        date && *answer->modified && http_date_read(*date, &seconds) && modified <= seconds;
    return unchanged ? 304 : 0;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

/* If-Range: whether what the client has a part of is what is here (RFC 9110, 13.1.5). */
static bool range_is_of_this(const struct http_request *request, const struct asset_answer *answer)
{
    const struct slice *validator = find(request, SLICE("if-range"));
    if (!validator)
        return true;
    if (validator->bytes > 0 && (validator->data[0] == '"' || validator->data[0] == 'W'))
        return *answer->etag && slice_equal(*validator, slice_of(answer->etag));
    return *answer->modified && slice_equal(*validator, slice_of(answer->modified));
}

/* Reads digits off the front; a number that is too large is UINT64_MAX. False: there is none. */
static bool take_number(struct slice *text, uint64_t *ret_number)
{
    size_t digits = 0;
    uint64_t number = 0;
    while (digits < text->bytes && text->data[digits] >= '0' && text->data[digits] <= '9') {
        uint64_t digit = (uint64_t)(text->data[digits++] - '0');
        number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
    }
    text->data += digits;
    text->bytes -= digits;
    *ret_number = number;
    return digits > 0;
}

enum range { RANGE_IGNORED, RANGE_GOOD, RANGE_OUTSIDE };

/* What is one range of bytes: "0-99", "100-", "-100". */
static enum range read_range(struct slice text, uint64_t size, uint64_t *ret_first,
                             uint64_t *ret_bytes)
{
    uint64_t first, last;
    bool has_first = take_number(&text, &first);
    if (text.bytes == 0 || text.data[0] != '-')
        return RANGE_IGNORED;
    text.data++;
    text.bytes--;
    bool has_last = take_number(&text, &last);
    if (text.bytes > 0 || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_IGNORED;
    if (!has_first) {
        /* Of an empty file it is the whole, for which there is no Content-Range. */
        if (size == 0 && last > 0)
            return RANGE_IGNORED;
        *ret_bytes = last < size ? last : size;
        *ret_first = size - *ret_bytes;
        return last > 0 ? RANGE_GOOD : RANGE_OUTSIDE;
    }
    if (first >= size)
        return RANGE_OUTSIDE;
    *ret_first = first;
    *ret_bytes = has_last && last < size - 1 ? last - first + 1 : size - first;
    return RANGE_GOOD;
}

static enum range find_range(const struct http_request *request, const struct asset_answer *answer,
                             uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes)
{
    const struct slice *field = find(request, SLICE("range"));
    const struct slice unit = SLICE("bytes=");
    if (!field || !slice_equal(request->method, SLICE("GET")) || field->bytes < unit.bytes ||
        !slice_equal_ignoring_case((struct slice){field->data, unit.bytes}, unit) ||
        !range_is_of_this(request, answer))
        return RANGE_IGNORED;
    struct slice list = {field->data + unit.bytes, field->bytes - unit.bytes};
    struct slice one;
    struct slice another;
    if (!slice_next_in_list(&list, &one) || slice_next_in_list(&list, &another))
        return RANGE_IGNORED;
    return read_range(one, size, ret_first, ret_bytes);
}

/* ---- The answer ------------------------------------------------------------------------------ */

static void add(struct asset_answer *answer, struct slice name, const char *value)
{
    check(answer->field_count < ASSET_FIELDS_MAX);
    answer->fields[answer->field_count++] = (struct field){name, slice_of(value)};
}

/* Whether a time is over by so much that nothing that happens from now on gets it, too. */
static bool is_past(int64_t time_ns, uint64_t now_ns, uint64_t by_ns)
{
    return time_ns + (int64_t)by_ns <= (int64_t)now_ns;
}

/* Sets both validators, or leaves empty what could be the same after another change: every change
 * sets the time of change, which nobody can set back. */
static void make_validators(struct asset_answer *answer, const struct file_stamp *stamp,
                            uint64_t now_ns)
{
    char text[STAMP_TEXT_BYTES];
    uint8_t digest[SHA256_BYTES];
    char digits[SHA256_TEXT_BYTES];
    answer->etag[0] = answer->modified[0] = '\0';
    int bytes = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64,
                         stamp->inode, stamp->bytes, stamp->modified_ns, stamp->changed_ns);
    check(bytes > 0 && (size_t)bytes < sizeof(text));
    if (is_past(stamp->changed_ns, now_ns, ASSET_FRESH_NS) &&
        sha256_of(slice_of(text), digest, NULL) == 0)
        (void)snprintf(answer->etag, sizeof(answer->etag), "\"%.32s\"",
                       sha256_write(digest, digits));
    int64_t seconds = seconds_of(stamp->modified_ns);
    if (seconds >= YEAR_0_SECONDS &&
        is_past(stamp->changed_ns, now_ns, NANOSECONDS_PER_SECOND + ASSET_FRESH_NS) &&
        is_past(stamp->modified_ns, now_ns, NANOSECONDS_PER_SECOND + ASSET_FRESH_NS))
        http_date_write(seconds, answer->modified);
}

static void write_content_range(struct asset_answer *answer, uint64_t size)
{
    int bytes;
    if (answer->status == 416)
        bytes = snprintf(answer->content_range, sizeof(answer->content_range), "bytes */%" PRIu64,
                         size);
    else
        bytes = snprintf(answer->content_range, sizeof(answer->content_range),
                         "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, answer->first,
                         answer->first + answer->bytes - 1, size);
    check(bytes > 0 && (size_t)bytes < sizeof(answer->content_range));
    add(answer, SLICE("content-range"), answer->content_range);
}

static void decide(struct asset_answer *answer, const struct http_request *request,
                   const struct asset_facts *facts)
{
    answer->first = answer->bytes = 0;
    answer->status = check_conditions(request, answer, facts);
    if (answer->status != 0)
        return;
    switch (find_range(request, answer, facts->stamp.bytes, &answer->first, &answer->bytes)) {
    case RANGE_GOOD:
        answer->status = 206;
        break;
    case RANGE_OUTSIDE:
        answer->status = 416;
        break;
    case RANGE_IGNORED:
        answer->status = 200;
        answer->bytes = facts->stamp.bytes;
        break;
    }
}

void asset_answer_make(struct asset_answer *answer, const struct http_request *request,
                       const struct asset_facts *facts, uint64_t now_ns)
{
    answer->field_count = 0;
    make_validators(answer, &facts->stamp, now_ns);
    decide(answer, request, facts);
    bool sends = answer->status == 200 || answer->status == 206;
    if (sends) {
        add(answer, SLICE("content-type"), facts->type);
        add(answer, SLICE("x-content-type-options"), "nosniff");
        add(answer, SLICE("accept-ranges"), "bytes");
        if (facts->coding != CONTENT_CODING_IDENTITY)
            add(answer, SLICE("content-encoding"), content_coding_token(facts->coding).data);
    }
    if (answer->status == 206 || answer->status == 416)
        write_content_range(answer, facts->stamp.bytes);
    if (sends || answer->status == 304) {
        add(answer, SLICE("cache-control"), facts->immutable ? CACHE_ALWAYS : CACHE_ASKING);
        if (*answer->etag)
            add(answer, SLICE("etag"), answer->etag);
        if (*answer->modified)
            add(answer, SLICE("last-modified"), answer->modified);
    }
    add(answer, SLICE("vary"), "accept-encoding");
    check(answer->first + answer->bytes <= facts->stamp.bytes);
}
