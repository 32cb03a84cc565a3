/* SPDX-License-Identifier: AGPL-3.0-only */

/* A folder for one test, and files in it. Everything checks; a test that cannot write its files
 * ends. */

#ifndef FN0_TESTS_LIB_FOLDER_H
#define FN0_TESTS_LIB_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct folder {
    char path[PATH_MAX / 4];
};

/* Makes an empty folder below $TMPDIR or /tmp, mode 0700. */
void folder_init(struct folder *folder);

/* Removes it with all that is in it. */
void folder_fini(struct folder *folder);

/* The path of `name` in it, in one of a few static buffers. */
const char *folder_path(const struct folder *folder, const char *name);

/* Writes a file in place: truncates what is there. */
void folder_write(const struct folder *folder, const char *name, const void *data, size_t bytes);

/* Writes a file aside and renames it into place. */
void folder_replace(const struct folder *folder, const char *name, const void *data, size_t bytes);

/* Whether something has that name. */
bool folder_has(const struct folder *folder, const char *name);

/* How many entries there are whose name ends with `suffix`; "" counts all, hidden ones too. */
size_t folder_count(const struct folder *folder, const char *suffix);

#endif
