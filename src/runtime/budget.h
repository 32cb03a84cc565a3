/* SPDX-License-Identifier: AGPL-3.0-only */

/* What all workers of a host share: slots, warm instances, their memory. Atomic counters; any thread; no lock. */

#ifndef FN0_RUNTIME_BUDGET_H
#define FN0_RUNTIME_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A number that may be taken from until `max` is reached. */
struct budget_counter {
    _Atomic uint64_t used;
    uint64_t max;
};

/* Takes `amount`; false, taking nothing, when that would pass the maximum. */
bool budget_take(struct budget_counter *counter, uint64_t amount);

/* Gives back what was taken. */
void budget_give(struct budget_counter *counter, uint64_t amount);

struct budget {
    struct budget_counter slots;             /* running calls */
    struct budget_counter warm_instances;
    struct budget_counter warm_memory_bytes;
    uint64_t slots_per_function_max;         /* three quarters of the slots where there are several functions, else all */
};

#endif
