/* SPDX-License-Identifier: AGPL-3.0-only */

/* Status codes (RFC 9110, 15, and IANA's registry) and how they are said. Pure functions; any
 * thread.
 *
 * Reasons are for people who read the wire: no client may make anything of them (RFC 9112, 4), and
 * handlers cannot choose them. */

#ifndef FN0_HTTP_STATUS_H
#define FN0_HTTP_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* The reason phrase of a registered status, else an empty slice. Static. */
struct slice http_status_reason(uint32_t status);

/* Whether an answer with this status has no body, whatever its fields say (RFC 9112, 6.3; RFC 9110,
 * 15.3.6): 204, 205 and 304. */
bool http_status_is_bodiless(uint32_t status);

#endif
