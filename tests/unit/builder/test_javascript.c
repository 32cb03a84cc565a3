/* SPDX-License-Identifier: AGPL-3.0-only */

/* What needs no engine: the whole is tested by tests/cli/test_build.py. */

#include "builder/javascript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/folder.h"

static struct folder folder;
static struct error error;
static char path[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    folder_init(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_fini(&folder);
    return 0;
}

static void entries_are_told_by_their_names(void **state)
{
    (void)state;
    assert_true(javascript_is_entry("a.js"));
    assert_true(javascript_is_entry("folder.wasm/a.test.tsx"));
    assert_true(javascript_is_entry("./a.mts"));
    assert_false(javascript_is_entry("a.wasm"));
    assert_false(javascript_is_entry("a.JS"));
    assert_false(javascript_is_entry("a"));
    assert_false(javascript_is_entry("a.json"));
    assert_false(javascript_is_entry("a.d/b"));
}

static void make_sdk(const char *name)
{
    char part[PATH_MAX / 2];

    assert_int_equal(mkdir(folder_path(&folder, name), 0700), 0);
    (void)snprintf(part, sizeof(part), "%s/builder", name);
    assert_int_equal(mkdir(folder_path(&folder, part), 0700), 0);
    (void)snprintf(part, sizeof(part), "%s/engine.wasm", name);
    folder_write(&folder, part, "x", 1);
    (void)snprintf(part, sizeof(part), "%s/builder/bundle.mjs", name);
    folder_write(&folder, part, "x", 1);
}

static void an_sdk_is_named_or_beside_the_program(void **state)
{
    (void)state;
    make_sdk("named");
    assert_int_equal(javascript_find_sdk(folder_path(&folder, "named"), "/nowhere", path, &error),
                     0);
    assert_string_equal(path, folder_path(&folder, "named"));
    assert_int_equal(mkdir(folder_path(&folder, "sdk"), 0700), 0);
    make_sdk("sdk/javascript");
    assert_int_equal(javascript_find_sdk(NULL, folder.path, path, &error), 0);
    assert_string_equal(path, folder_path(&folder, "sdk/javascript"));
    assert_int_equal(javascript_find_sdk("", folder.path, path, &error), 0);
}

static void an_sdk_that_is_not_whole(void **state)
{
    (void)state;
    assert_int_equal(javascript_find_sdk(NULL, folder.path, path, &error), ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "sdk/javascript: engine.wasm is missing"));
    make_sdk("named");
    assert_int_equal(remove(folder_path(&folder, "named/builder/bundle.mjs")), 0);
    assert_int_equal(javascript_find_sdk(folder_path(&folder, "named"), folder.path, path, &error),
                     ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "bundle.mjs is missing"));
    assert_non_null(strstr(error.message, "FN0_SDK"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(entries_are_told_by_their_names),
        TEST(an_sdk_is_named_or_beside_the_program),
        TEST(an_sdk_that_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
