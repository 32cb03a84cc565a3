/* SPDX-License-Identifier: Apache-2.0 */

/* One call of the function: from the request to the end of its answer and of all that waitUntil
 * was given. */

#ifndef FN0_JAVASCRIPT_CALL_H
#define FN0_JAVASCRIPT_CALL_H

#include "engine.h"
#include "host.h"

/* Runs a call. Takes both handles over. Returns when all is done; what a script throws is answered
 * with 500 and logged. */
void call_run(struct engine *engine, host_handle request, host_handle outparam);

/* The call must not end before this many call_release. */
void call_hold(struct call *call);

/* Takes one call_hold back. The call ends in the loop, not in here. */
void call_release(struct call *call);

/* Holds the call until `promise` has settled, and has `on_settled` called then: magic 0 where it
 * was fulfilled, 1 where rejected; its data is the call's number, by which a late one is told
 * apart. It calls call_release. Returns 0, or -1 with an exception: nothing is held then. */
int call_await(struct call *call, JSValueConst promise, JSCFunctionData *on_settled);

#endif
