/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"

struct folder {
    char path[64];
    char file[80]; /* "name" within it */
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    if (!folder)
        return -1;
    strcpy(folder->path, "/tmp/fn0-file-XXXXXX");
    *state = folder;
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->file, sizeof(folder->file), "%s/name", folder->path);
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    unlink(folder->file);
    int result = rmdir(folder->path);
    free(folder);
    return result;
}

static int entries_in(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void assert_content(const char *path, struct slice expected)
{
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    assert_int_equal(file_read(path, &buffer, NULL, NULL), 0);
    assert_true(slice_equal(buffer_slice(&buffer), expected));
    buffer_fini(&buffer);
}

static void what_is_written_is_read(void **state)
{
    struct folder *folder = *state;
    struct stat status;
    static char large[300000];
    memset(large, 'a', sizeof(large));
    umask(022);
    assert_int_equal(file_write(folder->file, SLICE("first"), 0600, NULL, NULL), 0);
    assert_content(folder->file, SLICE("first"));
    assert_int_equal(stat(folder->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct slice all = {.data = large, .bytes = sizeof(large)};
    assert_int_equal(file_write(folder->file, all, 0666, NULL, NULL), 0);
    assert_content(folder->file, all);
    assert_int_equal(stat(folder->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(file_write(folder->file, SLICE(""), 0600, NULL, NULL), 0);
    assert_content(folder->file, SLICE(""));
    /* Whole as well, whether the disk has it or not. */
    assert_int_equal(file_write_soon(folder->file, all, 0600, NULL), 0);
    assert_content(folder->file, all);
    assert_int_equal(file_write_soon("/nowhere/file", all, 0600, NULL), ERROR_SYSTEM);
    assert_int_equal(entries_in(folder->path), 1);
}

static void a_path_without_a_folder_is_here(void **state)
{
    struct folder *folder = *state;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder->path), 0);
    assert_int_equal(file_write("name", SLICE("here"), 0600, NULL, NULL), 0);
    assert_int_equal(chdir(before), 0);
    assert_content(folder->file, SLICE("here"));
}

static void reading_is_bounded(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    struct buffer buffer;
    char message[128];
    assert_int_equal(file_write(folder->file, SLICE("12345"), 0600, NULL, NULL), 0);
    buffer_init(&buffer, 5);
    assert_int_equal(file_read(folder->file, &buffer, NULL, &error), 0);
    assert_int_equal(buffer_bytes(&buffer), 5);
    buffer_fini(&buffer);
    buffer_init(&buffer, 4);
    assert_int_equal(file_read(folder->file, &buffer, NULL, &error), ERROR_FULL);
    snprintf(message, sizeof(message), "%s: larger than 4 bytes", folder->file);
    assert_string_equal(error.message, message);
    buffer_fini(&buffer);
}

static void what_is_not_there_is_said(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    struct buffer buffer;
    char message[128];
    buffer_init(&buffer, 100);
    assert_int_equal(file_read(folder->file, &buffer, NULL, &error), ERROR_NOT_FOUND);
    snprintf(message, sizeof(message), "%s: no such file", folder->file);
    assert_string_equal(error.message, message);
    assert_int_equal(file_read(folder->path, &buffer, NULL, &error), ERROR_SYSTEM);
    snprintf(message, sizeof(message), "%s: Is a directory", folder->path);
    assert_string_equal(error.message, message);
    buffer_fini(&buffer);
    snprintf(message, sizeof(message), "%s/none/name", folder->path);
    assert_int_equal(file_write(message, SLICE("x"), 0600, NULL, &error), ERROR_SYSTEM);
    assert_non_null(strstr(error.message, "No such file or directory"));
}

static void what_a_crash_left_is_no_obstacle(void **state)
{
    struct folder *folder = *state;
    char left[128];
    snprintf(left, sizeof(left), "%s/.name.%d-0", folder->path, (int)getpid());
    int fd = open(left, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write(folder->file, SLICE("x"), 0600, NULL, NULL), 0);
    assert_content(folder->file, SLICE("x"));
    assert_int_equal(unlink(left), 0);
}

/* Whatever fails, the old content is there whole or the new one is, and nothing is left over. */
static void each_write_can_fail(void **state)
{
    struct folder *folder = *state;
    unsigned failed = 0;
    for (uint64_t nth = 1;; nth++) {
        struct fault fault;
        struct error error = {0};
        fault_init(&fault);
        assert_int_equal(file_write(folder->file, SLICE("old"), 0600, NULL, NULL), 0);
        fault_arm(&fault, FAULT_WRITE, nth);
        int code = file_write(folder->file, SLICE("new"), 0600, &fault, &error);
        assert_int_equal(entries_in(folder->path), 1);
        if (!fault_came(&fault, FAULT_WRITE)) {
            assert_int_equal(code, 0);
            break;
        }
        assert_int_equal(code, ERROR_SYSTEM);
        failed++;
        /* Content, its sync; the third is the folder's sync, after the rename. */
        assert_content(folder->file, nth < 3 ? SLICE("old") : SLICE("new"));
    }
    assert_int_equal(failed, 3);
}

static void each_read_and_allocation_can_fail(void **state)
{
    struct folder *folder = *state;
    assert_int_equal(file_write(folder->file, SLICE("content"), 0600, NULL, NULL), 0);
    for (int kind = FAULT_ALLOCATION; kind <= FAULT_READ; kind++) {
        for (uint64_t nth = 1;; nth++) {
            struct fault fault;
            struct error error = {0};
            struct buffer buffer;
            fault_init(&fault);
            fault_arm(&fault, (enum fault_kind)kind, nth);
            buffer_init(&buffer, 7);
            int code = file_read(folder->file, &buffer, &fault, &error);
            buffer_fini(&buffer);
            if (!fault_came(&fault, (enum fault_kind)kind)) {
                assert_int_equal(code, 0);
                assert_true(nth > 1);
                break;
            }
            assert_int_equal(code, kind == FAULT_READ ? ERROR_SYSTEM : ERROR_OUT_OF_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_path_without_a_folder_is_here, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(reading_is_bounded, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_said, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_no_obstacle, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(each_write_can_fail, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(each_read_and_allocation_can_fail, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
