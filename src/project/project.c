/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/slice.h"
#include "project/variables.h"
#include "tables/configuration.h"

#define TEXTS_BYTES_MAX (1u << 20)
#define VARIABLES_BYTES_MAX (16u << 20)

/* How far up the file is looked for. */
#define FOLDERS_MAX 256

/* ---- Paths ---- */

/* "a" and "b" as "a/b", an absolute "b" as it is; NULL without memory. */
static const char *join(struct arena *arena, const char *folder, const char *path)
{
    if (path[0] == '/')
        return arena_print(arena, "%s", path);
    const char *slash = folder[0] == '\0' || folder[strlen(folder) - 1] == '/' ? "" : "/";
    return arena_print(arena, "%s%s%s", folder, slash, path);
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* How a folder `above` levels up is written: "../../", or "" for this one. */
static const char *write_folder(struct arena *arena, const char *given, unsigned above)
{
    char ups[3 * FOLDERS_MAX + 1] = "";
    const char *base = given && strcmp(given, ".") != 0 ? given : "";
    for (unsigned i = 0; i < above; i++)
        memcpy(ups + (size_t)(3 * i), "../", sizeof("../"));
    return join(arena, base, ups);
}

/* Looks for the file from `given` upwards, and keeps where it is. */
static int find(struct project *project, const char *given, struct error *error)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + sizeof(PROJECT_FILE) + 1];
    if (!realpath(given ? given : ".", folder))
        return error_set_errno(error, errno, "cannot open the folder %s", given ? given : ".");
    for (unsigned above = 0; above < FOLDERS_MAX; above++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, PROJECT_FILE);
        if (is_file(path)) {
            const char *shown = write_folder(&project->arena, given, above);
            project->folder = arena_print(&project->arena, "%s", folder);
            project->shown = shown ? join(&project->arena, shown, PROJECT_FILE) : NULL;
            project->shown_dotenv = shown ? join(&project->arena, shown, PROJECT_DOTENV) : NULL;
            project->file = join(&project->arena, folder, PROJECT_FILE);
            project->dotenv = join(&project->arena, folder, PROJECT_DOTENV);
            bool whole = project->folder && project->shown && project->shown_dotenv &&
                         project->file && project->dotenv;
            return whole ? 0 : error_set_memory(error);
        }
        char *slash = strrchr(folder, '/');
        if (!slash || folder[1] == '\0')
            break;
        slash[slash == folder ? 1 : 0] = '\0';
    }
    return error_set(error, ERROR_NOT_FOUND,
                     "no project here: %s is not in %s, nor in a folder above it. 'fn0 init' makes "
                     "one",
                     PROJECT_FILE, given ? given : "this folder");
}

/* ---- Flags: a project's and its host's may stand in one list ---- */

static bool is_hosts_flag(const struct configuration_flag *flag)
{
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        if (strcmp(row->key, flag->key) == 0 &&
            (row->scope != CONFIGURATION_HOST || row->kind == CONFIGURATION_LIMITS))
            return false;
    }
    return true;
}

/* Copies those of a host, or the others. Returns how many. */
static size_t copy_flags(struct configuration_flag *to, const struct configuration_flag *flags,
                         size_t count, bool of_host)
{
    size_t copied = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_hosts_flag(&flags[i]) == of_host)
            to[copied++] = flags[i];
    }
    return copied;
}

/* ---- Reading ---- */

static int read_file(const char *path, const char *shown, struct buffer *text, struct error *error)
{
    int code = file_read(path, text, NULL, error);
    if (code == ERROR_FULL)
        return error_set(error, ERROR_CONFIGURATION, "%s: larger than %d bytes", shown,
                         CONFIGURATION_FILE_BYTES_MAX);
    return code;
}

/* Puts variables and flags into one list, in the order in which they are read. */
static int read_all(struct project *project, const struct project_options *options,
                    struct slice text, struct slice dotenv, struct arena *arena,
                    struct error *error)
{
    struct variables variables;
    int code = variables_read(project->shown_dotenv, dotenv, options->environment, arena,
                              &variables, error);
    if (code)
        return code;
    size_t count = variables.count + options->flag_count;
    struct configuration_flag *flags = arena_allocate(arena, (count + 1) * sizeof(flags[0]));
    if (!flags)
        return error_set_memory(error);
    if (variables.count > 0)
        memcpy(flags, variables.flags, variables.count * sizeof(flags[0]));
    count = variables.count +
            copy_flags(flags + variables.count, options->flags, options->flag_count, false);
    return project_configuration_create(project->shown, text, flags, count, &project->configuration,
                                        error);
}

static int read_files(struct project *project, const struct project_options *options,
                      struct error *error)
{
    struct buffer text;
    struct buffer dotenv;
    struct arena arena;
    buffer_init(&text, CONFIGURATION_FILE_BYTES_MAX);
    buffer_init(&dotenv, CONFIGURATION_FILE_BYTES_MAX);
    arena_init(&arena, VARIABLES_BYTES_MAX);
    int code = read_file(project->file, project->shown, &text, error);
    if (code == 0 && is_file(project->dotenv))
        code = read_file(project->dotenv, project->shown_dotenv, &dotenv, error);
    if (code == 0)
        code =
            read_all(project, options, buffer_slice(&text), buffer_slice(&dotenv), &arena, error);
    arena_fini(&arena);
    buffer_fini(&dotenv);
    buffer_fini(&text);
    return code;
}

/* ---- What it means ---- */

static int refuse(const struct project *project, struct error *error, const char *what)
{
    return error_set(error, ERROR_CONFIGURATION, "%s: %s", project->shown, what);
}

static enum language find_marker(const struct project *project)
{
    char path[PATH_MAX];
    for (int i = LANGUAGE_AUTO + 1; i < LANGUAGE_COUNT; i++) {
        const struct language_info *info = language_info((enum language)i);
        if (!info->marker)
            continue;
        int bytes = snprintf(path, sizeof(path), "%s/%s", project->folder, info->marker);
        if (bytes > 0 && (size_t)bytes < sizeof(path) && is_file(path))
            return info->language;
    }
    return LANGUAGE_AUTO;
}

/* The language, and that there is something to begin with. */
static int resolve_language(struct project *project, struct error *error)
{
    const struct project_configuration *configuration = project->configuration;
    const char *main = configuration->main;
    project->language = configuration->language;
    if (project->language == LANGUAGE_AUTO && main)
        project->language = language_of_source(main);
    else if (project->language == LANGUAGE_AUTO)
        project->language = find_marker(project);
    if (project->language == LANGUAGE_AUTO && main)
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: main: the name %s does not tell the language: say language, or "
                         "[build] command",
                         project->shown, main);
    if (project->language == LANGUAGE_AUTO)
        return refuse(project, error,
                      "there is nothing to build: say main = \"src/index.js\", the source that the "
                      "function begins with, or [build] command");
    if (!main && !language_info(project->language)->marker)
        return refuse(project, error, "main is missing: the source that the function begins with");
    return 0;
}

/* Where the component goes, as it is shown; NULL without memory. */
static const char *place_component(struct project *project, bool development)
{
    const char *said = project->configuration->component;
    if (development && !project->command)
        return arena_print(&project->arena, PROJECT_DEVELOPMENT_FOLDER "/%s.wasm", project->name);
    if (said)
        return arena_print(&project->arena, "%s", said);
    return arena_print(&project->arena, PROJECT_FOLDER "/%s.wasm", project->name);
}

static int resolve(struct project *project, bool development, struct error *error)
{
    const struct project_configuration *configuration = project->configuration;
    project->name = configuration->name;
    project->command = configuration->build.command;
    if (!project->name)
        return refuse(project, error, "name is missing: that of the function, like \"hello\"");
    if (project->command && configuration->main)
        return refuse(project, error,
                      "main and [build] command: either the language's own tool makes the "
                      "component, or the command does");
    if (project->command && !configuration->component)
        return refuse(project, error, "component is missing: the file that [build] command makes");
    if (project->command)
        project->language = configuration->language;
    int code = project->command ? 0 : resolve_language(project, error);
    if (code)
        return code;
    project->shown_component = place_component(project, development);
    if (!project->shown_component)
        return error_set_memory(error);
    project->component = join(&project->arena, project->folder, project->shown_component);
    project->sources =
        arena_print(&project->arena, "%s/%s/%s.sources", project->folder,
                    development ? PROJECT_DEVELOPMENT_FOLDER : PROJECT_FOLDER, project->name);
    if (configuration->main)
        project->main = join(&project->arena, project->folder, configuration->main);
    if (!project->component || !project->sources || (configuration->main && !project->main))
        return error_set_memory(error);
    return 0;
}

/* ---- The whole ---- */

int project_create(const struct project_options *options, struct project **ret_project,
                   struct error *error)
{
    *ret_project = NULL;
    struct project *project = calloc(1, sizeof(*project));
    if (!project)
        return error_set_memory(error);
    arena_init(&project->arena, TEXTS_BYTES_MAX);
    int code = find(project, options->folder, error);
    if (code == 0)
        code = read_files(project, options, error);
    if (code == 0)
        code = resolve(project, options->development, error);
    if (code) {
        project_destroy(project);
        return code;
    }
    *ret_project = project;
    return 0;
}

void project_destroy(struct project *project)
{
    if (!project)
        return;
    project_configuration_destroy(project->configuration);
    arena_fini(&project->arena);
    free(project);
}

/* Where the assets are: of a project they are seen from its folder. */
static int place_assets(const struct project *project, struct host_configuration *host,
                        struct error *error)
{
    const char **folder = &host->function.assets.folder;
    if (!*folder)
        return 0;
    *folder = join(&host->function.arena, project->folder, *folder);
    return *folder ? 0 : error_set_memory(error);
}

int project_make_host(const struct project *project, const struct configuration_flag *flags,
                      size_t flag_count, struct host_configuration **ret_configuration,
                      struct error *error)
{
    *ret_configuration = NULL;
    const struct texts *allow = &project->configuration->outbound_allow;
    struct configuration_flag *all = calloc(1 + allow->count + flag_count, sizeof(all[0]));
    if (!all)
        return error_set_memory(error);
    size_t count = 0;
    all[count++] = (struct configuration_flag){
        .key = "component", .value = project->component, .flag = "component"};
    for (size_t i = 0; i < allow->count; i++)
        all[count++] = (struct configuration_flag){
            .key = "outbound.allow", .value = allow->items[i], .flag = "outbound.allow"};
    count += copy_flags(all + count, flags, flag_count, true);
    int code = host_configuration_create(NULL, all, count, ret_configuration, error);
    free(all);
    if (code)
        return code;
    code = host_configuration_adopt(*ret_configuration, &project->configuration->function, error);
    if (code == 0)
        code = place_assets(project, *ret_configuration, error);
    if (code) {
        host_configuration_destroy(*ret_configuration);
        *ret_configuration = NULL;
    }
    return code;
}

enum limit project_limit_above_stock(const struct project *project)
{
    struct limits stock;
    int i = 0;
    limits_set_cloud(&stock);
    while (i < LIMIT_COUNT && project->configuration->function.limits.value[i] <= stock.value[i])
        i++;
    return (enum limit)i;
}
