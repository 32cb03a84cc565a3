/* SPDX-License-Identifier: Apache-2.0 */

/* What C offers the library beside the Web APIs it has itself: the log, clocks, random numbers,
 * tasks, and looks behind values. */

#ifndef FN0_JAVASCRIPT_NATIVES_H
#define FN0_JAVASCRIPT_NATIVES_H

#include "quickjs.h"

/* Adds the functions to `native`. Returns 0 or -1 with an exception. */
int natives_register(JSContext *context, JSValueConst native);

#endif
