/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "failing_allocation.h"

#include "base/log.c"

/* 2026-11-23 12:03:04.123 UTC. */
static uint64_t fixed_ns(void *context)
{
    (void)context;
    return 1795435384123456789ull;
}

static const struct clock fixed = {
    .name = "fixed",
    .monotonic_ns = fixed_ns,
    .realtime_ns = fixed_ns,
    .thread_cpu_ns = fixed_ns,
};

struct fixture {
    int ends[2];
    struct log *log;
    char text[200000];
};

static struct fixture *open_pipe(enum log_level level, enum log_format format)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_int_equal(pipe2(fixture->ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fixture->ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(log_create(fixture->ends[1], level, format, true, &fixed, &fixture->log), 0);
    return fixture;
}

/* All that can be read now. */
static const char *read_all(struct fixture *fixture)
{
    size_t bytes = 0;
    ssize_t taken;
    while ((taken = read(fixture->ends[0], fixture->text + bytes,
                         sizeof(fixture->text) - 1 - bytes)) > 0)
        bytes += (size_t)taken;
    fixture->text[bytes] = '\0';
    return fixture->text;
}

static void close_pipe(struct fixture *fixture)
{
    log_destroy(fixture->log);
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    free(fixture);
}

/* ---- Forms ---- */

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_AUTO);
    LOG(f->log, LOG_INFO, "listening", log_string("address", "127.0.0.1:8080"),
        log_number("workers", 2), log_real("cpu_ms", 3.14159), log_string("none", NULL));
    log_print(f->log, LOG_WARNING, "%d \"quoted\"", 7);
    assert_string_equal(
        read_all(f),
        "{\"time\":\"2026-11-23T12:03:04.123Z\",\"level\":\"info\",\"message\":\"listening\","
        "\"address\":\"127.0.0.1:8080\",\"workers\":2,\"cpu_ms\":3.142,\"none\":\"\"}\n"
        "{\"time\":\"2026-11-23T12:03:04.123Z\",\"level\":\"warning\",\"message\":\"7 "
        "\\\"quoted\\\"\"}\n");
    close_pipe(f);
}

static void numbers_stay_json(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_JSON);
    LOG(f->log, LOG_ERROR, "n", log_number("max", UINT64_MAX), log_real("nan", NAN),
        log_real("inf", INFINITY), log_real("large", 1e300), log_real("less", -0.0005));
    assert_non_null(strstr(read_all(f), "\"level\":\"error\",\"message\":\"n\","
                                        "\"max\":18446744073709551615,\"nan\":null,\"inf\":null,"
                                        "\"large\":1.000000000e+300,\"less\":-0.001}\n"));
    close_pipe(f);
}

static void what_is_no_text_is_escaped(void **state)
{
    (void)state;
    static const struct {
        struct slice value;
        const char *written;
    } cases[] = {
        {{"a\nb\r\t\\\"", 7}, "a\\nb\\r\\t\\\\\\\""},
        {{"\0\x1b[31m\x7f", 7}, "\\u0000\\u001b[31m\\u007f"},
        {{"\xc2\x9b", 2}, "\\u009b"},
        {{"gr\xc3\xbc\xc3\x9f", 6}, "gr\xc3\xbc\xc3\x9f"},
        {{"\xf0\x9f\x98\x80", 4}, "\xf0\x9f\x98\x80"},
        {{"\xff\xc3", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xc0\x80", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xe0\x80\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xed\xa0\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xf4\x90\x80\x80", 4}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {{"\xf0\x9f\x98", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_JSON);
        char expected[128];
        snprintf(expected, sizeof(expected), "\"v\":\"%s\"}\n", cases[i].written);
        LOG(f->log, LOG_INFO, "m", log_text("v", cases[i].value));
        const char *line = strstr(read_all(f), "\"v\":");
        assert_non_null(line);
        assert_string_equal(line, expected);
        close_pipe(f);
    }
}

static void human_lines_are_lined_up(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_HUMAN);
    LOG(f->log, LOG_INFO, "listening", log_string("address", "[::1]:80"), log_number("n", 2));
    LOG(f->log, LOG_DEBUG, "a message of more than 28 columns", log_real("ms", 1.5));
    log_print(f->log, LOG_WARNING, "alone");
    LOG(f->log, LOG_ERROR, "m", log_string("a", "two words"), log_string("b", ""),
        log_string("c", "x=\"\n"), log_string("d", "gr\xc3\xbc\xc3\x9f"));
    assert_string_equal(read_all(f),
                        "12:03:04.123 INFO  listening                     address=[::1]:80 n=2\n"
                        "12:03:04.123 DEBUG a message of more than 28 columns  ms=1.500\n"
                        "12:03:04.123 WARN  alone\n"
                        "12:03:04.123 ERROR m                             a=\"two words\" b=\"\" "
                        "d=\"gr\xc3\xbc\xc3\x9f\"\n"
                        "    c:\n"
                        "    | x=\\\"\n");
    close_pipe(f);
}

/* A guest cannot write a line that looks like the platform's. */
static void values_of_several_lines_stand_behind_a_bar(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_HUMAN);
    LOG(f->log, LOG_ERROR, "trap", log_string("backtrace", "0: a\n12:03:04.123 INFO  fake\x1b[0m"),
        log_string("function", "hello"));
    assert_string_equal(read_all(f), "12:03:04.123 ERROR trap                          "
                                     "function=hello\n"
                                     "    backtrace:\n"
                                     "    | 0: a\n"
                                     "    | 12:03:04.123 INFO  fake\\u001b[0m\n");
    close_pipe(f);
}

static void levels_below_are_left_out(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_WARNING, LOG_FORMAT_HUMAN);
    assert_false(log_enabled(f->log, LOG_INFO));
    assert_true(log_enabled(f->log, LOG_WARNING));
    log_print(f->log, LOG_INFO, "no");
    LOG(f->log, LOG_DEBUG, "no", log_number("n", 1));
    assert_string_equal(read_all(f), "");
    log_print(f->log, LOG_WARNING, "yes");
    assert_string_equal(read_all(f), "12:03:04.123 WARN  yes\n");
    close_pipe(f);
    assert_false(log_enabled(NULL, LOG_ERROR));
    log_print(NULL, LOG_ERROR, "nowhere");
    log_write(NULL, LOG_ERROR, "nowhere", NULL, 0);
    log_destroy(NULL);
}

/* ---- Long lines ---- */

static void long_lines_are_cut_and_stay_whole(void **state)
{
    (void)state;
    static char large[20000];
    memset(large, 'x', sizeof(large));
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_JSON);
    struct slice value = {.data = large, .bytes = sizeof(large)};
    LOG(f->log, LOG_INFO, "m", log_number("before", 1), log_text("large", value),
        log_number("after", 2), log_text("again", value));
    const char *line = read_all(f);
    size_t bytes = strlen(line);
    assert_in_range(bytes, LINE_BYTES_MAX - LINE_END_BYTES, LINE_BYTES_MAX);
    assert_string_equal(line + bytes - 22, "xx\",\"truncated\":true}\n");
    assert_null(strstr(line, "after"));
    close_pipe(f);

    f = open_pipe(LOG_DEBUG, LOG_FORMAT_HUMAN);
    LOG(f->log, LOG_INFO, "m", log_text("large", value));
    line = read_all(f);
    bytes = strlen(line);
    assert_in_range(bytes, LINE_BYTES_MAX - LINE_END_BYTES, LINE_BYTES_MAX);
    assert_string_equal(line + bytes - 6, "x …\n");
    close_pipe(f);
}

/* At every length around the maximum the line must end as JSON does, once. */
static void every_length_around_the_maximum_fits(void **state)
{
    (void)state;
    static char large[LINE_BYTES_MAX];
    memset(large, '\n', sizeof(large));
    for (size_t bytes = LINE_BYTES_MAX / 2 - 150; bytes < LINE_BYTES_MAX / 2; bytes++) {
        struct line line = {.bytes = 0};
        struct log_field fields[3] = {
            log_text("v", (struct slice){.data = large, .bytes = bytes}),
            log_number("a", UINT64_MAX),
            log_string("b", "x"),
        };
        make_json(&line, 0, LOG_INFO, "m", fields, 3);
        assert_true(line.bytes <= LINE_BYTES_MAX);
        assert_memory_equal(line.text + line.bytes - 2, "}\n", 2);
        assert_int_equal(line.cut, memmem(line.text, line.bytes, "truncated", 9) != NULL);
        assert_int_equal(memmem(line.text, line.bytes, "\n", 1) - (void *)line.text,
                         line.bytes - 1);
        line = (struct line){.colour = true};
        make_human(&line, 0, LOG_INFO, "m", fields, 3);
        assert_true(line.bytes <= LINE_BYTES_MAX);
    }
}

/* ---- Where it goes ---- */

static void lines_that_nobody_reads_are_dropped_and_counted(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_JSON);
    static char large[9000];
    memset(large, 'y', sizeof(large));
    struct slice value = {.data = large, .bytes = sizeof(large)};
    for (int i = 0; i < 50; i++)
        LOG(f->log, LOG_INFO, "m", log_number("i", (uint64_t)i), log_text("v", value));
    uint64_t dropped = f->log->dropped;
    assert_true(dropped > 30 && dropped < 50);

    /* What was written before are whole lines; the last one's rest comes with the next line. */
    char *first = strdup(read_all(f));
    log_print(f->log, LOG_INFO, "after");
    const char *second = read_all(f);
    char expected[128];
    snprintf(expected, sizeof(expected), "\"message\":\"log lines were dropped\",\"lines\":%u}\n",
             (unsigned)dropped);
    const char *note = strstr(second, "{\"time\"");
    assert_non_null(note);
    assert_non_null(strstr(note, expected));
    assert_non_null(strstr(note, "\"message\":\"after\"}\n"));
    size_t lines = 0;
    for (const char *c = first; *c; c++)
        lines += *c == '\n';
    for (const char *c = second; c < note; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 50 - dropped);
    assert_int_equal(f->log->dropped, 0);
    free(first);
    close_pipe(f);
}

/* The flags of a terminal or pipe that others use, too, are left alone. */
static void the_others_end_stays_as_it_was(void **state)
{
    (void)state;
    struct fixture *f = open_pipe(LOG_DEBUG, LOG_FORMAT_JSON);
    assert_int_equal(fcntl(f->ends[1], F_GETFL) & O_NONBLOCK, 0);
    close_pipe(f);
}

static void a_socket_and_a_file_work(void **state)
{
    (void)state;
    int ends[2];
    struct log *log;
    char text[256] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(log_create(ends[1], LOG_INFO, LOG_FORMAT_HUMAN, true, &fixed, &log), 0);
    log_print(log, LOG_INFO, "socket");
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "12:03:04.123 INFO  socket\n");
    /* A reader that is gone ends nothing. */
    close(ends[0]);
    log_print(log, LOG_INFO, "gone");
    assert_int_equal(log->dropped, 1);
    log_destroy(log);
    close(ends[1]);

    char path[] = "/tmp/fn0-log-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(log_create(fd, LOG_INFO, LOG_FORMAT_HUMAN, true, &fixed, &log), 0);
    log_print(log, LOG_INFO, "file");
    log_destroy(log);
    memset(text, 0, sizeof(text));
    assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, "12:03:04.123 INFO  file\n");
    close(fd);
    unlink(path);
}

static void a_terminal_has_colours(void **state)
{
    (void)state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char name[128];
    char text[256] = "";
    struct termios raw;
    struct log *log;
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0 ||
        ptsname_r(terminal, name, sizeof(name)) != 0)
        skip();
    int other = open(name, O_RDWR | O_NOCTTY);
    assert_true(other >= 0);
    assert_int_equal(tcgetattr(other, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(other, TCSANOW, &raw), 0);

    assert_int_equal(log_create(other, LOG_INFO, LOG_FORMAT_AUTO, true, &fixed, &log), 0);
    LOG(log, LOG_ERROR, "m", log_number("n", 1));
    assert_true(read(terminal, text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "\x1b[2m12:03:04.123\x1b[0m \x1b[31mERROR\x1b[0m m               "
                              "              \x1b[36mn=\x1b[0m1\x1b[0m\n");
    log_destroy(log);
    assert_int_equal(log_create(other, LOG_INFO, LOG_FORMAT_AUTO, false, &fixed, &log), 0);
    log_print(log, LOG_INFO, "plain");
    memset(text, 0, sizeof(text));
    assert_true(read(terminal, text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "12:03:04.123 INFO  plain\n");
    log_destroy(log);
    close(other);
    close(terminal);
}

struct writer {
    pthread_t thread;
    struct log *log;
    char letter;
};

static void *write_lines(void *context)
{
    struct writer *writer = context;
    char text[301];
    memset(text, writer->letter, 300);
    text[300] = '\0';
    for (int i = 0; i < 300; i++)
        LOG(writer->log, LOG_INFO, "m", log_string("v", text));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    char path[] = "/tmp/fn0-log-XXXXXX";
    int fd = mkstemp(path);
    struct log *log;
    struct writer writers[4];
    assert_int_equal(log_create(fd, LOG_INFO, LOG_FORMAT_JSON, true, &fixed, &log), 0);
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct writer){.log = log, .letter = (char)('a' + i)};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(writers[i].thread, NULL);
    log_destroy(log);

    FILE *file = fdopen(fd, "r");
    char line[1024];
    int lines = 0;
    rewind(file);
    for (; fgets(line, sizeof(line), file); lines++) {
        const char *value = strstr(line, "\"v\":\"");
        assert_non_null(value);
        assert_int_equal(strspn(value + 5, (char[]){value[5], '\0'}), 300);
        assert_string_equal(value + 305, "\"}\n");
    }
    assert_int_equal(lines, 4 * 300);
    fclose(file);
    unlink(path);
}

static void without_memory_there_is_no_log(void **state)
{
    (void)state;
    struct log *log = (struct log *)&log;
    allocations_left = 0;
    assert_int_equal(log_create(1, LOG_INFO, LOG_FORMAT_JSON, true, &fixed, &log),
                     ERROR_OUT_OF_MEMORY);
    assert_null(log);
    allocations_left = INT_MAX;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(numbers_stay_json),
        cmocka_unit_test(what_is_no_text_is_escaped),
        cmocka_unit_test(human_lines_are_lined_up),
        cmocka_unit_test(values_of_several_lines_stand_behind_a_bar),
        cmocka_unit_test(levels_below_are_left_out),
        cmocka_unit_test(long_lines_are_cut_and_stay_whole),
        cmocka_unit_test(every_length_around_the_maximum_fits),
        cmocka_unit_test(lines_that_nobody_reads_are_dropped_and_counted),
        cmocka_unit_test(the_others_end_stays_as_it_was),
        cmocka_unit_test(a_socket_and_a_file_work),
        cmocka_unit_test(a_terminal_has_colours),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(without_memory_there_is_no_log),
    };
    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
