/* SPDX-License-Identifier: Apache-2.0 */

/* One outgoing request and its answer. What a fetch is beyond that (redirections, signals, data:
 * URLs) is the library's: library/fetch.js. */

#ifndef FN0_JAVASCRIPT_FETCH_H
#define FN0_JAVASCRIPT_FETCH_H

#include "quickjs.h"

/* Adds `sendRequest(request, url)` to the natives: [promise of a Response, function that aborts].
 * `request` is a Request, whose body is used; `url` is absolute and normalized. And
 * `finishResponse(response, url, isRedirected)`, `abortBody(response, reason)`. Returns 0 or -1
 * with an exception. */
int fetch_register(JSContext *context, JSValueConst native);

#endif
