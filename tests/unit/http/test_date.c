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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
