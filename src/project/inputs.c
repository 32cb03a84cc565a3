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

struct walk {
    const struct project *project;
    struct sha256 *hash; /* NULL: files are not asked for */
    int (*visit)(void *context, const char *path);
    void *context;
    struct error *error;
};

static int add_text(struct walk *walk, const char *text)
{
    /* With the zero: "ab" and "c" is not "a" and "bc". */
    const struct slice slice = {.data = text ? text : "", .bytes = text ? strlen(text) + 1 : 1};
    return sha256_add(walk->hash, slice, walk->error);
}

static int add_file(struct walk *walk, const char *path, const struct stat *status)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "%lld %lld.%09ld %llu", (long long)status->st_size,
                   (long long)status->st_mtim.tv_sec, (long)status->st_mtim.tv_nsec,
                   (unsigned long long)status->st_ino);
    int code = add_text(walk, path);
    return code ? code : add_text(walk, line);
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
    if (!walk->hash || !inputs_has_file(walk->project, below))
        return 0;
    if (S_ISLNK(status.st_mode) && stat(whole, &target) == 0 && S_ISREG(target.st_mode))
        status = target;
    return add_file(walk, below, &status);
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

static int add_all(struct walk *walk)
{
    const struct project *project = walk->project;
    const struct language_info *language = language_info(project->language);
    const char *const texts[] = {FN0_RELEASE, language ? language->word : NULL, project->main,
                                 project->command, project->component};
    int code = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == 0; i++)
        code = add_text(walk, texts[i]);
    return code ? code : walk_folder(walk, "", 0);
}

int inputs_hash(const struct project *project, uint8_t ret_digest[SHA256_BYTES],
                struct error *error)
{
    struct walk walk = {.project = project, .error = error};
    int code = sha256_begin(&walk.hash, error);
    if (code)
        return code;
    code = add_all(&walk);
    if (code == 0)
        return sha256_finish(&walk.hash, ret_digest, error);
    sha256_abandon(walk.hash);
    return code;
}
