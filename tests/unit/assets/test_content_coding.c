/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/content_coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The codings that a client takes, as "br zstd". */
static void expect(const char *accepted, const char *expected)
{
    const struct field fields[] = {
        {SLICE("accept"), SLICE("br")},
        {SLICE("accept-encoding"), slice_of(accepted)},
    };
    struct content_codings codings = content_codings_read(fields, 2);
    char text[64] = "";
    for (size_t i = 0; i < codings.count; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, content_coding_token(codings.items[i]).data);
    }
    assert_string_equal(text, expected);
}

static void what_is_named_is_taken(void **state)
{
    (void)state;
    expect("gzip", "gzip");
    expect("x-gzip", "gzip");
    expect("GZIP, BR", "br gzip");
    expect("gzip, deflate, br, zstd", "br zstd gzip");
    expect("deflate, compress", "");
    expect("", "");
    expect(" ,, gzip ,", "gzip");
    expect("brr, xgzip, zst", "");
}

static void weights_decide_first(void **state)
{
    (void)state;
    expect("br;q=0.1, gzip;q=0.5, zstd;q=0.3", "gzip zstd br");
    expect("gzip;q=1.0, br;q=0.999", "gzip br");
    expect("br; q=0.5 , gzip;Q=0.5", "br gzip");
    expect("br;q=0, gzip", "gzip");
    expect("br;q=0.000", "");
    expect("gzip;q=0.001", "gzip");
}

static void a_star_is_all_that_is_not_named(void **state)
{
    (void)state;
    expect("*", "br zstd gzip");
    expect("*;q=0", "");
    expect("gzip, *;q=0", "gzip");
    expect("gzip;q=0, *", "br zstd");
    expect("br;q=0.2, *;q=0.7", "zstd gzip br");
}

static void whoever_would_rather_have_it_plain_gets_it(void **state)
{
    (void)state;
    expect("identity", "");
    /* What browsers say for a piece of a video. */
    expect("identity;q=1, *;q=0", "");
    expect("identity;q=0.5, gzip;q=0.8, br;q=0.2", "gzip");
    expect("identity;q=0, br", "br");
    expect("identity;q=0.5, gzip;q=0.5", "gzip");
}

static void nonsense_is_passed_over(void **state)
{
    (void)state;
    expect("gzip;q=2", "");
    expect("gzip;q=1.5", "");
    expect("gzip;q=, br", "br");
    expect("gzip;q=0.1234, br", "br");
    expect("gzip;q=a, zstd", "zstd");
    expect("gzip;level=9, br", "br");
    expect("gzip;q=-1", "");
    expect("gzip;q=0,5", "");
    expect(";q=1", "");
}

static void several_fields_are_one_list(void **state)
{
    const struct field fields[] = {
        {SLICE("Accept-Encoding"), SLICE("gzip")},
        {SLICE("accept-encoding"), SLICE("br;q=0.5")},
    };
    struct content_codings codings = content_codings_read(fields, 2);
    (void)state;
    assert_int_equal(codings.count, 2);
    assert_int_equal(codings.items[0], CONTENT_CODING_GZIP);
    assert_int_equal(codings.items[1], CONTENT_CODING_BROTLI);
    assert_int_equal(content_codings_read(NULL, 0).count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_named_is_taken),
        cmocka_unit_test(weights_decide_first),
        cmocka_unit_test(a_star_is_all_that_is_not_named),
        cmocka_unit_test(whoever_would_rather_have_it_plain_gets_it),
        cmocka_unit_test(nonsense_is_passed_over),
        cmocka_unit_test(several_fields_are_one_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
