/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/engine.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fn0_bridge.h"
#include "tables/errors.h"
#include "tables/limits.h"

static struct engine *make(void)
{
    struct engine_options options = {.instances_max = 4, .memory_bytes_max = 1 << 20};
    struct engine *engine = NULL;

    assert_int_equal(0, engine_create(&options, &engine, NULL));
    return engine;
}

static uint64_t now_ns(void)
{
    return clock_monotonic_ns(clock_system());
}

static void sleep_ms(long milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void test_sizes(void **state)
{
    struct engine_options options = {.instances_max = 1, .memory_bytes_max = LIMIT_NONE};
    struct engine *engine;
    struct error error;

    (void)state;
    assert_int_equal(0, engine_create(&options, &engine, &error));
    assert_non_null(engine_bridge(engine));
    engine_destroy(engine);
    /* No multiple of a page, and nothing at all: rounded up. */
    for (uint64_t bytes = 0; bytes <= 65537; bytes += 65537) {
        options.memory_bytes_max = bytes;
        assert_int_equal(0, engine_create(&options, &engine, &error));
        engine_destroy(engine);
    }
    options.instances_max = 0;
    assert_int_equal(ERROR_CONFIGURATION, engine_create(&options, &engine, &error));
    options.instances_max = 1ull << 32;
    assert_int_equal(ERROR_CONFIGURATION, engine_create(&options, &engine, &error));
    options.instances_max = UINT32_MAX;
    options.memory_bytes_max = LIMIT_NONE;
    assert_int_equal(ERROR_SYSTEM, engine_create(&options, &engine, &error));
    assert_true(strlen(error.message) > 0);
    engine_destroy(NULL);
}

static void test_the_ticker_sleeps_while_nothing_runs(void **state)
{
    struct engine *engine = make();
    uint64_t ticks;

    (void)state;
    sleep_ms(50);
    assert_int_equal(0, engine_ticks(engine));
    engine_running(engine, now_ns());
    sleep_ms(20);
    assert_true(engine_ticks(engine) > 0);
    sleep_ms(400);
    ticks = engine_ticks(engine);
    assert_true(ticks <= 60);
    sleep_ms(100);
    assert_int_equal(ticks, engine_ticks(engine));
    /* And again. */
    engine_running(engine, now_ns());
    sleep_ms(20);
    assert_true(engine_ticks(engine) > ticks);
    engine_destroy(engine);
}

static void test_the_ticker_ticks_while_guests_run(void **state)
{
    struct engine *engine = make();
    uint64_t begin_ns = now_ns(), passed_ms;

    (void)state;
    while (now_ns() - begin_ns < 300 * NANOSECONDS_PER_MILLISECOND) {
        engine_running(engine, now_ns());
        sleep_ms(1);
    }
    passed_ms = (now_ns() - begin_ns) / NANOSECONDS_PER_MILLISECOND;
    /* A machine that is busy delays ticks; none comes early. */
    assert_true(engine_ticks(engine) <= passed_ms + 1);
    assert_true(engine_ticks(engine) >= passed_ms / 4);
    engine_destroy(engine);
}

struct runner {
    struct engine *engine;
    _Atomic bool ending;
};

static void *say_running(void *argument)
{
    struct runner *runner = argument;

    for (unsigned round = 0; !atomic_load(&runner->ending); round++) {
        engine_running(runner->engine, now_ns());
        if (round % 1000 == 0)
            sleep_ms(round % 3000 == 0 ? 70 : 1);
    }
    return NULL;
}

/* Going to sleep and being woken race here: none of them may hang. */
static void test_sleep_and_wake_race(void **state)
{
    struct runner runner = {.engine = make()};
    pthread_t threads[2];
    uint64_t before;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, say_running, &runner));
    sleep_ms(1000);
    atomic_store(&runner.ending, true);
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, pthread_join(threads[i], NULL));
    sleep_ms(100);
    before = engine_ticks(runner.engine);
    engine_running(runner.engine, now_ns());
    sleep_ms(30);
    assert_true(engine_ticks(runner.engine) > before);
    engine_destroy(runner.engine);
}

static void test_errors_of_components(void **state)
{
    static const int rows[][2] = {
        {FN0_ERROR_NOT_A_COMPONENT, ERROR_COMPONENT_INVALID},
        {FN0_ERROR_UNSUPPORTED_IMPORT, ERROR_COMPONENT_IMPORT},
        {FN0_ERROR_MISSING_EXPORT, ERROR_COMPONENT_EXPORT},
        {FN0_ERROR_THREADS, ERROR_COMPONENT_THREADS},
        {FN0_ERROR_TOO_LARGE, ERROR_COMPONENT_SIZE},
        {FN0_ERROR_OUT_OF_MEMORY, ERROR_OUT_OF_MEMORY},
        {FN0_ERROR_SYSTEM, ERROR_SYSTEM},
        {FN0_ERROR_ARTIFACT, ERROR_INTERNAL},
        {FN0_ERROR_PANIC, ERROR_INTERNAL},
    };
    struct fn0_error from = {.message = "why"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        from.code = rows[i][0];
        assert_int_equal(rows[i][1], error_set_component(&error, &from));
        assert_int_equal(rows[i][1], error.code);
        assert_string_equal("why", error.message);
        assert_int_equal(rows[i][1], error_set_component(NULL, &from));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_the_ticker_sleeps_while_nothing_runs),
        cmocka_unit_test(test_the_ticker_ticks_while_guests_run),
        cmocka_unit_test(test_sleep_and_wake_race),
        cmocka_unit_test(test_errors_of_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
