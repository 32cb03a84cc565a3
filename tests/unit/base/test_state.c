/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/state.h"

enum door { DOOR_SHUT, DOOR_OPEN, DOOR_GONE, DOOR_COUNT };

static const struct state_row rows[] = {
    [DOOR_SHUT] = {"shut", STATE_TO(DOOR_OPEN) | STATE_TO(DOOR_GONE)},
    [DOOR_OPEN] = {"open", STATE_TO(DOOR_SHUT)},
    [DOOR_GONE] = {"gone", 0},
};
static const struct state_machine door = {"door", rows, DOOR_COUNT};

struct traced {
    int count;
    unsigned from;
    unsigned to;
    uint64_t spent_ns;
};

static void trace(void *context, const struct state_machine *machine, unsigned from, unsigned to,
                  uint64_t spent_ns)
{
    struct traced *traced = context;
    assert_ptr_equal(machine, &door);
    *traced = (struct traced){traced->count + 1, from, to, spent_ns};
}

static void moves_are_traced_with_their_time(void **state)
{
    (void)state;
    struct traced traced = {0};
    struct state s;
    state_init(&s, &door, DOOR_SHUT, 100, trace, &traced);
    assert_string_equal(state_name(&s), "shut");
    assert_int_equal(traced.count, 0);
    state_move(&s, DOOR_OPEN, 150);
    assert_string_equal(state_name(&s), "open");
    assert_int_equal(traced.count, 1);
    assert_int_equal(traced.from, DOOR_SHUT);
    assert_int_equal(traced.to, DOOR_OPEN);
    assert_int_equal(traced.spent_ns, 50);
    state_move(&s, DOOR_SHUT, 149);
    assert_int_equal(traced.spent_ns, 0);
    state_move(&s, DOOR_GONE, 200);
    assert_int_equal(traced.count, 3);
    assert_int_equal(traced.spent_ns, 51);
}

static void the_table_says_what_is_allowed(void **state)
{
    (void)state;
    struct state s;
    state_init(&s, &door, DOOR_OPEN, 0, NULL, NULL);
    assert_true(state_may(&s, DOOR_SHUT));
    assert_false(state_may(&s, DOOR_GONE));
    assert_false(state_may(&s, DOOR_OPEN));
    assert_false(state_may(&s, DOOR_COUNT));
    assert_false(state_may(&s, 77));
    state_move(&s, DOOR_SHUT, 1);
    assert_int_equal(s.now, DOOR_SHUT);
}

static void another_move_ends_the_process(void **state)
{
    (void)state;
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct state s;
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        state_init(&s, &door, DOOR_GONE, 0, NULL, NULL);
        state_move(&s, DOOR_OPEN, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_traced_with_their_time),
        cmocka_unit_test(the_table_says_what_is_allowed),
        cmocka_unit_test(another_move_ends_the_process),
    };
    return cmocka_run_group_tests_name("base/state", tests, NULL, NULL);
}
