/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/init.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "cli/building.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "project/project.h"
#include "project/scaffold.h"
#include "tables/templates.h"

#define ANSWER_BYTES 256

/* What is to be made. */
struct wish {
    const char *folder;
    const char *name;
    enum template template;
    char answer[ANSWER_BYTES]; /* what `folder` may point at */
    char suggested[FUNCTION_NAME_TEXT_BYTES];
};

/* ---- Asking ---- */

/* Whether there is somebody to ask. */
static bool can_ask(const struct program *program)
{
    return isatty(STDIN_FILENO) && isatty(program->errors);
}

/* Reads a line without its end and the blanks around it; ERROR_CLOSED at the end of the input. */
static int read_answer(char answer[ANSWER_BYTES], struct error *error)
{
    char line[ANSWER_BYTES];
    if (!fgets(line, sizeof(line), stdin))
        return error_set(error, ERROR_CLOSED, "nothing was made");
    struct slice text = slice_of(line);
    while (text.bytes > 0 &&
           (text.data[text.bytes - 1] == '\n' || text.data[text.bytes - 1] == '\r'))
        text.bytes--;
    text = slice_trim(text);
    memcpy(answer, text.data, text.bytes);
    answer[text.bytes] = '\0';
    return 0;
}

static void offer_templates(const struct program *program)
{
    dprintf(program->errors, "Which template?\n");
    for (int i = 0; i < TEMPLATE_COUNT; i++) {
        const struct template_info *info = template_info((enum template)i);
        dprintf(program->errors, "  %d  %-12s %s\n", i + 1, info->word, info->what);
    }
}

static int ask_template(const struct program *program, struct wish *wish, struct error *error)
{
    char answer[ANSWER_BYTES];
    offer_templates(program);
    for (;;) {
        dprintf(program->errors, "Number or name: ");
        int code = read_answer(answer, error);
        if (code)
            return code;
        long number = strtol(answer, NULL, 10);
        wish->template = number >= 1 && number <= TEMPLATE_COUNT ? (enum template)(number - 1)
                                                                 : template_of_word(answer);
        if (wish->template != TEMPLATE_COUNT)
            return 0;
    }
}

static int ask_folder(const struct program *program, struct wish *wish, struct error *error)
{
    dprintf(program->errors, "In which folder? (Enter: this one) ");
    int code = read_answer(wish->answer, error);
    wish->folder = wish->answer[0] ? wish->answer : ".";
    return code;
}

/* ---- What was said ---- */

static int refuse_template(const char *word, struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, word);
    for (int i = 0; i < TEMPLATE_COUNT; i++)
        nearest_offer(&nearest, template_info((enum template)i)->word);
    if (nearest.best)
        return error_set(error, ERROR_USAGE, "there is no template '%s': did you mean '%s'?", word,
                         nearest.best);
    return error_set(error, ERROR_USAGE, "there is no template '%s', only %s", word,
                     TEMPLATE_WORDS);
}

static int find_name(const struct command_line *line, struct wish *wish, struct error *error)
{
    wish->name = line->options[OPTION_INIT_NAME];
    if (wish->name && !function_name_valid(slice_of(wish->name)))
        return error_set(error, ERROR_USAGE,
                         "--name: expected a name of a-z, 0-9 and '-', like hello, not '%s'",
                         wish->name);
    if (!wish->name && !scaffold_suggest_name(wish->folder, wish->suggested))
        return error_set(error, ERROR_USAGE,
                         "the name of the folder makes no name for a function: say --name");
    if (!wish->name)
        wish->name = wish->suggested;
    return 0;
}

static int read_wish(const struct program *program, const struct command_line *line,
                     struct wish *wish, struct error *error)
{
    const char *word = line->options[OPTION_INIT_TEMPLATE];
    int code = 0;
    if (line->word_count > 1)
        return error_set(error, ERROR_USAGE, "one folder, not also '%s'", line->words[1]);
    wish->template = word ? template_of_word(word) : TEMPLATE_COUNT;
    if (word && wish->template == TEMPLATE_COUNT)
        return refuse_template(word, error);
    if (!word && !can_ask(program))
        return error_set(error, ERROR_USAGE, "which template? --template %s", TEMPLATE_WORDS);
    if (!word)
        code = ask_template(program, wish, error);
    wish->folder = line->word_count > 0 ? line->words[0] : ".";
    if (code == 0 && !word && line->word_count == 0)
        code = ask_folder(program, wish, error);
    return code ? code : find_name(line, wish, error);
}

/* ---- Making it ---- */

/* The folder of the templates: named, else beside the program. */
static int find_template(const struct wish *wish, char ret_path[PATH_MAX], struct error *error)
{
    const char *named = getenv("FN0_TEMPLATES");
    const char *word = template_info(wish->template)->word;
    char folder[PATH_MAX];
    bool is_named = named && named[0];
    int code = is_named ? 0 : building_find_program_folder(folder, error);
    if (code)
        return code;
    int bytes = is_named ? snprintf(ret_path, PATH_MAX, "%s/%s", named, word)
                         : snprintf(ret_path, PATH_MAX, "%s/templates/%s", folder, word);
    return bytes > 0 && bytes < PATH_MAX
               ? 0
               : error_set(error, ERROR_SYSTEM, "the path of the templates is too long");
}

static void say_made(const struct program *program, const struct wish *wish,
                     const struct scaffold *scaffold)
{
    const char *set_up = template_info(wish->template)->set_up;
    bool is_here = strcmp(wish->folder, ".") == 0;
    for (size_t i = 0; i < scaffold->file_count; i++)
        dprintf(program->output, "%s%s%s\n", is_here ? "" : wish->folder, is_here ? "" : "/",
                scaffold->files[i]);
    dprintf(program->errors, "\nThe function %s is made. Next:\n", wish->name);
    if (!is_here)
        dprintf(program->errors, "  cd %s\n", wish->folder);
    if (set_up)
        dprintf(program->errors, "  %s\n", set_up);
    dprintf(program->errors, "  fn0 dev\n");
}

static int run(const struct program *program, const struct command_line *line, struct error *error)
{
    char template[PATH_MAX];
    struct scaffold scaffold;
    struct wish wish = {.folder = NULL};
    int code = read_wish(program, line, &wish, error);
    if (code == 0)
        code = find_template(&wish, template, error);
    if (code)
        return code;
    code = scaffold_make(template, wish.folder, wish.name, &scaffold, error);
    if (code == 0)
        say_made(program, &wish, &scaffold);
    scaffold_fini(&scaffold);
    return code;
}

enum exit_status init_run(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_INIT, count, words, &error) < 0)
        return program_fail(program, "init", &error);
    enum exit_status status = EXIT_STATUS_OK;
    if (line.options[OPTION_INIT_HELP])
        status = help_show(program, COMMAND_INIT);
    else if (run(program, &line, &error) < 0)
        status = program_fail(program, "init", &error);
    command_line_fini(&line);
    return status;
}
