/* SPDX-License-Identifier: AGPL-3.0-only */

/* Artifacts made of other ones (fn0_component_relink): functions that were made from one engine by
 * snapshots differ in their data, and seldom in what their machine code depends on. The artifact of
 * the first of such a kind is kept in the cache under the hash of that, beside those of components;
 * of every later one only the data is new.
 *
 * For the compiling process only: what is read here becomes native code. One thread. */

#ifndef FN0_RUNTIME_RELINK_H
#define FN0_RUNTIME_RELINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "fn0_bridge.h"

struct relink;

/* Opens the cache of artifacts. Errors as of artifact_cache_create. The caller closes *ret_relink.
 */
int relink_open(const char *directory, uint64_t artifact_bytes_max, struct relink **ret_relink,
                struct error *error);

/* Makes the artifact of a component for the engine with a fingerprint, where one of its kind is
 * kept; else false. The caller ends *ret_artifact with fn0_bytes_fini. */
bool relink_make(struct relink *relink, uint64_t fingerprint, struct slice component,
                 struct fn0_bytes *ret_artifact);

/* Keeps an artifact that was compiled, where others could be made of it. What cannot be kept costs
 * compiling, and nothing else. */
void relink_keep(struct relink *relink, uint64_t fingerprint, struct slice component,
                 struct slice artifact);

/* NULL is fine. */
void relink_close(struct relink *relink);

#endif
