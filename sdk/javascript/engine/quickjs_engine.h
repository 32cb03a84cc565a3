/* SPDX-License-Identifier: Apache-2.0 */

/* QuickJS-ng as one translation unit, with the little beyond its public interface that the engine
 * needs. */

#ifndef FN0_JAVASCRIPT_QUICKJS_ENGINE_H
#define FN0_JAVASCRIPT_QUICKJS_ENGINE_H

#include <stdint.h>

#include "quickjs.h"

/* Seeds Math.random; 0 is taken as another number. */
void quickjs_seed_random(JSContext *context, uint64_t seed);

#endif
