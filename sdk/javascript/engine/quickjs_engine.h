/* SPDX-License-Identifier: Apache-2.0 */

/* QuickJS-ng as one translation unit, with the little beyond its public interface that the engine
 * needs. */

#ifndef FN0_JAVASCRIPT_QUICKJS_ENGINE_H
#define FN0_JAVASCRIPT_QUICKJS_ENGINE_H

#include <stdint.h>

#include "quickjs.h"

/* Seeds Math.random; 0 is taken as another number. */
void quickjs_seed_random(JSContext *context, uint64_t seed);

/* Takes the names of local variables and the positions of instructions out of a compiled script
 * that has not run: its frames keep their functions' names and its file's, with a line that means
 * nothing. */
void quickjs_strip(JSContext *context, JSValueConst script);

/* Zeroes what has been freed and is kept by QuickJS itself. */
void quickjs_wipe_free_memory(JSRuntime *runtime);

#endif
