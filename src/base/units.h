/* SPDX-License-Identifier: AGPL-3.0-only */

/* Values with units as people write them: "128MB" (binary: 1 KB is 1,024 bytes), "10ms", "none". */

#ifndef FN0_BASE_UNITS_H
#define FN0_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "tables/limits.h"

/* Reads "0B" … "16TB" (B, KB, MB, GB, TB), or "none" as LIMIT_NONE. ERROR_INVALID_ARGUMENT says what was expected. */
int units_read_bytes(struct slice text, uint64_t *ret_bytes, struct error *error);

/* Reads "250us", "10ms", "15s", "2m", "1h" (with decimals: "1.5s"), or "none". */
int units_read_duration(struct slice text, uint64_t *ret_ns, struct error *error);

/* Reads a whole number, or "none". */
int units_read_count(struct slice text, uint64_t *ret_count, struct error *error);

#define UNITS_TEXT_BYTES 32

/* Writes a value of a limit's unit as people would: "128 MB", "10 ms", "50", "none". Returns `text`. */
char *units_write(enum limit_unit unit, uint64_t value, char text[UNITS_TEXT_BYTES]);

#endif
