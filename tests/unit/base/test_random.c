/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"

static void the_same_seed_gives_the_same_numbers(void **state)
{
    (void)state;
    struct random a;
    struct random b;
    struct random other;
    random_init(&a, 42);
    random_init(&b, 42);
    random_init(&other, 43);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = random_next(&a);
        assert_true(number == random_next(&b));
        same += number == random_next(&other);
    }
    assert_int_equal(same, 0);
}

/* The first outputs of xoshiro256** from the state 1, 2, 3, 4, as its authors' code gives them. */
static void the_numbers_are_xoshiros(void **state)
{
    (void)state;
    struct random random = {.state = {1, 2, 3, 4}};
    assert_true(random_next(&random) == 11520);
    assert_true(random_next(&random) == 0);
    assert_true(random_next(&random) == 1509978240);
    assert_true(random_next(&random) == 1215971899390074240);
}

static void a_seed_of_zero_is_as_good(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 0);
    uint64_t all = 0;
    for (int i = 0; i < 64; i++)
        all |= random_next(&random);
    assert_true(all == UINT64_MAX);
}

static void numbers_stay_below_their_bound(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 1);
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t number = random_below(&random, 7);
        assert_true(number < 7);
        seen[number]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(random_below(&random, 1), 0);
        assert_true(random_below(&random, UINT64_MAX) < UINT64_MAX);
        assert_true(random_below(&random, (1ull << 63) + 1) <= 1ull << 63);
    }
}

static void the_system_seeds_differently_each_time(void **state)
{
    (void)state;
    struct random a;
    struct random b;
    assert_int_equal(random_init_system(&a), 0);
    assert_int_equal(random_init_system(&b), 0);
    assert_true(random_next(&a) != random_next(&b) || random_next(&a) != random_next(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(the_numbers_are_xoshiros),
        cmocka_unit_test(a_seed_of_zero_is_as_good),
        cmocka_unit_test(numbers_stay_below_their_bound),
        cmocka_unit_test(the_system_seeds_differently_each_time),
    };
    return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
