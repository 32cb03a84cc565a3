/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tables/configuration.h"

static char text[65536];

static void make(enum command command)
{
    struct buffer buffer;
    buffer_init(&buffer, sizeof(text) - 1);
    assert_int_equal(help_print(&buffer, command), 0);
    struct slice slice = buffer_slice(&buffer);
    memcpy(text, slice.data, slice.bytes);
    text[slice.bytes] = '\0';
    buffer_fini(&buffer);
}

static void the_program_lists_its_commands(void **state)
{
    (void)state;
    make(COMMAND_NONE);
    assert_non_null(strstr(text, "Usage: fn0 COMMAND"));
    assert_non_null(strstr(text, "\n  serve "));
    assert_non_null(strstr(text, "\n  build "));
    assert_null(strstr(text, "build-engine"));
    assert_non_null(strstr(text, "\n  --version "));
}

static void serve_lists_every_flag(void **state)
{
    (void)state;
    make(COMMAND_SERVE);
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const char *flag = configuration_info_at(i)->flag;
        if (flag && !strstr(text, flag))
            fail_msg("%s is missing", flag);
    }
    assert_non_null(strstr(text, "--config FILE"));
    assert_non_null(strstr(text, "(default: 127.0.0.1:8080)"));
    assert_non_null(strstr(text, "Exit status"));
}

static void lines_fit(void **state)
{
    (void)state;
    for (int i = COMMAND_NONE; i < COMMAND_COUNT; i++) {
        make((enum command)i);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            if (strlen(line) > 100 || line[strlen(line) - 1] == ' ')
                fail_msg("%s", line);
        }
    }
}

static void without_room_it_fails(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 300);
    assert_int_equal(help_print(&buffer, COMMAND_SERVE), ERROR_FULL);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_lists_its_commands),
        cmocka_unit_test(serve_lists_every_flag),
        cmocka_unit_test(lines_fit),
        cmocka_unit_test(without_room_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
