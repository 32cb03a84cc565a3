/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/random.h"
#include "gateway/gateway.h"
#include "gateway/relay.h"
#include "http/server.h"
#include "observe/function_log.h"
#include "runtime/executor.h"

/* Of a request's body, and of a response's, that wait in http for the other side. */
#define BODY_WINDOW_BYTES 65536
#define OUTPUT_BYTES_MAX 131072

/* How often a worker without connections looks whether its last calls have ended. */
#define DRAIN_LOOK_NS (5 * NANOSECONDS_PER_MILLISECOND)

static_assert(RELAY_WINDOW_BYTES <= OUTPUT_BYTES_MAX,
              "what a guest may write at once finds room in http");

struct worker {
    struct worker_options options;
    struct loop *loop;
    struct directory *directory;
    struct function_log *function_log;
    struct executor *executor;
    struct gateway *gateway;
    struct http_server *http;
    struct random random;
    bool http_closed;
    bool executor_closed;
    bool closing;
    bool connections_gone;
    bool started;
    pthread_t thread;
    struct loop_timeout drain_look;
    int *sockets;
    size_t socket_count;
    /* What the control loop sends, and what it is sent. */
    struct loop_message listen;
    struct loop_message drain;
    struct loop_message close;
    struct loop_message listening;
    struct loop_message drained;
    struct loop_message ended;
    struct error listen_error;
    struct error end_error;
};

struct directory *worker_directory(const struct worker *worker)
{
    return worker->directory;
}

/* ---- What guests write ----------------------------------------------------------------------- */

static void on_output(void *context, const struct version *version, struct slice request_id,
                      bool is_stderr, struct slice data)
{
    struct worker *worker = context;
    function_log_write(worker->function_log, version->name, request_id, is_stderr, data);
}

static void on_output_end(void *context, const struct version *version, struct slice request_id)
{
    struct worker *worker = context;
    function_log_end(worker->function_log, version->name, request_id);
}

/* ---- On the worker's thread ------------------------------------------------------------------ */

static void on_listen(struct loop_message *message)
{
    struct worker *worker = container_of(message, struct worker, listen);
    check(loop_is_current(worker->loop) && worker->sockets);
    worker->listen_error.code = 0;
    for (size_t i = 0; i < worker->socket_count; i++) {
        if (worker->closing) {
            close(worker->sockets[i]);
            continue;
        }
        struct error error;
        if (http_server_listen(worker->http, worker->sockets[i], &error) < 0)
            error_copy(&worker->listen_error, &error);
    }
    loop_post(worker->options.control, &worker->listening);
}

static void look_whether_drained(struct worker *worker)
{
    if (worker->closing || !worker->connections_gone)
        return;
    if (executor_counts(worker->executor)->running == 0)
        loop_post(worker->options.control, &worker->drained);
    else if (loop_timeout_start(worker->loop, &worker->drain_look, DRAIN_LOOK_NS) < 0)
        loop_post(worker->options.control, &worker->drained);
}

static void on_drain_look(struct loop_timeout *timeout)
{
    look_whether_drained(container_of(timeout, struct worker, drain_look));
}

static void on_http_drained(void *context)
{
    struct worker *worker = context;
    check(!worker->connections_gone && !worker->closing);
    worker->connections_gone = true;
    look_whether_drained(worker);
}

static void on_drain(struct loop_message *message)
{
    struct worker *worker = container_of(message, struct worker, drain);
    if (!worker->closing)
        http_server_drain(worker->http, on_http_drained, worker);
}

static void on_executor_closed(void *context)
{
    struct worker *worker = context;
    check(!worker->http && !worker->executor_closed);
    worker->executor_closed = true;
    worker->executor = NULL;
    loop_stop(worker->loop);
}

static void on_http_closed(void *context)
{
    struct worker *worker = context;
    check(worker->closing && !worker->http_closed);
    worker->http_closed = true;
    worker->http = NULL;
    executor_close(worker->executor, on_executor_closed, worker);
}

/* The server first: its exchanges cancel their calls. */
static void close_on_loop(struct worker *worker)
{
    if (worker->closing)
        return;
    worker->closing = true;
    loop_timeout_stop(&worker->drain_look);
    http_server_close(worker->http, on_http_closed, worker);
}

static void on_close(struct loop_message *message)
{
    close_on_loop(container_of(message, struct worker, close));
}

static void *run_thread(void *argument)
{
    struct worker *worker = argument;
    struct error error;
    if (loop_run(worker->loop, &error) < 0) {
        error_wrap(&error, "worker %u", worker->options.index);
        error_copy(&worker->end_error, &error);
    } else {
        check(worker->http_closed && worker->executor_closed);
        worker->end_error.code = 0;
    }
    loop_post(worker->options.control, &worker->ended);
    return NULL;
}

/* ---- On the control loop --------------------------------------------------------------------- */

static const struct error *unless_none(const struct error *error)
{
    return error->code == 0 ? NULL : error;
}

static void tell_listening(struct loop_message *message)
{
    struct worker *worker = container_of(message, struct worker, listening);
    worker->options.events->listening(worker->options.context, worker,
                                      unless_none(&worker->listen_error));
}

static void tell_drained(struct loop_message *message)
{
    struct worker *worker = container_of(message, struct worker, drained);
    worker->options.events->drained(worker->options.context, worker);
}

static void tell_ended(struct loop_message *message)
{
    struct worker *worker = container_of(message, struct worker, ended);
    if (worker->started)
        pthread_join(worker->thread, NULL);
    worker->started = false;
    worker->options.events->ended(worker->options.context, worker, unless_none(&worker->end_error));
}

int worker_start(struct worker *worker, struct error *error)
{
    check(!worker->started && !worker->closing);
    int number = pthread_create(&worker->thread, NULL, run_thread, worker);
    if (number != 0)
        return error_set_errno(error, number, "cannot start worker %u", worker->options.index);
    worker->started = true;
    char name[16];
    (void)snprintf(name, sizeof(name), "worker-%u", worker->options.index);
    /* Only for those who look at threads. */
    (void)pthread_setname_np(worker->thread, name);
    return 0;
}

int worker_listen(struct worker *worker, const int *sockets, size_t count, struct error *error)
{
    check(worker->started && !worker->sockets);
    worker->sockets = malloc(count * sizeof(sockets[0]));
    if (!worker->sockets)
        return error_set_memory(error);
    for (size_t i = 0; i < count; i++)
        worker->sockets[i] = sockets[i];
    worker->socket_count = count;
    loop_post(worker->loop, &worker->listen);
    return 0;
}

void worker_drain(struct worker *worker)
{
    loop_post(worker->loop, &worker->drain);
}

void worker_close(struct worker *worker)
{
    loop_post(worker->loop, &worker->close);
    if (!worker->started)
        loop_post(worker->options.control, &worker->ended);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int make_http(struct worker *worker, struct error *error)
{
    const struct host_configuration *configuration = worker->options.configuration;
    const struct http_server_options options = {
        .head_bytes_max = worker->options.capacity->head_bytes_max,
        .connections_max = worker->options.capacity->connections_max,
        .clients = worker->options.clients,
        .head_timeout_ns = configuration->net.head_timeout_ns,
        .body_timeout_ns = configuration->net.body_timeout_ns,
        .write_timeout_ns = configuration->net.write_timeout_ns,
        .idle_timeout_ns = configuration->net.idle_timeout_ns,
        .body_window_bytes = BODY_WINDOW_BYTES,
        .output_bytes_max = OUTPUT_BYTES_MAX,
        .log = worker->options.log,
    };
    struct http_handler handler = gateway_handler(worker->gateway);
    return http_server_create(worker->loop, &options, &handler, &worker->http, error);
}

static int make_gateway(struct worker *worker, struct error *error)
{
    const struct gateway_options options = {
        .loop = worker->loop,
        .directory = worker->directory,
        .executor = worker->executor,
        .configuration = worker->options.configuration,
        .only_function = worker->options.only_function,
        .random = &worker->random,
        .log = worker->options.log,
        .access = worker->options.access,
        .notice = worker->options.notice,
    };
    return gateway_create(&options, &worker->gateway, error);
}

static int make_executor(struct worker *worker, struct error *error)
{
    const struct executor_options options = {
        .loop = worker->loop,
        .engine = worker->options.engine,
        .budget = worker->options.budget,
        .directory = worker->directory,
        .configuration = worker->options.configuration,
        .output = {.context = worker, .write = on_output, .end = on_output_end},
        .certificates = worker->options.certificates,
        .log = worker->options.log,
    };
    return executor_create(&options, &worker->executor, error);
}

static void init_messages(struct worker *worker)
{
    loop_message_init(&worker->listen, on_listen);
    loop_message_init(&worker->drain, on_drain);
    loop_message_init(&worker->close, on_close);
    loop_message_init(&worker->listening, tell_listening);
    loop_message_init(&worker->drained, tell_drained);
    loop_message_init(&worker->ended, tell_ended);
    loop_timeout_init(&worker->drain_look, on_drain_look);
}

int worker_create(const struct worker_options *options, struct worker **ret_worker,
                  struct error *error)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return error_set_memory(error);
    worker->options = *options;
    init_messages(worker);
    random_init(&worker->random, options->random_seed);
    int code = loop_create(loop_clock(options->control), &worker->loop, error);
    if (code == 0)
        code = directory_create(worker->loop, &worker->directory, error);
    if (code == 0)
        code = function_log_create(options->log, &worker->function_log, error);
    if (code == 0)
        code = make_executor(worker, error);
    if (code == 0)
        code = make_gateway(worker, error);
    if (code == 0)
        code = make_http(worker, error);
    if (code < 0) {
        error_wrap(error, "worker %u", options->index);
        worker_destroy(worker);
        return code;
    }
    *ret_worker = worker;
    return 0;
}

/* Closes what has no thread of its own (any more) to be closed on. */
static void close_here(struct worker *worker)
{
    if (worker->http)
        close_on_loop(worker);
    else if (worker->executor)
        executor_close(worker->executor, on_executor_closed, worker);
    while (worker->http || worker->executor)
        loop_run_once(worker->loop, 1);
}

void worker_destroy(struct worker *worker)
{
    if (!worker)
        return;
    check(!worker->started);
    if (worker->loop)
        close_here(worker);
    check(!worker->http && !worker->executor);
    gateway_destroy(worker->gateway);
    function_log_destroy(worker->function_log);
    directory_destroy(worker->directory);
    loop_destroy(worker->loop);
    free(worker->sockets);
    free(worker);
}
