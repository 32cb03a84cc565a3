/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/type_check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/file.h"
#include "base/process.h"

#define COMPILER "node_modules/.bin/tsc"
#define SETTINGS "tsconfig.json"
#define BUILD_INFO ".fn0/types.tsbuildinfo"
#define PRIORITY 10

#define TEXT_BYTES_MAX (16u << 10)
#define SOURCE_BYTES_MAX (4u << 20)

struct type_check {
    struct type_check_options options;
    char folder[PATH_MAX];
    struct process process;
    pthread_t thread;
    FILE *output; /* of tsc */
    bool joined;
    _Atomic bool ended; /* nothing is told any more */
    size_t count;       /* of the check that runs */
    /* The error that is being read, since its text may go on. */
    struct buffer text;
    size_t file_bytes; /* within the text, at its beginning; the next two are behind it */
    size_t code_bytes;
    unsigned line;
    unsigned column;
    bool reading;
};

/* ---- Where it is ---- */

static bool join(char path[PATH_MAX], const char *folder, size_t folder_bytes, const char *name)
{
    int bytes = snprintf(path, PATH_MAX, "%.*s/%s", (int)folder_bytes, folder, name);
    return bytes > 0 && bytes < PATH_MAX;
}

bool type_check_find(const char *folder, char ret_compiler[PATH_MAX])
{
    size_t bytes = strlen(folder);
    if (!join(ret_compiler, folder, bytes, SETTINGS) || access(ret_compiler, R_OK) != 0)
        return false;
    for (;;) {
        if (join(ret_compiler, folder, bytes, COMPILER) && access(ret_compiler, X_OK) == 0)
            return true;
        if (bytes == 0)
            return false;
        while (bytes > 0 && folder[bytes - 1] != '/')
            bytes--;
        bytes -= bytes > 0;
    }
}

/* ---- What it says ---- */

/* The line of a file, out of its content; empty where there is none. */
static struct slice find_line(struct slice content, unsigned number)
{
    for (unsigned line = 1; content.bytes > 0; line++) {
        const char *end = memchr(content.data, '\n', content.bytes);
        size_t bytes = end ? (size_t)(end - content.data) : content.bytes;
        if (line == number)
            return (struct slice){content.data, bytes};
        bytes += end != NULL;
        content.data += bytes;
        content.bytes -= bytes;
    }
    return (struct slice){0};
}

/* Tells the error that was read. */
static void finish_error(struct type_check *check)
{
    struct slice whole = buffer_slice(&check->text);
    size_t head = check->file_bytes + check->code_bytes;
    char path[PATH_MAX];
    struct buffer content;
    if (!check->reading)
        return;
    struct type_error error = {
        .file = {whole.data, check->file_bytes},
        .line = check->line,
        .column = check->column,
        .code = {whole.data + check->file_bytes, check->code_bytes},
        .text = {whole.data + head, whole.bytes - head},
    };
    buffer_init(&content, SOURCE_BYTES_MAX);
    int bytes = snprintf(path, sizeof(path), "%s%s%.*s",
                         error.file.bytes > 0 && error.file.data[0] == '/' ? "" : check->folder,
                         "/", (int)error.file.bytes, error.file.data);
    if (error.file.bytes > 0 && bytes > 0 && (size_t)bytes < sizeof(path) &&
        file_read(path, &content, NULL, NULL) == 0)
        error.source = find_line(buffer_slice(&content), error.line);
    if (!check->ended)
        check->options.found(check->options.context, &error);
    check->count++;
    check->reading = false;
    buffer_fini(&content);
}

static void finish_check(struct type_check *check)
{
    finish_error(check);
    if (!check->ended)
        check->options.done(check->options.context, check->count);
    check->count = 0;
}

/* "src/a.ts(3,7): error TS2322: TEXT", or without the place. False where it is neither. */
static bool begin_error(struct type_check *check, const char *line)
{
    static const char mark[] = "error TS";
    const char *at = strstr(line, mark);
    const char *colon = at ? strchr(at, ':') : NULL;
    size_t file_bytes = 0;
    unsigned number = 0, column = 0;
    if (!colon)
        return false;
    if (at != line) {
        const char *place = at;
        int taken = 0;
        while (place > line && *place != '(')
            place--;
        if (sscanf(place, "(%u,%u): %n", &number, &column, &taken) != 2 || place + taken != at)
            return false;
        file_bytes = (size_t)(place - line);
    }
    finish_error(check);
    at += sizeof("error ") - 1;
    buffer_reset(&check->text, TEXT_BYTES_MAX);
    check->file_bytes = file_bytes;
    check->code_bytes = (size_t)(colon - at);
    check->line = number;
    check->column = column;
    check->reading = buffer_append(&check->text, (struct slice){line, file_bytes}) == 0 &&
                     buffer_append(&check->text, (struct slice){at, check->code_bytes}) == 0 &&
                     buffer_append(&check->text, slice_of(colon + strspn(colon, ": "))) == 0;
    return true;
}

static void read_line(struct type_check *check, const char *line)
{
    if (begin_error(check, line))
        return;
    /* What explains an error stands below it. */
    if (check->reading && strncmp(line, "  ", 2) == 0) {
        (void)buffer_print(&check->text, "\n%s", line);
        return;
    }
    if (strstr(line, "Found ") && strstr(line, " error"))
        finish_check(check);
}

static void *listen(void *argument)
{
    struct type_check *check = argument;
    char *line = NULL;
    size_t bytes = 0;
    ssize_t length;
    while ((length = getline(&line, &bytes, check->output)) > 0) {
        if (line[length - 1] == '\n')
            line[--length] = '\0';
        read_line(check, line);
    }
    if (!check->options.watch)
        finish_check(check);
    free(line);
    return NULL;
}

/* ---- Life ---- */

static int start_process(struct type_check *check, char *compiler, struct error *error)
{
    char no_emit[] = "--noEmit", pretty[] = "--pretty", is_false[] = "false";
    char watch[] = "--watch", keep[] = "--preserveWatchOutput";
    char incremental[] = "--incremental", to[] = "--tsBuildInfoFile", info[] = BUILD_INFO;
    char *watching[] = {compiler, no_emit, pretty, is_false, watch, keep, NULL};
    char *once[] = {compiler, no_emit, pretty, is_false, incremental, to, info, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(error, errno, "cannot make a pipe");
    const struct process_options options = {
        .program = compiler,
        .words = check->options.watch ? watching : once,
        .errors = ends[1],
        .output_to_errors = true,
        .folder = check->folder,
        .group = true,
    };
    int code = process_start(&check->process, &options, error);
    close(ends[1]);
    check->output = code == 0 ? fdopen(ends[0], "r") : NULL;
    if (!check->output)
        close(ends[0]);
    if (code == 0)
        (void)setpriority(PRIO_PROCESS, (id_t)check->process.child, PRIORITY);
    return code == 0 && !check->output ? error_set_memory(error) : code;
}

/* Signals are for the main thread. */
static int start_thread(struct type_check *check, struct error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&check->thread, NULL, listen, check);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number == 0 ? 0 : error_set_errno(error, number, "cannot start a thread");
}

static void reap(struct type_check *check)
{
    int status;
    if (check->process.child != 0)
        (void)process_wait(&check->process, COMPILER, &status, NULL);
    if (check->output)
        fclose(check->output);
    buffer_fini(&check->text);
    process_fini(&check->process);
    free(check);
}

int type_check_create(const struct type_check_options *options, struct type_check **ret_check,
                      struct error *error)
{
    char compiler[PATH_MAX];
    *ret_check = NULL;
    if (!type_check_find(options->folder, compiler))
        return 0;
    struct type_check *check = calloc(1, sizeof(*check));
    if (!check)
        return error_set_memory(error);
    check->options = *options;
    (void)snprintf(check->folder, sizeof(check->folder), "%s", options->folder);
    buffer_init(&check->text, TEXT_BYTES_MAX);
    int code = process_init(&check->process, error);
    if (code) {
        free(check);
        return code;
    }
    code = start_process(check, compiler, error);
    if (code == 0)
        code = start_thread(check, error);
    if (code) {
        process_kill(&check->process);
        reap(check);
        return code;
    }
    *ret_check = check;
    return 0;
}

void type_check_wait(struct type_check *check)
{
    if (!check || check->joined)
        return;
    pthread_join(check->thread, NULL);
    check->joined = true;
}

void type_check_cancel(struct type_check *check)
{
    if (check)
        process_kill(&check->process);
}

void type_check_destroy(struct type_check *check)
{
    if (!check)
        return;
    check->ended = true;
    process_kill(&check->process);
    type_check_wait(check);
    reap(check);
}
