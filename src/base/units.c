/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"

struct unit {
    const char *name;
    uint64_t size;
};

/* The smallest first. */
static const struct unit byte_units[] = {
    {"B", 1ull}, {"KB", 1ull << 10}, {"MB", 1ull << 20}, {"GB", 1ull << 30}, {"TB", 1ull << 40},
};
static const struct unit time_units[] = {
    {"ns", 1ull},
    {"us", NANOSECONDS_PER_MICROSECOND},
    {"ms", NANOSECONDS_PER_MILLISECOND},
    {"s", NANOSECONDS_PER_SECOND},
    {"m", 60 * NANOSECONDS_PER_SECOND},
    {"h", 3600 * NANOSECONDS_PER_SECOND},
};
/* Nobody writes nanoseconds; "ns" is for what is printed. */
#define TIME_UNITS_READ_FROM 1

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define BYTES_EXPECTED "expected a size from \"0B\" to \"16TB\", like \"128MB\", or \"none\""
#define DURATION_EXPECTED                                                                      \
    "expected a duration from \"0s\" to \"87600h\", like \"250us\", \"10ms\" or \"1.5s\", or " \
    "\"none\""
#define COUNT_EXPECTED "expected a whole number, like 50, or \"none\""

/* A decimal number: `whole` and the digits after the point as `fraction` / `scale`. */
struct decimal {
    uint64_t whole;
    uint64_t fraction;
    uint64_t scale;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes digits off the front of *text; false without any, or past 64 bits. */
static bool take_digits(struct slice *text, uint64_t *ret_number, uint64_t *ret_scale)
{
    uint64_t number = 0;
    uint64_t scale = 1;
    size_t digits = 0;
    for (; digits < text->bytes && is_digit(text->data[digits]); digits++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text->data[digits] - '0'), &number) ||
            __builtin_mul_overflow(scale, 10u, &scale))
            return false;
    }
    if (digits == 0)
        return false;
    text->data += digits;
    text->bytes -= digits;
    *ret_number = number;
    *ret_scale = scale;
    return true;
}

static bool take_decimal(struct slice *text, struct decimal *ret_decimal)
{
    uint64_t ignored;
    *ret_decimal = (struct decimal){.scale = 1};
    if (!take_digits(text, &ret_decimal->whole, &ignored))
        return false;
    if (text->bytes == 0 || text->data[0] != '.')
        return true;
    text->data++;
    text->bytes--;
    return take_digits(text, &ret_decimal->fraction, &ret_decimal->scale);
}

/* decimal × size; false where that is no whole number or passes 64 bits. */
static bool multiply(const struct decimal *decimal, uint64_t size, uint64_t *ret_value)
{
    __extension__ typedef unsigned __int128 wide;
    wide part = (wide)decimal->fraction * size;
    if (part % decimal->scale != 0)
        return false;
    wide value = (wide)decimal->whole * size + part / decimal->scale;
    *ret_value = (uint64_t)value;
    return value < UINT64_MAX;
}

static bool is_none(struct slice text)
{
    return slice_equal(text, SLICE("none"));
}

/* A number, perhaps a space, and one of the units. */
static bool read_with_unit(struct slice text, const struct unit *units, size_t unit_count,
                           uint64_t max, uint64_t *ret_value)
{
    struct decimal decimal;
    check(unit_count > 0 && max < LIMIT_NONE);
    if (!take_decimal(&text, &decimal))
        return false;
    if (text.bytes > 0 && text.data[0] == ' ') {
        text.data++;
        text.bytes--;
    }
    for (size_t i = 0; i < unit_count; i++) {
        if (slice_equal(text, slice_of(units[i].name)))
            return multiply(&decimal, units[i].size, ret_value) && *ret_value <= max;
    }
    return false;
}

int units_read_bytes(struct slice text, uint64_t *ret_bytes, struct error *error)
{
    *ret_bytes = LIMIT_NONE;
    if (is_none(text))
        return 0;
    if (!read_with_unit(text, byte_units, COUNT_OF(byte_units), UNITS_BYTES_MAX, ret_bytes))
        return error_set(error, ERROR_INVALID_ARGUMENT, BYTES_EXPECTED);
    return 0;
}

int units_read_duration(struct slice text, uint64_t *ret_ns, struct error *error)
{
    *ret_ns = LIMIT_NONE;
    if (is_none(text))
        return 0;
    if (!read_with_unit(text, time_units + TIME_UNITS_READ_FROM,
                        COUNT_OF(time_units) - TIME_UNITS_READ_FROM, UNITS_DURATION_NS_MAX, ret_ns))
        return error_set(error, ERROR_INVALID_ARGUMENT, DURATION_EXPECTED);
    return 0;
}

int units_read_count(struct slice text, uint64_t *ret_count, struct error *error)
{
    *ret_count = LIMIT_NONE;
    if (is_none(text))
        return 0;
    uint64_t ignored;
    if (!take_digits(&text, ret_count, &ignored) || text.bytes > 0 || *ret_count > UNITS_COUNT_MAX)
        return error_set(error, ERROR_INVALID_ARGUMENT, COUNT_EXPECTED);
    return 0;
}

/* In the largest unit that shows the value exactly with up to three decimals, so that no two values
 * look alike. */
static void write_with_unit(const struct unit *units, size_t unit_count, uint64_t value,
                            char text[UNITS_TEXT_BYTES])
{
    size_t i = unit_count - 1;
    uint64_t rest = 0;
    for (; i > 0; i--) {
        rest = value % units[i].size;
        /* The rest is less than an hour or a terabyte: a thousand times that fits. */
        if (value >= units[i].size && rest * 1000 % units[i].size == 0)
            break;
    }
    if (i == 0)
        rest = 0;
    unsigned thousandths = (unsigned)(rest * 1000 / units[i].size);
    int bytes = snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64, value / units[i].size);
    if (thousandths > 0) {
        bytes += snprintf(text + bytes, UNITS_TEXT_BYTES - (size_t)bytes, ".%03u", thousandths);
        while (text[bytes - 1] == '0')
            bytes--;
    }
    snprintf(text + bytes, UNITS_TEXT_BYTES - (size_t)bytes, " %s", units[i].name);
}

char *units_write(enum limit_unit unit, uint64_t value, char text[UNITS_TEXT_BYTES])
{
    if (value == LIMIT_NONE) {
        snprintf(text, UNITS_TEXT_BYTES, "none");
        return text;
    }
    switch (unit) {
    case LIMIT_UNIT_BYTES:
        write_with_unit(byte_units, COUNT_OF(byte_units), value, text);
        return text;
    case LIMIT_UNIT_NANOSECONDS:
        if (value == 0)
            snprintf(text, UNITS_TEXT_BYTES, "0 s");
        else
            write_with_unit(time_units, COUNT_OF(time_units), value, text);
        return text;
    case LIMIT_UNIT_COUNT:
        break;
    }
    check(unit == LIMIT_UNIT_COUNT);
    snprintf(text, UNITS_TEXT_BYTES, "%" PRIu64, value);
    return text;
}
