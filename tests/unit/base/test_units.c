/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"

typedef int (*reader)(struct slice text, uint64_t *ret_value, struct error *error);

static void reads(reader read, const char *text, uint64_t expected)
{
    struct error error = {0};
    uint64_t value = 0;
    if (read(slice_of(text), &value, &error) != 0)
        fail_msg("\"%s\": %s", text, error.message);
    if (value != expected)
        fail_msg("\"%s\" is %llu, not %llu", text, (unsigned long long)value,
                 (unsigned long long)expected);
}

static void refuses(reader read, const char *text)
{
    struct error error = {0};
    uint64_t value = 0;
    if (read(slice_of(text), &value, &error) != ERROR_INVALID_ARGUMENT)
        fail_msg("\"%s\" was read as %llu", text, (unsigned long long)value);
    assert_int_equal(error.code, ERROR_INVALID_ARGUMENT);
}

static void sizes_are_binary(void **state)
{
    (void)state;
    reads(units_read_bytes, "0B", 0);
    reads(units_read_bytes, "1B", 1);
    reads(units_read_bytes, "128KB", 131072);
    reads(units_read_bytes, "100MB", 104857600);
    reads(units_read_bytes, "128 MB", 134217728);
    reads(units_read_bytes, "1.5MB", 1572864);
    reads(units_read_bytes, "0.5KB", 512);
    reads(units_read_bytes, "2GB", 2147483648);
    reads(units_read_bytes, "16TB", UNITS_BYTES_MAX);
    reads(units_read_bytes, "none", LIMIT_NONE);
}

static void bad_sizes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "B",
                                      "128",
                                      "-1B",
                                      "+1B",
                                      "1 kB",
                                      "1kb",
                                      "1MiB",
                                      "1  MB",
                                      " 1MB",
                                      "1MB ",
                                      "1.MB",
                                      ".5MB",
                                      "1.5B",
                                      "0.1KB",
                                      "None",
                                      "none ",
                                      "1e3B",
                                      "0x1B",
                                      "1,5MB",
                                      "17TB",
                                      "16.1TB",
                                      "1PB",
                                      "16384.5GB",
                                      "18446744073709551615B",
                                      "18446744073709551616B",
                                      "99999999999999999999999999B",
                                      "16777216TB",
                                      "1.00000000000000000000000000001KB"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuses(units_read_bytes, bad[i]);
    refuses(units_read_bytes, NULL);
}

static void durations(void **state)
{
    (void)state;
    reads(units_read_duration, "250us", 250000);
    reads(units_read_duration, "10ms", 10000000);
    reads(units_read_duration, "1.5s", 1500000000);
    reads(units_read_duration, "0.000001s", 1000);
    reads(units_read_duration, "0.001us", 1);
    reads(units_read_duration, "0s", 0);
    reads(units_read_duration, "15 s", 15000000000);
    reads(units_read_duration, "2m", 120000000000);
    reads(units_read_duration, "1h", 3600000000000);
    reads(units_read_duration, "87600h", UNITS_DURATION_NS_MAX);
    reads(units_read_duration, "none", LIMIT_NONE);
}

static void bad_durations_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "10",       "s",    "10 sec", "1d",
        "10MS",       "1ns",      "-1s",  "1.s",    "1h30m",
        "87601h",     "0.0001us", "1e3s", "1..5s",  "0.00000000000000000001s",
        "5124095577h"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuses(units_read_duration, bad[i]);
}

static void counts(void **state)
{
    (void)state;
    reads(units_read_count, "0", 0);
    reads(units_read_count, "50", 50);
    reads(units_read_count, "007", 7);
    reads(units_read_count, "1000000000000000", UNITS_COUNT_MAX);
    reads(units_read_count, "none", LIMIT_NONE);
    refuses(units_read_count, "1000000000000001");
    refuses(units_read_count, "18446744073709551615");
    refuses(units_read_count, "18446744073709551616");
    refuses(units_read_count, "");
    refuses(units_read_count, "1.0");
    refuses(units_read_count, "-1");
    refuses(units_read_count, "5 0");
}

static void messages_say_what_was_expected(void **state)
{
    (void)state;
    struct error error = {0};
    uint64_t value;
    units_read_bytes(SLICE("x"), &value, &error);
    assert_string_equal(error.message,
                        "expected a size from \"0B\" to \"16TB\", like \"128MB\", or \"none\"");
    units_read_duration(SLICE("x"), &value, &error);
    assert_string_equal(error.message, "expected a duration from \"0s\" to \"87600h\", like "
                                       "\"250us\", \"10ms\" or \"1.5s\", or \"none\"");
    units_read_count(SLICE("x"), &value, &error);
    assert_string_equal(error.message, "expected a whole number, like 50, or \"none\"");
    assert_int_equal(units_read_count(SLICE("x"), &value, NULL), ERROR_INVALID_ARGUMENT);
}

static void writes(enum limit_unit unit, uint64_t value, const char *expected)
{
    char text[UNITS_TEXT_BYTES];
    assert_ptr_equal(units_write(unit, value, text), text);
    assert_string_equal(text, expected);
}

static void values_are_written_exactly(void **state)
{
    (void)state;
    writes(LIMIT_UNIT_BYTES, 0, "0 B");
    writes(LIMIT_UNIT_BYTES, 1, "1 B");
    writes(LIMIT_UNIT_BYTES, 1023, "1023 B");
    writes(LIMIT_UNIT_BYTES, 1024, "1 KB");
    writes(LIMIT_UNIT_BYTES, 1025, "1025 B");
    writes(LIMIT_UNIT_BYTES, 131072, "128 KB");
    writes(LIMIT_UNIT_BYTES, 104857600, "100 MB");
    writes(LIMIT_UNIT_BYTES, 104857601, "104857601 B");
    writes(LIMIT_UNIT_BYTES, 1572864, "1.5 MB");
    writes(LIMIT_UNIT_BYTES, UNITS_BYTES_MAX, "16 TB");
    writes(LIMIT_UNIT_BYTES, UINT64_MAX - 1, "18446744073709551614 B");
    writes(LIMIT_UNIT_BYTES, LIMIT_NONE, "none");
    writes(LIMIT_UNIT_NANOSECONDS, 0, "0 s");
    writes(LIMIT_UNIT_NANOSECONDS, 1, "1 ns");
    writes(LIMIT_UNIT_NANOSECONDS, 10000000, "10 ms");
    writes(LIMIT_UNIT_NANOSECONDS, 10500000, "10.5 ms");
    writes(LIMIT_UNIT_NANOSECONDS, 10000001, "10000.001 us");
    writes(LIMIT_UNIT_NANOSECONDS, 15000000000, "15 s");
    writes(LIMIT_UNIT_NANOSECONDS, 1001000000, "1.001 s");
    writes(LIMIT_UNIT_NANOSECONDS, 90000000000, "1.5 m");
    writes(LIMIT_UNIT_NANOSECONDS, UINT64_MAX - 1, "18446744073709551.614 us");
    writes(LIMIT_UNIT_COUNT, 50, "50");
    writes(LIMIT_UNIT_COUNT, LIMIT_NONE, "none");
}

/* What is written can be read again, and is the same. */
static void written_values_are_read_again(void **state)
{
    (void)state;
    char text[UNITS_TEXT_BYTES];
    for (uint64_t value = 1; value < UNITS_BYTES_MAX; value = value * 3 + 1)
        reads(units_read_bytes, units_write(LIMIT_UNIT_BYTES, value, text), value);
    for (uint64_t value = 1000; value < UNITS_DURATION_NS_MAX; value = value * 3 + 1)
        reads(units_read_duration, units_write(LIMIT_UNIT_NANOSECONDS, value, text), value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_binary),
        cmocka_unit_test(bad_sizes_are_refused),
        cmocka_unit_test(durations),
        cmocka_unit_test(bad_durations_are_refused),
        cmocka_unit_test(counts),
        cmocka_unit_test(messages_say_what_was_expected),
        cmocka_unit_test(values_are_written_exactly),
        cmocka_unit_test(written_values_are_read_again),
    };
    return cmocka_run_group_tests_name("base/units", tests, NULL, NULL);
}
