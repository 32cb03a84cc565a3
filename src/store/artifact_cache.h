/* SPDX-License-Identifier: AGPL-3.0-only */

/* Compiled artifacts on disk, so that a restart compiles nothing.
 *
 * Artifacts are native code, so only what this platform made is trusted: each file ends with a MAC
 * (HMAC-SHA256 with the folder's key) over component hash, engine fingerprint, size and content. It
 * is checked when an artifact enters the cache's memory; then its descriptor is kept, and the
 * request's way only maps it. The trailer stands behind the content and doesn't disturb who maps
 * the file as an ELF image; so one rename makes content and MAC appear together.
 *
 * Safe under concurrent writers in several processes and under a crash at any point: a file is
 * written aside under a lock, synced, and renamed into place; what a crash leaves behind is removed
 * by the next one who finds it unlocked. Bounded: when an artifact is written, those unused for
 * longest make room. An artifact in use stays usable when its file is removed, and the folder may
 * be removed, too: it is made again when something is written next.
 *
 * Any thread. */

#ifndef FN0_STORE_ARTIFACT_CACHE_H
#define FN0_STORE_ARTIFACT_CACHE_H

#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/slice.h"

struct artifact_cache;
struct artifact;

/* What an artifact was made from and for. */
struct artifact_key {
    uint8_t component[32]; /* SHA-256 of the component */
    uint64_t fingerprint;  /* of the engine: version, settings, CPU */
};

/* Opens the folder, and makes it (mode 0700) and its key where they are missing. `directory` NULL:
 * the user's or the system's, see cache_folder_default. `bytes_max`: of all artifact files
 * together. `clock` (what was used last) and `log` (may be NULL) outlive it. ERROR_NOT_TRUSTED
 * where the folder or the key belongs to somebody else or others may write it; ERROR_SYSTEM where
 * it cannot be made or used. The caller destroys *ret_cache. */
int artifact_cache_create(const char *directory, uint64_t bytes_max, const struct clock *clock,
                          struct log *log, struct artifact_cache **ret_cache, struct error *error);

/* All artifacts must be released. NULL is fine. */
void artifact_cache_destroy(struct artifact_cache *cache);

/* The artifact of a key, checked now (reads all of it) unless it is in use already.
 * ERROR_NOT_FOUND; a file that is damaged or of somebody else's making is logged, removed and
 * ERROR_NOT_FOUND, too. The caller releases *ret_artifact. */
int artifact_cache_find(struct artifact_cache *cache, const struct artifact_key *key,
                        struct artifact **ret_artifact, struct error *error);

/* Writes an artifact and answers it like find; when one of this key is in use, answers that. Where
 * the disk is full (or read-only, or the artifact alone is over the bound) there is a warning, and
 * it is kept in memory. The caller releases *ret_artifact. */
int artifact_cache_put(struct artifact_cache *cache, const struct artifact_key *key,
                       struct slice content, struct artifact **ret_artifact, struct error *error);

/* Its descriptor, of a file that begins with the content and may go on behind it. Valid until
 * released; not to be written to or closed. */
int artifact_descriptor(const struct artifact *artifact);

/* One more reference. Returns `artifact`. */
struct artifact *artifact_acquire(struct artifact *artifact);

/* One less; the last one closes it. NULL is fine. */
void artifact_release(struct artifact *artifact);

/* For tests: writes of artifact_cache_put are failed by `fault`. NULL: none. */
void artifact_cache_set_fault(struct artifact_cache *cache, struct fault *fault);

/* The folder, for messages. */
const char *artifact_cache_directory(const struct artifact_cache *cache);

#endif
