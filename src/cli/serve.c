/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/configuration.h"
#include "base/log.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "server/capacity.h"
#include "server/server.h"

/* The line's one word, if there is one, is the component: a flag without a name. */
static int add_component(struct command_line *line, struct error *error)
{
    if (line->word_count > 1)
        return error_set(error, ERROR_USAGE,
                         "one component at most, not also '%s': use --functions DIR for several",
                         line->words[1]);
    if (line->word_count == 1)
        line->flags[line->flag_count++] = (struct configuration_flag){
            .key = "component", .value = line->words[0], .flag = "COMPONENT.wasm"};
    return 0;
}

static int read_configuration(struct command_line *line,
                              struct host_configuration **ret_configuration, struct error *error)
{
    int code = add_component(line, error);
    if (code < 0)
        return code;
    code = host_configuration_create(line->options[OPTION_SERVE_CONFIG], line->flags,
                                     line->flag_count, ret_configuration, error);
    if (code < 0)
        return code;
    const struct host_configuration *configuration = *ret_configuration;
    if (configuration->component && configuration->functions)
        code = error_set(error, ERROR_USAGE, "either COMPONENT.wasm or --functions DIR, not both");
    else if (!configuration->component && !configuration->functions)
        code = error_set(error, ERROR_USAGE, "what to serve? COMPONENT.wasm or --functions DIR");
    if (code < 0) {
        host_configuration_destroy(*ret_configuration);
        *ret_configuration = NULL;
    }
    return code;
}

/* A host from its beginning to its end. */
static int serve(const struct program *program, const struct host_configuration *configuration,
                 struct log *log, struct error *error)
{
    const struct server_options options = {
        .configuration = configuration,
        .clock = program->clock,
        .random = program->random,
        .log = log,
        .ready_fd = program->output,
        .certificates = program->certificates,
    };
    struct server *server;
    uint64_t files = capacity_raise_open_files();
    LOG(log, LOG_DEBUG, "open files", log_number("limit", files));
    int code = server_create(&options, &server, error);
    if (code < 0)
        return code;
    code = server_run(server, error);
    if (server_abandoned(server)) {
        /* Something is still being compiled, and holds what would have to be freed. */
        _exit(code < 0 ? (int)program_fail(program, "serve", error) : EXIT_STATUS_OK);
    }
    server_destroy(server);
    return code;
}

static int run(const struct program *program, struct command_line *line, struct error *error)
{
    struct host_configuration *configuration;
    int code = read_configuration(line, &configuration, error);
    if (code < 0)
        return code;
    struct log *log;
    code = log_create(program->errors, configuration->log.level, configuration->log.format,
                      program->colour, program->clock, &log);
    if (code < 0) {
        error_set(error, code, "cannot make the log");
    } else {
        code = serve(program, configuration, log, error);
        log_destroy(log);
    }
    host_configuration_destroy(configuration);
    return code;
}

enum exit_status serve_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_SERVE, count, words, &error) < 0)
        return program_fail(program, "serve", &error);
    enum exit_status status = EXIT_STATUS_OK;
    if (line.options[OPTION_SERVE_HELP])
        status = help_show(program, COMMAND_SERVE);
    else if (run(program, &line, &error) < 0)
        status = program_fail(program, "serve", &error);
    command_line_fini(&line);
    return status;
}
