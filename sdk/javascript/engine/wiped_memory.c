/* SPDX-License-Identifier: Apache-2.0 */

#include "wiped_memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

#define PAGE_BYTES 65536
#define PROBE_BYTES ((size_t)64 * 1024)
/* What the allocator (wasi-libc's dlmalloc) keeps free at the end of memory for its own use: there
 * it writes what it reads nowhere. */
#define END_BYTES 128

static uintptr_t memory_end(void)
{
    return (uintptr_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
}

/* What is free at the end of memory still holds the heads of chunks that are no more. */
static void wipe_end(void)
{
    void *probe = malloc(PROBE_BYTES);
    uintptr_t end = memory_end();
    __real_free(probe);
    if (probe == NULL)
        return;
    size_t bytes = end - (uintptr_t)probe - END_BYTES;
    void *rest = malloc(bytes);
    bool is_all = rest == probe && memory_end() == end;
    if (is_all)
        memset(rest, 0, bytes);
    __real_free(rest);
    if (is_all)
        memset((void *)(end - END_BYTES), 0, END_BYTES);
}

void wiped_memory_end(void)
{
    wipe_end();
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
