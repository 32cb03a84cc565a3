/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/nearest.h"

static const char *find(const char *wrong)
{
    static const char *const names[] = {"serve",      "init",      "deploy",    "limits.max.cpu",
                                        "limits.cpu", "log.level", "net.listen"};
    struct nearest nearest;
    nearest_init(&nearest, wrong);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nearest_offer(&nearest, names[i]);
    return nearest.best;
}

static void what_is_alike_is_found(void **state)
{
    (void)state;
    assert_string_equal(find("sevre"), "serve");
    assert_string_equal(find("serv"), "serve");
    assert_string_equal(find("seerve"), "serve");
    assert_string_equal(find("inti"), "init");
    assert_string_equal(find("dpeloy"), "deploy");
    assert_string_equal(find("serve"), "serve");
    assert_string_equal(find("log.levle"), "log.level");
    assert_string_equal(find("listen"), "net.listen");
    assert_string_equal(find("limits.pcu"), "limits.cpu");
}

static void of_two_the_shorter_is_taken(void **state)
{
    (void)state;
    assert_string_equal(find("cpu"), "limits.cpu");
}

static void what_is_not_is_not(void **state)
{
    (void)state;
    assert_null(find(""));
    assert_null(find("x"));
    assert_null(find("xy"));
    assert_null(find("zebra"));
    assert_null(find("evres"));
    assert_null(find("a name that is far longer than what anybody would ever mistype, by far"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_alike_is_found),
        cmocka_unit_test(of_two_the_shorter_is_taken),
        cmocka_unit_test(what_is_not_is_not),
    };
    return cmocka_run_group_tests_name("base/nearest", tests, NULL, NULL);
}
