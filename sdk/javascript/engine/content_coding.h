/* SPDX-License-Identifier: Apache-2.0 */

/* The Content-Encoding of an answer to an outgoing request (RFC 9110, 8.4; Fetch: "handle content
 * codings"): gzip and deflate, and up to five of them on top of one another. What has another
 * coding beside is left as it came, as the Fetch standard says.
 *
 * A script sees the content, so the fields of the encoded bytes, Content-Encoding and
 * Content-Length, are taken off the header list; they are kept here for an answer that is passed on
 * to the client without being read, and so without being decoded.
 *
 * Decoding gives a piece at a time, whatever the bytes would become: that is the back-pressure. One
 * thread. */

#ifndef FN0_JAVASCRIPT_CONTENT_CODING_H
#define FN0_JAVASCRIPT_CONTENT_CODING_H

#include <stdbool.h>
#include <stddef.h>

#include "header_list.h"
#include "host.h"

struct content_coding;

/* Takes the fields off the list where what they tell can be decoded; *ret_coding is NULL where
 * there is nothing to decode. False: no memory. */
bool content_coding_take(struct header_list *headers, struct content_coding **ret_coding);

/* NULL is fine. */
void content_coding_destroy(struct content_coding *coding);

/* Hands over encoded bytes (malloc). Only after content_coding_read has said HOST_WAIT. */
void content_coding_give(struct content_coding *coding, struct host_bytes encoded);

/* Up to `bytes_max` of the content (malloc). HOST_WAIT: more encoded bytes are needed, if there are
 * any. HOST_FAILED: they are malformed, or no memory. */
enum host_result content_coding_read(struct content_coding *coding, size_t bytes_max,
                                     struct host_bytes *ret_content);

/* Whether the encoded bytes may end here: at their own end, or when there were none at all. */
bool content_coding_is_whole(const struct content_coding *coding);

/* Whether a client with these headers takes all that it is coded with (Accept-Encoding). */
bool content_coding_is_accepted(const struct content_coding *coding,
                                const struct header_list *request);

#define CONTENT_CODING_FIELDS_MAX 2

/* The fields that were taken off the list, borrowed. Returns how many. */
size_t content_coding_fields(const struct content_coding *coding,
                             struct host_field fields[CONTENT_CODING_FIELDS_MAX]);

#endif
