/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/type_check.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"

static char folder[] = "/tmp/fn0-types-XXXXXX";
static struct buffer told;
static size_t checks;

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void put(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(file_write(path, slice_of(text), mode, NULL, NULL), 0);
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    buffer_init(&told, 1 << 16);
    checks = 0;
    if (!mkdtemp(folder))
        return -1;
    make_folder("node_modules");
    make_folder("node_modules/.bin");
    make_folder("inner");
    put("a.ts", "one\n\ttwo\nthree", 0644);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_fini(&told);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void found(void *context, const struct type_error *error)
{
    (void)context;
    assert_int_equal(buffer_print(&told, "[%.*s %u %u %.*s|%.*s|%.*s]", (int)error->file.bytes,
                                  error->file.data, error->line, error->column,
                                  (int)error->code.bytes, error->code.data, (int)error->text.bytes,
                                  error->text.data, (int)error->source.bytes, error->source.data),
                     0);
}

static void done(void *context, size_t count)
{
    (void)context;
    checks++;
    assert_int_equal(buffer_print(&told, "(%zu)", count), 0);
}

/* What is told of a compiler that says `lines`. */
static void assert_told(bool watch, const char *lines, const char *expected)
{
    const struct type_check_options options = {
        .folder = folder,
        .watch = watch,
        .found = found,
        .done = done,
    };
    struct type_check *check;
    char script[4096];
    snprintf(script, sizeof(script), "#!/bin/sh\ncat <<'END'\n%sEND\n", lines);
    put("node_modules/.bin/tsc", script, 0755);
    put("tsconfig.json", "{}", 0644);
    assert_int_equal(type_check_create(&options, &check, NULL), 0);
    assert_non_null(check);
    type_check_wait(check);
    type_check_destroy(check);
    assert_int_equal(buffer_append(&told, (struct slice){"", 1}), 0);
    assert_string_equal(buffer_slice(&told).data, expected);
}

static void errors_have_their_place(void **state)
{
    (void)state;
    assert_told(
        false,
        "a.ts(2,3): error TS2322: Type 'a (b): c' is wrong.\n"
        "  Because of this.\n"
        "    And of that.\n"
        "gone.ts(1,1): error TS1: gone\n"
        "a.ts(99,1): error TS2: behind its end\n"
        "error TS18003: No inputs were found.\n",
        "[a.ts 2 3 TS2322|Type 'a (b): c' is wrong.\n  Because of this.\n    And of that.|\ttwo]"
        "[gone.ts 1 1 TS1|gone|][a.ts 99 1 TS2|behind its end|]"
        "[ 0 0 TS18003|No inputs were found.|](4)");
}

static void all_may_be_well(void **state)
{
    (void)state;
    assert_told(false, "", "(0)");
}

static void one_that_watches_tells_again_and_again(void **state)
{
    (void)state;
    assert_told(true,
                "3:04:05 AM - Starting compilation in watch mode...\n\n"
                "a.ts(3,1): error TS5: three\n\n"
                "3:04:06 AM - Found 1 error. Watching for file changes.\n\n"
                "3:04:07 AM - File change detected. Starting incremental compilation...\n\n"
                "3:04:08 AM - Found 0 errors. Watching for file changes.\n",
                "[a.ts 3 1 TS5|three|three](1)(0)");
    assert_int_equal(checks, 2);
}

static void nothing_is_checked_without_a_compiler(void **state)
{
    (void)state;
    const struct type_check_options options = {.folder = folder, .found = found, .done = done};
    char inner[256];
    char compiler[PATH_MAX];
    struct type_check *check;
    snprintf(inner, sizeof(inner), "%s/inner", folder);
    assert_int_equal(type_check_create(&options, &check, NULL), 0);
    assert_null(check);
    type_check_wait(NULL);
    type_check_cancel(NULL);
    type_check_destroy(NULL);
    put("node_modules/.bin/tsc", "", 0755);
    assert_false(type_check_find(folder, compiler));
    /* That of a folder above it will do; the settings have to be its own. */
    put("tsconfig.json", "{}", 0644);
    assert_true(type_check_find(folder, compiler));
    assert_false(type_check_find(inner, compiler));
    put("inner/tsconfig.json", "{}", 0644);
    assert_true(type_check_find(inner, compiler));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(errors_have_their_place),
        TEST(all_may_be_well),
        TEST(one_that_watches_tells_again_and_again),
        TEST(nothing_is_checked_without_a_compiler),
    };
    return cmocka_run_group_tests_name("builder/type_check", tests, NULL, NULL);
}
