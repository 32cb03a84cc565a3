/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/timeouts.h"

#include <assert.h>
#include <stdlib.h>

#include "base/check.h"
#include "tables/errors.h"

#define SLOT_COUNT_MIN 16

struct timeout_queue {
    struct list timeouts;
    uint64_t length_ns;
};

static_assert((SLOT_COUNT_MIN & (SLOT_COUNT_MIN - 1)) == 0, "slots are found by a mask");

/* What holds between any two operations: there is always a free slot to end a search. */
static void check_timeouts(const struct timeouts *timeouts)
{
    check((timeouts->slot_count & (timeouts->slot_count - 1)) == 0);
    check(timeouts->queue_count <= timeouts->slot_count / 2);
    check((timeouts->slots == NULL) == (timeouts->slot_count == 0));
}

void timeouts_init(struct timeouts *timeouts)
{
    *timeouts = (struct timeouts){.nearest_ns = TIMEOUTS_NEVER};
}

void timeouts_fini(struct timeouts *timeouts)
{
    for (size_t i = 0; i < timeouts->slot_count; i++) {
        struct timeout_queue *queue = timeouts->slots[i];
        while (queue && list_pop_front(&queue->timeouts))
            ;
        free(queue);
    }
    free(timeouts->slots);
    timeouts_init(timeouts);
}

/* The slot of the queue of this length, or the free one where it belongs. */
static struct timeout_queue **find_slot(struct timeout_queue **slots, size_t slot_count,
                                        uint64_t length_ns)
{
    /* Fibonacci hashing: lengths are mostly round numbers, their low bits all zero. */
    size_t i = (length_ns * 0x9e3779b97f4a7c15u) >> 32 & (slot_count - 1);
    while (slots[i] && slots[i]->length_ns != length_ns)
        i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

/* Makes a table that fits the queues in use, and drops the empty ones. */
static int rebuild(struct timeouts *timeouts)
{
    size_t used = 0;
    for (size_t i = 0; i < timeouts->slot_count; i++)
        used += timeouts->slots[i] && !list_empty(&timeouts->slots[i]->timeouts);
    size_t slot_count = SLOT_COUNT_MIN;
    while (slot_count < used * 4)
        slot_count *= 2;
    struct timeout_queue **slots = calloc(slot_count, sizeof(*slots));
    if (!slots)
        return ERROR_OUT_OF_MEMORY;
    for (size_t i = 0; i < timeouts->slot_count; i++) {
        struct timeout_queue *queue = timeouts->slots[i];
        if (queue && !list_empty(&queue->timeouts))
            *find_slot(slots, slot_count, queue->length_ns) = queue;
        else
            free(queue);
    }
    free(timeouts->slots);
    timeouts->slots = slots;
    timeouts->slot_count = slot_count;
    timeouts->queue_count = used;
    check_timeouts(timeouts);
    return 0;
}

/* The queue of this length, made where there is none; NULL without memory. */
static struct timeout_queue *queue_of(struct timeouts *timeouts, uint64_t length_ns)
{
    if (timeouts->slot_count > 0) {
        struct timeout_queue *queue = *find_slot(timeouts->slots, timeouts->slot_count, length_ns);
        if (queue)
            return queue;
    }
    if ((timeouts->queue_count + 1) * 2 > timeouts->slot_count && rebuild(timeouts) < 0)
        return NULL;
    struct timeout_queue *queue = malloc(sizeof(*queue));
    if (!queue)
        return NULL;
    list_init(&queue->timeouts);
    queue->length_ns = length_ns;
    *find_slot(timeouts->slots, timeouts->slot_count, length_ns) = queue;
    timeouts->queue_count++;
    check_timeouts(timeouts);
    return queue;
}

static struct loop_timeout *timeout_at(struct list *link)
{
    return container_of(link, struct loop_timeout, link);
}

int timeouts_start(struct timeouts *timeouts, struct loop_timeout *timeout, uint64_t now_ns,
                   uint64_t after_ns)
{
    check(list_empty(&timeout->link));
    if (after_ns >= TIMEOUTS_NEVER - now_ns)
        return 0;
    struct timeout_queue *queue = queue_of(timeouts, after_ns);
    if (!queue)
        return ERROR_OUT_OF_MEMORY;
    timeout->due_ns = now_ns + after_ns;
    /* What makes a queue of it: time does not go back. */
    check(list_empty(&queue->timeouts) ||
          timeout_at(queue->timeouts.previous)->due_ns <= timeout->due_ns);
    list_push_back(&queue->timeouts, &timeout->link);
    if (timeout->due_ns < timeouts->nearest_ns)
        timeouts->nearest_ns = timeout->due_ns;
    check(timeouts->nearest_ns <= timeout->due_ns);
    return 0;
}

/* Moves what is due from the front of a queue into `due`; both are in the order of due times. */
static void take_due(struct timeout_queue *queue, uint64_t now_ns, struct list *due)
{
    struct list *place = due->next;
    while (!list_empty(&queue->timeouts)) {
        struct list *link = queue->timeouts.next;
        uint64_t due_ns = timeout_at(link)->due_ns;
        if (due_ns > now_ns)
            return;
        while (place != due && timeout_at(place)->due_ns <= due_ns)
            place = place->next;
        list_remove(link);
        list_push_back(place, link);
    }
}

size_t timeouts_expire(struct timeouts *timeouts, uint64_t now_ns)
{
    if (now_ns < timeouts->nearest_ns)
        return 0;
    struct list due;
    list_init(&due);
    timeouts->nearest_ns = TIMEOUTS_NEVER;
    for (size_t i = 0; i < timeouts->slot_count; i++) {
        struct timeout_queue *queue = timeouts->slots[i];
        if (!queue)
            continue;
        take_due(queue, now_ns, &due);
        if (list_empty(&queue->timeouts))
            continue;
        uint64_t front_ns = timeout_at(queue->timeouts.next)->due_ns;
        if (front_ns < timeouts->nearest_ns)
            timeouts->nearest_ns = front_ns;
    }
    /* They stay linked until their turn comes, so that one may stop another. */
    size_t count = 0;
    for (struct list *link; (link = list_pop_front(&due)); count++) {
        check(timeout_at(link)->due_ns <= now_ns);
        timeout_at(link)->expired(timeout_at(link));
    }
    return count;
}
