/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/nearest.h"
#include "tables/configuration.h"

/* What a flag is: one of the two, or neither. */
struct known_flag {
    const struct configuration_info *key;
    const struct command_option_info *option;
};

static struct known_flag find_flag(enum command command, const char *flag)
{
    struct known_flag known = {.option = command_option_of_flag(command, flag)};
    const struct configuration_info *key = configuration_info_of_flag(flag);
    if (!known.option && key && command_takes_key(command, key))
        known.key = key;
    return known;
}

static int fail_unknown(enum command command, const char *flag, struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, flag);
    for (int i = 0; i < COMMAND_OPTION_COUNT; i++) {
        const struct command_option_info *info = command_option_info((enum command_option)i);
        if (info->command == command)
            nearest_offer(&nearest, info->flag);
    }
    for (size_t i = 0; i < configuration_info_count(); i++) {
        if (command_takes_key(command, configuration_info_at(i)))
            nearest_offer(&nearest, configuration_info_at(i)->flag);
    }
    if (!nearest.best)
        return error_set(error, ERROR_USAGE, "unknown option '%s'", flag);
    return error_set(error, ERROR_USAGE, "unknown option '%s': did you mean '%s'?", flag,
                     nearest.best);
}

/* A reading of words. */
struct reader {
    struct command_line *line;
    enum command command;
    const char *const *words;
    size_t count;
    size_t next;
    struct error *error;
};

/* Takes the value of `flag`: behind its equals sign, or the next word. */
static int take_value(struct reader *reader, const char *flag, const char *attached,
                      const char *argument, const char **ret_value)
{
    *ret_value = attached;
    if (!argument && attached)
        return error_set(reader->error, ERROR_USAGE, "option '%s' takes no value", flag);
    if (argument && !attached) {
        if (reader->next == reader->count)
            return error_set(reader->error, ERROR_USAGE, "option '%s' needs a value: %s %s", flag,
                             flag, argument);
        *ret_value = reader->words[reader->next++];
    }
    return 0;
}

static int read_flag(struct reader *reader, const char *word)
{
    char flag[64];
    const char *equals = strchr(word, '=');
    size_t bytes = equals ? (size_t)(equals - word) : strlen(word);
    if (bytes >= sizeof(flag))
        return error_set(reader->error, ERROR_USAGE, "unknown option '%s'", word);
    memcpy(flag, word, bytes);
    flag[bytes] = '\0';
    if (strcmp(flag, "-h") == 0)
        memcpy(flag, "--help", sizeof("--help"));
    struct known_flag known = find_flag(reader->command, flag);
    if (!known.key && !known.option)
        return fail_unknown(reader->command, flag, reader->error);
    const char *attached = equals ? equals + 1 : NULL;
    const char *value;
    const char *argument = known.key ? known.key->argument : known.option->argument;
    int code = take_value(reader, flag, attached, argument, &value);
    if (code < 0)
        return code;
    struct command_line *line = reader->line;
    if (known.key) {
        line->flags[line->flag_count++] = (struct configuration_flag){
            .key = known.key->key,
            .value = value ? value : "true",
            .flag = known.key->flag,
        };
    } else {
        line->options[known.option->option] = value ? value : "";
    }
    return 0;
}

static int read_words(struct reader *reader)
{
    bool flags = true;
    while (reader->next < reader->count) {
        const char *word = reader->words[reader->next++];
        if (flags && strcmp(word, "--") == 0) {
            flags = false;
        } else if (flags && word[0] == '-' && word[1] != '\0') {
            int code = read_flag(reader, word);
            if (code < 0)
                return code;
        } else {
            reader->line->words[reader->line->word_count++] = word;
            if (reader->command == COMMAND_NONE)
                return 0;
        }
    }
    return 0;
}

int command_line_init(struct command_line *line, enum command command, int count,
                      const char *const *words, struct error *error)
{
    check(count >= 0);
    size_t room = (size_t)count + 1;
    *line = (struct command_line){
        .flags = calloc(room, sizeof(line->flags[0])),
        .options = calloc(COMMAND_OPTION_COUNT, sizeof(line->options[0])),
        .words = calloc(room, sizeof(line->words[0])),
    };
    int code = 0;
    struct reader reader = {
        .line = line, .command = command, .words = words, .count = (size_t)count, .error = error};
    if (!line->flags || !line->options || !line->words)
        code = error_set_memory(error);
    else
        code = read_words(&reader);
    if (code < 0)
        command_line_fini(line);
    return code;
}

void command_line_fini(struct command_line *line)
{
    free(line->flags);
    free(line->options);
    free(line->words);
    *line = (struct command_line){0};
}
