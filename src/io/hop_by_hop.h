/* SPDX-License-Identifier: AGPL-3.0-only */

/* Which fields of messages that this host sends and receives as a client are for one hop only. A
 * pure function; any thread. (The server's side has to tell more kinds apart: http/field.h.) */

#ifndef FN0_IO_HOP_BY_HOP_H
#define FN0_IO_HOP_BY_HOP_H

#include <stdbool.h>

#include "base/slice.h"

/* Whether a field concerns only the connection between two hosts (RFC 9110, 7.6.1) or the framing
 * on it, and so is not passed on. `name` in any case. Content-Length is not one of them. */
bool field_is_hop_by_hop(struct slice name);

#endif
