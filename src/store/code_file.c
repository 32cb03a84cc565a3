/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static int64_t nanoseconds_of(struct timespec time)
{
    return (int64_t)time.tv_sec * (int64_t)NANOSECONDS_PER_SECOND + time.tv_nsec;
}

struct file_stamp file_stamp_of(const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return (struct file_stamp){.is_file = false};
    return (struct file_stamp){
        .is_file = true,
        .device = (uint64_t)status->st_dev,
        .inode = (uint64_t)status->st_ino,
        .bytes = (uint64_t)status->st_size,
        .modified_ns = nanoseconds_of(status->st_mtim),
        .changed_ns = nanoseconds_of(status->st_ctim),
    };
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->is_file == b->is_file && a->device == b->device && a->inode == b->inode &&
           a->bytes == b->bytes && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

bool file_stamp_is_recent(const struct file_stamp *stamp, uint64_t now_ns, uint64_t within_ns)
{
    int64_t latest_ns =
        stamp->modified_ns > stamp->changed_ns ? stamp->modified_ns : stamp->changed_ns;
    return stamp->is_file && latest_ns + (int64_t)within_ns > (int64_t)now_ns;
}

/* An open file of a function, and how it was before it was read. */
struct source {
    const char *path;
    int descriptor;
    struct file_stamp before;
};

static int open_source(const char *path, struct source *ret_source, struct error *error)
{
    struct stat status;

    ret_source->path = path;
    /* Not blocking: the name may be a pipe that nobody writes to. */
    ret_source->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (ret_source->descriptor < 0)
        return errno == ENOENT ? error_set(error, ERROR_NOT_FOUND, "there is no file %s", path)
                               : error_set_errno(error, errno, "cannot open %s", path);
    if (fstat(ret_source->descriptor, &status) != 0) {
        int result = error_set_errno(error, errno, "cannot look at %s", path);
        close(ret_source->descriptor);
        return result;
    }
    ret_source->before = file_stamp_of(&status);
    if (ret_source->before.is_file)
        return 0;
    close(ret_source->descriptor);
    return error_set(error, ERROR_NOT_FOUND, "%s is no regular file", path);
}

/* Closes it. Sets torn and fresh where it has changed meanwhile or shortly before. */
static int close_source(struct source *source, uint64_t bytes_read, const struct clock *clock,
                        struct code *code, struct error *error)
{
    struct stat status;
    struct file_stamp after;
    int number = fstat(source->descriptor, &status) != 0 ? errno : 0;

    close(source->descriptor);
    if (number != 0)
        return error_set_errno(error, number, "cannot look at %s", source->path);
    after = file_stamp_of(&status);
    /* A link or a rename sets changed_ns and leaves the content alone. */
    after.changed_ns = source->before.changed_ns;
    if (bytes_read != source->before.bytes || !file_stamp_equal(&source->before, &after))
        code->torn = true;
    if (file_stamp_is_recent(&source->before, clock_realtime_ns(clock), CODE_FRESH_NS))
        code->fresh = true;
    return 0;
}

static int fail_size(const struct source *source, uint64_t bytes_max, struct error *error)
{
    return error_set(error, ERROR_FULL, "%s has %llu bytes, and may have %llu", source->path,
                     (unsigned long long)source->before.bytes, (unsigned long long)bytes_max);
}

/* Reads what the file had when it was opened, or less where it has become shorter. */
static int read_component(struct source *source, struct code *code, uint64_t *ret_bytes,
                          struct error *error)
{
    char *room;
    int result = code_reserve_component(code, source->before.bytes, &room);

    *ret_bytes = 0;
    if (result == ERROR_FULL)
        return fail_size(source, CODE_COMPONENT_BYTES_MAX, error);
    if (result != 0)
        return error_set_memory(error);
    while (*ret_bytes < source->before.bytes) {
        ssize_t got =
            read(source->descriptor, room + *ret_bytes, source->before.bytes - *ret_bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "cannot read %s", source->path);
        if (got == 0)
            break;
        *ret_bytes += (uint64_t)got;
    }
    return 0;
}

static int read_configuration(struct source *source, struct code *code, uint64_t *ret_bytes,
                              struct error *error)
{
    int result;

    if (source->before.bytes > CODE_CONFIGURATION_BYTES_MAX)
        return fail_size(source, CODE_CONFIGURATION_BYTES_MAX, error);
    result =
        file_read_descriptor(source->descriptor, source->path, &code->configuration, NULL, error);
    *ret_bytes = buffer_bytes(&code->configuration);
    return result;
}

/* Reads one of the two files. */
static int read_file(const char *path, const struct clock *clock, struct code *code,
                     int (*read_all)(struct source *source, struct code *code, uint64_t *ret_bytes,
                                     struct error *error),
                     struct error *error)
{
    struct source source;
    uint64_t bytes = 0;
    int result = open_source(path, &source, error);

    if (result != 0)
        return result;
    result = read_all(&source, code, &bytes, error);
    if (result == 0)
        return close_source(&source, bytes, clock, code, error);
    close(source.descriptor);
    return result;
}

int code_files_read(const char *component_path, const char *configuration_path,
                    const struct clock *clock, struct code *code, struct error *error)
{
    int result = read_file(component_path, clock, code, read_component, error);

    if (result != 0)
        return result;
    result = read_file(configuration_path, clock, code, read_configuration, error);
    return result == ERROR_NOT_FOUND ? 0 : result;
}
