/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/configuration.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/configuration_value.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/nearest.h"
#include "base/toml.h"
#include "base/units.h"
#include "tables/configuration.h"

/* What a configuration may keep, and what reading one may take for a while. */
#define TEXTS_BYTES_MAX (4u << 20)
#define READING_BYTES_MAX (16u << 20)

/* All warm instances together: this part of the machine's memory. */
#define WARM_MEMORY_SHARE 4

/* ---- Where the values of the rows go ---- */

#define OWNER_HOST struct host_configuration
#define OWNER_FUNCTION struct function_configuration
#define OWNER_PROJECT struct project_configuration

static const size_t offsets[] = {
#define ROW(scope, key, kind, member, ...) offsetof(OWNER_##scope, member),
    CONFIGURATION_TABLE(ROW)
#undef ROW
};

#define ROW_COUNT (sizeof(offsets) / sizeof(offsets[0]))

/* Each row's kind and its member's size agree. */
#define TYPE_TEXT const char *
#define TYPE_NAME const char *
#define TYPE_FOLDER const char *
#define TYPE_ADDRESSES struct texts
#define TYPE_PREFIXES struct texts
#define TYPE_EXCEPTIONS struct texts
#define TYPE_HOSTS struct texts
#define TYPE_PATTERNS struct texts
#define TYPE_BOOLEAN bool
#define TYPE_COUNT uint64_t
#define TYPE_BYTES uint64_t
#define TYPE_NANOSECONDS uint64_t
#define TYPE_CHOICE unsigned
#define TYPE_ENVIRONMENT struct field *
#define TYPE_LIMITS struct limits
#define ROW(scope, key, kind, member, ...)                                     \
    static_assert(sizeof(((OWNER_##scope *)0)->member) == sizeof(TYPE_##kind), \
                  key ": its member has another type");
CONFIGURATION_TABLE(ROW)
#undef ROW

/* ---- Reading ---- */

/* One configuration while it is made. */
struct reading {
    struct host_configuration *host;       /* NULL: another's file is read */
    struct project_configuration *project; /* the same */
    struct function_configuration *function;
    struct error *error;
    struct configuration_origin limit_origins[LIMIT_COUNT]; /* of the defaults */
    struct configuration_origin limit_max_origins[LIMIT_COUNT];
    enum configuration_source added_by[ROW_COUNT]; /* what said a list last */
};

/* Puts where and which key before what is wrong, and makes it an error of the file or the flag. */
static int fail_at(struct reading *reading, const struct configuration_origin *origin,
                   const char *key, int code)
{
    if (code == ERROR_INVALID_ARGUMENT)
        code = origin->path ? ERROR_CONFIGURATION : ERROR_USAGE;
    if (!reading->error)
        return code;
    reading->error->code = code;
    if (!origin->path)
        return error_wrap(reading->error, "%s", origin->flag);
    return error_wrap(reading->error, "%s:%u: %s", origin->path, origin->line,
                      origin->flag ? origin->flag : key);
}

static bool may_hold(const struct reading *reading, const struct configuration_info *row)
{
    switch (row->scope) {
    case CONFIGURATION_HOST:
        return reading->host != NULL;
    case CONFIGURATION_PROJECT:
        return reading->project != NULL;
    case CONFIGURATION_FUNCTION:
        break;
    }
    return true;
}

/* Whether `key` is a table of the row: "net" of "net.listen". */
static bool is_table_of(const char *key, const struct configuration_info *row)
{
    size_t bytes = strlen(key);
    return strncmp(row->key, key, bytes) == 0 && row->key[bytes] == '.';
}

static int refuse_scope(struct reading *reading, const struct configuration_origin *origin,
                        const char *key, enum configuration_scope scope)
{
    error_set(reading->error, ERROR_CONFIGURATION, "only a %s may say this",
              scope == CONFIGURATION_HOST ? "host's configuration" : "project's fn0.toml");
    return fail_at(reading, origin, key, ERROR_CONFIGURATION);
}

static int refuse_unknown(struct reading *reading, const struct configuration_origin *origin,
                          const char *key, bool is_table)
{
    struct nearest nearest;
    char tables[ROW_COUNT][64];
    nearest_init(&nearest, key);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct configuration_info *row = configuration_info_at(i);
        const char *point = strrchr(row->key, '.');
        if (!may_hold(reading, row))
            continue;
        if (row->kind != CONFIGURATION_ENVIRONMENT)
            nearest_offer(&nearest, row->key);
        if (is_table && point) {
            size_t bytes = (size_t)(point - row->key);
            check(bytes < sizeof(tables[i]));
            memcpy(tables[i], row->key, bytes);
            tables[i][bytes] = '\0';
            nearest_offer(&nearest, tables[i]);
        }
    }
    const char *what = is_table ? "unknown table" : "unknown key";
    if (nearest.best)
        error_set(reading->error, ERROR_INVALID_ARGUMENT, "%s; did you mean \"%s\"?", what,
                  nearest.best);
    else
        error_set(reading->error, ERROR_INVALID_ARGUMENT, "%s", what);
    return fail_at(reading, origin, key, ERROR_INVALID_ARGUMENT);
}

static int refuse_no_table(struct reading *reading, const struct configuration_origin *origin,
                           const char *key)
{
    error_set(reading->error, ERROR_INVALID_ARGUMENT, "expected a table, [%s]", key);
    return fail_at(reading, origin, key, ERROR_INVALID_ARGUMENT);
}

/* ---- What is no plain member ---- */

/* Room for one more in an array whose memory doubles at each power of two. */
static int grow(struct arena *arena, void **items, size_t count, size_t item_bytes,
                struct error *error)
{
    if ((count & (count - 1)) != 0)
        return 0;
    void *grown = arena_allocate(arena, (count == 0 ? 1 : 2 * count) * item_bytes);
    if (!grown)
        return error_set_memory(error);
    if (count > 0)
        memcpy(grown, *items, count * item_bytes);
    *items = grown;
    return 0;
}

/* *ret_place, which may be NULL, is the variable's in the environment. */
static int set_environment(struct function_configuration *function, struct slice name,
                           struct slice value, size_t *ret_place, struct error *error)
{
    size_t count = function->environment_count;
    size_t place = 0;
    struct slice copy = arena_copy(&function->arena, value);
    if (!copy.data)
        return error_set_memory(error);
    while (place < count && !slice_equal(function->environment[place].name, name))
        place++;
    if (ret_place)
        *ret_place = place;
    if (place < count) {
        function->environment[place].value = copy;
        return 0;
    }
    void *fields = function->environment;
    int code = grow(&function->arena, &fields, count, sizeof(function->environment[0]), error);
    if (code)
        return code;
    function->environment = fields;
    struct slice name_copy = arena_copy(&function->arena, name);
    if (!name_copy.data)
        return error_set_memory(error);
    function->environment[count] = (struct field){.name = name_copy, .value = copy};
    function->environment_count++;
    return 0;
}

/* ---- Where a project's values come from ---- */

static int keep_text(struct arena *arena, const char **text, struct error *error)
{
    if (!*text)
        return 0;
    *text = arena_copy(arena, slice_of(*text)).data;
    return *text ? 0 : error_set_memory(error);
}

static int keep_origin(struct reading *reading, struct configuration_origin *to,
                       const struct configuration_origin *origin)
{
    *to = *origin;
    int code = keep_text(&reading->project->arena, &to->path, reading->error);
    return code ? code : keep_text(&reading->project->arena, &to->flag, reading->error);
}

static int keep_variable_origin(struct reading *reading, size_t place, size_t count_before,
                                const struct configuration_origin *origin)
{
    struct project_configuration *project = reading->project;
    if (place == count_before) {
        void *origins = project->variable_origins;
        int code = grow(&project->arena, &origins, count_before,
                        sizeof(project->variable_origins[0]), reading->error);
        if (code)
            return code;
        project->variable_origins = origins;
    }
    return keep_origin(reading, &project->variable_origins[place], origin);
}

/* ---- Variables and limits ---- */

static bool is_variable_name(struct slice name)
{
    return name.bytes > 0 && !memchr(name.data, '=', name.bytes) &&
           !memchr(name.data, '\0', name.bytes);
}

static int read_environment(struct reading *reading, const struct configuration_info *row,
                            const struct configuration_origin *origin, const char *key,
                            struct slice name, const struct toml_value *value)
{
    size_t count = reading->function->environment_count;
    size_t place = 0;
    int code;
    if (value->kind != TOML_STRING ||
        (value->text.bytes > 0 && memchr(value->text.data, '\0', value->text.bytes)))
        code = configuration_value_refuse(row, value, reading->error);
    else if (!is_variable_name(name))
        code = error_set(reading->error, ERROR_INVALID_ARGUMENT,
                         "expected a name without '=' that is not empty");
    else
        code = set_environment(reading->function, name, value->text, &place, reading->error);
    if (code)
        return fail_at(reading, origin, key, code);
    return reading->project ? keep_variable_origin(reading, place, count, origin) : 0;
}

/* `limits`: all of them, and their maxima. */
static int read_limits(struct reading *reading, const struct configuration_info *row,
                       const struct configuration_origin *origin, const struct toml_value *value)
{
    unsigned place;
    if (value->kind != TOML_STRING || !configuration_word_find(row->words, value->text, &place)) {
        int code = configuration_value_refuse(row, value, reading->error);
        return fail_at(reading, origin, row->key, code);
    }
    void (*set)(struct limits *) = place == 0 ? limits_set_cloud : limits_set_none;
    set(&reading->function->limits);
    if (reading->host)
        set(&reading->host->limits_max);
    for (int i = 0; i < LIMIT_COUNT; i++)
        reading->limit_origins[i] = reading->limit_max_origins[i] = *origin;
    for (size_t i = 0; i < ROW_COUNT && reading->project; i++) {
        const struct configuration_info *limit = configuration_info_at(i);
        if (limit->scope != CONFIGURATION_FUNCTION ||
            configuration_info_limit(limit) == LIMIT_COUNT)
            continue;
        int code = keep_origin(reading, &reading->project->origins[i], origin);
        if (code)
            return code;
    }
    return 0;
}

/* ---- Rows ---- */

/* A folder is seen from that of the file that says it. A project's is resolved where the project's
 * folder is known. */
static int resolve_folder(struct reading *reading, const struct configuration_origin *origin,
                          const char **folder)
{
    const char *slash = origin->path ? strrchr(origin->path, '/') : NULL;
    if (reading->project || !slash)
        return 0;
    *folder = arena_print(&reading->function->arena, "%.*s%s", (int)(slash + 1 - origin->path),
                          origin->path, *folder);
    return *folder ? 0 : error_set_memory(reading->error);
}

/* The struct that a row's member is in, and the arena of its texts. */
static char *owner_of(struct reading *reading, const struct configuration_info *row,
                      struct arena **ret_arena)
{
    if (row->scope == CONFIGURATION_HOST) {
        *ret_arena = &reading->host->arena;
        return (char *)reading->host;
    }
    if (row->scope == CONFIGURATION_PROJECT) {
        *ret_arena = &reading->project->arena;
        return (char *)reading->project;
    }
    *ret_arena = &reading->function->arena;
    return (char *)reading->function;
}

static int read_row(struct reading *reading, size_t index,
                    const struct configuration_origin *origin, const struct toml_value *value)
{
    const struct configuration_info *row = configuration_info_at(index);
    if (row->kind == CONFIGURATION_LIMITS)
        return read_limits(reading, row, origin, value);
    check(row && may_hold(reading, row));
    struct arena *arena;
    char *owner = owner_of(reading, row, &arena);

    bool append = origin->flag && reading->added_by[index] == origin->source;
    int code =
        configuration_value_read(row, value, append, owner + offsets[index], arena, reading->error);
    if (code == 0 && row->kind == CONFIGURATION_FOLDER)
        code = resolve_folder(reading, origin, (const char **)(owner + offsets[index]));
    if (code)
        return fail_at(reading, origin, row->key, code);
    reading->added_by[index] = origin->source;
    enum limit limit = configuration_info_limit(row);
    if (limit != LIMIT_COUNT && row->scope == CONFIGURATION_HOST)
        reading->limit_max_origins[limit] = *origin;
    else if (limit != LIMIT_COUNT)
        reading->limit_origins[limit] = *origin;
    if (owner + offsets[index] == (char *)&reading->function->outbound_hosts)
        reading->function->outbound_hosts_set = true;
    return reading->project ? keep_origin(reading, &reading->project->origins[index], origin) : 0;
}

static int read_entry(struct reading *reading, const char *path, const struct toml_entry *entry)
{
    struct configuration_origin origin = {
        .source = CONFIGURATION_SOURCE_FILE, .path = path, .line = entry->line};
    bool is_table = entry->value.kind == TOML_TABLE;
    const struct configuration_info *foreign_row = NULL; /* the key is another's */
    const struct configuration_info *foreign_table = NULL;
    bool known_table = false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct configuration_info *row = configuration_info_at(i);
        bool holds = may_hold(reading, row);
        bool is_variable = row->kind == CONFIGURATION_ENVIRONMENT &&
                           slice_equal(entry->table, SLICE("environment"));
        bool names_table = is_table_of(entry->key, row);
        /* `limits` is a word or a table. */
        bool names_row =
            strcmp(entry->key, row->key) == 0 && !(is_table && row->kind == CONFIGURATION_LIMITS);
        if (is_variable)
            return read_environment(reading, row, &origin, entry->key, entry->name, &entry->value);
        if (names_row && holds)
            return read_row(reading, i, &origin, &entry->value);
        if (names_row && !foreign_row)
            foreign_row = row;
        known_table = known_table || (names_table && holds);
        if (names_table && !holds && !foreign_table)
            foreign_table = row;
    }
    if (foreign_row)
        return refuse_scope(reading, &origin, entry->key, foreign_row->scope);
    if (known_table)
        return is_table ? 0 : refuse_no_table(reading, &origin, entry->key);
    if (foreign_table)
        return refuse_scope(reading, &origin, entry->key, foreign_table->scope);
    return refuse_unknown(reading, &origin, entry->key, is_table);
}

static int read_text(struct reading *reading, const char *path, struct slice text)
{
    struct arena arena;
    struct toml_entry *entry;
    arena_init(&arena, READING_BYTES_MAX);
    int code = text.bytes > CONFIGURATION_FILE_BYTES_MAX
                   ? error_set(reading->error, ERROR_CONFIGURATION, "%s: larger than %d bytes",
                               path, CONFIGURATION_FILE_BYTES_MAX)
                   : toml_read(path, text, &arena, &entry, reading->error);
    for (; code == 0 && entry; entry = entry->next)
        code = read_entry(reading, path, entry);
    arena_fini(&arena);
    return code;
}

/* ---- Flags and defaults ---- */

/* "environment.*" with NAME=VALUE. */
static int read_variable_flag(struct reading *reading, const struct configuration_info *row,
                              const struct configuration_origin *origin, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        error_set(reading->error, ERROR_USAGE, "expected NAME=VALUE, not \"%s\"", text);
        return fail_at(reading, origin, row->key, ERROR_USAGE);
    }
    struct slice name = {.data = text, .bytes = (size_t)(equals - text)};
    struct toml_value value = configuration_value_of_text(row->kind, equals + 1);
    return read_environment(reading, row, origin, row->key, name, &value);
}

static int read_flag(struct reading *reading, const struct configuration_flag *flag)
{
    const struct configuration_origin origin = {
        .source = flag->source ? flag->source : CONFIGURATION_SOURCE_FLAG,
        .path = flag->path,
        .line = flag->line,
        .flag = flag->flag,
    };
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct configuration_info *row = configuration_info_at(i);
        bool lifts_limits = row->kind == CONFIGURATION_LIMITS && reading->project;
        if (strcmp(row->key, flag->key) != 0 || !(may_hold(reading, row) || lifts_limits))
            continue;
        if (row->kind == CONFIGURATION_ENVIRONMENT)
            return read_variable_flag(reading, row, &origin, flag->value);
        struct toml_value value = configuration_value_of_text(row->kind, flag->value);
        return read_row(reading, i, &origin, &value);
    }
    return refuse_unknown(reading, &origin, flag->key, false);
}

static int read_defaults(struct reading *reading)
{
    static const struct configuration_origin origin = {.path = "default"};
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (!row->default_text || !may_hold(reading, row))
            continue;
        struct toml_value value = configuration_value_of_text(row->kind, row->default_text);
        int code = read_row(reading, i, &origin, &value);
        if (code)
            return code;
    }
    return 0;
}

static void resolve_auto(struct host_configuration *host)
{
    if (host->workers == CONFIGURATION_AUTO)
        host->workers = machine_cores();
    if (host->slots == CONFIGURATION_AUTO)
        host->slots = 0;
    if (host->warm_memory_bytes_max == CONFIGURATION_AUTO)
        host->warm_memory_bytes_max = machine_memory_bytes() / WARM_MEMORY_SHARE;
}

/* ---- Limits and their maxima ---- */

static bool is_set(const struct configuration_origin *origin)
{
    return origin->source != CONFIGURATION_SOURCE_DEFAULT;
}

static int refuse_limit(struct reading *reading, const struct configuration_origin *origin,
                        const char *prefix, enum limit limit, const char *format, uint64_t value,
                        uint64_t max)
{
    const struct limit_info *row = limit_info(limit);
    char value_text[UNITS_TEXT_BYTES];
    char max_text[UNITS_TEXT_BYTES];
    char key[64];
    int code =
        error_set(reading->error, ERROR_INVALID_ARGUMENT, "%s is more than %s, %s",
                  value == LIMIT_NONE ? "\"none\"" : units_write(row->unit, value, value_text),
                  format, units_write(row->unit, max, max_text));
    int bytes = snprintf(key, sizeof(key), "%s%s", prefix, row->key);
    check(bytes > 0 && (size_t)bytes < sizeof(key));
    return fail_at(reading, origin, key, code);
}

/* The profile fixes the maxima. */
static int check_profile(struct reading *reading)
{
    struct limits cloud;
    check(reading->host->profile <= PROFILE_CLOUD);
    limits_set_cloud(&cloud);
    for (int i = 0; i < LIMIT_COUNT && reading->host->profile == PROFILE_CLOUD; i++) {
        if (reading->host->limits_max.value[i] > cloud.value[i])
            return refuse_limit(reading, &reading->limit_max_origins[i], "limits.max.",
                                (enum limit)i, "profile \"cloud\" allows",
                                reading->host->limits_max.value[i], cloud.value[i]);
    }
    return 0;
}

/* Holds the defaults to the maxima: what was asked for is refused, what was not is lowered. */
static int check_limits(struct reading *reading, const struct limits *max, const char *whose)
{
    for (int i = 0; i < LIMIT_COUNT; i++) {
        uint64_t *value = &reading->function->limits.value[i];
        if (*value <= max->value[i])
            continue;
        if (is_set(&reading->limit_origins[i]))
            return refuse_limit(reading, &reading->limit_origins[i], "limits.", (enum limit)i,
                                whose, *value, max->value[i]);
        *value = max->value[i];
    }
    return 0;
}

/* ---- The host's ---- */

static int make_host(struct reading *reading, const char *path, struct slice text,
                     const struct configuration_flag *flags, size_t flag_count)
{
    check(configuration_info_count() == ROW_COUNT);
    int code = read_defaults(reading);
    if (code == 0 && path)
        code = read_text(reading, path, text);
    for (size_t i = 0; i < flag_count && code == 0; i++)
        code = read_flag(reading, &flags[i]);
    if (code == 0)
        code = check_profile(reading);
    if (code == 0)
        code = check_limits(reading, &reading->host->limits_max, "the maximum of functions");
    if (code == 0)
        resolve_auto(reading->host);
    return code;
}

int host_configuration_create_from_text(const char *path, struct slice text,
                                        const struct configuration_flag *flags, size_t flag_count,
                                        struct host_configuration **ret_configuration,
                                        struct error *error)
{
    *ret_configuration = NULL;
    struct host_configuration *host = calloc(1, sizeof(*host));
    if (!host)
        return error_set_memory(error);
    arena_init(&host->arena, TEXTS_BYTES_MAX);
    arena_init(&host->function.arena, TEXTS_BYTES_MAX);
    struct reading reading = {.host = host, .function = &host->function, .error = error};
    int code = make_host(&reading, path, text, flags, flag_count);
    if (code) {
        host_configuration_destroy(host);
        return code;
    }
    check(host->workers > 0 && host->net.listen.count > 0);
    *ret_configuration = host;
    return 0;
}

int host_configuration_create(const char *path, const struct configuration_flag *flags,
                              size_t flag_count, struct host_configuration **ret_configuration,
                              struct error *error)
{
    struct buffer text;
    *ret_configuration = NULL;
    buffer_init(&text, CONFIGURATION_FILE_BYTES_MAX);
    int code = path ? file_read(path, &text, NULL, error) : 0;
    if (code == 0)
        code = host_configuration_create_from_text(path, buffer_slice(&text), flags, flag_count,
                                                   ret_configuration, error);
    else if (code == ERROR_FULL)
        code = error_set(error, ERROR_CONFIGURATION, "%s: larger than %d bytes", path,
                         CONFIGURATION_FILE_BYTES_MAX);
    buffer_fini(&text);
    return code;
}

void host_configuration_destroy(struct host_configuration *configuration)
{
    if (!configuration)
        return;
    arena_fini(&configuration->function.arena);
    arena_fini(&configuration->arena);
    free(configuration);
}

/* ---- A function's ---- */

static int copy_texts(struct arena *arena, struct texts *to, const struct texts *from,
                      struct error *error)
{
    const char **items = arena_allocate(arena, (from->count + 1) * sizeof(*items));
    if (!items)
        return error_set_memory(error);
    for (size_t i = 0; i < from->count; i++) {
        items[i] = arena_copy(arena, slice_of(from->items[i])).data;
        if (!items[i])
            return error_set_memory(error);
    }
    *to = (struct texts){.items = items, .count = from->count};
    return 0;
}

/* Copies the defaults with all that they point at. */
static int copy_defaults(struct function_configuration *to,
                         const struct function_configuration *from, struct error *error)
{
    to->limits = from->limits;
    to->instance.reuse = from->instance.reuse;
    to->instance.uses_max = from->instance.uses_max;
    to->instance.idle_time_ns = from->instance.idle_time_ns;
    to->instance.warm_max = from->instance.warm_max;
    to->instance.memory_mark_bytes = from->instance.memory_mark_bytes;
    to->outbound_hosts_set = from->outbound_hosts_set;
    int code = copy_texts(&to->arena, &to->outbound_hosts, &from->outbound_hosts, error);
    if (code == 0)
        code = copy_texts(&to->arena, &to->assets.immutable, &from->assets.immutable, error);
    to->assets.folder = from->assets.folder;
    if (code == 0)
        code = keep_text(&to->arena, &to->assets.folder, error);
    for (size_t i = 0; i < from->environment_count && code == 0; i++)
        code =
            set_environment(to, from->environment[i].name, from->environment[i].value, NULL, error);
    return code;
}

int function_configuration_create(const struct host_configuration *host, const char *path,
                                  struct slice text,
                                  struct function_configuration **ret_configuration,
                                  struct error *error)
{
    *ret_configuration = NULL;
    struct function_configuration *function = calloc(1, sizeof(*function));
    if (!function)
        return error_set_memory(error);
    arena_init(&function->arena, TEXTS_BYTES_MAX);
    struct reading reading = {.function = function, .error = error};
    int code = copy_defaults(function, &host->function, error);
    if (code == 0)
        code = read_text(&reading, path, text);
    if (code == 0)
        code = check_limits(&reading, &host->limits_max, "the host's maximum");
    if (code) {
        function_configuration_destroy(function);
        return code;
    }
    *ret_configuration = function;
    return 0;
}

void function_configuration_destroy(struct function_configuration *configuration)
{
    if (!configuration)
        return;
    arena_fini(&configuration->arena);
    free(configuration);
}

/* ---- A project's ---- */

int project_configuration_create(const char *path, struct slice text,
                                 const struct configuration_flag *flags, size_t flag_count,
                                 struct project_configuration **ret_configuration,
                                 struct error *error)
{
    *ret_configuration = NULL;
    struct project_configuration *project = calloc(1, sizeof(*project));
    if (!project)
        return error_set_memory(error);
    arena_init(&project->arena, TEXTS_BYTES_MAX);
    arena_init(&project->function.arena, TEXTS_BYTES_MAX);
    struct reading reading = {.project = project, .function = &project->function, .error = error};
    project->origins = arena_allocate(&project->arena, ROW_COUNT * sizeof(project->origins[0]));
    int code = project->origins ? 0 : error_set_memory(error);
    if (code == 0) {
        memset(project->origins, 0, ROW_COUNT * sizeof(project->origins[0]));
        limits_set_cloud(&project->function.limits);
        code = read_defaults(&reading);
    }
    if (code == 0)
        code = read_text(&reading, path, text);
    for (size_t i = 0; i < flag_count && code == 0; i++)
        code = read_flag(&reading, &flags[i]);
    if (code) {
        project_configuration_destroy(project);
        return code;
    }
    *ret_configuration = project;
    return 0;
}

const void *project_configuration_member(const struct project_configuration *configuration,
                                         size_t index)
{
    const struct configuration_info *row = configuration_info_at(index);
    if (!row || row->scope == CONFIGURATION_HOST || row->kind == CONFIGURATION_ENVIRONMENT)
        return NULL;
    const char *owner = row->scope == CONFIGURATION_PROJECT
                            ? (const char *)configuration
                            : (const char *)&configuration->function;
    return owner + offsets[index];
}

void project_configuration_destroy(struct project_configuration *configuration)
{
    if (!configuration)
        return;
    arena_fini(&configuration->function.arena);
    arena_fini(&configuration->arena);
    free(configuration);
}

int host_configuration_adopt(struct host_configuration *host,
                             const struct function_configuration *function, struct error *error)
{
    arena_fini(&host->function.arena);
    host->function = (struct function_configuration){0};
    arena_init(&host->function.arena, TEXTS_BYTES_MAX);
    for (int i = 0; i < LIMIT_COUNT; i++) {
        if (host->limits_max.value[i] < function->limits.value[i])
            host->limits_max.value[i] = function->limits.value[i];
    }
    return copy_defaults(&host->function, function, error);
}
