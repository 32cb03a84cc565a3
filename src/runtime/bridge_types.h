/* SPDX-License-Identifier: AGPL-3.0-only */

/* Between the bridge's types and base's, which are the same in memory; and the bridge's errors as
 * those of a call.
 *
 * Nothing is copied and nothing owned: what comes out points at the bytes that went in, and is good
 * as long as they are. What the bridge hands over with a poll is good until the next poll of the
 * same call or its end. Any thread. */

#ifndef FN0_RUNTIME_BRIDGE_TYPES_H
#define FN0_RUNTIME_BRIDGE_TYPES_H

#include <stddef.h>

#include "base/slice.h"
#include "fn0_bridge.h"
#include "tables/errors.h"

_Static_assert(sizeof(struct slice) == sizeof(struct fn0_slice), "slices are the same");
_Static_assert(offsetof(struct slice, bytes) == offsetof(struct fn0_slice, bytes),
               "slices are the same");
_Static_assert(sizeof(struct field) == sizeof(struct fn0_field), "fields are the same");
_Static_assert(offsetof(struct field, value) == offsetof(struct fn0_field, value),
               "fields are the same");

/* The bridge's view of a slice; the same bytes. */
static inline struct fn0_slice slice_to_bridge(struct slice slice)
{
    return (struct fn0_slice){.data = slice.data, .bytes = slice.bytes};
}

/* Our view of the bridge's slice; the same bytes. */
static inline struct slice slice_from_bridge(struct fn0_slice slice)
{
    return (struct slice){.data = slice.data, .bytes = slice.bytes};
}

/* The bridge's view of fields; the same memory. */
static inline const struct fn0_field *fields_to_bridge(const struct field *fields)
{
    return (const struct fn0_field *)fields;
}

/* Our view of the bridge's fields; the same memory. */
static inline const struct field *fields_from_bridge(const struct fn0_field *fields)
{
    return (const struct field *)fields;
}

/* The error (ERROR_…) of a call that the bridge ended with `code` (enum fn0_error_code). All that
 * is no guest's doing, a panic above all, is ERROR_INTERNAL. */
static inline int call_error_from_bridge(int32_t code)
{
    switch (code) {
    case FN0_ERROR_TRAP:
        return ERROR_CALL_TRAP;
    case FN0_ERROR_EXIT:
        return ERROR_CALL_EXIT;
    case FN0_ERROR_POOL_FULL:
        return ERROR_POOL_FULL;
    case FN0_ERROR_OUT_OF_MEMORY:
        return ERROR_OUT_OF_MEMORY;
    case FN0_ERROR_SYSTEM:
        return ERROR_SYSTEM;
    default:
        return ERROR_INTERNAL;
    }
}

#endif
