/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a guest is told of its client: X-Forwarded-For, X-Forwarded-Proto and X-Request-Id are set
 * by fn0. What a request brings along under these names, and under those beside them (Forwarded,
 * X-Forwarded-*, X-Real-IP), is believed only from the trusted proxies of [net] trusted_proxies;
 * from anybody else it is dropped.
 *
 *     from anybody                     X-Forwarded-For: the connection's address
 *                                      X-Forwarded-Proto: http
 *                                      X-Request-Id: a new one
 *     from a trusted proxy             X-Forwarded-For: what it said, then its own address
 *                                      X-Forwarded-Proto: the first one it said, else http
 *                                      X-Request-Id: what it said, where valid
 *
 * A guest cannot check who said what; so whoever puts a proxy before fn0 has to name it, and one
 * that is named must not pass on what strangers say under these names.
 *
 * Threads: the worker's; struct trusted_proxies is frozen after init and may be read by any. */

#ifndef FN0_GATEWAY_FORWARDED_H
#define FN0_GATEWAY_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/identifier.h"
#include "base/random.h"
#include "http/server.h"
#include "io/address.h"

#define REQUEST_ID_BYTES_MAX 128 /* what request_id_valid lets pass (base/identifier.h) */

/* Who is believed; frozen after init. */
struct trusted_proxies {
    struct address_prefix *items;
    size_t count;
};

/* Reads the prefixes of the configuration. Returns 0, ERROR_CONFIGURATION (which one is wrong) or
 * ERROR_OUT_OF_MEMORY. The caller ends it with trusted_proxies_fini. */
int trusted_proxies_init(struct trusted_proxies *proxies, const struct texts *texts,
                         struct error *error);

/* Frees what init made. */
void trusted_proxies_fini(struct trusted_proxies *proxies);

/* Whether what this peer says of others is believed. */
bool trusted_proxies_contain(const struct trusted_proxies *proxies, const struct address *peer);

/* The request's id: the trusted proxy's, where there is one and it is valid, else a new one. Lies
 * in `memory`. */
struct slice request_id_of(const struct http_request *request, bool trusted, struct random *random,
                           char memory[REQUEST_ID_BYTES_MAX]);

/* What a guest is told. */
struct forwarded {
    const struct field *fields; /* the guest's */
    size_t field_count;
    bool https;
};

/* Makes the fields that the guest sees, in the request's arena; they borrow `request_id`. A body
 * of known length is announced as content-length: it is framing to the server, but the guest may
 * want to know it before it reads (RFC 9110, 8.6). Returns 0 or ERROR_OUT_OF_MEMORY. */
int forwarded_make(const struct http_request *request, bool trusted, struct slice request_id,
                   struct forwarded *ret_forwarded);

#endif
