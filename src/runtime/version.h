/* SPDX-License-Identifier: AGPL-3.0-only */

/* One version of a function: its component, compiled, and its configuration. Frozen but for marks
 * that only go one way; counted references; any thread.
 *
 * Life: one reference by version_create, more by version_acquire; each holder releases its own, on
 * whatever thread it is. Who holds one may read it: directories, pools and instances do, so a
 * version that was replaced lives until its last call has ended.
 *
 * A function is (account, name, version): the triple is in pool keys, logs and cache names. The
 * account is "default" until there are accounts. A change of the configuration alone makes a new
 * struct version with the same id. */

#ifndef FN0_RUNTIME_VERSION_H
#define FN0_RUNTIME_VERSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/configuration.h"
#include "base/error.h"

struct artifact;
struct engine;
struct fn0_component;

#define VERSION_ID_BYTES 65 /* hex of a SHA-256 and a zero */

/* How much of an id is shown to people. */
#define VERSION_ID_SHOWN 12

struct version_internals;

struct version {
    const char *account;
    const char *name;
    char id[VERSION_ID_BYTES]; /* of the component's content */
    const struct function_configuration *configuration;
    _Atomic bool single_use; /* an instance of it answers only once (decisions, 13) */
    /* The rest is the module's own. */
    _Atomic uint64_t references;
    struct version_internals *internals;
};

/* Writes a SHA-256 as an id, terminated. */
void version_id_write(const uint8_t hash[32], char ret_id[VERSION_ID_BYTES]);

/* Makes a version with one reference. Takes over `configuration` and `artifact` (also when it
 * fails); copies the names. `engine` outlives it. Nothing is mapped yet. ERROR_OUT_OF_MEMORY. The
 * caller releases *ret_version. */
int version_create(const char *account, const char *name, const uint8_t hash[32],
                   struct function_configuration *configuration, struct artifact *artifact,
                   struct engine *engine, struct version **ret_version, struct error *error);

/* One more reference. Returns `version`. */
struct version *version_acquire(struct version *version);

/* One less; the last one frees it, with its component, its configuration and its hold on the
 * artifact. Any thread. NULL is fine. */
void version_release(struct version *version);

/* The component, mapped when it is first asked for (under a lock; a millisecond for the largest).
 * What failed once fails ever after, with the same error (see error_set_component). *ret_component
 * is borrowed, valid while the version is. Any thread. */
int version_component(struct version *version, struct fn0_component **ret_component,
                      struct error *error);

/* Unmaps the component until it is asked for again. Only the caller may have a reference yet. */
void version_unmap(struct version *version);

#endif
