/* SPDX-License-Identifier: AGPL-3.0-only */

/* The instances of one function on one worker: warm ones that wait for a call, taken last in,
 * first out, and the count of all that live.
 *
 * What bounds them: uses (`instance.uses_max`), idle time (swept every quarter of it), number
 * (`instance.warm_max` of the function and the host's budget), memory (the host's budget, and
 * `instance.memory_mark_bytes` of each). Instances of a version that was replaced are dropped at
 * once where they are warm, and after their call where they run. A worker does not lend.
 *
 * The budget of warm instances is taken when one is first kept and given back when fewer live than
 * were taken for, so a warm call touches no counter that other workers share.
 *
 * Life: a pool is made for a directory's entry and ends when the function is removed and its last
 * instance is gone. Worker's thread. */

#ifndef FN0_RUNTIME_POOL_H
#define FN0_RUNTIME_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "io/loop.h"
#include "runtime/budget.h"
#include "runtime/instance.h"
#include "runtime/version.h"
#include "runtime/wakes.h"

/* What the pools of a worker share. Embedded in the executor. */
struct pools {
    struct loop *loop;
    struct budget *budget;
    struct wakes *wakes;
    struct list recency; /* warm instances of all pools, the longest unused first */
    struct list all;     /* pools */
    uint64_t warm;       /* how many are in `recency` */
    uint64_t started;    /* instances, since the start */
    uint64_t reused;
    uint64_t dropped;
};

/* Of one function on one worker. At any time idle_count <= reserved_count <= live_count: what is
 * warm is covered by the budget, and no more is taken from the budget than lives. */
struct pool {
    struct list link; /* in pools.all */
    struct pools *pools;
    struct budget_function *budget; /* this function's part */
    struct version *version;        /* the current one, referenced; NULL: none yet, or removed */
    struct list idle;               /* warm ones, the last used first */
    uint64_t idle_count;
    uint64_t live_count;     /* warm ones and those in calls */
    uint64_t reserved_count; /* of the budget of warm instances: at most live_count */
    /* A kept instance of this version has answered: it is not single-use. */
    bool proved_reusable;
    struct loop_timeout sweep;
};

/* `loop`, `budget` and `wakes` are borrowed and outlive it. */
void pools_init(struct pools *pools, struct loop *loop, struct budget *budget, struct wakes *wakes);

/* Drops the warm instance that was unused for longest, of whatever function of this worker.
 * False when there is none. */
bool pools_drop_least_recent(struct pools *pools);

/* Makes a pool for function `name` (copied), without a version. Returns 0 or ERROR_OUT_OF_MEMORY;
 * the caller destroys *ret_pool. Locks the budget. */
int pool_create(struct pools *pools, const char *name, struct pool **ret_pool, struct error *error);

/* No instance of it may be in a call; warm ones are dropped. NULL is fine. */
void pool_destroy(struct pool *pool);

/* Makes `version` (NULL: none) the current one: warm instances of the one before are dropped. */
void pool_set_version(struct pool *pool, struct version *version);

/* Drops the warm instances; those in calls go on. */
void pool_drop_warm(struct pool *pool);

/* The warm instance that was used last, of the current version, or NULL. It is the caller's until
 * pool_put or pool_drop. Touches nothing that other workers share. */
struct instance *pool_take(struct pool *pool);

/* A new instance of the current version, begun but not started. Where the engine has no room, warm
 * instances of this worker are dropped for it, the longest unused first; ERROR_POOL_FULL when that
 * was not enough, and as instance_create. */
int pool_start(struct pool *pool, struct instance **ret_instance, struct error *error);

/* Gives back an instance whose call ended well and that may take another: it is kept warm where
 * all bounds allow it, else dropped. `memory_bytes` is what it holds. Returns whether it is kept.
 */
bool pool_put(struct pool *pool, struct instance *instance, uint64_t memory_bytes);

/* Ends an instance that is not warm: after a trap, a limit, a cancelled call. */
void pool_drop(struct pool *pool, struct instance *instance);

#endif
