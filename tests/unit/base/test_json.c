/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tables/errors.h"

static void expect(struct slice text, const char *wanted)
{
    struct buffer buffer;

    buffer_init(&buffer, 256);
    assert_int_equal(json_append_text(&buffer, text), 0);
    assert_int_equal(buffer_bytes(&buffer), strlen(wanted));
    assert_memory_equal(buffer_slice(&buffer).data, wanted, strlen(wanted));
    buffer_fini(&buffer);
}

static void text_stands_between_quotes(void **state)
{
    (void)state;
    expect(SLICE(""), "\"\"");
    expect(SLICE("plain \xc3\xa4"), "\"plain \xc3\xa4\"");
    expect(SLICE("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    expect(SLICE("\n\r\t"), "\"\\n\\r\\t\"");
}

static void nothing_in_it_is_obeyed(void **state)
{
    (void)state;
    expect(SLICE("\x1b[31m\0\x7f"), "\"\\u001b[31m\\u0000\\u007f\"");
    expect(SLICE("\xc2\x9b"), "\"\\u009b\"");
    expect(SLICE("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void without_room_it_fails(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 4);
    assert_int_equal(json_append_text(&buffer, SLICE("long")), ERROR_FULL);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stands_between_quotes),
        cmocka_unit_test(nothing_in_it_is_obeyed),
        cmocka_unit_test(without_room_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
