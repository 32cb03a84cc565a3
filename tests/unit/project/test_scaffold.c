/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/scaffold.h"

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

static char folder[] = "/tmp/fn0-scaffold-XXXXXX";
static char before[4096];
static struct scaffold scaffold;
static struct error error;

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void put(const char *name, const char *text, mode_t mode)
{
    assert_int_equal(file_write(name, slice_of(text), mode, NULL, NULL), 0);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    if (!getcwd(before, sizeof(before)) || !mkdtemp(folder) || chdir(folder) != 0)
        return -1;
    arena_init(&scaffold.arena, 1);
    mkdir("template", 0755);
    mkdir("template/src", 0755);
    mkdir("template/node_modules", 0755);
    mkdir("template/.fn0", 0755);
    put("template/fn0.toml", "name = \"fn0-project-name\"\n", 0644);
    put("template/.gitignore", "", 0644);
    put("template/src/a.rs",
        "// SPDX-License-Identifier: Apache-2.0\n\n//! fn0-project-name, fn0-project-name\n", 0644);
    put("template/src/run", "#!/bin/sh\n# SPDX-License-Identifier: kept\n", 0755);
    put("template/node_modules/x.js", "", 0644);
    put("template/.fn0/x", "", 0644);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scaffold_fini(&scaffold);
    int code = chdir(before);
    return code ? code : nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void holds(const char *path, const char *text)
{
    struct buffer content;
    buffer_init(&content, 4096);
    assert_int_equal(file_read(path, &content, NULL, NULL), 0);
    assert_true(slice_equal(buffer_slice(&content), slice_of(text)));
    buffer_fini(&content);
}

static void files_are_copied_with_the_name_in_them(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(scaffold_make("template", "a/b/new", "hello", &scaffold, NULL), 0);
    assert_int_equal(scaffold.file_count, 4);
    assert_string_equal(scaffold.files[0], ".gitignore");
    assert_string_equal(scaffold.files[1], "fn0.toml");
    assert_string_equal(scaffold.files[2], "src/a.rs");
    assert_string_equal(scaffold.files[3], "src/run");
    holds("a/b/new/fn0.toml", "name = \"hello\"\n");
    holds("a/b/new/.gitignore", "");
    holds("a/b/new/src/a.rs", "//! hello, hello\n");
    holds("a/b/new/src/run", "#!/bin/sh\n# SPDX-License-Identifier: kept\n");
    assert_int_equal(stat("a/b/new/src/run", &status), 0);
    assert_true(status.st_mode & 0100);
    assert_int_equal(stat("a/b/new/src/a.rs", &status), 0);
    assert_false(status.st_mode & 0111);
    assert_int_not_equal(access("a/b/new/node_modules", F_OK), 0);
    assert_int_not_equal(access("a/b/new/.fn0", F_OK), 0);
}

static void a_folder_with_other_files_is_fine(void **state)
{
    (void)state;
    mkdir("new", 0755);
    put("new/other", "kept", 0644);
    assert_int_equal(scaffold_make("template", "new", "hello", &scaffold, NULL), 0);
    holds("new/other", "kept");
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    mkdir("new", 0755);
    mkdir("new/src", 0755);
    put("new/src/run", "mine", 0644);
    assert_int_equal(scaffold_make("template", "new", "hello", &scaffold, &error), ERROR_USAGE);
    assert_string_equal(
        error.message,
        "new/src/run is there already, and nothing is overwritten: nothing was made");
    holds("new/src/run", "mine");
    assert_int_not_equal(access("new/fn0.toml", F_OK), 0);
    scaffold_fini(&scaffold);

    assert_int_equal(unlink("new/src/run"), 0);
    assert_int_equal(symlink("nowhere", "new/src/run"), 0);
    assert_int_equal(scaffold_make("template", "new", "hello", &scaffold, &error), ERROR_USAGE);
    scaffold_fini(&scaffold);
    assert_int_equal(scaffold_make("template", "new/src/run", "hello", &scaffold, &error),
                     ERROR_SYSTEM);
    scaffold_fini(&scaffold);
    put("file", "", 0644);
    assert_int_equal(scaffold_make("template", "file", "hello", &scaffold, &error), ERROR_USAGE);
}

static void what_cannot_be_finished_is_taken_back(void **state)
{
    (void)state;
    /* The last file has no room below a file of that name. */
    mkdir("new", 0755);
    put("new/src", "a file", 0644);
    assert_int_not_equal(scaffold_make("template", "new", "hello", &scaffold, &error), 0);
    holds("new/src", "a file");
    assert_int_not_equal(access("new/fn0.toml", F_OK), 0);
    scaffold_fini(&scaffold);

    assert_int_equal(unlink("template/src/run"), 0);
    assert_int_equal(symlink("/proc/self/mem", "template/src/run"), 0);
    assert_int_not_equal(scaffold_make("template", "x/y", "hello", &scaffold, &error), 0);
    assert_int_not_equal(access("x", F_OK), 0);
}

static void templates_that_are_not_there(void **state)
{
    (void)state;
    assert_int_equal(scaffold_make("nowhere", "new", "hello", &scaffold, &error), ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "nowhere is missing"));
    assert_int_not_equal(access("new", F_OK), 0);
}

static void names_are_suggested(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        const char *name;
    } rows[] = {
        {"hello", "hello"},
        {"a/b/Hello World", "hello-world"},
        {"x_1/", "x-1"},
        {"--a--b--", "a-b"},
        {"/", NULL},
        {"ä", NULL},
        {"/nowhere/../a", "a"},
    };
    char name[FUNCTION_NAME_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool suggested = scaffold_suggest_name(rows[i].folder, name);
        assert_int_equal(suggested, rows[i].name != NULL);
        if (suggested)
            assert_string_equal(name, rows[i].name);
    }
    char longest[200];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_true(scaffold_suggest_name(longest, name));
    assert_true(function_name_valid(slice_of(name)));
    /* This folder's own name. */
    assert_true(scaffold_suggest_name(".", name));
    assert_memory_equal(name, "fn0-scaffold-", 13);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(files_are_copied_with_the_name_in_them),
        IN_A_FOLDER(a_folder_with_other_files_is_fine),
        IN_A_FOLDER(nothing_is_overwritten),
        IN_A_FOLDER(what_cannot_be_finished_is_taken_back),
        IN_A_FOLDER(templates_that_are_not_there),
        IN_A_FOLDER(names_are_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
