/* SPDX-License-Identifier: Apache-2.0 */

#include "wiped_memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool is_wiping;

void *__real_realloc(void *memory, size_t bytes);
void __real_free(void *memory);
void *__wrap_realloc(void *memory, size_t bytes);
void __wrap_free(void *memory);

void wiped_memory_begin(void)
{
    is_wiping = true;
}

void wiped_memory_end(void)
{
    is_wiping = false;
}

void __wrap_free(void *memory)
{
    if (is_wiping && memory != NULL)
        memset(memory, 0, malloc_usable_size(memory));
    __real_free(memory);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    if (!is_wiping || memory == NULL)
        return __real_realloc(memory, bytes);
    size_t old_bytes = malloc_usable_size(memory);
    if (bytes <= old_bytes && bytes > old_bytes / 2)
        return memory;
    void *moved = malloc(bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, memory, bytes < old_bytes ? bytes : old_bytes);
    __wrap_free(memory);
    return moved;
}
