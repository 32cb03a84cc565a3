/* SPDX-License-Identifier: AGPL-3.0-only */

/* Values with units as people write them: "128MB" (binary: 1 KB is 1,024 bytes), "10ms", "none".
 *
 * Reading is strict: digits, perhaps a point and more digits, perhaps one space, the unit as it
 * stands here; no sign, no other spelling. What is written by units_write can be read again (but
 * for nanoseconds, which nobody sets). Any thread. */

#ifndef FN0_BASE_UNITS_H
#define FN0_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "tables/limits.h"

/* The largest values that are read: far below LIMIT_NONE, so that adding some to one another or to
 * a clock cannot overflow. */
#define UNITS_BYTES_MAX (16ull << 40)
#define UNITS_DURATION_NS_MAX (87600ull * 3600 * 1000000000)
#define UNITS_COUNT_MAX 1000000000000000ull

/* Reads "0B" … "16TB" (B, KB, MB, GB, TB; "1.5MB" where that is whole bytes), or "none" as
 * LIMIT_NONE. ERROR_INVALID_ARGUMENT says what was expected; *ret_bytes then means nothing. */
int units_read_bytes(struct slice text, uint64_t *ret_bytes, struct error *error);

/* Reads "250us", "10ms", "15s", "2m", "1h" (with decimals: "1.5s"), up to ten years ("87600h"), or
 * "none" as LIMIT_NONE. Errors as units_read_bytes. */
int units_read_duration(struct slice text, uint64_t *ret_ns, struct error *error);

/* Reads a whole number up to UNITS_COUNT_MAX, or "none" as LIMIT_NONE. Errors as units_read_bytes.
 */
int units_read_count(struct slice text, uint64_t *ret_count, struct error *error);

/* Room for any value, its unit and the zero. */
#define UNITS_TEXT_BYTES 32

/* Writes a value of a limit's unit as people would: "128 MB", "1.5 s", "50", "none"; always
 * exactly, so a value that is not round is shown in a smaller unit ("131073 B"). Returns `text`. */
char *units_write(enum limit_unit unit, uint64_t value, char text[UNITS_TEXT_BYTES]);

#endif
