/* SPDX-License-Identifier: AGPL-3.0-only */

/* Instances that answer only once (decisions, 13): found out, worked around, and told apart from
 * functions that fail. */

#include "world.h"

/* How an instance that was used before behaves; a fresh one answers. */
enum manner { ENDS_SILENTLY, TRAPS, EXITS, LISTENS_FIRST, CALLS_OUT_FIRST, ANSWERS };

static enum manner manner;
static bool fresh_fails;

static enum fn0_poll answer_once(struct fn0_call *call, struct fn0_error *error)
{
    if (call->instance->calls == 1) {
        if (fresh_fails && strcmp(call->path, "/bad") == 0)
            return fake_fail(error, FN0_ERROR_TRAP, "bad request");
        return fake_respond(call);
    }
    switch (manner) {
    case LISTENS_FIRST:
        fake_emit(call, FN0_EVENT_REQUEST_BODY_WANTED);
        return FN0_POLL_READY;
    case CALLS_OUT_FIRST: {
        static struct fn0_outgoing_request request;
        request = (struct fn0_outgoing_request){.authority = {"example.com", 11}};
        fake_emit(call, FN0_EVENT_OUTGOING_REQUEST)->request = &request;
        return FN0_POLL_READY;
    }
    case TRAPS:
        return fake_fail(error, FN0_ERROR_TRAP, "second time");
    case EXITS:
        return fake_fail(error, FN0_ERROR_EXIT, "second time");
    case ANSWERS:
        if (strcmp(call->path, "/bad") == 0)
            return fake_fail(error, FN0_ERROR_TRAP, "bad request");
        return fake_respond(call);
    default:
        return FN0_POLL_READY;
    }
}

static void begin(struct world *world, struct test_version *version, enum manner how)
{
    manner = how;
    fresh_fails = false;
    world_init(world, 10, answer_once);
    version_fill(version, "one", "aa");
    publish(world, "one", FUNCTION_READY, version);
}

static void test_the_call_runs_again_and_the_version_is_marked(void **state)
{
    (void)state;
    for (enum manner how = ENDS_SILENTLY; how <= EXITS; how++) {
        struct world world;
        struct test_version version;
        begin(&world, &version, how);
        assert_true(run_call(&world, "one", "/").code == 0);
        assert_false(version.version.single_use);
        struct seen seen = run_call(&world, "one", "/");
        assert_string_equal(seen.story, "head 200, body hello, whole, end ok");
        assert_false(seen.usage.warm);
        assert_true(version.version.single_use);
        assert_int_equal(logged(&world, "answers only once"), 1);
        assert_int_equal(logged(&world, "\n"), 1);
        /* From now on nothing is kept. */
        for (int i = 0; i < 3; i++) {
            seen = run_call(&world, "one", "/");
            assert_int_equal(seen.code, 0);
            assert_false(seen.usage.warm);
        }
        assert_int_equal(logged(&world, "\n"), 1);
        assert_int_equal(fake.instances_alive, 0);
        assert_int_equal(executor_counts(world.executor)->calls_failed, 0);
        world_fini(&world);
    }
}

static void test_who_has_touched_something_fails_but_marks(void **state)
{
    (void)state;
    for (enum manner how = LISTENS_FIRST; how <= CALLS_OUT_FIRST; how++) {
        struct world world;
        struct test_version version;
        begin(&world, &version, how);
        assert_int_equal(run_call(&world, "one", "/").code, 0);
        assert_int_equal(run_call(&world, "one", "/").code, ERROR_CALL_NO_RESPONSE);
        assert_true(version.version.single_use);
        assert_int_equal(run_call(&world, "one", "/").code, 0);
        world_fini(&world);
    }
}

static void test_who_was_given_its_body_is_not_run_again(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, ENDS_SILENTLY);
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    call_body(seen.call, SLICE("abc"));
    turns(&world, 2);
    assert_int_equal(seen.code, ERROR_CALL_NO_RESPONSE);
    assert_true(version.version.single_use);
    world_fini(&world);
}

static void test_a_request_that_fails_everywhere_marks_nothing(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, TRAPS);
    fresh_fails = true;
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    struct seen seen = run_call(&world, "one", "/bad");
    assert_string_equal(seen.story, "end trap");
    assert_false(version.version.single_use);
    assert_int_equal(fake.instances_made, 2);
    world_fini(&world);
}

static void test_who_has_answered_twice_is_not_suspected(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, ANSWERS);
    for (int i = 0; i < 2; i++)
        assert_int_equal(run_call(&world, "one", "/").code, 0);
    unsigned made = fake.instances_made;
    assert_int_equal(run_call(&world, "one", "/bad").code, ERROR_CALL_TRAP);
    assert_int_equal(fake.instances_made, made); /* it did not run again */
    assert_false(version.version.single_use);
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_true(run_call(&world, "one", "/").usage.warm);
    world_fini(&world);
}

static void test_a_fresh_instance_that_fails_is_not_suspected(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, TRAPS);
    fresh_fails = true;
    assert_int_equal(run_call(&world, "one", "/bad").code, ERROR_CALL_TRAP);
    assert_int_equal(fake.instances_made, 1);
    assert_false(version.version.single_use);
    world_fini(&world);
}

static void test_reuse_true_and_false_are_obeyed(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, ENDS_SILENTLY);
    version.configuration.instance.reuse = REUSE_TRUE;
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_int_equal(run_call(&world, "one", "/").code, ERROR_CALL_NO_RESPONSE);
    assert_false(version.version.single_use);
    version.configuration.instance.reuse = REUSE_FALSE;
    for (int i = 0; i < 3; i++) {
        struct seen seen = run_call(&world, "one", "/");
        assert_int_equal(seen.code, 0);
        assert_false(seen.usage.warm);
    }
    assert_int_equal(fake.instances_alive, 0);
    world_fini(&world);
}

static void test_the_second_run_may_find_no_room(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, ENDS_SILENTLY);
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    fake.create_error = FN0_ERROR_POOL_FULL;
    assert_string_equal(run_call(&world, "one", "/").story, "end pool_full");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_call_runs_again_and_the_version_is_marked),
        cmocka_unit_test(test_who_has_touched_something_fails_but_marks),
        cmocka_unit_test(test_who_was_given_its_body_is_not_run_again),
        cmocka_unit_test(test_a_request_that_fails_everywhere_marks_nothing),
        cmocka_unit_test(test_who_has_answered_twice_is_not_suspected),
        cmocka_unit_test(test_a_fresh_instance_that_fails_is_not_suspected),
        cmocka_unit_test(test_reuse_true_and_false_are_obeyed),
        cmocka_unit_test(test_the_second_run_may_find_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
