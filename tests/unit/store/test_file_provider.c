/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/file_provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "provider_fixture.h"
#include "tables/errors.h"

static void create(struct fixture *fixture, const char *path)
{
    assert_int_equal(
        0, file_provider_create(path, false, fixture->log, &fixture->provider, &fixture->error));
}

static void test_names(void **state)
{
    static const char *const rows[][2] = {
        {"hello.wasm", "hello"},
        {"build/My App.wasm", "my-app"},
        {"/a/b/c_d.component.wasm", "c-d-component"},
        {"UPPER", "upper"},
        {"--x--.wasm", "x"},
        {"...", "function"},
        {".wasm", "wasm"},
        {"a/.wasm", "wasm"},
        {"\xc3\xa9t\xc3\xa9.wasm", "t"},
        {"0", "0"},
    };
    char name[FUNCTION_NAME_TEXT_BYTES];
    char longest[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        file_provider_name(rows[i][0], name);
        assert_string_equal(rows[i][1], name);
    }
    memset(longest, 'a', sizeof(longest));
    strcpy(longest + 62, "-bcd.wasm");
    file_provider_name(longest, name);
    assert_int_equal(62, strlen(name));
    longest[62] = 'z';
    file_provider_name(longest, name);
    assert_int_equal(63, strlen(name));
}

static void test_a_component_and_its_configuration(void **state)
{
    struct fixture *fixture = *state;

    write_text(fixture, "My App.wasm", "first");
    write_text(fixture, "My App.toml", "conf");
    write_text(fixture, "other.wasm", "other");
    create(fixture, folder_path(&fixture->folder, "My App.wasm"));
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, ". "));
    assert_string_equal("+my-app . ", fixture->events);
    assert_true(reads(fixture, "my-app", "first", "conf"));
    assert_false(reads(fixture, "other", "other", ""));
    settle(fixture);

    write_text(fixture, "My App.wasm", "second");
    assert_true(comes(fixture, "+my-app"));
    assert_true(reads(fixture, "my-app", "second", "conf"));
    settle(fixture);
    write_text(fixture, "My App.toml", "FNOC");
    assert_true(comes(fixture, "+my-app"));
    settle(fixture);
    write_text(fixture, "other.wasm", "changes");
    run_for(fixture, 300);
    assert_string_equal("", fixture->events);
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "My App.wasm")));
    assert_true(comes(fixture, "-my-app"));
    folder_replace(&fixture->folder, "My App.wasm", "third", 5);
    assert_true(comes(fixture, "+my-app"));
    assert_true(reads(fixture, "my-app", "third", "FNOC"));
    assert_int_equal(0, logged(fixture, "warning"));
}

static void test_a_relative_path(void **state)
{
    struct fixture *fixture = *state;
    char before[PATH_MAX];

    write_text(fixture, "a.wasm", "first");
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(0, chdir(fixture->folder.path));
    create(fixture, "a.wasm");
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a . "));
    assert_true(reads(fixture, "a", "first", ""));
    assert_int_equal(0, chdir(before));
}

static void test_links_are_switched(void **state)
{
    struct fixture *fixture = *state;

    write_text(fixture, "one", "first");
    write_text(fixture, "two", "again");
    assert_int_equal(0, symlink("one", folder_path(&fixture->folder, "a.wasm")));
    create(fixture, folder_path(&fixture->folder, "a.wasm"));
    assert_int_equal(0, start(fixture));
    assert_true(comes(fixture, "+a . "));
    settle(fixture);
    assert_int_equal(0, symlink("two", folder_path(&fixture->folder, "next")));
    assert_int_equal(
        0, rename(folder_path(&fixture->folder, "next"), folder_path(&fixture->folder, "a.wasm")));
    assert_true(comes(fixture, "+a"));
    assert_true(reads(fixture, "a", "again", ""));
}

static void test_what_is_not_there(void **state)
{
    struct fixture *fixture = *state;

    create(fixture, folder_path(&fixture->folder, "a.wasm"));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
    assert_non_null(strstr(fixture->error.message, "a.wasm: there is no such file"));
    close_provider(fixture);
    create(fixture, folder_path(&fixture->folder, "no/a.wasm"));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
    close_provider(fixture);
    assert_int_equal(0, mkdir(folder_path(&fixture->folder, "b.wasm"), 0755));
    create(fixture, folder_path(&fixture->folder, "b.wasm"));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
    close_provider(fixture);
    assert_int_equal(ERROR_NOT_FOUND,
                     file_provider_create("", false, NULL, &fixture->provider, &fixture->error));
    assert_int_equal(ERROR_NOT_FOUND,
                     file_provider_create("a/", false, NULL, &fixture->provider, &fixture->error));
    fixture->provider.close = NULL;
}

static void test_what_may_come_later(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(0, file_provider_create(folder_path(&fixture->folder, "a.wasm"), true,
                                             fixture->log, &fixture->provider, &fixture->error));
    assert_int_equal(0, start(fixture));
    close_provider(fixture);
    /* Its folder has to be there. */
    assert_int_equal(0, file_provider_create(folder_path(&fixture->folder, "no/a.wasm"), true,
                                             fixture->log, &fixture->provider, &fixture->error));
    assert_int_equal(ERROR_NOT_FOUND, start(fixture));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), TEST(test_a_component_and_its_configuration),
        TEST(test_a_relative_path),   TEST(test_links_are_switched),
        TEST(test_what_is_not_there), TEST(test_what_may_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
