/* SPDX-License-Identifier: Apache-2.0 */

#include "event_loop.h"

#include <stdlib.h>

/* Waits beyond these take memory from malloc for the time of a poll. */
#define POLLABLES_AT_HAND 16

/* So many tasks run behind one another before the host is asked what else is ready. */
#define TASKS_BETWEEN_POLLS 64

void event_loop_init(struct event_loop *loop)
{
    list_init(&loop->waits);
    list_init(&loop->tasks);
    list_init(&loop->timers);
    loop->order = 0;
    loop->tasks_since_poll = 0;
}

void event_loop_init_wait(struct wait *wait)
{
    list_init(&wait->link);
    wait->pollable = HOST_HANDLE_NONE;
    wait->ready = NULL;
}

void event_loop_wait(struct event_loop *loop, struct wait *wait, host_handle pollable,
                     void (*ready)(struct wait *wait))
{
    wait->pollable = pollable;
    wait->ready = ready;
    list_append(&loop->waits, &wait->link);
}

void event_loop_cancel_wait(struct wait *wait)
{
    if (wait->pollable == HOST_HANDLE_NONE)
        return;
    list_remove(&wait->link);
    host_pollable_drop(wait->pollable);
    wait->pollable = HOST_HANDLE_NONE;
}

static struct task *task_of(struct list *link)
{
    return LIST_MEMBER(link, struct task, link);
}

void event_loop_add_task(struct event_loop *loop, struct task *task, uint64_t time_ns,
                         void (*run)(struct task *task))
{
    struct list *before = &loop->timers;
    task->time_ns = time_ns;
    task->order = loop->order++;
    task->run = run;
    if (time_ns == 0) {
        list_append(&loop->tasks, &task->link);
        return;
    }
    while (before->previous != &loop->timers && task_of(before->previous)->time_ns > time_ns)
        before = before->previous;
    list_append(before, &task->link);
}

bool event_loop_is_empty(const struct event_loop *loop)
{
    return list_is_empty(&loop->waits) && list_is_empty(&loop->tasks) &&
           list_is_empty(&loop->timers);
}

/* Moves the timers whose time has come to the tasks. */
static void ripen(struct event_loop *loop)
{
    if (list_is_empty(&loop->timers))
        return;
    uint64_t now_ns = host_monotonic_ns();
    while (!list_is_empty(&loop->timers) && task_of(loop->timers.next)->time_ns <= now_ns) {
        struct list *link = loop->timers.next;
        list_remove(link);
        list_append(&loop->tasks, link);
    }
}

static void run_task(struct event_loop *loop)
{
    struct task *task = task_of(loop->tasks.next);
    list_remove(&task->link);
    task->run(task);
}

static size_t count_waits(const struct event_loop *loop)
{
    size_t count = 0;
    for (const struct list *link = loop->waits.next; link != &loop->waits; link = link->next)
        count++;
    return count;
}

/* A pollable for what is due next by itself, or none. */
static host_handle timer_pollable(const struct event_loop *loop)
{
    if (!list_is_empty(&loop->tasks))
        return host_timer(0);
    if (list_is_empty(&loop->timers))
        return HOST_HANDLE_NONE;
    uint64_t now_ns = host_monotonic_ns();
    uint64_t time_ns = task_of(loop->timers.next)->time_ns;
    return host_timer(time_ns > now_ns ? time_ns - now_ns : 0);
}

/* Takes the waits that are ready off the list before it calls the first: a callback may cancel
 * another one, which then finds itself on no list that matters. */
static void call_ready(struct event_loop *loop, const host_handle *pollables, const bool *ready,
                       size_t count)
{
    struct list ready_waits;
    list_init(&ready_waits);
    struct list *link = loop->waits.next;
    for (size_t i = 0; i < count && link != &loop->waits; i++) {
        struct list *next = link->next;
        struct wait *wait = LIST_MEMBER(link, struct wait, link);
        if (wait->pollable == pollables[i] && ready[i]) {
            list_remove(link);
            list_append(&ready_waits, link);
        }
        link = next;
    }
    while (!list_is_empty(&ready_waits)) {
        struct wait *wait = LIST_MEMBER(ready_waits.next, struct wait, link);
        event_loop_cancel_wait(wait);
        wait->ready(wait);
    }
}

static void poll(struct event_loop *loop)
{
    host_handle pollables_at_hand[POLLABLES_AT_HAND];
    bool ready_at_hand[POLLABLES_AT_HAND];
    host_handle *pollables = pollables_at_hand;
    bool *ready = ready_at_hand;
    size_t waits = count_waits(loop);
    if (waits + 1 > POLLABLES_AT_HAND) {
        pollables = malloc((waits + 1) * sizeof(*pollables));
        ready = malloc((waits + 1) * sizeof(*ready));
        if (pollables == NULL || ready == NULL)
            abort(); /* a guest without memory for its waits is ended */
    }
    size_t count = 0;
    for (struct list *link = loop->waits.next; link != &loop->waits; link = link->next)
        pollables[count++] = LIST_MEMBER(link, struct wait, link)->pollable;
    host_handle timer = timer_pollable(loop);
    if (timer != HOST_HANDLE_NONE)
        pollables[count++] = timer;
    host_poll(pollables, count, ready);
    if (timer != HOST_HANDLE_NONE)
        host_pollable_drop(timer);
    call_ready(loop, pollables, ready, waits);
    if (pollables != pollables_at_hand) {
        free(pollables);
        free(ready);
    }
}

void event_loop_turn(struct event_loop *loop)
{
    ripen(loop);
    if (list_is_empty(&loop->tasks) ||
        (loop->tasks_since_poll >= TASKS_BETWEEN_POLLS && !list_is_empty(&loop->waits))) {
        loop->tasks_since_poll = 0;
        poll(loop);
    } else {
        loop->tasks_since_poll++;
        run_task(loop);
    }
}
