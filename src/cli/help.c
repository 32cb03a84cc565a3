/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/help.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tables/configuration.h"

#define FLAG_COLUMNS 28 /* where what a flag does begins */
#define LINE_COLUMNS 100
#define ROW_BYTES 512
#define HELP_BYTES_MAX 65536

/* Adds words from the column FLAG_COLUMNS on, broken between words; the line's beginning is there
 * already. */
static int print_wrapped(struct buffer *text, const char *words)
{
    size_t column = FLAG_COLUMNS;
    int code = 0;
    while (*words && code == 0) {
        size_t bytes = strcspn(words, " ");
        if (column > FLAG_COLUMNS && column + 1 + bytes > LINE_COLUMNS) {
            code = buffer_print(text, "\n%*s", FLAG_COLUMNS, "");
            column = FLAG_COLUMNS;
        } else if (column > FLAG_COLUMNS) {
            code = buffer_print(text, " ");
            column++;
        }
        if (code == 0)
            code = buffer_print(text, "%.*s", (int)bytes, words);
        column += bytes;
        words += bytes;
        words += strspn(words, " ");
    }
    return code < 0 ? code : buffer_print(text, "\n");
}

static int print_flag(struct buffer *text, const char *flag, const char *argument, const char *help,
                      const char *default_text)
{
    char left[ROW_BYTES];
    (void)snprintf(left, sizeof(left), "  %s%s%s", flag, argument ? " " : "",
                   argument ? argument : "");
    int code;
    if (strlen(left) + 1 < FLAG_COLUMNS)
        code = buffer_print(text, "%-*s", FLAG_COLUMNS, left);
    else
        code = buffer_print(text, "%s\n%*s", left, FLAG_COLUMNS, "");
    if (code < 0)
        return code;
    char right[ROW_BYTES];
    if (default_text && argument)
        (void)snprintf(right, sizeof(right), "%s (default: %s)", help, default_text);
    else
        (void)snprintf(right, sizeof(right), "%s", help);
    return print_wrapped(text, right);
}

static int print_options(struct buffer *text, enum command command)
{
    int code = buffer_print(text, "\nOptions:\n");
    for (int i = 0; i < COMMAND_OPTION_COUNT && code == 0; i++) {
        const struct command_option_info *info = command_option_info((enum command_option)i);
        if (info->command == command)
            code = print_flag(text, info->flag, info->argument, info->help, NULL);
    }
    for (size_t i = 0; i < configuration_info_count() && code == 0; i++) {
        const struct configuration_info *info = configuration_info_at(i);
        if (command_takes_key(command, info))
            code = print_flag(text, info->flag, info->argument, info->help, info->default_text);
    }
    return code;
}

static int print_program(struct buffer *text)
{
    int code = buffer_print(text, "fn0 runs functions: WebAssembly components that answer HTTP "
                                  "requests.\n\nUsage: fn0 COMMAND [options]\n\nCommands:\n");
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        const struct command_info *info = command_info((enum command)i);
        if (info->help)
            code = print_flag(text, info->word, NULL, info->help, NULL);
    }
    if (code == 0)
        code = print_options(text, COMMAND_NONE);
    return code < 0 ? code : buffer_print(text, "\n'fn0 COMMAND --help' shows its options.\n");
}

static int print_serve(struct buffer *text)
{
    return buffer_print(
        text, "\n"
              "With COMPONENT.wasm every request goes to it; with --functions each request goes to "
              "the\nfunction named by the first label of its host name. All that has a flag here, "
              "and more, can\nstand in the file of --config (docs/configuration.md); NAME.toml "
              "beside NAME.wasm is about that\nfunction.\n\n"
              "SIGTERM and SIGINT let running calls end; a second one ends the program at once.\n\n"
              "Exit status: 0 ended by a signal, 1 could not serve, 2 wrong command line or "
              "configuration,\n128 and the signal's number after a second signal.\n");
}

static int print_build(struct buffer *text)
{
    return buffer_print(
        text,
        "\n"
        "Without SCRIPT the component of the project is made that this folder belongs to: the one with\n"
        "fn0.toml in it or above it (docs/functions.md).\n\n"
        "SCRIPT is a .js, .jsx, .mjs, .ts, .tsx or .mts file whose default export has a method\n"
        "fetch(request, env, ctx). It is bundled with all that it imports and evaluated once; the\n"
        "component begins where that ended. Node.js 20 or newer is needed; FN0_SDK names the folder\n"
        "of the SDK where it is not beside the program.\n\n"
        "Exit status: 0 made, 1 not made, 2 wrong command line, 128 and the signal's number when\n"
        "ended by one.\n");
}

int help_print(struct buffer *text, enum command command)
{
    if (command == COMMAND_NONE)
        return print_program(text);
    const struct command_info *info = command_info(command);
    int code = buffer_print(text, "Usage: fn0 %s %s\n\n%s\n", info->word, info->arguments,
                            info->help ? info->help : "Not for people.");
    if (code == 0)
        code = print_options(text, command);
    if (code == 0 && command == COMMAND_SERVE)
        code = print_serve(text);
    if (code == 0 && command == COMMAND_BUILD)
        code = print_build(text);
    return code;
}

enum exit_status help_show(const struct program *program, enum command command)
{
    struct buffer text;
    buffer_init(&text, HELP_BYTES_MAX);
    int code = help_print(&text, command);
    struct slice all = buffer_slice(&text);
    if (code == 0 && write(program->output, all.data, all.bytes) != (ssize_t)all.bytes)
        code = ERROR_SYSTEM;
    buffer_fini(&text);
    return code < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}
