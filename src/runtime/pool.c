/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/pool.h"

#include <stdlib.h>

#include "base/check.h"
#include "tables/limits.h"

/* What holds of a pool between any two operations: what is warm lives, and the budget was not asked
 * for more than lives. */
static void check_pool(const struct pool *pool)
{
    check(pool->idle_count <= pool->live_count && pool->reserved_count <= pool->live_count);
    check(pool->idle_count <= pool->reserved_count);
    check(list_empty(&pool->idle) == (pool->idle_count == 0));
    check(pool->idle_count == 0 || pool->version);
    check(pool->idle_count <= pool->pools->warm);
    check(list_empty(&pool->pools->recency) == (pool->pools->warm == 0));
}

/* An idle instance is dropped when it was unused for between one and one and a quarter times the
 * idle time. Always the same length, as the loop's timeouts like it. */
static uint64_t sweep_period_ns(const struct pool *pool)
{
    uint64_t idle_time_ns = pool->version->configuration->instance.idle_time_ns;
    if (idle_time_ns == LIMIT_NONE)
        return LIMIT_NONE;
    uint64_t period_ns = idle_time_ns / 4;
    return period_ns > NANOSECONDS_PER_MILLISECOND ? period_ns : NANOSECONDS_PER_MILLISECOND;
}

/* Takes a warm instance out of the lists; it is the caller's. */
static void take_out(struct instance *instance)
{
    check(!list_empty(&instance->idle) && !list_empty(&instance->recency) && !instance->call);
    list_remove(&instance->idle);
    list_remove(&instance->recency);
    check(instance->pool->idle_count > 0 && instance->pool->pools->warm > 0);
    instance->pool->idle_count--;
    instance->pool->pools->warm--;
    check_pool(instance->pool);
}

static void drop_warm(struct instance *instance)
{
    take_out(instance);
    pool_drop(instance->pool, instance);
}

static void swept(struct loop_timeout *timeout)
{
    struct pool *pool = container_of(timeout, struct pool, sweep);
    if (!pool->version)
        return;
    uint64_t now_ns = loop_now_ns(pool->pools->loop);
    uint64_t idle_time_ns = pool->version->configuration->instance.idle_time_ns;
    while (!list_empty(&pool->idle)) {
        struct instance *oldest = container_of(pool->idle.previous, struct instance, idle);
        if (now_ns - oldest->last_used_ns < idle_time_ns)
            break;
        drop_warm(oldest);
    }
    /* Without memory for the timeout the next put tries again. */
    if (!list_empty(&pool->idle))
        (void)loop_timeout_start(pool->pools->loop, &pool->sweep, sweep_period_ns(pool));
}

void pools_init(struct pools *pools, struct loop *loop, struct budget *budget, struct wakes *wakes)
{
    *pools = (struct pools){.loop = loop, .budget = budget, .wakes = wakes};
    list_init(&pools->recency);
    list_init(&pools->all);
}

bool pools_drop_least_recent(struct pools *pools)
{
    if (list_empty(&pools->recency))
        return false;
    drop_warm(container_of(pools->recency.next, struct instance, recency));
    return true;
}

int pool_create(struct pools *pools, const char *name, struct pool **ret_pool, struct error *error)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return error_set_memory(error);
    pool->budget = budget_function_acquire(pools->budget, name);
    if (!pool->budget) {
        free(pool);
        return error_set_memory(error);
    }
    pool->pools = pools;
    list_init(&pool->idle);
    loop_timeout_init(&pool->sweep, swept);
    list_push_back(&pools->all, &pool->link);
    *ret_pool = pool;
    return 0;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    pool_set_version(pool, NULL);
    check(pool->live_count == 0 && pool->reserved_count == 0);
    check_pool(pool);
    list_remove(&pool->link);
    budget_function_release(pool->pools->budget, pool->budget);
    free(pool);
}

void pool_drop_warm(struct pool *pool)
{
    while (!list_empty(&pool->idle))
        drop_warm(container_of(pool->idle.next, struct instance, idle));
}

void pool_set_version(struct pool *pool, struct version *version)
{
    pool_drop_warm(pool);
    loop_timeout_stop(&pool->sweep);
    pool->proved_reusable = false;
    struct version *old = pool->version;
    pool->version = version ? version_acquire(version) : NULL;
    version_release(old);
}

struct instance *pool_take(struct pool *pool)
{
    if (list_empty(&pool->idle))
        return NULL;
    struct instance *instance = container_of(pool->idle.next, struct instance, idle);
    check(instance->pool == pool && instance->version == pool->version && instance->uses > 0);
    take_out(instance);
    pool->pools->reused++;
    return instance;
}

int pool_start(struct pool *pool, struct instance **ret_instance, struct error *error)
{
    check(pool->version);
    int code = instance_create(pool->version, pool->pools->wakes, ret_instance, error);
    while (code == ERROR_POOL_FULL && pools_drop_least_recent(pool->pools))
        code = instance_create(pool->version, pool->pools->wakes, ret_instance, error);
    if (code < 0)
        return code;
    (*ret_instance)->pool = pool;
    pool->live_count++;
    pool->pools->started++;
    check_pool(pool);
    return 0;
}

/* Whether the instance may serve once more, by what its version and configuration say. */
static bool may_serve_again(const struct pool *pool, const struct instance *instance,
                            uint64_t memory_bytes)
{
    if (instance->version != pool->version)
        return false;
    const struct function_configuration *configuration = pool->version->configuration;
    if (configuration->instance.reuse == REUSE_FALSE)
        return false;
    if (configuration->instance.reuse == REUSE_AUTO &&
        atomic_load_explicit(&pool->version->single_use, memory_order_relaxed))
        return false;
    return instance->uses < configuration->instance.uses_max &&
           memory_bytes <= configuration->instance.memory_mark_bytes;
}

/* Whether the worker's longest unused instance is of another function, and is dropped now. */
static bool drop_of_another(struct pool *pool)
{
    struct list *recency = &pool->pools->recency;
    if (list_empty(recency) || container_of(recency->next, struct instance, recency)->pool == pool)
        return false;
    return pools_drop_least_recent(pool->pools);
}

/* Makes sure that the budget of warm instances covers one more in this pool. */
static bool reserve_number(struct pool *pool)
{
    if (pool->idle_count < pool->reserved_count)
        return true;
    struct budget *budget = pool->pools->budget;
    uint64_t warm_max = pool->version->configuration->instance.warm_max;
    bool taken = budget_take_warm(budget, pool->budget, warm_max);
    /* Where the host is full, what was used just now is worth more than what was unused for
     * longest. Where the function has its number, others' instances are no help. */
    if (!taken && atomic_load(&pool->budget->warm_instances.used) < warm_max &&
        drop_of_another(pool))
        taken = budget_take_warm(budget, pool->budget, warm_max);
    if (taken)
        pool->reserved_count++;
    return taken;
}

/* Makes the budget of warm memory cover what the instance holds now. */
static bool reserve_memory(struct pool *pool, struct instance *instance, uint64_t memory_bytes)
{
    struct budget_counter *counter = &pool->pools->budget->warm_memory_bytes;
    if (memory_bytes > instance->memory_reserved) {
        uint64_t more = memory_bytes - instance->memory_reserved;
        while (!budget_take(counter, more)) {
            if (!pools_drop_least_recent(pool->pools))
                return false;
        }
    } else if (memory_bytes < instance->memory_reserved) {
        budget_give(counter, instance->memory_reserved - memory_bytes);
    }
    instance->memory_reserved = memory_bytes;
    return true;
}

bool pool_put(struct pool *pool, struct instance *instance, uint64_t memory_bytes)
{
    check(instance->pool == pool && !instance->call);
    if (!may_serve_again(pool, instance, memory_bytes) ||
        !reserve_memory(pool, instance, memory_bytes) || !reserve_number(pool)) {
        pool_drop(pool, instance);
        return false;
    }
    instance->last_used_ns = loop_now_ns(pool->pools->loop);
    list_push_front(&pool->idle, &instance->idle);
    list_push_back(&pool->pools->recency, &instance->recency);
    pool->idle_count++;
    pool->pools->warm++;
    check(instance->memory_reserved == memory_bytes);
    check_pool(pool);
    /* A stopped timeout stands in no queue. Without memory for it the next put tries again. */
    if (list_empty(&pool->sweep.link))
        (void)loop_timeout_start(pool->pools->loop, &pool->sweep, sweep_period_ns(pool));
    return true;
}

void pool_drop(struct pool *pool, struct instance *instance)
{
    check(instance->pool == pool && pool->live_count > 0);
    check(list_empty(&instance->idle) && !instance->call);
    if (instance->memory_reserved > 0)
        budget_give(&pool->pools->budget->warm_memory_bytes, instance->memory_reserved);
    pool->live_count--;
    if (pool->reserved_count > pool->live_count) {
        budget_give_warm(pool->pools->budget, pool->budget);
        pool->reserved_count--;
    }
    check_pool(pool);
    pool->pools->dropped++;
    check(pool->pools->dropped <= pool->pools->started);
    instance_destroy(instance, pool->pools->wakes);
}
