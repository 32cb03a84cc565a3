/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tables/commands.h"
#include "tables/configuration.h"

static void a_word_finds_its_command(void **state)
{
    (void)state;
    assert_int_equal(command_of_word("serve"), COMMAND_SERVE);
    assert_int_equal(command_of_word("serv"), COMMAND_NONE);
    assert_int_equal(command_of_word(""), COMMAND_NONE);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        const struct command_info *row = command_info((enum command)i);
        assert_int_equal(row->command, i);
        assert_int_equal(command_of_word(row->word), i);
        assert_true(row->help == NULL || strlen(row->help) > 0);
    }
    assert_null(command_info(COMMAND_NONE));
    assert_null(command_info(COMMAND_COUNT));
}

static void an_option_belongs_to_its_command(void **state)
{
    (void)state;
    const struct command_option_info *row = command_option_of_flag(COMMAND_SERVE, "--config");
    assert_non_null(row);
    assert_int_equal(row->option, OPTION_SERVE_CONFIG);
    assert_string_equal(row->argument, "FILE");
    assert_null(command_option_of_flag(COMMAND_NONE, "--config"));
    assert_int_equal(command_option_of_flag(COMMAND_NONE, "--version")->option,
                     OPTION_PROGRAM_VERSION);
    assert_null(command_option_of_flag(COMMAND_SERVE, "--version"));
    assert_null(command_option_info(COMMAND_OPTION_COUNT));
}

/* A flag of `fn0 serve` is either an option or a key's, and stands once. */
static void no_flag_stands_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (!row->flag)
            continue;
        assert_true(strncmp(row->flag, "--", 2) == 0);
        assert_ptr_equal(configuration_info_of_flag(row->flag), row);
        assert_null(command_option_of_flag(COMMAND_SERVE, row->flag));
    }
    assert_null(configuration_info_of_flag("--config"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_finds_its_command),
        cmocka_unit_test(an_option_belongs_to_its_command),
        cmocka_unit_test(no_flag_stands_twice),
    };
    return cmocka_run_group_tests_name("tables/commands", tests, NULL, NULL);
}
