/* SPDX-License-Identifier: AGPL-3.0-only */

/* Instances: start-up, memory, the pool, many calls on one, and guests of every language. */

#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct driver driver;
static struct fn0_error error;

static int set_up(void **state)
{
    struct fn0_engine_options options = driver_engine_options();

    (void)state;
    driver_init(&driver, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    driver_fini(&driver);
    return 0;
}

static void a_start_up_that_traps_is_told(void **state)
{
    (void)state;
    driver_load(&driver, "wat/start-trap");
    assert_int_equal(driver_start(&driver, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_TRAP);
    assert_non_null(strstr(error.message, "unreachable"));
    assert_int_equal(fn0_instance_poll(driver.instance, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_INVALID_ARGUMENT);
}

static void a_start_up_that_computes_yields(void **state)
{
    struct fn0_instance_options options = {.memory_bytes_max = 1 << 20};

    (void)state;
    driver_load(&driver, "wat/start-spin");
    driver_ticks_begin(&driver);
    for (int i = 0; i < 2; i++) {
        struct fn0_instance *instance;

        assert_int_equal(fn0_instance_create(driver.component, &options, &instance, &error), 0);
        assert_int_equal(fn0_instance_poll(instance, &error), FN0_POLL_YIELDED);
        assert_int_equal(fn0_instance_poll(instance, &error), FN0_POLL_YIELDED);
        if (i == 1) {
            fn0_instance_interrupt(instance);
            assert_int_equal(fn0_instance_poll(instance, &error), FN0_POLL_FAILED);
            assert_int_equal(error.code, FN0_ERROR_INTERRUPTED);
            assert_non_null(strstr(error.message, "start"));
        }
        fn0_instance_destroy(instance);
    }
    driver_ticks_end(&driver);
}

static void memory_is_the_sum_and_is_held(void **state)
{
    (void)state;
    driver_load(&driver, "wat/memory-at-limit");
    driver_start(&driver, NULL);
    assert_int_equal(fn0_instance_memory_bytes(driver.instance), 128 << 20);
    driver_load(&driver, "wat/two-memories-over-limit");
    assert_int_equal(driver_start(&driver, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_TOO_LARGE);
    assert_non_null(strstr(error.message, "134217728"));

    driver_load(&driver, "probe");
    driver.memory_bytes_max = 8 << 20;
    driver_start(&driver, NULL);
    assert_int_equal(fn0_instance_memory_refusals(driver.instance), 0);
    assert_non_null(strstr(driver_get(&driver, "/memory?mb=4")->body.data, "\"grown\":true"));
    assert_true(fn0_instance_memory_bytes(driver.instance) > 4 << 20);
    assert_non_null(strstr(driver_get(&driver, "/memory?mb=4")->body.data, "\"grown\":false"));
    assert_int_equal(fn0_instance_memory_refusals(driver.instance), 1);
    assert_true(fn0_instance_memory_bytes(driver.instance) <= 8 << 20);
    driver_call(&driver, "/allocate-until-trap");
    assert_int_equal(driver_run(&driver, 0), FN0_POLL_FAILED);
    assert_int_equal(driver.answer.error.code, FN0_ERROR_TRAP);
    assert_true(fn0_instance_memory_refusals(driver.instance) > 1);
    driver.memory_bytes_max = 128 << 20;
}

static void a_full_pool_refuses_and_recovers(void **state)
{
    struct fn0_engine_options options = driver_engine_options();
    struct fn0_instance_options instance_options = {.memory_bytes_max = 128 << 20};
    struct fn0_instance *instances[3];
    struct driver small;

    (void)state;
    options.instances_max = 2;
    driver_init(&small, &options);
    driver_load(&small, "hello");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            fn0_instance_create(small.component, &instance_options, &instances[i], &error), 0);
        assert_int_equal(fn0_instance_poll(instances[i], &error),
                         i < 2 ? FN0_POLL_READY : FN0_POLL_FAILED);
    }
    assert_int_equal(error.code, FN0_ERROR_POOL_FULL);
    fn0_instance_destroy(instances[0]);
    fn0_instance_destroy(instances[2]);
    driver_start(&small, NULL);
    driver_get(&small, "/");
    fn0_instance_destroy(instances[1]);
    driver_fini(&small);
}

/* The sanitizers', which keep freed memory resident for a while. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

/* The memory of this process: what is resident, or with a sanitizer what is allocated. */
static size_t memory_bytes(void)
{
    unsigned long pages = 0;
    FILE *file;

    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void a_hundred_thousand_calls_leave_nothing(void **state)
{
    static const char *const paths[] = {"/hello",    "/double",      "/size",
                                        "/trailers", "/no-response", "/status?code=500"};
    size_t before = 0, after;

    (void)state;
    driver_load(&driver, "probe");
    driver_start(&driver, NULL);
    for (int i = 0; i < 100000; i++) {
        driver_call(&driver, paths[i % 6]);
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
        if (i == 10000)
            before = memory_bytes();
    }
    after = memory_bytes();
    assert_true(driver_end(&driver));
    if (after > before + (1 << 20))
        fail_msg("grew from %zu to %zu bytes", before, after);
}

/* This guest never drops what it is given: neither may that grow much, nor disturb the next call.
 */
static void what_a_guest_leaves_lying_is_taken_away(void **state)
{
    struct fn0_request request = {
        .method = slice("PUT"), .path_with_query = slice("/"), .has_body = true};
    char piece[10000] = "";
    size_t before = 0;

    (void)state;
    driver_load(&driver, "wat/minimal");
    driver_start(&driver, NULL);
    for (int i = 0; i < 20000; i++) {
        driver_call_with(&driver, &request);
        driver_give(&driver, piece, sizeof piece);
        assert_int_equal(driver_run(&driver, 0), FN0_POLL_READY);
        assert_int_equal(driver.answer.heads, 0);
        assert_int_equal(driver.answer.consumed, sizeof piece);
        assert_true(driver_end(&driver));
        if (i == 1000)
            before = memory_bytes();
    }
    assert_true(memory_bytes() < before + (8 << 20));
}

static void other_languages_answer(void **state)
{
    static const char *const guests[] = {"c", "hello", "javascript-handler",
                                         "javascript-fetch-event"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        driver_load(&driver, guests[i]);
        driver_start(&driver, NULL);
        driver_get(&driver, "/");
        print_message("%s: %zu KiB, %s", guests[i],
                      (size_t)fn0_instance_memory_bytes(driver.instance) >> 10,
                      driver.answer.body.data);
        if (i < 3) {
            driver_get(&driver, "/");
            assert_true(driver_end(&driver));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_up_that_traps_is_told),
        cmocka_unit_test(a_start_up_that_computes_yields),
        cmocka_unit_test(memory_is_the_sum_and_is_held),
        cmocka_unit_test(a_full_pool_refuses_and_recovers),
        cmocka_unit_test(a_hundred_thousand_calls_leave_nothing),
        cmocka_unit_test(what_a_guest_leaves_lying_is_taken_away),
        cmocka_unit_test(other_languages_answer),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
