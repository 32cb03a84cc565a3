/* SPDX-License-Identifier: Apache-2.0 */

/* What a match of a regular expression can begin with, so that libregexp, which takes a hundred
 * instructions to see that none begins at a character, is not asked at each. Part of
 * quickjs_engine.c. */

/* The operations are libregexp's own; this is how it numbers them. */
enum regexp_operation {
#define DEF(id, size) OPERATION_##id,
#include "libregexp-opcode.h"
#undef DEF
};

/* Header, and the loop over all beginnings that expressions have which keep no position. */
#define REGEXP_LOOP_OFFSET 8
#define REGEXP_BODY_OFFSET (REGEXP_LOOP_OFFSET + 5 + 1 + 5)

/* So many operations are looked at, and ranges of so many characters: where there are more, most
 * characters begin a match anyway. */
#define REGEXP_STEPS_MAX 32
#define REGEXP_RANGE_MAX 64

/* Characters of Latin-1. */
struct regexp_start {
    uint32_t bits[8];
    int steps;
};

static void regexp_start_add(struct regexp_start *start, uint32_t character)
{
    if (character < 256)
        start->bits[character / 32] |= 1u << (character % 32);
}

static bool regexp_start_has(const struct regexp_start *start, uint8_t character)
{
    return (start->bits[character / 32] >> (character % 32)) & 1;
}

static bool regexp_start_add_ranges(struct regexp_start *start, const uint8_t *at)
{
    int count = get_u16(at);
    for (int i = 0; i < count; i++) {
        uint32_t low = get_u16(at + 2 + 4 * i);
        uint32_t high = get_u16(at + 4 + 4 * i);
        if (low >= 256)
            return true; /* they are in order */
        if (high - low >= REGEXP_RANGE_MAX)
            return false;
        for (uint32_t character = low; character <= high; character++)
            regexp_start_add(start, character);
    }
    return true;
}

/* Adds what can be read first from an operation on. False: anything, or nothing at all. What only
 * looks at its surroundings is passed by, since a character must be read after it all the same. */
static bool regexp_start_from(struct regexp_start *start, const uint8_t *at)
{
    while (start->steps++ < REGEXP_STEPS_MAX) {
        switch (at[0]) {
        case OPERATION_char:
            regexp_start_add(start, get_u16(at + 1));
            return true;
        case OPERATION_range:
            return regexp_start_add_ranges(start, at + 1);
        case OPERATION_save_start:
        case OPERATION_save_end:
        case OPERATION_set_char_pos:
            at += 2;
            break;
        case OPERATION_save_reset:
            at += 3;
            break;
        case OPERATION_set_i32:
            at += 6;
            break;
        case OPERATION_line_start:
        case OPERATION_line_start_m:
        case OPERATION_word_boundary:
        case OPERATION_not_word_boundary:
            at += 1;
            break;
        case OPERATION_goto:
            at += 5 + (int32_t)get_u32(at + 1);
            break;
        case OPERATION_split_goto_first:
        case OPERATION_split_next_first:
            if (!regexp_start_from(start, at + 5))
                return false;
            at += 5 + (int32_t)get_u32(at + 1);
            break;
        default:
            return false;
        }
    }
    return false;
}

/* False where that is not known, or is of no use. */
static bool regexp_start_init(struct regexp_start *start, const uint8_t *bytecode)
{
    if (bytecode[REGEXP_LOOP_OFFSET] != OPERATION_split_goto_first)
        return false;
    *start = (struct regexp_start){0};
    return regexp_start_from(start, bytecode + REGEXP_BODY_OFFSET);
}
