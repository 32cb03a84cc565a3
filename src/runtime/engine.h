/* SPDX-License-Identifier: AGPL-3.0-only */

/* The host's one wasmtime engine, and the thread that ticks its epoch while guests compute.
 *
 * A tick makes a guest that computes yield, so that it holds its worker for a millisecond at most.
 * The ticker ticks only while guests run: who polls a guest says so before, and when nobody has
 * said so for a while it sleeps until somebody does. A guest that is still within a poll then has
 * long passed its tick, and yields as soon as it looks.
 *
 * One a process. Any thread. */

#ifndef FN0_RUNTIME_ENGINE_H
#define FN0_RUNTIME_ENGINE_H

#include <stdint.h>

#include "base/error.h"

struct engine;
struct code_cache;
struct fn0_engine;
struct fn0_error;

/* Between two ticks. */
#define ENGINE_TICK_NS 1000000ull

struct engine_options {
    uint64_t instances_max;    /* alive at a time: slots and warm ones; over 0 */
    uint64_t memory_bytes_max; /* of one linear memory; LIMIT_NONE: 4 GiB */
    struct code_cache *code;   /* what it compiles is kept there; borrowed. NULL: nowhere */
};

/* Makes the engine and its ticker thread. ERROR_CONFIGURATION where the pool is larger than the
 * address space; ERROR_SYSTEM; ERROR_OUT_OF_MEMORY. The caller destroys *ret_engine. */
int engine_create(const struct engine_options *options, struct engine **ret_engine,
                  struct error *error);

/* Ends the ticker. No version or instance may be left. NULL is fine. */
void engine_destroy(struct engine *engine);

/* The bridge's engine; valid while the engine is. */
struct fn0_engine *engine_bridge(const struct engine *engine);

/* Differs between engines whose artifacts don't fit each other (fn0_engine_fingerprint). */
uint64_t engine_fingerprint(const struct engine *engine);

/* What it was made with. */
const struct engine_options *engine_options(const struct engine *engine);

/* Says that guests run now: the ticker ticks for the next while (at least 40 ms). Called before
 * each poll: costs two loads and at most a store, a system call only when the ticker slept.
 * `now_ns` is the loop's time; it may lag a few milliseconds. */
void engine_running(struct engine *engine, uint64_t now_ns);

/* Something that the bridge's wakes may touch as long as the engine lives. Embedded in it. */
struct engine_rest {
    struct engine_rest *next; /* the engine's own */
    void (*destroy)(struct engine_rest *rest);
};

/* Leaves `rest` to the engine, which destroys it as the last thing of its own end. Any thread. */
void engine_leave(struct engine *engine, struct engine_rest *rest);

/* How often it has ticked: for tests. */
uint64_t engine_ticks(const struct engine *engine);

/* Sets `error` to what the bridge says of a component that it cannot compile or load, as
 * ERROR_COMPONENT_…, ERROR_OUT_OF_MEMORY, ERROR_SYSTEM or ERROR_INTERNAL. Returns the code set. */
int error_set_component(struct error *error, const struct fn0_error *from);

#endif
