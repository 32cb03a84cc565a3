/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/timeouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../base/failing_allocation.h"
#include "io/timeouts.c"

#define MANY 100

struct fixture {
    struct timeouts timeouts;
    uint64_t now_ns;
};

/* A timeout that notes its letter when it expires. */
struct noting {
    struct loop_timeout timeout;
    char letter;
    char *notes;
    struct noting *stops; /* and then stops this one */
    struct fixture *restarts;
};

static void note(struct loop_timeout *timeout)
{
    struct noting *noting = container_of(timeout, struct noting, timeout);
    size_t count = strlen(noting->notes);
    noting->notes[count] = noting->letter;
    noting->notes[count + 1] = '\0';
    if (noting->stops)
        list_remove(&noting->stops->timeout.link);
    if (noting->restarts)
        assert_int_equal(
            timeouts_start(&noting->restarts->timeouts, timeout, noting->restarts->now_ns, 0), 0);
}

static void noting_init(struct noting *noting, char letter, char *notes)
{
    *noting = (struct noting){.letter = letter, .notes = notes};
    loop_timeout_init(&noting->timeout, note);
}

static void start(struct fixture *fixture, struct noting *noting, uint64_t after_ns)
{
    assert_int_equal(
        timeouts_start(&fixture->timeouts, &noting->timeout, fixture->now_ns, after_ns), 0);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.now_ns = 1000};
    timeouts_init(&fixture.timeouts);
    allocations_left = INT_MAX;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    timeouts_fini(&fixture->timeouts);
    return 0;
}

static void the_earliest_is_first_whatever_its_length(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    struct noting a, b, c, d;
    noting_init(&a, 'a', notes);
    noting_init(&b, 'b', notes);
    noting_init(&c, 'c', notes);
    noting_init(&d, 'd', notes);
    start(fixture, &a, 300);
    start(fixture, &b, 100);
    fixture->now_ns = 1050;
    start(fixture, &c, 100);
    start(fixture, &d, 20);
    assert_int_equal(fixture->timeouts.nearest_ns, 1070);
    assert_int_equal(timeouts_expire(&fixture->timeouts, 1069), 0);
    assert_int_equal(timeouts_expire(&fixture->timeouts, 1070), 1);
    assert_int_equal(fixture->timeouts.nearest_ns, 1100);
    assert_int_equal(timeouts_expire(&fixture->timeouts, 5000), 3);
    assert_string_equal(notes, "dbca");
    assert_int_equal(fixture->timeouts.nearest_ns, TIMEOUTS_NEVER);
}

static void one_may_stop_another_that_is_due(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    struct noting a, b;
    noting_init(&a, 'a', notes);
    noting_init(&b, 'b', notes);
    start(fixture, &a, 10);
    start(fixture, &b, 20);
    a.stops = &b;
    assert_int_equal(timeouts_expire(&fixture->timeouts, 2000), 1);
    assert_string_equal(notes, "a");
}

static void one_that_starts_itself_waits_for_the_next_look(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    static struct noting a; /* runs until the end */
    noting_init(&a, 'a', notes);
    a.restarts = fixture;
    start(fixture, &a, 0);
    assert_int_equal(timeouts_expire(&fixture->timeouts, fixture->now_ns), 1);
    assert_int_equal(timeouts_expire(&fixture->timeouts, fixture->now_ns), 1);
    assert_string_equal(notes, "aa");
}

static void past_the_end_of_time_is_never(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    static struct noting a; /* runs until the end */
    noting_init(&a, 'a', notes);
    start(fixture, &a, UINT64_MAX);
    assert_false(loop_timeout_running(&a.timeout));
    start(fixture, &a, UINT64_MAX - 1000);
    assert_false(loop_timeout_running(&a.timeout));
    start(fixture, &a, UINT64_MAX - 1001);
    assert_true(loop_timeout_running(&a.timeout));
}

/* Lengths that nobody uses any more take no room for ever. */
static void many_lengths_come_and_go(void **state)
{
    struct fixture *fixture = *state;
    static char notes[MANY + 1];
    static struct noting noting[MANY];
    for (int round = 0; round < 20; round++) {
        notes[0] = '\0';
        for (unsigned i = 0; i < MANY; i++) {
            noting_init(&noting[i], 'x', notes);
            start(fixture, &noting[i], (uint64_t)round * MANY + i);
        }
        fixture->now_ns += 100000;
        assert_int_equal(timeouts_expire(&fixture->timeouts, fixture->now_ns), MANY);
    }
    assert_true(fixture->timeouts.slot_count <= 8 * MANY);
}

static void without_memory_it_stays_stopped(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    struct noting a, b;
    noting_init(&a, 'a', notes);
    noting_init(&b, 'b', notes);
    for (int left = 0; left < 2; left++) {
        allocations_left = left;
        assert_int_equal(timeouts_start(&fixture->timeouts, &a.timeout, fixture->now_ns, 7),
                         ERROR_OUT_OF_MEMORY);
        assert_false(loop_timeout_running(&a.timeout));
    }
    allocations_left = INT_MAX;
    start(fixture, &a, 7);
    /* A length that has its queue needs none. */
    allocations_left = 0;
    start(fixture, &b, 7);
    assert_int_equal(timeouts_expire(&fixture->timeouts, 2000), 2);
}

static void what_runs_is_stopped_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    static char notes[8];
    notes[0] = '\0';
    static struct noting a; /* runs until the end */
    noting_init(&a, 'a', notes);
    start(fixture, &a, 7);
    timeouts_fini(&fixture->timeouts);
    assert_false(loop_timeout_running(&a.timeout));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_earliest_is_first_whatever_its_length),
        TEST(one_may_stop_another_that_is_due),
        TEST(one_that_starts_itself_waits_for_the_next_look),
        TEST(past_the_end_of_time_is_never),
        TEST(many_lengths_come_and_go),
        TEST(without_memory_it_stays_stopped),
        TEST(what_runs_is_stopped_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
