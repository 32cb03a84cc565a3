/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/build.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "builder/javascript.h"
#include "cli/build_project.h"
#include "cli/building.h"
#include "cli/command_line.h"
#include "cli/help.h"

#define COMPONENT_MODE 0644
#define SUMMARY_BYTES_MAX (2 * PATH_MAX + 1024)

/* The library is as large as many functions together, and evaluated once at `make build`. */
#define ENGINE_START_CPU_NS (30 * NANOSECONDS_PER_SECOND)

/* One run of either command. */
struct build {
    const struct program *program;
    const char *entry;
    const char *out;
    const char *engine; /* of fn0 build-engine */
    char sdk[PATH_MAX];
    bool json;
    bool development;
    struct javascript_built made;
    int signal; /* that ended it */
};

/* ---- Before ---------------------------------------------------------------------------------- */

/* What SCRIPT's name is with .wasm, in this folder. */
static int name_component(const char *entry, char ret_name[PATH_MAX], struct error *error)
{
    const char *slash = strrchr(entry, '/');
    const char *name = slash != NULL ? slash + 1 : entry;
    const char *dot = strrchr(name, '.');
    int length = snprintf(ret_name, PATH_MAX, "%.*s.wasm", (int)(dot - name), name);

    return length < PATH_MAX ? 0 : error_set(error, ERROR_USAGE, "the name %s is too long", name);
}

/* A component that has nowhere to go is known before it is made. */
static int check_out(const char *out, struct error *error)
{
    const char *slash = strrchr(out, '/');
    char folder[PATH_MAX] = ".";
    struct stat status;

    if (strlen(out) >= PATH_MAX)
        return error_set(error, ERROR_USAGE, "the path %s is too long", out);
    if (slash != NULL)
        snprintf(folder, sizeof(folder), "%.*s", slash == out ? 1 : (int)(slash - out), out);
    if (stat(folder, &status) != 0)
        return error_set_errno(error, errno, "cannot write to the folder %s", folder);
    if (stat(out, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, ERROR_USAGE, "%s is there, and no file", out);
    return 0;
}

static int check_words(const struct command_line *line, struct error *error)
{
    if (line->options[OPTION_BUILD_FORCE] != NULL)
        return error_set(error, ERROR_USAGE, "--force is for projects: a script is always built");
    if (line->word_count > 1)
        return error_set(error, ERROR_USAGE,
                         "one script at a time, not also '%s': what it imports "
                         "is found by itself",
                         line->words[1]);
    if (javascript_is_entry(line->words[0]))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "%s is no script: its name must end with .js, .jsx, .mjs, "
                     ".ts, .tsx or .mts",
                     line->words[0]);
}

/* ---- Around ---------------------------------------------------------------------------------- */

static size_t component_bytes(const struct javascript_built *made)
{
    return made->built.compiled.content.bytes + buffer_bytes(&made->notices);
}

/* Writes the component with the notices behind it. */
static int write_component(struct build *build, struct error *error)
{
    const struct javascript_built *made = &build->made;
    struct buffer whole;
    int code;

    buffer_init(&whole, component_bytes(made));
    code = buffer_append(&whole, made->built.compiled.content);
    if (code == 0)
        code = buffer_append(&whole, buffer_slice(&made->notices));
    code = code != 0 ? error_set_memory(error)
                     : file_write(build->out, buffer_slice(&whole), COMPONENT_MODE, NULL, error);
    buffer_fini(&whole);
    return code == 0 ? 0 : error_wrap(error, "the component is made, but not written");
}

static int print_line(struct buffer *text, const struct build *build)
{
    const struct javascript_built *made = &build->made;
    int code = buffer_print(text, "%s  ", build->out);

    if (code == 0)
        code = building_print_size(text, component_bytes(made));
    if (code == 0 && made->bundle_ns > 0)
        code = buffer_print(text, "  bundle %.0f ms", building_milliseconds(made->bundle_ns));
    if (code == 0 && made->built.compile_ns > 0)
        code = buffer_print(text, "  compile the engine (once) %.0f ms",
                            building_milliseconds(made->built.compile_ns));
    if (code == 0)
        code = buffer_print(text, "  snapshot %.0f ms\n",
                            building_milliseconds(made->built.snapshot_ns));
    return code;
}

static int print_json(struct buffer *text, const struct build *build)
{
    const struct javascript_built *made = &build->made;
    int code = buffer_print(text, "{\"component\":");

    if (code == 0)
        code = json_append_text(text, slice_of(build->out));
    if (code == 0)
        code = buffer_print(text,
                            ",\"bytes\":%zu,\"bundle_ms\":%.1f,\"compile_ms\":%.1f,"
                            "\"snapshot_ms\":%.1f}\n",
                            component_bytes(made), building_milliseconds(made->bundle_ns),
                            building_milliseconds(made->built.compile_ns),
                            building_milliseconds(made->built.snapshot_ns));
    return code;
}

static int print_summary(const struct build *build, struct error *error)
{
    struct buffer text;
    int code;

    buffer_init(&text, SUMMARY_BYTES_MAX);
    code = build->json ? print_json(&text, build) : print_line(&text, build);
    if (code == 0)
        code = file_write_descriptor(build->program->output, "stdout", buffer_slice(&text), NULL,
                                     error);
    else
        error_set_memory(error);
    buffer_fini(&text);
    return code;
}

/* What both commands do when the component is made or is not. */
static int finish(struct build *build, int code, struct error *error)
{
    if (code == 0)
        code = write_component(build, error);
    else if (code != ERROR_CLOSED)
        code = building_explain(build->entry, error);
    if (code != ERROR_CLOSED)
        building_show_output(build->program, build->made.built.compiled.output);
    if (code == 0)
        code = print_summary(build, error);
    javascript_built_fini(&build->made);
    return code;
}

static enum exit_status end(const struct build *build, const char *command, int code,
                            const struct error *error)
{
    if (build->signal != 0)
        return (enum exit_status)(128 + build->signal);
    if (code != 0 && build->json)
        building_print_json_error(build->program, error);
    return code == 0 ? EXIT_STATUS_OK : program_fail(build->program, command, error);
}

/* ---- fn0 build ------------------------------------------------------------------------------- */

static int make_function(struct builder *builder, void *context, struct error *error)
{
    struct build *build = context;
    const struct javascript_options options = {
        .clock = build->program->clock,
        .sdk = build->sdk,
        .entry = build->entry,
        .development = build->development,
    };
    int code = javascript_build(builder, &options, &build->made, error);

    return finish(build, code, error);
}

static int build_function(struct build *build, const struct command_line *line, struct error *error)
{
    const char *start_cpu = line->options[OPTION_BUILD_START_CPU];
    char folder[PATH_MAX], out[PATH_MAX];
    struct builder_options options;
    int code = check_words(line, error);

    if (code != 0)
        return code;
    build->entry = line->words[0];
    build->json = line->options[OPTION_BUILD_JSON] != NULL;
    build->development = line->options[OPTION_BUILD_DEVELOPMENT] != NULL;
    build->out = line->options[OPTION_BUILD_OUT];
    if (build->out == NULL) {
        code = name_component(build->entry, out, error);
        build->out = out;
    }
    if (code == 0)
        code = check_out(build->out, error);
    if (code == 0)
        code = building_options(build->program, line->options[OPTION_BUILD_CACHE_DIR], &options,
                                error);
    if (code == 0 && start_cpu != NULL &&
        units_read_duration(slice_of(start_cpu), &options.start_cpu_ns_max, error) != 0)
        code = error_set(error, ERROR_USAGE, "--start-cpu %s is no time, like 2s", start_cpu);
    if (code == 0)
        code = building_find_program_folder(folder, error);
    if (code == 0)
        code = javascript_find_sdk(getenv("FN0_SDK"), folder, build->sdk, error);
    return code == 0 ? building_run(&options, make_function, build, &build->signal, error) : code;
}

enum exit_status build_run(const struct program *program, int count, const char *const *words)
{
    struct build build = {.program = program};
    struct command_line line;
    struct error error;
    enum exit_status status;
    int code = command_line_init(&line, COMMAND_BUILD, count, words, &error);

    if (code < 0)
        return program_fail(program, "build", &error);
    if (line.options[OPTION_BUILD_HELP]) {
        status = help_show(program, COMMAND_BUILD);
    } else if (line.word_count == 0) {
        status = build_project(program, &line);
    } else {
        code = build_function(&build, &line, &error);
        status = end(&build, "build", code, &error);
    }
    command_line_fini(&line);
    return status;
}

/* ---- fn0 build-engine ------------------------------------------------------------------------ */

static int make_engine(struct builder *builder, void *context, struct error *error)
{
    struct build *build = context;
    int code = javascript_build_engine(builder, build->engine, build->entry, &build->made, error);

    return finish(build, code, error);
}

static int build_engine(struct build *build, const struct command_line *line, struct error *error)
{
    struct builder_options options;
    int code;

    build->out = line->options[OPTION_BUILD_ENGINE_OUT];
    if (line->word_count != 2 || build->out == NULL)
        return error_set(error, ERROR_USAGE, "ENGINE.wasm LIBRARY.js -o OUT.wasm");
    build->entry = line->words[1];
    code = check_out(build->out, error);
    if (code == 0)
        code = building_options(build->program, line->options[OPTION_BUILD_ENGINE_CACHE_DIR],
                                &options, error);
    if (code != 0)
        return code;
    options.start_cpu_ns_max = ENGINE_START_CPU_NS;
    build->engine = line->words[0];
    return building_run(&options, make_engine, build, &build->signal, error);
}

enum exit_status build_engine_run(const struct program *program, int count,
                                  const char *const *words)
{
    struct build build = {.program = program};
    struct command_line line;
    struct error error;
    enum exit_status status;
    int code = command_line_init(&line, COMMAND_BUILD_ENGINE, count, words, &error);

    if (code < 0)
        return program_fail(program, NULL, &error);
    code = build_engine(&build, &line, &error);
    status = end(&build, NULL, code, &error);
    command_line_fini(&line);
    return status;
}
