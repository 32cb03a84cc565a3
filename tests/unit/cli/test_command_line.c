/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Reads one or two words. */
static int read_words(struct command_line *line, enum command command, const char *first,
                      const char *second, struct error *error)
{
    const char *words[] = {first, second};
    return command_line_init(line, command, second ? 2 : 1, words, error);
}

static void flags_have_keys_and_values(void **state)
{
    (void)state;
    struct command_line line;
    const char *words[] = {"--listen", "127.0.0.1:0", "--listen=[::1]:0", "--access-log",
                           "hello.wasm"};
    assert_int_equal(command_line_init(&line, COMMAND_SERVE, 5, words, NULL), 0);
    assert_int_equal(line.flag_count, 3);
    assert_string_equal(line.flags[0].key, "net.listen");
    assert_string_equal(line.flags[0].value, "127.0.0.1:0");
    assert_string_equal(line.flags[0].flag, "--listen");
    assert_string_equal(line.flags[1].value, "[::1]:0");
    assert_string_equal(line.flags[2].key, "log.access");
    assert_string_equal(line.flags[2].value, "true");
    assert_int_equal(line.word_count, 1);
    assert_string_equal(line.words[0], "hello.wasm");
    command_line_fini(&line);
}

static void options_without_a_key_stand_apart(void **state)
{
    (void)state;
    struct command_line line;
    const char *words[] = {"--config", "fn0.toml", "-h"};
    assert_int_equal(command_line_init(&line, COMMAND_SERVE, 3, words, NULL), 0);
    assert_int_equal(line.flag_count, 0);
    assert_string_equal(line.options[OPTION_SERVE_CONFIG], "fn0.toml");
    assert_non_null(line.options[OPTION_SERVE_HELP]);
    command_line_fini(&line);
}

static void a_project_takes_its_own_flags_only(void **state)
{
    (void)state;
    struct command_line line;
    struct error error;
    const char *words[] = {"--env", "A=1", "--limits=none", "--resolved"};
    assert_int_equal(command_line_init(&line, COMMAND_CONFIG, 4, words, NULL), 0);
    assert_int_equal(line.flag_count, 2);
    assert_string_equal(line.flags[0].key, "environment.*");
    assert_string_equal(line.flags[1].key, "limits");
    assert_non_null(line.options[OPTION_CONFIG_RESOLVED]);
    command_line_fini(&line);
    assert_int_equal(read_words(&line, COMMAND_CONFIG, "--listen", "127.0.0.1:0", &error),
                     ERROR_USAGE);
    assert_int_equal(read_words(&line, COMMAND_BUILD, "--env", "A=1", &error), ERROR_USAGE);
}

static void after_two_hyphens_all_are_words(void **state)
{
    (void)state;
    struct command_line line;
    const char *words[] = {"--", "--help", "-"};
    assert_int_equal(command_line_init(&line, COMMAND_SERVE, 3, words, NULL), 0);
    assert_null(line.options[OPTION_SERVE_HELP]);
    assert_int_equal(line.word_count, 2);
    assert_string_equal(line.words[0], "--help");
    command_line_fini(&line);
}

static void the_program_reads_up_to_its_command(void **state)
{
    (void)state;
    struct command_line line;
    const char *words[] = {"serve", "--help"};
    assert_int_equal(command_line_init(&line, COMMAND_NONE, 2, words, NULL), 0);
    assert_int_equal(line.word_count, 1);
    assert_null(line.options[OPTION_PROGRAM_HELP]);
    command_line_fini(&line);
}

static void no_words_are_fine(void **state)
{
    (void)state;
    struct command_line line;
    assert_int_equal(command_line_init(&line, COMMAND_NONE, 0, NULL, NULL), 0);
    assert_int_equal(line.word_count, 0);
    command_line_fini(&line);
}

static void an_unknown_flag_gets_a_hint(void **state)
{
    (void)state;
    struct command_line line;
    struct error error;
    assert_int_equal(read_words(&line, COMMAND_SERVE, "--lisen", "x", &error), ERROR_USAGE);
    assert_string_equal(error.message, "unknown option '--lisen': did you mean '--listen'?");
    assert_int_equal(read_words(&line, COMMAND_SERVE, "--hlep", NULL, &error), ERROR_USAGE);
    assert_non_null(strstr(error.message, "'--help'"));
    assert_int_equal(read_words(&line, COMMAND_SERVE, "--zzzzzzzzzz", NULL, &error), ERROR_USAGE);
    assert_string_equal(error.message, "unknown option '--zzzzzzzzzz'");
    assert_int_equal(read_words(&line, COMMAND_NONE, "--listen", NULL, &error), ERROR_USAGE);
}

static void a_very_long_flag_is_unknown(void **state)
{
    (void)state;
    struct command_line line;
    struct error error;
    char word[300];
    memset(word, '-', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    const char *words[] = {word};
    assert_int_equal(command_line_init(&line, COMMAND_SERVE, 1, words, &error), ERROR_USAGE);
}

static void values_are_neither_missing_nor_too_many(void **state)
{
    (void)state;
    struct command_line line;
    struct error error;
    assert_int_equal(read_words(&line, COMMAND_SERVE, "--listen", NULL, &error), ERROR_USAGE);
    assert_string_equal(error.message, "option '--listen' needs a value: --listen ADDR:PORT");
    assert_int_equal(read_words(&line, COMMAND_SERVE, "--access-log=yes", NULL, &error),
                     ERROR_USAGE);
    assert_string_equal(error.message, "option '--access-log' takes no value");
}

static void a_value_may_be_empty_or_look_like_a_flag(void **state)
{
    (void)state;
    struct command_line line;
    const char *words[] = {"--cache-dir=", "--config", "--help"};
    assert_int_equal(command_line_init(&line, COMMAND_SERVE, 3, words, NULL), 0);
    assert_string_equal(line.flags[0].value, "");
    assert_string_equal(line.options[OPTION_SERVE_CONFIG], "--help");
    assert_null(line.options[OPTION_SERVE_HELP]);
    command_line_fini(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_have_keys_and_values),
        cmocka_unit_test(options_without_a_key_stand_apart),
        cmocka_unit_test(a_project_takes_its_own_flags_only),
        cmocka_unit_test(after_two_hyphens_all_are_words),
        cmocka_unit_test(the_program_reads_up_to_its_command),
        cmocka_unit_test(no_words_are_fine),
        cmocka_unit_test(an_unknown_flag_gets_a_hint),
        cmocka_unit_test(a_very_long_flag_is_unknown),
        cmocka_unit_test(values_are_neither_missing_nor_too_many),
        cmocka_unit_test(a_value_may_be_empty_or_look_like_a_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
