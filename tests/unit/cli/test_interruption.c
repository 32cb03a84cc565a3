/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/interruption.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static atomic_int interrupts;

static void count(void *context)
{
    assert_ptr_equal(context, &interrupts);
    atomic_fetch_add(&interrupts, 1);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

static void a_signal_interrupts_once(void **state)
{
    struct interruption *interruption;

    (void)state;
    assert_int_equal(interruption_create(count, &interrupts, &interruption, NULL), 0);
    kill(getpid(), SIGTERM);
    while (atomic_load(&interrupts) == 0)
        pause_ms(1);
    kill(getpid(), SIGINT);
    pause_ms(20);
    assert_int_equal(atomic_load(&interrupts), 1);
    assert_int_equal(interruption_destroy(interruption), SIGTERM);
}

static void without_a_signal_nothing_happens(void **state)
{
    struct interruption *interruption;
    sigset_t blocked;

    (void)state;
    atomic_store(&interrupts, 0);
    assert_int_equal(interruption_create(count, &interrupts, &interruption, NULL), 0);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    assert_true(sigismember(&blocked, SIGINT));
    assert_int_equal(interruption_destroy(interruption), 0);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    assert_false(sigismember(&blocked, SIGINT));
    assert_int_equal(atomic_load(&interrupts), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_interrupts_once),
        cmocka_unit_test(without_a_signal_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
