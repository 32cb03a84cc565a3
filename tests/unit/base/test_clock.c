/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "base/clock.h"

static void the_systems_clock_goes_forward(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    uint64_t before = clock_monotonic_ns(clock);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_monotonic_ns(clock);
        assert_true(now >= before);
        before = now;
    }
}

static void the_realtime_is_since_1970(void **state)
{
    (void)state;
    uint64_t seconds = (uint64_t)time(NULL);
    uint64_t now = clock_realtime_ns(clock_system()) / NANOSECONDS_PER_SECOND;
    assert_in_range(now, seconds, seconds + 5);
}

static void cpu_time_is_the_threads_own(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    uint64_t cpu = clock_thread_cpu_ns(clock);
    uint64_t wall = clock_monotonic_ns(clock);
    nanosleep(&pause, NULL);
    cpu = clock_thread_cpu_ns(clock) - cpu;
    wall = clock_monotonic_ns(clock) - wall;
    assert_true(wall >= 50 * NANOSECONDS_PER_MILLISECOND);
    assert_true(cpu < 25 * NANOSECONDS_PER_MILLISECOND);
}

static uint64_t read_number(void *context)
{
    return *(uint64_t *)context;
}

static void a_clock_of_ones_own(void **state)
{
    (void)state;
    uint64_t now = 7;
    const struct clock clock = {
        .name = "virtual",
        .context = &now,
        .monotonic_ns = read_number,
        .realtime_ns = read_number,
        .thread_cpu_ns = read_number,
    };
    assert_int_equal(clock_monotonic_ns(&clock), 7);
    now = 8;
    assert_int_equal(clock_realtime_ns(&clock), 8);
    assert_int_equal(clock_thread_cpu_ns(&clock), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_systems_clock_goes_forward),
        cmocka_unit_test(the_realtime_is_since_1970),
        cmocka_unit_test(cpu_time_is_the_threads_own),
        cmocka_unit_test(a_clock_of_ones_own),
    };
    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
