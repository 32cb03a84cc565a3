/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/wakes.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"

#define CHUNK_SLOTS 64u
#define CHUNKS_MAX 1024u

/* The lower half of a token is a slot's number. */
static_assert((uint64_t)CHUNK_SLOTS * CHUNKS_MAX <= UINT32_MAX, "a token holds every slot");

struct slot {
    void *object; /* the worker's own; NULL: free */
    struct slot *next_free;
    uint32_t index;
    _Atomic uint32_t generation; /* counted up when the object goes */
    atomic_bool queued;          /* stands in the list of other threads' wakes */
    struct slot *next_woken;
};

struct chunk {
    struct slot slots[CHUNK_SLOTS];
};

struct wakes {
    struct loop *loop;
    wakes_woken woken;
    void *context;
    struct slot *free;
    uint32_t chunk_count;
    uint32_t used;
    _Atomic(struct slot *) woken_elsewhere;
    _Atomic uint32_t inside; /* other threads within wakes_wake */
    atomic_bool open;
    atomic_bool sent; /* the message is under way */
    struct loop_message message;
    struct engine_rest rest;
    _Atomic(struct chunk *) chunks[CHUNKS_MAX];
};

static void woken_elsewhere(struct loop_message *message)
{
    struct wakes *wakes = container_of(message, struct wakes, message);
    /* Before the list is taken: what is pushed after that sends anew. */
    atomic_store(&wakes->sent, false);
    struct slot *slot = atomic_exchange(&wakes->woken_elsewhere, NULL);
    while (slot) {
        struct slot *next = slot->next_woken;
        atomic_store(&slot->queued, false);
        if (slot->object)
            wakes->woken(wakes->context, slot->object);
        slot = next;
    }
}

int wakes_create(struct loop *loop, wakes_woken woken, void *context, struct wakes **ret_wakes,
                 struct error *error)
{
    check(woken);
    struct wakes *wakes = calloc(1, sizeof *wakes);
    if (!wakes)
        return error_set_memory(error);
    wakes->loop = loop;
    wakes->woken = woken;
    wakes->context = context;
    atomic_init(&wakes->open, true);
    loop_message_init(&wakes->message, woken_elsewhere);
    *ret_wakes = wakes;
    return 0;
}

static bool chunk_add(struct wakes *wakes)
{
    if (wakes->chunk_count == CHUNKS_MAX)
        return false;
    struct chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk)
        return false;
    for (uint32_t i = CHUNK_SLOTS; i-- > 0;) {
        struct slot *slot = &chunk->slots[i];
        slot->index = wakes->chunk_count * CHUNK_SLOTS + i;
        atomic_init(&slot->generation, 1);
        slot->next_free = wakes->free;
        wakes->free = slot;
    }
    atomic_store_explicit(&wakes->chunks[wakes->chunk_count++], chunk, memory_order_release);
    return true;
}

uint64_t wakes_take(struct wakes *wakes, void *object)
{
    check(object);
    if (!wakes->free && !chunk_add(wakes))
        return 0;
    struct slot *slot = wakes->free;
    check(!slot->object && wakes->used < wakes->chunk_count * CHUNK_SLOTS);
    wakes->free = slot->next_free;
    slot->object = object;
    wakes->used++;
    uint32_t generation = atomic_load_explicit(&slot->generation, memory_order_relaxed);
    return (uint64_t)generation << 32 | slot->index;
}

/* The slot of a token whose object lives, or NULL. */
static struct slot *slot_find(struct wakes *wakes, uint64_t token)
{
    uint32_t index = (uint32_t)token;
    if (index >= CHUNKS_MAX * CHUNK_SLOTS)
        return NULL;
    struct chunk *chunk =
        atomic_load_explicit(&wakes->chunks[index / CHUNK_SLOTS], memory_order_acquire);
    if (!chunk)
        return NULL;
    struct slot *slot = &chunk->slots[index % CHUNK_SLOTS];
    return atomic_load_explicit(&slot->generation, memory_order_relaxed) == token >> 32 ? slot
                                                                                        : NULL;
}

void wakes_give(struct wakes *wakes, uint64_t token)
{
    struct slot *slot = slot_find(wakes, token);
    check(slot && slot->object && wakes->used > 0);
    slot->object = NULL;
    /* 0 would make a token of 0 in the first slot. */
    uint32_t generation = (uint32_t)(token >> 32) + 1;
    atomic_store_explicit(&slot->generation, generation ? generation : 1, memory_order_relaxed);
    /* A slot that still stands in the list of wakes may be used again: its new object is then
     * woken once for nothing. */
    slot->next_free = wakes->free;
    wakes->free = slot;
    wakes->used--;
}

static void wake_elsewhere(struct wakes *wakes, struct slot *slot)
{
    if (atomic_exchange(&slot->queued, true))
        return;
    struct slot *head = atomic_load(&wakes->woken_elsewhere);
    do {
        slot->next_woken = head;
    } while (!atomic_compare_exchange_weak(&wakes->woken_elsewhere, &head, slot));
    if (!atomic_exchange(&wakes->sent, true))
        loop_post(wakes->loop, &wakes->message);
}

void wakes_wake(void *context, uint64_t token)
{
    struct wakes *wakes = context;
    /* `inside` is counted up before `open` is read, and `open` is cleared before `inside` is read:
     * so whoever closes is either seen here or waits for us, and the loop is there. */
    atomic_fetch_add(&wakes->inside, 1);
    struct slot *slot = atomic_load(&wakes->open) ? slot_find(wakes, token) : NULL;
    if (slot) {
        if (!loop_is_current(wakes->loop))
            wake_elsewhere(wakes, slot);
        else if (slot->object)
            wakes->woken(wakes->context, slot->object);
    }
    atomic_fetch_sub(&wakes->inside, 1);
}

void wakes_close(struct wakes *wakes)
{
    check(wakes->used == 0);
    check(atomic_load(&wakes->open));
    atomic_store(&wakes->open, false);
}

bool wakes_settled(struct wakes *wakes)
{
    check(!atomic_load(&wakes->open));
    return atomic_load(&wakes->inside) == 0 && !atomic_load(&wakes->sent);
}

static void rest_destroy(struct engine_rest *rest)
{
    wakes_destroy(container_of(rest, struct wakes, rest));
}

void wakes_leave(struct wakes *wakes, struct engine *engine)
{
    check(wakes_settled(wakes));
    wakes->rest.destroy = rest_destroy;
    engine_leave(engine, &wakes->rest);
}

void wakes_destroy(struct wakes *wakes)
{
    if (!wakes)
        return;
    for (uint32_t i = 0; i < wakes->chunk_count; i++)
        free(atomic_load(&wakes->chunks[i]));
    free(wakes);
}
