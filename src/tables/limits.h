/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every limit of a function, once.
 *
 * X(name, key, unit, cloud, least, error, what)
 *   name   LIMIT_… in code, an index into struct limits
 *   key    under [limits] and [limits.max] of a configuration
 *   unit   BYTES, NANOSECONDS or COUNT: how the value is written ("128MB", "10ms", 50) and kept
 *   cloud  the default of the cloud profile, in that unit; LIMIT_NONE: unlimited
 *   least  what may be asked for at least: with less no call could ever succeed
 *   error  what passing it is
 *   what   one line for people */

#ifndef FN0_TABLES_LIMITS_H
#define FN0_TABLES_LIMITS_H

#include <stdint.h>

#include "tables/errors.h"

/* Unlimited. Larger than any value, so that `used > limit` needs no case of its own. */
#define LIMIT_NONE UINT64_MAX

/* Memory comes in pages of this size. */
#define LIMIT_PAGE_BYTES 65536

/* ROW(X, name, key, …): for tables that are made from this one. */
#define LIMIT_TABLE_WITH(ROW, X)                                                                  \
    ROW(X, LIMIT_REQUEST_HEADER, "request_header", BYTES, 131072, 256, ERROR_REQUEST_HEADER_SIZE, \
        "bytes of a request's line and header fields, as on the wire")                            \
    ROW(X, LIMIT_REQUEST_BODY, "request_body", BYTES, 104857600, 0, ERROR_REQUEST_BODY_SIZE,      \
        "bytes of a request's body")                                                              \
    ROW(X, LIMIT_RESPONSE_HEADER, "response_header", BYTES, 131072, 256,                          \
        ERROR_RESPONSE_HEADER_SIZE, "bytes of a response's head, as sent")                        \
    ROW(X, LIMIT_RESPONSE_BODY, "response_body", BYTES, LIMIT_NONE, 0, ERROR_RESPONSE_BODY_SIZE,  \
        "bytes of a response's body")                                                             \
    ROW(X, LIMIT_MEMORY, "memory", BYTES, 134217728, LIMIT_PAGE_BYTES, ERROR_CALL_MEMORY,         \
        "all linear memories of an instance together")                                            \
    ROW(X, LIMIT_CPU, "cpu", NANOSECONDS, 10000000, 1000, ERROR_CALL_CPU,                         \
        "CPU time (not wall time) of one call")                                                   \
    ROW(X, LIMIT_DURATION, "duration", NANOSECONDS, 15000000000, 1000, ERROR_CALL_DURATION,       \
        "wall time from entering the handler to the end of the call")                             \
    ROW(X, LIMIT_OUTGOING_REQUESTS, "outgoing_requests", COUNT, 50, 0, ERROR_OUTGOING_DENIED,     \
        "outgoing requests of one call")                                                          \
    ROW(X, LIMIT_START_CPU, "start_cpu", NANOSECONDS, 1000000000, 1000, ERROR_CALL_START_CPU,     \
        "CPU time of an instance before its handler is first entered")

/* The table as X(name, key, …). */
#define LIMIT_ROW_ALONE(X, ...) X(__VA_ARGS__)
#define LIMIT_TABLE(X) LIMIT_TABLE_WITH(LIMIT_ROW_ALONE, X)

/* The rows' places in struct limits. */
enum limit {
#define LIMIT_ROW(name, key, unit, cloud, least, error, what) name,
    LIMIT_TABLE(LIMIT_ROW)
#undef LIMIT_ROW
        LIMIT_COUNT
};

/* How values are written and kept (base/units.h). */
enum limit_unit { LIMIT_UNIT_BYTES, LIMIT_UNIT_NANOSECONDS, LIMIT_UNIT_COUNT };

/* A value for each limit, by enum limit, in its unit; LIMIT_NONE is unlimited. */
struct limits {
    uint64_t value[LIMIT_COUNT];
};

/* One row. The strings are static. */
struct limit_info {
    const char *key;
    enum limit_unit unit;
    uint64_t cloud;
    int error;
    const char *what;
};

/* The row of a limit; NULL past the end. Any thread. */
const struct limit_info *limit_info(enum limit limit);

/* Sets all to the cloud profile's values. */
void limits_set_cloud(struct limits *limits);

/* Sets all to LIMIT_NONE. */
void limits_set_none(struct limits *limits);

#endif
