/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/completion.h"

#include <string.h>

#include "base/file.h"
#include "base/nearest.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "tables/commands.h"
#include "tables/configuration.h"
#include "tables/languages.h"
#include "tables/templates.h"

#define OUTPUT_BYTES_MAX (1u << 20)

static const char *const shells[COMPLETION_SHELL_COUNT] = {"bash", "zsh", "fish"};

/* ---- What can be completed ------------------------------------------------------------------- */

/* A flag of a command, whichever table it stands in. */
struct flag {
    const char *flag;
    const char *argument; /* NULL: takes none */
    const char *values;   /* with | between them; NULL: any, or none */
    const char *help;
};

/* Calls `visit` for each flag of a command; ends with the first code that is not 0. */
static int visit_flags(enum command command, struct buffer *text,
                       int (*visit)(struct buffer *text, enum command command,
                                    const struct flag *flag))
{
    int code = 0;
    for (int i = 0; i < COMMAND_OPTION_COUNT && code == 0; i++) {
        const struct command_option_info *info = command_option_info((enum command_option)i);
        const struct flag flag = {
            .flag = info->flag,
            .argument = info->argument,
            .values = info->option == OPTION_INIT_TEMPLATE ? TEMPLATE_WORDS : NULL,
            .help = info->help,
        };
        if (info->command == command)
            code = visit(text, command, &flag);
    }
    for (size_t i = 0; i < configuration_info_count() && code == 0; i++) {
        const struct configuration_info *info = configuration_info_at(i);
        bool is_choice = info->kind == CONFIGURATION_CHOICE || info->kind == CONFIGURATION_LIMITS;
        const struct flag flag = {
            .flag = info->flag,
            .argument = info->argument,
            .values = is_choice ? info->words : NULL,
            .help = info->help,
        };
        if (command_takes_key(command, info))
            code = visit(text, command, &flag);
    }
    return code;
}

/* The words that a command takes; NULL: files, or none. */
static const char *words_of(enum command command)
{
    if (command == COMMAND_COMPLETION)
        return "bash|zsh|fish";
    return command == COMMAND_DOCTOR ? &LANGUAGE_WORDS[1] : NULL;
}

/* "a|b" as "a b". */
static int print_words(struct buffer *text, const char *words)
{
    int code = 0;
    for (; *words && code == 0; words++)
        code = buffer_print(text, "%c", *words == '|' ? ' ' : *words);
    return code;
}

/* A text between single quotes. */
static int print_quoted(struct buffer *text, const char *words)
{
    int code = buffer_print(text, "'");
    for (; *words && code == 0; words++)
        code = *words == '\'' ? buffer_print(text, "'\\''") : buffer_print(text, "%c", *words);
    return code == 0 ? buffer_print(text, "'") : code;
}

/* ---- bash ------------------------------------------------------------------------------------ */

static int print_flag_word(struct buffer *text, enum command command, const struct flag *flag)
{
    (void)command;
    return buffer_print(text, "%s ", flag->flag);
}

static int print_flag_values(struct buffer *text, enum command command, const struct flag *flag)
{
    const char *word = command == COMMAND_NONE ? "" : command_info(command)->word;
    if (!flag->values)
        return 0;
    int code = buffer_print(text, "    %s:%s) words='", word, flag->flag);
    if (code == 0)
        code = print_words(text, flag->values);
    return code == 0 ? buffer_print(text, "' ;;\n") : code;
}

static int print_bash_command(struct buffer *text, enum command command)
{
    const char *words = words_of(command);
    int code = buffer_print(text, "    %s:*) words='", command_info(command)->word);
    if (code == 0)
        code = visit_flags(command, text, print_flag_word);
    if (code == 0 && words)
        code = print_words(text, words);
    return code == 0 ? buffer_print(text, "' ;;\n") : code;
}

static int print_bash(struct buffer *text)
{
    int code = buffer_print(text, "# source <(fn0 completion bash)\n"
                                  "_fn0() {\n"
                                  "    local current=${COMP_WORDS[COMP_CWORD]} words=\n"
                                  "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                                  "        words='");
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        if (command_info((enum command)i)->help)
            code = buffer_print(text, "%s ", command_info((enum command)i)->word);
    }
    if (code == 0)
        code = visit_flags(COMMAND_NONE, text, print_flag_word);
    if (code == 0)
        code = buffer_print(text, "'\n    else case ${COMP_WORDS[1]}:"
                                  "${COMP_WORDS[COMP_CWORD - 1]} in\n");
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++)
        code = visit_flags((enum command)i, text, print_flag_values);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        if (command_info((enum command)i)->help)
            code = print_bash_command(text, (enum command)i);
    }
    return code == 0 ? buffer_print(text, "    esac fi\n"
                                          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))"
                                          "\n}\n"
                                          "complete -o default -F _fn0 fn0\n")
                     : code;
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* 'WORD:what it is' with colons of its own escaped. */
static int print_described(struct buffer *text, const char *word, const char *what)
{
    int code = buffer_print(text, "'%s:", word);
    for (; *what && code == 0; what++) {
        const char *escaped = *what == '\'' ? "'\\''" : *what == ':' ? "\\:" : NULL;
        code = escaped ? buffer_print(text, "%s", escaped) : buffer_print(text, "%c", *what);
    }
    return code == 0 ? buffer_print(text, "' ") : code;
}

static int print_zsh_flag(struct buffer *text, enum command command, const struct flag *flag)
{
    (void)command;
    return print_described(text, flag->flag, flag->help);
}

static int print_zsh_values(struct buffer *text, enum command command, const struct flag *flag)
{
    if (!flag->values)
        return 0;
    int code =
        buffer_print(text, "    %s:%s) compadd -- ", command_info(command)->word, flag->flag);
    if (code == 0)
        code = print_words(text, flag->values);
    return code == 0 ? buffer_print(text, " ;;\n") : code;
}

static int print_zsh_command(struct buffer *text, enum command command)
{
    const char *words = words_of(command);
    int code = buffer_print(text, "    %s:*) flags=(", command_info(command)->word);
    if (code == 0)
        code = visit_flags(command, text, print_zsh_flag);
    if (code == 0)
        code = buffer_print(text, "); _describe option flags; ");
    if (code == 0 && words) {
        code = buffer_print(text, "compadd -- ");
        if (code == 0)
            code = print_words(text, words);
    } else if (code == 0) {
        code = buffer_print(text, "_files");
    }
    return code == 0 ? buffer_print(text, " ;;\n") : code;
}

static int print_zsh(struct buffer *text)
{
    int code =
        buffer_print(text, "#compdef fn0\n"
                           "# source <(fn0 completion zsh), or in a folder of $fpath as _fn0\n"
                           "_fn0() {\n"
                           "    local -a flags\n"
                           "    if (( CURRENT == 2 )); then\n"
                           "        flags=(");
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        const struct command_info *info = command_info((enum command)i);
        if (info->help)
            code = print_described(text, info->word, info->help);
    }
    if (code == 0)
        code = visit_flags(COMMAND_NONE, text, print_zsh_flag);
    if (code == 0)
        code = buffer_print(text, ")\n        _describe command flags\n        return\n    fi\n"
                                  "    case ${words[2]}:${words[CURRENT - 1]} in\n");
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++)
        code = visit_flags((enum command)i, text, print_zsh_values);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        if (command_info((enum command)i)->help)
            code = print_zsh_command(text, (enum command)i);
    }
    return code == 0 ? buffer_print(text, "    esac\n}\ncompdef _fn0 fn0\n") : code;
}

/* ---- fish ------------------------------------------------------------------------------------ */

static int print_fish_flag(struct buffer *text, enum command command, const struct flag *flag)
{
    bool is_long = flag->flag[0] == '-' && flag->flag[1] == '-';
    const char *name = flag->flag + (is_long ? 2 : 1);
    int code = buffer_print(text, "complete -c fn0 -n ");
    if (code == 0)
        code = command == COMMAND_NONE ? buffer_print(text, "__fish_use_subcommand")
                                       : buffer_print(text, "'__fish_seen_subcommand_from %s'",
                                                      command_info(command)->word);
    if (code == 0)
        code = buffer_print(text, " -%s %s%s -d ", is_long ? "l" : "s", name,
                            flag->argument ? " -r" : "");
    if (code == 0)
        code = print_quoted(text, flag->help);
    if (code == 0 && flag->values) {
        code = buffer_print(text, " -f -a '");
        if (code == 0)
            code = print_words(text, flag->values);
        if (code == 0)
            code = buffer_print(text, "'");
    }
    return code == 0 ? buffer_print(text, "\n") : code;
}

static int print_fish_command(struct buffer *text, enum command command)
{
    const struct command_info *info = command_info(command);
    const char *words = words_of(command);
    int code =
        buffer_print(text, "complete -c fn0 -f -n __fish_use_subcommand -a %s -d ", info->word);
    if (code == 0)
        code = print_quoted(text, info->help);
    if (code == 0)
        code = buffer_print(text, "\n");
    if (code == 0 && words) {
        code = buffer_print(text, "complete -c fn0 -f -n '__fish_seen_subcommand_from %s' -a '",
                            info->word);
        if (code == 0)
            code = print_words(text, words);
        if (code == 0)
            code = buffer_print(text, "'\n");
    }
    return code == 0 ? visit_flags(command, text, print_fish_flag) : code;
}

static int print_fish(struct buffer *text)
{
    int code = buffer_print(text, "# fn0 completion fish | source\n");
    if (code == 0)
        code = visit_flags(COMMAND_NONE, text, print_fish_flag);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT && code == 0; i++) {
        if (command_info((enum command)i)->help)
            code = print_fish_command(text, (enum command)i);
    }
    return code;
}

/* ---- The command ----------------------------------------------------------------------------- */

int completion_print(struct buffer *text, enum completion_shell shell)
{
    static int (*const prints[COMPLETION_SHELL_COUNT])(struct buffer *
                                                       text) = {print_bash, print_zsh, print_fish};
    return prints[shell](text);
}

static int find_shell(const struct command_line *line, enum completion_shell *ret_shell,
                      struct error *error)
{
    int i = 0;
    if (line->word_count != 1)
        return error_set(error, ERROR_USAGE, "for which shell? bash, zsh or fish");
    while (i < COMPLETION_SHELL_COUNT && strcmp(shells[i], line->words[0]) != 0)
        i++;
    *ret_shell = (enum completion_shell)i;
    return i < COMPLETION_SHELL_COUNT
               ? 0
               : error_set(error, ERROR_USAGE, "unknown shell '%s': bash, zsh or fish",
                           line->words[0]);
}

static int run(const struct program *program, const struct command_line *line, struct error *error)
{
    enum completion_shell shell;
    struct buffer text;
    int code = find_shell(line, &shell, error);
    if (code)
        return code;
    buffer_init(&text, OUTPUT_BYTES_MAX);
    code = completion_print(&text, shell);
    if (code == 0)
        code = file_write_descriptor(program->output, "stdout", buffer_slice(&text), NULL, error);
    else
        error_set_memory(error);
    buffer_fini(&text);
    return code;
}

enum exit_status completion_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_COMPLETION, count, words, &error) < 0)
        return program_fail(program, "completion", &error);
    enum exit_status status = EXIT_STATUS_OK;
    if (line.options[OPTION_COMPLETION_HELP])
        status = help_show(program, COMMAND_COMPLETION);
    else if (run(program, &line, &error) < 0)
        status = program_fail(program, "completion", &error);
    command_line_fini(&line);
    return status;
}
