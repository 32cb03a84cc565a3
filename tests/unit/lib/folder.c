/* SPDX-License-Identifier: AGPL-3.0-only */

#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

void folder_init(struct folder *folder)
{
    const char *base = getenv("TMPDIR");
    int length = snprintf(folder->path, sizeof(folder->path), "%s/fn0-unit-XXXXXX",
                          base != NULL && base[0] != 0 ? base : "/tmp");

    check(length > 0 && (size_t)length < sizeof(folder->path));
    check(mkdtemp(folder->path) != NULL);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_fini(struct folder *folder)
{
    check(nftw(folder->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    int length = snprintf(path, PATH_MAX, "%s/%s", folder->path, name);

    check(length > 0 && length < PATH_MAX);
    return path;
}

static void write_file(const char *path, const void *data, size_t bytes)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    check(descriptor >= 0);
    check(write(descriptor, data, bytes) == (ssize_t)bytes);
    check(close(descriptor) == 0);
}

void folder_write(const struct folder *folder, const char *name, const void *data, size_t bytes)
{
    write_file(folder_path(folder, name), data, bytes);
}

void folder_replace(const struct folder *folder, const char *name, const void *data, size_t bytes)
{
    const char *aside = folder_path(folder, ".aside");

    write_file(aside, data, bytes);
    check(rename(aside, folder_path(folder, name)) == 0);
}

bool folder_has(const struct folder *folder, const char *name)
{
    struct stat status;
    return lstat(folder_path(folder, name), &status) == 0;
}

size_t folder_count(const struct folder *folder, const char *suffix)
{
    size_t count = 0, length = strlen(suffix);
    struct dirent *entry;
    DIR *listing = opendir(folder->path);

    check(listing != NULL);
    while ((entry = readdir(listing)) != NULL) {
        size_t bytes = strlen(entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            bytes >= length && strcmp(entry->d_name + bytes - length, suffix) == 0)
            count++;
    }
    closedir(listing);
    return count;
}
