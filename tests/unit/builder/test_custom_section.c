/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/custom_section.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tables/errors.h"

static void a_section_has_its_length_and_name(void **state)
{
    static const char wanted[] = "\0\x08\x05words...";
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 64);
    assert_int_equal(custom_section_append(&buffer, SLICE("words"), SLICE("..")), 0);
    assert_int_equal(buffer_bytes(&buffer), 10);
    assert_memory_equal(buffer_slice(&buffer).data, wanted, 10);
    buffer_fini(&buffer);
}

static void lengths_take_as_many_bytes_as_they_need(void **state)
{
    static const struct {
        size_t content_bytes;
        const char *head;
        size_t head_bytes;
    } cases[] = {
        {0, "\0\x02\x01n", 4},
        {125, "\0\x7f\x01n", 4},
        {126, "\0\x80\x01\x01n", 5},
        {16381, "\0\xff\x7f\x01n", 5},
        {16382, "\0\x80\x80\x01\x01n", 6},
    };
    static char content[16382];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct slice given = {content, cases[i].content_bytes};
        struct buffer buffer;
        buffer_init(&buffer, 32768);
        assert_int_equal(custom_section_append(&buffer, SLICE("n"), given), 0);
        assert_int_equal(buffer_bytes(&buffer), cases[i].head_bytes + given.bytes);
        assert_memory_equal(buffer_slice(&buffer).data, cases[i].head, cases[i].head_bytes);
        buffer_fini(&buffer);
    }
}

static void a_section_may_not_fit(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 8);
    assert_int_equal(custom_section_append(&buffer, SLICE("name"), SLICE("content")), ERROR_FULL);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_has_its_length_and_name),
        cmocka_unit_test(lengths_take_as_many_bytes_as_they_need),
        cmocka_unit_test(a_section_may_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
