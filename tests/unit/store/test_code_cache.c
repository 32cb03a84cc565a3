/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_cache.h"

#include <fcntl.h>
#include <pthread.h>
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

#define NAME "functions.code"

static struct folder folder;
static struct code_cache *cache;

static int set_up(void **state)
{
    (void)state;
    folder_init(&folder);
    return code_cache_open(folder.path, 1 << 20, &cache, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    code_cache_close(cache);
    folder_fini(&folder);
    return 0;
}

static void open_again(uint64_t bytes_max)
{
    code_cache_close(cache);
    assert_int_equal(code_cache_open(folder.path, bytes_max, &cache, NULL), 0);
}

/* Keys look like hashes. */
static struct slice key_of(unsigned number)
{
    static _Thread_local char key[CODE_CACHE_KEY_BYTES];

    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (char)((number + 1) * 2654435761u >> (i % 4 * 8));
    return (struct slice){key, sizeof(key)};
}

static void keep(unsigned number, const char *code)
{
    code_cache_keep(cache, key_of(number), slice_of(code));
}

static bool has(unsigned number, const char *code)
{
    struct slice found;

    return code_cache_find(cache, key_of(number), &found) && slice_equal(found, slice_of(code));
}

static bool has_none(unsigned number)
{
    struct slice found;

    return !code_cache_find(cache, key_of(number), &found);
}

static void what_is_kept_is_found(void **state)
{
    char code[] = "code";

    (void)state;
    assert_true(has_none(1));
    code_cache_keep(cache, key_of(1), slice_of(code));
    memset(code, 'x', 4); /* it was copied */
    keep(2, "");
    assert_true(has(1, "code"));
    assert_true(has(2, ""));
    assert_true(has_none(3));
    code_cache_keep(cache, SLICE("short"), SLICE("x"));
    assert_false(code_cache_find(cache, SLICE("short"), &(struct slice){0}));
}

static void what_is_saved_is_found_later(void **state)
{
    char code[16];

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(code, sizeof(code), "code %u", i);
        keep(i, code);
    }
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(code, sizeof(code), "code %u", i);
        assert_true(has(i, code));
    }
    assert_true(has_none(500));
    assert_int_equal(folder_count(&folder, ""), 2); /* the key is the other one */
}

static void not_saved_is_not_there(void **state)
{
    (void)state;
    keep(1, "one");
    open_again(1 << 20);
    assert_true(has_none(1));
}

static void new_ones_join_the_old(void **state)
{
    (void)state;
    keep(1, "one");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    keep(2, "two");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    assert_true(has(1, "one"));
    assert_true(has(2, "two"));
}

static void a_little_that_is_new_is_not_worth_a_file(void **state)
{
    static char large[4096];
    struct stat before, after;

    (void)state;
    memset(large, 'l', sizeof(large) - 1);
    keep(1, large);
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    assert_true(has(1, large));
    keep(2, "little");
    assert_int_equal(stat(folder_path(&folder, NAME), &before), 0);
    assert_int_equal(code_cache_save(cache, NULL), 0);
    assert_int_equal(stat(folder_path(&folder, NAME), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    large[1024] = 0;
    keep(3, large);
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    assert_true(has(2, "little"));
}

static void what_was_unused_longest_goes(void **state)
{
    static char large[1000];

    (void)state;
    memset(large, 'l', sizeof(large) - 1);
    open_again(4096);
    for (unsigned i = 0; i < 3; i++)
        keep(i, large);
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(4096);
    assert_true(has(1, large));
    keep(3, large);
    keep(4, "small");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(4096);
    assert_true(has(1, large));
    assert_true(has(3, large));
    assert_true(has(4, "small"));
    assert_true(has_none(0) != has_none(2)); /* one of them had room */
    /* More than the bound in one process is not kept. */
    for (unsigned i = 10; i < 20; i++)
        keep(i, large);
    assert_true(has(13, large));
    assert_true(has_none(14));
}

static void *file_content(size_t *ret_bytes)
{
    static char content[65536];
    int descriptor = open(folder_path(&folder, NAME), O_RDONLY);

    *ret_bytes = (size_t)read(descriptor, content, sizeof(content));
    close(descriptor);
    return content;
}

static void a_changed_byte_is_never_believed(void **state)
{
    size_t bytes;
    char *content;

    (void)state;
    keep(1, "one");
    keep(2, "another");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    content = file_content(&bytes);
    for (size_t i = 0; i < bytes; i++) {
        content[i] ^= 1;
        folder_replace(&folder, NAME, content, bytes);
        content[i] ^= 1;
        open_again(1 << 20);
        assert_true(has(1, "one") || has_none(1));
        assert_true(has(2, "another") || has_none(2));
    }
    for (size_t i = 0; i < bytes; i++) {
        folder_replace(&folder, NAME, content, i);
        open_again(1 << 20);
        assert_true(has(1, "one") || has_none(1));
        assert_true(has(2, "another") || has_none(2));
    }
    folder_replace(&folder, NAME, content, bytes);
    open_again(1 << 20);
    assert_true(has(1, "one") && has(2, "another"));
}

static void a_damaged_entry_is_replaced(void **state)
{
    size_t bytes;
    char *content;

    (void)state;
    keep(1, "one");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    content = file_content(&bytes);
    memcpy(strstr(content + 32, "one"), "two", 3);
    folder_replace(&folder, NAME, content, bytes);
    open_again(1 << 20);
    assert_true(has_none(1));
    keep(1, "one");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    assert_true(has(1, "one"));
}

static void another_hosts_file_is_not_believed(void **state)
{
    size_t bytes;
    char *content;

    (void)state;
    keep(1, "one");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    content = file_content(&bytes);
    assert_int_equal(unlink(folder_path(&folder, "key")), 0);
    open_again(1 << 20); /* makes another key */
    assert_true(has_none(1));
    assert_true(bytes > 0 && content != NULL);
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
    struct code_cache *other;

    (void)state;
    assert_int_equal(chmod(folder.path, 0777), 0);
    assert_int_equal(code_cache_open(folder.path, 1 << 20, &other, NULL), ERROR_NOT_TRUSTED);
    assert_int_equal(chmod(folder.path, 0700), 0);
}

static void *use(void *argument)
{
    unsigned first = *(unsigned *)argument;
    char code[16];

    for (unsigned i = 0; i < 2000; i++) {
        unsigned number = (first + i) % 1000;
        (void)snprintf(code, sizeof(code), "%u", number);
        if (has_none(number))
            keep(number, code);
        if (!has(number, code))
            return (void *)1;
    }
    return NULL;
}

static void several_threads_use_it(void **state)
{
    pthread_t threads[4];
    unsigned firsts[4] = {0, 250, 500, 750};

    (void)state;
    keep(7, "7");
    assert_int_equal(code_cache_save(cache, NULL), 0);
    open_again(1 << 20);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use, &firsts[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_kept_is_found),
        TEST(what_is_saved_is_found_later),
        TEST(not_saved_is_not_there),
        TEST(new_ones_join_the_old),
        TEST(a_little_that_is_new_is_not_worth_a_file),
        TEST(what_was_unused_longest_goes),
        TEST(a_changed_byte_is_never_believed),
        TEST(a_damaged_entry_is_replaced),
        TEST(another_hosts_file_is_not_believed),
        TEST(a_folder_that_others_may_write_is_refused),
        TEST(several_threads_use_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
