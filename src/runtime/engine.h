/* SPDX-License-Identifier: AGPL-3.0-only */

/* The host's one wasmtime engine, and the thread that ticks its epoch while guests compute. One a process; any thread. */

#ifndef FN0_RUNTIME_ENGINE_H
#define FN0_RUNTIME_ENGINE_H

#include <stdint.h>

#include "base/error.h"

struct engine;
struct fn0_engine;

#define ENGINE_TICK_NS 1000000ull

struct engine_options {
    uint64_t instances_max;    /* alive at a time: slots and warm ones */
    uint64_t memory_bytes_max; /* of one linear memory; LIMIT_NONE: 4 GiB */
};

/* Makes the engine and its ticker thread. The caller destroys *ret_engine. */
int engine_create(const struct engine_options *options, struct engine **ret_engine, struct error *error);

/* Ends the ticker. No version or instance may be left. NULL is fine. */
void engine_destroy(struct engine *engine);

/* The bridge's engine. */
struct fn0_engine *engine_bridge(const struct engine *engine);

/* Says that guests run now: the ticker ticks for the next while. Called before each poll: costs a load and at most a store, a system call only when the ticker
 * slept. `now_ns` is the loop's time. Any thread. */
void engine_running(struct engine *engine, uint64_t now_ns);

#endif
