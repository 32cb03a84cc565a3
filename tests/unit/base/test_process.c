/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct process process;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    return process_init(&process, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    process_fini(&process);
    return 0;
}

static int run_shell(const char *script, const int *descriptors, size_t count, int *ret_status)
{
    char name[] = "sh", flag[] = "-c";
    char *words[] = {name, flag, (char *)script, NULL};
    const struct process_options options = {
        .program = "sh", .words = words, .descriptors = descriptors, .descriptor_count = count};

    return process_run(&process, &options, ret_status, &error);
}

static void the_status_is_told(void **state)
{
    int status;

    (void)state;
    assert_int_equal(run_shell("exit 3", NULL, 0, &status), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    assert_int_equal(run_shell("kill -9 $$", NULL, 0, &status), 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == 9);
}

static void descriptors_become_three_and_four(void **state)
{
    int files[2], status;
    char text[16] = "";

    (void)state;
    /* The first lies where the second is to go. */
    files[1] = memfd_create("in", MFD_CLOEXEC);
    files[0] = memfd_create("out", MFD_CLOEXEC);
    assert_int_equal(write(files[1], "hello", 5), 5);
    assert_int_equal(run_shell("cat /proc/self/fd/4 >&3", files, 2, &status), 0);
    assert_int_equal(status, 0);
    assert_int_equal(pread(files[0], text, sizeof(text), 0), 5);
    assert_string_equal(text, "hello");
    close(files[0]);
    close(files[1]);
}

static void no_signal_is_blocked_or_ignored(void **state)
{
    sigset_t all, before;
    int status;

    (void)state;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(run_shell("grep -q 'SigBlk:.0000000000000000' /proc/self/status || exit 1; "
                               "kill -PIPE $$",
                               NULL, 0, &status),
                     0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void stdout_may_be_stderr(void **state)
{
    char name[] = "sh", flag[] = "-c", script[] = "ls -l /proc/$$/fd/1 >&2";
    char *words[] = {name, flag, script, NULL};
    const struct process_options options = {
        .program = name, .words = words, .output_to_errors = true};
    int errors = memfd_create("fn0-errors", MFD_CLOEXEC), before = dup(STDERR_FILENO), status;

    (void)state;
    dup2(errors, STDERR_FILENO);
    assert_int_equal(process_run(&process, &options, &status, &error), 0);
    dup2(before, STDERR_FILENO);
    close(before);
    char text[256] = "";
    assert_true(pread(errors, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, "fn0-errors"));
    close(errors);
}

static void it_works_where_and_with_what_it_is_told(void **state)
{
    char name[] = "sh", flag[] = "-c", script[] = "test \"$PWD $A $HOME\" = '/usr 1 '";
    char variable[] = "A=1";
    char *words[] = {name, flag, script, NULL};
    char *environment[] = {variable, NULL};
    const struct process_options options = {
        .program = "sh", .words = words, .folder = "/usr", .environment = environment};
    int status;

    (void)state;
    assert_int_equal(process_run(&process, &options, &status, &error), 0);
    assert_int_equal(status, 0);
}

static void a_program_that_is_not_there(void **state)
{
    char name[] = "no-such-program-of-fn0";
    char *words[] = {name, NULL};
    const struct process_options options = {.program = name, .words = words};
    int status;

    (void)state;
    assert_int_equal(process_run(&process, &options, &status, &error), ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, name));
}

static void *cancel_soon(void *argument)
{
    const struct timespec soon = {.tv_nsec = 50000000};

    (void)argument;
    nanosleep(&soon, NULL);
    process_cancel(&process);
    return NULL;
}

/* The script's child holds the pipe for longer than the test would wait. */
static void a_group_is_cancelled_whole(void **state)
{
    char name[] = "sh", flag[] = "-c", script[] = "sleep 60 >&3 & wait";
    char *words[] = {name, flag, script, NULL};
    int ends[2], status;
    char byte;
    pthread_t thread;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct process_options options = {.program = "sh",
                                            .words = words,
                                            .descriptors = &ends[1],
                                            .descriptor_count = 1,
                                            .group = true};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    assert_int_equal(process_run(&process, &options, &status, &error), ERROR_CLOSED);
    pthread_join(thread, NULL);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void cancelled_for_ever(void **state)
{
    pthread_t thread;
    int status;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    assert_int_equal(run_shell("exec sleep 60", NULL, 0, &status), ERROR_CLOSED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(run_shell("exit 0", NULL, 0, &status), ERROR_CLOSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_status_is_told),
        TEST(descriptors_become_three_and_four),
        TEST(no_signal_is_blocked_or_ignored),
        TEST(stdout_may_be_stderr),
        TEST(it_works_where_and_with_what_it_is_told),
        TEST(a_program_that_is_not_there),
        TEST(a_group_is_cancelled_whole),
        TEST(cancelled_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
