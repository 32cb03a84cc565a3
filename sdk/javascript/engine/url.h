/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URL, URLSearchParams and URLPattern's engine, on ada.
 *
 * A URL object holds the parsed form: the text (href) and where its components end, so a getter
 * costs one slice. Its URLSearchParams exists from the first use of searchParams on; the two follow
 * one another from then on.
 */
#ifndef FN0_JAVASCRIPT_URL_H
#define FN0_JAVASCRIPT_URL_H

#include "quickjs.h"

/* Sets native.URL and native.URLSearchParams. 0, or -1 with an exception. */
int url_register(JSContext *context, JSValueConst native);

#endif
