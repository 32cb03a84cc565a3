/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

#define READ_BYTES 65536
/* Threads of this process that write beside one another, and what a crash left. */
#define ATTEMPTS_MAX 1000

/* ---- Reading ---- */

static ssize_t read_some(int fd, char *room, size_t bytes, struct fault *fault)
{
    if (fault_hits(fault, FAULT_READ)) {
        errno = EIO;
        return -1;
    }
    ssize_t taken;
    do {
        taken = read(fd, room, bytes);
    } while (taken < 0 && errno == EINTR);
    return taken;
}

/* At the maximum of the buffer one byte more decides whether the file is too large. */
static int expect_end(int fd, const char *name, size_t bytes_max, struct fault *fault,
                      struct error *error)
{
    char more;
    ssize_t taken = read_some(fd, &more, 1, fault);
    if (taken < 0)
        return error_set_errno(error, errno, "%s", name);
    if (taken > 0)
        return error_set(error, ERROR_FULL, "%s: larger than %zu bytes", name, bytes_max);
    return 0;
}

int file_read_descriptor(int fd, const char *name, struct buffer *buffer, struct fault *fault,
                         struct error *error)
{
    for (;;) {
        size_t room = buffer->bytes_max - buffer_bytes(buffer);
        if (room == 0)
            return expect_end(fd, name, buffer->bytes_max, fault, error);
        if (room > READ_BYTES)
            room = READ_BYTES;
        char *memory = fault_hits(fault, FAULT_ALLOCATION) ? NULL : buffer_reserve(buffer, room);
        if (!memory)
            return error_set_memory(error);
        ssize_t taken = read_some(fd, memory, room, fault);
        if (taken < 0)
            return error_set_errno(error, errno, "%s", name);
        if (taken == 0)
            return 0;
        check((size_t)taken <= room);
        buffer_commit(buffer, (size_t)taken);
    }
}

int file_read(const char *path, struct buffer *buffer, struct fault *fault, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_set(error, ERROR_NOT_FOUND, "%s: no such file", path);
    if (fd < 0)
        return error_set_errno(error, errno, "%s", path);
    int code = file_read_descriptor(fd, path, buffer, fault, error);
    close(fd);
    return code;
}

/* ---- Writing ---- */

int file_write_descriptor(int fd, const char *name, struct slice content, struct fault *fault,
                          struct error *error)
{
    while (content.bytes > 0) {
        if (fault_hits(fault, FAULT_WRITE))
            return error_set_errno(error, ENOSPC, "%s", name);
        ssize_t written = write(fd, content.data, content.bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, errno, "%s", name);
        check((size_t)written <= content.bytes);
        content.data += written;
        content.bytes -= (size_t)written;
    }
    return 0;
}

static int sync_descriptor(int fd, const char *name, struct fault *fault, struct error *error)
{
    if (fault_hits(fault, FAULT_WRITE))
        return error_set_errno(error, EIO, "%s", name);
    return fsync(fd) == 0 ? 0 : error_set_errno(error, errno, "%s", name);
}

/* Splits "folder/name": how many bytes the folder has with its slash; 0: none. */
static size_t folder_bytes(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* A rename is on disk only when its folder is. */
static int sync_folder(const char *path, struct fault *fault, struct error *error)
{
    char folder[PATH_MAX];
    size_t bytes = folder_bytes(path);
    snprintf(folder, sizeof(folder), "%.*s", (int)bytes, path);
    int fd = open(bytes > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno, "%s", folder);
    int code = sync_descriptor(fd, path, fault, error);
    close(fd);
    return code;
}

/* Makes a new file beside `path`, whose name nobody else has. */
static int create_aside(const char *path, mode_t mode, char aside[PATH_MAX], struct error *error)
{
    size_t folder = folder_bytes(path);
    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        int bytes = snprintf(aside, PATH_MAX, "%.*s.%s.%d-%u", (int)folder, path, path + folder,
                             (int)getpid(), attempt);
        if (bytes < 0 || bytes >= PATH_MAX)
            return error_set_errno(error, ENAMETOOLONG, "%s", path);
        int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd >= 0 ? fd : error_set_errno(error, errno, "%s", path);
    }
    return error_set_errno(error, EEXIST, "%s", aside);
}

/* With `synced` it is on disk when this returns. */
static int write_aside(const char *path, struct slice content, mode_t mode, bool synced,
                       struct fault *fault, struct error *error)
{
    char aside[PATH_MAX];
    int fd = create_aside(path, mode, aside, error);
    if (fd < 0)
        return fd;
    /* In messages it has the name that it would have had. */
    int code = file_write_descriptor(fd, path, content, fault, error);
    if (code == 0 && synced)
        code = sync_descriptor(fd, path, fault, error);
    if (close(fd) != 0 && code == 0)
        code = error_set_errno(error, errno, "%s", path);
    if (code)
        goto failed;
    if (rename(aside, path) != 0) {
        code = error_set_errno(error, errno, "%s", path);
        goto failed;
    }
    return synced ? sync_folder(path, fault, error) : 0;

failed:
    unlink(aside);
    return code;
}

int file_write(const char *path, struct slice content, mode_t mode, struct fault *fault,
               struct error *error)
{
    return write_aside(path, content, mode, true, fault, error);
}

int file_write_soon(const char *path, struct slice content, mode_t mode, struct error *error)
{
    return write_aside(path, content, mode, false, NULL, error);
}
