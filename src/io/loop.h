/* SPDX-License-Identifier: AGPL-3.0-only */

/* The event loop of a worker: libuv's, with what every room of a worker needs on it: tasks, timeouts, the time.
 *
 * A loop belongs to the thread that runs it; only loop_post and loop_stop may come from others. */

#ifndef FN0_IO_LOOP_H
#define FN0_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"

struct loop;

/* Work to be run by the loop; embedded in its owner. A task that is queued already is not queued twice. */
struct loop_task {
    struct list link;
    void (*run)(struct loop_task *task);
};

/* Work that another thread sends. Embedded; must stay until it has run. Queued at most once at a time. */
struct loop_message {
    struct loop_message *next; /* the loop's own */
    _Atomic(int) queued;       /* the loop's own */
    void (*run)(struct loop_message *message);
};

/* A timeout; embedded. Starting, stopping and starting again are constant in time: timeouts of the same length stand in one
 * queue, and a loop sees few different lengths. Precise to about a millisecond; never early. */
struct loop_timeout {
    struct list link;
    uint64_t due_ns;
    void (*expired)(struct loop_timeout *timeout); /* runs once, stopped; may start it again */
};

/* `clock` must outlive the loop. The caller destroys *ret_loop. */
int loop_create(const struct clock *clock, struct loop **ret_loop, struct error *error);

/* Closes it. All handles of others must be closed; what is queued is forgotten. NULL is fine. */
void loop_destroy(struct loop *loop);

/* libuv's loop, for handles. Its `data` belongs to struct loop. */
uv_loop_t *loop_uv(struct loop *loop);

/* Runs until loop_stop. */
int loop_run(struct loop *loop, struct error *error);

/* Runs what is ready now, waiting at most `timeout_ms`: for tests and for ends. */
void loop_run_once(struct loop *loop, uint64_t timeout_ms);

/* Makes loop_run return soon. Any thread. */
void loop_stop(struct loop *loop);

/* The monotonic time, read once a turn of the loop; loop_update reads it anew. */
uint64_t loop_now_ns(const struct loop *loop);

/* Reads the clock anew, after long work. Returns the time. */
uint64_t loop_update(struct loop *loop);

/* The clock it was made with. */
const struct clock *loop_clock(const struct loop *loop);

/* Readies a task that is in no queue. */
void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task));

/* Queues a task for this turn, after what is running and before the loop waits. Tasks queued by tasks run in the next round, after
 * the sockets had their turn (the loop does not wait meanwhile): so a task that queues itself starves nobody. */
void loop_defer(struct loop *loop, struct loop_task *task);

/* Takes a task out of the queue, if it is in. */
void loop_task_cancel(struct loop_task *task);

/* Queues a task for the very end of this turn, right before the loop waits or goes round: for writing what has been gathered. */
void loop_defer_flush(struct loop *loop, struct loop_task *task);

/* Readies a message. */
void loop_message_init(struct loop_message *message, void (*run)(struct loop_message *message));

/* Sends a message: it runs on the loop's thread. Any thread; no lock; a system call only where the loop may be waiting. False when it was
 * queued already. */
bool loop_post(struct loop *loop, struct loop_message *message);

/* Whether the caller is on the loop's thread (true before it first runs). Any thread. */
bool loop_is_current(const struct loop *loop);

/* Readies a timeout that does not run. */
void loop_timeout_init(struct loop_timeout *timeout, void (*expired)(struct loop_timeout *timeout));

/* Starts it, or starts it anew. `after_ns` LIMIT_NONE (UINT64_MAX): stops it. Returns 0 or ERROR_OUT_OF_MEMORY. */
int loop_timeout_start(struct loop *loop, struct loop_timeout *timeout, uint64_t after_ns);

/* Stops it, if it runs. */
void loop_timeout_stop(struct loop_timeout *timeout);

#endif
