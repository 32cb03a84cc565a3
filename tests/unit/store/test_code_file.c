/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/folder.h"
#include "base/check.h"
#include "tables/errors.h"

struct fixture {
    struct folder folder;
    struct code code;
    struct error error;
    struct clock clock;
    uint64_t ahead_ns; /* of the real time */
};

static uint64_t ahead(void *context)
{
    return clock_realtime_ns(clock_system()) + *(uint64_t *)context;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    check(fixture != NULL);
    folder_init(&fixture->folder);
    code_init(&fixture->code);
    fixture->clock =
        (struct clock){.name = "ahead", .context = &fixture->ahead_ns, .realtime_ns = ahead};
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    code_fini(&fixture->code);
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

static int read_code(struct fixture *fixture)
{
    code_fini(&fixture->code);
    code_init(&fixture->code);
    return code_files_read(folder_path(&fixture->folder, "a.wasm"),
                           folder_path(&fixture->folder, "a.toml"), &fixture->clock, &fixture->code,
                           &fixture->error);
}

static void test_an_empty_component(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ERROR_NOT_FOUND, read_code(fixture));
    folder_write(&fixture->folder, "a.wasm", "", 0);
    assert_int_equal(0, read_code(fixture));
    assert_int_equal(0, fixture->code.component.bytes);
    assert_false(fixture->code.torn);
}

static void test_what_is_fresh(void **state)
{
    struct fixture *fixture = *state;

    folder_write(&fixture->folder, "a.wasm", "x", 1);
    assert_int_equal(0, read_code(fixture));
    assert_true(fixture->code.fresh);
    fixture->ahead_ns = CODE_FRESH_NS;
    assert_int_equal(0, read_code(fixture));
    assert_false(fixture->code.fresh);
    /* Its configuration counts as well. */
    fixture->ahead_ns = 0;
    folder_write(&fixture->folder, "a.toml", "x", 1);
    assert_int_equal(0, read_code(fixture));
    assert_true(fixture->code.fresh);
}

static void make_sparse(struct fixture *fixture, const char *name, off_t bytes)
{
    folder_write(&fixture->folder, name, "", 0);
    assert_int_equal(0, truncate(folder_path(&fixture->folder, name), bytes));
}

static void test_sizes_at_the_edge(void **state)
{
    struct fixture *fixture = *state;

    folder_write(&fixture->folder, "a.wasm", "x", 1);
    make_sparse(fixture, "a.toml", CODE_CONFIGURATION_BYTES_MAX);
    assert_int_equal(0, read_code(fixture));
    assert_int_equal(CODE_CONFIGURATION_BYTES_MAX, buffer_bytes(&fixture->code.configuration));
    make_sparse(fixture, "a.toml", CODE_CONFIGURATION_BYTES_MAX + 1);
    assert_int_equal(ERROR_FULL, read_code(fixture));
    assert_non_null(strstr(fixture->error.message, "a.toml"));
    assert_int_equal(0, unlink(folder_path(&fixture->folder, "a.toml")));
    make_sparse(fixture, "a.wasm", CODE_COMPONENT_BYTES_MAX + 1);
    assert_int_equal(ERROR_FULL, read_code(fixture));
    assert_non_null(strstr(fixture->error.message, "268435457"));
}

static void test_a_file_that_cannot_be_read(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(0, symlink("a.wasm", folder_path(&fixture->folder, "a.wasm")));
    assert_int_equal(ERROR_SYSTEM, read_code(fixture));
    assert_non_null(strstr(fixture->error.message, "a.wasm"));
}

#define PIECE_BYTES 4096
#define PIECES 512

struct writer {
    int descriptor;
    _Atomic bool ending;
};

/* Rewrites the file over and over, each time all of it with one byte. */
static void *rewrite(void *argument)
{
    struct writer *writer = argument;
    char piece[PIECE_BYTES];

    for (unsigned char round = 0; !atomic_load(&writer->ending); round++) {
        memset(piece, round, sizeof(piece));
        for (int i = 0; i < PIECES; i++)
            check(pwrite(writer->descriptor, piece, sizeof(piece), (off_t)i * PIECE_BYTES) ==
                  PIECE_BYTES);
    }
    return NULL;
}

/* Whether the content is of two rewrites at once. */
static bool is_mixed(const struct fixture *fixture)
{
    struct slice content = fixture->code.component;

    return content.bytes > 1 && memcmp(content.data, content.data + 1, content.bytes - 1) != 0;
}

#define ROUNDS_MAX 20000

/* A content of two rewrites at once is never taken for a quiet one: it is known to be torn, or,
 * where the file system's clock was too coarse for that, to be fresh, and is read again. */
static void test_a_file_that_is_being_rewritten(void **state)
{
    struct fixture *fixture = *state;
    struct writer writer = {.descriptor = -1};
    pthread_t thread;
    unsigned torn = 0;

    folder_write(&fixture->folder, "a.wasm", "", 0);
    writer.descriptor = open(folder_path(&fixture->folder, "a.wasm"), O_RDWR | O_CLOEXEC);
    assert_true(writer.descriptor >= 0);
    assert_int_equal(0, ftruncate(writer.descriptor, PIECE_BYTES * PIECES));
    assert_int_equal(0, pthread_create(&thread, NULL, rewrite, &writer));
    for (int round = 0; round < ROUNDS_MAX && (round < 100 || torn < 10); round++) {
        assert_int_equal(0, read_code(fixture));
        assert_true(!is_mixed(fixture) || fixture->code.torn || fixture->code.fresh);
        torn += fixture->code.torn;
    }
    atomic_store(&writer.ending, true);
    assert_int_equal(0, pthread_join(thread, NULL));
    close(writer.descriptor);
    assert_true(torn >= 10);
    assert_int_equal(0, read_code(fixture));
    assert_false(fixture->code.torn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_an_empty_component),
        TEST(test_what_is_fresh),
        TEST(test_sizes_at_the_edge),
        TEST(test_a_file_that_cannot_be_read),
        TEST(test_a_file_that_is_being_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
