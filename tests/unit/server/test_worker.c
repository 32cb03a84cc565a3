/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/listeners.h"

#define TURNS_MAX 2000
#define TURN_MS 5

/* A control loop with all that a worker borrows, and what it was told. */
struct fixture {
    struct loop *control;
    struct engine *engine;
    struct host_configuration *configuration;
    struct capacity capacity;
    struct budget budget;
    struct client_counts clients;
    struct worker *worker;
    unsigned listening;
    unsigned drained;
    unsigned ended;
    int listen_code;
    int end_code;
};

static void on_listening(void *context, struct worker *worker, const struct error *error)
{
    struct fixture *fixture = context;
    assert_ptr_equal(worker, fixture->worker);
    fixture->listening++;
    fixture->listen_code = error ? error->code : 0;
}

static void on_drained(void *context, struct worker *worker)
{
    struct fixture *fixture = context;
    assert_ptr_equal(worker, fixture->worker);
    fixture->drained++;
}

static void on_ended(void *context, struct worker *worker, const struct error *error)
{
    struct fixture *fixture = context;
    assert_ptr_equal(worker, fixture->worker);
    fixture->ended++;
    fixture->end_code = error ? error->code : 0;
}

static const struct worker_events events = {
    .listening = on_listening,
    .drained = on_drained,
    .ended = on_ended,
};

static int set_up(void **state)
{
    static const struct configuration_flag flags[] = {
        {.key = "functions", .value = "nowhere", .flag = "--functions"},
        {.key = "workers", .value = "1", .flag = "--workers"},
        {.key = "slots", .value = "4", .flag = "--slots"},
    };
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_int_equal(host_configuration_create(NULL, flags, 3, &fixture->configuration, NULL), 0);
    assert_int_equal(loop_create(clock_system(), &fixture->control, NULL), 0);
    fixture->capacity = capacity_of(fixture->configuration, 1 << 30);
    budget_init(&fixture->budget, fixture->capacity.slots, fixture->capacity.warm_instances_max,
                1 << 20);
    const struct engine_options engine = {.instances_max = fixture->capacity.instances_max,
                                          .memory_bytes_max = 1 << 20};
    assert_int_equal(engine_create(&engine, &fixture->engine, NULL), 0);
    assert_int_equal(client_counts_init(&fixture->clients, 10, 10, NULL), 0);
    const struct worker_options options = {
        .configuration = fixture->configuration,
        .capacity = &fixture->capacity,
        .random_seed = 1,
        .control = fixture->control,
        .engine = fixture->engine,
        .budget = &fixture->budget,
        .clients = &fixture->clients,
        .events = &events,
        .context = fixture,
    };
    assert_int_equal(worker_create(&options, &fixture->worker, NULL), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    worker_destroy(fixture->worker);
    client_counts_fini(&fixture->clients);
    budget_fini(&fixture->budget);
    engine_destroy(fixture->engine);
    loop_destroy(fixture->control);
    host_configuration_destroy(fixture->configuration);
    free(fixture);
    return 0;
}

/* Runs the control loop until something was told. */
static void wait_for(struct fixture *fixture, const unsigned *told)
{
    for (int i = 0; i < TURNS_MAX && *told == 0; i++)
        loop_run_once(fixture->control, TURN_MS);
    assert_int_equal(*told, 1);
}

static void end(struct fixture *fixture)
{
    worker_close(fixture->worker);
    wait_for(fixture, &fixture->ended);
    assert_int_equal(fixture->end_code, 0);
}

/* Lets it listen on a free port. */
static struct address listen_somewhere(struct fixture *fixture)
{
    const char *items[] = {"127.0.0.1:0"};
    const struct texts texts = {.items = items, .count = 1};
    struct listeners listeners;
    assert_int_equal(listeners_init(&listeners, &texts, 1, NULL), 0);
    assert_int_equal(listeners_listen(&listeners, NULL), 0);
    struct address address = listeners.items[0].address;
    int taken = listeners_take(&listeners, 0, 0);
    listeners_fini(&listeners);
    assert_int_equal(worker_listen(fixture->worker, &taken, 1, NULL), 0);
    wait_for(fixture, &fixture->listening);
    assert_int_equal(fixture->listen_code, 0);
    return address;
}

static int connect_to(const struct address *address)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, &address->any, address_bytes(address)), 0);
    return client;
}

static void one_that_never_began_can_go(void **state)
{
    struct fixture *fixture = *state;
    assert_non_null(worker_directory(fixture->worker));
}

static void one_that_never_began_can_be_closed(void **state)
{
    struct fixture *fixture = *state;
    end(fixture);
}

static void one_that_runs_ends_when_it_is_closed(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(worker_start(fixture->worker, NULL), 0);
    end(fixture);
}

static void it_answers_on_its_own_thread(void **state)
{
    struct fixture *fixture = *state;
    static const char request[] = "GET / HTTP/1.0\r\nHost: unknown.example\r\n\r\n";
    char answer[1024] = "";
    assert_int_equal(worker_start(fixture->worker, NULL), 0);
    struct address address = listen_somewhere(fixture);
    int client = connect_to(&address);
    assert_int_equal(write(client, request, sizeof(request) - 1), sizeof(request) - 1);
    /* Without a turn of the control loop. */
    assert_true(read(client, answer, sizeof(answer) - 1) > 0);
    assert_non_null(strstr(answer, " 404 "));
    close(client);
    end(fixture);
}

static void it_drains_when_nobody_is_left(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(worker_start(fixture->worker, NULL), 0);
    struct address address = listen_somewhere(fixture);
    int client = connect_to(&address);
    worker_drain(fixture->worker);
    wait_for(fixture, &fixture->drained);
    close(client);
    end(fixture);
}

static void it_may_be_closed_while_it_drains(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(worker_start(fixture->worker, NULL), 0);
    struct address address = listen_somewhere(fixture);
    int client = connect_to(&address);
    /* Half a head keeps the connection. */
    assert_int_equal(write(client, "GET", 3), 3);
    worker_drain(fixture->worker);
    end(fixture);
    close(client);
}

static void what_cannot_listen_is_told(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(worker_start(fixture->worker, NULL), 0);
    assert_int_equal(worker_listen(fixture->worker, pair, 1, NULL), 0);
    wait_for(fixture, &fixture->listening);
    assert_true(fixture->listen_code < 0);
    end(fixture);
    close(pair[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_never_began_can_go),          TEST(one_that_never_began_can_be_closed),
        TEST(one_that_runs_ends_when_it_is_closed), TEST(it_answers_on_its_own_thread),
        TEST(it_drains_when_nobody_is_left),        TEST(it_may_be_closed_while_it_drains),
        TEST(what_cannot_listen_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
