/* SPDX-License-Identifier: Apache-2.0 */

/* The third argument of `fetch(request, env, ctx)`: waitUntil, and what is refused. */

#ifndef FN0_JAVASCRIPT_EXECUTION_CONTEXT_H
#define FN0_JAVASCRIPT_EXECUTION_CONTEXT_H

#include "quickjs.h"

#include "engine.h"

int execution_context_register(JSContext *context);

/* One for the running call. */
JSValue execution_context_new(struct engine *engine);

#endif
