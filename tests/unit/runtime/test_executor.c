/* SPDX-License-Identifier: AGPL-3.0-only */

/* The executor's logic in exact sequences, over a fake bridge: admission, order of events, the
 * first compile, ends and cancellation. Limits: test_limits_of_calls.c; turns: test_polling.c. */

#include "world.h"

static enum fn0_poll respond(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    return fake_respond(call);
}

/* Waits for ever. */
static enum fn0_poll hang(struct fn0_call *call, struct fn0_error *error)
{
    if (call->interrupted)
        return fake_fail(error, FN0_ERROR_INTERRUPTED, "waited in wasi:io/poll");
    return FN0_POLL_PENDING;
}

static void test_a_call_is_polled_in_its_turn_and_its_instance_kept(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 10, respond, &version);

    struct seen first = {.code = 1};
    assert_int_equal(start(&world, "one", "/", &first), 0);
    assert_string_equal(first.story, ""); /* never from within call_start */
    turn(&world);
    assert_string_equal(first.story, "head 200, body hello, whole, end ok");
    assert_false(first.usage.warm);
    assert_int_equal(first.usage.memory_bytes, 65536);

    struct seen second = {.code = 1};
    assert_int_equal(start(&world, "one", "/", &second), 0);
    turn(&world);
    assert_string_equal(second.story, "head 200, body hello, whole, end ok");
    assert_true(second.usage.warm);
    assert_int_equal(fake.instances_made, 1);

    const struct executor_counts *counts = executor_counts(world.executor);
    assert_int_equal(counts->calls, 2);
    assert_int_equal(counts->calls_failed, 0);
    assert_int_equal(counts->instances_started, 1);
    assert_int_equal(counts->instances_reused, 1);
    assert_int_equal(counts->running, 0);
    assert_int_equal(counts->warm, 1);
    world_fini(&world);
}

static void test_no_slot_is_refused_at_once_and_given_back(void **state)
{
    (void)state;
    struct world world;
    struct test_version one, two;
    world_init(&world, 4, hang);
    version_fill(&one, "one", "aa");
    version_fill(&two, "two", "bb");
    publish(&world, "one", FUNCTION_READY, &one);
    publish(&world, "two", FUNCTION_READY, &two);

    struct seen seen[5] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(start(&world, "one", "/", &seen[i]), 0);
    /* Three quarters: the fourth is refused, and its refusal makes no instance. */
    unsigned made = fake.instances_made;
    assert_int_equal(start(&world, "one", "/", &seen[3]), ERROR_NO_SLOT);
    assert_int_equal(fake.instances_made, made);
    assert_int_equal(start(&world, "two", "/", &seen[3]), 0);
    assert_int_equal(start(&world, "two", "/", &seen[4]), ERROR_NO_SLOT);
    assert_int_equal(executor_counts(world.executor)->calls_refused, 2);
    assert_int_equal(executor_counts(world.executor)->running, 4);
    turn(&world);
    call_cancel(seen[0].call);
    assert_int_equal(start(&world, "two", "/", &seen[4]), 0);
    for (int i = 1; i < 5; i++)
        call_cancel(seen[i].call);
    assert_int_equal(executor_counts(world.executor)->running, 0);
    /* The first request after an overload succeeds. */
    fake.handler = respond;
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    world_fini(&world);
}

static void start_next(struct seen *seen)
{
    struct seen *next = seen->mind;
    struct world *world = next->mind;
    assert_int_equal(start(world, "one", "/", next), 0);
}

static void test_the_end_finds_slot_and_instance_free(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 1, respond, &version);
    struct seen next = {.mind = &world};
    struct seen seen = {.cancel_at = "end", .at = start_next, .mind = &next};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    turns(&world, 2);
    assert_true(next.over);
    assert_true(next.usage.warm);
    assert_int_equal(fake.instances_made, 1);
    world_fini(&world);
}

static void test_calls_that_come_together_share_an_instance(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 10, respond, &version);
    struct seen seen[5] = {0};
    for (int i = 0; i < 5; i++)
        assert_int_equal(start(&world, "one", "/", &seen[i]), 0);
    /* What is said about its body meanwhile waits, too. */
    call_body(seen[3].call, SLICE("body"));
    turns(&world, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(seen[i].story, "head 200, body hello, whole, end ok");
        assert_int_equal(seen[i].usage.warm, i > 0);
    }
    assert_int_equal(fake.instances_made, 1);
    world_fini(&world);
}

static void test_a_call_that_waits_for_its_turn_can_end(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 10, respond, &version);
    struct seen seen[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(start(&world, "one", "/", &seen[i]), 0);
    call_cancel(seen[1].call);
    unpublish(&world, "one");
    turns(&world, 5);
    assert_string_equal(seen[0].story, "head 200, body hello, whole, end ok");
    assert_string_equal(seen[1].story, "");
    assert_int_equal(seen[2].code, ERROR_FUNCTION_NOT_FOUND);
    assert_int_equal(fake.instances_made, 1);
    assert_int_equal(executor_counts(world.executor)->running, 0);
    world_fini(&world);
}

static void test_calls_wait_for_the_first_compile(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init(&world, 3, respond);
    version_fill(&version, "one", "aa");
    publish(&world, "one", FUNCTION_COMPILING, NULL);
    struct seen seen[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(start(&world, "one", "/", &seen[i]), 0);
    struct seen refused = {0};
    assert_int_equal(start(&world, "one", "/", &refused), ERROR_NO_SLOT); /* they hold slots */
    fake_sleep(60 * SECOND);                                              /* no duration yet */
    turns(&world, 3);
    assert_string_equal(seen[0].story, "");
    call_cancel(seen[1].call);
    publish(&world, "one", FUNCTION_READY, &version);
    turns(&world, 2);
    assert_string_equal(seen[0].story, "head 200, body hello, whole, end ok");
    assert_string_equal(seen[1].story, "");
    assert_int_equal(seen[2].code, 0);
    assert_true(seen[0].usage.duration_ns < SECOND);
    world_fini(&world);
}

static struct fn0_call *last_call;

static enum fn0_poll hang_and_remember(struct fn0_call *call, struct fn0_error *error)
{
    last_call = call;
    return hang(call, error);
}

static void test_the_body_goes_to_the_bridge(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init(&world, 3, hang_and_remember);
    version_fill(&version, "one", "aa");
    publish(&world, "one", FUNCTION_COMPILING, NULL);
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    call_body(seen.call, SLICE("abc"));
    call_window(seen.call, 24);
    publish(&world, "one", FUNCTION_READY, &version);
    turn(&world);
    assert_int_equal(last_call->body_bytes, 3);
    assert_int_equal(last_call->window, 1024);
    assert_false(last_call->body_ended);
    call_body(seen.call, SLICE("def"));
    call_window(seen.call, 1);
    assert_memory_equal(last_call->body, "abcdef", 6);
    assert_int_equal(last_call->window, 1025);
    unsigned polls = last_call->polls;
    turn(&world);
    assert_int_equal(last_call->polls, polls + 1); /* the bridge's wake polls it, once */
    call_body_end(seen.call, NULL, 0);
    assert_true(last_call->body_ended);
    call_cancel(seen.call);

    assert_int_equal(start(&world, "one", "/", &seen), 0);
    turn(&world);
    turn(&world);
    call_body_fail(seen.call, ERROR_REQUEST_BODY_SIZE);
    assert_string_equal(last_call->body_failed, "HTTP-request-body-size");
    call_cancel(seen.call);
    world_fini(&world);
}

static void test_a_broken_function_and_a_removed_one(void **state)
{
    (void)state;
    struct world world;
    world_init(&world, 4, respond);
    publish(&world, "broken", FUNCTION_COMPILING, NULL);
    publish(&world, "removed", FUNCTION_COMPILING, NULL);
    struct seen broken = {0}, removed = {0}, late = {0};
    assert_int_equal(start(&world, "broken", "/", &broken), 0);
    assert_int_equal(start(&world, "removed", "/", &removed), 0);
    publish(&world, "broken", FUNCTION_BROKEN, NULL);
    assert_string_equal(broken.story, "end function_broken");
    assert_int_equal(start(&world, "broken", "/", &late), ERROR_FUNCTION_BROKEN);
    unpublish(&world, "removed");
    assert_string_equal(removed.story, "end function_not_found");
    assert_null(directory_find(world.directory, SLICE("removed")));
    assert_int_equal(executor_counts(world.executor)->running, 0);
    world_fini(&world);
}

static void test_a_replaced_version_ends_its_calls_and_loses_its_instances(void **state)
{
    (void)state;
    struct world world;
    struct test_version old, new;
    world_init(&world, 4, respond);
    version_fill(&old, "one", "aa");
    version_fill(&new, "one", "bb");
    publish(&world, "one", FUNCTION_READY, &old);
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    fake.handler = hang_and_remember;
    struct seen running = {0}, idle = {0};
    assert_int_equal(start(&world, "one", "/", &running), 0);
    turn(&world);
    struct fn0_call *on_old = last_call;
    assert_int_equal(start(&world, "one", "/", &idle), 0);
    turn(&world);
    fake.handler = respond;
    fake_wake(last_call->instance);
    turn(&world);
    assert_true(idle.over);
    assert_int_equal(executor_counts(world.executor)->warm, 1);

    publish(&world, "one", FUNCTION_READY, &new);
    assert_int_equal(executor_counts(world.executor)->warm, 0);
    assert_int_equal(fake.instances_alive, 1);
    assert_false(run_call(&world, "one", "/").usage.warm);
    fake_wake(on_old->instance);
    turn(&world);
    assert_int_equal(running.code, 0);
    /* The old one is dropped after its call, the new one is kept. */
    assert_int_equal(fake.instances_alive, 1);
    assert_int_equal(old.version.references, 0);
    assert_true(run_call(&world, "one", "/").usage.warm);
    world_fini(&world);
}

static void test_a_removed_functions_call_ends(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 4, hang_and_remember, &version);
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    turn(&world);
    unpublish(&world, "one");
    fake.handler = respond;
    fake_wake(last_call->instance);
    turn(&world);
    assert_int_equal(seen.code, 0);
    assert_true(seen.over);
    assert_int_equal(fake.instances_alive, 0);
    assert_int_equal(world.budget.function_count, 0);
    world_fini(&world);
}

static enum fn0_poll talk(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    if (call->polls == 1) {
        fake_emit(call, FN0_EVENT_REQUEST_BODY_WANTED);
        fake_emit(call, FN0_EVENT_REQUEST_BODY_CONSUMED)->number = 3;
        fake_emit(call, FN0_EVENT_REQUEST_BODY_HELD);
        fake_emit_head(call, 200);
        fake_emit_text(call, FN0_EVENT_RESPONSE_BODY, "one");
        fake_wake(call->instance);
        return FN0_POLL_PENDING;
    }
    fake_emit_text(call, FN0_EVENT_RESPONSE_BODY, "two");
    fake_emit_text(call, FN0_EVENT_STDOUT, "said");
    fake_emit(call, FN0_EVENT_RESPONSE_END);
    return FN0_POLL_READY;
}

static void test_cancelling_from_within_each_event(void **state)
{
    (void)state;
    static const char *const where[][2] = {
        {"wanted", "wanted"},
        {"consumed", "wanted, consumed 3"},
        {"held", "wanted, consumed 3, held"},
        {"head", "wanted, consumed 3, held, head 200"},
        {"body one", "wanted, consumed 3, held, head 200, body one"},
        {"body two", "wanted, consumed 3, held, head 200, body one, body two"},
        {"whole", "wanted, consumed 3, held, head 200, body one, body two, whole"},
        {"end", "wanted, consumed 3, held, head 200, body one, body two, whole, end ok"},
    };
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 1, talk, &version);
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        struct seen seen = {.cancel_at = where[i][0]};
        assert_int_equal(start(&world, "one", "/", &seen), 0);
        turns(&world, 3);
        assert_string_equal(seen.story, where[i][1]);
        assert_int_equal(executor_counts(world.executor)->running, 0);
        assert_int_equal(fake.calls_alive, 0);
        /* Only a call that came to its end leaves an instance. */
        assert_int_equal(fake.instances_alive, strcmp(where[i][0], "end") == 0);
    }
    /* What a cancelled call wrote is not lost. */
    assert_string_equal(world.output, "said.said.said.");
    world_fini(&world);
}

/* Answers whole, then works on, and says its request's id once more. */
static enum fn0_poll work_on(struct fn0_call *call, struct fn0_error *error)
{
    last_call = call;
    if (call->polls == 1) {
        fake_respond(call);
        return FN0_POLL_PENDING;
    }
    return fake_fail(error, FN0_ERROR_TRAP, "after all");
}

static void forget(struct seen *seen)
{
    /* The exchange is over, and its memory is somebody else's. */
    memset(seen->mind, '#', strlen(seen->mind));
}

static void test_the_end_of_the_response_is_not_the_end_of_the_call(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 1, work_on, &version);
    char path[] = "/works-on";
    struct seen seen = {.cancel_at = "whole", .at = forget, .mind = path};
    assert_int_equal(start(&world, "one", path, &seen), 0);
    turn(&world);
    assert_string_equal(seen.story, "head 200, body hello, whole");
    fake_wake(last_call->instance);
    turn(&world);
    assert_string_equal(seen.story, "head 200, body hello, whole, end trap");
    assert_int_equal(logged(&world, "/works-on"), 1);
    world_fini(&world);
}

static enum fn0_poll cut(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    fake_emit_head(call, 200);
    if (strcmp(call->path, "/cut") == 0)
        fake_emit(call, FN0_EVENT_RESPONSE_CUT);
    return FN0_POLL_READY;
}

static enum fn0_poll answer_error(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    fake_emit_text(call, FN0_EVENT_RESPONSE_HEAD, "HTTP-request-denied");
    return FN0_POLL_READY;
}

static enum fn0_poll nothing(struct fn0_call *call, struct fn0_error *error)
{
    (void)call, (void)error;
    return FN0_POLL_READY;
}

static enum fn0_poll leave(struct fn0_call *call, struct fn0_error *error)
{
    (void)call;
    return fake_fail(error, FN0_ERROR_EXIT, "exit status 3");
}

static enum fn0_poll trap(struct fn0_call *call, struct fn0_error *error)
{
    (void)call;
    return fake_fail(error, FN0_ERROR_TRAP, "unreachable\n  0: guest!crash");
}

static enum fn0_poll panic(struct fn0_call *call, struct fn0_error *error)
{
    (void)call;
    return fake_fail(error, FN0_ERROR_PANIC, "defect");
}

static void test_the_ways_a_call_fails(void **state)
{
    (void)state;
    static const struct {
        fake_handler handler;
        const char *path;
        const char *story;
        unsigned kept; /* instances after it */
    } rows[] = {
        {cut, "/cut", "head 200, cut, end response_incomplete", 1},
        {cut, "/open", "head 200, end response_incomplete", 1},
        {answer_error, "/", "end error_code", 1},
        {nothing, "/", "end no_response", 0},
        {leave, "/", "end exit", 0},
        {trap, "/", "end trap", 0},
        {panic, "/", "end internal", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct test_version version;
        world_init(&world, 1, rows[i].handler);
        version_fill(&version, "one", "abcdefabcdef99");
        publish(&world, "one", FUNCTION_READY, &version);
        struct seen seen = run_call(&world, "one", rows[i].path);
        assert_string_equal(seen.story, rows[i].story);
        assert_int_equal(fake.instances_alive, rows[i].kept);
        assert_int_equal(executor_counts(world.executor)->calls_failed, 1);
        assert_int_equal(logged(&world, "\n"), 1);
        assert_int_equal(logged(&world, "abcdefabcdef\""), 1);
        assert_int_equal(logged(&world, "request-1"), 1);
        char label[64];
        snprintf(label, sizeof label, "\"error\":\"%s\"", error_info(seen.code)->label);
        assert_int_equal(logged(&world, label), 1);
        if (rows[i].handler == trap)
            assert_int_equal(logged(&world, "guest!crash"), 1);
        if (rows[i].handler == answer_error)
            assert_int_equal(logged(&world, "HTTP-request-denied"), 1);
        world_fini(&world);
    }
}

static void test_a_full_engine_costs_the_longest_unused_instance(void **state)
{
    (void)state;
    for (int when_polled = 0; when_polled < 2; when_polled++) {
        struct world world;
        struct test_version one, two;
        world_init(&world, 100, respond);
        fake.instances_max = 2;
        fake.full_when_polled = when_polled;
        version_fill(&one, "one", "aa");
        version_fill(&two, "two", "bb");
        publish(&world, "one", FUNCTION_READY, &one);
        publish(&world, "two", FUNCTION_READY, &two);
        assert_int_equal(run_call(&world, "one", "/").code, 0);
        assert_int_equal(run_call(&world, "two", "/").code, 0);
        fake.handler = hang;
        struct seen first = {0}, second = {0}, third = {0};
        assert_int_equal(start(&world, "two", "/", &first), 0); /* warm */
        assert_int_equal(start(&world, "two", "/", &second), 0);
        turns(&world, 3);
        assert_int_equal(executor_counts(world.executor)->warm, 0); /* "one" lost its own */
        assert_int_equal(fake.instances_alive, 2);
        assert_string_equal(second.story, "");
        int code = start(&world, "two", "/", &third);
        turns(&world, 2);
        if (when_polled)
            assert_string_equal(third.story, "end pool_full");
        else
            assert_int_equal(code, ERROR_POOL_FULL);
        call_cancel(first.call);
        call_cancel(second.call);
        world_fini(&world);
    }
}

static enum fn0_poll start_trap(struct fn0_instance *instance, struct fn0_error *error)
{
    (void)instance;
    return fake_fail(error, FN0_ERROR_TRAP, "start\n  0: guest!init");
}

static void test_a_start_up_that_traps(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 1, respond, &version);
    fake.start = start_trap;
    assert_string_equal(run_call(&world, "one", "/").story, "end start");
    assert_int_equal(logged(&world, "guest!init"), 1);
    fake.memory_refusals = 1;
    assert_string_equal(run_call(&world, "one", "/").story, "end memory");
    fake.create_error = FN0_ERROR_SYSTEM;
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), ERROR_CALL_START);
    fake.create_error = 0;
    fake.start = NULL;
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    world_fini(&world);
}

static void test_closing_ends_what_runs(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 10, hang, &version);
    publish(&world, "late", FUNCTION_COMPILING, NULL);
    struct seen running = {0}, fresh = {0}, waiting = {0}, refused = {0};
    assert_int_equal(start(&world, "one", "/", &running), 0);
    turn(&world);
    assert_int_equal(start(&world, "one", "/", &fresh), 0);
    assert_int_equal(start(&world, "late", "/", &waiting), 0);
    struct executor *executor = world.executor;
    executor_close(executor, world_closed, &world);
    assert_string_equal(running.story, "end draining");
    assert_string_equal(fresh.story, "end draining");
    assert_string_equal(waiting.story, "end draining");
    assert_int_equal(start(&world, "one", "/", &refused), ERROR_DRAINING);
    while (!world.closed) {
        fake_sleep(MS);
        turn(&world);
    }
    assert_null(directory_find(world.directory, SLICE("one"))->pool);
    world_fini(&world);
}

static void close_world(struct seen *seen)
{
    struct world *world = seen->mind;
    executor_close(world->executor, world_closed, world);
}

static void test_closing_from_within_an_event(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    world_init_with_one(&world, 10, talk, &version);
    struct seen seen = {.cancel_at = "head", .at = close_world, .mind = &world};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    while (!world.closed) {
        fake_sleep(MS);
        turn(&world);
    }
    assert_string_equal(seen.story, "wanted, consumed 3, held, head 200, end draining");
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_is_polled_in_its_turn_and_its_instance_kept),
        cmocka_unit_test(test_no_slot_is_refused_at_once_and_given_back),
        cmocka_unit_test(test_the_end_finds_slot_and_instance_free),
        cmocka_unit_test(test_calls_that_come_together_share_an_instance),
        cmocka_unit_test(test_a_call_that_waits_for_its_turn_can_end),
        cmocka_unit_test(test_calls_wait_for_the_first_compile),
        cmocka_unit_test(test_the_body_goes_to_the_bridge),
        cmocka_unit_test(test_a_broken_function_and_a_removed_one),
        cmocka_unit_test(test_a_replaced_version_ends_its_calls_and_loses_its_instances),
        cmocka_unit_test(test_a_removed_functions_call_ends),
        cmocka_unit_test(test_cancelling_from_within_each_event),
        cmocka_unit_test(test_the_end_of_the_response_is_not_the_end_of_the_call),
        cmocka_unit_test(test_the_ways_a_call_fails),
        cmocka_unit_test(test_a_full_engine_costs_the_longest_unused_instance),
        cmocka_unit_test(test_a_start_up_that_traps),
        cmocka_unit_test(test_closing_ends_what_runs),
        cmocka_unit_test(test_closing_from_within_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
