/* SPDX-License-Identifier: AGPL-3.0-only */

#include "observe/line_level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *text, bool is_stderr, enum log_level level, const char *rest)
{
    struct slice line = slice_of(text);

    assert_int_equal(line_level(&line, is_stderr), level);
    assert_true(slice_equal(line, slice_of(rest)));
}

static void a_level_is_taken_off(void **state)
{
    (void)state;
    expect("<7>x", false, LOG_DEBUG, "x");
    expect("<6>x", true, LOG_INFO, "x");
    expect("<5>x", true, LOG_INFO, "x");
    expect("<4>", true, LOG_WARNING, "");
    expect("<3>x", false, LOG_ERROR, "x");
    expect("<0><1>", false, LOG_ERROR, "<1>");
}

static void without_one_the_stream_decides(void **state)
{
    (void)state;
    expect("", false, LOG_INFO, "");
    expect("x", true, LOG_ERROR, "x");
    expect("<8>x", false, LOG_INFO, "<8>x");
    expect("<7", false, LOG_INFO, "<7");
    expect(" <7>x", true, LOG_ERROR, " <7>x");
    expect("<77>x", false, LOG_INFO, "<77>x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_taken_off),
        cmocka_unit_test(without_one_the_stream_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
