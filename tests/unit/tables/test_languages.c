/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/languages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_row_is_whole(void **state)
{
    (void)state;
    assert_null(language_info(LANGUAGE_AUTO));
    assert_null(language_info(LANGUAGE_COUNT));
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT; i++) {
        const struct language_info *info = language_info((enum language)i);
        assert_int_equal(info->language, i);
        assert_true(strlen(info->word) > 0 && strlen(info->title) > 0);
        assert_int_equal(info->endings[0], '.');
        /* The words of the configuration are in the order of the enum. */
        const char *word = "auto" LANGUAGE_WORDS;
        for (int place = 0; place < i; place++)
            word += strcspn(word, "|") + 1;
        assert_int_equal(strcspn(word, "|"), strlen(info->word));
        assert_memory_equal(word, info->word, strlen(info->word));
    }
}

static void names_tell_languages(void **state)
{
    (void)state;
    assert_int_equal(language_of_source("a.ts"), LANGUAGE_TYPESCRIPT);
    assert_int_equal(language_of_source("b.c/a.b.mjs"), LANGUAGE_JAVASCRIPT);
    assert_int_equal(language_of_source("./a.c"), LANGUAGE_C);
    static const char *const unknown[] = {"", "a", "a.cc", "a.j", "a.jsxx", "a.c/b", "ts", "a."};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_int_equal(language_of_source(unknown[i]), LANGUAGE_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_whole),
        cmocka_unit_test(names_tell_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
