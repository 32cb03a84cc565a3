/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/content_coding.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

/* Weights are counted in thousandths. */
#define WEIGHT_FULL 1000
#define WEIGHT_UNKNOWN (-1)

static const struct {
    const char *token;
    const char *ending;
} rows[] = {
#define ROW(name, token, ending) {token, ending},
    CONTENT_CODING_TABLE(ROW)
#undef ROW
};

struct slice content_coding_token(enum content_coding coding)
{
    check(coding < CONTENT_CODING_COUNT);
    return slice_of(rows[coding].token);
}

const char *content_coding_ending(enum content_coding coding)
{
    check(coding < CONTENT_CODING_COUNT);
    return rows[coding].ending;
}

/* A weight without its "q=": 0, 0.5, 1.000 (RFC 9110, 12.4.2); WEIGHT_UNKNOWN where it is none. */
static int read_weight(struct slice text)
{
    int weight = 0;
    int unit = WEIGHT_FULL / 10;
    if (text.bytes == 0 || text.bytes > 5 || (text.data[0] != '0' && text.data[0] != '1') ||
        (text.bytes > 1 && text.data[1] != '.'))
        return WEIGHT_UNKNOWN;
    for (size_t i = 2; i < text.bytes; i++, unit /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return WEIGHT_UNKNOWN;
        weight += unit * (text.data[i] - '0');
    }
    if (text.data[0] == '1')
        return weight == 0 ? WEIGHT_FULL : WEIGHT_UNKNOWN;
    return weight;
}

/* Splits "gzip;q=0.5". */
static int split(struct slice element, struct slice *ret_token)
{
    const char *semicolon = memchr(element.data, ';', element.bytes);
    size_t bytes = semicolon ? (size_t)(semicolon - element.data) : element.bytes;
    *ret_token = slice_trim((struct slice){.data = element.data, .bytes = bytes});
    if (!semicolon)
        return WEIGHT_FULL;
    struct slice rest = slice_trim((struct slice){semicolon + 1, element.bytes - bytes - 1});
    if (rest.bytes < 2 || (rest.data[0] != 'q' && rest.data[0] != 'Q') || rest.data[1] != '=')
        return WEIGHT_UNKNOWN;
    return read_weight((struct slice){rest.data + 2, rest.bytes - 2});
}

/* `weights` has a place for each coding, and one for identity. */
static void read_element(struct slice element, int *weights, int *any)
{
    struct slice token;
    int weight = split(element, &token);
    if (weight == WEIGHT_UNKNOWN)
        return;
    if (slice_equal(token, SLICE("*")))
        *any = weight;
    else if (slice_equal_ignoring_case(token, SLICE("identity")))
        weights[CONTENT_CODING_IDENTITY] = weight;
    else if (slice_equal_ignoring_case(token, SLICE("x-gzip")))
        weights[CONTENT_CODING_GZIP] = weight;
    for (size_t i = 0; i < CONTENT_CODING_COUNT; i++) {
        if (slice_equal_ignoring_case(token, slice_of(rows[i].token)))
            weights[i] = weight;
    }
}

struct content_codings content_codings_read(const struct field *fields, size_t count)
{
    struct content_codings codings = {.count = 0};
    int weights[CONTENT_CODING_COUNT + 1];
    int any = 0;
    for (size_t i = 0; i <= CONTENT_CODING_COUNT; i++)
        weights[i] = WEIGHT_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        struct slice list = fields[i].value;
        struct slice element;
        if (!slice_equal_ignoring_case(fields[i].name, SLICE("accept-encoding")))
            continue;
        while (slice_next_in_list(&list, &element))
            read_element(element, weights, &any);
    }
    /* "*" does not make identity better than what it names as well. */
    int floor =
        weights[CONTENT_CODING_IDENTITY] == WEIGHT_UNKNOWN ? 1 : weights[CONTENT_CODING_IDENTITY];
    for (int weight = WEIGHT_FULL; weight > 0 && weight >= floor;) {
        int next = 0;
        for (size_t i = 0; i < CONTENT_CODING_COUNT; i++) {
            int own = weights[i] == WEIGHT_UNKNOWN ? any : weights[i];
            if (own == weight)
                codings.items[codings.count++] = (enum content_coding)i;
            else if (own < weight && own > next)
                next = own;
        }
        weight = next;
    }
    return codings;
}
