/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/hop_by_hop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fields_of_one_hop_are_known(void **state)
{
    static const char *const names[] = {"connection",       "Keep-Alive",        "TE",
                                        "Proxy-Connection", "TRANSFER-ENCODING", "upgrade"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(field_is_hop_by_hop(slice_of(names[i])));
}

static void others_are_passed_on(void **state)
{
    static const char *const names[] = {
        "",     "content-length", "host",    "connections", "tea",
        "keep", "x-upgrade",      "trailer", "date",        "proxy-authorization"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(field_is_hop_by_hop(slice_of(names[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_one_hop_are_known),
        cmocka_unit_test(others_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
