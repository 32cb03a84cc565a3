/* SPDX-License-Identifier: AGPL-3.0-only */

/* The folder that artifacts are cached in, and the key that proves who made them. What lies in it
 * becomes native code of this process, so a folder that others may write is refused. Any thread. */

#ifndef FN0_STORE_CACHE_FOLDER_H
#define FN0_STORE_CACHE_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define CACHE_KEY_BYTES 32

/* The folder; all but its descriptor is set by init and renew only. */
struct cache_folder {
    char path[PATH_MAX];
    int descriptor;
    bool no_execution; /* mounted so that its files can't be mapped as code */
    uint8_t key[CACHE_KEY_BYTES];
};

/* Writes where artifacts go when nobody says: $XDG_CACHE_HOME/fn0, else /var/cache/fn0 for root and
 * $HOME/.cache/fn0 for others. ERROR_CONFIGURATION where none of these is known. */
int cache_folder_default(char ret_path[PATH_MAX], struct error *error);

/* Opens the folder `path`, making it (mode 0700) with its parents, and reads the host's key in it,
 * making that (mode 0600, random, synced) on first use; of several processes that do so at a time
 * one makes the key. ERROR_NOT_TRUSTED where folder or key belong to another user or others may
 * write the folder or read the key. */
int cache_folder_init(struct cache_folder *folder, const char *path, struct error *error);

/* Sees whether the folder is still what its path names. Where it is not (somebody has removed or
 * moved it, or put another in its place), goes on with what the path names now, and makes that and
 * the key in it, the same as before, where they are missing; *ret_renewed is true then. Errors as
 * cache_folder_init has them; the folder is as before then. Nobody may read the key or
 * `no_execution` meanwhile; the descriptor may be in use, and keeps its number. */
int cache_folder_renew(struct cache_folder *folder, bool *ret_renewed, struct error *error);

/* Closes it and forgets the key. */
void cache_folder_fini(struct cache_folder *folder);

/* A file written aside: nobody finds it by its final name before cache_file_commit. */
struct cache_file {
    int descriptor; /* write here */
    char name[64];  /* in the folder; locked, so that it is told from what a crash left behind */
};

/* Makes one. Returns 0 or an error; then there is nothing to undo. */
int cache_file_create(struct cache_folder *folder, struct cache_file *ret_file,
                      struct error *error);

/* Syncs it and gives it its final name, replacing what had it (`replace`), or ERROR_FULL when the
 * name is taken. Closed and gone from its old name whatever the answer is. */
int cache_file_commit(struct cache_folder *folder, struct cache_file *file, const char *name,
                      bool replace, struct error *error);

/* Replaces the final name's file without waiting for the disk: for what a crash may damage, because
 * whoever reads it sees that. Closed and gone from its old name whatever the answer is. */
int cache_file_publish(struct cache_folder *folder, struct cache_file *file, const char *name,
                       struct error *error);

/* Removes it. */
void cache_file_abandon(struct cache_folder *folder, struct cache_file *file);

/* Whether this is a name that cache_file_create gives. */
bool cache_file_is_aside(const char *name);

/* Removes such a file unless its writer lives. */
void cache_file_remove_stale(struct cache_folder *folder, const char *name);

#endif
