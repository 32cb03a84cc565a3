/* SPDX-License-Identifier: AGPL-3.0-only */

/* Snapshots: what is kept, that the same gives the same, what is refused meanwhile, and how a guest
 * that fails is told. */

#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES_MAX (64ull << 20)

static struct driver driver;
static struct fn0_error error;
static struct text guest; /* the component that is snapshotted */

static int set_up(void **state)
{
    struct fn0_engine_options options = driver_engine_options();

    (void)state;
    driver_init(&driver, &options);
    guest = driver_guest("snapshot");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(guest.data);
    driver_fini(&driver);
    return 0;
}

static struct fn0_slice slice_of_guest(void)
{
    return (struct fn0_slice){guest.data, guest.bytes};
}

static struct fn0_slice of_bytes(const struct fn0_bytes *bytes)
{
    return (struct fn0_slice){(const char *)bytes->data, bytes->bytes};
}

/* Makes the driver's component the instrumented one of `wasm`. */
static void load_instrumented(struct fn0_slice wasm)
{
    struct fn0_bytes instrumented;

    driver_take_signals_back(&driver);
    if (fn0_snapshot_instrument(wasm, &instrumented, &error) != 0)
        fail_msg("%s", error.message);
    driver_stop(&driver);
    driver_load_wasm(&driver, of_bytes(&instrumented));
    fn0_bytes_fini(&instrumented);
}

static void count_wake(void *context, uint64_t token)
{
    (void)token;
    __atomic_fetch_add((uint32_t *)context, 1, __ATOMIC_SEQ_CST);
}

/* Begins a snapshot with what the guest is to keep. */
static struct fn0_snapshot *begin(struct fn0_slice wasm, const char *stage, const char *source)
{
    struct fn0_snapshot_options options = {
        .memory_bytes_max = MEMORY_BYTES_MAX,
        .wake = count_wake,
        .wake_context = &driver.wakes,
    };
    struct fn0_snapshot *snapshot;
    char input[1024];

    snprintf(input, sizeof input, "fn0-javascript 1 %s 4 %zu 3\nname%smap", stage, strlen(source),
             source);
    options.input = slice(input);
    if (fn0_snapshot_create(driver.component, wasm, &options, &snapshot, &error) != 0)
        fail_msg("%s", error.message);
    memset(input, 'x', sizeof input); /* it was copied */
    return snapshot;
}

/* A snapshot that must succeed. */
static struct fn0_bytes take(struct fn0_slice wasm, const char *stage, const char *source)
{
    struct fn0_snapshot *snapshot = begin(wasm, stage, source);
    struct fn0_bytes taken = {0};

    if (fn0_snapshot_poll(snapshot, &taken, &error) != FN0_POLL_READY)
        fail_msg("%s", error.message);
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_INVALID_ARGUMENT);
    fn0_snapshot_destroy(snapshot);
    return taken;
}

/* A snapshot that must fail at its first poll; `error` is filled. */
static void fail_with(const char *source, int code)
{
    struct fn0_snapshot *snapshot = begin(slice_of_guest(), "script", source);
    struct fn0_bytes taken = {0};

    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, code);
    assert_null(taken.data);
    fn0_snapshot_destroy(snapshot);
}

static void assert_answers(const struct fn0_bytes *wasm, const char *body)
{
    driver_stop(&driver);
    driver_load_wasm(&driver, of_bytes(wasm));
    driver_start(&driver, NULL);
    assert_string_equal(driver_get(&driver, "/")->body.data, body);
}

static void what_was_read_is_kept(void **state)
{
    struct fn0_bytes first, second;

    (void)state;
    load_instrumented(slice_of_guest());
    first = take(slice_of_guest(), "library", "one");
    assert_answers(&first, "one|name|one|map");

    /* A snapshot of a snapshot keeps both. */
    load_instrumented(of_bytes(&first));
    second = take(of_bytes(&first), "script", "two");
    assert_answers(&second, "one|name|two|map");
    fn0_bytes_fini(&first);
    fn0_bytes_fini(&second);
}

/* ---- Artifacts of other ones ---- */

static struct fn0_bytes compile(const struct fn0_bytes *wasm)
{
    struct fn0_bytes artifact;

    if (fn0_component_compile(driver.engine, of_bytes(wasm), &artifact, &error) != 0)
        fail_msg("%s", error.message);
    return artifact;
}

static bool have_same_key(const struct fn0_bytes *first, const struct fn0_bytes *second)
{
    uint8_t one[32], other[32];

    assert_true(fn0_component_code_key(of_bytes(first), true, one));
    assert_true(fn0_component_code_key(of_bytes(second), false, other));
    return memcmp(one, other, sizeof(one)) == 0;
}

static void an_artifact_is_made_of_another(void **state)
{
    struct fn0_bytes first, second, artifact, compiled, relinked;
    struct fn0_slice longer;

    (void)state;
    load_instrumented(slice_of_guest());
    first = take(slice_of_guest(), "script", "one");
    second = take(slice_of_guest(), "script", "something that is a little longer");
    assert_true(have_same_key(&first, &second));
    assert_int_not_equal(first.bytes, second.bytes);
    artifact = compile(&first);
    compiled = compile(&second);

    /* What stands behind the artifact is the cache's. */
    longer = (struct fn0_slice){malloc(artifact.bytes + 64), artifact.bytes + 64};
    memcpy((char *)longer.data, artifact.data, artifact.bytes);
    assert_true(fn0_component_relink(of_bytes(&second), longer, &relinked));
    assert_int_equal(relinked.bytes, compiled.bytes);
    assert_memory_equal(relinked.data, compiled.data, compiled.bytes);
    assert_memory_not_equal(relinked.data, artifact.data, compiled.bytes);

    /* What is no artifact at all, or part of one, makes none. */
    for (size_t bytes = 0; bytes < artifact.bytes; bytes += 1 + artifact.bytes / 97)
        assert_false(fn0_component_relink(of_bytes(&second), (struct fn0_slice){longer.data, bytes},
                                          &relinked));
    assert_false(fn0_component_relink(of_bytes(&second), of_bytes(&second), &relinked));

    free((char *)longer.data);
    fn0_bytes_fini(&relinked);
    fn0_bytes_fini(&compiled);
    fn0_bytes_fini(&artifact);
    fn0_bytes_fini(&second);
    fn0_bytes_fini(&first);
}

static void other_code_has_another_key(void **state)
{
    struct fn0_bytes first, second;
    struct text other = driver_guest("hello");
    uint8_t key[32];

    (void)state;
    load_instrumented(slice_of_guest());
    first = take(slice_of_guest(), "script", "one");
    /* Checks of bounds depend on how large a memory is from the beginning. */
    second = take(slice_of_guest(), "script", "grow");
    assert_false(have_same_key(&first, &second));
    /* Nothing was made by a snapshot, or nothing is a component. */
    assert_false(fn0_component_code_key((struct fn0_slice){other.data, other.bytes}, false, key));
    assert_false(fn0_component_code_key(slice("nonsense"), false, key));
    for (size_t bytes = 8; bytes < first.bytes; bytes += 1 + first.bytes / 97)
        assert_false(
            fn0_component_code_key((struct fn0_slice){(const char *)first.data, bytes}, true, key));
    free(other.data);
    fn0_bytes_fini(&second);
    fn0_bytes_fini(&first);
}

static void one_artifact_serves_many(void **state)
{
    struct fn0_bytes first, second;

    (void)state;
    load_instrumented(slice_of_guest());
    first = take(slice_of_guest(), "script", "a");
    second = take(slice_of_guest(), "script", "b");
    assert_answers(&first, "-|name|a|map");
    assert_answers(&second, "-|name|b|map");
    fn0_bytes_fini(&first);
    fn0_bytes_fini(&second);
}

static void the_same_gives_the_same(void **state)
{
    struct fn0_bytes first, second;
    struct text before = {0};
    const struct answer *answer;

    (void)state;
    load_instrumented(slice_of_guest());
    first = take(slice_of_guest(), "script", "world");
    second = take(slice_of_guest(), "script", "world");
    assert_int_equal(first.bytes, second.bytes);
    assert_memory_equal(first.data, second.data, first.bytes);

    /* Still during it, live after it. */
    driver_stop(&driver);
    driver_load_wasm(&driver, of_bytes(&first));
    driver_start(&driver, NULL);
    answer = driver_get(&driver, "/");
    assert_non_null(strstr(answer->body.data, "|wall=0 monotonic=0 random="));
    assert_non_null(strstr(answer->body.data, " variables=0|"));
    answer = driver_get(&driver, "/world");
    assert_null(strstr(answer->body.data, "wall=0"));
    assert_null(strstr(answer->body.data, "monotonic=0"));
    before.data = strdup(strstr(answer->body.data, "random="));
    assert_string_not_equal(strstr(driver_get(&driver, "/world")->body.data, "random="),
                            before.data);
    free(before.data);
    fn0_bytes_fini(&first);
    fn0_bytes_fini(&second);
}

static void the_network_is_refused(void **state)
{
    struct fn0_bytes taken;

    (void)state;
    load_instrumented(slice_of_guest());
    taken = take(slice_of_guest(), "script", "fetch");
    assert_answers(&taken, "-|name|denied|map");
    fn0_bytes_fini(&taken);
}

static void memory_is_kept_and_held(void **state)
{
    struct fn0_snapshot *snapshot;
    struct fn0_bytes taken = {0};

    (void)state;
    load_instrumented(slice_of_guest());
    taken = take(slice_of_guest(), "script", "grow");
    assert_true(taken.bytes > 20 << 20);
    assert_answers(&taken, "-|name|grow|map");
    fn0_bytes_fini(&taken);

    load_instrumented(slice_of_guest());
    snapshot = begin(slice_of_guest(), "script", "eat");
    assert_int_equal(fn0_snapshot_memory_refusals(snapshot), 0);
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_TRAP);
    assert_string_equal(error.message, "InternalError: out of memory");
    assert_true(fn0_snapshot_memory_refusals(snapshot) > 0);
    fn0_snapshot_destroy(snapshot);
}

static void a_failure_is_what_the_guest_says(void **state)
{
    (void)state;
    load_instrumented(slice_of_guest());
    fail_with("throw Error: no such thing\n    at main.js:1:2\n", FN0_ERROR_TRAP);
    assert_string_equal(error.message, "Error: no such thing\n    at main.js:1:2");
    fail_with("exit Error: left\n", FN0_ERROR_EXIT);
    assert_string_equal(error.message, "Error: left");
    fail_with("exit \n", FN0_ERROR_EXIT);
    assert_non_null(strstr(error.message, "status 1"));
}

static void output_is_handed_over(void **state)
{
    struct fn0_snapshot *snapshot;
    struct fn0_bytes taken = {0};
    struct fn0_events events;

    (void)state;
    load_instrumented(slice_of_guest());
    snapshot = begin(slice_of_guest(), "script", "log seen\n");
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_READY);
    for (int i = 0; i < 2; i++) {
        fn0_snapshot_output(snapshot, &events);
        assert_int_equal(events.count, 1);
        assert_int_equal(events.items[0].kind, FN0_EVENT_STDOUT);
        assert_int_equal(events.items[0].text.bytes, 5);
        assert_memory_equal(events.items[0].text.data, "seen\n", 5);
    }
    fn0_snapshot_destroy(snapshot);
    fn0_bytes_fini(&taken);
}

static void one_that_computes_yields_and_is_interrupted(void **state)
{
    struct fn0_snapshot *snapshot;
    struct fn0_bytes taken = {0};

    (void)state;
    load_instrumented(slice_of_guest());
    driver_ticks_begin(&driver);
    snapshot = begin(slice_of_guest(), "script", "spin");
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_YIELDED);
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_YIELDED);
    fn0_snapshot_interrupt(snapshot);
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_INTERRUPTED);
    assert_non_null(strstr(error.message, "wizer_initialize"));
    fn0_snapshot_destroy(snapshot);
    driver_ticks_end(&driver);
}

static void one_that_waits_is_interrupted(void **state)
{
    struct fn0_snapshot *snapshot;
    struct fn0_bytes taken = {0};

    (void)state;
    load_instrumented(slice_of_guest());
    snapshot = begin(slice_of_guest(), "script", "wait");
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_PENDING);
    fn0_snapshot_interrupt(snapshot);
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_int_equal(error.code, FN0_ERROR_INTERRUPTED);
    assert_non_null(strstr(error.message, "wasi:io/poll"));
    fn0_snapshot_destroy(snapshot);

    /* One that is given up where it waits. */
    snapshot = begin(slice_of_guest(), "script", "wait");
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_PENDING);
    fn0_snapshot_destroy(snapshot);
    fn0_snapshot_destroy(NULL);
}

static void what_cannot_be_snapshotted_is_refused(void **state)
{
    struct fn0_snapshot_options options = {.memory_bytes_max = MEMORY_BYTES_MAX};
    struct fn0_snapshot *snapshot;
    struct fn0_bytes instrumented = {0};
    struct text hello = driver_guest("hello");
    struct fn0_slice wasm = {hello.data, hello.bytes};

    (void)state;
    assert_int_equal(fn0_snapshot_instrument(slice("text"), &instrumented, &error),
                     FN0_ERROR_NOT_A_COMPONENT);
    assert_int_equal(fn0_snapshot_instrument((struct fn0_slice){guest.data, guest.bytes / 2},
                                             &instrumented, &error),
                     FN0_ERROR_NOT_A_COMPONENT);
    assert_non_null(strstr(error.message, "cannot be snapshotted"));
    assert_null(instrumented.data);

    driver_stop(&driver);
    driver_load_wasm(&driver, wasm);
    assert_int_equal(fn0_snapshot_create(driver.component, wasm, &options, &snapshot, &error),
                     FN0_ERROR_MISSING_EXPORT);
    free(hello.data);
}

static void the_component_itself_is_no_instrumented_one(void **state)
{
    struct fn0_snapshot *snapshot;
    struct fn0_bytes taken = {0};

    (void)state;
    driver_stop(&driver);
    driver_load_wasm(&driver, slice_of_guest());
    snapshot = begin(slice_of_guest(), "script", "one");
    assert_int_equal(fn0_snapshot_poll(snapshot, &taken, &error), FN0_POLL_FAILED);
    assert_non_null(strstr(error.message, "instrumented"));
    fn0_snapshot_destroy(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_kept),
        cmocka_unit_test(an_artifact_is_made_of_another),
        cmocka_unit_test(other_code_has_another_key),
        cmocka_unit_test(one_artifact_serves_many),
        cmocka_unit_test(the_same_gives_the_same),
        cmocka_unit_test(the_network_is_refused),
        cmocka_unit_test(memory_is_kept_and_held),
        cmocka_unit_test(a_failure_is_what_the_guest_says),
        cmocka_unit_test(output_is_handed_over),
        cmocka_unit_test(one_that_computes_yields_and_is_interrupted),
        cmocka_unit_test(one_that_waits_is_interrupted),
        cmocka_unit_test(what_cannot_be_snapshotted_is_refused),
        cmocka_unit_test(the_component_itself_is_no_instrumented_one),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
