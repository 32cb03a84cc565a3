/* SPDX-License-Identifier: AGPL-3.0-only */

/* Whose turn it is: rounds of the run queue, fairness between calls and sockets, and wakes from
 * every side. */

#include "world.h"

#include <pthread.h>

#include "runtime/call.h"

#define CALLS 8

static char order[8192]; /* the first letter of each polled call's path */
static unsigned rounds;  /* of the loop, by a task that runs in each */

static void note(const struct fn0_call *call)
{
    size_t used = strlen(order);
    if (used + 1 < sizeof order) {
        order[used] = call->path[1];
        order[used + 1] = 0;
    }
}

static unsigned count(char letter)
{
    unsigned found = 0;
    for (const char *at = order; *at; at++)
        found += *at == letter;
    return found;
}

/* "/c…" computes a tick at a time, for ever; "/w…" wakes itself and waits; all else answers. */
static enum fn0_poll behave(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    note(call);
    switch (call->path[1]) {
    case 'c':
        fake_compute(MS);
        return FN0_POLL_YIELDED;
    case 'w':
        fake_wake(call->instance);
        fake_compute(MS / 100);
        return FN0_POLL_PENDING;
    default:
        fake_compute(MS / 100);
        return fake_respond(call);
    }
}

static void begin(struct world *world, struct test_version *version)
{
    order[0] = 0;
    world_init(world, 100, behave);
    version_fill(version, "one", "aa");
    limits_set_none(&version->configuration.limits);
    publish(world, "one", FUNCTION_READY, version);
}

/* Counts the loop's rounds. */
struct counter {
    struct loop_task task;
    struct loop *loop;
};

static void count_round(struct loop_task *task)
{
    struct counter *counter = container_of(task, struct counter, task);
    rounds++;
    strcat(order, "|");
    loop_defer(counter->loop, &counter->task);
}

static void counter_init(struct counter *counter, struct world *world)
{
    rounds = 0;
    counter->loop = world->loop;
    loop_task_init(&counter->task, count_round);
    loop_defer(world->loop, &counter->task);
}

static void test_who_computes_has_one_turn_in_each_round(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    struct counter counter;
    begin(&world, &version);
    struct seen busy[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(start(&world, "one", "/c", &busy[i]), 0);
    turns(&world, 4);
    order[0] = 0;
    counter_init(&counter, &world);
    while (rounds < 30)
        turn(&world);
    /* The sockets have their turn between any two polls of those who compute. */
    assert_null(strstr(order, "cc"));
    assert_true(count('c') >= 29);
    loop_task_cancel(&counter.task);
    for (int i = 0; i < 3; i++)
        call_cancel(busy[i].call);
    world_fini(&world);
}

static void test_those_who_compute_take_turns(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    struct seen busy[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(start(&world, "one", "/c", &busy[i]), 0);
    turns(&world, 100);
    uint64_t cpu_ns[3];
    for (int i = 0; i < 3; i++) {
        cpu_ns[i] = busy[i].call->cpu.used_ns;
        call_cancel(busy[i].call);
    }
    for (int i = 1; i < 3; i++)
        assert_in_range(cpu_ns[i], cpu_ns[0] - 2 * MS, cpu_ns[0] + 2 * MS);
    assert_true(cpu_ns[0] >= 30 * MS);
    world_fini(&world);
}

static void test_nobody_waits_where_all_compute(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    struct seen busy[2] = {0};
    uint64_t begun_ns = fake.wall_ns;
    assert_int_equal(start(&world, "one", "/c", &busy[0]), 0);
    turn(&world);
    assert_int_equal(start(&world, "one", "/c", &busy[1]), 0);
    turns(&world, 9);
    /* Two rounds in each turn here. */
    assert_int_equal(count('c'), 20);
    assert_int_equal(fake.wall_ns - begun_ns, 20 * MS + 10 * TURN_NS);
    for (int i = 0; i < 2; i++)
        call_cancel(busy[i].call);
    world_fini(&world);
}

static void test_a_new_call_does_not_wait_for_those_who_compute(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    struct seen busy[CALLS] = {0};
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(start(&world, "one", "/c", &busy[i]), 0);
    turns(&world, 20);
    for (int i = 0; i < 10; i++) {
        struct seen seen = {0};
        turns(&world, 10); /* one of them has had a turn just now */
        order[0] = 0;
        uint64_t before_ns = fake.wall_ns;
        assert_int_equal(start(&world, "one", "/new", &seen), 0);
        turn(&world);
        assert_true(seen.over);
        assert_string_equal(order, "n"); /* what it answered leaves before any of them computes */
        assert_true(seen.ended_ns - before_ns < MS / 10);
    }
    for (int i = 0; i < CALLS; i++)
        call_cancel(busy[i].call);
    world_fini(&world);
}

static void test_who_asks_again_at_once_does_not_wait_for_a_tick(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    struct seen busy = {0};
    assert_int_equal(start(&world, "one", "/c", &busy), 0);
    turns(&world, 20);
    unsigned waited = 0, asked = 200;
    order[0] = 0;
    for (unsigned i = 0; i < asked; i++) {
        struct seen seen = {0};
        turns(&world, 2); /* the client's answer is on its way */
        uint64_t before_ns = fake.wall_ns;
        assert_int_equal(start(&world, "one", "/new", &seen), 0);
        turns(&world, 2);
        assert_true(seen.over);
        waited += seen.ended_ns - before_ns >= MS;
    }
    assert_true(waited <= asked / 10);
    assert_true(count('c') >= 5);
    call_cancel(busy.call);
    world_fini(&world);
}

/* A client that asks again as soon as it is answered. */
static void ask_again(struct seen *seen)
{
    struct world *world = seen->mind;
    memset(seen, 0, sizeof *seen);
    *seen = (struct seen){.mind = world, .cancel_at = "end", .at = ask_again};
    assert_int_equal(start(world, "one", "/new", seen), 0);
}

static void test_a_stream_of_new_calls_does_not_starve_who_computes(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    struct seen busy = {0};
    assert_int_equal(start(&world, "one", "/c", &busy), 0);
    turn(&world);
    struct seen clients[20];
    for (int i = 0; i < 20; i++) {
        clients[i] = (struct seen){.mind = &world};
        ask_again(&clients[i]);
    }
    uint64_t begun_ns = fake.wall_ns, used_ns = busy.call->cpu.used_ns;
    turns(&world, 1000);
    /* It waits for two milliseconds and a round, and then has one. */
    double share = (double)(busy.call->cpu.used_ns - used_ns) / (double)(fake.wall_ns - begun_ns);
    assert_true(share > 0.25 && share < 0.35);
    for (int i = 0; i < 20; i++)
        call_cancel(clients[i].call);
    call_cancel(busy.call);
    world_fini(&world);
}

static void test_who_wakes_itself_starves_nobody(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    struct counter counter;
    begin(&world, &version);
    struct seen restless[2] = {0}, busy = {0};
    assert_int_equal(start(&world, "one", "/w", &restless[0]), 0);
    assert_int_equal(start(&world, "one", "/x", &restless[1]), 0);
    assert_int_equal(start(&world, "one", "/c", &busy), 0);
    turns(&world, 3);
    order[0] = 0;
    counter_init(&counter, &world);
    uint64_t begun_ns = fake.wall_ns;
    while (fake.wall_ns < begun_ns + 30 * MS)
        turn(&world);
    assert_null(strstr(order, "ww")); /* once in each round */
    assert_true(count('c') >= 9);
    assert_true(count('w') >= 90);
    loop_task_cancel(&counter.task);
    call_cancel(restless[0].call);
    call_cancel(busy.call);
    world_fini(&world);
}

static void test_a_round_ends_after_a_millisecond(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    struct counter counter;
    begin(&world, &version);
    /* First ticks of many: a millisecond each. */
    struct seen busy[CALLS] = {0};
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(start(&world, "one", "/c", &busy[i]), 0);
    counter_init(&counter, &world);
    while (rounds < CALLS + 1)
        turn(&world);
    /* One ready call and one that computes. */
    assert_null(strstr(order, "ccc"));
    loop_task_cancel(&counter.task);
    for (int i = 0; i < CALLS; i++)
        call_cancel(busy[i].call);
    world_fini(&world);
}

/* ---- Wakes ----------------------------------------------------------------------------------- */

static struct fn0_instance *last_instance;

static enum fn0_poll wait_for_wake(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    note(call);
    last_instance = call->instance;
    return call->polls >= 3 ? fake_respond(call) : FN0_POLL_PENDING;
}

static void test_a_wake_polls_once_and_none_does_not(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    fake.handler = wait_for_wake;
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/p", &seen), 0);
    turns(&world, 5);
    assert_string_equal(order, "p");
    fake_wake(last_instance);
    fake_wake(last_instance);
    turns(&world, 5);
    assert_string_equal(order, "pp");
    fake_wake(last_instance);
    turns(&world, 5);
    assert_string_equal(order, "ppp");
    assert_true(seen.over);
    world_fini(&world);
}

static void test_a_late_wake_finds_nobody(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    fake.handler = wait_for_wake;
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/p", &seen), 0);
    turn(&world);
    struct fn0_instance_options options = last_instance->options;
    call_cancel(seen.call);
    options.wake(options.wake_context, options.token);
    /* Its place is taken by another, whom the token does not fit. */
    assert_int_equal(start(&world, "one", "/q", &seen), 0);
    turn(&world);
    assert_true(last_instance->options.token != options.token);
    options.wake(options.wake_context, options.token);
    turns(&world, 3);
    assert_string_equal(order, "pq");
    options.wake(options.wake_context, 0);
    options.wake(options.wake_context, UINT64_MAX);
    turns(&world, 3);
    assert_string_equal(order, "pq");
    call_cancel(seen.call);
    world_fini(&world);
}

static void test_a_wake_of_a_warm_instance_does_nothing(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    run_call(&world, "one", "/n");
    fake.handler = wait_for_wake;
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/p", &seen), 0);
    turn(&world);
    for (int i = 0; i < 2; i++) {
        fake_wake(last_instance);
        turn(&world);
    }
    assert_true(seen.over);
    fake_wake(last_instance);
    turns(&world, 3);
    assert_string_equal(order, "nppp");
    world_fini(&world);
}

static void test_a_wake_after_the_executors_end(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    begin(&world, &version);
    fake.handler = wait_for_wake;
    struct seen seen = {0};
    assert_int_equal(start(&world, "one", "/p", &seen), 0);
    turn(&world);
    struct fn0_instance_options options = last_instance->options;
    executor_close(world.executor, world_closed, &world);
    while (!world.closed) {
        options.wake(options.wake_context, options.token);
        fake_sleep(MS);
        turn(&world);
    }
    /* As long as the engine lives. */
    options.wake(options.wake_context, options.token);
    assert_string_equal(order, "p");
    world_fini(&world);
}

#define THREADS 3
#define WAKES 3000

struct waker {
    struct fn0_instance_options options[CALLS];
};

static void *wake_all(void *argument)
{
    const struct waker *waker = argument;
    for (int i = 0; i < WAKES; i++) {
        const struct fn0_instance_options *options = &waker->options[i % CALLS];
        options->wake(options->wake_context, options->token);
    }
    return NULL;
}

static unsigned polls_left[CALLS];

/* Waits until it was polled often enough. */
static enum fn0_poll wait_long(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    last_instance = call->instance;
    unsigned *left = &polls_left[call->path[1] - '0'];
    return (*left)-- <= 1 ? fake_respond(call) : FN0_POLL_PENDING;
}

static void test_wakes_of_other_threads_arrive(void **state)
{
    (void)state;
    struct world world;
    struct test_version version;
    struct waker waker;
    begin(&world, &version);
    fake.handler = wait_long;
    struct seen seen[CALLS] = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < CALLS; i++) {
        const char path[] = {'/', (char)('0' + i), 0};
        polls_left[i] = 20;
        assert_int_equal(start(&world, "one", path, &seen[i]), 0);
        turn(&world);
        waker.options[i] = last_instance->options;
    }
    for (int round = 0; round < 19; round++) {
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, wake_all, &waker), 0);
        turns(&world, 3);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        turns(&world, 2);
    }
    /* Each round of wakes was heard at least once; late ones hurt nobody. */
    for (int i = 0; i < CALLS; i++)
        assert_true(seen[i].over);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_computes_has_one_turn_in_each_round),
        cmocka_unit_test(test_those_who_compute_take_turns),
        cmocka_unit_test(test_nobody_waits_where_all_compute),
        cmocka_unit_test(test_a_new_call_does_not_wait_for_those_who_compute),
        cmocka_unit_test(test_who_asks_again_at_once_does_not_wait_for_a_tick),
        cmocka_unit_test(test_a_stream_of_new_calls_does_not_starve_who_computes),
        cmocka_unit_test(test_who_wakes_itself_starves_nobody),
        cmocka_unit_test(test_a_round_ends_after_a_millisecond),
        cmocka_unit_test(test_a_wake_polls_once_and_none_does_not),
        cmocka_unit_test(test_a_late_wake_finds_nobody),
        cmocka_unit_test(test_a_wake_of_a_warm_instance_does_nothing),
        cmocka_unit_test(test_a_wake_after_the_executors_end),
        cmocka_unit_test(test_wakes_of_other_threads_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
