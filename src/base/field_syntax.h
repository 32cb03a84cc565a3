/* SPDX-License-Identifier: AGPL-3.0-only */

/* Which bytes may stand where in HTTP: one table for both of its sides, the server's and the
 * client's. Names of fields and methods are tokens (RFC 9110, 5.6.2); values have no control bytes
 * (5.5); what a path or a host may have is RFC 3986's, with what browsers send besides.
 *
 * Pure functions of their arguments; any thread; nothing is allocated. */

#ifndef FN0_BASE_FIELD_SYNTAX_H
#define FN0_BASE_FIELD_SYNTAX_H

#include <stdbool.h>

#include "base/slice.h"

/* What a byte may be part of; a byte of the table is a set of these. */
enum byte_class {
    BYTE_OF_TOKEN = 1 << 0,
    BYTE_OF_VALUE = 1 << 1,     /* of a field */
    BYTE_OF_PATH = 1 << 2,      /* with its query, as clients send it: visible ASCII without '#' */
    BYTE_OF_HOST_NAME = 1 << 3, /* RFC 3986, 3.2.2: unreserved and sub-delims, but for '%' */
};

/* The classes of each byte. */
extern const unsigned char byte_classes[256];

/* Whether a byte is of a class. */
static inline bool byte_is(char byte, enum byte_class class)
{
    return (byte_classes[(unsigned char)byte] & class) != 0;
}

/* Whether all bytes are of a class; true of none. */
bool bytes_are(struct slice text, enum byte_class class);

/* Whether it is a token: a method, the name of a field. Never empty. */
bool token_valid(struct slice token);

/* Whether a field may have this value: no control bytes but the tab. May be empty; bytes over 0x7f
 * are fine. */
bool field_value_valid(struct slice value);

#endif
