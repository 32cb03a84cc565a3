/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/building.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/configuration.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/interruption.h"
#include "observe/line_level.h"
#include "tables/limits.h"

/* ---- Before ---------------------------------------------------------------------------------- */

int building_find_program_folder(char ret_path[PATH_MAX], struct error *error)
{
    ssize_t bytes = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
    char *slash;

    if (bytes < 0)
        return error_set_errno(error, errno, "cannot find the program's own folder");
    ret_path[bytes] = 0;
    slash = strrchr(ret_path, '/');
    if (slash != NULL)
        *slash = 0;
    return 0;
}

int building_options(const struct program *program, const char *cache_directory,
                     struct builder_options *ret_options, struct error *error)
{
    struct host_configuration *configuration;
    int code = host_configuration_create(NULL, NULL, 0, &configuration, error);

    if (code != 0)
        return code;
    *ret_options = (struct builder_options){
        .clock = program->clock,
        .cache_directory = cache_directory,
        .cache_bytes_max = configuration->cache_bytes_max,
        .start_cpu_ns_max = configuration->function.limits.value[LIMIT_START_CPU],
        .memory_bytes_max = configuration->function.limits.value[LIMIT_MEMORY],
    };
    host_configuration_destroy(configuration);
    return 0;
}

/* ---- Around ---------------------------------------------------------------------------------- */

#define SOURCE_LINE_BYTES 1024

/* Runs with the threads that it starts leaving signals to the interruption's. */
int building_create(const struct builder_options *options, struct builder **ret_builder,
                    struct error *error)
{
    sigset_t all, before;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = builder_create(options, ret_builder, error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static void cancel(void *context)
{
    builder_cancel(context);
}

int building_run_with(struct builder *builder,
                      int (*work)(struct builder *builder, void *context, struct error *error),
                      void *context, int *ret_signal, struct error *error)
{
    struct interruption *interruption;
    int code = interruption_create(cancel, builder, &interruption, error);

    *ret_signal = 0;
    if (code != 0)
        return code;
    code = work(builder, context, error);
    *ret_signal = interruption_destroy(interruption);
    return code;
}

int building_run(const struct builder_options *options,
                 int (*work)(struct builder *builder, void *context, struct error *error),
                 void *context, int *ret_signal, struct error *error)
{
    struct builder *builder;
    int code = building_create(options, &builder, error);

    *ret_signal = 0;
    if (code != 0)
        return code;
    code = building_run_with(builder, work, context, ret_signal, error);
    builder_destroy(builder);
    return code;
}

void building_print_json_error(const struct program *program, const struct error *error)
{
    struct buffer text;

    buffer_init(&text, 64 + JSON_ESCAPED_BYTES * ERROR_MESSAGE_BYTES);
    if (buffer_append(&text, SLICE("{\"error\":")) == 0 &&
        json_append_text(&text, slice_of(error->message)) == 0 &&
        buffer_append(&text, SLICE("}\n")) == 0)
        (void)file_write_descriptor(program->output, "the output", buffer_slice(&text), NULL, NULL);
    buffer_fini(&text);
}

/* ---- What is shown --------------------------------------------------------------------------- */

void building_show_output(const struct program *program, struct slice output)
{
    struct slice rest = output;

    while (rest.bytes > 0) {
        const char *end = memchr(rest.data, '\n', rest.bytes);
        struct slice line = {rest.data, end != NULL ? (size_t)(end - rest.data) : rest.bytes};
        size_t taken = line.bytes + (end != NULL);
        (void)line_level(&line, false);
        dprintf(program->errors, "%.*s\n", (int)line.bytes, line.data);
        rest.data += taken;
        rest.bytes -= taken;
    }
}

/* In one write: others show something at the same time. */
void building_show_type_error(const struct program *program, const struct type_error *error)
{
    char source[SOURCE_LINE_BYTES] = "";
    char place[PATH_MAX + 32] = "";
    size_t tabs = 0;

    if (error->file.bytes > 0)
        snprintf(place, sizeof(place), "%.*s:%u:%u: ", (int)error->file.bytes, error->file.data,
                 error->line, error->column);
    /* The mark stands where the column is, whatever tabs are before it. */
    while (tabs < error->source.bytes && error->source.data[tabs] == '\t')
        tabs++;
    if (error->source.bytes > 0 && error->source.bytes < SOURCE_LINE_BYTES / 2 &&
        error->column > tabs && error->column < SOURCE_LINE_BYTES / 4)
        snprintf(source, sizeof(source), "%5u | %.*s\n      | %.*s%*s^\n", error->line,
                 (int)error->source.bytes, error->source.data, (int)tabs, error->source.data,
                 (int)(error->column - tabs - 1), "");
    dprintf(program->errors, "%swarning: %.*s (%.*s)\n%s", place, (int)error->text.bytes,
            error->text.data, (int)error->code.bytes, error->code.data, source);
}

/* What to do about an error, or NULL. */
static const char *advice_on(int code)
{
    switch (code) {
    case ERROR_CALL_START_CPU:
        return "Does it have a loop that never ends? What takes long belongs into the handler; "
               "--start-cpu allows more.";
    case ERROR_CALL_MEMORY:
        return "Make what is large in the handler, or bring less with it.";
    case ERROR_CALL_START:
        return "Wait, fetch and set timers inside of the handler.";
    default:
        return NULL;
    }
}

int building_explain(const char *entry, struct error *error)
{
    const char *advice = advice_on(error->code);
    size_t bytes;

    if (error->code > ERROR_CALL_TRAP || error->code < ERROR_CALL_START_CPU)
        return error->code;
    error_wrap(error, "%s cannot be evaluated", entry);
    bytes = strlen(error->message);
    if (advice != NULL)
        snprintf(error->message + bytes, sizeof(error->message) - bytes, "\n%s", advice);
    return error->code;
}

double building_milliseconds(uint64_t ns)
{
    return (double)ns / (double)NANOSECONDS_PER_MILLISECOND;
}

int building_print_size(struct buffer *text, uint64_t bytes)
{
    const double kilobytes = (double)bytes / 1024;

    if (kilobytes < 1000)
        return buffer_print(text, "%.1f KB", kilobytes);
    return buffer_print(text, "%.1f MB", kilobytes / 1024);
}
