/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/cpu_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tables/limits.h"

#define MS NANOSECONDS_PER_MILLISECOND
#define US NANOSECONDS_PER_MICROSECOND

struct world {
    struct clock clock;
    struct cpu_clock cpu_clock;
    uint64_t wall_ns;
    uint64_t cpu_ns;
    unsigned asked;
};

static uint64_t thread_cpu(void *context)
{
    struct world *world = context;
    world->asked++;
    return world->cpu_ns;
}

static void world_init(struct world *world)
{
    *world = (struct world){.wall_ns = 77 * MS, .cpu_ns = 5 * MS};
    world->clock = (struct clock){.name = "test", .context = world, .thread_cpu_ns = thread_cpu};
    cpu_clock_init(&world->cpu_clock, &world->clock, world->wall_ns);
    world->asked = 0;
}

/* One poll that takes so much of either time. */
static void poll(struct world *world, struct cpu_meter *meter, uint64_t wall_ns, uint64_t cpu_ns)
{
    cpu_meter_begin(meter, &world->cpu_clock, world->wall_ns);
    world->wall_ns += wall_ns;
    world->cpu_ns += cpu_ns;
    cpu_meter_end(meter, &world->cpu_clock, world->wall_ns);
}

static void test_short_polls_ask_for_nothing(void **state)
{
    (void)state;
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    for (int call = 0; call < 10; call++) {
        cpu_meter_init(&meter, 10 * MS);
        poll(&world, &meter, 20 * US, 18 * US);
        assert_int_equal(meter.used_ns, 20 * US);
    }
    assert_int_equal(world.asked, 0);
}

static void test_without_a_limit_short_polls_never_ask(void **state)
{
    (void)state;
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    cpu_meter_init(&meter, LIMIT_NONE);
    for (int i = 0; i < 1000; i++)
        poll(&world, &meter, 100 * US, 100 * US);
    assert_int_equal(meter.used_ns, 100 * MS);
    assert_false(meter.exact);
    assert_false(cpu_meter_over(&meter));
    /* Only the marks that keep a long poll close. */
    assert_true(world.asked <= 400);
}

static void test_half_the_limit_passes_on_a_machine_that_takes_the_processor_away(void **state)
{
    (void)state;
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    cpu_meter_init(&meter, 10 * MS);
    /* Short polls, each of which took eight times its CPU time. */
    for (int i = 0; i < 200; i++)
        poll(&world, &meter, 200 * US, 25 * US);
    assert_false(cpu_meter_over(&meter));
    assert_true(meter.used_ns >= 5 * MS);
    /* And one that was away for a second. */
    cpu_meter_init(&meter, 10 * MS);
    poll(&world, &meter, 1000 * MS, 5 * MS);
    assert_false(cpu_meter_over(&meter));
    assert_in_range(meter.used_ns, 5 * MS, 5 * MS + 500 * US);
}

static void test_never_less_than_was_used(void **state)
{
    (void)state;
    static const uint64_t polls[][2] = {{900 * US, 900 * US},
                                        {3 * MS, 1 * MS},
                                        {10 * US, 9 * US},
                                        {200 * US, 1 * US},
                                        {260 * US, 255 * US}};
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    cpu_meter_init(&meter, 100 * MS);
    uint64_t used_ns = 0;
    for (int i = 0; i < 500; i++) {
        const uint64_t *one = polls[i % 5];
        poll(&world, &meter, one[0], one[1]);
        used_ns += one[1];
        assert_true(meter.used_ns >= used_ns);
        assert_true(meter.used_ns <= used_ns + 25 * MS);
        /* Others compute meanwhile. */
        world.wall_ns += 3 * MS;
        world.cpu_ns += 2 * MS;
    }
}

static void test_at_the_limit_it_is_exact(void **state)
{
    (void)state;
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    cpu_meter_init(&meter, 10 * MS);
    for (int i = 0; i < 10; i++)
        poll(&world, &meter, 1 * MS, 1 * MS);
    assert_int_equal(meter.used_ns, 10 * MS);
    assert_false(cpu_meter_over(&meter));
    /* Waiting is not using. */
    poll(&world, &meter, 5 * MS, 0);
    assert_false(cpu_meter_over(&meter));
    poll(&world, &meter, 1, 1);
    assert_true(cpu_meter_over(&meter));
}

static void test_small_limits_are_exact_from_the_start(void **state)
{
    (void)state;
    struct world world;
    struct cpu_meter meter;
    world_init(&world);
    cpu_meter_init(&meter, 1 * MS);
    for (int i = 0; i < 10; i++)
        poll(&world, &meter, 900 * US, 100 * US);
    assert_int_equal(meter.used_ns, 1 * MS);
    assert_false(cpu_meter_over(&meter));
    poll(&world, &meter, 1 * US, 1 * US);
    assert_true(cpu_meter_over(&meter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_polls_ask_for_nothing),
        cmocka_unit_test(test_without_a_limit_short_polls_never_ask),
        cmocka_unit_test(test_half_the_limit_passes_on_a_machine_that_takes_the_processor_away),
        cmocka_unit_test(test_never_less_than_was_used),
        cmocka_unit_test(test_at_the_limit_it_is_exact),
        cmocka_unit_test(test_small_limits_are_exact_from_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
