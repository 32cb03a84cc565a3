/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "failing_allocation.h"

#include "base/arena.c"

static void memory_is_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *before = NULL;
    for (size_t bytes = 1; bytes < 200; bytes++) {
        char *memory = arena_allocate(&arena, bytes);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        memset(memory, (int)bytes, bytes);
        if (before)
            assert_int_equal(before[bytes - 2], (char)(bytes - 1));
        before = memory;
    }
    arena_fini(&arena);
}

static void exactly_the_maximum_can_be_had(void **state)
{
    (void)state;
    for (size_t max = 1; max < 5000; max += 37) {
        struct arena arena;
        arena_init(&arena, max);
        assert_null(arena_allocate(&arena, max + 1));
        char *memory = arena_allocate(&arena, max);
        assert_non_null(memory);
        memset(memory, 1, max);
        assert_null(arena_allocate(&arena, 1));
        assert_true(arena.bytes <= max);
        arena_fini(&arena);
    }
}

static void small_pieces_stop_at_the_maximum(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    size_t had = 0;
    while (arena_allocate(&arena, 16))
        had += 16;
    assert_true(had <= 100000);
    assert_true(had > 99000);
    arena_fini(&arena);
    assert_non_null(arena_allocate(&arena, 16));
    arena_fini(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_allocate(&arena, SIZE_MAX));
    assert_null(arena_allocate(&arena, SIZE_MAX - 8));
    assert_null(arena_copy(&arena, (struct slice){.data = "x", .bytes = SIZE_MAX}).data);
    assert_non_null(arena_allocate(&arena, 8));
    arena_fini(&arena);
}

static void reset_keeps_one_block(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *first = arena_allocate(&arena, 10);
    for (int i = 0; i < 100; i++)
        assert_non_null(arena_allocate(&arena, 1000));
    arena_reset(&arena);
    size_t kept = arena.bytes;
    assert_true(kept > 0 && kept <= KEPT_BLOCK_BYTES_MAX);
    allocations_left = 0;
    assert_ptr_equal(arena_allocate(&arena, 10), first);
    allocations_left = INT_MAX;
    assert_int_equal(arena.bytes, kept);
    arena_fini(&arena);
    assert_int_equal(arena.bytes, 0);
}

static void reset_does_not_keep_a_large_block(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_non_null(arena_allocate(&arena, KEPT_BLOCK_BYTES_MAX + 1));
    arena_reset(&arena);
    assert_int_equal(arena.bytes, 0);
    assert_null(arena.blocks);
    arena_reset(&arena);
    assert_non_null(arena_allocate(&arena, 1 << 20));
    arena_fini(&arena);
}

static void copies_and_prints_are_terminated(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct slice copy = arena_copy(&arena, SLICE("hello"));
    assert_int_equal(copy.bytes, 5);
    assert_string_equal(copy.data, "hello");
    copy = arena_copy(&arena, slice_of(NULL));
    assert_non_null(copy.data);
    assert_string_equal(copy.data, "");
    assert_string_equal(arena_print(&arena, "%s-%d", "a", 7), "a-7");
    assert_string_equal(arena_print(&arena, "%s", ""), "");
    arena_fini(&arena);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    allocations_left = 0;
    assert_null(arena_allocate(&arena, 1));
    assert_null(arena_copy(&arena, SLICE("x")).data);
    assert_null(arena_print(&arena, "x"));
    assert_int_equal(arena.bytes, 0);
    allocations_left = 1;
    assert_non_null(arena_allocate(&arena, 1));
    assert_null(arena_allocate(&arena, FIRST_BLOCK_BYTES));
    allocations_left = INT_MAX;
    assert_non_null(arena_allocate(&arena, FIRST_BLOCK_BYTES));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_apart),
        cmocka_unit_test(exactly_the_maximum_can_be_had),
        cmocka_unit_test(small_pieces_stop_at_the_maximum),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(reset_keeps_one_block),
        cmocka_unit_test(reset_does_not_keep_a_large_block),
        cmocka_unit_test(copies_and_prints_are_terminated),
        cmocka_unit_test(without_memory_there_is_none),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
