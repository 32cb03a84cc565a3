/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "cli/build_project.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "server/capacity.h"
#include "server/server.h"

#define READY_BYTES 1024
#define SCRIPT_BYTES 8192
#define JSON_BYTES_MAX 65536
#define URL_VARIABLE "FN0_URL="

/* Flags that stand below those of the command line. */
static const struct configuration_flag quiet_host[] = {
    {.key = "net.listen", .value = "127.0.0.1:0", .flag = "--listen"},
    {.key = "log.level", .value = "warning", .flag = "--log-level"},
    {.key = "log.format", .value = "human", .flag = "--log-format"},
};
#define QUIET_COUNT (sizeof(quiet_host) / sizeof(quiet_host[0]))

/* One run of the command. */
struct run {
    const struct program *program;
    const struct command_line *line;
    struct project *project;
    struct host_configuration *host;
    struct server *server;
    struct process process; /* the tests */
    pthread_t thread;       /* that waits for them */
    int ready[2];           /* a pipe: the host says where it listens */
    char url[READY_BYTES];
    int status; /* of the tests, as waitpid(2) has it */
    int code;   /* of waiting for them */
    bool begun;
    struct error error;
};

/* ---- The tests, on a thread of their own ----------------------------------------------------- */

/* Reads "fn0 0.1.0 listening on http://127.0.0.1:40001\n". False where the host ends first. */
static bool read_url(struct run *run)
{
    char line[READY_BYTES];
    size_t bytes = 0;
    while (bytes < sizeof(line) - 1 && !memchr(line, '\n', bytes)) {
        ssize_t got = read(run->ready[0], line + bytes, sizeof(line) - 1 - bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += (size_t)got;
    }
    line[bytes] = '\0';
    const char *url = strstr(line, "http://");
    check(url);
    (void)snprintf(run->url, sizeof(run->url), "%.*s", (int)strcspn(url, " ,\n"), url);
    return true;
}

static const char *find_command(const struct project *project)
{
    const struct language_info *language = language_info(project->language);
    const char *said = project->configuration->test.command;
    return said ? said : language ? language->test : NULL;
}

/* sh -c 'COMMAND "$@"' sh WORD… */
static char **make_words(const struct run *run, char script[SCRIPT_BYTES])
{
    static char shell[] = "sh", flag[] = "-c";
    size_t count = run->line->word_count;
    char **words = calloc(count + 5, sizeof(words[0]));
    if (!words)
        return NULL;
    (void)snprintf(script, SCRIPT_BYTES, "%s%s", find_command(run->project),
                   count > 0 ? " \"$@\"" : "");
    words[0] = shell;
    words[1] = flag;
    words[2] = script;
    words[3] = shell;
    for (size_t i = 0; i < count; i++)
        words[4 + i] = (char *)run->line->words[i];
    return words;
}

static int run_tests(struct run *run)
{
    char script[SCRIPT_BYTES];
    char url[sizeof(URL_VARIABLE) + READY_BYTES];
    (void)snprintf(url, sizeof(url), URL_VARIABLE "%s", run->url);
    char **environment = process_environment(run->program->environment, url);
    char **words = make_words(run, script);
    const struct process_options options = {
        .program = "sh",
        .words = words,
        .folder = run->project->folder,
        .environment = environment,
        .output_to_errors = run->line->options[OPTION_TEST_JSON] != NULL,
    };
    int code = environment && words
                   ? process_run(&run->process, &options, &run->status, &run->error)
                   : error_set_memory(&run->error);
    free(environment);
    free(words);
    return code;
}

static void *wait_for_tests(void *argument)
{
    struct run *run = argument;
    if (read_url(run)) {
        run->begun = true;
        dprintf(run->program->errors, "%s serves at %s: %s\n", run->project->name, run->url,
                find_command(run->project));
        run->code = run_tests(run);
        server_end(run->server);
    }
    return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct run *run, struct error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&run->thread, NULL, wait_for_tests, run);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number == 0 ? 0 : error_set_errno(error, number, "cannot start a thread");
}

/* ---- The host -------------------------------------------------------------------------------- */

/* Serves until the tests have ended, or a signal came. */
static int serve(struct run *run, struct error *error)
{
    int code = start_thread(run, error);
    if (code)
        return code;
    code = server_run(run->server, error);
    /* Who waits for the line has waited for nothing; tests that still run have nobody to ask. */
    close(run->ready[1]);
    run->ready[1] = -1;
    process_cancel(&run->process);
    pthread_join(run->thread, NULL);
    return code;
}

static int serve_with(struct run *run, struct log *log, struct error *error)
{
    const struct server_options options = {
        .configuration = run->host,
        .clock = run->program->clock,
        .random = run->program->random,
        .log = log,
        .ready_fd = run->ready[1],
        .certificates = run->program->certificates,
    };
    (void)capacity_raise_open_files();
    int code = server_create(&options, &run->server, error);
    if (code)
        return code;
    code = serve(run, error);
    if (server_abandoned(run->server))
        _exit(code ? (int)program_fail(run->program, "test", error) : EXIT_STATUS_FAILED);
    return code;
}

static int serve_with_log(struct run *run, struct error *error)
{
    struct log *log;
    int code = log_create(run->program->errors, run->host->log.level, run->host->log.format,
                          run->program->colour, run->program->clock, &log);
    if (code)
        return error_set(error, code, "cannot make the log");
    code = process_init(&run->process, error);
    if (code == 0) {
        code = serve_with(run, log, error);
        process_fini(&run->process);
    }
    log_destroy(log);
    return code;
}

static int make_host(struct run *run, struct error *error)
{
    size_t count = run->line->flag_count;
    struct configuration_flag *flags = calloc(QUIET_COUNT + count, sizeof(flags[0]));
    if (!flags)
        return error_set_memory(error);
    memcpy(flags, quiet_host, sizeof(quiet_host));
    /* Of a list those of the command line take the place of what stands below. */
    for (size_t i = 0; i < QUIET_COUNT; i++)
        flags[i].source = CONFIGURATION_SOURCE_FILE;
    if (count > 0)
        memcpy(flags + QUIET_COUNT, run->line->flags, count * sizeof(flags[0]));
    int code = project_make_host(run->project, flags, QUIET_COUNT + count, &run->host, error);
    free(flags);
    return code;
}

/* ---- The command ----------------------------------------------------------------------------- */

/* One line: what was run where, and how it ended; `error` NULL: well. */
static void print_json(const struct run *run, const struct error *error)
{
    const char *command = run->project ? find_command(run->project) : NULL;
    const struct {
        const char *name;
        const char *value;
    } members[] = {
        {"{\"function\":", run->project ? run->project->name : ""},
        {",\"url\":", run->url},
        {",\"command\":", command ? command : ""},
        {",\"error\":", error ? error->message : ""},
    };
    struct buffer text;
    int code = 0;
    buffer_init(&text, JSON_BYTES_MAX);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && code == 0; i++) {
        code = buffer_append(&text, slice_of(members[i].name));
        if (code == 0)
            code = json_append_text(&text, slice_of(members[i].value));
    }
    if (code == 0)
        code = buffer_print(&text, ",\"passed\":%s}\n", error ? "false" : "true");
    /* The status says it, too. */
    if (code == 0)
        (void)file_write_descriptor(run->program->output, "the output", buffer_slice(&text), NULL,
                                    NULL);
    buffer_fini(&text);
}

static enum exit_status end(const struct run *run, int code, struct error *error)
{
    int signal = run->server ? server_signal(run->server) : 0;
    if (signal)
        return (enum exit_status)(128 + signal);
    if (code == 0 && run->code)
        code = error_copy(error, &run->error);
    if (code == 0 && run->begun && run->status != 0) {
        bool exited = WIFEXITED(run->status);
        code = error_set(error, ERROR_CALL_EXIT, "the tests of %s ended with %s %d",
                         run->project->name, exited ? "status" : "signal",
                         exited ? WEXITSTATUS(run->status) : WTERMSIG(run->status));
    }
    if (run->line->options[OPTION_TEST_JSON])
        print_json(run, code ? error : NULL);
    return code == 0 ? EXIT_STATUS_OK : program_fail(run->program, "test", error);
}

static enum exit_status test(struct run *run, struct error *error)
{
    enum exit_status status = EXIT_STATUS_OK;
    int code = 0;
    if (!find_command(run->project))
        code = error_set(error, ERROR_CONFIGURATION,
                         "%s: [test] command is missing: what tests the function at FN0_URL",
                         run->project->shown);
    if (code == 0)
        code = make_host(run, error);
    if (code == 0)
        status = build_project_for(run->program, "test", run->project, run->host->cache_dir);
    if (code == 0 && status != EXIT_STATUS_OK)
        return status;
    if (code == 0 && pipe2(run->ready, O_CLOEXEC) != 0)
        code = error_set_errno(error, errno, "cannot make a pipe");
    if (code == 0)
        code = serve_with_log(run, error);
    return end(run, code, error);
}

enum exit_status test_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_TEST, count, words, &error) < 0)
        return program_fail(program, "test", &error);
    struct run run = {.program = program, .line = &line, .ready = {-1, -1}};
    const struct project_options options = {
        .environment = program->environment,
        .flags = line.flags,
        .flag_count = line.flag_count,
    };
    enum exit_status status;
    if (line.options[OPTION_TEST_HELP])
        status = help_show(program, COMMAND_TEST);
    else if (project_create(&options, &run.project, &error) < 0)
        status = program_fail(program, "test", &error);
    else
        status = test(&run, &error);
    server_destroy(run.server);
    host_configuration_destroy(run.host);
    project_destroy(run.project);
    for (int i = 0; i < 2; i++) {
        if (run.ready[i] >= 0)
            close(run.ready[i]);
    }
    command_line_fini(&line);
    return status;
}
