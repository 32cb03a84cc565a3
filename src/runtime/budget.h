/* SPDX-License-Identifier: AGPL-3.0-only */

/* What all workers of a host share: slots for running calls, the number of warm instances, and
 * the memory these hold; and, for each function, its part of them.
 *
 * Life: embedded in whoever makes the workers; outlives every executor. A budget that is all zero
 * but for its maxima is ready for use.
 *
 * Threads: any. The counters are atomic; taking and giving never locks. Only finding a function's
 * part takes a lock, which an executor does once for each function. */

#ifndef FN0_RUNTIME_BUDGET_H
#define FN0_RUNTIME_BUDGET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A number that may be taken from until `max` is reached. */
struct budget_counter {
    _Atomic uint64_t used;
    uint64_t max; /* LIMIT_NONE: no end */
};

/* Takes `amount`; false, taking nothing, when that would pass the maximum. Any thread. */
bool budget_take(struct budget_counter *counter, uint64_t amount);

/* Gives back what was taken. Any thread. */
void budget_give(struct budget_counter *counter, uint64_t amount);

/* What one function has taken on the whole host. */
struct budget_function {
    struct budget_function *next; /* of the budget */
    char *name;
    uint64_t references; /* one for each executor that serves it; under the budget's lock */
    struct budget_counter slots;
    struct budget_counter warm_instances; /* `max` is given with each take: versions differ in it */
};

/* The maxima are set once, before any other thread sees it. */
struct budget {
    struct budget_counter slots; /* running calls */
    struct budget_counter warm_instances;
    struct budget_counter warm_memory_bytes;
    /* What one function may take of the slots where there are several functions: three quarters.
     * A host with a single function lets it take them all. */
    uint64_t slots_per_function_max;
    /* The rest is the module's own. */
    pthread_mutex_t lock;
    struct budget_function *functions;
    _Atomic uint64_t function_count;
};

/* Sets the maxima; `slots` over 0. Three quarters of the slots, but at least one, is what a
 * function may take. */
void budget_init(struct budget *budget, uint64_t slots, uint64_t warm_instances,
                 uint64_t warm_memory_bytes);

/* No executor may be left. */
void budget_fini(struct budget *budget);

/* The part of function `name` (copied), made where it is new; NULL when there is no memory. Each
 * call needs one budget_function_release. Any thread; locks. */
struct budget_function *budget_function_acquire(struct budget *budget, const char *name);

/* Gives the part back; it is freed with the last executor that has it, when nothing of it may be
 * taken any more. NULL is fine. Any thread; locks. */
void budget_function_release(struct budget *budget, struct budget_function *function);

/* Takes a slot for a call of the function; false, taking nothing, when the host has none left or
 * when it serves several functions and this one has its three quarters (decisions, 6). */
bool budget_take_slot(struct budget *budget, struct budget_function *function);

/* Gives the slot back: once for each that was taken. Any thread. */
void budget_give_slot(struct budget *budget, struct budget_function *function);

/* Takes one warm instance of the function, which may have `warm_max` of them; false, taking
 * nothing, when it has them or when the host has its number. */
bool budget_take_warm(struct budget *budget, struct budget_function *function, uint64_t warm_max);

/* Gives one back: once for each that was taken. Any thread. */
void budget_give_warm(struct budget *budget, struct budget_function *function);

#endif
