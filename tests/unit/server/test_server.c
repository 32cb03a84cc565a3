/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/server.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/component.h"
#include "../lib/folder.h"
#include "io/address.h"
#include "runtime/compiler.h"

/* A folder for components, artifacts and functions, and a pipe for the line that says where the
 * host listens. */
struct fixture {
    struct folder folder;
    struct random random;
    struct host_configuration *configuration;
    struct server *server;
    struct error error;
    int pipe[2];
    char ready[256];
    char answer[1024];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    folder_init(&fixture->folder);
    random_init(&fixture->random, 1);
    assert_int_equal(pipe(fixture->pipe), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    server_destroy(fixture->server);
    host_configuration_destroy(fixture->configuration);
    close(fixture->pipe[0]);
    close(fixture->pipe[1]);
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

/* Makes a host; `key` is "component" or "functions". */
static int make(struct fixture *fixture, const char *key, const char *path, const char *listen)
{
    const struct configuration_flag flags[] = {
        {.key = key, .value = path, .flag = "it"},
        {.key = "workers", .value = "2", .flag = "--workers"},
        {.key = "slots", .value = "4", .flag = "--slots"},
        {.key = "cache_dir",
         .value = folder_path(&fixture->folder, "cache"),
         .flag = "--cache-dir"},
        {.key = "net.listen", .value = listen, .flag = "--listen"},
        {.key = "drain_time", .value = "2s", .flag = "--drain-time"},
    };
    assert_int_equal(host_configuration_create(NULL, flags, sizeof(flags) / sizeof(flags[0]),
                                               &fixture->configuration, NULL),
                     0);
    const struct server_options options = {
        .configuration = fixture->configuration,
        .clock = clock_system(),
        .random = &fixture->random,
        .ready_fd = fixture->pipe[1],
    };
    return server_create(&options, &fixture->server, &fixture->error);
}

static int run(struct fixture *fixture)
{
    return server_run(fixture->server, &fixture->error);
}

/* Waits for the line, asks for "/", and ends the host as an operator would. */
static void *ask_and_end(void *argument)
{
    static const char request[] = "GET / HTTP/1.0\r\nHost: some.example\r\n\r\n";
    struct fixture *fixture = argument;
    struct address address;
    ssize_t bytes = read(fixture->pipe[0], fixture->ready, sizeof(fixture->ready) - 1);
    const char *at = bytes > 0 ? strstr(fixture->ready, "http://") : NULL;
    if (at) {
        struct slice text = slice_of(at + strlen("http://"));
        text.bytes = strcspn(text.data, ",\n");
        if (address_read(text, false, &address, NULL) == 0) {
            int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (connect(client, &address.any, address_bytes(&address)) == 0 &&
                write(client, request, sizeof(request) - 1) > 0 &&
                read(client, fixture->answer, sizeof(fixture->answer) - 1) < 0)
                fixture->answer[0] = '\0';
            close(client);
        }
    }
    kill(getpid(), SIGTERM);
    return NULL;
}

static void run_and_ask(struct fixture *fixture)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_and_end, fixture), 0);
    assert_int_equal(run(fixture), 0);
    pthread_join(thread, NULL);
    assert_false(server_abandoned(fixture->server));
    assert_non_null(strstr(fixture->ready, " listening on http://127.0.0.1:"));
}

/* A component file that is not so fresh that it might still be being written. */
static const char *write_component(struct fixture *fixture, enum component_kind kind)
{
    static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct component component;
    component_make(&component, kind, "server");
    folder_write(&fixture->folder, "some.wasm", component.bytes, component.size);
    const char *path = folder_path(&fixture->folder, "some.wasm");
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    return path;
}

static void a_host_may_go_before_it_runs(void **state)
{
    struct fixture *fixture = *state;
    const char *path = write_component(fixture, COMPONENT_MINIMAL);
    assert_int_equal(make(fixture, "component", path, "127.0.0.1:0"), 0);
}

static void an_empty_folder_is_served(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkdir(folder_path(&fixture->folder, "functions"), 0700), 0);
    const char *path = folder_path(&fixture->folder, "functions");
    assert_int_equal(make(fixture, "functions", path, "127.0.0.1:0"), 0);
    run_and_ask(fixture);
    assert_non_null(strstr(fixture->answer, " 404 "));
}

static void a_component_is_served(void **state)
{
    struct fixture *fixture = *state;
    const char *path = write_component(fixture, COMPONENT_MINIMAL);
    assert_int_equal(make(fixture, "component", path, "127.0.0.1:0"), 0);
    run_and_ask(fixture);
    /* It returns without a response. */
    assert_non_null(strstr(fixture->answer, " 502 "));
    assert_non_null(strstr(fixture->answer, "no_response"));
}

static void a_broken_component_is_nothing_to_serve(void **state)
{
    struct fixture *fixture = *state;
    const char *path = write_component(fixture, COMPONENT_NO_EXPORT);
    assert_int_equal(make(fixture, "component", path, "127.0.0.1:0"), 0);
    assert_int_equal(run(fixture), ERROR_FUNCTION_BROKEN);
    assert_non_null(strstr(fixture->error.message, "some.wasm"));
    assert_false(server_abandoned(fixture->server));
}

static void what_is_not_there_is_named(void **state)
{
    struct fixture *fixture = *state;
    const char *path = folder_path(&fixture->folder, "nowhere");
    assert_true(make(fixture, "functions", path, "127.0.0.1:0") < 0);
    assert_null(fixture->server);
    assert_non_null(strstr(fixture->error.message, "nowhere"));
}

static void a_port_in_use_is_told_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct address address = {.v4 = {.sin_family = AF_INET}};
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof(address.v4);
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken, &address.any, bytes), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, &address.any, &bytes), 0);
    char text[ADDRESS_TEXT_BYTES];
    const char *path = write_component(fixture, COMPONENT_MINIMAL);
    assert_int_equal(make(fixture, "component", path, address_write(&address, text)),
                     ERROR_ADDRESS_IN_USE);
    assert_non_null(strstr(fixture->error.message, text));
    close(taken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    /* Components are compiled by the program itself, started again. */
    if (argc > 1 && strcmp(argv[1], COMPILER_COMMAND) == 0)
        return compiler_main(argc, argv);
    const struct CMUnitTest tests[] = {
        TEST(a_host_may_go_before_it_runs), TEST(an_empty_folder_is_served),
        TEST(a_component_is_served),        TEST(a_broken_component_is_nothing_to_serve),
        TEST(what_is_not_there_is_named),   TEST(a_port_in_use_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
