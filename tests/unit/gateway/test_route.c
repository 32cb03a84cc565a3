/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void expect_name(const char *authority, const char *expected)
{
    char name[FUNCTION_NAME_TEXT_BYTES];
    if (!route_name(slice_of(authority), name))
        fail_msg("%s names no function", authority);
    assert_string_equal(name, expected);
}

static void expect_none(const char *authority)
{
    char name[FUNCTION_NAME_TEXT_BYTES];
    if (route_name(slice_of(authority), name))
        fail_msg("%s names %s", authority, name);
}

static void the_first_label_is_the_name(void **state)
{
    (void)state;
    expect_name("hello.example.com", "hello");
    expect_name("hello.localhost:8080", "hello");
    expect_name("hello", "hello");
    expect_name("hello:80", "hello");
    expect_name("hello.", "hello");
    expect_name("a.b.c.d", "a");
    expect_name("a-1.example.com", "a-1");
    expect_name("1.example.com", "1");
}

static void case_means_nothing(void **state)
{
    (void)state;
    expect_name("HeLLo.Example.COM", "hello");
}

static void an_address_names_nothing(void **state)
{
    (void)state;
    expect_none("127.0.0.1");
    expect_none("127.0.0.1:8080");
    expect_none("127.0.0.1.");
    expect_none("127.1");
    expect_none("2130706433");
    expect_none("[::1]");
    expect_none("[::1]:8080");
    expect_none("::1");
}

static void no_name_is_none(void **state)
{
    (void)state;
    expect_none("");
    expect_none(".");
    expect_none(":80");
    expect_none(".example.com");
    expect_none("-hello.example.com");
    expect_none("hel_lo.example.com");
    expect_none("user@hello.example.com");
    expect_none("h\xc3\xa4llo.example.com");
}

static void a_label_has_63_bytes_at_most(void **state)
{
    (void)state;
    char label[65];
    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    expect_name(label, label);
    label[63] = 'a';
    label[64] = '\0';
    expect_none(label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_label_is_the_name),  cmocka_unit_test(case_means_nothing),
        cmocka_unit_test(an_address_names_nothing),     cmocka_unit_test(no_name_is_none),
        cmocka_unit_test(a_label_has_63_bytes_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
