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

/* What file_read_descriptor reads at a time: room for its last, empty read. */
#define READ_BYTES 65536

/* Reads all, with one allocation. */
static int read_bytes(int descriptor, const char *path, uint64_t bytes, struct buffer *buffer,
                      struct error *error)
{
    uint64_t room = bytes + READ_BYTES;

    if (bytes > buffer->bytes_max)
        return error_set(error, ERROR_FULL, "%s has %llu bytes, and may have %zu", path,
                         (unsigned long long)bytes, buffer->bytes_max);
    if (room > buffer->bytes_max)
        room = buffer->bytes_max;
    if (buffer_reserve(buffer, (size_t)room) == NULL)
        return error_set_memory(error);
    return file_read_descriptor(descriptor, path, buffer, NULL, error);
}

/* Reads one file; sets torn and fresh where they are so. */
static int read_file(const char *path, const struct clock *clock, struct buffer *buffer,
                     struct code *code, struct error *error)
{
    struct stat status;
    struct file_stamp before, after;
    int result = 0;
    /* Not blocking: the name may be a pipe that nobody writes to. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (descriptor < 0)
        return errno == ENOENT ? error_set(error, ERROR_NOT_FOUND, "there is no file %s", path)
                               : error_set_errno(error, errno, "cannot open %s", path);
    if (fstat(descriptor, &status) != 0) {
        result = error_set_errno(error, errno, "cannot look at %s", path);
        goto end;
    }
    before = file_stamp_of(&status);
    if (!before.is_file) {
        result = error_set(error, ERROR_NOT_FOUND, "%s is no regular file", path);
        goto end;
    }
    result = read_bytes(descriptor, path, before.bytes, buffer, error);
    if (result != 0)
        goto end;
    if (fstat(descriptor, &status) != 0) {
        result = error_set_errno(error, errno, "cannot look at %s", path);
        goto end;
    }
    after = file_stamp_of(&status);
    /* A link or a rename sets changed_ns and leaves the content alone. */
    after.changed_ns = before.changed_ns;
    if (buffer_bytes(buffer) != before.bytes || !file_stamp_equal(&before, &after))
        code->torn = true;
    if (file_stamp_is_recent(&before, clock_realtime_ns(clock), CODE_FRESH_NS))
        code->fresh = true;
end:
    close(descriptor);
    return result;
}

int code_files_read(const char *component_path, const char *configuration_path,
                    const struct clock *clock, struct code *code, struct error *error)
{
    int result = read_file(component_path, clock, &code->component, code, error);

    if (result != 0)
        return result;
    result = read_file(configuration_path, clock, &code->configuration, code, error);
    return result == ERROR_NOT_FOUND ? 0 : result;
}
