/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/transcript.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct transcript transcript;
static int passed_on; /* a file in memory */

static int set_up(void **state)
{
    (void)state;
    passed_on = memfd_create("passed-on", MFD_CLOEXEC);
    transcript_init(&transcript, passed_on);
    return passed_on < 0;
}

static int tear_down(void **state)
{
    (void)state;
    transcript_fini(&transcript);
    close(passed_on);
    return 0;
}

static void say(int descriptor, const char *text)
{
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
}

static void assert_said(const char *text)
{
    struct slice said = transcript_said(&transcript);
    assert_int_equal(said.bytes, strlen(text));
    assert_memory_equal(said.data ? said.data : "", text, said.bytes);
}

static void assert_passed_on(const char *text)
{
    char passed[256] = "";
    assert_int_equal(pread(passed_on, passed, sizeof(passed) - 1, 0), strlen(text));
    assert_string_equal(passed, text);
}

static void what_is_said_is_passed_on_and_kept(void **state)
{
    (void)state;
    int descriptor;
    assert_int_equal(transcript_begin(&transcript, &descriptor, NULL), 0);
    say(descriptor, "one\n");
    say(descriptor, "two");
    transcript_end(&transcript);
    transcript_add(&transcript, SLICE("three\n"));
    assert_said("one\ntwothree\n");
    assert_passed_on("one\ntwothree\n");
    transcript_clear(&transcript);
    assert_said("");
    assert_int_equal(transcript_begin(&transcript, &descriptor, NULL), 0);
    say(descriptor, "four\n");
    transcript_end(&transcript);
    assert_said("four\n");
}

static void colours_are_passed_on_only(void **state)
{
    (void)state;
    static const char coloured[] = "\x1b[1;31merror\x1b[0m: no\x1b";
    transcript_add(&transcript, slice_of(coloured));
    assert_said("error: no");
    assert_passed_on(coloured);
}

static void who_stays_in_the_background_is_not_waited_for(void **state)
{
    (void)state;
    int descriptor;
    assert_int_equal(transcript_begin(&transcript, &descriptor, NULL), 0);
    int other = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    say(other, "said\n");
    transcript_end(&transcript);
    assert_said("said\n");
    close(other);
}

static void the_beginning_is_kept(void **state)
{
    (void)state;
    char *large = malloc(TRANSCRIPT_BYTES_MAX + 1);
    memset(large, 'a', TRANSCRIPT_BYTES_MAX + 1);
    transcript_add(&transcript, SLICE("first\n"));
    transcript_add(&transcript, (struct slice){large, TRANSCRIPT_BYTES_MAX + 1});
    assert_said("first\n");
    free(large);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_said_is_passed_on_and_kept),
        TEST(colours_are_passed_on_only),
        TEST(who_stays_in_the_background_is_not_waited_for),
        TEST(the_beginning_is_kept),
    };
    return cmocka_run_group_tests_name("builder/transcript", tests, NULL, NULL);
}
