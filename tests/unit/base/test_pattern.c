/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *path;
        enum pattern_match match;
    } rows[] = {
        {"a.c", "a.c", PATTERN_WHOLE},
        {"a.c", "b.c", PATTERN_NONE},
        {"*.c", "a.c", PATTERN_WHOLE},
        {"*.c", "a/b.c", PATTERN_NONE},
        {"?.[ch]", "a.h", PATTERN_WHOLE},
        {"src", "src", PATTERN_WHOLE},
        {"src", "src/a/b.c", PATTERN_WHOLE},
        {"src/", "src/a/b.c", PATTERN_WHOLE},
        {"./src", "src/a", PATTERN_WHOLE},
        {".", "a/b", PATTERN_WHOLE},
        {"src", "srcs/a", PATTERN_NONE},
        {"src/*.c", "src", PATTERN_WITHIN},
        {"src/*.c", "src/a.c", PATTERN_WHOLE},
        {"src/*.c", "src/a/b.c", PATTERN_NONE},
        {"src/*.c", "lib", PATTERN_NONE},
        {"src/**", "src", PATTERN_WHOLE},
        {"src/**", "src/a/b/c", PATTERN_WHOLE},
        {"src/**/*.c", "src", PATTERN_WITHIN},
        {"src/**/*.c", "src/a/b", PATTERN_WITHIN},
        {"src/**/*.c", "src/a.c", PATTERN_WHOLE},
        {"src/**/*.c", "src/a/b/c.c", PATTERN_WHOLE},
        {"src/**/*.c", "src/a/b/c.h", PATTERN_WITHIN},
        {"**", "a", PATTERN_WHOLE},
        {"**", "a/b/c", PATTERN_WHOLE},
        {"**/a", "b/c/a", PATTERN_WHOLE},
        /* What is hidden and what tools fill has to be named. */
        {"**", ".git", PATTERN_NONE},
        {"**", ".env", PATTERN_NONE},
        {"**", "a/.b", PATTERN_NONE},
        {"**", "node_modules", PATTERN_NONE},
        {"**", "a/target/b", PATTERN_NONE},
        {"*", "__pycache__", PATTERN_NONE},
        {"*", ".a", PATTERN_NONE},
        {"src", "src/.a", PATTERN_NONE},
        {".cargo/**", ".cargo/config.toml", PATTERN_WHOLE},
        {".cargo", ".cargo/config.toml", PATTERN_WHOLE},
        {".cargo/*", ".cargo", PATTERN_WITHIN},
        {"target/gen", "target", PATTERN_WITHIN},
        {"target/gen", "target/gen/a.c", PATTERN_WHOLE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (pattern_match(rows[i].pattern, rows[i].path) != rows[i].match)
            fail_msg("%s and %s: not %d", rows[i].pattern, rows[i].path, rows[i].match);
    }
}

static void very_long_ones_end(void **state)
{
    (void)state;
    char path[4096] = "a";
    char name[600];
    for (int i = 0; i < 1000; i++)
        strcat(path, "/a");
    assert_int_equal(pattern_match("**/b", path), PATTERN_NONE);
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(pattern_match("*", name), PATTERN_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(very_long_ones_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
