/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/budget.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_counter_gives_up_to_its_maximum(void **state)
{
    (void)state;
    struct budget_counter counter = {.max = 10};
    assert_true(budget_take(&counter, 9));
    assert_false(budget_take(&counter, 2));
    assert_int_equal(counter.used, 9);
    assert_true(budget_take(&counter, 1));
    assert_false(budget_take(&counter, 1));
    budget_give(&counter, 10);
    assert_int_equal(counter.used, 0);
    assert_false(budget_take(&counter, 11));
    assert_true(budget_take(&counter, 0));
}

static void test_a_counter_does_not_overflow(void **state)
{
    (void)state;
    struct budget_counter counter = {.max = UINT64_MAX};
    assert_true(budget_take(&counter, UINT64_MAX - 1));
    assert_false(budget_take(&counter, 2));
    assert_true(budget_take(&counter, 1));
    assert_false(budget_take(&counter, UINT64_MAX));
    budget_give(&counter, UINT64_MAX);
}

#define THREADS 4
#define ROUNDS 50000

/* Takes and gives; counts how often more was out than there is. */
static void *take_and_give(void *argument)
{
    struct budget_counter *counter = argument;
    uintptr_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (!budget_take(counter, 2))
            continue;
        wrong += atomic_load(&counter->used) > counter->max;
        budget_give(counter, 2);
    }
    return (void *)wrong;
}

static void test_threads_never_take_more_than_there_is(void **state)
{
    (void)state;
    struct budget_counter counter = {.max = 5};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &counter), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(counter.used, 0);
}

static void test_three_quarters_of_the_slots(void **state)
{
    (void)state;
    static const uint64_t expected[][2] = {{1, 1}, {2, 1},    {3, 2},    {4, 3},
                                           {5, 3}, {100, 75}, {101, 75}, {UINT64_MAX, 0}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct budget budget;
        budget_init(&budget, expected[i][0], 1, 1);
        if (expected[i][1])
            assert_int_equal(budget.slots_per_function_max, expected[i][1]);
        else
            assert_true(budget.slots_per_function_max > UINT64_MAX / 2);
        budget_fini(&budget);
    }
}

static void test_one_function_takes_all_slots(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, 4, 1, 1);
    struct budget_function *one = budget_function_acquire(&budget, "one");
    assert_non_null(one);
    for (int i = 0; i < 4; i++)
        assert_true(budget_take_slot(&budget, one));
    assert_false(budget_take_slot(&budget, one));
    assert_int_equal(one->slots.used, 4);
    for (int i = 0; i < 4; i++)
        budget_give_slot(&budget, one);
    budget_function_release(&budget, one);
    budget_fini(&budget);
}

static void test_several_functions_take_three_quarters_each(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, 4, 1, 1);
    struct budget_function *one = budget_function_acquire(&budget, "one");
    struct budget_function *two = budget_function_acquire(&budget, "two");
    for (int i = 0; i < 3; i++)
        assert_true(budget_take_slot(&budget, one));
    assert_false(budget_take_slot(&budget, one));
    assert_true(budget_take_slot(&budget, two));
    /* The host is full now, and a refusal takes nothing. */
    assert_false(budget_take_slot(&budget, two));
    assert_int_equal(two->slots.used, 1);
    budget_give_slot(&budget, one);
    assert_true(budget_take_slot(&budget, two));
    for (int i = 0; i < 2; i++) {
        budget_give_slot(&budget, one);
        budget_give_slot(&budget, two);
    }
    budget_function_release(&budget, two);
    /* Alone again. */
    for (int i = 0; i < 4; i++)
        assert_true(budget_take_slot(&budget, one));
    for (int i = 0; i < 4; i++)
        budget_give_slot(&budget, one);
    budget_function_release(&budget, one);
    budget_fini(&budget);
}

static void test_workers_share_a_functions_part(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, 4, 1, 1);
    struct budget_function *here = budget_function_acquire(&budget, "one");
    struct budget_function *there = budget_function_acquire(&budget, "one");
    assert_ptr_equal(here, there);
    assert_int_equal(budget.function_count, 1);
    budget_function_release(&budget, here);
    assert_int_equal(budget.function_count, 1);
    budget_function_release(&budget, there);
    assert_int_equal(budget.function_count, 0);
    budget_function_release(&budget, NULL);
    budget_fini(&budget);
}

static void test_warm_instances_of_a_function_and_of_the_host(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, 4, 3, 1);
    struct budget_function *one = budget_function_acquire(&budget, "one");
    struct budget_function *two = budget_function_acquire(&budget, "two");
    assert_true(budget_take_warm(&budget, one, 2));
    assert_true(budget_take_warm(&budget, one, 2));
    assert_false(budget_take_warm(&budget, one, 2));
    assert_int_equal(budget.warm_instances.used, 2);
    assert_true(budget_take_warm(&budget, two, 2));
    assert_false(budget_take_warm(&budget, two, 2));
    assert_int_equal(two->warm_instances.used, 1);
    budget_give_warm(&budget, two);
    budget_give_warm(&budget, one);
    budget_give_warm(&budget, one);
    budget_function_release(&budget, one);
    budget_function_release(&budget, two);
    budget_fini(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_counter_gives_up_to_its_maximum),
        cmocka_unit_test(test_a_counter_does_not_overflow),
        cmocka_unit_test(test_threads_never_take_more_than_there_is),
        cmocka_unit_test(test_three_quarters_of_the_slots),
        cmocka_unit_test(test_one_function_takes_all_slots),
        cmocka_unit_test(test_several_functions_take_three_quarters_each),
        cmocka_unit_test(test_workers_share_a_functions_part),
        cmocka_unit_test(test_warm_instances_of_a_function_and_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
