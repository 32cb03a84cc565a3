/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a field of an HTTP message may consist of (RFC 9110, 5), for messages that this host sends
 * as a client and receives as one. Pure functions; any thread. */

#ifndef FN0_IO_FIELD_SYNTAX_H
#define FN0_IO_FIELD_SYNTAX_H

#include <stdbool.h>

#include "base/slice.h"

/* Whether this is a token (RFC 9110, 5.6.2), as names of fields and methods are. */
bool field_name_valid(struct slice name);

/* Whether this may be a field's value: no control bytes but the tab; bytes over 127 are fine. May
 * be empty. */
bool field_value_valid(struct slice value);

/* Whether a field concerns only the connection between two hosts (RFC 9110, 7.6.1) or the framing
 * on it, and so is not passed on. `name` in any case. Content-Length is not one of them. */
bool field_is_hop_by_hop(struct slice name);

#endif
