/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"

struct two_clocks {
    uint64_t monotonic_ns;
    uint64_t realtime_ns;
    unsigned realtime_readings;
};

static uint64_t read_monotonic(void *context)
{
    return ((struct two_clocks *)context)->monotonic_ns;
}

static uint64_t read_realtime(void *context)
{
    struct two_clocks *clocks = context;
    clocks->realtime_readings++;
    return clocks->realtime_ns;
}

static void pass_time(struct loop *loop, struct two_clocks *clocks, uint64_t ns)
{
    clocks->monotonic_ns += ns;
    clocks->realtime_ns += ns;
    loop_update(loop);
}

static void expect_date(struct http_date *date, const struct loop *loop, const char *expected)
{
    struct slice line = http_date_line(date, loop);
    assert_int_equal(line.bytes, HTTP_DATE_LINE_BYTES);
    assert_memory_equal(line.data, expected, HTTP_DATE_LINE_BYTES);
}

static void is_made_once_a_second(void **state)
{
    struct two_clocks clocks = {.monotonic_ns = 5, .realtime_ns = 784111777999999000};
    const struct clock clock = {.name = "two",
                                .context = &clocks,
                                .monotonic_ns = read_monotonic,
                                .realtime_ns = read_realtime,
                                .thread_cpu_ns = read_monotonic};
    struct http_date date = {.due_ns = 0};
    struct loop *loop;
    (void)state;
    assert_int_equal(loop_create(&clock, &loop, NULL), 0);
    expect_date(&date, loop, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    pass_time(loop, &clocks, 999);
    expect_date(&date, loop, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert_int_equal(clocks.realtime_readings, 1);
    /* The second ends, not a second after the last look. */
    pass_time(loop, &clocks, 1);
    expect_date(&date, loop, "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    pass_time(loop, &clocks, NANOSECONDS_PER_SECOND - 1);
    expect_date(&date, loop, "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    pass_time(loop, &clocks, 1);
    expect_date(&date, loop, "Date: Sun, 06 Nov 1994 08:49:39 GMT\r\n");
    assert_int_equal(clocks.realtime_readings, 3);
    /* A leap day, and the end of a year. */
    clocks.realtime_ns = 1709164800 * NANOSECONDS_PER_SECOND;
    pass_time(loop, &clocks, NANOSECONDS_PER_SECOND);
    expect_date(&date, loop, "Date: Thu, 29 Feb 2024 00:00:01 GMT\r\n");
    clocks.realtime_ns = 1767225598 * NANOSECONDS_PER_SECOND;
    pass_time(loop, &clocks, NANOSECONDS_PER_SECOND);
    expect_date(&date, loop, "Date: Wed, 31 Dec 2025 23:59:59 GMT\r\n");
    loop_destroy(loop);
}

static void expect_seconds(const char *text, int64_t expected)
{
    int64_t seconds = 0;
    if (!http_date_read(slice_of(text), &seconds))
        fail_msg("%s is no date", text);
    assert_int_equal(seconds, expected);
}

static void dates_are_read_in_all_forms(void **state)
{
    (void)state;
    expect_seconds("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    expect_seconds("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    expect_seconds("Sun Nov  6 08:49:37 1994", 784111777);
    expect_seconds("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    expect_seconds("Thu, 29 Feb 2024 23:59:59 GMT", 1709251199);
    expect_seconds("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799);
}

static void what_is_no_date_is_not_read(void **state)
{
    static const char *const texts[] = {
        "",
        "0",
        "784111777",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMTx",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "1994-11-06T08:49:37Z",
        "Sunday, the sixth of November in the year of 1994 GMT",
    };
    int64_t seconds;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (http_date_read(slice_of(texts[i]), &seconds))
            fail_msg("%s is a date", texts[i]);
    }
    assert_false(http_date_read(SLICE("Sun, 06 Nov 1994 08:49:37 GMT\0"), &seconds));
}

static void what_is_written_is_read(void **state)
{
    static const int64_t times[] = {0, -1, 784111777, 253402300799, -62167219200, 4102444800};
    char text[HTTP_DATE_BYTES + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        http_date_write(times[i], text);
        expect_seconds(text, times[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once_a_second),
        cmocka_unit_test(dates_are_read_in_all_forms),
        cmocka_unit_test(what_is_no_date_is_not_read),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
