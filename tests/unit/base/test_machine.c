/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <cmocka.h>

#include "../lib/folder.h"
#include "base/machine.h"
#include "tables/limits.h"

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

static void write_text(const struct folder *folder, const char *name, const char *text)
{
    folder_write(folder, name, text, strlen(text));
}

static uint64_t allowed_to(const struct folder *folder, const char *own)
{
    write_text(folder, "own", own);
    return machine_group_memory_bytes(folder_path(folder, "own"), folder->path);
}

static void the_least_of_all_groups_above_counts(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    assert_int_equal(mkdir(folder_path(&folder, "a"), 0700), 0);
    assert_int_equal(mkdir(folder_path(&folder, "a/b"), 0700), 0);
    assert_int_equal(allowed_to(&folder, "0::/a/b\n"), LIMIT_NONE);
    write_text(&folder, "a/b/memory.max", "max\n");
    assert_int_equal(allowed_to(&folder, "0::/a/b\n"), LIMIT_NONE);
    write_text(&folder, "a/memory.max", "300000000\n");
    assert_int_equal(allowed_to(&folder, "0::/a/b\n"), 300000000);
    write_text(&folder, "a/b/memory.max", "400000000\n");
    assert_int_equal(allowed_to(&folder, "0::/a/b\n"), 300000000);
    write_text(&folder, "a/b/memory.max", "200000000\n");
    assert_int_equal(allowed_to(&folder, "12:pids:/\n4:memory:/x\n0::/a/b\n"), 200000000);
    assert_int_equal(allowed_to(&folder, "0::/a"), 300000000);
    assert_int_equal(allowed_to(&folder, "0::/\n"), LIMIT_NONE);
    /* As containers see it. */
    write_text(&folder, "memory.max", "100000000\n");
    assert_int_equal(allowed_to(&folder, "0::/\n"), 100000000);
    assert_int_equal(allowed_to(&folder, "0::/docker/0123\n"), 100000000);
    assert_int_equal(allowed_to(&folder, "4:memory:/a/b\n"), 100000000);
    assert_int_equal(allowed_to(&folder, ""), 100000000);
    assert_int_equal(machine_group_memory_bytes("/nothing", "/nothing"), LIMIT_NONE);
    folder_fini(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_cores_of_this_process_count),
        cmocka_unit_test(memory_is_at_most_the_machines),
        cmocka_unit_test(the_least_of_all_groups_above_counts),
    };
    return cmocka_run_group_tests_name("base/machine", tests, NULL, NULL);
}
