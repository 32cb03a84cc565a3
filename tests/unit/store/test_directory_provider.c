/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/directory_provider.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "provider_fixture.h"
#include "store/folder_watch.h"
#include "tables/errors.h"

static void create(struct fixture *fixture, const char *path)
{
    assert_int_equal(
        0, directory_provider_create(path, fixture->log, &fixture->provider, &fixture->error));
}

/* Watches the fixture's folder with function "a" in it. */
static void watch_a(struct fixture *fixture)
{
    write_text(fixture, "a.wasm", "first");
    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a . "));
    settle(fixture);
}

static void test_all_is_listed_once(void **state)
{
    struct fixture *fixture = *state;

    write_text(fixture, "b.wasm", "bb");
    write_text(fixture, "a.wasm", "aa");
    write_text(fixture, "a.toml", "# a");
    write_text(fixture, "0-9.wasm", "00");
    write_text(fixture, "lonely.toml", "");
    write_text(fixture, "notes.txt", "");
    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    assert_string_equal("", fixture->events);
    assert_true(comes(fixture, "."));
    assert_string_equal("+0-9 +a +b . ", fixture->events);
    assert_true(reads(fixture, "a", "aa", "# a"));
    assert_true(reads(fixture, "b", "bb", ""));
    assert_false(reads(fixture, "c", "", ""));
    assert_int_equal(ERROR_NOT_FOUND, fixture->error.code);
}

static void test_an_empty_folder(void **state)
{
    struct fixture *fixture = *state;

    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "."));
    assert_string_equal(". ", fixture->events);
}

static void test_names_that_are_no_labels_are_reported_once(void **state)
{
    struct fixture *fixture = *state;
    char longest[80], longer[80];

    memset(longest, 'x', sizeof(longest));
    memset(longer, 'y', sizeof(longer));
    strcpy(longest + 63, ".wasm");
    strcpy(longer + 64, ".wasm");
    write_text(fixture, longest, "x");
    write_text(fixture, longer, "x");
    write_text(fixture, "Upper.wasm", "x");
    write_text(fixture, "under_score.wasm", "x");
    write_text(fixture, "-a.wasm", "x");
    write_text(fixture, "a-.wasm", "x");
    write_text(fixture, "a.b.wasm", "x");
    write_text(fixture, ".hidden.wasm", "x");
    write_text(fixture, ".wasm", "x");
    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, ". "));
    longest[63] = 0;
    assert_int_equal('+', fixture->events[0]);
    assert_memory_equal(longest, fixture->events + 1, 63);
    assert_string_equal(" . ", fixture->events + 64);
    assert_int_equal(6, logged(fixture, "is ignored"));
    assert_int_equal(1, logged(fixture, "Upper.wasm"));
    assert_int_equal(0, logged(fixture, ".hidden"));
    settle(fixture);
    assert_int_equal(6, logged(fixture, "is ignored"));
    /* Gone and back, it is worth a line again. */
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "Upper.wasm")));
    settle(fixture);
    write_text(fixture, "Upper.wasm", "x");
    settle(fixture);
    assert_int_equal(2, logged(fixture, "Upper.wasm"));
}

static void test_what_is_no_file_is_ignored(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(0, mkdir(folder_path(&fixture->folder, "folder.wasm"), 0755));
    assert_int_equal(0, symlink("nowhere", folder_path(&fixture->folder, "dangling.wasm")));
    assert_int_equal(0, mkfifo(folder_path(&fixture->folder, "pipe.wasm"), 0644));
    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, ". "));
    assert_string_equal(". ", fixture->events);
    assert_false(reads(fixture, "pipe", "", ""));
    assert_int_equal(ERROR_NOT_FOUND, fixture->error.code);
}

static void test_a_missing_folder(void **state)
{
    struct fixture *fixture = *state;

    create(fixture, folder_path(&fixture->folder, "missing"));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
    assert_non_null(strstr(fixture->error.message, "missing"));
    close_provider(fixture);
    write_text(fixture, "file", "");
    create(fixture, folder_path(&fixture->folder, "file"));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
    assert_non_null(strstr(fixture->error.message, "no folder"));
}

static void test_rename_into_place(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    folder_replace(&fixture->folder, "a.wasm", "second", 6);
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "second", ""));
    settle(fixture);
    run_for(fixture, 300);
    assert_string_equal("", fixture->events);
}

static void test_rewrite_in_place(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    write_text(fixture, "a.wasm", "longer than before");
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "longer than before", ""));
}

static void test_rewrite_of_the_same_size_and_time(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;

    watch_a(fixture);
    assert_int_equal(0, stat(folder_path(&fixture->folder, "a.wasm"), &status));
    write_text(fixture, "a.wasm", "fIrst");
    assert_int_equal(0, utimensat(AT_FDCWD, folder_path(&fixture->folder, "a.wasm"),
                                  (const struct timespec[2]){status.st_atim, status.st_mtim}, 0));
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "fIrst", ""));
}

static void test_removal_and_return(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.wasm")));
    assert_true(comes(fixture, "-a"));
    assert_string_equal("-a ", fixture->events);
    write_text(fixture, "a.wasm", "first");
    assert_true(comes(fixture, "-a +a"));
}

static void test_a_short_absence_is_no_removal(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    for (int round = 0; round < 20; round++) {
        assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.wasm")));
        run_for(fixture, 5);
        write_text(fixture, "a.wasm", "again");
        run_for(fixture, 25);
    }
    assert_true(comes(fixture, "+a"));
    assert_null(strstr(fixture->events, "-a"));
}

/* Absences that are seen are no long one when the file was there in between. */
static void test_short_absences_are_no_long_one(void **state)
{
    struct fixture *fixture = *state;
    uint64_t longest_ns = 0, begun_ns;

    watch_a(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.wasm")));
    for (int round = 0; round < 12; round++) {
        begun_ns = fast_ns(NULL);
        run_for(fixture, 6);
        write_text(fixture, "a.wasm", "again");
        assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.wasm")));
        if (fast_ns(NULL) - begun_ns > longest_ns)
            longest_ns = fast_ns(NULL) - begun_ns;
    }
    /* On a machine that was too busy one of them may have been long. */
    assert_true(strstr(fixture->events, "-a") == NULL || longest_ns > WATCH_REMOVAL_NS / 2);
    assert_true(comes(fixture, "-a"));
}

static void test_configuration_comes_changes_and_goes(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    write_text(fixture, "a.toml", "one");
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "first", "one"));
    settle(fixture);
    write_text(fixture, "a.toml", "two");
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "first", "two"));
    settle(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.toml")));
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "first", ""));
    assert_null(strstr(fixture->events, "-a"));
}

static void test_the_last_of_many_writes_is_told(void **state)
{
    struct fixture *fixture = *state;
    char text[16];

    watch_a(fixture);
    for (int round = 0; round < 300; round++) {
        snprintf(text, sizeof(text), "%05d", round);
        if (round % 2 == 0)
            folder_replace(&fixture->folder, "a.wasm", text, 5);
        else
            write_text(fixture, "a.wasm", text);
        loop_run_once(fixture->loop, 1);
    }
    /* Whatever was told before: after the last write it is told once more. */
    fixture->events[0] = 0;
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "00299", ""));
}

static void test_a_new_function(void **state)
{
    struct fixture *fixture = *state;

    watch_a(fixture);
    write_text(fixture, "b.wasm", "b");
    assert_true(comes(fixture, "+b"));
    assert_null(strstr(fixture->events, "a"));
}

/* Here inotify says nothing: only the look each second sees it. */
static void test_a_link_to_a_file_elsewhere(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(0, mkdir(folder_path(&fixture->folder, "functions"), 0755));
    write_text(fixture, "elsewhere", "first");
    assert_int_equal(0, symlink("../elsewhere", folder_path(&fixture->folder, "functions/a.wasm")));
    create(fixture, folder_path(&fixture->folder, "functions"));
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a"));
    settle(fixture);
    write_text(fixture, "elsewhere", "second");
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "second", ""));
    settle(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "elsewhere")));
    assert_true(comes(fixture, "-a"));
}

static void make_releases(struct fixture *fixture)
{
    assert_int_equal(0, mkdir(folder_path(&fixture->folder, "one"), 0755));
    assert_int_equal(0, mkdir(folder_path(&fixture->folder, "two"), 0755));
    write_text(fixture, "one/a.wasm", "one");
    write_text(fixture, "one/b.wasm", "one");
    write_text(fixture, "two/a.wasm", "two");
    write_text(fixture, "two/c.wasm", "two");
}

static void test_a_folder_link_is_switched(void **state)
{
    struct fixture *fixture = *state;

    make_releases(fixture);
    assert_int_equal(0, symlink("one", folder_path(&fixture->folder, "current")));
    create(fixture, folder_path(&fixture->folder, "current/"));
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a +b . "));
    settle(fixture);
    assert_int_equal(0, symlink("two", folder_path(&fixture->folder, "next")));
    assert_int_equal(
        0, rename(folder_path(&fixture->folder, "next"), folder_path(&fixture->folder, "current")));
    assert_true(comes(fixture, "+a"));
    assert_true(comes(fixture, "+c"));
    assert_true(comes(fixture, "-b"));
    assert_true(reads(fixture, "a", "two", ""));
    settle(fixture);
    /* The new folder is the one that is watched now. */
    write_text(fixture, "two/a.wasm", "more");
    assert_true(comes(fixture, "+a"));
    settle(fixture);
    write_text(fixture, "one/a.wasm", "nobody looks");
    run_for(fixture, 300);
    assert_string_equal("", fixture->events);
}

static void test_a_folder_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    char one[PATH_MAX], two[PATH_MAX], old[PATH_MAX];

    make_releases(fixture);
    snprintf(one, sizeof(one), "%s", folder_path(&fixture->folder, "one"));
    snprintf(two, sizeof(two), "%s", folder_path(&fixture->folder, "two"));
    snprintf(old, sizeof(old), "%s", folder_path(&fixture->folder, "old"));
    create(fixture, one);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a +b . "));
    settle(fixture);
    assert_int_equal(0, rename(one, old));
    run_for(fixture, 50);
    assert_int_equal(0, rename(two, one));
    assert_true(comes(fixture, "+c"));
    assert_true(comes(fixture, "-b"));
    assert_null(strstr(fixture->events, "-a"));
    settle(fixture);
    write_text(fixture, "one/c.wasm", "watched");
    assert_true(comes(fixture, "+c"));
}

static void test_a_folder_that_goes_and_comes(void **state)
{
    struct fixture *fixture = *state;
    char one[PATH_MAX], old[PATH_MAX];

    make_releases(fixture);
    snprintf(one, sizeof(one), "%s", folder_path(&fixture->folder, "one"));
    snprintf(old, sizeof(old), "%s", folder_path(&fixture->folder, "old"));
    create(fixture, one);
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a +b . "));
    settle(fixture);
    assert_int_equal(0, rename(one, old));
    assert_true(comes(fixture, "-a -b"));
    assert_int_equal(1, logged(fixture, "cannot be read"));
    assert_int_equal(0, rename(old, one));
    assert_true(comes(fixture, "+a +b"));
    assert_int_equal(1, logged(fixture, "can be read again"));
}

static void test_describe(void **state)
{
    struct fixture *fixture = *state;
    char component[32], configuration[8];

    create(fixture, "functions//");
    fixture->provider.describe(fixture->provider.self, "hello", component, configuration, 8);
    assert_string_equal("functio", component);
    fixture->provider.describe(fixture->provider.self, "hello", component, component, 32);
    assert_string_equal("functions/hello.toml", component);
}

static void test_close_while_it_looks(void **state)
{
    struct fixture *fixture = *state;

    write_text(fixture, "a.wasm", "first");
    create(fixture, fixture->folder.path);
    assert_int_equal(0, start(fixture));
    close_provider(fixture);
    assert_string_equal("", fixture->events);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_all_is_listed_once),
        TEST(test_an_empty_folder),
        TEST(test_names_that_are_no_labels_are_reported_once),
        TEST(test_what_is_no_file_is_ignored),
        TEST(test_a_missing_folder),
        TEST(test_rename_into_place),
        TEST(test_rewrite_in_place),
        TEST(test_rewrite_of_the_same_size_and_time),
        TEST(test_removal_and_return),
        TEST(test_a_short_absence_is_no_removal),
        TEST(test_short_absences_are_no_long_one),
        TEST(test_configuration_comes_changes_and_goes),
        TEST(test_the_last_of_many_writes_is_told),
        TEST(test_a_new_function),
        TEST(test_a_link_to_a_file_elsewhere),
        TEST(test_a_folder_link_is_switched),
        TEST(test_a_folder_is_replaced),
        TEST(test_a_folder_that_goes_and_comes),
        TEST(test_describe),
        TEST(test_close_while_it_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
