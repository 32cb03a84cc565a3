/* SPDX-License-Identifier: AGPL-3.0-only */

/* One instance of a version, on one worker: what the bridge holds of it, who uses it now, and what
 * it holds of the budgets.
 *
 * Life: made and ended by its pool (runtime/pool.h). It is warm (in `idle` and `recency`, without a
 * call) or in a call; never both, and never neither but on its way from one to the other. A call
 * that is given one has it to itself until the pool gets it back.
 *
 * The bridge allows it to be touched by the thread that made it only: the worker's. What other
 * threads know of it is its token, which the wakes translate. */

#ifndef FN0_RUNTIME_INSTANCE_H
#define FN0_RUNTIME_INSTANCE_H

#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "runtime/version.h"
#include "runtime/wakes.h"

struct call;
struct fn0_instance;
struct pool;

/* Changed by its pool, and `call` and `uses` by the executor. */
struct instance {
    struct list idle;    /* in its pool's list, while warm and unused */
    struct list recency; /* in the worker's list of all warm ones, the longest unused first */
    struct pool *pool;
    struct version *version; /* referenced */
    struct fn0_instance *bridge;
    struct call *call;        /* the call it runs; NULL: none */
    uint64_t token;           /* of the wakes */
    uint64_t uses;            /* calls it was entered for */
    uint64_t last_used_ns;    /* monotonic; while warm and unused */
    uint64_t memory_reserved; /* bytes taken from the budget of warm memory */
};

/* Begins an instance; nothing of the guest runs yet. Maps the version's component where it is not
 * mapped, and takes a reference of the version and a token of `wakes`, which must outlive it.
 * ERROR_POOL_FULL when the engine has no room; ERROR_OUT_OF_MEMORY; as version_component; and
 * ERROR_CALL_START for all else. The caller destroys *ret_instance. */
int instance_create(struct version *version, struct wakes *wakes, struct instance **ret_instance,
                    struct error *error);

/* Ends it: gives token and reference back, after which a late wake finds nobody. It must have no
 * call and stand in no list. `wakes` are those it was made with. NULL is fine. */
void instance_destroy(struct instance *instance, struct wakes *wakes);

#endif
