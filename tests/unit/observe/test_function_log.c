/* SPDX-License-Identifier: AGPL-3.0-only */

#include "observe/function_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_BYTES (4 * 1024 * 1024)

/* A log into a file, and what came of it. */
struct fixture {
    FILE *file;
    struct log *log;
    struct function_log *functions;
    char *text;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->file = tmpfile();
    assert_non_null(fixture->file);
    assert_int_equal(log_create(fileno(fixture->file), LOG_INFO, LOG_FORMAT_JSON, false,
                                clock_system(), &fixture->log),
                     0);
    assert_int_equal(function_log_create(fixture->log, &fixture->functions, NULL), 0);
    fixture->text = malloc(TEXT_BYTES);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    function_log_destroy(fixture->functions);
    log_destroy(fixture->log);
    (void)fclose(fixture->file);
    free(fixture->text);
    free(fixture);
    return 0;
}

/* All that was logged. */
static const char *read_all(struct fixture *fixture)
{
    ssize_t bytes = pread(fileno(fixture->file), fixture->text, TEXT_BYTES - 1, 0);
    fixture->text[bytes > 0 ? bytes : 0] = '\0';
    return fixture->text;
}

static size_t count_lines(struct fixture *fixture)
{
    size_t lines = 0;
    for (const char *at = read_all(fixture); (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

/* Whether some line has a field "line" of just this. */
static bool has_line(struct fixture *fixture, const char *line)
{
    char wanted[256];
    (void)snprintf(wanted, sizeof(wanted), "\"line\":\"%s\"", line);
    return strstr(read_all(fixture), wanted) != NULL;
}

static void write_text(struct fixture *fixture, const char *id, const char *text)
{
    function_log_write(fixture->functions, "hello", slice_of(id), false, slice_of(text));
}

static void a_line_has_function_id_and_stream(void **state)
{
    struct fixture *fixture = *state;
    function_log_write(fixture->functions, "hello", SLICE("id-1"), true, SLICE("oh no\n"));
    const char *text = read_all(fixture);
    assert_non_null(strstr(text, "\"function\":\"hello\""));
    assert_non_null(strstr(text, "\"request_id\":\"id-1\""));
    assert_non_null(strstr(text, "\"stream\":\"stderr\""));
    assert_true(has_line(fixture, "oh no"));
}

static void pieces_become_lines(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1", "on");
    write_text(fixture, "1", "e\ntwo\nthr");
    assert_int_equal(count_lines(fixture), 2);
    write_text(fixture, "1", "ee\n");
    assert_int_equal(count_lines(fixture), 3);
    assert_true(has_line(fixture, "one"));
    assert_true(has_line(fixture, "two"));
    assert_true(has_line(fixture, "three"));
}

static void the_end_is_a_lines_end(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1", "unfinished");
    assert_int_equal(count_lines(fixture), 0);
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_true(has_line(fixture, "unfinished"));
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_int_equal(count_lines(fixture), 1);
}

static void destroying_ends_all(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1", "unfinished");
    function_log_destroy(fixture->functions);
    fixture->functions = NULL;
    assert_true(has_line(fixture, "unfinished"));
}

static void calls_and_streams_do_not_mix(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1", "a");
    write_text(fixture, "2", "b");
    function_log_write(fixture->functions, "hello", SLICE("1"), true, SLICE("c"));
    function_log_write(fixture->functions, "other", SLICE("1"), false, SLICE("d"));
    write_text(fixture, "1", "A\n");
    function_log_end(fixture->functions, "hello", SLICE("2"));
    assert_true(has_line(fixture, "aA"));
    assert_true(has_line(fixture, "b"));
    assert_int_equal(count_lines(fixture), 2);
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_true(has_line(fixture, "c"));
    function_log_end(fixture->functions, "other", SLICE("1"));
    assert_true(has_line(fixture, "d"));
}

static void carriage_returns_and_empty_lines(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "1", "one\r\n\nth\rree\n");
    assert_true(has_line(fixture, "one"));
    assert_true(has_line(fixture, ""));
    assert_true(has_line(fixture, "th\\rree"));
    assert_int_equal(count_lines(fixture), 3);
}

static void write_bytes(struct fixture *fixture, size_t bytes, char with)
{
    char *data = malloc(bytes);
    memset(data, with, bytes);
    function_log_write(fixture->functions, "hello", SLICE("1"), false,
                       (struct slice){.data = data, .bytes = bytes});
    free(data);
}

static void a_line_may_have_its_limit(void **state)
{
    struct fixture *fixture = *state;
    write_bytes(fixture, FUNCTION_LOG_LINE_BYTES_MAX, 'x');
    assert_int_equal(count_lines(fixture), 0);
    write_text(fixture, "1", "\n");
    assert_int_equal(count_lines(fixture), 1);
    assert_null(strstr(read_all(fixture), "truncated"));
}

static void a_longer_line_is_two(void **state)
{
    struct fixture *fixture = *state;
    write_bytes(fixture, FUNCTION_LOG_LINE_BYTES_MAX, 'x');
    write_text(fixture, "1", "y\n");
    assert_int_equal(count_lines(fixture), 2);
    assert_true(has_line(fixture, "y"));
}

static void a_longer_line_in_one_piece_is_two(void **state)
{
    struct fixture *fixture = *state;
    write_bytes(fixture, FUNCTION_LOG_LINE_BYTES_MAX + 1, 'x');
    assert_int_equal(count_lines(fixture), 1);
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_int_equal(count_lines(fixture), 2);
    assert_true(has_line(fixture, "x"));
}

static void a_call_may_write_its_limit(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < FUNCTION_LOG_CALL_BYTES_MAX / 1024; i++) {
        write_bytes(fixture, 1023, 'x');
        write_text(fixture, "1", "\n");
    }
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_int_equal(count_lines(fixture), FUNCTION_LOG_CALL_BYTES_MAX / 1024);
    assert_null(strstr(read_all(fixture), "output dropped"));
}

static void what_a_call_writes_past_it_is_dropped_and_counted(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < FUNCTION_LOG_CALL_BYTES_MAX / 1024; i++) {
        write_bytes(fixture, 1023, 'x');
        write_text(fixture, "1", "\n");
    }
    write_text(fixture, "1", "too much\n");
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_false(has_line(fixture, "too much"));
    assert_non_null(strstr(read_all(fixture), "\"dropped_bytes\":9"));
    /* The next call begins anew. */
    write_text(fixture, "1", "again\n");
    assert_true(has_line(fixture, "again"));
}

static void nothing_is_kept_where_nothing_is_logged(void **state)
{
    struct fixture *fixture = *state;
    function_log_destroy(fixture->functions);
    log_destroy(fixture->log);
    assert_int_equal(log_create(fileno(fixture->file), LOG_WARNING, LOG_FORMAT_JSON, false,
                                clock_system(), &fixture->log),
                     0);
    assert_int_equal(function_log_create(fixture->log, &fixture->functions, NULL), 0);
    write_text(fixture, "1", "quiet\n");
    function_log_end(fixture->functions, "hello", SLICE("1"));
    assert_int_equal(count_lines(fixture), 0);
}

static void many_calls_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    char id[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(id, sizeof(id), "id-%d", i);
        write_text(fixture, id, id);
    }
    for (int i = 999; i >= 0; i--) {
        (void)snprintf(id, sizeof(id), "id-%d", i);
        function_log_end(fixture->functions, "hello", slice_of(id));
    }
    assert_int_equal(count_lines(fixture), 1000);
    assert_true(has_line(fixture, "id-0"));
    assert_true(has_line(fixture, "id-999"));
}

static bool has_level(struct fixture *fixture, const char *level, const char *line)
{
    char wanted[256];
    const char *at = read_all(fixture);
    (void)snprintf(wanted, sizeof(wanted), "\"line\":\"%s\"", line);
    at = strstr(at, wanted);
    if (!at)
        return false;
    while (at > fixture->text && at[-1] != '\n')
        at--;
    (void)snprintf(wanted, sizeof(wanted), "\"level\":\"%s\"", level);
    return strncmp(strstr(at, "\"level\""), wanted, strlen(wanted)) == 0;
}

static void a_line_says_its_level(void **state)
{
    struct fixture *fixture = *state;
    struct slice id = SLICE("1");
    write_text(fixture, "1", "plain\n<4>careful\n<3>broken\n<7>unseen\n<6>\n<9>odd\n<");
    write_text(fixture, "1", "4");
    write_text(fixture, "1", ">in pieces\n");
    function_log_write(fixture->functions, "hello", id, true,
                       SLICE("failed\n<4>warned\n<6>told\n"));
    assert_true(has_level(fixture, "info", "plain"));
    assert_true(has_level(fixture, "warning", "careful"));
    assert_true(has_level(fixture, "error", "broken"));
    assert_null(strstr(read_all(fixture), "unseen"));
    assert_true(has_level(fixture, "info", ""));
    assert_true(has_level(fixture, "info", "<9>odd"));
    assert_true(has_level(fixture, "warning", "in pieces"));
    assert_true(has_level(fixture, "error", "failed"));
    assert_true(has_level(fixture, "warning", "warned"));
    assert_true(has_level(fixture, "info", "told"));
}

/* What a part of a long line begins with is no level: the whole line has one. */
static void a_long_line_has_one_level(void **state)
{
    struct fixture *fixture = *state;
    static char text[2 * FUNCTION_LOG_LINE_BYTES_MAX + 32];
    memset(text, 'x', sizeof(text));
    memcpy(text, "<4>", 3);
    memcpy(text + FUNCTION_LOG_LINE_BYTES_MAX, "<7>", 3);
    memcpy(text + 2 * FUNCTION_LOG_LINE_BYTES_MAX, "<7>rest\nnext\n", 14);
    write_text(fixture, "1", text);
    assert_int_equal(count_lines(fixture), 4);
    assert_true(has_level(fixture, "warning", "<7>rest"));
    assert_true(has_level(fixture, "info", "next"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_has_function_id_and_stream),
        TEST(pieces_become_lines),
        TEST(the_end_is_a_lines_end),
        TEST(destroying_ends_all),
        TEST(calls_and_streams_do_not_mix),
        TEST(carriage_returns_and_empty_lines),
        TEST(a_line_may_have_its_limit),
        TEST(a_longer_line_is_two),
        TEST(a_longer_line_in_one_piece_is_two),
        TEST(a_call_may_write_its_limit),
        TEST(what_a_call_writes_past_it_is_dropped_and_counted),
        TEST(nothing_is_kept_where_nothing_is_logged),
        TEST(many_calls_at_a_time),
        TEST(a_line_says_its_level),
        TEST(a_long_line_has_one_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
