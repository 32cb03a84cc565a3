/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/catalog.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/component.h"
#include "../lib/folder.h"
#include "base/check.h"
#include "base/sha256.h"
#include "runtime/compiler.h"
#include "store/directory_provider.h"
#include "tables/errors.h"

/* Waits are ten times as short as they would be. */
#define SPEED 10
#define PATIENCE_NS (20 * NANOSECONDS_PER_SECOND)

struct fixture {
    struct folder functions;
    struct folder cache_folder;
    struct clock clock;
    _Atomic uint64_t ahead_ns; /* of the real time: files look older */
    struct loop *loop;
    FILE *log_file;
    struct log *log;
    struct host_configuration *configuration;
    struct engine *engine;
    struct artifact_cache *cache;
    struct directory *directory;
    struct code_provider provider;
    struct catalog *catalog;
    bool closed;
    bool settled;
    size_t ready;
    size_t broken;
    struct component component;
    struct error error;
};

static uint64_t fast_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns(clock_system()) * SPEED;
}

static uint64_t ahead_of_real_ns(void *context)
{
    struct fixture *fixture = context;
    return clock_realtime_ns(clock_system()) + atomic_load(&fixture->ahead_ns);
}

/* ---- The house around a catalog -------------------------------------------------------------- */

static void on_settled(void *context, size_t ready, size_t broken)
{
    struct fixture *fixture = context;

    assert_false(fixture->settled);
    fixture->settled = true;
    fixture->ready = ready;
    fixture->broken = broken;
}

static void on_provider_closed(void *context)
{
    ((struct fixture *)context)->closed = true;
}

static void on_closed(void *context)
{
    struct fixture *fixture = context;

    fixture->catalog = NULL;
    fixture->provider.close(fixture->provider.self, on_provider_closed, fixture);
}

static void begin(struct fixture *fixture, struct directory *const *directories, size_t count)
{
    struct catalog_options options = {
        .loop = fixture->loop,
        .engine = fixture->engine,
        .cache = fixture->cache,
        .provider = &fixture->provider,
        .configuration = fixture->configuration,
        .log = fixture->log,
        .compile_threads = 1,
        .directories = directories,
        .directory_count = count,
        .settled = on_settled,
        .context = fixture,
    };

    fixture->settled = false;
    assert_int_equal(0, directory_provider_create(fixture->functions.path, fixture->log,
                                                  &fixture->provider, &fixture->error));
    assert_int_equal(0, catalog_create(&options, &fixture->catalog, &fixture->error));
}

static void end(struct fixture *fixture)
{
    uint64_t limit_ns = clock_monotonic_ns(clock_system()) + PATIENCE_NS;

    if (fixture->catalog == NULL)
        return;
    fixture->closed = false;
    catalog_close(fixture->catalog, on_closed, fixture);
    while (!fixture->closed && clock_monotonic_ns(clock_system()) < limit_ns)
        loop_run_once(fixture->loop, 1);
    check(fixture->closed);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct engine_options engine = {.instances_max = 2, .memory_bytes_max = 1 << 20};

    check(fixture != NULL);
    folder_init(&fixture->functions);
    folder_init(&fixture->cache_folder);
    fixture->clock = (struct clock){
        .name = "fast",
        .context = fixture,
        .monotonic_ns = fast_ns,
        .realtime_ns = ahead_of_real_ns,
        .thread_cpu_ns = fast_ns,
    };
    fixture->log_file = tmpfile();
    check(fixture->log_file != NULL);
    check(log_create(fileno(fixture->log_file), LOG_DEBUG, LOG_FORMAT_JSON, false, &fixture->clock,
                     &fixture->log) == 0);
    check(loop_create(&fixture->clock, &fixture->loop, NULL) == 0);
    check(host_configuration_create(NULL, NULL, 0, &fixture->configuration, NULL) == 0);
    check(engine_create(&engine, &fixture->engine, NULL) == 0);
    check(artifact_cache_create(fixture->cache_folder.path, 1 << 30, &fixture->clock, fixture->log,
                                &fixture->cache, NULL) == 0);
    check(directory_create(fixture->loop, &fixture->directory, NULL) == 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    end(fixture);
    directory_destroy(fixture->directory);
    artifact_cache_destroy(fixture->cache);
    engine_destroy(fixture->engine);
    host_configuration_destroy(fixture->configuration);
    loop_destroy(fixture->loop);
    log_destroy(fixture->log);
    fclose(fixture->log_file);
    folder_fini(&fixture->cache_folder);
    folder_fini(&fixture->functions);
    free(fixture);
    return 0;
}

/* ---- What tests say -------------------------------------------------------------------------- */

/* How many lines of the log hold both texts. */
static unsigned logged(struct fixture *fixture, const char *text, const char *other)
{
    char line[32768];
    unsigned count = 0;

    rewind(fixture->log_file);
    while (fgets(line, sizeof(line), fixture->log_file) != NULL)
        count += strstr(line, text) != NULL && strstr(line, other) != NULL;
    return count;
}

static void run_for(struct fixture *fixture, uint64_t milliseconds)
{
    uint64_t limit_ns =
        clock_monotonic_ns(clock_system()) + milliseconds * NANOSECONDS_PER_MILLISECOND;

    while (clock_monotonic_ns(clock_system()) < limit_ns)
        loop_run_once(fixture->loop, 1);
}

/* Goes on until the log has so many such lines. */
static bool comes(struct fixture *fixture, unsigned count, const char *text, const char *other)
{
    uint64_t limit_ns = clock_monotonic_ns(clock_system()) + PATIENCE_NS;

    while (logged(fixture, text, other) < count) {
        if (clock_monotonic_ns(clock_system()) > limit_ns)
            return false;
        run_for(fixture, 2);
    }
    return true;
}

static void start(struct fixture *fixture)
{
    uint64_t limit_ns = clock_monotonic_ns(clock_system()) + PATIENCE_NS;

    begin(fixture, &fixture->directory, 1);
    while (!fixture->settled && clock_monotonic_ns(clock_system()) < limit_ns)
        loop_run_once(fixture->loop, 1);
    assert_true(fixture->settled);
}

/* Makes the fixture's component and puts it into the folder by a rename. */
static void deploy(struct fixture *fixture, const char *file, enum component_kind kind,
                   const char *mark)
{
    component_make(&fixture->component, kind, mark);
    folder_replace(&fixture->functions, file, fixture->component.bytes, fixture->component.size);
}

static void write_text(struct fixture *fixture, const char *file, const char *text)
{
    folder_replace(&fixture->functions, file, text, strlen(text));
}

static struct directory_entry *entry_of(struct fixture *fixture, const char *name)
{
    return directory_find(fixture->directory, slice_of(name));
}

/* The id of the fixture's component. */
static const char *id_of(struct fixture *fixture)
{
    static char text[SHA256_TEXT_BYTES];
    uint8_t digest[SHA256_BYTES];
    struct slice content = {(const char *)fixture->component.bytes, fixture->component.size};

    assert_int_equal(0, sha256_of(content, digest, NULL));
    return sha256_write(digest, text);
}

/* The first digits of an id, as people see them. */
static const char *shown(const char *id)
{
    static char text[VERSION_ID_SHOWN + 1];
    snprintf(text, sizeof(text), "%s", id);
    return text;
}

static void expect_ready(struct fixture *fixture, const char *name)
{
    struct directory_entry *entry = entry_of(fixture, name);

    assert_non_null(entry);
    assert_int_equal(FUNCTION_READY, entry->state);
    assert_string_equal(id_of(fixture), entry->version->id);
    assert_string_equal("default", entry->version->account);
    assert_string_equal(name, entry->version->name);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_compiled_once_then_cached(void **state)
{
    struct fixture *fixture = *state;
    struct directory_entry *entry;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    assert_int_equal(1, fixture->ready);
    assert_int_equal(0, fixture->broken);
    expect_ready(fixture, "a");
    /* Nobody but the entry holds it. */
    entry = entry_of(fixture, "a");
    assert_int_equal(1, atomic_load(&entry->version->references));
    assert_int_equal(1, logged(fixture, "function ready", "compiled"));
    assert_int_equal(1, logged(fixture, "function ready", shown(id_of(fixture))));

    end(fixture);
    start(fixture);
    expect_ready(fixture, "a");
    assert_int_equal(1, logged(fixture, "function ready", "cached"));
    assert_int_equal(1, logged(fixture, "function ready", "compiled"));
}

static void test_an_empty_folder_is_settled(void **state)
{
    struct fixture *fixture = *state;

    start(fixture);
    assert_int_equal(0, fixture->ready + fixture->broken);
}

static void test_ready_and_broken_are_counted(void **state)
{
    struct fixture *fixture = *state;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    deploy(fixture, "b.wasm", COMPONENT_NO_EXPORT, "one");
    deploy(fixture, "c.wasm", COMPONENT_MINIMAL, "two");
    start(fixture);
    assert_int_equal(2, fixture->ready);
    assert_int_equal(1, fixture->broken);
    expect_ready(fixture, "c");
    assert_int_equal(FUNCTION_BROKEN, entry_of(fixture, "b")->state);
    assert_int_equal(ERROR_COMPONENT_EXPORT, entry_of(fixture, "b")->code);
    assert_null(entry_of(fixture, "b")->version);
}

/* Each that cannot be a function is refused with a reason that names its file. */
static void test_refusals_say_why(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *file, *reason;
        int code;
    } rows[] = {
        {"core", "core module", ERROR_COMPONENT_INVALID},
        {"empty", "empty", ERROR_COMPONENT_INVALID},
        {"export", "wasi:http/incoming-handler", ERROR_COMPONENT_EXPORT},
        {"import", "test:none/types@0.2.0", ERROR_COMPONENT_IMPORT},
        {"text", "text", ERROR_COMPONENT_INVALID},
        {"threads", "use async/await", ERROR_COMPONENT_THREADS},
        {"truncated", "truncated", ERROR_COMPONENT_INVALID},
    };
    char path[64];

    deploy(fixture, "core.wasm", COMPONENT_CORE, "x");
    deploy(fixture, "export.wasm", COMPONENT_NO_EXPORT, "x");
    deploy(fixture, "import.wasm", COMPONENT_IMPORT, "x");
    deploy(fixture, "threads.wasm", COMPONENT_THREADS, "x");
    write_text(fixture, "empty.wasm", "");
    write_text(fixture, "text.wasm", "hello, world, this is no component\n");
    component_make(&fixture->component, COMPONENT_MINIMAL, "x");
    folder_replace(&fixture->functions, "truncated.wasm", fixture->component.bytes,
                   fixture->component.size / 2);
    atomic_store(&fixture->ahead_ns, CODE_FRESH_NS);
    start(fixture);
    assert_int_equal(7, fixture->broken);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(path, sizeof(path), "/%s.wasm", rows[i].file);
        assert_int_equal(FUNCTION_BROKEN, entry_of(fixture, rows[i].file)->state);
        assert_int_equal(rows[i].code, entry_of(fixture, rows[i].file)->code);
        assert_int_equal(1, logged(fixture, path, rows[i].reason));
    }
    /* Looked at again, they are not reported again. */
    run_for(fixture, 400);
    assert_int_equal(7, logged(fixture, "cannot be loaded", ""));
}

static void test_a_replaced_component_is_swapped(void **state)
{
    struct fixture *fixture = *state;
    char old[VERSION_ID_SHOWN + 1];

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    snprintf(old, sizeof(old), "%s", id_of(fixture));
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "two");
    assert_true(comes(fixture, 1, "function swapped", shown(id_of(fixture))));
    assert_int_equal(1, logged(fixture, "function swapped", old));
    expect_ready(fixture, "a");
    /* Rewritten in place. */
    component_make(&fixture->component, COMPONENT_MINIMAL, "more");
    folder_write(&fixture->functions, "a.wasm", fixture->component.bytes, fixture->component.size);
    assert_true(comes(fixture, 1, "function swapped", shown(id_of(fixture))));
    expect_ready(fixture, "a");
    run_for(fixture, 400);
    assert_int_equal(2, logged(fixture, "function swapped", ""));
}

static void test_the_same_content_is_no_new_version(void **state)
{
    struct fixture *fixture = *state;
    struct version *version;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    version = entry_of(fixture, "a")->version;
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    run_for(fixture, 500);
    assert_ptr_equal(version, entry_of(fixture, "a")->version);
    assert_int_equal(0, logged(fixture, "function swapped", ""));
}

static void test_a_broken_replacement_leaves_the_old_version(void **state)
{
    struct fixture *fixture = *state;
    struct component good;
    struct version *version;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    good = fixture->component;
    start(fixture);
    version = entry_of(fixture, "a")->version;
    deploy(fixture, "a.wasm", COMPONENT_IMPORT, "bad");
    assert_true(comes(fixture, 1, "old version goes on", "test:none/types"));
    assert_ptr_equal(version, entry_of(fixture, "a")->version);
    assert_int_equal(FUNCTION_READY, entry_of(fixture, "a")->state);
    /* The same again is said once; another is worth a line. */
    deploy(fixture, "a.wasm", COMPONENT_IMPORT, "bad");
    run_for(fixture, 400);
    assert_int_equal(1, logged(fixture, "old version goes on", ""));
    deploy(fixture, "a.wasm", COMPONENT_IMPORT, "worse");
    assert_true(comes(fixture, 2, "old version goes on", ""));
    /* Back to the version that serves: nothing to swap, and a line for the next failure. */
    folder_replace(&fixture->functions, "a.wasm", good.bytes, good.size);
    run_for(fixture, 400);
    assert_ptr_equal(version, entry_of(fixture, "a")->version);
    deploy(fixture, "a.wasm", COMPONENT_IMPORT, "worse");
    assert_true(comes(fixture, 3, "old version goes on", ""));
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "two");
    assert_true(comes(fixture, 1, "function swapped", ""));
    expect_ready(fixture, "a");
}

static void test_a_broken_function_is_mended(void **state)
{
    struct fixture *fixture = *state;

    deploy(fixture, "a.wasm", COMPONENT_THREADS, "one");
    start(fixture);
    assert_int_equal(1, fixture->broken);
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "two");
    assert_true(comes(fixture, 1, "function ready", ""));
    expect_ready(fixture, "a");
    assert_int_equal(0, entry_of(fixture, "a")->code);
}

static void test_half_written_is_waited_for(void **state)
{
    struct fixture *fixture = *state;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    component_make(&fixture->component, COMPONENT_MINIMAL, "two");
    folder_write(&fixture->functions, "a.wasm", fixture->component.bytes, 100);
    run_for(fixture, 300);
    assert_int_equal(0, logged(fixture, "cannot be loaded", ""));
    folder_write(&fixture->functions, "a.wasm", fixture->component.bytes, fixture->component.size);
    assert_true(comes(fixture, 1, "function swapped", ""));
    expect_ready(fixture, "a");
    assert_int_equal(0, logged(fixture, "cannot be loaded", ""));
    /* One that nobody goes on writing is broken. */
    folder_write(&fixture->functions, "a.wasm", fixture->component.bytes, 100);
    run_for(fixture, 300);
    assert_int_equal(0, logged(fixture, "cannot be loaded", ""));
    atomic_store(&fixture->ahead_ns, CODE_FRESH_NS);
    assert_true(comes(fixture, 1, "cannot be loaded", "truncated"));
    expect_ready(fixture, "a");
}

static void test_configuration_alone_compiles_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct version *version;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    write_text(fixture, "a.toml", "[limits]\ncpu = \"5ms\"\n");
    start(fixture);
    version = entry_of(fixture, "a")->version;
    assert_int_equal(5000000, version->configuration->limits.value[LIMIT_CPU]);
    write_text(fixture, "a.toml", "[limits]\ncpu = \"6ms\"\n[environment]\nKEY = \"value\"\n");
    assert_true(comes(fixture, 1, "function swapped", "\"compile_ms\":0"));
    expect_ready(fixture, "a");
    version = entry_of(fixture, "a")->version;
    assert_int_equal(6000000, version->configuration->limits.value[LIMIT_CPU]);
    assert_int_equal(1, version->configuration->environment_count);
    assert_int_equal(0, unlink(folder_path(&fixture->functions, "a.toml")));
    assert_true(comes(fixture, 2, "function swapped", ""));
    version = entry_of(fixture, "a")->version;
    assert_int_equal(10000000, version->configuration->limits.value[LIMIT_CPU]);
    assert_int_equal(1, logged(fixture, "", "compiled"));
}

static void test_a_bad_configuration_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct version *version;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    version = entry_of(fixture, "a")->version;
    write_text(fixture, "a.toml", "[limits]\ncpu = \"1h\"\n");
    /* It may be half-written while it is fresh. */
    run_for(fixture, 300);
    assert_int_equal(0, logged(fixture, "cannot be loaded", ""));
    atomic_store(&fixture->ahead_ns, CODE_FRESH_NS);
    assert_true(comes(fixture, 1, "old version goes on", "a.toml:2"));
    assert_ptr_equal(version, entry_of(fixture, "a")->version);
}

static void test_removed_and_back(void **state)
{
    struct fixture *fixture = *state;

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    assert_int_equal(0, unlink(folder_path(&fixture->functions, "a.wasm")));
    assert_true(comes(fixture, 1, "function removed", ""));
    assert_null(entry_of(fixture, "a"));
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    assert_true(comes(fixture, 1, "function ready", "cached"));
    expect_ready(fixture, "a");
}

/* Removed at any moment of its first load, and back: what is there in the end is what counts. */
static void test_removed_while_it_is_loaded(void **state)
{
    struct fixture *fixture = *state;
    char mark[16];

    start(fixture);
    for (unsigned round = 0; round < 12; round++) {
        snprintf(mark, sizeof(mark), "mark-%u", round);
        deploy(fixture, "a.wasm", COMPONENT_MINIMAL, mark);
        run_for(fixture, round * 2);
        assert_int_equal(0, unlink(folder_path(&fixture->functions, "a.wasm")));
        run_for(fixture, 40);
    }
    run_for(fixture, 300);
    assert_null(entry_of(fixture, "a"));
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "last");
    assert_true(comes(fixture, 1, "function ready", shown(id_of(fixture))));
    expect_ready(fixture, "a");
}

static void test_the_last_of_many_writes_wins(void **state)
{
    struct fixture *fixture = *state;
    char mark[16];

    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    start(fixture);
    for (unsigned round = 0; round < 100; round++) {
        snprintf(mark, sizeof(mark), "mark-%u", round);
        deploy(fixture, "a.wasm", round % 3 == 2 ? COMPONENT_CORE : COMPONENT_MINIMAL, mark);
        run_for(fixture, round % 7);
    }
    assert_true(comes(fixture, 1, "function swapped", shown(id_of(fixture))));
    run_for(fixture, 400);
    expect_ready(fixture, "a");
}

/* How many descriptors this process has of artifacts. */
static unsigned open_artifacts(void)
{
    char path[64], target[PATH_MAX];
    unsigned count = 0;

    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
        ssize_t bytes = readlink(path, target, sizeof(target) - 1);
        if (bytes < 0)
            continue;
        target[bytes] = 0;
        count += strstr(target, ".artifact") != NULL;
    }
    return count;
}

static void test_of_many_functions_not_all_are_mapped(void **state)
{
    struct fixture *fixture = *state;
    struct fn0_component *component;
    struct version *unmapped = NULL;
    char file[16];

    for (unsigned round = 0; round < CATALOG_MAPPED_MAX + 6; round++) {
        snprintf(file, sizeof(file), "f%u.wasm", round);
        deploy(fixture, file, COMPONENT_MINIMAL, "one");
    }
    start(fixture);
    assert_int_equal(CATALOG_MAPPED_MAX + 6, fixture->ready);
    /* One of the cache, and one of each mapping. */
    assert_int_equal(1 + CATALOG_MAPPED_MAX, open_artifacts());
    for (unsigned round = 0; round < CATALOG_MAPPED_MAX + 6; round++) {
        snprintf(file, sizeof(file), "f%u", round);
        unmapped = entry_of(fixture, file)->version;
        assert_int_equal(0, version_component(unmapped, &component, NULL));
        assert_non_null(component);
    }
    assert_int_equal(1 + CATALOG_MAPPED_MAX + 6, open_artifacts());
}

static void test_the_end_while_it_compiles(void **state)
{
    struct fixture *fixture = *state;
    char file[16];

    for (unsigned round = 0; round < 20; round++) {
        snprintf(file, sizeof(file), "f%u.wasm", round);
        deploy(fixture, file, COMPONENT_MINIMAL, file);
    }
    begin(fixture, &fixture->directory, 1);
    run_for(fixture, 8);
    end(fixture);
    assert_false(fixture->settled);
    begin(fixture, &fixture->directory, 1);
    end(fixture);
}

/* ---- A worker on a thread of its own --------------------------------------------------------- */

struct worker {
    struct loop *loop;
    struct directory *directory;
    pthread_t thread;
};

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    check(loop_run(worker->loop, NULL) == 0);
    return NULL;
}

static void test_workers_on_their_threads(void **state)
{
    struct fixture *fixture = *state;
    struct worker workers[2];
    struct directory *directories[3] = {fixture->directory};
    char mark[16];

    for (int i = 0; i < 2; i++) {
        check(loop_create(clock_system(), &workers[i].loop, NULL) == 0);
        check(directory_create(workers[i].loop, &workers[i].directory, NULL) == 0);
        check(pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) == 0);
        directories[i + 1] = workers[i].directory;
    }
    deploy(fixture, "a.wasm", COMPONENT_MINIMAL, "one");
    begin(fixture, directories, 3);
    assert_true(comes(fixture, 1, "function ready", ""));
    for (unsigned round = 0; round < 5; round++) {
        snprintf(mark, sizeof(mark), "mark-%u", round);
        deploy(fixture, "a.wasm", COMPONENT_MINIMAL, mark);
        assert_true(comes(fixture, round + 1, "function swapped", ""));
    }
    end(fixture);
    for (int i = 0; i < 2; i++) {
        loop_stop(workers[i].loop);
        check(pthread_join(workers[i].thread, NULL) == 0);
        struct directory_entry *entry = directory_find(workers[i].directory, SLICE("a"));
        assert_non_null(entry);
        assert_string_equal(id_of(fixture), entry->version->id);
        directory_destroy(workers[i].directory);
        loop_destroy(workers[i].loop);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], COMPILER_COMMAND) == 0)
        return compiler_main(argc, argv);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_compiled_once_then_cached),
        TEST(test_an_empty_folder_is_settled),
        TEST(test_ready_and_broken_are_counted),
        TEST(test_refusals_say_why),
        TEST(test_a_replaced_component_is_swapped),
        TEST(test_the_same_content_is_no_new_version),
        TEST(test_a_broken_replacement_leaves_the_old_version),
        TEST(test_a_broken_function_is_mended),
        TEST(test_half_written_is_waited_for),
        TEST(test_configuration_alone_compiles_nothing),
        TEST(test_a_bad_configuration_is_refused),
        TEST(test_removed_and_back),
        TEST(test_removed_while_it_is_loaded),
        TEST(test_the_last_of_many_writes_wins),
        TEST(test_of_many_functions_not_all_are_mapped),
        TEST(test_the_end_while_it_compiles),
        TEST(test_workers_on_their_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
