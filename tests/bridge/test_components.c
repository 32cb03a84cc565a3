/* SPDX-License-Identifier: AGPL-3.0-only */

/* What can be a function, what cannot and why, and artifacts. */

#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct driver driver;
static struct fn0_error error;

static int set_up(void **state)
{
    struct fn0_engine_options options = driver_engine_options();

    (void)state;
    driver_init(&driver, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    driver_fini(&driver);
    return 0;
}

static void refused(struct fn0_slice wasm, int code, const char *message)
{
    struct fn0_bytes artifact = {NULL, 0, 0};

    assert_int_equal(fn0_component_compile(driver.engine, wasm, &artifact, &error), code);
    assert_int_equal(error.code, code);
    assert_null(artifact.data);
    if (strstr(error.message, message) == NULL)
        fail_msg("not '%s' but '%s'", message, error.message);
    if (strchr(error.message, '\n') != NULL)
        fail_msg("more than one line: %s", error.message);
}

static void files_that_are_none_are_refused(void **state)
{
    struct text hello = driver_guest("hello");

    (void)state;
    refused(slice(""), FN0_ERROR_NOT_A_COMPONENT, "is empty: it has 0 bytes");
    refused(slice("#!/bin/sh\necho hello\n"), FN0_ERROR_NOT_A_COMPONENT, "is a text file");
    refused(slice("h\xe4llo\x01"), FN0_ERROR_NOT_A_COMPONENT, "is not WebAssembly");
    refused((struct fn0_slice){hello.data, 3}, FN0_ERROR_NOT_A_COMPONENT, "is truncated");
    refused((struct fn0_slice){hello.data, 7}, FN0_ERROR_NOT_A_COMPONENT, "is truncated");
    for (size_t bytes = 8; bytes < hello.bytes; bytes += hello.bytes / 10)
        refused((struct fn0_slice){hello.data, bytes},
                bytes == 8 ? FN0_ERROR_MISSING_EXPORT : FN0_ERROR_NOT_A_COMPONENT,
                bytes == 8 ? "does not export" : "is truncated");
    hello.data[hello.bytes / 2] ^= 0x55;
    refused((struct fn0_slice){hello.data, hello.bytes}, FN0_ERROR_NOT_A_COMPONENT,
            "is not a valid component");
    free(hello.data);
}

struct refusal {
    const char *guest;
    int code;
    const char *message;
};

static void components_that_cannot_run_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"wat/core-module", FN0_ERROR_NOT_A_COMPONENT,
         "is a core module, not a component: build it for wasm32-wasip2"},
        {"wat/no-export", FN0_ERROR_MISSING_EXPORT, "does not export wasi:http/incoming-handler"},
        {"wat/other-export", FN0_ERROR_MISSING_EXPORT,
         "does not export wasi:http/incoming-handler"},
        {"wat/wrong-handler", FN0_ERROR_MISSING_EXPORT, "with another type than WASI's"},
        {"wat/unknown-import", FN0_ERROR_UNSUPPORTED_IMPORT,
         "imports `call` of `example:thing/api@1.0.0`, which fn0 does not have"},
        {"wat/unknown-function", FN0_ERROR_UNSUPPORTED_IMPORT,
         "imports `get-lucky-number` of `wasi:random/random@0.2.0`, which fn0"},
        {"wat/atomics", FN0_ERROR_THREADS, "use async/await"},
        {"wat/shared-memory", FN0_ERROR_THREADS, "use async/await"},
        {"wat/large-table", FN0_ERROR_TOO_LARGE, "10000000"},
        {"wat/memory-over-limit", FN0_ERROR_TOO_LARGE, "134217728"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct text wasm = driver_guest(refusals[i].guest);

        refused((struct fn0_slice){wasm.data, wasm.bytes}, refusals[i].code, refusals[i].message);
        free(wasm.data);
    }
}

static void the_pool_bounds_each_part(void **state)
{
    struct fn0_engine_options usual = driver_engine_options();
    struct fn0_engine_options small[] = {usual, usual, usual, usual, usual};
    struct text wasm = driver_guest("probe");
    struct driver other;

    (void)state;
    small[0].core_instances_per_component_max = 1;
    small[1].table_elements_max = 1;
    small[2].core_instance_bytes_max = 1;
    small[3].component_instance_bytes_max = 1;
    small[4].memory_bytes_max = 65536;
    for (size_t i = 0; i < 5; i++) {
        struct fn0_bytes artifact;

        driver_init(&other, &small[i]);
        assert_int_equal(fn0_component_compile(other.engine,
                                               (struct fn0_slice){wasm.data, wasm.bytes}, &artifact,
                                               &error),
                         FN0_ERROR_TOO_LARGE);
        assert_non_null(strstr(error.message, "exceeds"));
        assert_null(strchr(error.message, '\n'));
        driver_fini(&other);
    }
    free(wasm.data);
}

static void every_version_links(void **state)
{
    char guest[64];

    (void)state;
    for (int version = 0; version <= 12; version++) {
        snprintf(guest, sizeof guest, "versions/c-0.2.%d", version);
        driver_load(&driver, guest);
        driver_start(&driver, NULL);
        assert_string_equal(driver_get(&driver, "/")->body.data, "Hello from C!\n");
    }
    driver_load(&driver, "wat/minimal");
    driver_start(&driver, NULL);
}

/* Every function of wasi:cli/imports and wasi:http/proxy, whoever uses it. */
static void every_import_links(void **state)
{
    (void)state;
    driver_load(&driver, "versions/world-0.2.0");
    driver_load(&driver, "versions/world-0.2.12");
}

static void options_are_checked(void **state)
{
    struct fn0_engine_options options = driver_engine_options();
    struct fn0_engine *engine;

    (void)state;
    options.instances_max = 0;
    assert_int_equal(fn0_engine_create(&options, &engine, &error), FN0_ERROR_INVALID_ARGUMENT);
    options = driver_engine_options();
    options.memory_bytes_max = 65537;
    assert_int_equal(fn0_engine_create(&options, &engine, &error), FN0_ERROR_INVALID_ARGUMENT);
}

static int artifact_of(struct fn0_engine *engine, const char *guest, struct fn0_bytes *ret_artifact)
{
    struct text wasm = driver_guest(guest);
    int answer = fn0_component_compile(engine, (struct fn0_slice){wasm.data, wasm.bytes},
                                       ret_artifact, &error);

    free(wasm.data);
    return answer;
}

static int load(const void *data, size_t bytes)
{
    struct fn0_component *component;
    int fd = memfd_create("artifact", MFD_CLOEXEC);
    int answer;

    assert_int_equal(write(fd, data, bytes), bytes);
    answer = fn0_component_load(driver.engine, fd, &component, &error);
    close(fd);
    if (answer == 0)
        fn0_component_destroy(component);
    return answer;
}

static void artifacts_fit_their_engine_only(void **state)
{
    struct fn0_engine_options options = driver_engine_options();
    struct fn0_engine *same, *other;
    struct fn0_bytes artifact;

    (void)state;
    assert_int_equal(fn0_engine_create(&options, &same, &error), 0);
    assert_int_equal(artifact_of(same, "hello", &artifact), 0);
    assert_int_equal(fn0_engine_fingerprint(same), fn0_engine_fingerprint(driver.engine));
    fn0_engine_destroy(same);
    assert_int_equal(load(artifact.data, artifact.bytes), 0);
    assert_int_equal(load(artifact.data, 0), FN0_ERROR_ARTIFACT);
    assert_int_equal(load(artifact.data, 100), FN0_ERROR_ARTIFACT);
    assert_int_equal(load("no artifact", 11), FN0_ERROR_ARTIFACT);
    fn0_bytes_fini(&artifact);
    fn0_bytes_fini(&artifact);
    /* So many memories that each gets little address space: other code. */
    options.instances_max = 20000;
    options.tables_per_component_max = 1;
    options.memories_per_component_max = 1;
    if (fn0_engine_create(&options, &other, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_not_equal(fn0_engine_fingerprint(other), fn0_engine_fingerprint(driver.engine));
    fn0_engine_destroy(other);
    assert_int_equal(fn0_component_load(driver.engine, -1, &driver.component, &error),
                     FN0_ERROR_ARTIFACT);
}

static void makers_may_go_first(void **state)
{
    struct fn0_engine_options options = driver_engine_options();
    struct driver other;

    (void)state;
    driver_init(&other, &options);
    driver_load(&other, "hello");
    driver_start(&other, NULL);
    fn0_engine_destroy(other.engine);
    fn0_component_destroy(other.component);
    other.engine = NULL;
    other.component = NULL;
    assert_string_equal(driver_get(&other, "/")->body.data, "Hello, world!\n");
    driver_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_none_are_refused),
        cmocka_unit_test(components_that_cannot_run_are_refused),
        cmocka_unit_test(the_pool_bounds_each_part),
        cmocka_unit_test(every_version_links),
        cmocka_unit_test(every_import_links),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(artifacts_fit_their_engine_only),
        cmocka_unit_test(makers_may_go_first),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
