/* SPDX-License-Identifier: AGPL-3.0-only */

/* Text as JSON has it (RFC 8259, 7). Control characters that a terminal would obey are escaped, and
 * what is not UTF-8 becomes U+FFFD. Any thread. */

#ifndef FN0_BASE_JSON_H
#define FN0_BASE_JSON_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

#define JSON_ESCAPED_BYTES 8

/* Writes how the first character of `text`, which is not empty, stands between quotes. Returns how
 * many bytes of `text` it was. */
size_t json_escape(struct slice text, char escaped[JSON_ESCAPED_BYTES], size_t *ret_bytes);

/* Adds a text with its quotes. As buffer_append. */
int json_append_text(struct buffer *buffer, struct slice text);

#endif
