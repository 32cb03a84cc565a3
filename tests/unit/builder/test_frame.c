/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tables/errors.h"

static void parts_stand_behind_one_another(void **state)
{
    const struct frame frame = {
        .stage = "script", .name = SLICE("main.js"), .source = SLICE("a\n\0b"), .map = SLICE("{}")};
    static const char wanted[] = "fn0-javascript 1 script 7 4 2\nmain.jsa\n\0b{}";
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1024);
    assert_int_equal(frame_append(&buffer, &frame), 0);
    assert_int_equal(buffer_bytes(&buffer), sizeof(wanted) - 1);
    assert_memory_equal(buffer_slice(&buffer).data, wanted, sizeof(wanted) - 1);
    buffer_fini(&buffer);
}

static void parts_may_be_empty(void **state)
{
    const struct frame frame = {.stage = "library"};
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 1024);
    assert_int_equal(frame_append(&buffer, &frame), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("fn0-javascript 1 library 0 0 0\n")));
    buffer_fini(&buffer);
    buffer_init(&buffer, 8);
    assert_int_equal(frame_append(&buffer, &frame), ERROR_FULL);
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_stand_behind_one_another),
        cmocka_unit_test(parts_may_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
