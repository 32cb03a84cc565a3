/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "io/timeouts.h"
#include "tables/errors.h"

#define WAIT_UNBOUNDED UINT64_MAX

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* the end of a turn, before the loop waits */
    uv_check_t awake;     /* after it has waited */
    uv_idle_t busy;       /* runs while the loop must not wait */
    uv_async_t wake;
    uv_timer_t timer; /* bounds the wait by the nearest timeout */
    const struct clock *clock;
    uint64_t now_ns;
    bool now_known;
    bool running;
    bool waits;           /* `busy` is stopped */
    uint64_t wait_max_ms; /* of loop_run_once, else WAIT_UNBOUNDED */
    uint64_t armed_ns;    /* when `timer` ends the wait; TIMEOUTS_NEVER: not at all */
    struct timeouts timeouts;
    struct list tasks;
    struct list flushes;
    /* Shared with other threads. */
    _Atomic(struct loop_message *) messages; /* the newest first */
    _Atomic(bool) sleeping;                  /* somebody who posts must wake it */
    _Atomic(bool) stopping;
    _Atomic(uintptr_t) thread; /* 0: it has not run yet */
};

static bool is_own_thread(const struct loop *loop)
{
    return atomic_load_explicit(&loop->thread, memory_order_relaxed) == (uintptr_t)pthread_self();
}

/* While a loop runs it belongs to its thread; before and after that, to whoever has it. */
static void check_thread(const struct loop *loop)
{
    check(!loop->running || is_own_thread(loop));
}

/* ---- Time
 * ---------------------------------------------------------------------------------------- */

uint64_t loop_update(struct loop *loop)
{
    uint64_t now_ns = clock_monotonic_ns(loop->clock);
    check(now_ns >= loop->now_ns);
    loop->now_ns = now_ns;
    loop->now_known = true;
    return loop->now_ns;
}

uint64_t loop_now_ns(const struct loop *loop)
{
    /* Reading the time late in a turn changes nothing that a caller could see, so it counts as
     * const. */
    return loop->now_known ? loop->now_ns : loop_update((struct loop *)loop);
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->clock;
}

void loop_timeout_init(struct loop_timeout *timeout, void (*expired)(struct loop_timeout *timeout))
{
    check(expired);
    list_init(&timeout->link);
    timeout->due_ns = 0;
    timeout->expired = expired;
}

int loop_timeout_start(struct loop *loop, struct loop_timeout *timeout, uint64_t after_ns)
{
    check_thread(loop);
    list_remove(&timeout->link);
    if (after_ns == TIMEOUTS_NEVER)
        return 0;
    return timeouts_start(&loop->timeouts, timeout, loop_now_ns(loop), after_ns);
}

void loop_timeout_stop(struct loop_timeout *timeout)
{
    list_remove(&timeout->link);
}

/* ---- Tasks
 * --------------------------------------------------------------------------------------- */

void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task))
{
    check(run);
    list_init(&task->link);
    task->run = run;
}

void loop_defer(struct loop *loop, struct loop_task *task)
{
    check_thread(loop);
    if (list_empty(&task->link))
        list_push_back(&loop->tasks, &task->link);
}

void loop_defer_flush(struct loop *loop, struct loop_task *task)
{
    check_thread(loop);
    if (list_empty(&task->link))
        list_push_back(&loop->flushes, &task->link);
}

void loop_task_cancel(struct loop_task *task)
{
    list_remove(&task->link);
}

/* Runs what is in the queue now; what is added meanwhile stays for the next round. */
static bool run_tasks(struct list *queue)
{
    if (list_empty(queue))
        return false;
    struct list round;
    list_init(&round);
    list_push_front(queue, &round);
    list_remove(queue);
    for (struct list *link; (link = list_pop_front(&round));) {
        struct loop_task *task = container_of(link, struct loop_task, link);
        task->run(task);
    }
    return true;
}

/* ---- Messages
 * ------------------------------------------------------------------------------------ */

void loop_message_init(struct loop_message *message, void (*run)(struct loop_message *message))
{
    check(run);
    message->next = NULL;
    atomic_init(&message->queued, 0);
    message->run = run;
}

bool loop_is_current(const struct loop *loop)
{
    return atomic_load_explicit(&loop->thread, memory_order_relaxed) == 0 || is_own_thread(loop);
}

/* Ends the loop's wait, if it waits or is about to. Of several who want that, one pays the system
 * call. On the loop's own thread nothing is to be done: it looks before it sleeps. */
static void wake(struct loop *loop)
{
    if (atomic_load(&loop->sleeping) && !is_own_thread(loop) &&
        atomic_exchange(&loop->sleeping, false))
        uv_async_send(&loop->wake);
}

bool loop_post(struct loop *loop, struct loop_message *message)
{
    if (atomic_exchange(&message->queued, 1))
        return false;
    struct loop_message *head = atomic_load_explicit(&loop->messages, memory_order_relaxed);
    do
        message->next = head;
    while (!atomic_compare_exchange_weak(&loop->messages, &head, message));
    wake(loop);
    return true;
}

static bool run_messages(struct loop *loop)
{
    /* Mostly there are none, and a plain load costs less than an exchange. */
    if (!atomic_load_explicit(&loop->messages, memory_order_relaxed))
        return false;
    struct loop_message *newest = atomic_exchange(&loop->messages, NULL);
    struct loop_message *oldest = NULL;
    while (newest) {
        struct loop_message *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct loop_message *message = oldest;
        oldest = message->next;
        /* From here on it may be posted again, or freed by what it runs. */
        int queued = atomic_exchange(&message->queued, 0);
        check(queued == 1);
        message->run(message);
    }
    return true;
}

/* ---- Turns
 * --------------------------------------------------------------------------------------- */

/* All that a turn does after the sockets. Whether there was anything. */
static bool run_turn(struct loop *loop)
{
    bool ran = run_messages(loop);
    if (loop->timeouts.nearest_ns != TIMEOUTS_NEVER)
        ran |= timeouts_expire(&loop->timeouts, loop_now_ns(loop)) > 0;
    ran |= run_tasks(&loop->tasks);
    ran |= run_tasks(&loop->flushes);
    return ran;
}

static void on_timer(uv_timer_t *handle)
{
    /* What is due is found at the end of the turn, by the loop's own clock. */
    container_of(handle, struct loop, timer)->armed_ns = TIMEOUTS_NEVER;
}

/* Sees to it that a wait ends when the nearest timeout is due. False when it is due already.
 *
 * The timer is left alone while it ends the wait early enough: most timeouts are stopped or started
 * anew before they are due, so it is touched about once in the length of a timeout. */
static bool bound_wait(struct loop *loop)
{
    uint64_t nearest_ns = loop->timeouts.nearest_ns;
    if (nearest_ns == TIMEOUTS_NEVER && loop->wait_max_ms == WAIT_UNBOUNDED)
        return true;
    /* libuv counts the wait from its own idea of now, which is as old as this turn. */
    uv_update_time(&loop->uv);
    if (nearest_ns >= loop->armed_ns && loop->wait_max_ms == WAIT_UNBOUNDED)
        return true;
    uint64_t wait_ms = loop->wait_max_ms;
    loop->armed_ns = TIMEOUTS_NEVER;
    if (nearest_ns != TIMEOUTS_NEVER) {
        uint64_t now_ns = loop_update(loop);
        if (nearest_ns <= now_ns)
            return false;
        uint64_t nearest_ms = (nearest_ns - now_ns - 1) / NANOSECONDS_PER_MILLISECOND + 1;
        check(nearest_ms > 0);
        if (nearest_ms <= wait_ms) {
            wait_ms = nearest_ms;
            loop->armed_ns = nearest_ns;
        }
    }
    return wait_ms > 0 && uv_timer_start(&loop->timer, on_timer, wait_ms, 0) == 0;
}

/* Decides whether the loop may wait now. Other threads see it sleeping before it looks for their
 * messages a last time, and they look whether it sleeps after they have left theirs. */
static bool may_wait(struct loop *loop)
{
    if (!list_empty(&loop->tasks) || !list_empty(&loop->flushes) || !bound_wait(loop))
        return false;
    atomic_store(&loop->sleeping, true);
    if (!atomic_load(&loop->messages) && !atomic_load(&loop->stopping))
        return true;
    atomic_store(&loop->sleeping, false);
    return false;
}

static void on_busy(uv_idle_t *handle)
{
    (void)handle;
}

static void on_prepare(uv_prepare_t *handle)
{
    struct loop *loop = container_of(handle, struct loop, prepare);
    check(loop->running && loop_is_current(loop));
    bool ran = run_turn(loop);
    if (atomic_load_explicit(&loop->stopping, memory_order_relaxed))
        uv_stop(&loop->uv);
    bool waits = !(ran && loop->wait_max_ms != WAIT_UNBOUNDED) && may_wait(loop);
    if (waits && !loop->waits)
        uv_idle_stop(&loop->busy);
    else if (!waits && loop->waits)
        uv_idle_start(&loop->busy, on_busy);
    check(!waits || (list_empty(&loop->tasks) && list_empty(&loop->flushes)));
    loop->waits = waits;
    loop->now_known = false;
}

static void on_awake(uv_check_t *handle)
{
    struct loop *loop = container_of(handle, struct loop, awake);
    atomic_store_explicit(&loop->sleeping, false, memory_order_relaxed);
}

static void on_wake(uv_async_t *handle)
{
    (void)handle; /* messages run at the end of the turn */
}

static void enter(struct loop *loop)
{
    check(!loop->running);
    loop->running = true;
    loop->now_known = false;
    atomic_store(&loop->thread, (uintptr_t)pthread_self());
}

int loop_run(struct loop *loop, struct error *error)
{
    enter(loop);
    loop->wait_max_ms = WAIT_UNBOUNDED;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->running = false;
    /* The handles of the loop itself keep it alive: nothing else than a stop ends it. */
    if (!atomic_exchange(&loop->stopping, false))
        return error_set(error, ERROR_SYSTEM, "the event loop ended without being asked to");
    return 0;
}

void loop_run_once(struct loop *loop, uint64_t timeout_ms)
{
    enter(loop);
    loop->wait_max_ms = timeout_ms;
    uv_run(&loop->uv, UV_RUN_ONCE);
    /* What the sockets brought is part of this turn. */
    run_turn(loop);
    loop->armed_ns = TIMEOUTS_NEVER;
    loop->wait_max_ms = WAIT_UNBOUNDED;
    loop->running = false;
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    wake(loop);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

/* ---- Life
 * ---------------------------------------------------------------------------------------- */

/* Cannot fail but for the descriptors of `wake`. */
static int open_handles(struct loop *loop)
{
    int code = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (code < 0)
        return code;
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_init(&loop->uv, &loop->awake);
    uv_check_start(&loop->awake, on_awake);
    uv_idle_init(&loop->uv, &loop->busy);
    uv_timer_init(&loop->uv, &loop->timer);
    return 0;
}

int loop_create(const struct clock *clock, struct loop **ret_loop, struct error *error)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return error_set_memory(error);
    int code = uv_loop_init(&loop->uv);
    if (code < 0) {
        code = error_set_errno(error, code, "cannot make an event loop");
        goto free_loop;
    }
    code = open_handles(loop);
    if (code < 0) {
        code = error_set_errno(error, code, "cannot make an event loop");
        goto close_uv;
    }
    loop->uv.data = loop;
    loop->clock = clock;
    loop->waits = true;
    loop->wait_max_ms = WAIT_UNBOUNDED;
    loop->armed_ns = TIMEOUTS_NEVER;
    timeouts_init(&loop->timeouts);
    list_init(&loop->tasks);
    list_init(&loop->flushes);
    *ret_loop = loop;
    return 0;

close_uv:
    uv_loop_close(&loop->uv);
free_loop:
    free(loop);
    return code;
}

/* Leaves no task linked to a list that is about to go. */
static void forget_tasks(struct list *queue)
{
    while (list_pop_front(queue))
        ;
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    check(!loop->running);
    uv_handle_t *own[] = {
        (uv_handle_t *)&loop->prepare, (uv_handle_t *)&loop->awake, (uv_handle_t *)&loop->busy,
        (uv_handle_t *)&loop->wake,    (uv_handle_t *)&loop->timer,
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        uv_close(own[i], NULL);
    /* With no handle left this runs the closing callbacks, own and others', and returns. */
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    check(uv_loop_close(&loop->uv) == 0);
    forget_tasks(&loop->tasks);
    forget_tasks(&loop->flushes);
    timeouts_fini(&loop->timeouts);
    free(loop);
}
