/* SPDX-License-Identifier: AGPL-3.0-only */

/* Memory that is given back all at once: of a request, of a call, of a configuration.
 *
 * An arena cannot be made without a maximum. What counts towards it is the memory of its blocks,
 * the small remainders at their ends included, so the maximum bounds what the process really pays;
 * a first piece of exactly the maximum can be had. Blocks grow from 4 KiB to 64 KiB, larger pieces
 * have a block of their own.
 *
 * Embedded; arena_init begins its life, arena_fini ends it. One thread. */

#ifndef FN0_BASE_ARENA_H
#define FN0_BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

/* A piece of memory that an arena took from the allocator; its insides are arena.c's. */
struct arena_block;

/* Its members are not for others, but for `bytes`. */
struct arena {
    struct arena_block *blocks; /* the newest first */
    char *next;                 /* what is free of the newest, from here */
    char *end;                  /* to here */
    size_t bytes;               /* handed out and reserved */
    size_t bytes_max;
};

/* Begins empty; nothing is allocated until something is asked for. `bytes_max` over 0. */
void arena_init(struct arena *arena, size_t bytes_max);

/* Frees all. The arena can be used again. */
void arena_fini(struct arena *arena);

/* Forgets all that was handed out but keeps the first block, so that a kept-alive connection
 * allocates nothing. */
void arena_reset(struct arena *arena);

/* `bytes` of memory aligned for any type, not cleared; NULL when the maximum or the memory is
 * exhausted. */
void *arena_allocate(struct arena *arena, size_t bytes);

/* Copies a slice; the copy is also terminated by a zero, not counted. `data` is NULL when there is
 * no memory. */
struct slice arena_copy(struct arena *arena, struct slice slice);

/* printf into the arena; a terminated string, or NULL when there is no memory. */
char *arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
