/* SPDX-License-Identifier: AGPL-3.0-only */

/* The way of a request on a worker: from the HTTP server's exchange to the function that its host
 * name names, and the function's answer back. Also where fn0's own answers are made.
 *
 * Routing: with `only_function` every request is that function's. Otherwise the first label of the
 * host name is its name (gateway/route.h); none or an unknown one is answered 404.
 *
 * A GET or HEAD of a function with [assets] is answered with the file that it names, where there is
 * one (assets/assets.h); no call is run, and of the function's limits only request_header counts.
 *
 * Before a call begins the head is held to the function's limits (request_header: 431,
 * request_body by Content-Length: 413); the rest is the relay's (gateway/relay.h). Every request
 * gets an id, which the guest, the client and the logs see alike (gateway/forwarded.h).
 *
 * One a worker; worker's thread. */

#ifndef FN0_GATEWAY_GATEWAY_H
#define FN0_GATEWAY_GATEWAY_H

#include <stdbool.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "gateway/access.h"
#include "gateway/notice.h"
#include "http/server.h"
#include "runtime/directory.h"
#include "runtime/executor.h"

struct gateway;

struct gateway_options {
    struct loop *loop;
    struct directory *directory;
    struct executor *executor;
    const struct host_configuration *configuration;
    const char *only_function; /* every request goes to it; NULL: by the host name's first label */
    struct random *random;     /* for request ids */
    struct log *log;
    const struct access_sink *access; /* told each exchange; NULL: nobody */
    const struct notice *notice;      /* instead of a function that is not to be had; NULL: none */
    bool assets_never_cached;         /* for tests: see struct assets_options */
};

/* All in the options is borrowed and outlives it; watches the directory. Returns 0,
 * ERROR_CONFIGURATION (a trusted proxy that is no prefix) or ERROR_OUT_OF_MEMORY. The caller
 * destroys *ret_gateway when no exchange and no call is left, not from within a callback. */
int gateway_create(const struct gateway_options *options, struct gateway **ret_gateway,
                   struct error *error);

/* NULL is fine. */
void gateway_destroy(struct gateway *gateway);

/* What the HTTP server is given; valid until the gateway is destroyed. */
struct http_handler gateway_handler(struct gateway *gateway);

#endif
