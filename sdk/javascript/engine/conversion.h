/* SPDX-License-Identifier: Apache-2.0 */

/* Between JavaScript values and bytes, as Web IDL says. */

#ifndef FN0_JAVASCRIPT_CONVERSION_H
#define FN0_JAVASCRIPT_CONVERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "quickjs.h"

#include "header_list.h"
#include "host.h"

/* A ByteString: each character one byte, a TypeError past 255. `what` names it in the message. The
 * caller frees *ret_bytes' data (malloc, with a zero behind it). Returns 0 or -1 with an exception.
 */
int conversion_to_byte_string(JSContext *context, JSValueConst value, const char *what,
                              struct host_bytes *ret_bytes);

/* A string of bytes as characters of up to 255. */
JSValue conversion_from_byte_string(JSContext *context, struct text bytes);

/* A string of UTF-8; what is not well-formed becomes U+FFFD. */
JSValue conversion_from_utf8(JSContext *context, struct text bytes);

/* The bytes of an ArrayBuffer or a view of one, borrowed: until JavaScript runs again. False, and
 * no exception, where it is neither; a detached one has no bytes. */
bool conversion_buffer_source(JSContext *context, JSValueConst value, struct text *ret_bytes);

/* A Uint8Array that takes over `bytes` (malloc); frees them also where it fails. */
JSValue conversion_to_uint8_array(JSContext *context, struct host_bytes bytes);

/* An ArrayBuffer that takes over `bytes`. */
JSValue conversion_to_array_buffer(JSContext *context, struct host_bytes bytes);

#endif
