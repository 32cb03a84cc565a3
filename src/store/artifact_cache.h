/* SPDX-License-Identifier: AGPL-3.0-only */

/* Compiled artifacts on disk, so that a restart compiles nothing. Artifacts are native code: only what this platform made is trusted (a
 * keyed MAC over content, component hash and engine fingerprint). Checked when an artifact enters the cache's memory; then its descriptor is kept,
 * and the request's way only maps it. Safe under concurrent writers in several processes and under a crash at any point; bounded; the least recently used go.
 * Any thread. */

#ifndef FN0_STORE_ARTIFACT_CACHE_H
#define FN0_STORE_ARTIFACT_CACHE_H

#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"

struct artifact_cache;
struct artifact;

/* What an artifact was made from and for. */
struct artifact_key {
    uint8_t component[32]; /* SHA-256 of the component */
    uint64_t fingerprint;  /* of the engine */
};

/* `directory` NULL: the user's or the system's cache folder. Made where it is missing, mode 0700. The caller destroys *ret_cache. */
int artifact_cache_create(const char *directory, uint64_t bytes_max, const struct clock *clock, struct log *log,
                          struct artifact_cache **ret_cache, struct error *error);

/* All artifacts must be released. NULL is fine. */
void artifact_cache_destroy(struct artifact_cache *cache);

/* The artifact of a key, checked now if it was not before (reads all of it). ERROR_NOT_FOUND; ERROR_NOT_TRUSTED is logged, the file is removed, and it
 * is ERROR_NOT_FOUND for the caller. The caller releases *ret_artifact. */
int artifact_cache_find(struct artifact_cache *cache, const struct artifact_key *key, struct artifact **ret_artifact, struct error *error);

/* Writes an artifact (aside, synced, renamed into place) and answers it like find. A full disk is a warning, not an error: the artifact is then
 * kept in memory (memfd). */
int artifact_cache_put(struct artifact_cache *cache, const struct artifact_key *key, struct slice content, struct artifact **ret_artifact,
                       struct error *error);

/* Its descriptor; valid until released; not to be written to or closed. */
int artifact_descriptor(const struct artifact *artifact);

/* NULL is fine. */
void artifact_release(struct artifact *artifact);

/* The folder, for messages. */
const char *artifact_cache_directory(const struct artifact_cache *cache);

#endif
