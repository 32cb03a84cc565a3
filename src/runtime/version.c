/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/version.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "fn0_bridge.h"
#include "runtime/engine.h"
#include "store/artifact_cache.h"

struct version_internals {
    struct engine *engine;
    struct artifact *artifact;
    struct function_configuration *configuration;
    char *account;
    char *name;
    _Atomic(struct fn0_component *) component; /* NULL: not mapped yet */
    pthread_mutex_t mutex;                     /* while it is being mapped */
    struct error *failure;                     /* mapping it has failed; under the mutex */
};

void version_id_write(const uint8_t hash[32], char ret_id[VERSION_ID_BYTES])
{
    for (size_t i = 0; i < 32; i++)
        sprintf(ret_id + 2 * i, "%02x", hash[i]);
}

int version_create(const char *account, const char *name, const uint8_t hash[32],
                   struct function_configuration *configuration, struct artifact *artifact,
                   struct engine *engine, struct version **ret_version, struct error *error)
{
    struct version *version = calloc(1, sizeof(*version));
    struct version_internals *internals = calloc(1, sizeof(*internals));
    char *account_copy = strdup(account);
    char *name_copy = strdup(name);

    if (version == NULL || internals == NULL || account_copy == NULL || name_copy == NULL ||
        pthread_mutex_init(&internals->mutex, NULL) != 0)
        goto fail;
    internals->engine = engine;
    internals->artifact = artifact;
    internals->configuration = configuration;
    internals->account = account_copy;
    internals->name = name_copy;
    version->account = account_copy;
    version->name = name_copy;
    version_id_write(hash, version->id);
    version->configuration = configuration;
    version->internals = internals;
    atomic_init(&version->references, 1);
    *ret_version = version;
    return 0;

fail:
    free(name_copy);
    free(account_copy);
    free(internals);
    free(version);
    artifact_release(artifact);
    function_configuration_destroy(configuration);
    return error_set_memory(error);
}

struct version *version_acquire(struct version *version)
{
    uint64_t before = atomic_fetch_add_explicit(&version->references, 1, memory_order_relaxed);

    check(before > 0);
    return version;
}

void version_release(struct version *version)
{
    struct version_internals *internals;
    uint64_t before;

    if (version == NULL)
        return;
    before = atomic_fetch_sub_explicit(&version->references, 1, memory_order_acq_rel);
    check(before > 0);
    if (before > 1)
        return;
    internals = version->internals;
    fn0_component_destroy(atomic_load(&internals->component));
    artifact_release(internals->artifact);
    function_configuration_destroy(internals->configuration);
    pthread_mutex_destroy(&internals->mutex);
    free(internals->failure);
    free(internals->name);
    free(internals->account);
    free(internals);
    free(version);
}

/* Maps the artifact. Under the mutex. */
static int map(struct version *version, struct error *error)
{
    struct version_internals *internals = version->internals;
    struct fn0_component *component = NULL;
    struct fn0_error reason;
    int code;

    if (fn0_component_load(engine_bridge(internals->engine),
                           artifact_descriptor(internals->artifact), &component, &reason) == 0) {
        atomic_store_explicit(&internals->component, component, memory_order_release);
        return 0;
    }
    code = error_set_component(error, &reason);
    internals->failure = malloc(sizeof(*internals->failure));
    if (internals->failure != NULL)
        error_copy(internals->failure, error);
    return code;
}

int version_component(struct version *version, struct fn0_component **ret_component,
                      struct error *error)
{
    struct version_internals *internals = version->internals;
    struct error ignored;
    int code = 0;

    *ret_component = atomic_load_explicit(&internals->component, memory_order_acquire);
    if (*ret_component != NULL)
        return 0;
    pthread_mutex_lock(&internals->mutex);
    if (internals->failure != NULL)
        code = error_copy(error, internals->failure);
    else if (atomic_load_explicit(&internals->component, memory_order_relaxed) == NULL)
        code = map(version, error != NULL ? error : &ignored);
    pthread_mutex_unlock(&internals->mutex);
    *ret_component = atomic_load_explicit(&internals->component, memory_order_acquire);
    check(code != 0 || *ret_component != NULL);
    return code;
}

void version_unmap(struct version *version)
{
    struct version_internals *internals = version->internals;

    check(atomic_load(&version->references) == 1);
    fn0_component_destroy(atomic_load(&internals->component));
    atomic_store(&internals->component, NULL);
}
