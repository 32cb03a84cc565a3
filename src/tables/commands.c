/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/commands.h"

#include <string.h>

static const struct command_info commands[COMMAND_COUNT] = {
#define COMMAND_ROW(name, word, arguments, keys, help) \
    [name] = {name, word, arguments, COMMAND_KEYS_##keys, help},
    COMMAND_TABLE(COMMAND_ROW)
#undef COMMAND_ROW
};

static const struct command_option_info options[COMMAND_OPTION_COUNT] = {
#define COMMAND_OPTION_ROW(name, command, flag, argument, help) \
    [name] = {name, command, flag, argument, help},
    COMMAND_OPTION_TABLE(COMMAND_OPTION_ROW)
#undef COMMAND_OPTION_ROW
};

const struct command_info *command_info(enum command command)
{
    return command != COMMAND_NONE && (unsigned)command < COMMAND_COUNT ? &commands[command] : NULL;
}

/* A host that serves one project has its component, and limits that are no one's profile. */
static bool is_local(const struct configuration_info *row)
{
    return strcmp(row->key, "functions") != 0 && strcmp(row->key, "profile") != 0;
}

bool command_takes_key(enum command command, const struct configuration_info *row)
{
    bool is_hosts = row->scope == CONFIGURATION_HOST;
    if (!row->flag || !command_info(command))
        return false;
    switch (commands[command].keys) {
    case COMMAND_KEYS_NONE:
        break;
    case COMMAND_KEYS_HOST:
        return row->scope != CONFIGURATION_PROJECT;
    case COMMAND_KEYS_PROJECT:
        return !is_hosts || row->kind == CONFIGURATION_LIMITS;
    case COMMAND_KEYS_LOCAL:
        return !is_hosts || is_local(row);
    }
    return false;
}

enum command command_of_word(const char *word)
{
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].word, word) == 0)
            return (enum command)i;
    }
    return COMMAND_NONE;
}

const struct command_option_info *command_option_info(enum command_option option)
{
    return (unsigned)option < COMMAND_OPTION_COUNT ? &options[option] : NULL;
}

const struct command_option_info *command_option_of_flag(enum command command, const char *flag)
{
    for (int i = 0; i < COMMAND_OPTION_COUNT; i++) {
        if (options[i].command == command && strcmp(options[i].flag, flag) == 0)
            return &options[i];
    }
    return NULL;
}
