/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "failing_allocation.h"

#include "base/buffer.c"

static void what_is_added_is_held(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    assert_int_equal(buffer_slice(&buffer).bytes, 0);
    assert_int_equal(buffer_append(&buffer, SLICE("hello ")), 0);
    assert_int_equal(buffer_print(&buffer, "%s %d", "world", 42), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("hello world 42")));
    buffer_consume(&buffer, 6);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("world 42")));
    buffer_consume(&buffer, 8);
    assert_int_equal(buffer_bytes(&buffer), 0);
    assert_int_equal(buffer_append(&buffer, slice_of(NULL)), 0);
    buffer_fini(&buffer);
}

static void the_maximum_is_a_wall(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_int_equal(buffer_append(&buffer, SLICE("123456")), ERROR_FULL);
    assert_int_equal(buffer_bytes(&buffer), 0);
    assert_int_equal(buffer_append(&buffer, SLICE("12345")), 0);
    assert_int_equal(buffer_append(&buffer, SLICE("6")), ERROR_FULL);
    assert_int_equal(buffer_print(&buffer, "6"), ERROR_FULL);
    assert_int_equal(buffer_print(&buffer, "%s", ""), 0);
    assert_null(buffer_reserve(&buffer, 1));
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("12345")));
    buffer_consume(&buffer, 2);
    assert_int_equal(buffer_append(&buffer, SLICE("678")), ERROR_FULL);
    assert_int_equal(buffer_append(&buffer, SLICE("67")), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("34567")));
    buffer_fini(&buffer);
}

static void a_print_that_just_fits_fits(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 8);
    assert_int_equal(buffer_print(&buffer, "%08d", 1), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("00000001")));
    buffer_consume(&buffer, 4);
    assert_int_equal(buffer_print(&buffer, "%05d", 2), ERROR_FULL);
    assert_int_equal(buffer_print(&buffer, "%04d", 2), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("00010002")));
    buffer_fini(&buffer);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX);
    assert_int_equal(buffer_append(&buffer, SLICE("x")), 0);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    /* Volatile, or the compiler sees it coming and warns. */
    volatile size_t all = SIZE_MAX;
    assert_int_equal(buffer_append(&buffer, (struct slice){.data = "", .bytes = all}), ERROR_FULL);
    buffer_fini(&buffer);
}

static void what_is_reserved_can_be_written(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10000);
    char *room = buffer_reserve(&buffer, 3000);
    assert_non_null(room);
    memset(room, 'a', 3000);
    buffer_commit(&buffer, 2999);
    assert_int_equal(buffer_bytes(&buffer), 2999);
    assert_non_null(buffer_reserve(&buffer, 0));
    assert_int_equal(buffer_bytes(&buffer), 2999);
    assert_null(buffer_reserve(&buffer, 7002));
    assert_non_null(buffer_reserve(&buffer, 7001));
    buffer_fini(&buffer);
}

/* As a connection uses it: much goes through, little is held; the memory must not grow with what
 * went through. */
static void a_queue_keeps_order_and_does_not_grow(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    unsigned char written = 0;
    unsigned char read = 0;
    for (int round = 0; round < 20000; round++) {
        char piece[97];
        for (size_t i = 0; i < sizeof(piece); i++)
            piece[i] = (char)written++;
        struct slice all = {.data = piece, .bytes = sizeof(piece)};
        assert_int_equal(buffer_append(&buffer, all), 0);
        while (buffer_bytes(&buffer) > 50) {
            assert_int_equal((unsigned char)buffer_slice(&buffer).data[0], read++);
            buffer_consume(&buffer, 1);
        }
    }
    assert_true(buffer.capacity <= 1024);
    buffer_fini(&buffer);
}

static void reset_keeps_memory_up_to_a_bound(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10000);
    assert_non_null(buffer_reserve(&buffer, 5000));
    buffer_commit(&buffer, 5000);
    buffer_reset(&buffer, 5000);
    assert_int_equal(buffer_bytes(&buffer), 0);
    assert_non_null(buffer.memory);
    buffer_reset(&buffer, 4999);
    assert_null(buffer.memory);
    assert_int_equal(buffer_append(&buffer, SLICE("x")), 0);
    buffer_fini(&buffer);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10000);
    allocations_left = 0;
    assert_int_equal(buffer_append(&buffer, SLICE("x")), ERROR_OUT_OF_MEMORY);
    assert_int_equal(buffer_print(&buffer, "x"), ERROR_OUT_OF_MEMORY);
    assert_null(buffer_reserve(&buffer, 1));
    allocations_left = INT_MAX;
    assert_int_equal(buffer_append(&buffer, SLICE("abc")), 0);
    buffer_consume(&buffer, 1);
    allocations_left = 0;
    assert_null(buffer_reserve(&buffer, 5000));
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("bc")));
    allocations_left = INT_MAX;
    assert_int_equal(buffer_append(&buffer, SLICE("d")), 0);
    assert_true(slice_equal(buffer_slice(&buffer), SLICE("bcd")));
    buffer_fini(&buffer);
}

/* The print that ends right at the end of the memory needs a piece of its own. */
static void a_print_without_memory_adds_nothing(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, CAPACITY_MIN);
    assert_int_equal(buffer_append(&buffer, SLICE("x")), 0);
    allocations_left = 0;
    assert_int_equal(buffer_print(&buffer, "%0*d", CAPACITY_MIN - 1, 1), ERROR_OUT_OF_MEMORY);
    assert_int_equal(buffer_bytes(&buffer), 1);
    allocations_left = 1;
    assert_int_equal(buffer_print(&buffer, "%0*d", CAPACITY_MIN - 1, 1), 0);
    assert_int_equal(buffer_bytes(&buffer), CAPACITY_MIN);
    allocations_left = INT_MAX;
    buffer_fini(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_held),
        cmocka_unit_test(the_maximum_is_a_wall),
        cmocka_unit_test(a_print_that_just_fits_fits),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(what_is_reserved_can_be_written),
        cmocka_unit_test(a_queue_keeps_order_and_does_not_grow),
        cmocka_unit_test(reset_keeps_memory_up_to_a_bound),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(a_print_without_memory_adds_nothing),
    };
    return cmocka_run_group_tests_name("base/buffer", tests, NULL, NULL);
}
