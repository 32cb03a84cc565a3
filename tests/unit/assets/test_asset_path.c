/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void expect_path(const char *target, const char *expected)
{
    char path[ASSET_PATH_BYTES];
    if (!asset_path_read(slice_of(target), path))
        fail_msg("%s names no asset", target);
    assert_string_equal(path, expected);
}

static void expect_none(const char *target)
{
    char path[ASSET_PATH_BYTES];
    if (asset_path_read(slice_of(target), path))
        fail_msg("%s names %s", target, path);
}

static void a_path_is_decoded(void **state)
{
    (void)state;
    expect_path("/", "");
    expect_path("/a", "a");
    expect_path("/a/b.css", "a/b.css");
    expect_path("/docs/", "docs/");
    expect_path("/a%20b/%c3%A4.svg", "a b/\xc3\xa4.svg");
    expect_path("/100%25", "100%");
    expect_path("/a+b:c@d;e=f,g~h!i$j&k'l(m)n*", "a+b:c@d;e=f,g~h!i$j&k'l(m)n*");
    expect_path("/%3F%23", "?#");
    /* Decoded once, not twice. */
    expect_path("/%252e%252e/a", "%2e%2e/a");
}

static void a_query_is_none_of_it(void **state)
{
    (void)state;
    expect_path("/a.css?v=1", "a.css");
    expect_path("/?a=/../b", "");
    expect_path("/a?%zz", "a");
}

static void nothing_leads_out(void **state)
{
    static const char *const targets[] = {
        "/..",     "/../a",        "/a/..",        "/a/../b",    "/a/../../b", "/.",
        "/./a",    "/a/./b",       "/%2e%2e/a",    "/.%2e/a",    "/%2E./a",    "/a/%2e%2e",
        "/a%2fb",  "/..%2fa",      "/a%2F..%2F..", "//a",        "/a//b",      "//",
        "/%2fetc", "//etc/passwd", "/a\\..\\b",    "/%5c..%5cb", "/\\evil",    "/..;/a",
        "/...",    "/a/...",       "/%00",         "/a%00.css",  "/a%0a",      "/a%7f",
        "/%1f/a",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        expect_none(targets[i]);
}

static void what_is_hidden_stays_so(void **state)
{
    (void)state;
    expect_none("/.env");
    expect_none("/.git/config");
    expect_none("/a/.git/config");
    expect_none("/%2egit/config");
    expect_none("/a/.b/");
    expect_path("/.well-known/security.txt", ".well-known/security.txt");
    expect_none("/a/.well-known/security.txt");
    expect_none("/.well-knownx");
    expect_none("/.well-known/.a");
}

static void a_percent_that_is_none_names_nothing(void **state)
{
    (void)state;
    expect_none("/%");
    expect_none("/%a");
    expect_none("/%zz");
    expect_none("/a%2");
    expect_none("/a%?20");
}

static void what_is_no_path_names_nothing(void **state)
{
    (void)state;
    expect_none("");
    expect_none("*");
    expect_none("a");
    expect_none("?a");
}

static void names_and_paths_have_an_end(void **state)
{
    char target[2 * ASSET_PATH_BYTES];
    (void)state;
    (void)snprintf(target, sizeof(target), "/%0255d", 0);
    expect_path(target, target + 1);
    (void)snprintf(target, sizeof(target), "/%0256d", 0);
    expect_none(target);
    /* 2047 bytes, the most there is room for; and one more. */
    memset(target, 0, sizeof(target));
    for (size_t i = 0; i < ASSET_PATH_BYTES; i++)
        target[i] = i % 128 == 0 ? '/' : 'a';
    expect_path(target, target + 1);
    target[ASSET_PATH_BYTES] = 'a';
    expect_none(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded),
        cmocka_unit_test(a_query_is_none_of_it),
        cmocka_unit_test(nothing_leads_out),
        cmocka_unit_test(what_is_hidden_stays_so),
        cmocka_unit_test(a_percent_that_is_none_names_nothing),
        cmocka_unit_test(what_is_no_path_names_nothing),
        cmocka_unit_test(names_and_paths_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
