/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void versions_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *version;
    } rows[] = {
        {"v20.1.0\n", "20.1.0"},
        {"cargo 1.95.0 (f2d3ce0bd 2026-03-21)\n", "1.95.0"},
        {"componentize-py 0.25.1", "0.25.1"},
        {"version 3.", "3"},
        {"", ""},
        {"none here", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(
            slice_equal(doctor_find_version(slice_of(rows[i].text)), slice_of(rows[i].version)));
}

static void versions_are_compared_by_their_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *minimum;
        bool suffices;
    } rows[] = {
        {"20.1.0", "20", true},   {"19.9.9", "20", false},   {"1.100", "1.85", true},
        {"1.85.0", "1.85", true}, {"1.84.9", "1.85", false}, {"2", "1.85", true},
        {"1", "1.85", false},     {"", "1", false},          {"", "", true},
        {"1", "", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            doctor_version_suffices(slice_of(rows[i].version), slice_of(rows[i].minimum)),
            rows[i].suffices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_found),
        cmocka_unit_test(versions_are_compared_by_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
