/* SPDX-License-Identifier: AGPL-3.0-only */

/* Each allocation of reading a configuration fails once: an error comes back, and nothing leaks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "failing_allocation.h"

#include "base/arena.c"
#include "base/configuration.c"

static const char text[] = "workers = 2\n"
                           "[net]\n"
                           "listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n"
                           "[outbound]\n"
                           "hosts = [\"a.example\", \"b.example\"]\n"
                           "[environment]\n"
                           "A = \"1\"\n"
                           "B = \"2\"\n"
                           "C = \"3\"\n";

static void a_hosts_configuration_without_memory(void **state)
{
    (void)state;
    int failures = 0;
    for (int left = 0;; left++) {
        struct error error = {0};
        struct host_configuration *host = NULL;
        allocations_left = left;
        int code = host_configuration_create_from_text("a", slice_of(text), NULL, 0, &host, &error);
        allocations_left = INT_MAX;
        if (code == 0) {
            assert_non_null(host);
            host_configuration_destroy(host);
            break;
        }
        assert_null(host);
        assert_int_equal(code, ERROR_OUT_OF_MEMORY);
        assert_int_equal(error.code, ERROR_OUT_OF_MEMORY);
        assert_true(error.message[0] != '\0');
        failures++;
    }
    assert_true(failures >= 3);
}

static void a_functions_configuration_without_memory(void **state)
{
    (void)state;
    int failures = 0;
    struct host_configuration *host = NULL;
    assert_int_equal(host_configuration_create_from_text("a", slice_of(text), NULL, 0, &host, NULL),
                     0);
    for (int left = 0;; left++) {
        struct function_configuration *function = NULL;
        allocations_left = left;
        int code = function_configuration_create(host, "f", SLICE("environment.D = \"4\""),
                                                 &function, NULL);
        allocations_left = INT_MAX;
        if (code == 0) {
            assert_int_equal(function->environment_count, 4);
            function_configuration_destroy(function);
            break;
        }
        assert_null(function);
        assert_int_equal(code, ERROR_OUT_OF_MEMORY);
        failures++;
    }
    host_configuration_destroy(host);
    assert_true(failures >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hosts_configuration_without_memory),
        cmocka_unit_test(a_functions_configuration_without_memory),
    };
    return cmocka_run_group_tests_name("base/configuration without memory", tests, NULL, NULL);
}
