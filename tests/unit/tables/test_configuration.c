/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

#include "tables/configuration.h"

static void each_key_stands_once_with_its_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        assert_true(strlen(row->key) > 0);
        assert_true(strlen(row->help) > 0);
        assert_int_not_equal(row->help[strlen(row->help) - 1], '.');
        /* Whatever takes an argument shows one. */
        assert_true(!row->argument || row->flag);
        assert_true(!row->flag || row->argument || row->kind == CONFIGURATION_BOOLEAN);
        assert_true(row->minimum <= row->maximum);
        /* A host's file and a project's are never the same. */
        for (size_t j = i + 1; j < configuration_info_count(); j++)
            assert_true(strcmp(row->key, configuration_info_at(j)->key) != 0 ||
                        (row->scope == CONFIGURATION_HOST &&
                         configuration_info_at(j)->scope == CONFIGURATION_PROJECT));
    }
    assert_null(configuration_info_at(configuration_info_count()));
}

static void each_limit_has_two_keys(void **state)
{
    (void)state;
    int defaults[LIMIT_COUNT] = {0};
    int maxima[LIMIT_COUNT] = {0};
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        enum limit limit = configuration_info_limit(row);
        if (limit == LIMIT_COUNT)
            continue;
        bool is_max = strncmp(row->key, "limits.max.", 11) == 0;
        assert_string_equal(strrchr(row->key, '.') + 1, limit_info(limit)->key);
        assert_int_equal(row->scope, is_max ? CONFIGURATION_HOST : CONFIGURATION_FUNCTION);
        assert_string_equal(row->words, "none");
        (is_max ? maxima : defaults)[limit]++;
    }
    for (int i = 0; i < LIMIT_COUNT; i++) {
        assert_int_equal(defaults[i], 1);
        assert_int_equal(maxima[i], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_stands_once_with_its_help),
        cmocka_unit_test(each_limit_has_two_keys),
    };
    return cmocka_run_group_tests_name("tables/configuration", tests, NULL, NULL);
}
