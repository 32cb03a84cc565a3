/* SPDX-License-Identifier: AGPL-3.0-only */

/* The outgoing HTTP requests of calls: from the bridge's events to the worker's HTTP clients and
 * back.
 *
 * What is decided here: how many a call may make, which hosts its function may call, and which
 * client sends them, since connections are never shared between accounts. A client is made when an
 * account first needs it and closed when nothing used it for a while. The check of addresses
 * and the timeouts are the client's (io/client.h); the names of errors are wasi:http's.
 *
 * Life: struct outgoing_clients is one a worker; struct outgoing_group is embedded in a call.
 * Worker's thread. */

#ifndef FN0_RUNTIME_OUTGOING_H
#define FN0_RUNTIME_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/list.h"
#include "io/client.h"
#include "io/loop.h"
#include "runtime/version.h"

struct fn0_call;
struct fn0_event;
struct outgoing_clients;

/* The requests of one call. */
struct outgoing_group {
    struct outgoing_clients *clients;
    const struct version *version; /* of the call; borrowed */
    struct fn0_call *bridge;       /* the call, which is told the answers; borrowed */
    struct list requests;
    uint64_t made; /* since the call began, refused ones too */
};

/* `loop` and `configuration` are borrowed and outlive it, and so are `certificates`: what is
 * trusted instead of the system's store (NULL), as io/client.h has it. ERROR_CONFIGURATION when an
 * address in `[outbound] allow` is none. The caller closes *ret_clients. */
int outgoing_clients_create(struct loop *loop, const struct host_configuration *configuration,
                            const char *certificates, struct outgoing_clients **ret_clients,
                            struct error *error);

/* No group may have requests. `closed` is called from the loop, or from within when there is
 * nothing to close, as the last thing. */
void outgoing_clients_close(struct outgoing_clients *clients, void (*closed)(void *context),
                            void *context);

/* How many clients there are: for tests. */
size_t outgoing_clients_count(const struct outgoing_clients *clients);

/* Begins with none. */
void outgoing_group_init(struct outgoing_group *group, struct outgoing_clients *clients,
                         const struct version *version, struct fn0_call *bridge);

/* Does what an FN0_EVENT_OUTGOING_… asks for. */
void outgoing_group_event(struct outgoing_group *group, const struct fn0_event *event);

/* Cancels what has not ended; the call is over. */
void outgoing_group_cancel(struct outgoing_group *group);

/* Whether a function with this configuration may call `authority` ("host" or "host:port"): any
 * where it names no hosts. An entry with a port allows that port alone. */
bool outgoing_host_allowed(const struct function_configuration *configuration,
                           struct slice authority);

/* Whether `authority` is a host with an optional port and nothing else, so that what is checked
 * here is what the client connects to. */
bool outgoing_authority_valid(struct slice authority);

#endif
