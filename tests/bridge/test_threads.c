/* SPDX-License-Identifier: AGPL-3.0-only */

/* Many guests of one component on several threads, with ticks: each call must be answered, and no
 * wake may go to another thread's instance. */

#include "driver.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 40, CALLS = 10 };

static const char *const paths[] = {"/hello", "/sleep?ms=2", "/spin?ms=2",
                                    "/stream?chunks=3&bytes=9&delay_ms=1"};
static const size_t body_bytes[] = {14, 6, 5, 27};

/* What a thread does; the asserts of cmocka are for the main thread only. */
struct worker {
    struct driver *driver;
    pthread_t thread;
    uint64_t token;
    uint32_t wakes;
    uint32_t strays;
    char failure[FN0_ERROR_MESSAGE_BYTES + 100];
};

static void wake(void *context, uint64_t token)
{
    struct worker *worker = context;

    __atomic_add_fetch(token == worker->token ? &worker->wakes : &worker->strays, 1,
                       __ATOMIC_SEQ_CST);
}

static bool wait_for_wake(struct worker *worker)
{
    for (int ms = 0; ms < 5000; ms++) {
        if (__atomic_exchange_n(&worker->wakes, 0, __ATOMIC_SEQ_CST) > 0)
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

static bool run(struct worker *worker, struct fn0_instance *instance, unsigned which)
{
    struct fn0_request request = {.method = slice("GET"), .path_with_query = slice(paths[which])};
    struct fn0_error error = {.message = "no wake"};
    struct fn0_events events;
    struct fn0_call *call;
    enum fn0_poll poll;
    size_t bytes = 0;

    if (fn0_call_create(instance, &request, 1 << 16, &call, &error) != 0)
        return false;
    do {
        poll = fn0_call_poll(call, &events, &error);
        for (size_t i = 0; i < events.count; i++) {
            if (events.items[i].kind == FN0_EVENT_RESPONSE_BODY)
                bytes += events.items[i].text.bytes;
        }
    } while (poll == FN0_POLL_YIELDED || (poll == FN0_POLL_PENDING && wait_for_wake(worker)));
    if (poll == FN0_POLL_READY && bytes == body_bytes[which] && fn0_call_destroy(call))
        return true;
    snprintf(worker->failure, sizeof worker->failure, "%s: poll %d, %zu bytes, %s", paths[which],
             poll, bytes, error.message);
    return false;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct fn0_instance_options options = {
        .memory_bytes_max = 16 << 20, .wake = wake, .wake_context = worker};
    struct fn0_error error;

    for (unsigned round = 0; round < ROUNDS && worker->failure[0] == 0; round++) {
        struct fn0_instance *instance;

        worker->token = round;
        options.token = round;
        if (fn0_instance_create(worker->driver->component, &options, &instance, &error) != 0)
            return NULL;
        while (fn0_instance_poll(instance, &error) == FN0_POLL_YIELDED)
            ;
        for (unsigned i = 0; i < CALLS; i++) {
            if (!run(worker, instance, (round + i) % 4))
                break;
        }
        fn0_instance_destroy(instance);
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    struct fn0_engine_options options = driver_engine_options();
    struct worker workers[THREADS];
    struct driver driver;

    (void)state;
    driver_init(&driver, &options);
    driver_load(&driver, "probe");
    driver_start(&driver, NULL);
    driver_ticks_begin(&driver);
    memset(workers, 0, sizeof workers);
    for (int i = 0; i < THREADS; i++) {
        workers[i].driver = &driver;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_string_equal(workers[i].failure, "");
    }
    driver_ticks_end(&driver);
    driver_fini(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
