/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a request for an asset is answered: status, fields, and which part of the file (RFC 9110).
 *
 *     200, 206   the file, or the one range of it that was asked for
 *     304        the client has it (If-None-Match, else If-Modified-Since)
 *     412        it is not what the client means (If-Match, else If-Unmodified-Since)
 *     416        it has no such range
 *
 * Several ranges are answered with the whole file, which RFC 9110, 14.2 allows: nobody but clients
 * of documents asks for them, and they make little files large.
 *
 * The validator is a hash of inode, size, time of modification and time of change of the file that
 * is sent (of a compressed one beside it, that one's). It changes whenever content does, though
 * mtime is set back (reproducible builds, `cp -p`), and sometimes when it does not (a copy on
 * another host): a strong validator that may only ever cost a transfer. A hash of the content would
 * have to be read before the first byte of a gigabyte is sent. A file that was changed so shortly
 * before that its next change could have the same times has no validator yet.
 *
 * Pure; any thread; nothing is allocated. */

#ifndef FN0_ASSETS_ASSET_ANSWER_H
#define FN0_ASSETS_ASSET_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assets/content_coding.h"
#include "base/slice.h"
#include "http/date.h"
#include "http/server.h"
#include "store/code_file.h"

/* The kernel stamps files with the time of its last tick, 10 ms at the longest; the rest is for
 * clocks of other machines. */
#define ASSET_FRESH_NS (100 * NANOSECONDS_PER_MILLISECOND)

#define ASSET_ETAG_BYTES 35 /* 32 digits, quotes, a zero */
#define ASSET_CONTENT_RANGE_BYTES 80

/* Content-Type, Content-Encoding, Vary, Cache-Control, ETag, Last-Modified, Accept-Ranges,
 * Content-Range, X-Content-Type-Options; and what the caller adds. */
#define ASSET_FIELDS_MAX 12

/* What is asked for. */
struct asset_facts {
    struct file_stamp stamp; /* of the file that is sent */
    const char *type;        /* Content-Type */
    enum content_coding coding;
    bool immutable; /* the content under this name never changes */
};

/* Its fields point into it: not to be copied or moved. */
struct asset_answer {
    uint32_t status;
    uint64_t first; /* where what is sent begins in the file … */
    uint64_t bytes; /* … and how much that is; 0 with 304, 412 and 416 */
    struct field fields[ASSET_FIELDS_MAX];
    size_t field_count;
    char etag[ASSET_ETAG_BYTES];
    char modified[HTTP_DATE_BYTES + 1];
    char content_range[ASSET_CONTENT_RANGE_BYTES];
};

/* Makes the answer to a GET or HEAD. `now_ns` is since 1970. */
void asset_answer_make(struct asset_answer *answer, const struct http_request *request,
                       const struct asset_facts *facts, uint64_t now_ns);

#endif
