/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/build_project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "builder/project_build.h"
#include "cli/building.h"
#include "tables/configuration.h"

#define SUMMARY_BYTES_MAX (2 * PATH_MAX + 1024)
#define FLAGS_MAX 2

/* One run of the command. */
struct run {
    const struct program *program;
    struct project *project;
    const char *cache_directory;
    const char *out;                 /* -o; NULL */
    int output;                      /* where the line goes */
    const struct dev_report *report; /* is told instead, where it is for programs; NULL */
    bool json;
    bool force;
    bool development;
    bool only_changes; /* nothing is said where nothing had changed */
    bool has_types;    /* they were checked */
    size_t type_errors;
    struct project_build_options options;
    struct project_made made;
    char program_folder[PATH_MAX];
    char shown[PATH_MAX]; /* the component, seen from this folder */
    int signal;           /* that ended it */
};

/* ---- What is printed ---- */

static int print_line(struct buffer *text, const struct run *run)
{
    const struct project_made *made = &run->made;
    const char *tool = made->snapshot_ns > 0 ? "bundle" : "build";
    int code = buffer_print(text, "%s  ", run->shown);
    if (code == 0)
        code = building_print_size(text, made->bytes);
    if (made->fresh)
        return code == 0 ? buffer_print(text, "  up to date\n") : code;
    if (code == 0)
        code = buffer_print(text, "  %s %.0f ms", tool, building_milliseconds(made->tool_ns));
    if (code == 0 && made->engine_ns > 0)
        code = buffer_print(text, "  compile the engine (once) %.0f ms",
                            building_milliseconds(made->engine_ns));
    if (code == 0 && made->snapshot_ns > 0)
        code = buffer_print(text, "  snapshot %.0f ms", building_milliseconds(made->snapshot_ns));
    if (code == 0 && made->checked.compile_ns > 0)
        code = buffer_print(text, "  compile %.0f ms",
                            building_milliseconds(made->checked.compile_ns));
    if (code == 0)
        code = buffer_print(text, "  start %.1f ms CPU, ",
                            building_milliseconds(made->checked.start.start_cpu_ns));
    if (code == 0)
        code = building_print_size(text, made->checked.start.memory_bytes);
    return code == 0 ? buffer_print(text, "\n") : code;
}

static int print_json(struct buffer *text, const struct run *run)
{
    const struct project_made *made = &run->made;
    int code = buffer_print(text, "{\"component\":");
    if (code == 0)
        code = json_append_text(text, slice_of(run->project->component));
    if (code == 0)
        code = buffer_print(text, ",\"bytes\":%llu,\"fresh\":%s", (unsigned long long)made->bytes,
                            made->fresh ? "true" : "false");
    if (code == 0 && run->has_types)
        code = buffer_print(text, ",\"type_errors\":%zu", run->type_errors);
    if (code == 0 && !made->fresh)
        code = buffer_print(text,
                            ",\"tool_ms\":%.1f,\"engine_ms\":%.1f,\"snapshot_ms\":%.1f,"
                            "\"compile_ms\":%.1f,\"start_cpu_ms\":%.3f,\"memory_bytes\":%llu",
                            building_milliseconds(made->tool_ns),
                            building_milliseconds(made->engine_ns),
                            building_milliseconds(made->snapshot_ns),
                            building_milliseconds(made->checked.compile_ns),
                            building_milliseconds(made->checked.start.start_cpu_ns),
                            (unsigned long long)made->checked.start.memory_bytes);
    return code == 0 ? buffer_print(text, "}\n") : code;
}

static int print_summary(const struct run *run, struct error *error)
{
    struct buffer text;
    if (run->report && dev_report_is_json(run->report)) {
        dev_report_built(run->report, run->project->component, &run->made);
        return 0;
    }
    buffer_init(&text, SUMMARY_BYTES_MAX);
    int code = run->json ? print_json(&text, run) : print_line(&text, run);
    if (code == 0)
        code = file_write_descriptor(run->output, "the output", buffer_slice(&text), NULL, error);
    else
        error_set_memory(error);
    buffer_fini(&text);
    return code;
}

/* ---- The build ---- */

/* What both ways end with. */
static int finish(struct run *run, int code, struct error *error)
{
    if (code && code != ERROR_CLOSED && run->project->main)
        code = building_explain(run->project->configuration->main, error);
    if (code != ERROR_CLOSED)
        building_show_output(run->program, buffer_slice(&run->made.output));
    if (code == 0 && !(run->only_changes && run->made.fresh))
        code = print_summary(run, error);
    project_made_fini(&run->made);
    return code;
}

/* On the thread of the check. */
static void show_type_error(void *context, const struct type_error *error)
{
    const struct run *run = context;
    building_show_type_error(run->program, error);
}

static void count_type_errors(void *context, size_t count)
{
    struct run *run = context;
    run->has_types = true;
    run->type_errors = count;
}

/* Types are stripped whether they are right or not: what is wrong with them is said, and nothing
 * else comes of it. */
static int build_with_types(struct builder *builder, void *context, struct error *error)
{
    struct run *run = context;
    const struct type_check_options types = {
        .folder = run->project->folder,
        .context = run,
        .found = show_type_error,
        .done = count_type_errors,
    };
    struct error ignored;
    if (run->project->language == LANGUAGE_TYPESCRIPT) {
        project_put_types(&run->options);
        (void)builder_check_types(builder, &types, &ignored);
    }
    int code = project_build(builder, &run->options, &run->made, error);
    if (code == 0)
        builder_wait_for_types(builder);
    return finish(run, code, error);
}

/* OUT.wasm is seen from this folder, the key `component` from the project's. */
static const char *find_out(const char *out, char path[2 * PATH_MAX])
{
    char folder[PATH_MAX];
    if (out[0] == '\0' || out[0] == '/' || !getcwd(folder, sizeof(folder)))
        return out;
    (void)snprintf(path, 2 * PATH_MAX, "%s/%s", folder, out);
    return path;
}

/* The options of the command that are keys of the project. */
static size_t collect_flags(const struct command_line *line, char out[2 * PATH_MAX],
                            struct configuration_flag flags[FLAGS_MAX])
{
    size_t count = 0;
    if (line->options[OPTION_BUILD_OUT])
        flags[count++] =
            (struct configuration_flag){.key = "component",
                                        .value = find_out(line->options[OPTION_BUILD_OUT], out),
                                        .flag = "-o"};
    if (line->options[OPTION_BUILD_START_CPU])
        flags[count++] = (struct configuration_flag){.key = "limits.start_cpu",
                                                     .value = line->options[OPTION_BUILD_START_CPU],
                                                     .flag = "--start-cpu"};
    return count;
}

/* "../.fn0/hello.wasm": as seen from where the command was called. */
static void write_shown(struct run *run)
{
    const struct project *project = run->project;
    size_t folder_bytes = strlen(project->shown) - strlen(PROJECT_FILE);
    const char *out = run->out;
    if (out || project->shown_component[0] == '/')
        folder_bytes = 0;
    (void)snprintf(run->shown, sizeof(run->shown), "%.*s%s", (int)folder_bytes, project->shown,
                   out ? out : project->shown_component);
}

int build_project_builder(const struct program *program, const struct project *project,
                          const char *cache_directory, struct builder_options *ret_options,
                          struct error *error)
{
    const struct limits *limits = &project->configuration->function.limits;
    int code = building_options(program, cache_directory, ret_options, error);
    if (code == 0) {
        ret_options->start_cpu_ns_max = limits->value[LIMIT_START_CPU];
        ret_options->memory_bytes_max = limits->value[LIMIT_MEMORY];
    }
    return code;
}

static int prepare(struct run *run, struct error *error)
{
    int code = building_find_program_folder(run->program_folder, error);
    if (code)
        return code;
    run->options = (struct project_build_options){
        .clock = run->program->clock,
        .project = run->project,
        .sdk_named = getenv("FN0_SDK"),
        .sdk_c_named = getenv("FN0_SDK_C"),
        .sdk_python_named = getenv("FN0_SDK_PYTHON"),
        .program_folder = run->program_folder,
        .force = run->force,
        .development = run->development,
    };
    write_shown(run);
    return 0;
}

static int build_in(struct run *run, struct error *error)
{
    struct builder_options builder;
    int code =
        build_project_builder(run->program, run->project, run->cache_directory, &builder, error);
    if (code == 0)
        code = prepare(run, error);
    if (code)
        return code;
    code = project_look(&run->options, &run->made, error);
    if (code || run->made.fresh)
        return finish(run, code, error);
    project_made_fini(&run->made);
    return building_run(&builder, build_with_types, run, &run->signal, error);
}

static enum exit_status end(const struct run *run, const char *command, int code,
                            const struct error *error)
{
    if (run->signal)
        return (enum exit_status)(128 + run->signal);
    if (code && run->json)
        building_print_json_error(run->program, error);
    return code == 0 ? EXIT_STATUS_OK : program_fail(run->program, command, error);
}

enum exit_status build_project(const struct program *program, const struct command_line *line)
{
    struct run run = {
        .program = program,
        .cache_directory = line->options[OPTION_BUILD_CACHE_DIR],
        .out = line->options[OPTION_BUILD_OUT],
        .output = program->output,
        .json = line->options[OPTION_BUILD_JSON] != NULL,
        .force = line->options[OPTION_BUILD_FORCE] != NULL,
    };
    struct configuration_flag flags[FLAGS_MAX];
    char out[2 * PATH_MAX];
    struct error error;
    const struct project_options options = {
        .environment = program->environment,
        .flags = flags,
        .flag_count = collect_flags(line, out, flags),
    };
    int code = project_create(&options, &run.project, &error);
    if (code == 0)
        code = build_in(&run, &error);
    project_destroy(run.project);
    return end(&run, "build", code, &error);
}

enum exit_status build_project_for(const struct program *program, const char *command,
                                   struct project *project, const char *cache_directory)
{
    struct run run = {
        .program = program,
        .project = project,
        .cache_directory = cache_directory,
        .output = program->errors,
        .only_changes = true,
    };
    struct error error;
    int code = build_in(&run, &error);
    return end(&run, command, code, &error);
}

int build_project_develop(const struct dev_report *report, struct builder *builder,
                          struct project *project, bool force, struct error *error)
{
    struct run run = {
        .program = report->program,
        .project = project,
        .output = report->program->errors,
        .report = report,
        .force = force,
        .development = true,
        .only_changes = true,
    };
    int code = prepare(&run, error);
    if (code)
        return code;
    return finish(&run, project_build(builder, &run.options, &run.made, error), error);
}
