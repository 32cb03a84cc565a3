/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/compiler.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/component.h"
#include "../lib/folder.h"
#include "base/check.h"
#include "tables/errors.h"

/* How a child of this test program misbehaves in place of compiling; of its environment. */
#define MISCHIEF "FN0_TEST_COMPILER_MISCHIEF"

struct fixture {
    struct engine *engine;
    struct compiler compiler;
    struct compiled compiled;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct engine_options options = {.instances_max = 3, .memory_bytes_max = 1 << 20};

    check(fixture != NULL);
    check(engine_create(&options, &fixture->engine, NULL) == 0);
    check(compiler_init(&fixture->compiler, NULL, 0, NULL) == 0);
    unsetenv(MISCHIEF);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    compiled_fini(&fixture->compiled);
    compiler_fini(&fixture->compiler);
    engine_destroy(fixture->engine);
    free(fixture);
    return 0;
}

static int compile(struct fixture *fixture, enum component_kind kind)
{
    struct component component;
    struct slice content = {(const char *)component.bytes, 0};

    component_make(&component, kind, "mark");
    content.bytes = component.size;
    return compiler_run(&fixture->compiler, fixture->engine, content, &fixture->compiled,
                        &fixture->error);
}

static void test_what_it_makes_is_an_artifact(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(0, compile(fixture, COMPONENT_MINIMAL));
    assert_true(fixture->compiled.content.bytes > 1000);
    assert_memory_equal("\x7f"
                        "ELF",
                        fixture->compiled.content.data, 4);
}

static void test_refusals_come_through(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ERROR_COMPONENT_THREADS, compile(fixture, COMPONENT_THREADS));
    assert_non_null(strstr(fixture->error.message, "use async/await"));
    assert_int_equal(ERROR_COMPONENT_IMPORT, compile(fixture, COMPONENT_IMPORT));
    assert_non_null(strstr(fixture->error.message, "test:none/types@0.2.0"));
    assert_int_equal(ERROR_COMPONENT_EXPORT, compile(fixture, COMPONENT_NO_EXPORT));
    assert_int_equal(ERROR_COMPONENT_INVALID, compile(fixture, COMPONENT_CORE));
    assert_null(fixture->compiled.mapping);
}

static void test_no_bytes(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ERROR_COMPONENT_INVALID,
                     compiler_run(&fixture->compiler, fixture->engine, (struct slice){0},
                                  &fixture->compiled, &fixture->error));
    assert_non_null(strstr(fixture->error.message, "empty"));
}

static void test_a_child_that_crashes(void **state)
{
    struct fixture *fixture = *state;

    setenv(MISCHIEF, "abort", 1);
    assert_int_equal(ERROR_INTERNAL, compile(fixture, COMPONENT_MINIMAL));
    assert_non_null(strstr(fixture->error.message, "signal 6"));
    setenv(MISCHIEF, "fail", 1);
    assert_int_equal(ERROR_INTERNAL, compile(fixture, COMPONENT_MINIMAL));
    assert_non_null(strstr(fixture->error.message, "status 7"));
    setenv(MISCHIEF, "nothing", 1);
    assert_int_equal(ERROR_INTERNAL, compile(fixture, COMPONENT_MINIMAL));
    assert_non_null(strstr(fixture->error.message, "said nothing"));
    /* The next one is well. */
    unsetenv(MISCHIEF);
    assert_int_equal(0, compile(fixture, COMPONENT_MINIMAL));
}

static void *cancel_soon(void *argument)
{
    struct fixture *fixture = argument;
    const struct timespec soon = {.tv_nsec = 100000000};

    nanosleep(&soon, NULL);
    compiler_cancel(&fixture->compiler);
    return NULL;
}

static void test_cancelled_while_it_runs(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    setenv(MISCHIEF, "hang", 1);
    assert_int_equal(0, pthread_create(&thread, NULL, cancel_soon, fixture));
    assert_int_equal(ERROR_CLOSED, compile(fixture, COMPONENT_MINIMAL));
    assert_int_equal(0, pthread_join(thread, NULL));
    /* For ever. */
    unsetenv(MISCHIEF);
    assert_int_equal(ERROR_CLOSED, compile(fixture, COMPONENT_MINIMAL));
}

static ino_t inode_of(const char *path)
{
    struct stat status;

    assert_int_equal(0, stat(path, &status));
    return status.st_ino;
}

static void test_functions_of_another_component_are_found(void **state)
{
    struct fixture *fixture = *state;
    struct component component;
    struct slice content = {(const char *)component.bytes, 0};
    struct folder folder;
    const char *path;
    ino_t inode;

    folder_init(&folder);
    path = folder_path(&folder, "functions.code");
    compiler_fini(&fixture->compiler);
    check(compiler_init(&fixture->compiler, folder.path, 1 << 20, NULL) == 0);
    assert_int_equal(0, compile(fixture, COMPONENT_MINIMAL));
    compiled_fini(&fixture->compiled);
    inode = inode_of(path);

    /* Another component with the same code: nothing is new, and the file stays. */
    component_make(&component, COMPONENT_MINIMAL, "another mark");
    content.bytes = component.size;
    assert_int_equal(0, compiler_run(&fixture->compiler, fixture->engine, content,
                                     &fixture->compiled, &fixture->error));
    assert_true(fixture->compiled.content.bytes > 1000);
    assert_int_equal(inode, inode_of(path));
    compiled_fini(&fixture->compiled);

    /* Without the file it is made anew; with a folder that cannot be used, nothing is kept. */
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, compile(fixture, COMPONENT_MINIMAL));
    compiled_fini(&fixture->compiled);
    assert_true(folder_has(&folder, "functions.code"));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, chmod(folder.path, 0777));
    assert_int_equal(0, compile(fixture, COMPONENT_MINIMAL));
    assert_false(folder_has(&folder, "functions.code"));
    folder_fini(&folder);
}

static void test_words_that_make_no_sense(void **state)
{
    char program[] = "fn0", command[] = COMPILER_COMMAND, word[] = "1x", number[] = "1";
    char job[] = "compile", other[] = "guess", none[] = "";
    char *few[] = {program, command, NULL};
    char *wrong[] = {program, command, job,  number, word, number,
                     number,  number,  none, number, NULL};
    char *unknown[] = {program, command, other, number, number, number,
                       number,  number,  none,  number, NULL};

    (void)state;
    assert_int_equal(2, compiler_main(2, few));
    assert_int_equal(2, compiler_main(10, wrong));
    assert_int_equal(2, compiler_main(10, unknown));
}

static int misbehave(const char *mischief)
{
    if (strcmp(mischief, "abort") == 0)
        abort();
    if (strcmp(mischief, "hang") == 0)
        pause();
    return strcmp(mischief, "fail") == 0 ? 7 : 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], COMPILER_COMMAND) == 0)
        return getenv(MISCHIEF) != NULL ? misbehave(getenv(MISCHIEF)) : compiler_main(argc, argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_it_makes_is_an_artifact),
        TEST(test_refusals_come_through),
        TEST(test_no_bytes),
        TEST(test_a_child_that_crashes),
        TEST(test_cancelled_while_it_runs),
        TEST(test_functions_of_another_component_are_found),
        TEST(test_words_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
