/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/config.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/configuration_value.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "project/project.h"

#define OUTPUT_BYTES_MAX (16u << 20)
#define MASK "********"

/* How what is shown goes out. */
struct view {
    const struct project *project;
    bool resolved; /* the defaults, too */
    struct buffer *text;
    int key_columns; /* of the widest; 0: they are being measured */
    int value_columns;
    bool json;
    bool begun; /* a value stands there already */
};

/* One line of it. */
struct shown {
    const char *key;
    struct slice value; /* as TOML and JSON have it */
    bool secret;
    const struct configuration_origin *origin;
};

/* ---- Where a value comes from ---- */

static int print_origin(struct buffer *text, const struct configuration_origin *origin)
{
    if (origin->source == CONFIGURATION_SOURCE_DEFAULT)
        return buffer_print(text, "default");
    if (origin->path)
        return buffer_print(text, "%s:%u", origin->path, origin->line);
    return buffer_print(text, "%s", origin->flag);
}

static int print_origin_json(struct buffer *text, const struct configuration_origin *origin)
{
    static const char *const sources[] = {
        [CONFIGURATION_SOURCE_DEFAULT] = "default",
        [CONFIGURATION_SOURCE_FILE] = "file",
        [CONFIGURATION_SOURCE_DOTENV] = "dotenv",
        [CONFIGURATION_SOURCE_ENVIRONMENT] = "environment",
        [CONFIGURATION_SOURCE_FLAG] = "flag",
    };
    int code = buffer_print(text, ",\"source\":\"%s\"", sources[origin->source]);
    if (code == 0 && origin->path && origin->line > 0) {
        code = buffer_print(text, ",\"path\":");
        if (code == 0)
            code = json_append_text(text, slice_of(origin->path));
        if (code == 0)
            code = buffer_print(text, ",\"line\":%u", origin->line);
    }
    if (code == 0 && origin->flag) {
        code = buffer_print(text, ",\"name\":");
        if (code == 0)
            code = json_append_text(text, slice_of(origin->flag));
    }
    return code;
}

/* ---- One line ---- */

static int show_json(struct view *view, const struct shown *shown)
{
    int code = buffer_print(view->text, "%s{\"key\":", view->begun ? "," : "");
    if (code == 0)
        code = json_append_text(view->text, slice_of(shown->key));
    if (code == 0 && shown->secret)
        code = buffer_print(view->text, ",\"value\":null,\"secret\":true");
    else if (code == 0)
        code =
            buffer_print(view->text, ",\"value\":%.*s", (int)shown->value.bytes, shown->value.data);
    if (code == 0)
        code = print_origin_json(view->text, shown->origin);
    return code == 0 ? buffer_print(view->text, "}") : code;
}

static int show(struct view *view, const struct shown *shown)
{
    bool is_default = shown->origin->source == CONFIGURATION_SOURCE_DEFAULT;
    struct slice value = shown->secret ? SLICE(MASK) : shown->value;
    bool is_said = shown->secret || !slice_equal(value, SLICE("null"));
    if (is_default && (!view->resolved || !is_said))
        return 0;
    if (view->json) {
        int code = show_json(view, shown);
        view->begun = true;
        return code;
    }
    if (!view->text) {
        int key_columns = (int)strlen(shown->key);
        int value_columns = (int)value.bytes;
        view->key_columns = key_columns > view->key_columns ? key_columns : view->key_columns;
        view->value_columns =
            value_columns > view->value_columns ? value_columns : view->value_columns;
        return 0;
    }
    int code = buffer_print(view->text, "%-*s  %-*.*s  ", view->key_columns, shown->key,
                            view->value_columns, (int)value.bytes, value.data);
    if (code == 0)
        code = print_origin(view->text, shown->origin);
    return code == 0 ? buffer_print(view->text, "\n") : code;
}

/* ---- All lines ---- */

/* What is told by something else where it is not said. */
static const char *find_told(const struct project *project, const struct configuration_info *row)
{
    if (strcmp(row->key, "component") == 0)
        return project->shown_component;
    if (strcmp(row->key, "language") == 0 && project->language != LANGUAGE_AUTO)
        return language_info(project->language)->word;
    return NULL;
}

static int show_row(struct view *view, size_t index, const struct configuration_info *row)
{
    const struct configuration_origin *origin = &view->project->configuration->origins[index];
    const void *member = project_configuration_member(view->project->configuration, index);
    bool is_default = origin->source == CONFIGURATION_SOURCE_DEFAULT;
    const char *told = is_default ? find_told(view->project, row) : NULL;
    struct buffer value;
    buffer_init(&value, OUTPUT_BYTES_MAX);
    int code = told ? json_append_text(&value, slice_of(told))
                    : configuration_value_write(&value, row, member);
    /* Without a list any host may be called: an empty list is another thing. */
    if (code == 0 && is_default && row->kind == CONFIGURATION_HOSTS) {
        buffer_reset(&value, 0);
        code = buffer_print(&value, "null");
    }
    if (code == 0)
        code =
            show(view,
                 &(struct shown){.key = row->key, .value = buffer_slice(&value), .origin = origin});
    buffer_fini(&value);
    return code;
}

static int show_variable(struct view *view, size_t place)
{
    const struct project_configuration *configuration = view->project->configuration;
    const struct field *field = &configuration->function.environment[place];
    const struct configuration_origin *origin = &configuration->variable_origins[place];
    struct buffer key;
    struct buffer value;
    buffer_init(&key, OUTPUT_BYTES_MAX);
    buffer_init(&value, OUTPUT_BYTES_MAX);
    int code = buffer_print(&key, "environment.%s", field->name.data);
    if (code == 0)
        code = buffer_append(&key, (struct slice){"", 1});
    if (code == 0)
        code = json_append_text(&value, field->value);
    if (code == 0)
        code = show(view, &(struct shown){
                              .key = buffer_slice(&key).data,
                              .value = buffer_slice(&value),
                              .secret = origin->source != CONFIGURATION_SOURCE_FILE,
                              .origin = origin,
                          });
    buffer_fini(&key);
    buffer_fini(&value);
    return code;
}

/* Those of the project first. */
static int show_rows(struct view *view, enum configuration_scope scope)
{
    int code = 0;
    for (size_t i = 0; i < configuration_info_count() && code == 0; i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (row->scope == scope && row->kind != CONFIGURATION_ENVIRONMENT)
            code = show_row(view, i, row);
    }
    return code;
}

static int show_all(struct view *view)
{
    int code = show_rows(view, CONFIGURATION_PROJECT);
    if (code == 0)
        code = show_rows(view, CONFIGURATION_FUNCTION);
    for (size_t i = 0; i < view->project->configuration->function.environment_count && code == 0;
         i++)
        code = show_variable(view, i);
    return code;
}

/* ---- The command ---- */

static int print_lines(struct view *view, struct buffer *text)
{
    int code = show_all(view);
    view->text = text;
    return code == 0 ? show_all(view) : code;
}

static int print_json(struct view *view, struct buffer *text)
{
    view->text = text;
    int code = buffer_print(text, "{\"folder\":");
    if (code == 0)
        code = json_append_text(text, slice_of(view->project->folder));
    if (code == 0)
        code = buffer_print(text, ",\"values\":[");
    if (code == 0)
        code = show_all(view);
    return code == 0 ? buffer_print(text, "]}\n") : code;
}

static int show_project(const struct program *program, const struct command_line *line,
                        const struct project *project, struct error *error)
{
    struct buffer text;
    struct view view = {
        .project = project,
        .resolved = line->options[OPTION_CONFIG_RESOLVED] != NULL,
        .json = line->options[OPTION_CONFIG_JSON] != NULL,
    };
    buffer_init(&text, OUTPUT_BYTES_MAX);
    int code = view.json ? print_json(&view, &text) : print_lines(&view, &text);
    if (code == 0)
        code = file_write_descriptor(program->output, "stdout", buffer_slice(&text), NULL, error);
    else
        error_set_memory(error);
    buffer_fini(&text);
    return code;
}

static int run(const struct program *program, const struct command_line *line, struct error *error)
{
    struct project *project;
    const struct project_options options = {
        .environment = program->environment,
        .flags = line->flags,
        .flag_count = line->flag_count,
    };
    if (line->word_count > 0)
        return error_set(error, ERROR_USAGE, "what is '%s'? The project is that of this folder",
                         line->words[0]);
    int code = project_create(&options, &project, error);
    if (code)
        return code;
    code = show_project(program, line, project, error);
    project_destroy(project);
    return code;
}

enum exit_status config_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_CONFIG, count, words, &error) < 0)
        return program_fail(program, "config", &error);
    enum exit_status status = EXIT_STATUS_OK;
    if (line.options[OPTION_CONFIG_HELP])
        status = help_show(program, COMMAND_CONFIG);
    else if (run(program, &line, &error) < 0)
        status = program_fail(program, "config", &error);
    command_line_fini(&line);
    return status;
}
