/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/output.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/check.h"
#include "tables/errors.h"

#define BLOCK_BYTES 16384
/* How many blocks leave with one system call. */
#define VECTORS_MAX 32

struct http_block {
    struct http_block *next;
    size_t capacity;
    size_t begin; /* of what waits, in memory */
    size_t end;
    char memory[];
};

#define BLOCK_CAPACITY (BLOCK_BYTES - sizeof(struct http_block))

static_assert(VECTORS_MAX <= IOV_MAX, "sendmsg takes as many");
static_assert(BLOCK_BYTES > 2 * sizeof(struct http_block), "a block is mostly memory");

/* What holds between any two operations. */
static void check_pool(const struct http_block_pool *pool)
{
    check(pool->count <= pool->count_max);
    check((pool->free == NULL) == (pool->count == 0));
}

static void check_output(const struct http_output *output)
{
    check((output->first == NULL) == (output->last == NULL));
    check((output->first == NULL) == (output->write == NULL));
    check(output->first || output->bytes == 0);
    check(!output->last || !output->last->next);
    check(!output->write || (output->write->begin <= output->write->end &&
                             output->write->end <= output->write->capacity));
}

void http_block_pool_init(struct http_block_pool *pool, size_t count_max, struct fault *fault)
{
    *pool = (struct http_block_pool){.count_max = count_max, .fault = fault};
}

void http_block_pool_fini(struct http_block_pool *pool)
{
    while (pool->free) {
        struct http_block *block = pool->free;
        pool->free = block->next;
        free(block);
    }
    pool->count = 0;
    check_pool(pool);
}

/* A block of at least `bytes`; of the usual size where that is enough. */
static struct http_block *take_block(struct http_block_pool *pool, size_t bytes)
{
    struct http_block *block = pool->free;
    check_pool(pool);
    if (bytes <= BLOCK_CAPACITY && block) {
        pool->free = block->next;
        pool->count--;
    } else {
        size_t capacity = bytes > BLOCK_CAPACITY ? bytes : BLOCK_CAPACITY;
        if (capacity > SIZE_MAX - sizeof(*block) || fault_hits(pool->fault, FAULT_ALLOCATION))
            return NULL;
        block = malloc(sizeof(*block) + capacity);
        if (!block)
            return NULL;
        block->capacity = capacity;
    }
    check(block->capacity >= bytes);
    block->next = NULL;
    block->begin = block->end = 0;
    return block;
}

static void give_block(struct http_block_pool *pool, struct http_block *block)
{
    if (block->capacity != BLOCK_CAPACITY || pool->count == pool->count_max) {
        free(block);
        return;
    }
    block->next = pool->free;
    pool->free = block;
    pool->count++;
    check_pool(pool);
}

void http_output_init(struct http_output *output, struct http_block_pool *pool)
{
    *output = (struct http_output){.pool = pool};
}

void http_output_fini(struct http_output *output)
{
    while (output->first) {
        struct http_block *block = output->first;
        output->first = block->next;
        give_block(output->pool, block);
    }
    http_output_init(output, output->pool);
}

/* Adds a block of at least `bytes` to the end of the chain. */
static bool add_block(struct http_output *output, size_t bytes)
{
    struct http_block *block = take_block(output->pool, bytes);
    if (!block)
        return false;
    if (output->last)
        output->last->next = block;
    else
        output->first = output->write = block;
    output->last = block;
    check_output(output);
    return true;
}

int http_output_reserve(struct http_output *output, size_t bytes)
{
    size_t room = 0;
    for (struct http_block *block = output->write; block; block = block->next)
        room += block->capacity - block->end;
    while (room < bytes) {
        if (!add_block(output, 1))
            return ERROR_OUT_OF_MEMORY;
        room += output->last->capacity;
    }
    check_output(output);
    return 0;
}

void http_output_append(struct http_output *output, struct slice bytes)
{
    while (bytes.bytes > 0) {
        struct http_block *block = output->write;
        check(block);
        size_t room = block->capacity - block->end;
        if (room == 0) {
            output->write = block->next;
            continue;
        }
        size_t piece = bytes.bytes < room ? bytes.bytes : room;
        memcpy(block->memory + block->end, bytes.data, piece);
        block->end += piece;
        output->bytes += piece;
        bytes.data += piece;
        bytes.bytes -= piece;
    }
}

char *http_output_extend(struct http_output *output, size_t bytes)
{
    /* Reserved blocks that are still empty are passed over, and may end up between full ones. */
    if (!output->write || output->write->capacity - output->write->end < bytes) {
        if (!add_block(output, bytes))
            return NULL;
        output->write = output->last;
    }
    char *memory = output->write->memory + output->write->end;
    output->write->end += bytes;
    output->bytes += bytes;
    check_output(output);
    return memory;
}

char *http_output_open(struct http_output *output, size_t bytes, struct http_block **ret_block)
{
    struct http_block *block = output->write;
    if (!block || block->end > 0 || block->capacity < bytes) {
        if (!add_block(output, bytes))
            return NULL;
        output->write = block = output->last;
    }
    check(block->begin == 0 && block->end == 0);
    block->end = bytes;
    output->bytes += bytes;
    check_output(output);
    *ret_block = block;
    return block->memory;
}

void http_output_cut(struct http_output *output, struct http_block *block, size_t bytes)
{
    check(block->begin == 0 && bytes <= block->end && bytes <= output->bytes);
    block->begin = bytes;
    output->bytes -= bytes;
}

/* Takes what has left off the front. Blocks that are used up go back to the pool. */
static void drop_front(struct http_output *output, size_t bytes)
{
    check(bytes <= output->bytes);
    output->bytes -= bytes;
    check_output(output);
    while (output->first) {
        struct http_block *block = output->first;
        check(block->begin <= block->end);
        size_t waiting = block->end - block->begin;
        if (bytes < waiting) {
            block->begin += bytes;
            return;
        }
        bytes -= waiting;
        block->begin = block->end;
        if (block == output->write && output->bytes == 0) {
            http_output_fini(output);
            return;
        }
        check(block != output->write);
        output->first = block->next;
        give_block(output->pool, block);
    }
}

ssize_t http_output_send(struct http_output *output, int socket)
{
    struct iovec vectors[VECTORS_MAX];
    struct msghdr message = {.msg_iov = vectors};
    check(output->bytes > 0);
    for (struct http_block *block = output->first; block && message.msg_iovlen < VECTORS_MAX;
         block = block->next) {
        if (block->end == block->begin)
            continue;
        vectors[message.msg_iovlen++] = (struct iovec){
            .iov_base = block->memory + block->begin,
            .iov_len = block->end - block->begin,
        };
    }
    check(message.msg_iovlen > 0);
    if (fault_hits(output->pool->fault, FAULT_WRITE))
        return -EPIPE;
    ssize_t sent;
    do {
        sent = message.msg_iovlen == 1
                   ? send(socket, vectors[0].iov_base, vectors[0].iov_len, MSG_NOSIGNAL)
                   : sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    drop_front(output, (size_t)sent);
    return sent;
}
