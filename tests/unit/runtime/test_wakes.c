/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/wakes.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TOKENS_MAX 65536

struct fixture {
    struct loop *loop;
    struct wakes *wakes;
    unsigned woken;
    void *last;
};

static void woken(void *context, void *object)
{
    struct fixture *fixture = context;
    fixture->woken++;
    fixture->last = object;
}

static void begin(struct fixture *fixture)
{
    struct error error;
    *fixture = (struct fixture){0};
    assert_int_equal(loop_create(clock_system(), &fixture->loop, &error), 0);
    assert_int_equal(wakes_create(fixture->loop, woken, fixture, &fixture->wakes, &error), 0);
    loop_run_once(fixture->loop, 0); /* it has a thread now */
}

static void end(struct fixture *fixture)
{
    wakes_close(fixture->wakes);
    while (!wakes_settled(fixture->wakes))
        loop_run_once(fixture->loop, 1);
    wakes_destroy(fixture->wakes);
    wakes_destroy(NULL);
    loop_destroy(fixture->loop);
}

static void test_on_its_own_thread_it_is_told_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    int one, two;
    begin(&fixture);
    uint64_t first = wakes_take(fixture.wakes, &one), second = wakes_take(fixture.wakes, &two);
    assert_true(first != 0 && second != 0 && first != second);
    wakes_wake(fixture.wakes, second);
    assert_ptr_equal(fixture.last, &two);
    wakes_wake(fixture.wakes, first);
    assert_ptr_equal(fixture.last, &one);
    assert_int_equal(fixture.woken, 2);
    wakes_give(fixture.wakes, first);
    wakes_wake(fixture.wakes, first);
    uint64_t third = wakes_take(fixture.wakes, &one);
    assert_true(third != first);
    wakes_wake(fixture.wakes, first);
    assert_int_equal(fixture.woken, 2);
    wakes_give(fixture.wakes, second);
    wakes_give(fixture.wakes, third);
    end(&fixture);
}

struct sender {
    struct wakes *wakes;
    const uint64_t *tokens;
    size_t count;
};

static void *send_all(void *argument)
{
    struct sender *sender = argument;
    for (size_t i = 0; i < sender->count; i++)
        wakes_wake(sender->wakes, sender->tokens[i]);
    return NULL;
}

static void from_another_thread(struct fixture *fixture, const uint64_t *tokens, size_t count)
{
    struct sender sender = {fixture->wakes, tokens, count};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_all, &sender), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_from_another_thread_it_is_told_by_the_loop(void **state)
{
    (void)state;
    struct fixture fixture;
    int one, two;
    begin(&fixture);
    uint64_t tokens[4] = {wakes_take(fixture.wakes, &one), wakes_take(fixture.wakes, &two)};
    tokens[2] = tokens[0];
    tokens[3] = 0;
    from_another_thread(&fixture, tokens, 4);
    assert_int_equal(fixture.woken, 0);
    loop_run_once(fixture.loop, 0);
    assert_int_equal(fixture.woken, 2); /* each once */
    from_another_thread(&fixture, tokens, 1);
    loop_run_once(fixture.loop, 0);
    assert_int_equal(fixture.woken, 3);
    /* It goes while its wake is under way. */
    from_another_thread(&fixture, tokens, 2);
    wakes_give(fixture.wakes, tokens[0]);
    loop_run_once(fixture.loop, 0);
    assert_int_equal(fixture.woken, 4);
    assert_ptr_equal(fixture.last, &two);
    wakes_give(fixture.wakes, tokens[1]);
    end(&fixture);
}

static void test_as_many_as_it_holds(void **state)
{
    (void)state;
    static uint64_t tokens[TOKENS_MAX];
    struct fixture fixture;
    begin(&fixture);
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        tokens[i] = wakes_take(fixture.wakes, &tokens[i]);
        assert_true(tokens[i] != 0);
    }
    int one;
    assert_int_equal(wakes_take(fixture.wakes, &one), 0);
    from_another_thread(&fixture, tokens, TOKENS_MAX);
    loop_run_once(fixture.loop, 0);
    assert_int_equal(fixture.woken, TOKENS_MAX);
    wakes_wake(fixture.wakes, tokens[TOKENS_MAX - 1]);
    assert_ptr_equal(fixture.last, &tokens[TOKENS_MAX - 1]);
    for (size_t i = 0; i < TOKENS_MAX; i++)
        wakes_give(fixture.wakes, tokens[i]);
    uint64_t again = wakes_take(fixture.wakes, &one);
    assert_true(again != 0);
    fixture.woken = 0;
    from_another_thread(&fixture, tokens, TOKENS_MAX); /* late, all of them */
    loop_run_once(fixture.loop, 0);
    assert_int_equal(fixture.woken, 0);
    wakes_give(fixture.wakes, again);
    end(&fixture);
}

static void test_closed_it_does_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    int one;
    begin(&fixture);
    uint64_t token = wakes_take(fixture.wakes, &one);
    from_another_thread(&fixture, &token, 1);
    wakes_give(fixture.wakes, token);
    wakes_close(fixture.wakes);
    assert_false(wakes_settled(fixture.wakes)); /* its message is under way */
    loop_run_once(fixture.loop, 0);
    assert_true(wakes_settled(fixture.wakes));
    wakes_wake(fixture.wakes, token);
    from_another_thread(&fixture, &token, 1);
    assert_true(wakes_settled(fixture.wakes));
    assert_int_equal(fixture.woken, 0);
    wakes_destroy(fixture.wakes);
    loop_destroy(fixture.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_its_own_thread_it_is_told_at_once),
        cmocka_unit_test(test_from_another_thread_it_is_told_by_the_loop),
        cmocka_unit_test(test_as_many_as_it_holds),
        cmocka_unit_test(test_closed_it_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
