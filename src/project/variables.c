/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/variables.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/nearest.h"
#include "project/dotenv.h"

#define PREFIX "FN0_"
#define COUNT_FIRST 16

static bool is_project_key(const struct configuration_info *row)
{
    return row->scope != CONFIGURATION_HOST;
}

static bool is_list(const struct configuration_info *row)
{
    return row->kind == CONFIGURATION_HOSTS || row->kind == CONFIGURATION_PATTERNS ||
           row->kind == CONFIGURATION_EXCEPTIONS;
}

char *variable_name(const struct configuration_info *row, char name[VARIABLE_NAME_BYTES])
{
    int bytes = snprintf(name, VARIABLE_NAME_BYTES, PREFIX "%s", row->key);
    check(bytes > 0 && bytes < VARIABLE_NAME_BYTES);
    if (name[bytes - 1] == '*')
        name[bytes - 1] = '\0';
    for (char *c = name; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '.')
            *c = '_';
    }
    return name;
}

/* ---- The list that is made ---- */

struct reading {
    struct variables *variables;
    size_t capacity;
    struct arena *arena;
    struct error *error;
};

/* A variable as it is met. */
struct variable {
    enum configuration_source source;
    const char *path; /* of .env, with `line`; NULL */
    unsigned line;
    struct slice name;
    const char *value;
};

static int add(struct reading *reading, const struct variable *variable, const char *key,
               const char *value)
{
    struct variables *variables = reading->variables;
    if (variables->count == reading->capacity) {
        size_t capacity = reading->capacity ? 2 * reading->capacity : COUNT_FIRST;
        struct configuration_flag *flags =
            arena_allocate(reading->arena, capacity * sizeof(flags[0]));
        if (!flags)
            return error_set_memory(reading->error);
        if (variables->count > 0)
            memcpy(flags, variables->flags, variables->count * sizeof(flags[0]));
        variables->flags = flags;
        reading->capacity = capacity;
    }
    const char *name = arena_copy(reading->arena, variable->name).data;
    if (!name || !value)
        return error_set_memory(reading->error);
    variables->flags[variables->count++] = (struct configuration_flag){
        .key = key,
        .value = value,
        .flag = name,
        .source = variable->source,
        .path = variable->path,
        .line = variable->line,
    };
    return 0;
}

/* "a,b" as two. */
static int add_list(struct reading *reading, const struct variable *variable, const char *key)
{
    struct slice list = slice_of(variable->value);
    struct slice element;
    int code = 0;
    while (code == 0 && slice_next_in_list(&list, &element))
        code = add(reading, variable, key, arena_copy(reading->arena, element).data);
    return code;
}

static int add_environment(struct reading *reading, const struct variable *variable,
                           const char *key, struct slice name)
{
    const char *value =
        arena_print(reading->arena, "%.*s=%s", (int)name.bytes, name.data, variable->value);
    return add(reading, variable, key, value);
}

/* ---- What a name means ---- */

/* The row that a variable stands for, or NULL; *ret_rest is what follows of the name. */
static const struct configuration_info *find_row(struct slice name, struct slice *ret_rest)
{
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        char whole[VARIABLE_NAME_BYTES];
        if (!is_project_key(row))
            continue;
        size_t bytes = strlen(variable_name(row, whole));
        bool is_environment = row->kind == CONFIGURATION_ENVIRONMENT;
        if (name.bytes < bytes || memcmp(name.data, whole, bytes) != 0 ||
            (name.bytes > bytes) != is_environment)
            continue;
        *ret_rest = (struct slice){.data = name.data + bytes, .bytes = name.bytes - bytes};
        return row;
    }
    return NULL;
}

static int refuse(struct reading *reading, const struct variable *variable)
{
    char names[64][VARIABLE_NAME_BYTES];
    struct nearest nearest;
    const char *wrong = arena_copy(reading->arena, variable->name).data;
    if (!wrong)
        return error_set_memory(reading->error);
    check(configuration_info_count() <= sizeof(names) / sizeof(names[0]));
    nearest_init(&nearest, wrong);
    for (size_t i = 0; i < configuration_info_count(); i++) {
        if (is_project_key(configuration_info_at(i)))
            nearest_offer(&nearest, variable_name(configuration_info_at(i), names[i]));
    }
    return error_set(reading->error, ERROR_CONFIGURATION,
                     "%s:%u: %s: no key has this variable%s%s%s", variable->path, variable->line,
                     wrong, nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "",
                     nearest.best ? "?" : "");
}

static bool has_prefix(struct slice name)
{
    return name.bytes >= strlen(PREFIX) && memcmp(name.data, PREFIX, strlen(PREFIX)) == 0;
}

static int read_variable(struct reading *reading, const struct variable *variable)
{
    struct slice rest;
    const struct configuration_info *row =
        has_prefix(variable->name) ? find_row(variable->name, &rest) : NULL;
    bool is_dotenv = variable->source == CONFIGURATION_SOURCE_DOTENV;
    if (row && row->kind == CONFIGURATION_ENVIRONMENT)
        return add_environment(reading, variable, row->key, rest);
    if (row && is_list(row))
        return add_list(reading, variable, row->key);
    if (row)
        return add(reading, variable, row->key,
                   arena_copy(reading->arena, slice_of(variable->value)).data);
    if (is_dotenv && has_prefix(variable->name))
        return refuse(reading, variable);
    return is_dotenv ? add_environment(reading, variable, "environment.*", variable->name) : 0;
}

int variables_read(const char *path, struct slice dotenv, const char *const *environment,
                   struct arena *arena, struct variables *ret_variables, struct error *error)
{
    struct reading reading = {.variables = ret_variables, .arena = arena, .error = error};
    struct dotenv_variable *written;
    *ret_variables = (struct variables){0};
    int code = dotenv_read(path, dotenv, arena, &written, error);
    for (; code == 0 && written; written = written->next) {
        const struct variable variable = {
            .source = CONFIGURATION_SOURCE_DOTENV,
            .path = path,
            .line = written->line,
            .name = slice_of(written->name),
            .value = written->value,
        };
        code = read_variable(&reading, &variable);
    }
    for (size_t i = 0; code == 0 && environment && environment[i]; i++) {
        const char *equals = strchr(environment[i], '=');
        if (!equals)
            continue;
        const struct variable variable = {
            .source = CONFIGURATION_SOURCE_ENVIRONMENT,
            .name = {.data = environment[i], .bytes = (size_t)(equals - environment[i])},
            .value = equals + 1,
        };
        code = read_variable(&reading, &variable);
    }
    return code;
}
