/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
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

/* What a gentle one's script has written when it is cancelled. */
static size_t run_gentle(const char *script, char *text, size_t bytes)
{
    char name[] = "sh", flag[] = "-c";
    char *words[] = {name, flag, (char *)script, NULL};
    int ends[2], status;
    size_t length = 0;
    ssize_t taken;
    pthread_t thread;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct process_options options = {.program = "sh",
                                            .words = words,
                                            .descriptors = &ends[1],
                                            .descriptor_count = 1,
                                            .group = true,
                                            .gentle = true};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
    assert_int_equal(process_run(&process, &options, &status, &error), ERROR_CLOSED);
    pthread_join(thread, NULL);
    close(ends[1]);
    /* To its end: nobody has stayed. */
    while ((taken = read(ends[0], text + length, bytes - 1 - length)) > 0)
        length += (size_t)taken;
    close(ends[0]);
    text[length] = 0;
    return length;
}

static void a_gentle_one_may_clean_up(void **state)
{
    char text[64];

    (void)state;
    run_gentle("trap 'sleep 0.1; echo cleaned >&3; exit 1' TERM; sleep 60 & wait", text,
               sizeof(text));
    assert_string_equal(text, "cleaned\n");
}

static void a_gentle_one_that_stays_is_killed(void **state)
{
    char text[64];

    (void)state;
    assert_int_equal(
        run_gentle("trap '' TERM; sleep 60 >&3 & while :; do sleep 1; done", text, sizeof(text)),
        0);
}

static void a_started_one_is_waited_for(void **state)
{
    char name[] = "sh", flag[] = "-c", script[] = "echo said >&2; exec sleep 60";
    char *words[] = {name, flag, script, NULL};
    int status, said = memfd_create("said", MFD_CLOEXEC);
    char text[16] = "";

    (void)state;
    const struct process_options options = {.program = "sh", .words = words, .errors = said};
    assert_int_equal(process_start(&process, &options, &error), 0);
    while (pread(said, text, sizeof(text), 0) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_string_equal(text, "said\n");
    process_kill(&process);
    assert_int_equal(process_wait(&process, "sh", &status, &error), 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    /* It is not cancelled: another one can be started. */
    assert_int_equal(run_shell("exit 0", NULL, 0, &status), 0);
    close(said);
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

static void a_variable_takes_the_place_of_its_name(void **state)
{
    const char *const environment[] = {"A=1", "AB=2", "A=3", NULL};
    char **made = process_environment(environment, "A=new");

    (void)state;
    assert_string_equal(made[0], "AB=2");
    assert_string_equal(made[1], "A=new");
    assert_null(made[2]);
    free(made);
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
        TEST(a_gentle_one_may_clean_up),
        TEST(a_gentle_one_that_stays_is_killed),
        TEST(a_variable_takes_the_place_of_its_name),
        TEST(a_started_one_is_waited_for),
        TEST(cancelled_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
