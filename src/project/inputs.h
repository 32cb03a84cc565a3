/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a project's component is made of: the files that [build] watch means, but for the component
 * itself and for fn0.toml, of which counts what it says.
 *
 * Where it means all files, as it does when nobody has said, and the language's tool tells which
 * ones it has read (project/sources.h), these count, wherever they are, and the files that say how
 * it is built (package.json, Cargo.toml, …); of all others only whether they are there, since one
 * that comes may be found in place of another.
 *
 * These calls look at the disk; any thread. */

#ifndef FN0_PROJECT_INPUTS_H
#define FN0_PROJECT_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "project/project.h"

/* Whether a file, seen from the project's folder, is one of the inputs. */
bool inputs_has_file(const struct project *project, const char *path);

/* Whether a folder, seen the same way, may hold inputs: whoever watches has to watch it. The
 * project's own folder ("") does. */
bool inputs_has_folder(const struct project *project, const char *path);

/* Writes a hash of all inputs' paths, sizes, times and inodes, and of what the project says of its
 * build: as long as it stays the same there is nothing to build. A file that goes while it is
 * looked at is not there. ERROR_SYSTEM where a folder cannot be read; ERROR_OUT_OF_MEMORY. */
int inputs_hash(const struct project *project, uint8_t ret_digest[SHA256_BYTES],
                struct error *error);

/* All that may count. */
struct inputs_look {
    uint8_t counted[SHA256_BYTES]; /* as of inputs_hash */
    uint8_t all[SHA256_BYTES];     /* as if all files in the folder counted */
    uint8_t sources[SHA256_BYTES]; /* of the names of those that the tool has read */
};

/* Takes both hashes with one look. As inputs_hash. */
int inputs_look(const struct project *project, struct inputs_look *ret_look, struct error *error);

/* Tells each folder that may hold inputs, seen from the project's, its own ("") first. Stops where
 * `visit` says other than 0, and returns that; else errors as of inputs_hash. */
int inputs_visit_folders(const struct project *project,
                         int (*visit)(void *context, const char *path), void *context,
                         struct error *error);

#endif
