/* SPDX-License-Identifier: AGPL-3.0-only */

/* Starts one instance of a component and ends it again: what its start takes is known before
 * anybody serves it. No request is made.
 *
 * The thread of the caller, which it holds until the instance has started. */

#ifndef FN0_RUNTIME_TRIAL_H
#define FN0_RUNTIME_TRIAL_H

#include <stdint.h>

#include "base/clock.h"
#include "base/configuration.h"
#include "base/error.h"
#include "runtime/engine.h"

/* What it took. */
struct trial_result {
    uint64_t start_cpu_ns; /* up to the handler */
    uint64_t memory_bytes; /* of all its memories, when it had started */
};

/* Tries the component of an artifact (`descriptor`: a file that begins with it; THE CALLER VOUCHES
 * FOR IT), with the limits and the environment of a function. ERROR_COMPONENT_… where it cannot be
 * linked; ERROR_CALL_START_CPU, ERROR_CALL_MEMORY past a limit; ERROR_CALL_START and why otherwise.
 */
int trial_run(struct engine *engine, int descriptor,
              const struct function_configuration *configuration, const struct clock *clock,
              struct trial_result *ret_result, struct error *error);

#endif
