/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/relink.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "runtime/bridge_types.h"
#include "store/artifact_cache.h"

struct relink {
    struct artifact_cache *cache;
};

int relink_open(const char *directory, uint64_t artifact_bytes_max, struct relink **ret_relink,
                struct error *error)
{
    struct relink *relink = calloc(1, sizeof(*relink));
    if (!relink)
        return error_set_memory(error);
    int code = artifact_cache_create(directory, artifact_bytes_max, clock_system(), NULL,
                                     &relink->cache, error);
    if (code) {
        free(relink);
        return code;
    }
    *ret_relink = relink;
    return 0;
}

void relink_close(struct relink *relink)
{
    if (!relink)
        return;
    artifact_cache_destroy(relink->cache);
    free(relink);
}

/* The cache's own end of the file stands behind the content, which says itself how long it is. */
static bool make_of(int descriptor, struct slice component, struct fn0_bytes *ret_artifact)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0 || status.st_size == 0)
        return false;
    size_t bytes = (size_t)status.st_size;
    void *mapping = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapping == MAP_FAILED)
        return false;
    bool made =
        fn0_component_relink(slice_to_bridge(component),
                             (struct fn0_slice){.data = mapping, .bytes = bytes}, ret_artifact);
    munmap(mapping, bytes);
    return made;
}

bool relink_make(struct relink *relink, uint64_t fingerprint, struct slice component,
                 struct fn0_bytes *ret_artifact)
{
    struct artifact_key key = {.fingerprint = fingerprint};
    struct artifact *artifact;
    struct error ignored;
    if (!fn0_component_code_key(slice_to_bridge(component), false, key.component) ||
        artifact_cache_find(relink->cache, &key, &artifact, &ignored) != 0)
        return false;
    bool made = make_of(artifact_descriptor(artifact), component, ret_artifact);
    artifact_release(artifact);
    return made;
}

void relink_keep(struct relink *relink, uint64_t fingerprint, struct slice component,
                 struct slice content)
{
    struct artifact_key key = {.fingerprint = fingerprint};
    struct artifact *artifact;
    struct error ignored;
    if (!fn0_component_code_key(slice_to_bridge(component), true, key.component) ||
        artifact_cache_put(relink->cache, &key, content, &artifact, &ignored) != 0)
        return;
    artifact_release(artifact);
}
