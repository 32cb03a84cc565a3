/* SPDX-License-Identifier: Apache-2.0 */

/* The class Headers (Fetch, 5.1): a view of a header list. */

#ifndef FN0_JAVASCRIPT_HEADERS_H
#define FN0_JAVASCRIPT_HEADERS_H

#include "quickjs.h"

#include "header_list.h"

/* Puts the class on the global object. Returns 0 or -1 with an exception. */
int headers_register(JSContext *context, JSValueConst global);

/* A Headers object that shares `list`. */
JSValue headers_new(JSContext *context, struct header_list *list);

/* Adds what `init` says (HeadersInit: another Headers, pairs, a record) to a list. Returns 0 or -1
 * with an exception. */
int headers_fill(JSContext *context, struct header_list *list, JSValueConst init);

#endif
