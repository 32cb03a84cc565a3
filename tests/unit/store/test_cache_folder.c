/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/cache_folder.h"

#include <fcntl.h>
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

#include "../lib/folder.h"
#include "tables/errors.h"

static void test_where_it_is_when_nobody_says(void **state)
{
    char path[PATH_MAX];
    char longest[PATH_MAX + 1];
    struct error error;

    (void)state;
    setenv("HOME", "/home/somebody", 1);
    setenv("XDG_CACHE_HOME", "/caches", 1);
    assert_int_equal(0, cache_folder_default(path, &error));
    assert_string_equal("/caches/fn0", path);
    /* A relative one is to be ignored. */
    setenv("XDG_CACHE_HOME", "caches", 1);
    assert_int_equal(0, cache_folder_default(path, &error));
    assert_string_equal(geteuid() == 0 ? "/var/cache/fn0" : "/home/somebody/.cache/fn0", path);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    if (geteuid() != 0)
        assert_int_equal(ERROR_CONFIGURATION, cache_folder_default(path, &error));
    memset(longest, 'x', PATH_MAX);
    longest[0] = '/';
    longest[PATH_MAX] = 0;
    setenv("XDG_CACHE_HOME", longest, 1);
    assert_int_equal(ERROR_CONFIGURATION, cache_folder_default(path, &error));
}

static void test_the_key_stays_the_same(void **state)
{
    struct folder folder;
    struct cache_folder first, second;
    struct error error;
    uint8_t zeros[CACHE_KEY_BYTES] = {0};

    (void)state;
    folder_init(&folder);
    assert_int_equal(0, cache_folder_init(&first, folder.path, &error));
    assert_int_equal(0, cache_folder_init(&second, folder.path, &error));
    assert_memory_equal(first.key, second.key, CACHE_KEY_BYTES);
    assert_memory_not_equal(first.key, zeros, CACHE_KEY_BYTES);
    cache_folder_fini(&first);
    assert_memory_equal(first.key, zeros, CACHE_KEY_BYTES);
    cache_folder_fini(&second);
    folder_fini(&folder);
}

static void test_a_file_appears_whole_or_not_at_all(void **state)
{
    struct folder folder;
    struct cache_folder cache;
    struct cache_file one, two;
    struct error error;

    (void)state;
    folder_init(&folder);
    assert_int_equal(0, cache_folder_init(&cache, folder.path, &error));
    assert_int_equal(0, cache_file_create(&cache, &one, &error));
    assert_int_equal(0, cache_file_create(&cache, &two, &error));
    assert_string_not_equal(one.name, two.name);
    assert_true(cache_file_is_aside(one.name));
    assert_false(cache_file_is_aside("key"));
    assert_int_equal(3, write(one.descriptor, "one", 3));
    assert_int_equal(3, write(two.descriptor, "two", 3));
    assert_false(folder_has(&folder, "name"));
    assert_int_equal(0, cache_file_commit(&cache, &one, "name", false, &error));
    assert_true(folder_has(&folder, "name"));
    /* Whoever does not replace comes too late. */
    assert_int_equal(ERROR_FULL, cache_file_commit(&cache, &two, "name", false, &error));
    assert_int_equal(2, folder_count(&folder, ""));
    assert_int_equal(0, cache_file_create(&cache, &two, &error));
    assert_int_equal(0, cache_file_commit(&cache, &two, "name", true, &error));
    assert_int_equal(0, cache_file_create(&cache, &two, &error));
    cache_file_abandon(&cache, &two);
    assert_int_equal(2, folder_count(&folder, ""));
    cache_folder_fini(&cache);
    folder_fini(&folder);
}

static void test_it_is_made_again_where_it_is_gone(void **state)
{
    struct folder folder, other;
    struct cache_folder cache;
    struct error error;
    char path[PATH_MAX], moved[PATH_MAX + 8];
    uint8_t key[CACHE_KEY_BYTES];
    bool renewed = true;

    (void)state;
    folder_init(&folder);
    folder_init(&other);
    snprintf(path, sizeof(path), "%s/cache", folder.path);
    snprintf(moved, sizeof(moved), "%s.moved", path);
    assert_int_equal(0, cache_folder_init(&cache, path, &error));
    memcpy(key, cache.key, sizeof(key));
    int descriptor = cache.descriptor;
    assert_int_equal(0, cache_folder_renew(&cache, &renewed, &error));
    assert_false(renewed);
    /* Moved away: made anew, with the same key. */
    assert_int_equal(0, rename(path, moved));
    assert_int_equal(0, cache_folder_renew(&cache, &renewed, &error));
    assert_true(renewed);
    assert_int_equal(descriptor, cache.descriptor);
    assert_memory_equal(key, cache.key, sizeof(key));
    assert_int_equal(0, faccessat(cache.descriptor, "key", R_OK, 0));
    assert_true(folder_has(&folder, "cache"));
    assert_int_equal(0, cache_folder_renew(&cache, &renewed, &error));
    assert_false(renewed);
    /* Another in its place has a key of its own. */
    struct cache_folder theirs;
    char theirs_path[PATH_MAX];
    snprintf(theirs_path, sizeof(theirs_path), "%s/cache", other.path);
    assert_int_equal(0, cache_folder_init(&theirs, theirs_path, &error));
    assert_int_equal(0, renameat2(AT_FDCWD, path, AT_FDCWD, theirs_path, RENAME_EXCHANGE));
    assert_int_equal(0, cache_folder_renew(&cache, &renewed, &error));
    assert_true(renewed);
    assert_memory_equal(theirs.key, cache.key, sizeof(key));
    /* One that others may write is refused, and all stays as it was. */
    assert_int_equal(0, chmod(theirs_path, 0777));
    assert_int_equal(0, renameat2(AT_FDCWD, path, AT_FDCWD, theirs_path, RENAME_EXCHANGE));
    assert_int_equal(ERROR_NOT_TRUSTED, cache_folder_renew(&cache, &renewed, &error));
    assert_false(renewed);
    assert_memory_equal(theirs.key, cache.key, sizeof(key));
    assert_true(fcntl(cache.descriptor, F_GETFD) >= 0);
    cache_folder_fini(&theirs);
    cache_folder_fini(&cache);
    folder_fini(&other);
    folder_fini(&folder);
}

static void test_what_is_being_written_here_is_not_stale(void **state)
{
    struct folder folder;
    struct cache_folder cache;
    struct cache_file file;
    struct error error;

    (void)state;
    folder_init(&folder);
    assert_int_equal(0, cache_folder_init(&cache, folder.path, &error));
    assert_int_equal(0, cache_file_create(&cache, &file, &error));
    cache_file_remove_stale(&cache, file.name);
    assert_true(folder_has(&folder, file.name));
    close(file.descriptor);
    cache_file_remove_stale(&cache, file.name);
    assert_false(folder_has(&folder, file.name));
    cache_file_remove_stale(&cache, file.name);
    cache_folder_fini(&cache);
    folder_fini(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_it_is_when_nobody_says),
        cmocka_unit_test(test_the_key_stays_the_same),
        cmocka_unit_test(test_a_file_appears_whole_or_not_at_all),
        cmocka_unit_test(test_it_is_made_again_where_it_is_gone),
        cmocka_unit_test(test_what_is_being_written_here_is_not_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
