/* SPDX-License-Identifier: Apache-2.0 */

/* Absolute URLs as text, without an object of class URL around them: what Request and Response
 * need. */

#ifndef FN0_JAVASCRIPT_ABSOLUTE_URL_H
#define FN0_JAVASCRIPT_ABSOLUTE_URL_H

#include "quickjs.h"

/* The value as an absolute URL in its normal form (URL standard: the serialization of what was
 * parsed). A TypeError where it is none. */
JSValue absolute_url(JSContext *context, JSValueConst value);

#endif
