/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/fault.h"

static void nothing_fails_unasked(void **state)
{
    (void)state;
    struct fault fault;
    fault_init(&fault);
    for (int i = 0; i < 100; i++) {
        assert_false(fault_hits(&fault, FAULT_READ));
        assert_false(fault_hits(NULL, FAULT_READ));
    }
    assert_int_equal(fault.passed[FAULT_READ], 100);
    assert_false(fault_came(&fault, FAULT_READ));
}

static void only_the_nth_of_its_kind_fails(void **state)
{
    (void)state;
    struct fault fault;
    fault_init(&fault);
    assert_false(fault_hits(&fault, FAULT_WRITE));
    fault_arm(&fault, FAULT_WRITE, 3);
    assert_false(fault_hits(&fault, FAULT_WRITE));
    assert_false(fault_hits(&fault, FAULT_BRIDGE));
    assert_false(fault_hits(&fault, FAULT_WRITE));
    assert_false(fault_came(&fault, FAULT_WRITE));
    assert_true(fault_hits(&fault, FAULT_WRITE));
    assert_true(fault_came(&fault, FAULT_WRITE));
    assert_false(fault_hits(&fault, FAULT_WRITE));
    assert_true(fault_came(&fault, FAULT_WRITE));
    assert_false(fault_came(&fault, FAULT_BRIDGE));
    fault_arm(&fault, FAULT_WRITE, 1);
    assert_false(fault_came(&fault, FAULT_WRITE));
    assert_true(fault_hits(&fault, FAULT_WRITE));
    fault_arm(&fault, FAULT_WRITE, 0);
    assert_false(fault_hits(&fault, FAULT_WRITE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fails_unasked),
        cmocka_unit_test(only_the_nth_of_its_kind_fails),
    };
    return cmocka_run_group_tests_name("base/fault", tests, NULL, NULL);
}
