/* SPDX-License-Identifier: AGPL-3.0-only */

/* The way of a request on a worker: from the HTTP server's exchange to the function found by host name, and its answer back. Also makes fn0's own answers. Worker's thread. */

#ifndef FN0_GATEWAY_GATEWAY_H
#define FN0_GATEWAY_GATEWAY_H

#include <stdbool.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "http/server.h"
#include "runtime/directory.h"
#include "runtime/executor.h"

struct gateway;

struct gateway_options {
    struct loop *loop;
    struct directory *directory;
    struct executor *executor;
    const struct host_configuration *configuration;
    const char *only_function; /* every request goes to it; NULL: by the first label of the host name */
    struct random *random;     /* for request ids */
    struct log *log;
};

/* All in the options is borrowed and outlives it. The caller destroys *ret_gateway when no exchange is left. */
int gateway_create(const struct gateway_options *options, struct gateway **ret_gateway, struct error *error);

/* NULL is fine. */
void gateway_destroy(struct gateway *gateway);

/* What the HTTP server is given. */
struct http_handler gateway_handler(struct gateway *gateway);

#endif
