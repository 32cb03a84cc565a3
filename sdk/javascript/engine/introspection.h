/* SPDX-License-Identifier: Apache-2.0 */

/* What the library must know of a value that JavaScript itself hides: its class in the engine, what
 * is behind a proxy. structuredClone and console go by these, so that no object can pass for
 * another.
 *
 * Registers on the native object:
 * - classIdentifier(value): the number of the object's class in the engine, 0 for what is no
 * object. Equal numbers mean the same internal slots; the numbers themselves mean nothing outside
 * of one build.
 * - proxyDetails(value): [target, handler] of a proxy (null each when revoked), undefined for all
 * else.
 *
 * Called once, while the engine is set up; keeps nothing. */

#ifndef FN0_JAVASCRIPT_INTROSPECTION_H
#define FN0_JAVASCRIPT_INTROSPECTION_H

#include "quickjs.h"

/* Returns 0, or -1 with an exception pending in the context. */
int introspection_register(JSContext *context, JSValueConst native);

#endif
