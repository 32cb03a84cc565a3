/* SPDX-License-Identifier: AGPL-3.0-only */

/* Which codings of a file a client takes (RFC 9110, 12.5.3): what Accept-Encoding says, by weight,
 * and by what is smallest where weights are equal.
 *
 * Pure; any thread; nothing is allocated. */

#ifndef FN0_ASSETS_CONTENT_CODING_H
#define FN0_ASSETS_CONTENT_CODING_H

#include <stddef.h>

#include "base/slice.h"

/* X(name, token, ending): the value of Content-Encoding, and what stands behind the name of a file
 * that was compressed so. The best one first. */
#define CONTENT_CODING_TABLE(X)            \
    X(CONTENT_CODING_BROTLI, "br", ".br")  \
    X(CONTENT_CODING_ZSTD, "zstd", ".zst") \
    X(CONTENT_CODING_GZIP, "gzip", ".gz")

enum content_coding {
#define CONTENT_CODING_ROW(name, token, ending) name,
    CONTENT_CODING_TABLE(CONTENT_CODING_ROW)
#undef CONTENT_CODING_ROW
        CONTENT_CODING_COUNT,
    CONTENT_CODING_IDENTITY = CONTENT_CODING_COUNT, /* as it is */
};

/* The codings that a client would rather have than none, the best first. */
struct content_codings {
    enum content_coding items[CONTENT_CODING_COUNT];
    size_t count;
};

/* Reads Accept-Encoding, which may be there several times. Without it there are none; what cannot
 * be understood is passed over. */
struct content_codings content_codings_read(const struct field *fields, size_t count);

/* "br"; not of IDENTITY. Static. */
struct slice content_coding_token(enum content_coding coding);

/* ".br"; not of IDENTITY. Static. */
const char *content_coding_ending(enum content_coding coding);

#endif
