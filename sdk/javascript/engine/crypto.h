/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crypto and crypto.subtle are made of: the functions of the native library, for
 * library/crypto.js, which knows the rules of Web Cryptography (algorithms, usages, keys, errors).
 */
#ifndef FN0_JAVASCRIPT_CRYPTO_H
#define FN0_JAVASCRIPT_CRYPTO_H

#include "quickjs.h"

/*
 * Sets native.cryptography, an object of functions over bytes (an ArrayBuffer or a view), numbers
 * (the enums of fn0_javascript_native.h) and booleans. What computes bytes gives an ArrayBuffer, or
 * null where the library says FN0_FAILED. 0, or -1 with an exception.
 */
int crypto_register(JSContext *context, JSValueConst native);

#endif
