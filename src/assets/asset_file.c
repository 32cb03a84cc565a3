/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "assets/asset_path.h"
#include "base/check.h"

#define INDEX "index.html"

/* The kernel gives up where names change while it looks; somebody who renames all the time could go
 * on for ever. */
#define ATTEMPTS_MAX 16

/* A path with "/index.html" or an ending behind it. */
#define NAME_BYTES (ASSET_PATH_BYTES + sizeof("/" INDEX ".zst"))

struct search {
    int folder;
    bool cached_only;
};

/* Returns a descriptor, or a negative number of errno. */
static int open_how(int folder, const char *path, uint64_t flags, uint64_t resolve,
                    bool cached_only)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = resolve | (cached_only ? RESOLVE_CACHED : 0),
    };
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        long result = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (result >= 0)
            return (int)result;
        if (errno != EINTR && (errno != EAGAIN || cached_only))
            break;
    }
    return -errno;
}

static struct asset_file found_nothing(enum asset_kind kind, int error)
{
    return (struct asset_file){.kind = kind, .descriptor = -1, .error = error};
}

/* What a failed attempt to open says. EINVAL: an older kernel, which knows no RESOLVE_CACHED. */
static struct asset_file found_error(const struct search *search, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP: /* links in a circle */
    case EXDEV: /* a link that leads out */
    case ENAMETOOLONG:
    case ENXIO: /* a socket, or a device of nothing */
    case ENODEV:
        return found_nothing(ASSET_NONE, error);
    case EAGAIN:
    case EINVAL:
        return found_nothing(search->cached_only ? ASSET_NOT_CACHED : ASSET_UNREADABLE, error);
    default:
        return found_nothing(ASSET_UNREADABLE, error);
    }
}

/* Opens a file, or finds a folder (which is closed). */
static struct asset_file open_one(const struct search *search, const char *path)
{
    struct stat status;
    int descriptor = open_how(search->folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY,
                              RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS, search->cached_only);
    if (descriptor < 0)
        return found_error(search, -descriptor);
    if (fstat(descriptor, &status) != 0) {
        int error = errno;
        close(descriptor);
        return found_nothing(ASSET_UNREADABLE, error);
    }
    if (!S_ISREG(status.st_mode)) {
        close(descriptor);
        return found_nothing(S_ISDIR(status.st_mode) ? ASSET_FOLDER : ASSET_NONE, 0);
    }
    return (struct asset_file){
        .kind = ASSET_FILE,
        .descriptor = descriptor,
        .stamp = file_stamp_of(&status),
        .coding = CONTENT_CODING_IDENTITY,
    };
}

/* Takes a compressed file in place of `plain` where there is one that the client would rather
 * have. What is wrong with it is no reason to fail. */
static struct asset_file prefer_compressed(const struct search *search, const char *path,
                                           const struct content_codings *codings,
                                           struct asset_file plain)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < codings->count; i++) {
        int bytes =
            snprintf(name, sizeof(name), "%s%s", path, content_coding_ending(codings->items[i]));
        check(bytes > 0 && (size_t)bytes < sizeof(name));
        struct asset_file one = open_one(search, name);
        bool fits = one.kind == ASSET_FILE &&
                    one.stamp.modified_ns + (int64_t)ASSET_OLDER_NS >= plain.stamp.modified_ns;
        if (fits || one.kind == ASSET_NOT_CACHED) {
            close(plain.descriptor);
            one.coding = codings->items[i];
            return one;
        }
        if (one.kind == ASSET_FILE)
            close(one.descriptor);
    }
    return plain;
}

static struct asset_file search_folder(const struct search *search, const char *path,
                                       const struct content_codings *codings)
{
    char index[NAME_BYTES];
    size_t bytes = strlen(path);
    bool means_folder = bytes == 0 || path[bytes - 1] == '/';
    (void)snprintf(index, sizeof(index), "%s%s", path, means_folder ? INDEX : "/" INDEX);
    const char *wanted = means_folder ? index : path;
    struct asset_file file = open_one(search, wanted);
    if (file.kind == ASSET_FILE)
        return codings->count > 0 ? prefer_compressed(search, wanted, codings, file) : file;
    if (file.kind != ASSET_FOLDER)
        return file;
    if (means_folder)
        return found_nothing(ASSET_NONE, 0);
    struct asset_file there = open_one(search, index);
    if (there.kind == ASSET_FILE) {
        close(there.descriptor);
        return file;
    }
    return there.kind == ASSET_FOLDER ? found_nothing(ASSET_NONE, 0) : there;
}

struct asset_file asset_file_open(const char *folder, const char *path,
                                  const struct content_codings *codings, bool cached_only)
{
    struct search search = {.cached_only = cached_only};
    check(path[0] != '/' && strlen(path) < ASSET_PATH_BYTES);
    search.folder = open_how(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0, cached_only);
    if (search.folder < 0)
        return found_error(&search, -search.folder);
    struct asset_file file = search_folder(&search, path, codings);
    close(search.folder);
    return file;
}

const char *asset_file_name(const char *path)
{
    size_t bytes = strlen(path);
    return bytes == 0 || path[bytes - 1] == '/' ? INDEX : path;
}
