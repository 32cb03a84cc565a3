/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void is_flag(const struct configuration_flag *flag, const char *key, const char *value,
                    const char *name)
{
    assert_string_equal(flag->key, key);
    assert_string_equal(flag->value, value);
    assert_string_equal(flag->flag, name);
}

static void names_are_made_of_keys(void **state)
{
    (void)state;
    char name[VARIABLE_NAME_BYTES];
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        variable_name(row, name);
        if (strcmp(row->key, "limits.start_cpu") == 0)
            assert_string_equal(name, "FN0_LIMITS_START_CPU");
        if (strcmp(row->key, "name") == 0)
            assert_string_equal(name, "FN0_NAME");
        if (strcmp(row->key, "environment.*") == 0)
            assert_string_equal(name, "FN0_ENVIRONMENT_");
    }
}

static void the_environment_stands_behind_dotenv(void **state)
{
    (void)state;
    static const char *const environment[] = {"PATH=/bin",
                                              "FN0_LIMITS_CPU=2s",
                                              "FN0_SDK=/sdk",
                                              "FN0_ENVIRONMENT_KEY=a=b",
                                              "odd",
                                              "FN0_OUTBOUND_HOSTS=a, b",
                                              "FN0_WORKERS=3",
                                              "FN0_OUTBOUND_ALLOW=::1,10.0.0.0/8",
                                              NULL};
    struct variables variables;
    assert_int_equal(variables_read(".env", SLICE("FN0_LIMITS_CPU=1s\n\nGREETING='hi you'\n"),
                                    environment, &arena, &variables, NULL),
                     0);
    assert_int_equal(variables.count, 8);
    is_flag(&variables.flags[0], "limits.cpu", "1s", "FN0_LIMITS_CPU");
    assert_int_equal(variables.flags[0].source, CONFIGURATION_SOURCE_DOTENV);
    assert_string_equal(variables.flags[0].path, ".env");
    assert_int_equal(variables.flags[0].line, 1);
    is_flag(&variables.flags[1], "environment.*", "GREETING=hi you", "GREETING");
    assert_int_equal(variables.flags[1].line, 3);
    is_flag(&variables.flags[2], "limits.cpu", "2s", "FN0_LIMITS_CPU");
    assert_int_equal(variables.flags[2].source, CONFIGURATION_SOURCE_ENVIRONMENT);
    assert_null(variables.flags[2].path);
    is_flag(&variables.flags[3], "environment.*", "KEY=a=b", "FN0_ENVIRONMENT_KEY");
    is_flag(&variables.flags[4], "outbound.hosts", "a", "FN0_OUTBOUND_HOSTS");
    is_flag(&variables.flags[5], "outbound.hosts", "b", "FN0_OUTBOUND_HOSTS");
    is_flag(&variables.flags[6], "outbound.allow", "::1", "FN0_OUTBOUND_ALLOW");
    is_flag(&variables.flags[7], "outbound.allow", "10.0.0.0/8", "FN0_OUTBOUND_ALLOW");
}

static void what_is_no_key_is_refused_in_dotenv(void **state)
{
    (void)state;
    struct variables variables;
    struct error error = {0};
    assert_int_equal(
        variables_read(".env", SLICE("A=1\nFN0_LIMTS_CPU=1s"), NULL, &arena, &variables, &error),
        ERROR_CONFIGURATION);
    assert_string_equal(error.message, ".env:2: FN0_LIMTS_CPU: no key has this variable; did you "
                                       "mean FN0_LIMITS_CPU?");
    /* A host's key is none of a project. */
    assert_int_equal(
        variables_read(".env", SLICE("FN0_WORKERS=2"), NULL, &arena, &variables, &error),
        ERROR_CONFIGURATION);
    assert_string_equal(error.message, ".env:1: FN0_WORKERS: no key has this variable");
    assert_int_equal(
        variables_read(".env", SLICE("FN0_ENVIRONMENT_=2"), NULL, &arena, &variables, &error),
        ERROR_CONFIGURATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_of_keys),
        cmocka_unit_test_setup_teardown(the_environment_stands_behind_dotenv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_refused_in_dotenv, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
