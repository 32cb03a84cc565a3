/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/pattern.h"
#include "project/sources.h"
#include "tables/release.h"

/* How far down is looked; what is a link to a folder is not followed. */
#define FOLDERS_MAX 64

/* Whether a path is (in) the folder of assets, which no component is made of, unless a pattern says
 * so letter by letter. */
static bool is_asset(const struct project *project, const char *path)
{
    const char *folder = project->configuration->function.assets.folder;
    const struct texts *watch = &project->configuration->build.watch;
    if (!folder || pattern_match(folder, path) != PATTERN_WHOLE)
        return false;
    for (size_t i = 0; i < watch->count; i++) {
        if (strncmp(watch->items[i], folder, strlen(folder)) == 0)
            return false;
    }
    return true;
}

static enum pattern_match best_match(const struct project *project, const char *path)
{
    const struct texts *watch = &project->configuration->build.watch;
    enum pattern_match best = PATTERN_NONE;
    if (is_asset(project, path))
        return PATTERN_NONE;
    for (size_t i = 0; i < watch->count && best != PATTERN_WHOLE; i++) {
        enum pattern_match match = pattern_match(watch->items[i], path);
        best = match > best ? match : best;
    }
    return best;
}

bool inputs_has_file(const struct project *project, const char *path)
{
    return strcmp(path, project->shown_component) != 0 && strcmp(path, PROJECT_FILE) != 0 &&
           best_match(project, path) == PATTERN_WHOLE;
}

bool inputs_has_folder(const struct project *project, const char *path)
{
    return *path == '\0' || best_match(project, path) != PATTERN_NONE;
}

/* ---- The walk ---- */

/* Two hashes go with it, both NULL where files are not asked for. */
enum { COUNTED, ALL, HASH_COUNT };

struct walk {
    const struct project *project;
    struct sha256 *hashes[HASH_COUNT];
    const struct sources *sources;
    int (*visit)(void *context, const char *path);
    void *context;
    struct error *error;
};

static int add_text_to(struct walk *walk, int hash, const char *text)
{
    /* With the zero: "ab" and "c" is not "a" and "bc". */
    const struct slice slice = {.data = text ? text : "", .bytes = text ? strlen(text) + 1 : 1};
    return sha256_add(walk->hashes[hash], slice, walk->error);
}

static int add_text(struct walk *walk, const char *text)
{
    int code = add_text_to(walk, COUNTED, text);
    return code ? code : add_text_to(walk, ALL, text);
}

/* What says how something is built counts whether the tool names it or not. */
static bool is_about_building(const char *path)
{
    static const char *const names[] = {"package.json", "package-lock.json", "jsconfig.json",
                                        "Cargo.toml",   "Cargo.lock",        "rust-toolchain.toml"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return strncmp(name, "tsconfig", sizeof("tsconfig") - 1) == 0;
}

/* `whole` is the path from the root on. */
static int add_file(struct walk *walk, const char *path, const char *whole,
                    const struct stat *status)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "%lld %lld.%09ld %llu", (long long)status->st_size,
                   (long long)status->st_mtim.tv_sec, (long)status->st_mtim.tv_nsec,
                   (unsigned long long)status->st_ino);
    int code = add_text(walk, path);
    if (code == 0)
        code = add_text_to(walk, ALL, line);
    if (code == 0 &&
        (walk->sources->all || is_about_building(path) || sources_has(walk->sources, whole)))
        code = add_text_to(walk, COUNTED, line);
    return code;
}

static int walk_folder(struct walk *walk, const char *path, unsigned depth);

/* One name of a folder; `path` is "" or the folder's. */
static int walk_entry(struct walk *walk, const char *path, const char *name, unsigned depth)
{
    char below[PATH_MAX];
    char whole[2 * PATH_MAX];
    struct stat status;
    struct stat target;
    int bytes = snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "", name);
    if (bytes < 0 || (size_t)bytes >= sizeof(below))
        return error_set(walk->error, ERROR_SYSTEM, "the path %s/%s is too long", path, name);
    (void)snprintf(whole, sizeof(whole), "%s/%s", walk->project->folder, below);
    if (lstat(whole, &status) != 0)
        return 0;
    if (S_ISDIR(status.st_mode))
        return inputs_has_folder(walk->project, below) ? walk_folder(walk, below, depth + 1) : 0;
    if (!walk->sources || !inputs_has_file(walk->project, below))
        return 0;
    if (S_ISLNK(status.st_mode) && stat(whole, &target) == 0 && S_ISREG(target.st_mode))
        status = target;
    return add_file(walk, below, whole, &status);
}

static int walk_folder(struct walk *walk, const char *path, unsigned depth)
{
    char whole[2 * PATH_MAX];
    struct dirent **entries;
    int code = 0;
    (void)snprintf(whole, sizeof(whole), "%s%s%s", walk->project->folder, *path ? "/" : "", path);
    if (depth > FOLDERS_MAX)
        return error_set(walk->error, ERROR_SYSTEM, "the folder %s is nested too deeply", whole);
    if (walk->visit)
        code = walk->visit(walk->context, path);
    if (code)
        return code;
    int count = scandir(whole, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOENT)
        return 0;
    if (count < 0)
        return error_set_errno(walk->error, errno, "cannot read the folder %s", whole);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (code == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            code = walk_entry(walk, path, name, depth);
        free(entries[i]);
    }
    free(entries);
    return code;
}

int inputs_visit_folders(const struct project *project,
                         int (*visit)(void *context, const char *path), void *context,
                         struct error *error)
{
    struct walk walk = {.project = project, .visit = visit, .context = context, .error = error};
    return walk_folder(&walk, "", 0);
}

/* ---- The hash ---- */

/* Those that the tool has read elsewhere: in node_modules, say, or in a package next door. */
static int add_others(struct walk *walk)
{
    const char *folder = walk->project->folder;
    size_t bytes = strlen(folder);
    int code = 0;
    for (size_t i = 0; i < walk->sources->count && code == 0; i++) {
        const char *path = walk->sources->paths[i];
        struct stat status;
        bool within = strncmp(path, folder, bytes) == 0 && path[bytes] == '/';
        if (within && inputs_has_file(walk->project, path + bytes + 1))
            continue;
        if (stat(path, &status) == 0)
            code = add_file(walk, path, path, &status);
    }
    return code;
}

static int add_all(struct walk *walk)
{
    const struct project *project = walk->project;
    const struct language_info *language = language_info(project->language);
    const char *const texts[] = {FN0_RELEASE, language ? language->word : NULL, project->main,
                                 project->command, project->component};
    int code = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == 0; i++)
        code = add_text(walk, texts[i]);
    if (code == 0)
        code = walk_folder(walk, "", 0);
    return code ? code : add_others(walk);
}

/* Whether nobody has said what counts. */
static bool means_all(const struct project *project)
{
    const struct texts *watch = &project->configuration->build.watch;
    return watch->count == 1 && strcmp(watch->items[0], "**") == 0;
}

static int hash_sources(const struct sources *sources, uint8_t ret_digest[SHA256_BYTES],
                        struct error *error)
{
    struct sha256 *hash;
    int code = sha256_begin(&hash, error);
    if (code)
        return code;
    for (size_t i = 0; i < sources->count && code == 0; i++)
        code = sha256_add(hash, (struct slice){sources->paths[i], strlen(sources->paths[i]) + 1},
                          error);
    if (code == 0)
        code = sha256_add(hash, sources->all ? SLICE("all") : SLICE("some"), error);
    if (code == 0)
        return sha256_finish(&hash, ret_digest, error);
    sha256_abandon(hash);
    return code;
}

static int take_look(struct walk *walk, struct inputs_look *ret_look)
{
    uint8_t *const digests[HASH_COUNT] = {ret_look->counted, ret_look->all};
    int code = 0;
    for (int i = 0; i < HASH_COUNT && code == 0; i++)
        code = sha256_begin(&walk->hashes[i], walk->error);
    if (code == 0)
        code = add_all(walk);
    for (int i = 0; i < HASH_COUNT; i++) {
        if (code == 0)
            code = sha256_finish(&walk->hashes[i], digests[i], walk->error);
        else if (walk->hashes[i])
            sha256_abandon(walk->hashes[i]);
    }
    return code;
}

int inputs_look(const struct project *project, struct inputs_look *ret_look, struct error *error)
{
    struct sources sources;
    struct walk walk = {.project = project, .sources = &sources, .error = error};
    if (means_all(project))
        sources_read(project, &sources);
    else
        sources_init_all(&sources);
    int code = hash_sources(&sources, ret_look->sources, error);
    if (code == 0)
        code = take_look(&walk, ret_look);
    sources_fini(&sources);
    return code;
}

int inputs_hash(const struct project *project, uint8_t ret_digest[SHA256_BYTES],
                struct error *error)
{
    struct inputs_look look;
    int code = inputs_look(project, &look, error);
    if (code == 0)
        memcpy(ret_digest, look.counted, SHA256_BYTES);
    return code;
}
