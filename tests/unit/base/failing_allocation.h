/* SPDX-License-Identifier: AGPL-3.0-only */

/* Lets a test fail the Nth allocation of one module: include this, then the module's .c file, whose
 * malloc and its kin then count down here. The library's own object of that module is not linked,
 * since its names are already there. */

#ifndef FN0_TESTS_FAILING_ALLOCATION_H
#define FN0_TESTS_FAILING_ALLOCATION_H

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

/* Allocations that still succeed. A test's own state: each test is a program with one thread. */
static int allocations_left = INT_MAX;

static inline bool allocation_fails(void)
{
    if (allocations_left == 0)
        return true;
    allocations_left--;
    return false;
}

static inline void *counted_malloc(size_t bytes)
{
    return allocation_fails() ? NULL : malloc(bytes);
}

static inline void *counted_calloc(size_t count, size_t bytes)
{
    return allocation_fails() ? NULL : calloc(count, bytes);
}

static inline void *counted_realloc(void *memory, size_t bytes)
{
    return allocation_fails() ? NULL : realloc(memory, bytes);
}

#define malloc counted_malloc
#define calloc counted_calloc
#define realloc counted_realloc

#endif
