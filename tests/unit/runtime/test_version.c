/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/version.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/component.h"
#include "../lib/folder.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "fn0_bridge.h"
#include "runtime/engine.h"
#include "store/artifact_cache.h"
#include "tables/errors.h"

struct fixture {
    struct folder folder;
    struct engine *engine;
    struct artifact_cache *cache;
    struct host_configuration *host;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct engine_options options = {.instances_max = 1, .memory_bytes_max = 1 << 20};

    check(fixture != NULL);
    folder_init(&fixture->folder);
    check(engine_create(&options, &fixture->engine, NULL) == 0);
    check(artifact_cache_create(fixture->folder.path, 1 << 20, clock_system(), NULL,
                                &fixture->cache, NULL) == 0);
    check(host_configuration_create(NULL, NULL, 0, &fixture->host, NULL) == 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    host_configuration_destroy(fixture->host);
    /* It checks that no version has kept its artifact. */
    artifact_cache_destroy(fixture->cache);
    engine_destroy(fixture->engine);
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

static struct version *make_version(struct fixture *fixture, struct slice content)
{
    struct artifact_key key = {.fingerprint = 1};
    struct function_configuration *configuration = NULL;
    struct artifact *artifact = NULL;
    struct version *version = NULL;

    memset(key.component, 0xab, sizeof(key.component));
    check(function_configuration_create(fixture->host, "a.toml", SLICE("[limits]\ncpu = \"3ms\"\n"),
                                        &configuration, NULL) == 0);
    check(artifact_cache_put(fixture->cache, &key, content, &artifact, NULL) == 0);
    check(version_create("default", "a", key.component, configuration, artifact, fixture->engine,
                         &version, NULL) == 0);
    return version;
}

static struct version *make_good_version(struct fixture *fixture)
{
    struct component component;
    struct fn0_bytes artifact = {0};
    struct version *version;

    component_make(&component, COMPONENT_MINIMAL, "mark");
    check(fn0_component_compile(
              engine_bridge(fixture->engine),
              (struct fn0_slice){.data = (const char *)component.bytes, .bytes = component.size},
              &artifact, NULL) == 0);
    version = make_version(
        fixture, (struct slice){.data = (const char *)artifact.data, .bytes = artifact.bytes});
    fn0_bytes_fini(&artifact);
    return version;
}

static void test_what_it_says(void **state)
{
    struct fixture *fixture = *state;
    struct version *version = make_version(fixture, SLICE("x"));
    char id[VERSION_ID_BYTES];

    memset(id, 0, sizeof(id));
    for (int i = 0; i < 32; i++)
        memcpy(id + 2 * i, "ab", 2);
    assert_string_equal("default", version->account);
    assert_string_equal("a", version->name);
    assert_string_equal(id, version->id);
    assert_int_equal(3000000, version->configuration->limits.value[LIMIT_CPU]);
    assert_false(atomic_load(&version->single_use));
    version_release(version);
    version_release(NULL);
}

static void test_it_lives_until_its_last_reference_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct version *version = make_good_version(fixture);
    struct fn0_component *component;

    assert_ptr_equal(version, version_acquire(version));
    version_release(version);
    assert_int_equal(0, version_component(version, &component, &fixture->error));
    version_release(version);
}

static void test_the_component_is_mapped_once(void **state)
{
    struct fixture *fixture = *state;
    struct version *version = make_good_version(fixture);
    struct fn0_component *first, *second;

    assert_int_equal(0, version_component(version, &first, NULL));
    assert_int_equal(0, version_component(version, &second, NULL));
    assert_ptr_equal(first, second);
    version_unmap(version);
    assert_int_equal(0, version_component(version, &first, NULL));
    assert_non_null(first);
    version_release(version);
}

static void test_what_cannot_be_mapped_fails_the_same_way_again(void **state)
{
    struct fixture *fixture = *state;
    struct version *version = make_version(fixture, SLICE("this is no artifact"));
    struct fn0_component *component;
    struct error again;

    assert_int_equal(ERROR_INTERNAL, version_component(version, &component, &fixture->error));
    assert_null(component);
    assert_int_equal(ERROR_INTERNAL, version_component(version, &component, &again));
    assert_string_equal(fixture->error.message, again.message);
    assert_int_equal(ERROR_INTERNAL, version_component(version, &component, NULL));
    version_release(version);
}

#define THREADS 4

static void *map(void *argument)
{
    struct fn0_component *component = NULL;
    struct version *version = argument;

    check(version_component(version, &component, NULL) == 0);
    version_release(version);
    return component;
}

static void test_several_threads_map_it_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[THREADS];
    void *components[THREADS];

    for (int round = 0; round < 20; round++) {
        struct version *version = make_good_version(fixture);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(0, pthread_create(&threads[i], NULL, map, version_acquire(version)));
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(0, pthread_join(threads[i], &components[i]));
            assert_ptr_equal(components[0], components[i]);
        }
        version_release(version);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_it_says),
        TEST(test_it_lives_until_its_last_reference_is_gone),
        TEST(test_the_component_is_mapped_once),
        TEST(test_what_cannot_be_mapped_fails_the_same_way_again),
        TEST(test_several_threads_map_it_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
