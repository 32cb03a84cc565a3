/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/server.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/list.h"
#include "base/machine.h"
#include "base/state.h"
#include "http/client_counts.h"
#include "io/loop.h"
#include "runtime/budget.h"
#include "runtime/catalog.h"
#include "runtime/engine.h"
#include "server/capacity.h"
#include "server/listeners.h"
#include "server/worker.h"
#include "store/artifact_cache.h"
#include "store/directory_provider.h"
#include "store/file_provider.h"
#include "tables/release.h"

/* How long a host that has nothing else to do waits for a compile that runs. */
#define COMPILE_GRACE_NS (100 * NANOSECONDS_PER_MILLISECOND)

#define READY_LINE_BYTES_MAX 65536

enum server_state {
    SERVER_STARTING,
    SERVER_SERVING,
    SERVER_ANNOUNCING,
    SERVER_STOPPING,
    SERVER_FINISHING,
    SERVER_LEAVING,
    SERVER_LEFT,
};

struct server {
    struct server_options options;
    struct capacity capacity;
    struct state state;
    struct error failure; /* why it leaves; code 0: because it was asked to */
    bool abandoned;
    struct loop *control;
    struct listeners listeners;
    struct engine *engine;
    struct artifact_cache *cache;
    struct budget budget;
    struct client_counts clients;
    char only_function[FUNCTION_NAME_TEXT_BYTES]; /* empty with a folder */
    struct code_provider provider;                /* the catalog starts it */
    bool provider_open;
    struct catalog *catalog; /* NULL: closed */
    bool catalog_closing;
    struct worker **workers;
    size_t worker_count; /* made */
    size_t listening;
    size_t drained;
    size_t ended;
    struct directory **directories;
    uv_signal_t signals[2];
    bool signals_open;
    int signal;              /* the first */
    struct loop_message end; /* server_end */
    _Atomic bool end_asked;  /* it was posted */
    struct loop_timeout drain_deadline;
    struct loop_timeout compile_grace;
};

/* ---- The table of states --------------------------------------------------------------------- */

static const struct state_row state_rows[] = {
    [SERVER_STARTING] = {"starting", STATE_TO(SERVER_SERVING) | STATE_TO(SERVER_LEAVING)},
    [SERVER_SERVING] = {"serving", STATE_TO(SERVER_ANNOUNCING) | STATE_TO(SERVER_LEAVING)},
    [SERVER_ANNOUNCING] = {"announcing", STATE_TO(SERVER_STOPPING)},
    [SERVER_STOPPING] = {"stopping", STATE_TO(SERVER_FINISHING)},
    [SERVER_FINISHING] = {"finishing", STATE_TO(SERVER_LEAVING)},
    [SERVER_LEAVING] = {"leaving", STATE_TO(SERVER_LEFT)},
    [SERVER_LEFT] = {"left", 0},
};

static const struct state_machine machine = {
    .name = "host",
    .rows = state_rows,
    .count = sizeof(state_rows) / sizeof(state_rows[0]),
};

static_assert(sizeof(state_rows) / sizeof(state_rows[0]) == SERVER_LEFT + 1,
              "a row for each state");

static void enter_serving(struct server *server);
static void enter_announcing(struct server *server);
static void enter_stopping(struct server *server);
static void enter_finishing(struct server *server);
static void enter_leaving(struct server *server);
static void enter_left(struct server *server);

/* What is done in a state, as far as it begins with it. */
static void (*const enter[])(struct server *server) = {
    [SERVER_SERVING] = enter_serving,   [SERVER_ANNOUNCING] = enter_announcing,
    [SERVER_STOPPING] = enter_stopping, [SERVER_FINISHING] = enter_finishing,
    [SERVER_LEAVING] = enter_leaving,   [SERVER_LEFT] = enter_left,
};

static_assert(sizeof(enter) / sizeof(enter[0]) == SERVER_LEFT + 1, "each state is entered");

static void trace_move(void *context, const struct state_machine *of, unsigned from, unsigned to,
                       uint64_t spent_ns)
{
    const struct server *server = context;
    LOG(server->options.log, LOG_DEBUG, of->name, log_string("from", of->rows[from].name),
        log_string("to", of->rows[to].name),
        log_real("after_ms", (double)spent_ns / (double)NANOSECONDS_PER_MILLISECOND));
}

static bool is_in(const struct server *server, enum server_state state)
{
    return server->state.now == (unsigned)state;
}

static void move_to(struct server *server, enum server_state state)
{
    state_move(&server->state, state, loop_update(server->control));
    enter[state](server);
}

/* The host cannot go on. The first reason is the one that is told. */
static void fail(struct server *server, const struct error *error)
{
    if (server->failure.code == 0)
        error_copy(&server->failure, error);
    if (is_in(server, SERVER_STARTING) || is_in(server, SERVER_SERVING))
        move_to(server, SERVER_LEAVING);
}

/* ---- Serving --------------------------------------------------------------------------------- */

/* The component or the folder, for people. */
static const char *code_of(const struct server *server)
{
    const struct host_configuration *configuration = server->options.configuration;
    return configuration->component ? configuration->component : configuration->functions;
}

/* Says where it listens, in one write. Nobody is helped when that fails: the host serves. */
static void print_ready(const struct server *server)
{
    struct buffer line;
    buffer_init(&line, READY_LINE_BYTES_MAX);
    int code = buffer_print(&line, "fn0 %s listening on ", FN0_RELEASE);
    for (size_t i = 0; i < server->listeners.count && code == 0; i++) {
        char text[ADDRESS_TEXT_BYTES];
        code = buffer_print(&line, "%shttp://%s", i > 0 ? ", " : "",
                            address_write(&server->listeners.items[i].address, text));
    }
    if (code == 0)
        code = buffer_append(&line, SLICE("\n"));
    struct slice text = buffer_slice(&line);
    if (code == 0 && server->options.ready_fd >= 0 &&
        write(server->options.ready_fd, text.data, text.bytes) != (ssize_t)text.bytes)
        LOG(server->options.log, LOG_WARNING, "the address could not be printed");
    buffer_fini(&line);
}

static void enter_serving(struct server *server)
{
    check(server->listening == server->worker_count && server->worker_count > 0);
    LOG(server->options.log, LOG_INFO, "serving", log_string("code", code_of(server)),
        log_number("workers", server->worker_count), log_number("slots", server->capacity.slots));
    print_ready(server);
    if (server->options.ready)
        server->options.ready(server->options.ready_context);
}

static void on_listening(void *context, struct worker *worker, const struct error *error)
{
    struct server *server = context;
    (void)worker;
    if (error) {
        fail(server, error);
        return;
    }
    server->listening++;
    check(server->listening <= server->worker_count);
    if (is_in(server, SERVER_STARTING) && server->listening == server->worker_count)
        move_to(server, SERVER_SERVING);
}

static int listen_all(struct server *server, struct error *error)
{
    int code = listeners_listen(&server->listeners, error);
    size_t count = server->listeners.count;
    int *sockets = malloc((count ? count : 1) * sizeof(sockets[0]));
    if (!sockets)
        return error_set_memory(error);
    for (size_t i = 0; i < server->worker_count && code == 0; i++) {
        for (size_t j = 0; j < count; j++)
            sockets[j] = listeners_take(&server->listeners, j, i);
        code = worker_listen(server->workers[i], sockets, count, error);
    }
    free(sockets);
    return code;
}

static void begin_listening(struct server *server)
{
    struct error error;
    if (is_in(server, SERVER_STARTING) && listen_all(server, &error) < 0)
        fail(server, &error);
}

/* With a folder the names are enough; the catalog goes on compiling. */
static void on_listed(void *context)
{
    struct server *server = context;
    if (server->options.configuration->functions)
        begin_listening(server);
}

static void on_settled(void *context, size_t ready, size_t broken)
{
    struct server *server = context;
    if (server->options.configuration->functions) {
        LOG(server->options.log, LOG_INFO, "functions loaded", log_number("ready", ready),
            log_number("broken", broken));
        return;
    }
    if (ready > 0 || server->options.notice) {
        begin_listening(server);
        return;
    }
    struct error error;
    error_set(&error, ERROR_FUNCTION_BROKEN, "nothing to serve: %s cannot be loaded",
              code_of(server));
    fail(server, &error);
}

/* ---- Draining -------------------------------------------------------------------------------- */

/* Nobody has to be told while there is no cluster. */
static void enter_announcing(struct server *server)
{
    move_to(server, SERVER_STOPPING);
}

static void begin_closing_catalog(struct server *server);

/* New code is of no use any more; a compile that runs has until the calls have ended. */
static void enter_stopping(struct server *server)
{
    begin_closing_catalog(server);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_drain(server->workers[i]);
    move_to(server, SERVER_FINISHING);
}

static void enter_finishing(struct server *server)
{
    loop_timeout_start(server->control, &server->drain_deadline,
                       server->options.configuration->drain_time_ns);
}

static void on_drained(void *context, struct worker *worker)
{
    struct server *server = context;
    (void)worker;
    server->drained++;
    check(server->drained <= server->worker_count);
    if (is_in(server, SERVER_FINISHING) && server->drained == server->worker_count)
        move_to(server, SERVER_LEAVING);
}

static void on_drain_deadline(struct loop_timeout *timeout)
{
    struct server *server = container_of(timeout, struct server, drain_deadline);
    LOG(server->options.log, LOG_WARNING, "the drain time is over: cutting what still runs");
    if (is_in(server, SERVER_FINISHING))
        move_to(server, SERVER_LEAVING);
}

/* ---- Leaving --------------------------------------------------------------------------------- */

/* The workers' loops must run until the catalog is closed. */
static void close_workers(struct server *server)
{
    loop_timeout_stop(&server->compile_grace);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_close(server->workers[i]);
}

static void on_provider_closed(void *context)
{
    struct server *server = context;
    check(server->provider_open && !server->catalog);
    server->provider_open = false;
    if (is_in(server, SERVER_LEAVING))
        close_workers(server);
}

static void close_provider(struct server *server)
{
    server->provider.close(server->provider.self, on_provider_closed, server);
}

static void on_catalog_closed(void *context)
{
    struct server *server = context;
    check(server->catalog_closing);
    server->catalog = NULL;
    close_provider(server);
}

static void begin_closing_catalog(struct server *server)
{
    if (!server->catalog || server->catalog_closing)
        return;
    server->catalog_closing = true;
    catalog_close(server->catalog, on_catalog_closed, server);
}

static void enter_leaving(struct server *server)
{
    loop_timeout_stop(&server->drain_deadline);
    if (!server->provider_open) {
        close_workers(server);
        return;
    }
    begin_closing_catalog(server);
    if (loop_timeout_start(server->control, &server->compile_grace, COMPILE_GRACE_NS) < 0)
        move_to(server, SERVER_LEFT);
}

static void on_compile_grace(struct loop_timeout *timeout)
{
    struct server *server = container_of(timeout, struct server, compile_grace);
    LOG(server->options.log, LOG_DEBUG, "leaving while something is being compiled");
    if (is_in(server, SERVER_LEAVING))
        move_to(server, SERVER_LEFT);
}

static void enter_left(struct server *server)
{
    server->abandoned = server->ended < server->worker_count;
    loop_stop(server->control);
}

static void on_ended(void *context, struct worker *worker, const struct error *error)
{
    struct server *server = context;
    (void)worker;
    server->ended++;
    check(server->ended <= server->worker_count);
    if (error)
        fail(server, error);
    if (is_in(server, SERVER_LEAVING) && server->ended == server->worker_count)
        move_to(server, SERVER_LEFT);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    LOG(server->options.log, LOG_INFO, "signal", log_string("name", strsignal(number)));
    server->signal = server->signal ? server->signal : number;
    if (is_in(server, SERVER_STARTING)) {
        move_to(server, SERVER_LEAVING);
    } else if (is_in(server, SERVER_SERVING)) {
        move_to(server, SERVER_ANNOUNCING);
    } else {
        /* Whoever asks twice means now. Nothing on disk needs an end. */
        _exit(128 + number);
    }
}

static void on_end(struct loop_message *message)
{
    struct server *server = container_of(message, struct server, end);
    if (is_in(server, SERVER_STARTING))
        move_to(server, SERVER_LEAVING);
    else if (is_in(server, SERVER_SERVING))
        move_to(server, SERVER_ANNOUNCING);
}

void server_end(struct server *server)
{
    if (!atomic_exchange(&server->end_asked, true))
        (void)loop_post(server->control, &server->end);
}

int server_signal(const struct server *server)
{
    return server->signal;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static const struct worker_events worker_events = {
    .listening = on_listening,
    .drained = on_drained,
    .ended = on_ended,
};

static int make_workers(struct server *server, struct error *error)
{
    const struct host_configuration *configuration = server->options.configuration;
    size_t count = configuration->workers;
    server->workers = calloc(count, sizeof(server->workers[0]));
    server->directories = calloc(count, sizeof(server->directories[0]));
    if (!server->workers || !server->directories ||
        client_counts_init(&server->clients, configuration->net.connections_max,
                           configuration->net.connections_per_address_max, NULL) < 0)
        return error_set_memory(error);
    for (size_t i = 0; i < count; i++) {
        const struct worker_options options = {
            .index = (unsigned)i,
            .configuration = configuration,
            .capacity = &server->capacity,
            .only_function = server->only_function[0] ? server->only_function : NULL,
            .random_seed = random_next(server->options.random),
            .control = server->control,
            .engine = server->engine,
            .budget = &server->budget,
            .clients = &server->clients,
            .certificates = server->options.certificates,
            .access = server->options.access,
            .notice = server->options.notice,
            .log = server->options.log,
            .events = &worker_events,
            .context = server,
        };
        int code = worker_create(&options, &server->workers[i], error);
        if (code < 0)
            return code;
        server->worker_count++;
        server->directories[i] = worker_directory(server->workers[i]);
    }
    return 0;
}

static int make_engine(struct server *server, struct error *error)
{
    const struct host_configuration *configuration = server->options.configuration;
    const struct capacity *capacity = &server->capacity;
    budget_init(&server->budget, capacity->slots, capacity->warm_instances_max,
                configuration->warm_memory_bytes_max);
    const struct engine_options options = {
        .instances_max = capacity->instances_max,
        .memory_bytes_max = configuration->limits_max.value[LIMIT_MEMORY],
    };
    int code = engine_create(&options, &server->engine, error);
    if (code < 0) {
        error_wrap(error, "cannot make room for %llu slots", (unsigned long long)capacity->slots);
        return code;
    }
    return artifact_cache_create(configuration->cache_dir, configuration->cache_bytes_max,
                                 server->options.clock, server->options.log, &server->cache, error);
}

static int open_signals(struct server *server, struct error *error)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    uv_loop_t *uv = loop_uv(server->control);
    server->signals_open = true;
    for (size_t i = 0; i < 2; i++) {
        server->signals[i].data = server;
        /* Initialising cannot fail once the loop has its pipe, which the first one makes. */
        int code = uv_signal_init(uv, &server->signals[i]);
        if (code < 0 && i == 0) {
            server->signals_open = false;
            return error_set_errno(error, code, "cannot watch for signals");
        }
        check(code == 0);
    }
    for (size_t i = 0; i < 2; i++) {
        int code = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
        if (code < 0)
            return error_set_errno(error, code, "cannot watch for signals");
    }
    return 0;
}

static int make_provider(struct server *server, struct error *error)
{
    const struct host_configuration *configuration = server->options.configuration;
    struct log *log = server->options.log;
    int code;
    if (configuration->functions)
        code = directory_provider_create(configuration->functions, log, &server->provider, error);
    else
        code = file_provider_create(configuration->component, server->options.notice != NULL, log,
                                    &server->provider, error);
    server->provider_open = code == 0;
    return code;
}

static int make_catalog(struct server *server, struct error *error)
{
    const struct catalog_options options = {
        .loop = server->control,
        .engine = server->engine,
        .cache = server->cache,
        .provider = &server->provider,
        .configuration = server->options.configuration,
        .log = server->options.log,
        .compile_threads = 1,
        .directories = server->directories,
        .directory_count = server->worker_count,
        .listed = on_listed,
        .settled = on_settled,
        .context = server,
    };
    int code = catalog_create(&options, &server->catalog, error);
    if (code < 0)
        close_provider(server);
    return code;
}

static int make_all(struct server *server, struct error *error)
{
    const struct host_configuration *configuration = server->options.configuration;
    int code = loop_create(server->options.clock, &server->control, error);
    if (code == 0)
        code = open_signals(server, error);
    if (code == 0)
        code = listeners_init(&server->listeners, &configuration->net.listen,
                              configuration->workers, error);
    if (code == 0)
        code = make_engine(server, error);
    if (code == 0)
        code = make_workers(server, error);
    if (code == 0)
        code = make_provider(server, error);
    if (code == 0)
        code = make_catalog(server, error);
    return code;
}

int server_create(const struct server_options *options, struct server **ret_server,
                  struct error *error)
{
    const struct host_configuration *configuration = options->configuration;
    check(!configuration->component != !configuration->functions);
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return error_set_memory(error);
    server->options = *options;
    state_init(&server->state, &machine, SERVER_STARTING, clock_monotonic_ns(options->clock),
               trace_move, server);
    server->capacity = capacity_of(configuration, machine_memory_bytes());
    if (configuration->component)
        file_provider_name(configuration->component, server->only_function);
    loop_timeout_init(&server->drain_deadline, on_drain_deadline);
    loop_timeout_init(&server->compile_grace, on_compile_grace);
    loop_message_init(&server->end, on_end);
    int code = make_all(server, error);
    if (code < 0) {
        server_destroy(server);
        return code;
    }
    *ret_server = server;
    return 0;
}

int server_run(struct server *server, struct error *error)
{
    int started = 0;
    for (size_t i = 0; i < server->worker_count && started == 0; i++)
        started = worker_start(server->workers[i], &server->failure);
    if (started < 0)
        move_to(server, SERVER_LEAVING);
    int code = loop_run(server->control, error);
    if (code < 0) {
        server->abandoned = true;
        return code;
    }
    return server->failure.code < 0 ? error_copy(error, &server->failure) : 0;
}

bool server_abandoned(const struct server *server)
{
    return server->abandoned;
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    check(!server->abandoned);
    begin_closing_catalog(server);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_destroy(server->workers[i]);
    while (server->provider_open)
        loop_run_once(server->control, 1);
    client_counts_fini(&server->clients);
    free(server->workers);
    free(server->directories);
    artifact_cache_destroy(server->cache);
    if (server->engine)
        budget_fini(&server->budget);
    engine_destroy(server->engine);
    listeners_fini(&server->listeners);
    for (size_t i = 0; server->signals_open && i < 2; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    loop_destroy(server->control);
    free(server);
}
