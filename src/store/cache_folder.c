/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/check.h"

#define KEY_NAME "key"
#define ASIDE_PREFIX ".writing-"

/* Names tried before giving up: more than this many writers in one process at a time there are not.
 */
#define ASIDE_TRIES 10000

int cache_folder_default(char ret_path[PATH_MAX], struct error *error)
{
    const char *base = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;

    /* XDG base directory specification: relative paths are to be ignored. */
    if (base != NULL && base[0] == '/')
        length = snprintf(ret_path, PATH_MAX, "%s/fn0", base);
    else if (geteuid() == 0)
        length = snprintf(ret_path, PATH_MAX, "/var/cache/fn0");
    else if (home != NULL && home[0] == '/')
        length = snprintf(ret_path, PATH_MAX, "%s/.cache/fn0", home);
    else
        return error_set(error, ERROR_CONFIGURATION,
                         "no folder for compiled functions: set --cache-dir, or HOME");
    if (length >= PATH_MAX)
        return error_set(error, ERROR_CONFIGURATION, "the path of the cache folder is too long");
    return 0;
}

/* Makes a folder and its parents; those that are there already are left as they are. */
static int make_folders(const char *path, struct error *error)
{
    char part[PATH_MAX];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(part))
        return error_set(error, ERROR_CONFIGURATION, "the path of the cache folder is %s",
                         length == 0 ? "empty" : "too long");
    memcpy(part, path, length + 1);
    /* Else the folder itself would be one of its parents. */
    while (length > 1 && part[length - 1] == '/')
        part[--length] = 0;
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0755) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return error_set_errno(error, errno, "cannot make folder %s", part);
        *slash = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        return error_set_errno(error, errno, "cannot make the cache folder %s", part);
    return 0;
}

/* Refuses a folder in which others could put code of theirs. */
static int check_folder(const struct cache_folder *folder, struct error *error)
{
    struct stat status;

    if (fstat(folder->descriptor, &status) != 0)
        return error_set_errno(error, errno, "cannot look at the cache folder %s", folder->path);
    if (status.st_uid != geteuid())
        return error_set(error, ERROR_NOT_TRUSTED,
                         "the cache folder %s belongs to user %u, but fn0 runs as user %u: "
                         "choose another with --cache-dir, or change its owner",
                         folder->path, (unsigned)status.st_uid, (unsigned)geteuid());
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return error_set(error, ERROR_NOT_TRUSTED,
                         "the cache folder %s can be written by others (mode %04o): "
                         "choose another with --cache-dir, or run: chmod 700 %s",
                         folder->path, (unsigned)(status.st_mode & 07777), folder->path);
    return 0;
}

/* Reads the key. ERROR_NOT_FOUND where there is none yet. */
static int read_key(struct cache_folder *folder, struct error *error)
{
    struct stat status;
    ssize_t bytes;
    int code = 0;
    int descriptor =
        openat(folder->descriptor, KEY_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (descriptor < 0 && errno == ENOENT)
        return error_set(error, ERROR_NOT_FOUND, "no key in %s", folder->path);
    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s/" KEY_NAME, folder->path);
    if (fstat(descriptor, &status) != 0) {
        code = error_set_errno(error, errno, "cannot look at %s/" KEY_NAME, folder->path);
    } else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
               (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        code = error_set(error, ERROR_NOT_TRUSTED,
                         "%s/" KEY_NAME " must be a file of user %u that nobody else may read or "
                         "write (mode 0600): remove it, and fn0 makes a new one",
                         folder->path, (unsigned)geteuid());
    } else {
        bytes = read(descriptor, folder->key, CACHE_KEY_BYTES);
        if (bytes < 0)
            code = error_set_errno(error, errno, "cannot read %s/" KEY_NAME, folder->path);
        else if (bytes != CACHE_KEY_BYTES || status.st_size != CACHE_KEY_BYTES)
            code = error_set(error, ERROR_NOT_TRUSTED,
                             "%s/" KEY_NAME " is damaged: remove it, and fn0 makes a new one",
                             folder->path);
    }
    close(descriptor);
    return code;
}

/* Makes a key that nobody finds before it is whole: `known`, or a random one where that is NULL.
 * Another process may have been quicker: ERROR_FULL. */
static int make_key(struct cache_folder *folder, const uint8_t *known, struct error *error)
{
    struct cache_file file;
    uint8_t key[CACHE_KEY_BYTES];
    int code;

    if (known != NULL)
        memcpy(key, known, sizeof(key));
    else if (RAND_bytes(key, sizeof(key)) != 1)
        return error_set(error, ERROR_SYSTEM, "OpenSSL has no random numbers for a key");
    code = cache_file_create(folder, &file, error);
    if (code != 0)
        goto fail;
    if (write(file.descriptor, key, sizeof(key)) != (ssize_t)sizeof(key)) {
        code = error_set_errno(error, errno, "cannot write %s/" KEY_NAME, folder->path);
        cache_file_abandon(folder, &file);
        goto fail;
    }
    code = cache_file_commit(folder, &file, KEY_NAME, false, error);
fail:
    OPENSSL_cleanse(key, sizeof(key));
    return code;
}

/* Opens the folder, and makes it and the key (`known`, unless that is NULL) where they are missing.
 */
static int open_folder(struct cache_folder *folder, const char *path, const uint8_t *known,
                       struct error *error)
{
    struct statvfs mount;
    int code;

    memset(folder, 0, sizeof(*folder));
    folder->descriptor = -1;
    code = make_folders(path, error);
    if (code != 0)
        return code;
    memcpy(folder->path, path, strlen(path) + 1);
    folder->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->descriptor < 0)
        return error_set_errno(error, errno, "cannot open the cache folder %s", path);
    code = check_folder(folder, error);
    if (code != 0)
        goto fail;
    folder->no_execution =
        fstatvfs(folder->descriptor, &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0;
    code = read_key(folder, error);
    if (code == ERROR_NOT_FOUND) {
        code = make_key(folder, known, error);
        if (code == 0 || code == ERROR_FULL)
            code = read_key(folder, error);
    }
    if (code != 0)
        goto fail;
    return 0;
fail:
    cache_folder_fini(folder);
    return code;
}

int cache_folder_init(struct cache_folder *folder, const char *path, struct error *error)
{
    return open_folder(folder, path, NULL, error);
}

int cache_folder_renew(struct cache_folder *folder, bool *ret_renewed, struct error *error)
{
    struct cache_folder now;
    struct stat opened, named;
    int code;

    check(folder->descriptor >= 0);
    *ret_renewed = false;
    if (fstat(folder->descriptor, &opened) != 0)
        return error_set_errno(error, errno, "cannot look at the cache folder %s", folder->path);
    if (stat(folder->path, &named) == 0 && named.st_dev == opened.st_dev &&
        named.st_ino == opened.st_ino)
        return 0;
    code = open_folder(&now, folder->path, folder->key, error);
    if (code != 0)
        return code;
    /* In place: whoever is using the descriptor goes on with the one or the other. */
    if (dup3(now.descriptor, folder->descriptor, O_CLOEXEC) < 0) {
        code = error_set_errno(error, errno, "cannot open the cache folder %s", folder->path);
    } else {
        folder->no_execution = now.no_execution;
        memcpy(folder->key, now.key, sizeof(folder->key));
        *ret_renewed = true;
    }
    cache_folder_fini(&now);
    return code;
}

void cache_folder_fini(struct cache_folder *folder)
{
    if (folder->descriptor >= 0)
        close(folder->descriptor);
    folder->descriptor = -1;
    OPENSSL_cleanse(folder->key, sizeof(folder->key));
}

int cache_file_create(struct cache_folder *folder, struct cache_file *ret_file, struct error *error)
{
    struct stat status;
    int descriptor;

    check(folder->descriptor >= 0);
    for (unsigned number = 0; number < ASIDE_TRIES; number++) {
        snprintf(ret_file->name, sizeof(ret_file->name), ASIDE_PREFIX "%ld-%u", (long)getpid(),
                 number);
        descriptor =
            openat(folder->descriptor, ret_file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor < 0 && errno == EEXIST)
            continue;
        if (descriptor < 0)
            return error_set_errno(error, errno, "cannot make a file in %s", folder->path);
        /* Who cleans up may have been quicker than the lock, and taken it for stale. A file system
         * without locks has no stale files removed either. */
        bool lost = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!lost && fstat(descriptor, &status) == 0 && status.st_nlink == 1) {
            ret_file->descriptor = descriptor;
            return 0;
        }
        close(descriptor);
    }
    return error_set(error, ERROR_SYSTEM, "cannot make a file in %s: all names are taken",
                     folder->path);
}

int cache_file_commit(struct cache_folder *folder, struct cache_file *file, const char *name,
                      bool replace, struct error *error)
{
    int code = 0;

    check(file->descriptor >= 0 && cache_file_is_aside(file->name) && !cache_file_is_aside(name));
    if (fsync(file->descriptor) != 0) {
        code = error_set_errno(error, errno, "cannot sync a file in %s", folder->path);
    } else if (replace) {
        if (renameat(folder->descriptor, file->name, folder->descriptor, name) != 0)
            code =
                error_set_errno(error, errno, "cannot rename a file to %s/%s", folder->path, name);
    } else if (linkat(folder->descriptor, file->name, folder->descriptor, name, 0) != 0) {
        code = errno == EEXIST
                   ? error_set(error, ERROR_FULL, "%s/%s is there already", folder->path, name)
                   : error_set_errno(error, errno, "cannot make %s/%s", folder->path, name);
    }
    if (code != 0 || !replace)
        unlinkat(folder->descriptor, file->name, 0);
    /* Else a crash of the machine could undo the rename, which costs one compile and nothing else.
     */
    if (code == 0 && fsync(folder->descriptor) != 0)
        code = error_set_errno(error, errno, "cannot sync the folder %s", folder->path);
    close(file->descriptor);
    file->descriptor = -1;
    return code;
}

int cache_file_publish(struct cache_folder *folder, struct cache_file *file, const char *name,
                       struct error *error)
{
    int code = 0;

    if (renameat(folder->descriptor, file->name, folder->descriptor, name) != 0) {
        code = error_set_errno(error, errno, "cannot rename a file to %s/%s", folder->path, name);
        unlinkat(folder->descriptor, file->name, 0);
    }
    close(file->descriptor);
    file->descriptor = -1;
    return code;
}

void cache_file_abandon(struct cache_folder *folder, struct cache_file *file)
{
    check(file->descriptor >= 0);
    unlinkat(folder->descriptor, file->name, 0);
    close(file->descriptor);
    file->descriptor = -1;
}

bool cache_file_is_aside(const char *name)
{
    return strncmp(name, ASIDE_PREFIX, sizeof(ASIDE_PREFIX) - 1) == 0;
}

void cache_file_remove_stale(struct cache_folder *folder, const char *name)
{
    int descriptor =
        openat(folder->descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (descriptor < 0)
        return;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder->descriptor, name, 0);
    close(descriptor);
}
