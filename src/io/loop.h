/* SPDX-License-Identifier: AGPL-3.0-only */

/* The event loop of a worker: libuv's, with what every room of a worker needs on it: tasks,
 * messages from other threads, timeouts, the time.
 *
 * A turn of the loop is: wait for sockets (epoll) and call back for each; then, before the next
 * wait, in this order: messages, timeouts that are due, tasks (loop_defer), flushes
 * (loop_defer_flush). So whatever a socket's callback starts has its tasks run and its output
 * written in the same turn.
 *
 * Cost: an idle turn makes one system call, epoll_wait. Posting, deferring and starting timeouts
 * make none, and the clock is read at most once a turn (a second time right before it sleeps).
 *
 * Life: loop_create, then handles of others on loop_uv, then loop_run until loop_stop, then the
 * handles are closed (loop_run_once runs their callbacks), then loop_destroy.
 *
 * Threads: a loop belongs to the thread that runs it; only loop_post, loop_stop, loop_is_current
 * and loop_clock may be called from others. */

#ifndef FN0_IO_LOOP_H
#define FN0_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"

struct loop;

/* Work to be run by the loop; embedded in its owner, who may free it from within `run` or after
 * loop_task_cancel. A task that is queued already is not queued twice. */
struct loop_task {
    struct list link; /* the loop's own */
    void (*run)(struct loop_task *task);
};

/* Work that another thread sends. Embedded; must stay until it has run (`run` may free it). Queued
 * at most once at a time: what several posts would say is gathered by the sender. */
struct loop_message {
    struct loop_message *next; /* the loop's own */
    _Atomic(int) queued;       /* the loop's own */
    void (*run)(struct loop_message *message);
};

/* A timeout; embedded; must be stopped before it is freed. Starting, stopping and starting again
 * are constant in time: timeouts of the same length stand in one queue, and a loop sees few
 * different lengths (round lengths that strangers choose). Precise to about a millisecond; never
 * early. */
struct loop_timeout {
    struct list link; /* the loop's own */
    uint64_t due_ns;  /* on the loop's clock; means something while it runs */
    void (*expired)(
        struct loop_timeout *timeout); /* runs once, stopped; may start it again or free */
};

/* `clock` is borrowed and must outlive the loop. The caller destroys *ret_loop.
 * ERROR_OUT_OF_MEMORY, ERROR_SYSTEM (no descriptors left). Any thread. */
int loop_create(const struct clock *clock, struct loop **ret_loop, struct error *error);

/* Closes it. All handles of others must be closed (a handle whose closing has begun counts: its
 * callback runs now), timeouts stopped, and nobody may post any more; tasks and messages that are
 * queued are forgotten. NULL is fine. */
void loop_destroy(struct loop *loop);

/* libuv's loop, for handles. Its `data` belongs to struct loop. */
uv_loop_t *loop_uv(struct loop *loop);

/* Runs until loop_stop. Returns 0; ERROR_SYSTEM when libuv fails. Not from within a callback. */
int loop_run(struct loop *loop, struct error *error);

/* Runs what is ready now; where nothing is, waits at most `timeout_ms` for something and runs that:
 * for tests and for ends. Not from within a callback. */
void loop_run_once(struct loop *loop, uint64_t timeout_ms);

/* Makes loop_run return soon; one that has not begun yet returns after its first turn. Any thread.
 */
void loop_stop(struct loop *loop);

/* The monotonic time in ns, read when it is first asked for in a turn; loop_update reads it anew.
 */
uint64_t loop_now_ns(const struct loop *loop);

/* Reads the clock anew, after long work. Returns the time in ns. */
uint64_t loop_update(struct loop *loop);

/* The clock it was made with. Any thread. */
const struct clock *loop_clock(const struct loop *loop);

/* Readies a task that is in no queue. */
void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task));

/* Queues a task for this turn, after what is running and before the loop waits. Tasks queued by
 * tasks run in the next round, after the sockets had their turn (the loop does not wait meanwhile):
 * so a task that queues itself starves nobody. In the order of queueing. */
void loop_defer(struct loop *loop, struct loop_task *task);

/* Takes a task out of the queue, if it is in. */
void loop_task_cancel(struct loop_task *task);

/* Queues a task for the very end of this turn, after all tasks, right before the loop waits or goes
 * round: for writing what has been gathered. A flush queued by a flush runs at the end of the next.
 */
void loop_defer_flush(struct loop *loop, struct loop_task *task);

/* Readies a message. */
void loop_message_init(struct loop_message *message, void (*run)(struct loop_message *message));

/* Sends a message: it runs on the loop's thread, after those that this thread sent before. Any
 * thread; no lock; a system call only where the loop may be waiting, never on its own thread. What
 * the sender wrote before is seen by `run`. False when it was queued already and has not begun to
 * run. */
bool loop_post(struct loop *loop, struct loop_message *message);

/* Whether the caller is on the loop's thread (true before it first runs). Any thread. */
bool loop_is_current(const struct loop *loop);

/* Readies a timeout that does not run. */
void loop_timeout_init(struct loop_timeout *timeout, void (*expired)(struct loop_timeout *timeout));

/* Starts it, or starts it anew, from loop_now_ns. `after_ns` LIMIT_NONE (UINT64_MAX): only stops
 * it; 0: due at the next turn. Returns 0 or ERROR_OUT_OF_MEMORY (only where its length needs a
 * queue that is not there yet); it is stopped then. */
int loop_timeout_start(struct loop *loop, struct loop_timeout *timeout, uint64_t after_ns);

/* Stops it, if it runs; also one that is due in this very turn. */
void loop_timeout_stop(struct loop_timeout *timeout);

/* Whether it runs. */
static inline bool loop_timeout_running(const struct loop_timeout *timeout)
{
    return !list_empty(&timeout->link);
}

#endif
