/* SPDX-License-Identifier: AGPL-3.0-only */

/* The executor when memory runs out: each allocation of it and of what it is made of fails once.
 * Nothing breaks, nothing leaks, and the next call succeeds. */

#include "../base/failing_allocation.h"

#include "../../../src/runtime/budget.c"
#include "../../../src/runtime/executor.c"
#include "../../../src/runtime/instance.c"
#include "../../../src/runtime/outgoing.c"
#include "../../../src/runtime/pool.c"
#include "../../../src/runtime/wakes.c"

/* The fakes and the test's own allocations don't count. */
#undef malloc
#undef calloc
#undef realloc

#include "world.h"

static enum fn0_poll call_out(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    static const struct fn0_outgoing_request request = {.authority = {"example.com", 11},
                                                        .body_bytes = UINT64_MAX};
    if (call->polls == 1)
        fake_emit(call, FN0_EVENT_OUTGOING_REQUEST)->request = &request;
    if (call->polls == 1)
        return FN0_POLL_YIELDED;
    return fake_respond(call);
}

static struct directory_entry *entry_of(struct world *world)
{
    return directory_find(world->directory, SLICE("one"));
}

/* A call that waits for its version, is given a body meanwhile, and calls out. */
static void live_through(struct world *world, struct test_version *version)
{
    struct seen seen = {0}, second = {0};
    struct error error;
    const struct call_request request = {.method = SLICE("POST"),
                                         .path_with_query = SLICE("/"),
                                         .has_body = true,
                                         .request_id = SLICE("id")};
    publish(world, "one", FUNCTION_COMPILING, NULL);
    int code = call_start(world->executor, entry_of(world), &request, 1000, &seen_sink, &seen,
                          &seen.call, &error);
    assert_true(code == 0 || code == ERROR_OUT_OF_MEMORY);
    if (code == 0) {
        call_body(seen.call, SLICE("abc"));
        call_body_end(seen.call, NULL, 0);
    }
    publish(world, "one", FUNCTION_READY, version);
    turns(world, 4);
    if (code == 0) {
        assert_true(seen.over);
        assert_true(seen.code == 0 || seen.code == ERROR_OUT_OF_MEMORY);
    }
    code = call_start(world->executor, entry_of(world), &request, 1000, &seen_sink, &second,
                      &second.call, &error);
    assert_true(code == 0 || code == ERROR_OUT_OF_MEMORY);
    turns(world, 4);
    assert_true(second.over == (code == 0));
    assert_int_equal(executor_counts(world->executor)->running, 0);
}

static void test_each_allocation_of_a_worker_fails_once(void **state)
{
    (void)state;
    int tried = 0;
    for (bool failed = true; failed; tried++) {
        struct world world;
        struct test_version version;
        world_init(&world, 10, call_out);
        version_fill(&version, "one", "aa");
        allocations_left = tried;
        live_through(&world, &version);
        failed = allocations_left == 0;
        allocations_left = INT_MAX;
        assert_int_equal(run_call(&world, "one", "/").code, 0);
        world_fini(&world);
    }
    assert_in_range(tried, 9, 100);
}

static void test_each_allocation_of_the_executors_making_fails_once(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init(&world, 10, call_out);
    version_fill(&version, "one", "aa");
    static const char *allow[] = {"10.0.0.0/8"};
    world.configuration.outbound_allow = (struct texts){.items = allow, .count = 1};
    struct executor_options options = world.executor->options;
    struct directory *directory;
    struct executor *executor = NULL;
    struct error error;
    assert_int_equal(directory_create(world.loop, &directory, &error), 0);
    options.directory = directory;
    int tried = 0;
    while (!executor) {
        allocations_left = tried++;
        int code = executor_create(&options, &executor, &error);
        assert_true(code == (executor ? 0 : ERROR_OUT_OF_MEMORY));
    }
    allocations_left = INT_MAX;
    assert_in_range(tried, 4, 20);
    struct world other = {0};
    executor_close(executor, world_closed, &other);
    while (!other.closed) {
        fake_sleep(MS);
        turn(&world);
    }
    directory_destroy(directory);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_of_a_worker_fails_once),
        cmocka_unit_test(test_each_allocation_of_the_executors_making_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
