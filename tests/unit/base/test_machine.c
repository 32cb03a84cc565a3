/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <cmocka.h>

#include "base/machine.h"

static void only_the_cores_of_this_process_count(void **state)
{
    (void)state;
    cpu_set_t before;
    cpu_set_t one;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(machine_cores(), CPU_COUNT(&before));
    int core = 0;
    while (!CPU_ISSET(core, &before))
        core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(machine_cores(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void memory_is_at_most_the_machines(void **state)
{
    (void)state;
    struct sysinfo info;
    assert_int_equal(sysinfo(&info), 0);
    assert_true(machine_memory_bytes() > 16 << 20);
    assert_true(machine_memory_bytes() <= (uint64_t)info.totalram * info.mem_unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_cores_of_this_process_count),
        cmocka_unit_test(memory_is_at_most_the_machines),
    };
    return cmocka_run_group_tests_name("base/machine", tests, NULL, NULL);
}
