/* SPDX-License-Identifier: Apache-2.0 */

/* What the engine waits for: pollables of the host's, timers, and tasks that are ready.
 *
 * event_loop_turn runs one task (or all that have become ready in one poll), and waits in the host
 * where nothing is. Microtasks run behind each callback: whoever is called back runs them
 * (engine_run_jobs).
 *
 * Members of `struct wait` and `struct task` are embedded in what waits. One thread. */

#ifndef FN0_JAVASCRIPT_EVENT_LOOP_H
#define FN0_JAVASCRIPT_EVENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "list.h"

/* One wait for a pollable. */
struct wait {
    struct list link;
    host_handle pollable;
    void (*ready)(struct wait *wait); /* off the list, its pollable dropped; may begin again */
};

/* Something to be done at a time, or as soon as it is its turn (time 0). */
struct task {
    struct list link;
    uint64_t time_ns;               /* of the monotonic clock */
    uint64_t order;                 /* equal times run in the order they were set */
    void (*run)(struct task *task); /* off the list */
};

struct event_loop {
    struct list waits;
    struct list tasks;  /* ready, in their order */
    struct list timers; /* by time, then order */
    uint64_t order;
    unsigned tasks_since_poll;
};

/* Empty: nothing waits, and no task is set. It needs no end. */
void event_loop_init(struct event_loop *loop);

/* Waits for a pollable, which the loop drops. */
void event_loop_wait(struct event_loop *loop, struct wait *wait, host_handle pollable,
                     void (*ready)(struct wait *wait));

/* Ends a wait; nothing where it does not wait. */
void event_loop_cancel_wait(struct wait *wait);

/* A wait that is none yet. */
void event_loop_init_wait(struct wait *wait);

/* Runs `task` when the clock shows `time_ns`; 0: at once, behind those that are ready. */
void event_loop_add_task(struct event_loop *loop, struct task *task, uint64_t time_ns,
                         void (*run)(struct task *task));

/* Whether anything may still happen. */
bool event_loop_is_empty(const struct event_loop *loop);

/* Does what is ready, or waits until something is. The loop is not empty. */
void event_loop_turn(struct event_loop *loop);

#endif
