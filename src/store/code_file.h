/* SPDX-License-Identifier: AGPL-3.0-only */

/* Files that hold the code of functions: what tells two states of a file apart, reading one that
 * somebody may be writing.
 *
 * Stamps are plain values. Reading blocks, so it is for the loader's threads and for starts, never
 * for a worker's loop. Any thread. */

#ifndef FN0_STORE_CODE_FILE_H
#define FN0_STORE_CODE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"
#include "store/code_provider.h"

/* The state of a file without its content. Two rewrites of the same length within one tick of the
 * file system's clock are the same stamp: inotify tells them apart, or a second look when it is
 * quiet. */
struct file_stamp {
    bool is_file; /* a regular file is there; else all is zero */
    uint64_t device;
    uint64_t inode;
    uint64_t bytes;
    int64_t modified_ns; /* since 1970 */
    int64_t changed_ns;  /* of the inode: a rename sets it, too */
};

/* The stamp of what stat answered. */
struct file_stamp file_stamp_of(const struct stat *status);

/* Whether nothing says that the file changed between the two. */
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Whether the file changed less than `within_ns` before `now_ns` (since 1970), or after it. */
bool file_stamp_is_recent(const struct file_stamp *stamp, uint64_t now_ns, uint64_t within_ns);

/* Reads a component, and its configuration where there is one, into `code`. `clock` says what is
 * fresh. Errors as struct code_provider's read; the message names the file. */
int code_files_read(const char *component_path, const char *configuration_path,
                    const struct clock *clock, struct code *code, struct error *error);

#endif
