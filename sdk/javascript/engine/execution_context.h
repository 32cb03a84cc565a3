/* SPDX-License-Identifier: Apache-2.0 */

/* The third argument of `fetch(request, env, ctx)`: waitUntil, and what is refused. */

#ifndef FN0_JAVASCRIPT_EXECUTION_CONTEXT_H
#define FN0_JAVASCRIPT_EXECUTION_CONTEXT_H

#include "quickjs.h"

#include "engine.h"

/* Makes the class, which has no name for scripts. Returns 0 or -1 with an exception. */
int execution_context_register(JSContext *context);

/* One for the running call. */
JSValue execution_context_new(struct engine *engine);

#endif
