/* SPDX-License-Identifier: AGPL-3.0-only */

/* What waits to leave through a socket: bytes in a chain of blocks of one size, so that nothing
 * that is gathered is ever moved, and many pieces leave with one system call.
 *
 * Blocks come from a pool and go back to it as they leave; an idle connection holds none. Output
 * and pool are embedded; one thread. */

#ifndef FN0_HTTP_OUTPUT_H
#define FN0_HTTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/slice.h"

struct http_block;

/* Blocks that nobody uses now, the last one used on top: what is taken next is still in the
 * processor's cache. */
struct http_block_pool {
    struct http_block *free;
    size_t count;
    size_t count_max;
    struct fault *fault;
};

/* A chain of blocks. `bytes` is what all of them hold. */
struct http_output {
    struct http_block_pool *pool;
    struct http_block *first; /* leaves next */
    struct http_block *last;  /* the newest in the chain */
    struct http_block *write; /* being filled; those behind it are empty, reserved */
    size_t bytes;
};

/* Begins empty; keeps at most `count_max` blocks (of 16 KiB). `fault` (may be NULL): allocations
 * and writes of its outputs ask it. */
void http_block_pool_init(struct http_block_pool *pool, size_t count_max, struct fault *fault);

/* Frees what is in the pool; no output may hold a block of it any more. */
void http_block_pool_fini(struct http_block_pool *pool);

/* Begins empty. `pool` must outlive it. */
void http_output_init(struct http_output *output, struct http_block_pool *pool);

/* Gives all blocks back, what is in them is lost. */
void http_output_fini(struct http_output *output);

/* How many bytes wait. */
static inline size_t http_output_bytes(const struct http_output *output)
{
    return output->bytes;
}

/* Makes sure that so many bytes can be appended. Returns 0 or ERROR_OUT_OF_MEMORY. */
int http_output_reserve(struct http_output *output, size_t bytes);

/* Appends a copy of bytes for which there is room by http_output_reserve. */
void http_output_append(struct http_output *output, struct slice bytes);

/* Room for so many bytes in one piece, which counts as appended: the caller fills it at once. NULL
 * when there is no memory. */
char *http_output_extend(struct http_output *output, size_t bytes);

/* As http_output_extend, at the beginning of a block of its own, so that its front can be cut off
 * later. *ret_block is valid until something is sent. */
char *http_output_open(struct http_output *output, size_t bytes, struct http_block **ret_block);

/* Drops `bytes` of what http_output_open gave from its front. Nothing was sent meanwhile. */
void http_output_cut(struct http_output *output, struct http_block *block, size_t bytes);

/* Writes to a socket as much as it takes with one system call, which raises no signal. Returns how
 * much that was, or a negative errno value: -EAGAIN when it takes nothing now. Something must
 * wait. */
ssize_t http_output_send(struct http_output *output, int socket);

#endif
