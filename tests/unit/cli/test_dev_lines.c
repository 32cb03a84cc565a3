/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/dev_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* What stands behind the time. */
static const char *format(const struct access_record *record, bool colour,
                          char text[DEV_LINE_BYTES_MAX])
{
    size_t bytes = dev_lines_format(record, 0, colour, text);
    assert_in_range(bytes, 14, DEV_LINE_BYTES_MAX - 1);
    text[bytes] = '\0';
    return colour ? text : text + 13;
}

static void a_line_has_columns(void **state)
{
    (void)state;
    char text[DEV_LINE_BYTES_MAX];
    const struct access_record record = {
        .method = SLICE("GET"),
        .path = SLICE("/a"),
        .status = 200,
        .duration_ns = 1250000,
        .measured = true,
        .cpu_ns = 800000,
        .memory_bytes = 5505024,
    };
    assert_string_equal(format(&record, false, text),
                        "GET     /a                                       "
                        "200       1.2 ms      0.8 ms CPU      5.2 MB\n");
}

static void what_failed_says_why(void **state)
{
    (void)state;
    char text[DEV_LINE_BYTES_MAX];
    const struct access_record record = {.status = 400, .code = ERROR_REQUEST_MALFORMED};
    assert_string_equal(format(&record, false, text),
                        "-       -                                        "
                        "400       0.0 ms  request_malformed\n");
}

static void a_file_has_no_call(void **state)
{
    char text[DEV_LINE_BYTES_MAX];
    const struct access_record record = {.status = 200, .asset = true, .duration_ns = 300000};
    (void)state;
    assert_string_equal(format(&record, false, text) + 49, "200       0.3 ms        asset\n");
}

static void clients_cannot_colour_it(void **state)
{
    (void)state;
    char text[DEV_LINE_BYTES_MAX];
    struct access_record record = {
        .method = SLICE("GET"), .path = SLICE("/\x1b[31m\n"), .status = 200};
    const char *line = format(&record, false, text);
    assert_null(strchr(line, '\x1b'));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    record.path = SLICE("/");
    assert_non_null(strstr(format(&record, true, text), "\x1b[32m200\x1b[0m"));
    record.status = 404;
    assert_non_null(strstr(format(&record, true, text), "\x1b[33m404\x1b[0m"));
}

static void a_long_path_is_cut(void **state)
{
    (void)state;
    static char path[2 * DEV_LINE_BYTES_MAX];
    char text[DEV_LINE_BYTES_MAX];
    memset(path, 0x01, sizeof(path));
    const struct access_record record = {
        .path = {path, sizeof(path)}, .status = 200, .measured = true};
    assert_non_null(strstr(format(&record, true, text), " MB\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_columns),       cmocka_unit_test(what_failed_says_why),
        cmocka_unit_test(clients_cannot_colour_it), cmocka_unit_test(a_long_path_is_cut),
        cmocka_unit_test(a_file_has_no_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
