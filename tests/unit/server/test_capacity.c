/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#define GIB (1024ull * 1024 * 1024)

static struct host_configuration host(uint64_t workers)
{
    struct host_configuration configuration = {.workers = workers, .component = "hello.wasm"};
    configuration.net.connections_max = 1000;
    limits_set_cloud(&configuration.function.limits);
    limits_set_cloud(&configuration.limits_max);
    return configuration;
}

static void slots_come_from_memory(void **state)
{
    (void)state;
    struct host_configuration configuration = host(2);
    struct capacity capacity = capacity_of(&configuration, 8 * GIB);
    assert_int_equal(capacity.slots, 256);
    assert_int_equal(capacity.warm_instances_max, 256);
    assert_int_equal(capacity.instances_max, 512);
}

static void a_small_host_has_some_for_each_worker(void **state)
{
    (void)state;
    struct host_configuration configuration = host(4);
    assert_int_equal(capacity_of(&configuration, GIB / 4).slots, 64);
}

static void a_large_host_has_no_more_than_the_pool_bears(void **state)
{
    (void)state;
    struct host_configuration configuration = host(4);
    assert_int_equal(capacity_of(&configuration, 1024 * GIB).slots, CAPACITY_SLOTS_MAX);
}

static void the_configuration_has_the_last_word(void **state)
{
    (void)state;
    struct host_configuration configuration = host(4);
    configuration.slots = 1;
    assert_int_equal(capacity_of(&configuration, 8 * GIB).slots, 1);
    configuration.slots = 5000;
    assert_int_equal(capacity_of(&configuration, 8 * GIB).slots, 5000);
}

static void connections_are_shared_out_rounded_up(void **state)
{
    (void)state;
    struct host_configuration configuration = host(3);
    assert_int_equal(capacity_of(&configuration, GIB).connections_max, 334);
    configuration.net.connections_max = 1;
    assert_int_equal(capacity_of(&configuration, GIB).connections_max, 1);
}

static void heads_are_as_large_as_any_function_may_have(void **state)
{
    (void)state;
    struct host_configuration configuration = host(1);
    assert_int_equal(capacity_of(&configuration, GIB).head_bytes_max, 131072);
    configuration.limits_max.value[LIMIT_REQUEST_HEADER] = 200000;
    assert_int_equal(capacity_of(&configuration, GIB).head_bytes_max, 200000);
    configuration.function.limits.value[LIMIT_REQUEST_HEADER] = 300000;
    assert_int_equal(capacity_of(&configuration, GIB).head_bytes_max, 300000);
    /* Without a limit there is still an end: a head stands in memory. */
    configuration.limits_max.value[LIMIT_REQUEST_HEADER] = LIMIT_NONE;
    assert_int_equal(capacity_of(&configuration, GIB).head_bytes_max, 16 * 1024 * 1024);
}

static void files_may_be_as_many_as_the_system_lets(void **state)
{
    (void)state;
    struct rlimit before, after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = {.rlim_cur = 64, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(capacity_raise_open_files(), before.rlim_max);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, before.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_come_from_memory),
        cmocka_unit_test(a_small_host_has_some_for_each_worker),
        cmocka_unit_test(a_large_host_has_no_more_than_the_pool_bears),
        cmocka_unit_test(the_configuration_has_the_last_word),
        cmocka_unit_test(connections_are_shared_out_rounded_up),
        cmocka_unit_test(heads_are_as_large_as_any_function_may_have),
        cmocka_unit_test(files_may_be_as_many_as_the_system_lets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
