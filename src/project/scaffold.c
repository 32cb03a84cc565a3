/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/scaffold.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/pattern.h"

#define TEXTS_BYTES_MAX (1u << 20)
#define FILE_BYTES_MAX (4u << 20)
#define FILES_MAX 256
#define FOLDERS_MAX 16
#define LICENCE "SPDX-License-Identifier:"

/* One project that is being made. */
struct making {
    const char *template;
    const char *folder;
    const char *name;
    struct scaffold *scaffold;
    const char *folders[FILES_MAX]; /* that were made, those above first */
    size_t folder_count;
    size_t written; /* files, in the order of the list */
    struct error *error;
};

static int join(char ret_path[PATH_MAX], const char *folder, const char *name, struct error *error)
{
    int bytes = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    return bytes > 0 && bytes < PATH_MAX
               ? 0
               : error_set(error, ERROR_SYSTEM, "the path %s/%s is too long", folder, name);
}

/* ---- What the template holds ---- */

static int list_folder(struct making *making, const char *path, unsigned depth);

static int list_entry(struct making *making, const char *path, const char *name, unsigned depth)
{
    struct scaffold *scaffold = making->scaffold;
    char whole[PATH_MAX];
    struct stat status;
    const char *below = arena_print(&scaffold->arena, "%s%s%s", path, *path ? "/" : "", name);
    if (!below)
        return error_set_memory(making->error);
    /* What tools leave in a template that somebody tries out. */
    if (name[0] != '.' && pattern_match("**", name) == PATTERN_NONE)
        return 0;
    int code = join(whole, making->template, below, making->error);
    if (code)
        return code;
    if (stat(whole, &status) != 0)
        return error_set_errno(making->error, errno, "cannot read %s", whole);
    if (S_ISDIR(status.st_mode))
        return list_folder(making, below, depth + 1);
    if (scaffold->file_count == FILES_MAX)
        return error_set(making->error, ERROR_FULL, "%s has too many files", making->template);
    scaffold->files[scaffold->file_count++] = below;
    return 0;
}

static int list_folder(struct making *making, const char *path, unsigned depth)
{
    char whole[PATH_MAX];
    struct dirent **entries;
    int code = join(whole, making->template, path, making->error);
    if (code == 0 && depth > FOLDERS_MAX)
        code = error_set(making->error, ERROR_FULL, "%s is nested too deeply", whole);
    if (code)
        return code;
    int count = scandir(whole, &entries, NULL, alphasort);
    if (count < 0)
        return error_set_errno(making->error, errno, "cannot read the folder %s", whole);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (code == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            strcmp(name, ".fn0") != 0)
            code = list_entry(making, path, name, depth);
        free(entries[i]);
    }
    free(entries);
    return code;
}

/* ---- Whether there is room for it ---- */

static int check_room(struct making *making)
{
    char path[PATH_MAX];
    struct stat status;
    if (stat(making->folder, &status) == 0 && !S_ISDIR(status.st_mode))
        return error_set(making->error, ERROR_USAGE, "%s is there, and no folder", making->folder);
    for (size_t i = 0; i < making->scaffold->file_count; i++) {
        int code = join(path, making->folder, making->scaffold->files[i], making->error);
        if (code)
            return code;
        if (lstat(path, &status) == 0)
            return error_set(making->error, ERROR_USAGE,
                             "%s is there already, and nothing is overwritten: nothing was made",
                             path);
    }
    return 0;
}

/* ---- Making it ---- */

/* Makes the folders above a path. */
static int make_folders(struct making *making, const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) == 0) {
            const char *made = arena_print(&making->scaffold->arena, "%s", folder);
            if (!made || making->folder_count == FILES_MAX) {
                (void)rmdir(folder);
                return error_set_memory(making->error);
            }
            making->folders[making->folder_count++] = made;
        } else if (errno != EEXIST) {
            return error_set_errno(making->error, errno, "cannot make the folder %s", folder);
        }
        *slash = '/';
    }
    return 0;
}

/* Where the text begins when the licence's line, and an empty one behind it, are left out. */
static size_t skip_licence(struct slice text)
{
    const char *end = memchr(text.data, '\n', text.bytes);
    if (!end || !memmem(text.data, (size_t)(end - text.data), LICENCE, strlen(LICENCE)))
        return 0;
    size_t bytes = (size_t)(end - text.data) + 1;
    return bytes + (bytes < text.bytes && text.data[bytes] == '\n');
}

static int fill_in(const char *name, struct slice text, struct buffer *filled)
{
    size_t skipped = text.bytes > 0 ? skip_licence(text) : 0;
    struct slice rest = {.data = text.data + skipped, .bytes = text.bytes - skipped};
    int code = 0;
    while (rest.bytes > 0 && code == 0) {
        const char *found = memmem(rest.data, rest.bytes, SCAFFOLD_NAME, strlen(SCAFFOLD_NAME));
        size_t bytes = found ? (size_t)(found - rest.data) : rest.bytes;
        code = buffer_append(filled, (struct slice){rest.data, bytes});
        if (code == 0 && found)
            code = buffer_append(filled, slice_of(name));
        bytes += found ? strlen(SCAFFOLD_NAME) : 0;
        rest.data += bytes;
        rest.bytes -= bytes;
    }
    return code;
}

static int write_file(struct making *making, const char *file)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    struct stat status;
    struct buffer text;
    struct buffer filled;
    buffer_init(&text, FILE_BYTES_MAX);
    buffer_init(&filled, 2 * FILE_BYTES_MAX);
    int code = join(from, making->template, file, making->error);
    if (code == 0)
        code = join(to, making->folder, file, making->error);
    if (code == 0)
        code = file_read(from, &text, NULL, making->error);
    if (code == 0 && fill_in(making->name, buffer_slice(&text), &filled) != 0)
        code = error_set_memory(making->error);
    if (code == 0)
        code = make_folders(making, to);
    if (code == 0)
        code = file_write(to, buffer_slice(&filled),
                          stat(from, &status) == 0 && (status.st_mode & 0111) ? 0777 : 0666, NULL,
                          making->error);
    buffer_fini(&filled);
    buffer_fini(&text);
    return code;
}

static void take_back(struct making *making)
{
    char path[PATH_MAX];
    while (making->written > 0) {
        const char *file = making->scaffold->files[--making->written];
        if (join(path, making->folder, file, NULL) == 0)
            (void)unlink(path);
    }
    while (making->folder_count > 0)
        (void)rmdir(making->folders[--making->folder_count]);
}

int scaffold_make(const char *template, const char *folder, const char *name,
                  struct scaffold *ret_scaffold, struct error *error)
{
    struct making making = {.template = template,
                            .folder = folder,
                            .name = name,
                            .scaffold = ret_scaffold,
                            .error = error};
    *ret_scaffold = (struct scaffold){.file_count = 0};
    arena_init(&ret_scaffold->arena, TEXTS_BYTES_MAX);
    if (access(template, R_OK | X_OK) != 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "the template is not there: %s is missing. In a clone of fn0 'make build' "
                         "makes it; elsewhere set FN0_TEMPLATES to the folder of the templates",
                         template);
    ret_scaffold->files =
        arena_allocate(&ret_scaffold->arena, FILES_MAX * sizeof(ret_scaffold->files[0]));
    int code = ret_scaffold->files ? list_folder(&making, "", 0) : error_set_memory(error);
    if (code == 0)
        code = check_room(&making);
    while (code == 0 && making.written < ret_scaffold->file_count) {
        code = write_file(&making, ret_scaffold->files[making.written]);
        if (code == 0)
            making.written++;
    }
    if (code)
        take_back(&making);
    return code;
}

void scaffold_fini(struct scaffold *scaffold)
{
    arena_fini(&scaffold->arena);
    scaffold->files = NULL;
    scaffold->file_count = 0;
}

bool scaffold_suggest_name(const char *folder, char ret_name[FUNCTION_NAME_TEXT_BYTES])
{
    char whole[PATH_MAX];
    size_t bytes = 0;
    const char *path = realpath(folder, whole) ? whole : folder;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    const char *slash = memrchr(path, '/', length);
    for (const char *c = slash ? slash + 1 : path; c < path + length; c++) {
        char letter = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        bool fits = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        /* One hyphen for whatever lies between. */
        if (!fits && (bytes == 0 || ret_name[bytes - 1] == '-'))
            continue;
        if (bytes < FUNCTION_NAME_TEXT_BYTES - 1)
            ret_name[bytes++] = fits ? letter : '-';
    }
    while (bytes > 0 && ret_name[bytes - 1] == '-')
        bytes--;
    ret_name[bytes] = '\0';
    return bytes > 0;
}
