/* SPDX-License-Identifier: AGPL-3.0-only */

/* Names: of requests, and of functions. Pure functions, but for the random numbers that a new id is
 * made of; nothing is allocated. Any thread. */

#ifndef FN0_BASE_IDENTIFIER_H
#define FN0_BASE_IDENTIFIER_H

#include <stdbool.h>

#include "base/random.h"
#include "base/slice.h"

#define REQUEST_ID_BYTES 32      /* hexadecimal digits */
#define REQUEST_ID_TEXT_BYTES 33 /* with the zero */

/* A new id: 128 random bits as lower-case hexadecimal digits (the form of a trace id, W3C Trace
 * Context), terminated. Returns `text`. */
char *request_id_write(struct random *random, char text[REQUEST_ID_TEXT_BYTES]);

/* Whether an id that came from elsewhere may be taken over: 1 to 128 letters, digits, '-', '_',
 * '.', ':'; so it can stand in logs and header fields as it is. */
bool request_id_valid(struct slice text);

#define FUNCTION_NAME_BYTES_MAX 63
#define FUNCTION_NAME_TEXT_BYTES 64

/* Whether this is a function's name: one DNS label (RFC 1123, 2.1) in lower case, 1 to 63 of
 * [a-z0-9-], no hyphen at either end. */
bool function_name_valid(struct slice name);

/* Writes a name in lower case, terminated, and returns whether it is then a function's name. `text`
 * means nothing otherwise. */
bool function_name_read(struct slice name, char text[FUNCTION_NAME_TEXT_BYTES]);

#endif
