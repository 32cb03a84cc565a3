/* SPDX-License-Identifier: AGPL-3.0-only */

/* What HTTP says about single fields: what a target or a host may be, and which fields mean
 * something to this hop rather than to the two ends. Names and values: base/field_syntax.h.
 *
 * Pure functions of their arguments; any thread; nothing is allocated. */

#ifndef FN0_HTTP_FIELD_H
#define FN0_HTTP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Options of Connection that are looked at, `close` and `keep-alive` included. A message with more
 * is refused: each option costs a look at each field. */
#define HTTP_CONNECTION_OPTIONS_MAX 32

/* What a field means to this hop. */
enum http_field_kind {
    HTTP_FIELD_END_TO_END, /* nothing: passed on */
    HTTP_FIELD_HOST,
    HTTP_FIELD_CONNECTION,
    HTTP_FIELD_CONTENT_LENGTH,
    HTTP_FIELD_TRANSFER_ENCODING,
    HTTP_FIELD_EXPECT,
    HTTP_FIELD_DATE,       /* passed on, but an answer without one gets one */
    HTTP_FIELD_HOP_BY_HOP, /* for this hop only (RFC 9110, 7.6.1): never passed on */
};

/* What `name`, in any case, is. */
enum http_field_kind http_field_kind(struct slice name);

/* Whether all bytes may stand in a path with its query as clients send it: visible ASCII without
 * '#'. Wider than RFC 3986 by what browsers leave unescaped ('|', '{', '"', …). */
bool http_path_valid(struct slice path);

/* Whether it is the authority of an http URI (RFC 9110, 4.2.1; RFC 3986, 3.2): a name, an IPv4 or a
 * bracketed IPv6 address, and perhaps a port up to 65535. Not empty, without user information. */
bool http_authority_valid(struct slice authority);

/* Reads a Content-Length (RFC 9110, 8.6): digits only. False where it is not one, or is past
 * 2^63 - 1. */
bool http_length_read(struct slice text, uint64_t *ret_bytes);

/* What the Connection fields of a message say. Begins as all zeros. The slices are borrowed. */
struct http_connection_options {
    bool close;
    bool keep_alive;
    size_t count; /* of `names`: options that are neither of the two */
    struct slice names[HTTP_CONNECTION_OPTIONS_MAX];
};

/* Adds the options of one Connection field. False when there are too many of them, or one is no
 * token. */
bool http_connection_options_add(struct http_connection_options *options, struct slice value);

/* Whether Connection names this field, in any case: it is for this hop only then. */
bool http_connection_options_has(const struct http_connection_options *options, struct slice name);

#endif
