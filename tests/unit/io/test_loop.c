/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "tables/errors.h"

/* A clock that stands still until it is told. */
struct fake_clock {
    struct clock clock;
    uint64_t now_ns;
    unsigned readings;
};

static uint64_t fake_now(void *context)
{
    struct fake_clock *fake = context;
    fake->readings++;
    return fake->now_ns;
}

static void fake_clock_init(struct fake_clock *fake)
{
    *fake = (struct fake_clock){.now_ns = 1000};
    fake->clock = (struct clock){.name = "fake",
                                 .context = fake,
                                 .monotonic_ns = fake_now,
                                 .realtime_ns = fake_now,
                                 .thread_cpu_ns = fake_now};
}

/* What happened, in order: a letter each. */
struct trace {
    char letters[256];
    size_t count;
};

static void trace_add(struct trace *trace, char letter)
{
    check(trace->count + 1 < sizeof(trace->letters));
    trace->letters[trace->count++] = letter;
}

struct fixture {
    struct loop *loop;
    struct trace trace;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_int_equal(loop_create(clock_system(), &fixture->loop, NULL), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    loop_destroy(fixture->loop);
    free(fixture);
    return 0;
}

/* A task, message and timeout that leave a letter; the task may queue another one. */
struct step {
    struct loop_task task;
    struct loop_message message;
    struct loop_timeout timeout;
    struct fixture *fixture;
    char letter;
    struct step *then;       /* deferred by the task */
    struct step *then_flush; /* flushed by the task */
    struct step *then_stop;  /* its task and timeout are stopped */
    unsigned again;          /* how often the task queues itself */
};

static void step_happens(struct step *step)
{
    trace_add(&step->fixture->trace, step->letter);
    if (step->then)
        loop_defer(step->fixture->loop, &step->then->task);
    if (step->then_flush)
        loop_defer_flush(step->fixture->loop, &step->then_flush->task);
    if (step->then_stop) {
        loop_task_cancel(&step->then_stop->task);
        loop_timeout_stop(&step->then_stop->timeout);
    }
}

static void step_task(struct loop_task *task)
{
    struct step *step = container_of(task, struct step, task);
    step_happens(step);
    if (step->again > 0) {
        step->again--;
        loop_defer(step->fixture->loop, task);
    }
}

static void step_message(struct loop_message *message)
{
    step_happens(container_of(message, struct step, message));
}

static void step_timeout(struct loop_timeout *timeout)
{
    step_happens(container_of(timeout, struct step, timeout));
}

static void step_init(struct step *step, struct fixture *fixture, char letter)
{
    *step = (struct step){.fixture = fixture, .letter = letter};
    loop_task_init(&step->task, step_task);
    loop_message_init(&step->message, step_message);
    loop_timeout_init(&step->timeout, step_timeout);
}

static void assert_trace(struct fixture *fixture, const char *letters)
{
    fixture->trace.letters[fixture->trace.count] = 0;
    assert_string_equal(fixture->trace.letters, letters);
}

static void a_turn_runs_messages_timeouts_tasks_and_flushes(void **state)
{
    struct fixture *fixture = *state;
    struct step flush, task, second, timeout, message;
    step_init(&flush, fixture, 'f');
    step_init(&task, fixture, 'a');
    step_init(&second, fixture, 'b');
    step_init(&timeout, fixture, 't');
    step_init(&message, fixture, 'm');
    loop_defer_flush(fixture->loop, &flush.task);
    loop_defer(fixture->loop, &task.task);
    loop_defer(fixture->loop, &second.task);
    loop_defer(fixture->loop, &task.task); /* is queued already */
    assert_int_equal(loop_timeout_start(fixture->loop, &timeout.timeout, 0), 0);
    assert_true(loop_post(fixture->loop, &message.message));
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "mtabf");
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "mtabf");
}

static void tasks_of_earlier_steps_run_in_the_same_turn(void **state)
{
    struct fixture *fixture = *state;
    struct step timeout, task, flush;
    step_init(&timeout, fixture, 't');
    step_init(&task, fixture, 'a');
    step_init(&flush, fixture, 'f');
    timeout.then = &task;
    task.then_flush = &flush;
    assert_int_equal(loop_timeout_start(fixture->loop, &timeout.timeout, 0), 0);
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "taf");
}

static void cancelled_tasks_do_not_run(void **state)
{
    struct fixture *fixture = *state;
    struct step first, second, third, flush;
    step_init(&first, fixture, 'a');
    step_init(&second, fixture, 'b');
    step_init(&third, fixture, 'c');
    step_init(&flush, fixture, 'f');
    loop_task_cancel(&first.task); /* not queued: nothing happens */
    first.then_stop = &second;     /* in the same round */
    third.then_stop = &flush;
    loop_defer(fixture->loop, &first.task);
    loop_defer(fixture->loop, &second.task);
    loop_defer(fixture->loop, &third.task);
    loop_defer_flush(fixture->loop, &flush.task);
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "ac");
    loop_defer(fixture->loop, &second.task); /* it can be queued again */
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "acb");
}

/* A socket that leaves a letter when it can be read, and stops the loop after some. */
struct readable {
    uv_poll_t poll;
    struct fixture *fixture;
    unsigned left;
    int other_end;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct readable *readable = container_of(poll, struct readable, poll);
    assert_int_equal(status, 0);
    assert_int_equal(events, UV_READABLE);
    trace_add(&readable->fixture->trace, 's');
    if (--readable->left == 0) {
        uv_poll_stop(poll);
        loop_stop(readable->fixture->loop);
    }
}

static void a_task_that_queues_itself_starves_no_socket(void **state)
{
    struct fixture *fixture = *state;
    struct step busy;
    step_init(&busy, fixture, 'a');
    busy.again = 50;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    struct readable readable = {.fixture = fixture, .left = 3};
    assert_int_equal(uv_poll_init(loop_uv(fixture->loop), &readable.poll, pair[0]), 0);
    assert_int_equal(uv_poll_start(&readable.poll, UV_READABLE, on_readable), 0);
    loop_defer(fixture->loop, &busy.task);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    /* The byte stays unread, so the socket is ready in each turn: once after each round of tasks.
     */
    assert_memory_equal(fixture->trace.letters, "asasas", 6);
    uv_close((uv_handle_t *)&readable.poll, NULL);
    loop_run_once(fixture->loop, 0);
    loop_task_cancel(&busy.task);
    close(pair[0]);
    close(pair[1]);
}

static void a_flush_of_a_flush_runs_in_the_next_turn(void **state)
{
    struct fixture *fixture = *state;
    struct step first, second, task;
    step_init(&first, fixture, 'f');
    step_init(&second, fixture, 'g');
    step_init(&task, fixture, 'a');
    first.then_flush = &second;
    first.then = &task;
    loop_defer_flush(fixture->loop, &first.task);
    loop_defer_flush(fixture->loop, &task.task);
    loop_task_cancel(&task.task);
    loop_run_once(fixture->loop, 0);
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "fag");
}

/* ---- Messages
 * ------------------------------------------------------------------------------------ */

static void a_message_is_queued_once_and_can_be_sent_again(void **state)
{
    struct fixture *fixture = *state;
    struct step message;
    step_init(&message, fixture, 'm');
    assert_true(loop_post(fixture->loop, &message.message));
    assert_false(loop_post(fixture->loop, &message.message));
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "m");
    assert_true(loop_post(fixture->loop, &message.message));
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "mm");
}

static void messages_keep_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct step messages[5];
    for (int i = 0; i < 5; i++) {
        step_init(&messages[i], fixture, (char)('1' + i));
        assert_true(loop_post(fixture->loop, &messages[i].message));
    }
    loop_run_once(fixture->loop, 0);
    assert_trace(fixture, "12345");
}

#define THREADS 4
#define POSTS_EACH 20000

struct sender {
    struct loop_message message;
    struct loop *loop;
    pthread_t thread;
    _Atomic(unsigned) sent;
    unsigned received; /* the loop's */
    unsigned runs;     /* the loop's */
    struct sender *all;
};

static void sender_message(struct loop_message *message)
{
    struct sender *sender = container_of(message, struct sender, message);
    assert_true(loop_is_current(sender->loop));
    sender->received = atomic_load(&sender->sent);
    sender->runs++;
    unsigned done = 0;
    for (int i = 0; i < THREADS; i++)
        done += sender->all[i].received == POSTS_EACH;
    if (done == THREADS)
        loop_stop(sender->loop);
}

static void *sender_thread(void *context)
{
    struct sender *sender = context;
    for (unsigned i = 0; i < POSTS_EACH; i++) {
        atomic_fetch_add(&sender->sent, 1);
        loop_post(sender->loop, &sender->message);
        if (i % 1000 == 0)
            usleep(100); /* so that the loop falls asleep now and then */
    }
    assert_false(loop_is_current(sender->loop));
    return NULL;
}

/* Each sender counts up and posts: when all posts are through, the loop has seen the last count.
 * One wake that is lost would leave the loop asleep for ever. */
static void no_message_of_another_thread_is_lost(void **state)
{
    struct fixture *fixture = *state;
    struct sender *senders = calloc(THREADS, sizeof(*senders));
    assert_non_null(senders);
    alarm(60);
    for (int i = 0; i < THREADS; i++) {
        senders[i].loop = fixture->loop;
        senders[i].all = senders;
        loop_message_init(&senders[i].message, sender_message);
    }
    loop_run_once(fixture->loop, 0); /* so that the loop knows its thread */
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&senders[i].thread, NULL, sender_thread, &senders[i]), 0);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        assert_int_equal(senders[i].received, POSTS_EACH);
        assert_true(senders[i].runs > 0 && senders[i].runs <= POSTS_EACH);
    }
    loop_run_once(fixture->loop, 0);
    alarm(0);
    free(senders);
}

static void *stopper_thread(void *context)
{
    usleep(20000);
    loop_stop(context);
    return NULL;
}

static void another_thread_stops_a_sleeping_loop(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    alarm(20);
    assert_int_equal(pthread_create(&thread, NULL, stopper_thread, fixture->loop), 0);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    pthread_join(thread, NULL);
    /* A stop before the run counts, too, and only once. */
    loop_stop(fixture->loop);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, stopper_thread, fixture->loop), 0);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    pthread_join(thread, NULL);
    alarm(0);
}

/* ---- Timeouts
 * ------------------------------------------------------------------------------------ */

static int set_up_fake(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct fake_clock *fake = calloc(1, sizeof(*fake));
    assert_non_null(fixture);
    assert_non_null(fake);
    fake_clock_init(fake);
    assert_int_equal(loop_create(&fake->clock, &fixture->loop, NULL), 0);
    *state = fixture;
    return 0;
}

static struct fake_clock *fake_of(struct fixture *fixture)
{
    return loop_clock(fixture->loop)->context;
}

static int tear_down_fake(void **state)
{
    struct fixture *fixture = *state;
    struct fake_clock *fake = fake_of(fixture);
    tear_down(state);
    free(fake);
    return 0;
}

static void advance_to(struct fixture *fixture, uint64_t now_ns)
{
    fake_of(fixture)->now_ns = now_ns;
    loop_run_once(fixture->loop, 0);
}

static void a_timeout_expires_when_due_and_not_before(void **state)
{
    struct fixture *fixture = *state;
    struct step timeout;
    step_init(&timeout, fixture, 't');
    assert_int_equal(loop_timeout_start(fixture->loop, &timeout.timeout, 500), 0);
    assert_true(loop_timeout_running(&timeout.timeout));
    advance_to(fixture, 1499);
    assert_trace(fixture, "");
    advance_to(fixture, 1500);
    assert_trace(fixture, "t");
    assert_false(loop_timeout_running(&timeout.timeout));
    advance_to(fixture, 5000);
    assert_trace(fixture, "t");
}

static void a_restart_counts_from_anew(void **state)
{
    struct fixture *fixture = *state;
    struct step first, second;
    step_init(&first, fixture, 'a');
    step_init(&second, fixture, 'b');
    loop_timeout_start(fixture->loop, &first.timeout, 500);
    loop_timeout_start(fixture->loop, &second.timeout, 500);
    advance_to(fixture, 1400);
    loop_timeout_start(fixture->loop, &first.timeout, 500); /* the same length: due 1900 */
    advance_to(fixture, 1500);
    assert_trace(fixture, "b");
    loop_timeout_start(fixture->loop, &first.timeout, 2000); /* another length: due 3500 */
    advance_to(fixture, 3499);
    assert_trace(fixture, "b");
    advance_to(fixture, 3500);
    assert_trace(fixture, "ba");
}

static void timeouts_are_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct step first, second, third;
    step_init(&first, fixture, 'a');
    step_init(&second, fixture, 'b');
    step_init(&third, fixture, 'c');
    loop_timeout_stop(&first.timeout); /* does not run: nothing happens */
    loop_timeout_start(fixture->loop, &first.timeout, 100);
    loop_timeout_start(fixture->loop, &second.timeout, 200);
    loop_timeout_start(fixture->loop, &third.timeout, 300);
    loop_timeout_start(fixture->loop, &second.timeout, UINT64_MAX); /* stops it */
    first.then_stop = &third; /* both are due at once: the first stops the last */
    advance_to(fixture, 9000);
    assert_trace(fixture, "a");
    assert_false(loop_timeout_running(&third.timeout));
}

static void what_is_due_at_once_expires_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct step steps[5];
    const uint64_t after[5] = {900, 100, 500, 300, 700};
    for (int i = 0; i < 5; i++) {
        step_init(&steps[i], fixture, (char)('0' + after[i] / 100));
        loop_timeout_start(fixture->loop, &steps[i].timeout, after[i]);
    }
    struct step later;
    step_init(&later, fixture, '6');
    advance_to(fixture, 1060);
    loop_timeout_start(fixture->loop, &later.timeout, 500); /* due 1560 */
    advance_to(fixture, 1800);
    assert_trace(fixture, "13567");
    advance_to(fixture, 1900);
    assert_trace(fixture, "135679");
}

static void restart_at_once(struct loop_timeout *timeout)
{
    struct step *step = container_of(timeout, struct step, timeout);
    trace_add(&step->fixture->trace, step->letter);
    loop_timeout_start(step->fixture->loop, timeout, 0);
}

static void a_timeout_of_nothing_expires_once_a_turn(void **state)
{
    struct fixture *fixture = *state;
    struct step timeout;
    step_init(&timeout, fixture, 't');
    timeout.timeout.expired = restart_at_once;
    loop_timeout_start(fixture->loop, &timeout.timeout, 0);
    struct step task;
    step_init(&task, fixture, 'a');
    task.again = 1;
    loop_defer(fixture->loop, &task.task);
    loop_run_once(fixture->loop, 0); /* runs its turn's end before and after the wait */
    assert_trace(fixture, "tata");
    loop_timeout_stop(&timeout.timeout);
}

/* More lengths than a table of queues begins with, started again and again. */
static void many_lengths_are_kept_apart(void **state)
{
    enum { COUNT = 300 };
    struct fixture *fixture = *state;
    struct step *steps = calloc(COUNT, sizeof(*steps));
    assert_non_null(steps);
    for (int i = 0; i < COUNT; i++)
        step_init(&steps[i], fixture, 't');
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(loop_timeout_start(fixture->loop, &steps[i].timeout,
                                                (uint64_t)(1000000 + i * 7 + round * 100003)),
                             0);
    for (int i = 200; i < COUNT; i++)
        loop_timeout_stop(&steps[i].timeout);
    uint64_t first_due_ns = 1000 + 1000000 + 19 * 100003;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(steps[i].timeout.due_ns, first_due_ns + (uint64_t)i * 7);
        advance_to(fixture, first_due_ns + (uint64_t)i * 7 - 1);
        assert_true(loop_timeout_running(&steps[i].timeout));
        advance_to(fixture, first_due_ns + (uint64_t)i * 7);
        assert_false(loop_timeout_running(&steps[i].timeout));
        assert_int_equal(fixture->trace.count, i + 1);
    }
    advance_to(fixture, UINT64_MAX / 2);
    assert_int_equal(fixture->trace.count, 200);
    free(steps);
}

static void a_timeout_past_the_end_of_time_never_expires(void **state)
{
    struct fixture *fixture = *state;
    struct step timeout;
    step_init(&timeout, fixture, 't');
    assert_int_equal(loop_timeout_start(fixture->loop, &timeout.timeout, UINT64_MAX - 1), 0);
    assert_false(loop_timeout_running(&timeout.timeout));
    advance_to(fixture, UINT64_MAX - 2);
    assert_trace(fixture, "");
}

static void the_clock_is_read_once_a_turn(void **state)
{
    struct fixture *fixture = *state;
    struct fake_clock *fake = fake_of(fixture);
    loop_run_once(fixture->loop, 0);
    fake->readings = 0;
    loop_run_once(fixture->loop, 0);
    assert_int_equal(fake->readings, 0); /* nobody asked */
    for (int i = 0; i < 10; i++)
        assert_int_equal(loop_now_ns(fixture->loop), 1000);
    assert_int_equal(fake->readings, 1);
    fake->now_ns = 2000;
    assert_int_equal(loop_now_ns(fixture->loop), 1000);
    assert_int_equal(loop_update(fixture->loop), 2000);
    assert_int_equal(loop_now_ns(fixture->loop), 2000);
    assert_int_equal(fake->readings, 2);
}

static void a_sleeping_loop_wakes_for_its_timeout(void **state)
{
    struct fixture *fixture = *state;
    struct step timeout, early;
    step_init(&timeout, fixture, 't');
    step_init(&early, fixture, 'e');
    uint64_t begin_ns = loop_update(fixture->loop);
    loop_timeout_start(fixture->loop, &timeout.timeout, 300 * NANOSECONDS_PER_MILLISECOND);
    /* The timer of the loop is armed for this one and has to be armed anew when it is stopped. */
    loop_timeout_start(fixture->loop, &early.timeout, 200 * NANOSECONDS_PER_MILLISECOND);
    loop_run_once(fixture->loop, 1);
    loop_timeout_stop(&early.timeout);
    while (fixture->trace.count == 0)
        loop_run_once(fixture->loop, 1000);
    uint64_t took_ns = clock_monotonic_ns(clock_system()) - begin_ns;
    assert_trace(fixture, "t");
    assert_true(took_ns >= 300 * NANOSECONDS_PER_MILLISECOND);
    assert_true(took_ns < 10000 * NANOSECONDS_PER_MILLISECOND);
}

static void stop_the_loop(struct loop_timeout *timeout)
{
    struct step *step = container_of(timeout, struct step, timeout);
    trace_add(&step->fixture->trace, step->letter);
    loop_stop(step->fixture->loop);
}

static void a_running_loop_wakes_for_a_nearer_timeout(void **state)
{
    struct fixture *fixture = *state;
    struct step far, near, last;
    step_init(&far, fixture, 'f');
    step_init(&near, fixture, 'n');
    step_init(&last, fixture, 'l');
    last.timeout.expired = stop_the_loop;
    uint64_t begin_ns = loop_update(fixture->loop);
    loop_timeout_start(fixture->loop, &far.timeout, 60 * NANOSECONDS_PER_SECOND);
    loop_timeout_start(fixture->loop, &last.timeout, 40 * NANOSECONDS_PER_MILLISECOND);
    loop_timeout_start(fixture->loop, &near.timeout, 20 * NANOSECONDS_PER_MILLISECOND);
    alarm(20);
    assert_int_equal(loop_run(fixture->loop, NULL), 0);
    alarm(0);
    uint64_t took_ns = clock_monotonic_ns(clock_system()) - begin_ns;
    assert_trace(fixture, "nl");
    assert_true(took_ns >= 40 * NANOSECONDS_PER_MILLISECOND);
    assert_true(took_ns < 10 * NANOSECONDS_PER_SECOND);
    loop_timeout_stop(&far.timeout);
}

static void run_once_waits_no_longer_than_asked(void **state)
{
    struct fixture *fixture = *state;
    uint64_t begin_ns = loop_update(fixture->loop);
    loop_run_once(fixture->loop, 15);
    uint64_t took_ns = loop_update(fixture->loop) - begin_ns;
    assert_true(took_ns >= 15 * NANOSECONDS_PER_MILLISECOND);
    assert_true(took_ns < 5000 * NANOSECONDS_PER_MILLISECOND);
    struct step task;
    step_init(&task, fixture, 'a');
    loop_defer(fixture->loop, &task.task);
    begin_ns = loop_update(fixture->loop);
    loop_run_once(fixture->loop, 5000); /* something ran: no wait */
    assert_true(loop_update(fixture->loop) - begin_ns < NANOSECONDS_PER_SECOND);
}

static void destroying_forgets_what_is_queued(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    assert_int_equal(loop_create(clock_system(), &fixture.loop, NULL), 0);
    assert_true(loop_is_current(fixture.loop));
    struct step step;
    step_init(&step, &fixture, 'a');
    loop_defer(fixture.loop, &step.task);
    loop_post(fixture.loop, &step.message);
    loop_timeout_start(fixture.loop, &step.timeout, 0);
    loop_destroy(fixture.loop);
    assert_int_equal(fixture.trace.count, 0);
    assert_false(loop_timeout_running(&step.timeout));
    loop_destroy(NULL);
}

int main(void)
{
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_FAKE_CLOCK(test) cmocka_unit_test_setup_teardown(test, set_up_fake, tear_down_fake)
    const struct CMUnitTest tests[] = {
        WITH_LOOP(a_turn_runs_messages_timeouts_tasks_and_flushes),
        WITH_LOOP(tasks_of_earlier_steps_run_in_the_same_turn),
        WITH_LOOP(cancelled_tasks_do_not_run),
        WITH_LOOP(a_task_that_queues_itself_starves_no_socket),
        WITH_LOOP(a_flush_of_a_flush_runs_in_the_next_turn),
        WITH_LOOP(a_message_is_queued_once_and_can_be_sent_again),
        WITH_LOOP(messages_keep_their_order),
        WITH_LOOP(no_message_of_another_thread_is_lost),
        WITH_LOOP(another_thread_stops_a_sleeping_loop),
        WITH_FAKE_CLOCK(a_timeout_expires_when_due_and_not_before),
        WITH_FAKE_CLOCK(a_restart_counts_from_anew),
        WITH_FAKE_CLOCK(timeouts_are_stopped),
        WITH_FAKE_CLOCK(what_is_due_at_once_expires_in_order),
        WITH_FAKE_CLOCK(a_timeout_of_nothing_expires_once_a_turn),
        WITH_FAKE_CLOCK(many_lengths_are_kept_apart),
        WITH_FAKE_CLOCK(a_timeout_past_the_end_of_time_never_expires),
        WITH_FAKE_CLOCK(the_clock_is_read_once_a_turn),
        WITH_LOOP(a_sleeping_loop_wakes_for_its_timeout),
        WITH_LOOP(a_running_loop_wakes_for_a_nearer_timeout),
        WITH_LOOP(run_once_waits_no_longer_than_asked),
        cmocka_unit_test(destroying_forgets_what_is_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
