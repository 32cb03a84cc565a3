/* SPDX-License-Identifier: AGPL-3.0-only */

/* A host's life, and the one place that wires the rooms together: sockets, engine, artifact cache,
 * workers, code provider, catalog, signals.
 *
 * Life: create (everything is made, nothing runs) → run (blocks until it has left) → destroy. While
 * it runs it is in one of the states of server.c's table:
 *
 *     starting ─▶ serving ─▶ announcing ─▶ stopping ─▶ finishing ─▶ leaving ─▶ left
 *         └───────────┴──────────── a failure ─────────────────────────▶┘
 *
 * With one component it listens when that component is ready, and gives up where it is broken (see
 * `notice`); with
 * a folder it listens when every function's name is known, however many are still compiled or
 * broken. When all workers accept connections, one line says so on `ready_fd`.
 *
 * The first SIGTERM or SIGINT begins the drain: what waits in the backlog is still accepted, then
 * nothing more; running calls end, or are cut after drain_time. The second ends the process at once
 * with 128 and the signal's number.
 *
 * Main thread only; one a process, because signals are the process's. */

#ifndef FN0_SERVER_SERVER_H
#define FN0_SERVER_SERVER_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "gateway/access.h"
#include "gateway/notice.h"

struct server;

struct server_options {
    const struct host_configuration *configuration;
    const struct clock *clock;
    struct random *random; /* seeds the workers' */
    struct log *log;
    int ready_fd;                 /* for the one line that says where it listens; -1: nowhere */
    void (*ready)(void *context); /* told when that line is written, or would be; NULL: nobody */
    void *ready_context;
    const char
        *certificates; /* that outgoing requests trust: a file or a folder; NULL: the system's */
    const struct access_sink *access; /* told each request, by all workers; NULL: nobody */
    /* What is answered as long as the one component is missing or broken: then the host listens all
     * the same. NULL: it gives up. Asked by all workers. */
    const struct notice *notice;
};

/* Makes a host: its ports are bound when this returns. All in the options is borrowed and outlives
 * it. Returns 0 or an error whose message names what is wrong: ERROR_ADDRESS_IN_USE,
 * ERROR_NOT_FOUND (component or folder), ERROR_CONFIGURATION, ERROR_SYSTEM, … The caller destroys
 * *ret_server. */
int server_create(const struct server_options *options, struct server **ret_server,
                  struct error *error);

/* Begins the drain as the first signal does, once it serves; does nothing where that has begun. Any
 * thread, as long as it lives. */
void server_end(struct server *server);

/* The first signal that it was sent, or 0. When server_run has returned. */
int server_signal(const struct server *server);

/* Serves until a signal or server_end has ended it (0), or until it cannot go on (an error). */
int server_run(struct server *server, struct error *error);

/* Whether a compile still runs that nobody waits for. Then nothing can be freed, and the process
 * should end by _exit. */
bool server_abandoned(const struct server *server);

/* Frees it. Must not be abandoned. NULL is fine. */
void server_destroy(struct server *server);

#endif
