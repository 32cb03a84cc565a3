/* SPDX-License-Identifier: AGPL-3.0-only */

/* Whole files: read within a bound, written so that a crash at any point leaves the old content or
 * the new, never a part. These calls block; not for a worker's thread. Any other thread. */

#ifndef FN0_BASE_FILE_H
#define FN0_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/slice.h"

/* Adds all of a file to `buffer`, whose maximum is the bound: past it ERROR_FULL. ERROR_NOT_FOUND
 * where there is no such file; a folder is ERROR_SYSTEM. After a failure the buffer may hold a
 * part. `fault` may be NULL. */
int file_read(const char *path, struct buffer *buffer, struct fault *fault, struct error *error);

/* The same with a descriptor (borrowed), from its position on; `name` is for messages. */
int file_read_descriptor(int fd, const char *name, struct buffer *buffer, struct fault *fault,
                         struct error *error);

/* Writes `content` to a new file beside `path`, syncs it, and renames it into place; then syncs the
 * folder, so that after a success the content is on disk. `mode` as of open(2), less the umask.
 * Failed, the old file is untouched and nothing is left beside it; after a crash ".NAME.PID-N" may
 * be. `fault` may be NULL. */
int file_write(const char *path, struct slice content, mode_t mode, struct fault *fault,
               struct error *error);

/* The same without waiting for the disk, which takes some milliseconds each: for what is made again
 * where the machine itself has failed, after which the file may be empty. */
int file_write_soon(const char *path, struct slice content, mode_t mode, struct error *error);

/* Writes all of `content` at the descriptor's position, however many calls it takes. */
int file_write_descriptor(int fd, const char *name, struct slice content, struct fault *fault,
                          struct error *error);

#endif
