/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/dev.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "builder/builder.h"
#include "builder/transcript.h"
#include "cli/build_project.h"
#include "cli/building.h"
#include "cli/command_line.h"
#include "cli/dev_report.h"
#include "cli/help.h"
#include "io/address.h"
#include "project/project.h"
#include "project/watch.h"
#include "server/capacity.h"
#include "server/listeners.h"
#include "server/server.h"

#define MODE_VARIABLE "FN0_MODE=development"
#define LISTEN_MAX 64
#define FAILURE_BYTES_MAX (TRANSCRIPT_BYTES_MAX + ERROR_MESSAGE_BYTES + 16)

/* Flags that stand below those of the command line. */
static const struct configuration_flag defaults[] = {
    {.key = "log.format", .value = "human", .flag = "--log-format"},
    {.key = "environment.*", .value = MODE_VARIABLE, .flag = "--env"},
};
#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))

/* A project with the host that serves it, until fn0.toml or .env change. */
struct session {
    struct run *run;
    struct project *project;
    struct host_configuration *host;
    struct project_watch *watch;
    struct builder *builder;
    struct server *server;
    struct session *next; /* what takes its place; NULL: nothing */
    pthread_t thread;     /* that watches and builds */
};

/* One run of the command. */
struct run {
    const struct program *program;
    const struct command_line *line;
    struct configuration_flag *flags;
    size_t flag_count;
    struct texts addresses; /* where it listens, once that is known */
    const char *address_items[LISTEN_MAX];
    char address_texts[LISTEN_MAX][ADDRESS_TEXT_BYTES];
    struct dev_report report;
    struct access_sink access;
    struct notice notice;
    pthread_t keys;
    int keys_end; /* a descriptor */
    bool keys_read;
    bool quit;
    int signal;              /* that ended the first build */
    pthread_mutex_t mutex;   /* of what follows */
    struct session *session; /* that serves; NULL: none */
    struct buffer failure;   /* of the last build; empty: it went well */
};

/* ---- What a build says ---- */

/* What tools have said stands first, as on a terminal. Without memory a part is missing. */
static void keep_failure(struct run *run, struct slice said, const char *message)
{
    pthread_mutex_lock(&run->mutex);
    buffer_reset(&run->failure, 0);
    if (message) {
        (void)buffer_append(&run->failure, said);
        (void)buffer_print(&run->failure, "%s\n", message);
    }
    pthread_mutex_unlock(&run->mutex);
}

/* Of notice, as the next: on the workers' threads. */
static struct slice read_failure(void *context, struct arena *arena)
{
    struct run *run = context;
    pthread_mutex_lock(&run->mutex);
    struct slice text = buffer_slice(&run->failure);
    struct slice copy = arena_copy(arena, text.bytes ? text : SLICE("It is being loaded.\n"));
    pthread_mutex_unlock(&run->mutex);
    return copy.data ? copy : SLICE("");
}

static bool has_failed(void *context)
{
    struct run *run = context;
    pthread_mutex_lock(&run->mutex);
    bool failed = buffer_bytes(&run->failure) > 0;
    pthread_mutex_unlock(&run->mutex);
    return failed;
}

static int build(struct session *session, bool force, struct error *error)
{
    struct run *run = session->run;
    builder_forget_said(session->builder);
    int code =
        build_project_develop(&run->report, session->builder, session->project, force, error);
    if (code == ERROR_CLOSED)
        return code;
    struct slice said = builder_said(session->builder);
    keep_failure(run, said, code ? error->message : NULL);
    if (code)
        dev_report_failure(&run->report, said, error);
    return code;
}

/* ---- Projects ---- */

static void session_destroy(struct session *session)
{
    if (!session)
        return;
    server_destroy(session->server);
    builder_destroy(session->builder);
    project_watch_destroy(session->watch);
    host_configuration_destroy(session->host);
    project_destroy(session->project);
    free(session);
}

static bool has_flag(const struct run *run, const char *key)
{
    for (size_t i = 0; i < run->line->flag_count; i++) {
        if (strcmp(run->line->flags[i].key, key) == 0)
            return true;
    }
    return false;
}

/* One line where a host elsewhere would refuse the function. */
static void warn_above_stock(const struct session *session)
{
    const struct limits *limits = &session->project->configuration->function.limits;
    enum limit limit = project_limit_above_stock(session->project);
    struct limits stock;
    char asked[UNITS_TEXT_BYTES];
    char allowed[UNITS_TEXT_BYTES];
    if (limit == LIMIT_COUNT || has_flag(session->run, "limits"))
        return;
    limits_set_cloud(&stock);
    enum limit_unit unit = limit_info(limit)->unit;
    dev_report_warning(&session->run->report,
                       "%s asks for %s = %s: a host allows %s unless its [limits.max] says more",
                       session->project->name, limit_info(limit)->key,
                       units_write(unit, limits->value[limit], asked),
                       units_write(unit, stock.value[limit], allowed));
}

/* Reads the project as it is now. The caller destroys *ret_session. */
static int session_create(struct run *run, struct session **ret_session, struct error *error)
{
    const struct project_options options = {
        .environment = run->program->environment,
        .flags = run->flags,
        .flag_count = run->flag_count,
        .development = true,
    };
    *ret_session = NULL;
    struct session *session = calloc(1, sizeof(*session));
    if (!session)
        return error_set_memory(error);
    session->run = run;
    int code = project_create(&options, &session->project, error);
    if (code == 0)
        code =
            project_make_host(session->project, run->flags, run->flag_count, &session->host, error);
    if (code == 0)
        code = project_watch_create(session->project, run->program->clock, &session->watch, error);
    if (code) {
        session_destroy(session);
        return code;
    }
    *ret_session = session;
    return 0;
}

/* ---- Watching, on a thread of its own ---- */

/* Whether the host is to end for another one. */
static bool take_settings(struct session *session)
{
    struct run *run = session->run;
    struct error error;
    if (session_create(run, &session->next, &error)) {
        dev_report_failure(&run->report, SLICE(""), &error);
        return false;
    }
    dev_report_warning(&run->report, "%s has changed: the host begins anew",
                       session->project->shown);
    return true;
}

static void *watch_and_build(void *argument)
{
    struct session *session = argument;
    struct error error;
    for (;;) {
        switch (project_watch_wait(session->watch)) {
        case PROJECT_CHANGE_END:
            return NULL;
        case PROJECT_CHANGE_SETTINGS:
            if (take_settings(session)) {
                server_end(session->server);
                return NULL;
            }
            break;
        case PROJECT_CHANGE_ASKED:
            (void)build(session, true, &error);
            break;
        case PROJECT_CHANGE_INPUTS:
            (void)build(session, false, &error);
            break;
        }
    }
}

/* Signals are for the main thread. */
static int start_thread(pthread_t *ret_thread, void *(*work)(void *argument), void *argument,
                        struct error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(ret_thread, NULL, work, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number == 0 ? 0 : error_set_errno(error, number, "cannot start a thread");
}

/* ---- Keys ---- */

static void press(struct run *run, char key)
{
    pthread_mutex_lock(&run->mutex);
    struct session *session = run->session;
    if (key == 'q')
        run->quit = true;
    if (key == 'q' && session)
        server_end(session->server);
    else if (key == 'r' && session)
        project_watch_ask(session->watch);
    pthread_mutex_unlock(&run->mutex);
}

/* Who is in the background must not read: the system would stop it. */
static bool is_in_foreground(void)
{
    pid_t group = tcgetpgrp(STDIN_FILENO);
    return group < 0 || group == getpgrp();
}

static void *read_keys(void *argument)
{
    struct run *run = argument;
    struct pollfd sources[] = {
        {.fd = run->keys_end, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    for (;;) {
        char text[256];
        (void)poll(sources, 2, -1);
        if (sources[0].revents)
            return NULL;
        if (!is_in_foreground()) {
            (void)poll(sources, 1, 1000);
            continue;
        }
        ssize_t bytes = sources[1].revents ? read(STDIN_FILENO, text, sizeof(text)) : 0;
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes <= 0)
            return NULL;
        press(run, text[0]);
    }
}

static int begin_keys(struct run *run, struct error *error)
{
    if (isatty(STDIN_FILENO) != 1)
        return 0;
    run->keys_end = eventfd(0, EFD_CLOEXEC);
    if (run->keys_end < 0)
        return error_set_errno(error, errno, "cannot read keys");
    int code = start_thread(&run->keys, read_keys, run, error);
    run->keys_read = code == 0;
    if (code == 0)
        dprintf(run->program->errors, "r and Enter builds again, q and Enter ends it\n");
    return code;
}

static void end_keys(struct run *run)
{
    const uint64_t one = 1;
    if (run->keys_read) {
        check(write(run->keys_end, &one, sizeof(one)) == sizeof(one));
        pthread_join(run->keys, NULL);
    }
    if (run->keys_end >= 0)
        close(run->keys_end);
}

/* ---- Serving ---- */

static void set_session(struct run *run, struct session *session)
{
    pthread_mutex_lock(&run->mutex);
    run->session = session;
    pthread_mutex_unlock(&run->mutex);
}

static void say_ready(void *context)
{
    const struct session *session = context;
    dev_report_ready(&session->run->report, session->project->name, &session->run->addresses);
}

static int make_server(struct session *session, struct log *log, bool first, struct error *error)
{
    struct run *run = session->run;
    bool is_json = dev_report_is_json(&run->report);
    const struct server_options options = {
        .configuration = session->host,
        .clock = run->program->clock,
        .random = run->program->random,
        .log = log,
        .ready_fd = first && !is_json ? run->program->output : -1,
        .ready = first && is_json ? say_ready : NULL,
        .ready_context = session,
        .certificates = run->program->certificates,
        .access = &run->access,
        .notice = &run->notice,
    };
    (void)capacity_raise_open_files();
    return server_create(&options, &session->server, error);
}

/* On the thread of the check, as the next. */
static void say_type_error(void *context, const struct type_error *error)
{
    const struct run *run = context;
    dev_report_type_error(&run->report, error);
}

static void say_types(void *context, size_t count)
{
    struct run *run = context;
    dev_report_types(&run->report, count);
}

/* Where they cannot be checked, builds are none the worse. */
static void check_types(struct session *session)
{
    const struct type_check_options options = {
        .folder = session->project->folder,
        .watch = true,
        .context = session->run,
        .found = say_type_error,
        .done = say_types,
    };
    struct error ignored;
    if (session->project->language == LANGUAGE_TYPESCRIPT)
        (void)builder_check_types(session->builder, &options, &ignored);
}

/* Serves, watches and builds until it is ended. */
static int serve(struct session *session, struct log *log, bool first, struct error *error)
{
    struct run *run = session->run;
    int code = make_server(session, log, first, error);
    if (code == 0)
        code = start_thread(&session->thread, watch_and_build, session, error);
    if (code)
        return code;
    check_types(session);
    if (first)
        code = begin_keys(run, error);
    set_session(run, session);
    if (code == 0)
        code = server_run(session->server, error);
    set_session(run, NULL);
    project_watch_end(session->watch);
    builder_cancel(session->builder);
    pthread_join(session->thread, NULL);
    if (server_abandoned(session->server))
        _exit(code ? (int)program_fail(run->program, "dev", error) : EXIT_STATUS_OK);
    return code;
}

/* ---- The first build ---- */

/* Takes the addresses, so that a port that is in use is told before something is built, and keeps
 * where they are: what takes a free one the first time stays there. */
static int hold_addresses(struct session *session, struct listeners *held, struct error *error)
{
    struct run *run = session->run;
    if (run->addresses.count > 0)
        session->host->net.listen = run->addresses;
    int code = listeners_init(held, &session->host->net.listen, 1, error);
    if (code == ERROR_ADDRESS_IN_USE) {
        char message[sizeof(error->message)];
        memcpy(message, error->message, sizeof(message));
        return error_set(error, code, "%s. Another one: --listen 127.0.0.1:0 takes what is free",
                         message);
    }
    if (code || run->addresses.count > 0)
        return code;
    for (size_t i = 0; i < held->count && i < LISTEN_MAX; i++)
        run->address_items[i] = address_write(&held->items[i].address, run->address_texts[i]);
    run->addresses.items = run->address_items;
    run->addresses.count = held->count < LISTEN_MAX ? held->count : LISTEN_MAX;
    session->host->net.listen = run->addresses;
    return 0;
}

static int build_first(struct builder *builder, void *context, struct error *error)
{
    (void)builder;
    return build(context, false, error);
}

static int make_builder(struct session *session, struct error *error)
{
    const struct program *program = session->run->program;
    struct builder_options options;
    int code =
        build_project_builder(program, session->project, session->host->cache_dir, &options, error);
    if (code)
        return code;
    options.develop = true;
    options.colour = program->colour && isatty(program->errors) == 1;
    return building_create(&options, &session->builder, error);
}

/* A command that failed may not even have made the folder of the component, which is watched. */
static void make_folder(const struct project *project)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%s", project->component);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    (void)mkdir(folder, 0777);
}

/* A source that cannot be built is no reason to end: it will be changed. */
static int build_before(struct session *session, struct error *error)
{
    struct run *run = session->run;
    struct listeners held;
    int code = hold_addresses(session, &held, error);
    if (code)
        return code;
    warn_above_stock(session);
    code = make_builder(session, error);
    if (code == 0 &&
        building_run_with(session->builder, build_first, session, &run->signal, error)) {
        code = run->signal ? ERROR_CLOSED : 0;
        make_folder(session->project);
    }
    listeners_fini(&held);
    return code;
}

/* ---- The command ---- */

/* One project after the other; each is destroyed before the next begins. */
static int run_sessions(struct run *run, struct log *log, struct session *session,
                        struct error *error)
{
    bool first = true;
    int code = 0;
    while (session && code == 0) {
        code = build_before(session, error);
        if (code == 0 && !run->quit)
            code = serve(session, log, first, error);
        struct session *next = session->next;
        bool ended = run->quit || (session->server && server_signal(session->server) != 0);
        session_destroy(session);
        session = next;
        first = false;
        if (code == 0 && !ended)
            continue;
        session_destroy(session);
        return code;
    }
    session_destroy(session);
    return code;
}

static int run_with_log(struct run *run, struct error *error)
{
    struct session *session;
    struct log *log;
    int code = session_create(run, &session, error);
    if (code)
        return code;
    const struct host_configuration *host = session->host;
    bool is_json = dev_report_is_json(&run->report);
    code = log_create(is_json ? run->program->output : run->program->errors, host->log.level,
                      is_json ? LOG_FORMAT_JSON : host->log.format, run->program->colour,
                      run->program->clock, &log);
    if (code) {
        session_destroy(session);
        return error_set(error, code, "cannot make the log");
    }
    run->access = dev_report_sink(&run->report);
    run->notice = (struct notice){.context = run, .read = read_failure, .is_due = has_failed};
    code = run_sessions(run, log, session, error);
    end_keys(run);
    log_destroy(log);
    return code;
}

static int collect_flags(struct run *run, struct error *error)
{
    size_t count = run->line->flag_count;
    run->flags = calloc(DEFAULT_COUNT + count, sizeof(run->flags[0]));
    if (!run->flags)
        return error_set_memory(error);
    memcpy(run->flags, defaults, sizeof(defaults));
    if (count > 0)
        memcpy(run->flags + DEFAULT_COUNT, run->line->flags, count * sizeof(run->flags[0]));
    run->flag_count = DEFAULT_COUNT + count;
    return 0;
}

static enum exit_status dev(struct run *run, struct error *error)
{
    check(pthread_mutex_init(&run->mutex, NULL) == 0);
    buffer_init(&run->failure, FAILURE_BYTES_MAX);
    int code =
        dev_report_init(&run->report, run->program, run->line->options[OPTION_DEV_JSON], error);
    if (code == 0)
        code = collect_flags(run, error);
    if (code == 0)
        code = run_with_log(run, error);
    dev_report_fini(&run->report);
    free(run->flags);
    buffer_fini(&run->failure);
    pthread_mutex_destroy(&run->mutex);
    if (run->signal)
        return (enum exit_status)(128 + run->signal);
    return code == 0 ? EXIT_STATUS_OK : program_fail(run->program, "dev", error);
}

enum exit_status dev_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_DEV, count, words, &error) < 0)
        return program_fail(program, "dev", &error);
    struct run run = {.program = program, .line = &line, .keys_end = -1};
    enum exit_status status;
    if (line.options[OPTION_DEV_HELP]) {
        status = help_show(program, COMMAND_DEV);
    } else if (line.word_count > 0) {
        error_set(&error, ERROR_USAGE, "'%s' is not understood: the project is that of this folder",
                  line.words[0]);
        status = program_fail(program, "dev", &error);
    } else {
        status = dev(&run, &error);
    }
    command_line_fini(&line);
    return status;
}
