/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

#define ALIGNMENT alignof(max_align_t)
#define FIRST_BLOCK_BYTES 4096
#define BLOCK_BYTES_MAX 65536
/* A first block larger than this is not kept over a reset: ten thousand idle connections keep
 * theirs. */
#define KEPT_BLOCK_BYTES_MAX 16384

struct arena_block {
    struct arena_block *older;
    size_t bytes; /* of `memory` */
    alignas(max_align_t) char memory[];
};

static_assert(FIRST_BLOCK_BYTES <= KEPT_BLOCK_BYTES_MAX, "an ordinary first block is kept");
static_assert(KEPT_BLOCK_BYTES_MAX <= BLOCK_BYTES_MAX, "what is kept is no larger than a block");
static_assert((ALIGNMENT & (ALIGNMENT - 1)) == 0, "rounding up is done by a mask");
static_assert(sizeof(struct arena_block) % ALIGNMENT == 0, "a block's memory begins aligned");

/* What holds between any two operations. */
static void check_arena(const struct arena *arena)
{
    check(arena->bytes_max > 0 && arena->bytes <= arena->bytes_max);
    check(arena->next <= arena->end);
    check((arena->blocks == NULL) == (arena->next == NULL));
}

void arena_init(struct arena *arena, size_t bytes_max)
{
    check(bytes_max > 0);
    *arena = (struct arena){.bytes_max = bytes_max};
}

void arena_fini(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena_init(arena, arena->bytes_max);
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks && (arena->blocks->older || arena->blocks->bytes > KEPT_BLOCK_BYTES_MAX)) {
        struct arena_block *older = arena->blocks->older;
        arena->bytes -= arena->blocks->bytes;
        free(arena->blocks);
        arena->blocks = older;
    }
    arena->next = arena->blocks ? arena->blocks->memory : NULL;
    arena->end = arena->blocks ? arena->blocks->memory + arena->blocks->bytes : NULL;
    check(arena->blocks || arena->bytes == 0);
    check_arena(arena);
}

/* Adds a block with at least `bytes`. The preferred size doubles so that few blocks are made. */
static bool add_block(struct arena *arena, size_t bytes)
{
    size_t room = arena->bytes_max - arena->bytes;
    if (bytes > room)
        return false;
    size_t preferred = arena->blocks ? arena->blocks->bytes * 2 : FIRST_BLOCK_BYTES;
    if (preferred > BLOCK_BYTES_MAX)
        preferred = BLOCK_BYTES_MAX;
    if (preferred < bytes)
        preferred = bytes;
    if (preferred > room)
        preferred = room;
    if (preferred > SIZE_MAX - sizeof(struct arena_block))
        return false;
    struct arena_block *block = malloc(sizeof(*block) + preferred);
    if (!block)
        return false;
    block->older = arena->blocks;
    block->bytes = preferred;
    arena->blocks = block;
    arena->bytes += preferred;
    arena->next = block->memory;
    arena->end = block->memory + preferred;
    return true;
}

void *arena_allocate(struct arena *arena, size_t bytes)
{
    check_arena(arena);
    /* The next one must be aligned, too, but the last may end right at the maximum. */
    size_t left = (size_t)(arena->end - arena->next);
    if (!arena->blocks || bytes > left) {
        if (!add_block(arena, bytes))
            return NULL;
        left = (size_t)(arena->end - arena->next);
    }
    check(bytes <= left);
    char *memory = arena->next;
    size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    arena->next += rounded > left || rounded < bytes ? left : rounded;
    check(((uintptr_t)memory & (ALIGNMENT - 1)) == 0);
    return memory;
}

struct slice arena_copy(struct arena *arena, struct slice slice)
{
    char *memory = slice.bytes == SIZE_MAX ? NULL : arena_allocate(arena, slice.bytes + 1);
    if (!memory)
        return (struct slice){.data = NULL};
    if (slice.bytes > 0)
        memcpy(memory, slice.data, slice.bytes);
    memory[slice.bytes] = '\0';
    return (struct slice){.data = memory, .bytes = slice.bytes};
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (bytes < 0)
        return NULL;
    char *text = arena_allocate(arena, (size_t)bytes + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    int again = vsnprintf(text, (size_t)bytes + 1, format, arguments);
    va_end(arguments);
    check(again == bytes);
    return text;
}
