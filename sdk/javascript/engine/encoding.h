/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TextEncoder, TextDecoder, atob and btoa. The Encoding standard's labels and decoders are
 * encoding_rs; UTF-8 that has no error in it, nearly all there is, is handed to QuickJS as it
 * stands. Base64 is QuickJS's own.
 */
#ifndef FN0_JAVASCRIPT_ENCODING_H
#define FN0_JAVASCRIPT_ENCODING_H

#include "quickjs.h"

/*
 * Sets native.TextEncoder, native.TextDecoder, native.atob and native.btoa. The context has to have
 * QuickJS's atob and btoa, as JS_NewContext gives them. 0, or -1 with an exception.
 */
int encoding_register(JSContext *context, JSValueConst native);

#endif
