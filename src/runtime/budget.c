/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/budget.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Never passes the maximum, not even for a moment: adding first and looking after would refuse
 * others while it lasts. */
static bool take_up_to(struct budget_counter *counter, uint64_t amount, uint64_t max)
{
    uint64_t used = atomic_load_explicit(&counter->used, memory_order_relaxed);
    do {
        if (amount > max || used > max - amount)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&counter->used, &used, used + amount,
                                                    memory_order_relaxed, memory_order_relaxed));
    check(used + amount <= max);
    return true;
}

bool budget_take(struct budget_counter *counter, uint64_t amount)
{
    return take_up_to(counter, amount, counter->max);
}

void budget_give(struct budget_counter *counter, uint64_t amount)
{
    uint64_t before = atomic_fetch_sub_explicit(&counter->used, amount, memory_order_relaxed);
    check(before >= amount);
}

void budget_init(struct budget *budget, uint64_t slots, uint64_t warm_instances,
                 uint64_t warm_memory_bytes)
{
    check(slots > 0);
    memset(budget, 0, sizeof *budget);
    budget->slots.max = slots;
    budget->warm_instances.max = warm_instances;
    budget->warm_memory_bytes.max = warm_memory_bytes;
    /* Without slots * 3, which could overflow. */
    budget->slots_per_function_max = slots - slots / 4 - (slots % 4 != 0);
    if (budget->slots_per_function_max == 0)
        budget->slots_per_function_max = 1;
    check(budget->slots_per_function_max <= slots);
    check(pthread_mutex_init(&budget->lock, NULL) == 0);
}

void budget_fini(struct budget *budget)
{
    check(budget->functions == NULL && atomic_load(&budget->function_count) == 0);
    check(atomic_load(&budget->slots.used) == 0);
    check(atomic_load(&budget->warm_instances.used) == 0);
    check(atomic_load(&budget->warm_memory_bytes.used) == 0);
    pthread_mutex_destroy(&budget->lock);
}

static struct budget_function *part_find(struct budget *budget, const char *name)
{
    struct budget_function *function = budget->functions;
    while (function && strcmp(function->name, name) != 0)
        function = function->next;
    return function;
}

static struct budget_function *part_create(const char *name)
{
    struct budget_function *function = calloc(1, sizeof *function);
    if (!function)
        return NULL;
    function->name = strdup(name);
    if (!function->name) {
        free(function);
        return NULL;
    }
    return function;
}

struct budget_function *budget_function_acquire(struct budget *budget, const char *name)
{
    pthread_mutex_lock(&budget->lock);
    struct budget_function *function = part_find(budget, name);
    if (!function) {
        function = part_create(name);
        if (function) {
            function->next = budget->functions;
            budget->functions = function;
            atomic_fetch_add(&budget->function_count, 1);
        }
    }
    if (function)
        function->references++;
    pthread_mutex_unlock(&budget->lock);
    return function;
}

void budget_function_release(struct budget *budget, struct budget_function *function)
{
    if (!function)
        return;
    pthread_mutex_lock(&budget->lock);
    check(function->references > 0);
    bool last = --function->references == 0;
    if (last) {
        struct budget_function **at = &budget->functions;
        while (*at != function) {
            check(*at);
            at = &(*at)->next;
        }
        check(atomic_load(&budget->function_count) > 0);
        *at = function->next;
        atomic_fetch_sub(&budget->function_count, 1);
    }
    pthread_mutex_unlock(&budget->lock);
    if (!last)
        return;
    check(atomic_load(&function->slots.used) == 0);
    check(atomic_load(&function->warm_instances.used) == 0);
    free(function->name);
    free(function);
}

bool budget_take_slot(struct budget *budget, struct budget_function *function)
{
    bool several = atomic_load_explicit(&budget->function_count, memory_order_relaxed) > 1;
    uint64_t max = several ? budget->slots_per_function_max : budget->slots.max;
    if (!take_up_to(&function->slots, 1, max))
        return false;
    if (!budget_take(&budget->slots, 1)) {
        budget_give(&function->slots, 1);
        return false;
    }
    return true;
}

void budget_give_slot(struct budget *budget, struct budget_function *function)
{
    budget_give(&budget->slots, 1);
    budget_give(&function->slots, 1);
}

bool budget_take_warm(struct budget *budget, struct budget_function *function, uint64_t warm_max)
{
    if (!take_up_to(&function->warm_instances, 1, warm_max))
        return false;
    if (!budget_take(&budget->warm_instances, 1)) {
        budget_give(&function->warm_instances, 1);
        return false;
    }
    return true;
}

void budget_give_warm(struct budget *budget, struct budget_function *function)
{
    budget_give(&budget->warm_instances, 1);
    budget_give(&function->warm_instances, 1);
}
