/* SPDX-License-Identifier: AGPL-3.0-only */

/* The limits of calls at their edges, in a time of the test's own. */

#include "world.h"

static struct fn0_call *last_call;

/* What the handlers below do: how much they compute in each poll, and after which they answer. */
static struct plan {
    uint64_t compute_ns;
    uint64_t sleep_ns; /* the worker has no processor for so long in each poll */
    unsigned polls;
    bool deaf;     /* to being interrupted */
    bool stubborn; /* a start-up that is */
} plan;

static enum fn0_poll compute(struct fn0_call *call, struct fn0_error *error)
{
    last_call = call;
    if (call->interrupted && !plan.deaf)
        return fake_fail(error, FN0_ERROR_INTERRUPTED, "interrupted\n  0: guest!loop");
    fake_compute(plan.compute_ns);
    fake_sleep(plan.sleep_ns);
    return call->polls >= plan.polls ? fake_respond(call) : FN0_POLL_YIELDED;
}

static enum fn0_poll hang(struct fn0_call *call, struct fn0_error *error)
{
    last_call = call;
    if (call->interrupted && !plan.deaf)
        return fake_fail(error, FN0_ERROR_INTERRUPTED, "it waited in wasi:io/poll");
    return plan.deaf ? FN0_POLL_YIELDED : FN0_POLL_PENDING;
}

static void begin(struct world *world, struct test_version *version, fake_handler handler)
{
    plan = (struct plan){0};
    last_call = NULL;
    world_init(world, 10, handler);
    version_fill(version, "one", "aa");
}

static void test_cpu_at_its_edge(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    publish(&world, "one", FUNCTION_READY, &version);
    plan.compute_ns = MS;
    plan.polls = 10;
    struct seen seen = run_call(&world, "one", "/");
    assert_int_equal(seen.code, 0);
    assert_int_equal(seen.usage.cpu_ns, 10 * MS);
    assert_int_equal(fake.interrupts, 0);
    plan.polls = 12;
    seen = run_call(&world, "one", "/");
    assert_int_equal(seen.code, ERROR_CALL_CPU);
    assert_int_equal(fake.interrupts, 1);
    assert_int_equal(seen.usage.cpu_ns, 11 * MS);
    assert_int_equal(fake.instances_alive, 0);
    assert_int_equal(logged(&world, "guest!loop"), 1);
    assert_int_equal(logged(&world, "\"used\":\"11 ms\""), 1);
    world_fini(&world);
}

static void test_who_has_finished_is_not_failed_afterwards(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    publish(&world, "one", FUNCTION_READY, &version);
    plan.compute_ns = 50 * MS; /* in one bulk operation */
    plan.polls = 1;
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_int_equal(fake.interrupts, 0);
    /* Interrupted, it may still come to its end. */
    plan = (struct plan){.compute_ns = 6 * MS, .polls = 3, .deaf = true};
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_int_equal(fake.interrupts, 1);
    assert_int_equal(fake.instances_alive, 0); /* the bridge says that it cannot be kept */
    world_fini(&world);
}

static void test_waiting_for_the_processor_is_not_using_it(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = MS, .sleep_ns = 50 * MS, .polls = 5};
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    world_fini(&world);
}

static void test_without_a_limit_nothing_is_ended(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    limits_set_none(&version.configuration.limits);
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = 1 * SECOND, .polls = 40};
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_int_equal(logged(&world, "near a limit"), 0);
    world_fini(&world);
}

static void test_who_cannot_be_interrupted_is_dropped(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = 6 * MS, .polls = 1000, .deaf = true};
    assert_int_equal(run_call(&world, "one", "/").code, ERROR_CALL_CPU);
    assert_int_equal(fake.calls_alive, 0);
    world_fini(&world);
}

static void test_duration_at_its_edge(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, hang);
    publish(&world, "one", FUNCTION_READY, &version);
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    turn(&world);
    fake_sleep(15 * SECOND - MS);
    turns(&world, 3);
    assert_false(seen.over);
    fake_sleep(2 * MS);
    turns(&world, 3);
    assert_string_equal(seen.story, "end duration");
    assert_int_equal(logged(&world, "wasi:io/poll"), 1);
    assert_int_equal(logged(&world, "\"allowed\":\"15 s\""), 1);
    world_fini(&world);
}

static void test_duration_ends_who_computes_as_well(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    version.configuration.limits.value[LIMIT_CPU] = LIMIT_NONE;
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = SECOND, .polls = 1000};
    assert_int_equal(run_call(&world, "one", "/").code, ERROR_CALL_DURATION);
    world_fini(&world);
}

static enum fn0_poll start_slowly(struct fn0_instance *instance, struct fn0_error *error)
{
    if (instance->interrupted && !plan.stubborn)
        return fake_fail(error, FN0_ERROR_INTERRUPTED, "interrupted in its start");
    fake_compute(plan.compute_ns);
    if (plan.deaf) /* waits for something that never comes */
        return FN0_POLL_PENDING;
    return instance->polls >= plan.polls ? FN0_POLL_READY : FN0_POLL_YIELDED;
}

static enum fn0_poll respond(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    return fake_respond(call);
}

static void test_the_start_up_has_a_budget_of_its_own(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, respond);
    fake.start = start_slowly;
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = 100 * MS, .polls = 10};
    struct seen seen = run_call(&world, "one", "/");
    assert_int_equal(seen.code, 0);
    assert_int_equal(seen.usage.start_cpu_ns, SECOND);
    assert_true(seen.usage.cpu_ns < MS);
    assert_true(seen.usage.duration_ns < MS); /* counted from entering the handler */
    publish(&world, "one", FUNCTION_READY, &version);

    struct test_version other;
    version_fill(&other, "two", "bb");
    publish(&world, "two", FUNCTION_READY, &other);
    plan.polls = 12;
    seen = run_call(&world, "two", "/");
    assert_string_equal(seen.story, "end start_cpu");
    assert_int_equal(seen.usage.start_cpu_ns, 1100 * MS);
    assert_int_equal(logged(&world, "\"limit\":\"start_cpu\""), 2); /* near it, and past it */
    assert_int_equal(logged(&world, "interrupted in its start"), 1);
    world_fini(&world);
}

static void test_a_start_up_that_is_not_interrupted_is_dropped(void **state)
{
    (void)state;
    for (unsigned polls = 1; polls < 1000; polls += 500) {
        struct world world;
        struct test_version version;
        begin(&world, &version, respond);
        fake.start = start_slowly;
        publish(&world, "one", FUNCTION_READY, &version);
        /* Past its limit after 11 polls: it ends by itself soon after that, or never. */
        plan = (struct plan){.compute_ns = 100 * MS, .polls = 11 + polls, .stubborn = true};
        struct seen seen = run_call(&world, "one", "/");
        assert_string_equal(seen.story, "end start_cpu");
        assert_int_equal(fake.interrupts, 1);
        assert_int_equal(fake.instances_alive, 0);
        assert_int_equal(logged(&world, "could not be interrupted"), polls > 1);
        world_fini(&world);
    }
}

static void test_a_start_up_that_waits_for_ever_is_ended(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, respond);
    fake.start = start_slowly;
    plan.deaf = true;
    publish(&world, "one", FUNCTION_READY, &version);
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/", &seen), 0);
    turns(&world, 2);
    fake_sleep(15 * SECOND + MS);
    turns(&world, 2);
    assert_string_equal(seen.story, "end duration");
    assert_int_equal(logged(&world, "interrupted in its start"), 1);
    assert_int_equal(fake.instances_alive, 0);
    world_fini(&world);
}

static enum fn0_poll grow_and_trap(struct fn0_call *call, struct fn0_error *error)
{
    fake.memory_refusals += strcmp(call->path, "/grow") == 0;
    return fake_fail(error, FN0_ERROR_TRAP, "unreachable");
}

static void test_a_trap_after_a_refused_growth_is_about_memory(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, grow_and_trap);
    publish(&world, "one", FUNCTION_READY, &version);
    fake.memory_refusals = 7; /* in the start-up */
    assert_int_equal(run_call(&world, "one", "/").code, ERROR_CALL_TRAP);
    assert_int_equal(run_call(&world, "one", "/grow").code, ERROR_CALL_MEMORY);
    assert_int_equal(logged(&world, "\"allowed\":\"128 MB\""), 1);
    world_fini(&world);
}

static enum fn0_poll grow_and_respond(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    fake.memory_refusals += strcmp(call->path, "/grow") == 0;
    return fake_respond(call);
}

/* What it kept may be all that it can have: the next call would fail, and so each one after it. */
static void test_an_instance_that_was_refused_memory_serves_no_more(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, grow_and_respond);
    publish(&world, "one", FUNCTION_READY, &version);
    fake.memory_refusals = 7; /* in the start-up: that is the same for the next instance */
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    assert_int_equal(executor_counts(world.executor)->warm, 1);
    struct seen seen = run_call(&world, "one", "/grow");
    assert_string_equal(seen.story, "head 200, body hello, whole, end ok");
    assert_true(seen.usage.warm);
    assert_int_equal(executor_counts(world.executor)->warm, 0);
    assert_int_equal(fake.instances_alive, 0);
    world_fini(&world);
}

static void test_warnings_from_four_fifths_on_and_once_a_second(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, compute);
    publish(&world, "one", FUNCTION_READY, &version);
    plan = (struct plan){.compute_ns = MS, .polls = 7};
    run_call(&world, "one", "/");
    assert_int_equal(logged(&world, "near a limit"), 0);
    plan.polls = 8;
    run_call(&world, "one", "/");
    assert_int_equal(logged(&world, "near a limit"), 1);
    assert_int_equal(logged(&world, "\"used\":\"8 ms\",\"allowed\":\"10 ms\""), 1);
    run_call(&world, "one", "/");
    assert_int_equal(logged(&world, "near a limit"), 1);
    fake_sleep(SECOND);
    turn(&world);
    run_call(&world, "one", "/");
    assert_int_equal(logged(&world, "near a limit"), 2);
    world_fini(&world);
}

static const char *body;
static const char *content_length;

static enum fn0_poll write_body(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    static struct fn0_field field;
    fake_emit_head(call, 200);
    if (content_length) {
        field =
            (struct fn0_field){{"content-length", 14}, {content_length, strlen(content_length)}};
        call->events[0].fields = &field;
        call->events[0].field_count = 1;
    }
    fake_emit_text(call, FN0_EVENT_RESPONSE_BODY, "12345");
    fake_emit_text(call, FN0_EVENT_RESPONSE_BODY, body);
    fake_emit(call, FN0_EVENT_RESPONSE_END);
    return FN0_POLL_READY;
}

static void test_the_responses_body_at_its_edge(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version, write_body);
    version.configuration.limits.value[LIMIT_RESPONSE_BODY] = 10;
    publish(&world, "one", FUNCTION_READY, &version);
    body = "67890";
    assert_string_equal(run_call(&world, "one", "/").story,
                        "head 200, body 12345, body 67890, whole, end ok");
    body = "67890a";
    assert_string_equal(run_call(&world, "one", "/").story,
                        "head 200, body 12345, end response_body_size");
    assert_int_equal(fake.instances_alive, 0);
    /* Where its length is declared nothing goes out at all. */
    content_length = "11";
    assert_string_equal(run_call(&world, "one", "/").story, "end response_body_size");
    content_length = "10";
    body = "67890";
    assert_int_equal(run_call(&world, "one", "/").code, 0);
    content_length = "99999999999999999999999999";
    assert_string_equal(run_call(&world, "one", "/").story, "end response_body_size");
    content_length = NULL;
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_at_its_edge),
        cmocka_unit_test(test_who_has_finished_is_not_failed_afterwards),
        cmocka_unit_test(test_waiting_for_the_processor_is_not_using_it),
        cmocka_unit_test(test_without_a_limit_nothing_is_ended),
        cmocka_unit_test(test_who_cannot_be_interrupted_is_dropped),
        cmocka_unit_test(test_duration_at_its_edge),
        cmocka_unit_test(test_duration_ends_who_computes_as_well),
        cmocka_unit_test(test_the_start_up_has_a_budget_of_its_own),
        cmocka_unit_test(test_a_start_up_that_is_not_interrupted_is_dropped),
        cmocka_unit_test(test_a_start_up_that_waits_for_ever_is_ended),
        cmocka_unit_test(test_a_trap_after_a_refused_growth_is_about_memory),
        cmocka_unit_test(test_an_instance_that_was_refused_memory_serves_no_more),
        cmocka_unit_test(test_warnings_from_four_fifths_on_and_once_a_second),
        cmocka_unit_test(test_the_responses_body_at_its_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
