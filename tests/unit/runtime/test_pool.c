/* SPDX-License-Identifier: AGPL-3.0-only */

/* Which instances are kept, for how long, and which are dropped for others. */

#include "world.h"

#include "runtime/pool.h"

static enum fn0_poll respond(struct fn0_call *call, struct fn0_error *error)
{
    (void)error;
    return fake_respond(call);
}

struct pool_world {
    struct loop *loop;
    struct budget budget;
    struct wakes *wakes;
    struct pools pools;
    struct test_version one;
    struct test_version two;
    struct pool *pool_one;
    struct pool *pool_two;
};

static void woken(void *context, void *object)
{
    (void)context, (void)object;
}

static void begin(struct pool_world *world, uint64_t warm_max, uint64_t warm_bytes_max)
{
    struct error error;
    memset(world, 0, sizeof *world);
    fake_reset(respond);
    assert_int_equal(loop_create(&fake_clock, &world->loop, &error), 0);
    budget_init(&world->budget, 100, warm_max, warm_bytes_max);
    assert_int_equal(wakes_create(world->loop, woken, NULL, &world->wakes, &error), 0);
    pools_init(&world->pools, world->loop, &world->budget, world->wakes);
    version_fill(&world->one, "one", "aa");
    version_fill(&world->two, "two", "bb");
    assert_int_equal(pool_create(&world->pools, "one", &world->pool_one, &error), 0);
    assert_int_equal(pool_create(&world->pools, "two", &world->pool_two, &error), 0);
    pool_set_version(world->pool_one, &world->one.version);
    pool_set_version(world->pool_two, &world->two.version);
}

static void end(struct pool_world *world)
{
    pool_destroy(world->pool_one);
    pool_destroy(world->pool_two);
    pool_destroy(NULL);
    assert_int_equal(fake.instances_alive, 0);
    assert_int_equal(world->pools.warm, 0);
    budget_fini(&world->budget); /* checks that all was given back */
    wakes_destroy(world->wakes);
    loop_destroy(world->loop);
}

static struct instance *fresh(struct pool *pool)
{
    struct error error;
    struct instance *instance;
    assert_int_equal(pool_start(pool, &instance, &error), 0);
    instance->uses = 1;
    return instance;
}

/* One that was used once and given back. */
static bool keep(struct pool *pool)
{
    return pool_put(pool, fresh(pool), 65536);
}

static void test_last_in_first_out(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    struct instance *first = fresh(world.pool_one), *second = fresh(world.pool_one);
    assert_null(pool_take(world.pool_one));
    assert_true(pool_put(world.pool_one, first, 1));
    assert_true(pool_put(world.pool_one, second, 1));
    assert_null(pool_take(world.pool_two));
    assert_ptr_equal(pool_take(world.pool_one), second);
    assert_ptr_equal(pool_take(world.pool_one), first);
    assert_null(pool_take(world.pool_one));
    pool_drop(world.pool_one, first);
    assert_true(pool_put(world.pool_one, second, 1));
    end(&world);
}

static void test_uses_and_memory_at_their_edges(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    world.one.configuration.instance.uses_max = 3;
    world.one.configuration.instance.memory_mark_bytes = 1000;
    struct instance *instance = fresh(world.pool_one);
    instance->uses = 2;
    assert_true(pool_put(world.pool_one, instance, 1000));
    assert_ptr_equal(pool_take(world.pool_one), instance);
    instance->uses = 3;
    assert_false(pool_put(world.pool_one, instance, 1000));
    assert_false(pool_put(world.pool_one, fresh(world.pool_one), 1001));
    assert_int_equal(fake.instances_alive, 0);
    end(&world);
}

static void test_reuse_and_single_use(void **state)
{
    (void)state;
    static const struct {
        enum reuse reuse;
        bool single_use;
        bool kept;
    } rows[] = {
        {REUSE_AUTO, false, true}, {REUSE_AUTO, true, false},   {REUSE_TRUE, false, true},
        {REUSE_TRUE, true, true},  {REUSE_FALSE, false, false}, {REUSE_FALSE, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pool_world world;
        begin(&world, 10, LIMIT_NONE);
        world.one.configuration.instance.reuse = rows[i].reuse;
        world.one.version.single_use = rows[i].single_use;
        assert_int_equal(keep(world.pool_one), rows[i].kept);
        end(&world);
    }
}

static void test_idle_ones_are_dropped_the_oldest_first(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    assert_true(keep(world.pool_one));
    fake_sleep(40 * SECOND);
    loop_run_once(world.loop, 0);
    assert_true(keep(world.pool_one));
    fake_sleep(20 * SECOND - MS);
    loop_run_once(world.loop, 0);
    assert_int_equal(fake.instances_alive, 2); /* 59.999 s */
    for (int i = 0; i < 15; i++) {
        fake_sleep(SECOND);
        loop_run_once(world.loop, 0);
    }
    assert_int_equal(fake.instances_alive, 1); /* within a quarter more */
    for (int i = 0; i < 60; i++) {
        fake_sleep(SECOND);
        loop_run_once(world.loop, 0);
    }
    assert_int_equal(fake.instances_alive, 0);
    assert_int_equal(world.budget.warm_instances.used, 0);
    end(&world);
}

static void test_the_used_one_stays(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    assert_true(keep(world.pool_one));
    for (int i = 0; i < 100; i++) {
        fake_sleep(30 * SECOND);
        loop_run_once(world.loop, 0);
        struct instance *instance = pool_take(world.pool_one);
        assert_non_null(instance);
        assert_true(pool_put(world.pool_one, instance, 65536));
    }
    assert_int_equal(fake.instances_made, 1);
    world.one.configuration.instance.idle_time_ns = LIMIT_NONE;
    end(&world);
}

static void test_a_functions_number(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    world.one.configuration.instance.warm_max = 2;
    struct instance *third = fresh(world.pool_one);
    assert_true(keep(world.pool_one));
    assert_true(keep(world.pool_one));
    assert_false(keep(world.pool_one));
    /* While one is out its place may be taken, and what comes back later is dropped. */
    struct instance *out = pool_take(world.pool_one);
    assert_true(pool_put(world.pool_one, third, 65536));
    assert_false(pool_put(world.pool_one, out, 65536));
    assert_int_equal(world.budget.warm_instances.used, 2);
    world.two.configuration.instance.warm_max = 0;
    assert_false(keep(world.pool_two));
    end(&world);
}

static void test_the_hosts_number_goes_to_who_was_used_last(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 3, LIMIT_NONE);
    for (int i = 0; i < 3; i++)
        assert_true(keep(world.pool_two));
    assert_true(keep(world.pool_one));
    assert_int_equal(world.pool_one->idle_count, 1);
    assert_int_equal(world.pool_two->idle_count, 2);
    assert_true(keep(world.pool_one));
    assert_true(keep(world.pool_one));
    assert_int_equal(world.pool_two->idle_count, 0);
    /* It drops nothing of its own for one more of its own. */
    assert_false(keep(world.pool_one));
    assert_int_equal(world.pool_one->idle_count, 3);
    assert_int_equal(world.budget.warm_instances.used, 3);
    end(&world);
}

static void test_the_hosts_memory(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, 1000);
    assert_true(pool_put(world.pool_one, fresh(world.pool_one), 600));
    assert_true(pool_put(world.pool_two, fresh(world.pool_two), 400));
    assert_int_equal(world.budget.warm_memory_bytes.used, 1000);
    /* It has grown: others go. */
    struct instance *instance = pool_take(world.pool_two);
    assert_true(pool_put(world.pool_two, instance, 401));
    assert_int_equal(world.pool_one->idle_count, 0);
    assert_int_equal(world.budget.warm_memory_bytes.used, 401);
    /* And less again. */
    instance = pool_take(world.pool_two);
    assert_int_equal(world.budget.warm_memory_bytes.used, 401);
    assert_true(pool_put(world.pool_two, instance, 1));
    assert_int_equal(world.budget.warm_memory_bytes.used, 1);
    /* More than all there is. */
    assert_false(pool_put(world.pool_one, fresh(world.pool_one), 1001));
    assert_int_equal(world.budget.warm_memory_bytes.used, 0);
    end(&world);
}

static void test_a_warm_call_touches_no_shared_counter(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    assert_true(keep(world.pool_one));
    struct instance *instance = pool_take(world.pool_one);
    assert_int_equal(world.budget.warm_instances.used, 1);
    assert_int_equal(world.budget.warm_memory_bytes.used, 65536);
    /* Dropped in use, it gives all back. */
    pool_drop(world.pool_one, instance);
    assert_int_equal(world.budget.warm_instances.used, 0);
    assert_int_equal(world.budget.warm_memory_bytes.used, 0);
    end(&world);
}

static void test_another_version_drops_the_warm_ones(void **state)
{
    (void)state;
    struct pool_world world;
    begin(&world, 10, LIMIT_NONE);
    struct instance *out = fresh(world.pool_one);
    assert_true(keep(world.pool_one));
    world.pool_one->proved_reusable = true;
    struct test_version next;
    version_fill(&next, "one", "cc");
    pool_set_version(world.pool_one, &next.version);
    assert_null(pool_take(world.pool_one));
    assert_false(world.pool_one->proved_reusable);
    assert_int_equal(fake.instances_alive, 1);
    assert_false(pool_put(world.pool_one, out, 65536));
    assert_true(keep(world.pool_one));
    assert_int_equal(world.one.version.references, 0);
    pool_set_version(world.pool_one, NULL);
    assert_int_equal(fake.instances_alive, 0);
    end(&world);
}

static void test_a_full_engine(void **state)
{
    (void)state;
    struct pool_world world;
    struct error error;
    struct instance *instance;
    begin(&world, 10, LIMIT_NONE);
    fake.instances_max = 2;
    assert_true(keep(world.pool_two));
    assert_true(keep(world.pool_one));
    instance = fresh(world.pool_one);
    assert_int_equal(world.pool_two->idle_count, 0); /* the longest unused */
    assert_int_equal(world.pool_one->idle_count, 1);
    struct instance *second = fresh(world.pool_two);
    struct instance *none;
    assert_int_equal(pool_start(world.pool_one, &none, &error), ERROR_POOL_FULL);
    pool_drop(world.pool_one, instance);
    pool_drop(world.pool_two, second);
    assert_false(pools_drop_least_recent(&world.pools));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_in_first_out),
        cmocka_unit_test(test_uses_and_memory_at_their_edges),
        cmocka_unit_test(test_reuse_and_single_use),
        cmocka_unit_test(test_idle_ones_are_dropped_the_oldest_first),
        cmocka_unit_test(test_the_used_one_stays),
        cmocka_unit_test(test_a_functions_number),
        cmocka_unit_test(test_the_hosts_number_goes_to_who_was_used_last),
        cmocka_unit_test(test_the_hosts_memory),
        cmocka_unit_test(test_a_warm_call_touches_no_shared_counter),
        cmocka_unit_test(test_another_version_drops_the_warm_ones),
        cmocka_unit_test(test_a_full_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
