/* SPDX-License-Identifier: Apache-2.0 */

/* setTimeout, setInterval and what ends them, and tasks for the library (`enqueueTask`). All end
 * with their call. */

#ifndef FN0_JAVASCRIPT_TIMERS_H
#define FN0_JAVASCRIPT_TIMERS_H

#include "quickjs.h"

#include "engine.h"

/* Puts the functions on the global object. Returns 0 or -1 with an exception. */
int timers_register(JSContext *context, JSValueConst global);

/* Ends all. */
void timers_clear_all(struct engine *engine);

/* Runs a function as a task of its own. */
JSValue js_enqueue_task(JSContext *context, JSValueConst this_value, int argument_count,
                        JSValueConst *arguments);

#endif
