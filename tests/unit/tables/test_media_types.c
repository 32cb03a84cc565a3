/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/media_types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_type_is_told_by_the_ending(void **state)
{
    (void)state;
    assert_string_equal(media_type_of("a.css"), "text/css; charset=utf-8");
    assert_string_equal(media_type_of("b/c.d/INDEX.HTML"), "text/html; charset=utf-8");
    assert_string_equal(media_type_of("app.min.js"), "text/javascript; charset=utf-8");
    assert_string_equal(media_type_of("x.svg"), "image/svg+xml");
    assert_string_equal(media_type_of("x.3gp"), "video/3gpp");
    assert_string_equal(media_type_of("x.zst"), "application/zstd");
}

static void what_is_not_known_is_bytes(void **state)
{
    static const char *const paths[] = {"",     "a",      "css",     "a.",
                                        "a.cs", "a.csss", "a.css/b", "a.css~"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_string_equal(media_type_of(paths[i]), "application/octet-stream");
}

/* They are looked for by halves. */
static void endings_stand_in_order_and_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < media_type_count(); i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "a.%s", media_type_ending_at(i));
        assert_string_not_equal(media_type_of(path), "application/octet-stream");
        if (i > 0)
            assert_true(strcmp(media_type_ending_at(i - 1), media_type_ending_at(i)) < 0);
    }
    assert_null(media_type_ending_at(media_type_count()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_is_told_by_the_ending),
        cmocka_unit_test(what_is_not_known_is_bytes),
        cmocka_unit_test(endings_stand_in_order_and_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
