/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/field_syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 9110, 5.6.2, byte by byte. */
static void tokens_are_made_of_token_bytes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[3] = {'a', (char)byte, 'b'};
        bool expected = byte != 0 && byte < 0x80 &&
                        strchr("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz",
                               byte) != NULL;
        assert_int_equal(token_valid((struct slice){.data = text, .bytes = 3}), expected);
    }
    assert_false(token_valid(SLICE("")));
}

/* RFC 9110, 5.5: visible bytes, blanks, and whatever is over 0x7f. */
static void values_have_no_control_bytes(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        bool expected = byte == '\t' || (byte >= ' ' && byte != 0x7f);
        assert_int_equal(field_value_valid((struct slice){.data = &text, .bytes = 1}), expected);
    }
    assert_true(field_value_valid(SLICE("")));
}

/* RFC 3986, 3.2.2; '%' is followed by two digits, which is looked at by whoever reads a host. */
static void hosts_are_unreserved_or_delimiters(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool expected = byte != 0 && byte < 0x80 &&
                        strchr("-._~!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz",
                               byte) != NULL;
        assert_int_equal(byte_is((char)byte, BYTE_OF_HOST_NAME), expected);
    }
    assert_true(bytes_are(SLICE(""), BYTE_OF_HOST_NAME));
    assert_false(bytes_are(SLICE("a b"), BYTE_OF_HOST_NAME));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_made_of_token_bytes),
        cmocka_unit_test(values_have_no_control_bytes),
        cmocka_unit_test(hosts_are_unreserved_or_delimiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
