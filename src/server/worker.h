/* SPDX-License-Identifier: AGPL-3.0-only */

/* A worker: one thread with one loop, and on it everything that a request needs: an HTTP server, a
 * gateway, the directory of functions, an executor and the functions' log.
 *
 * Life: create → start → listen → drain → close → destroy. Each step but the first and the last is
 * a message to the worker's thread; what comes of it is told by the events, on the control loop. A
 * worker that was never started may be closed and destroyed as well.
 *
 * All functions here belong to the control loop's thread. */

#ifndef FN0_SERVER_WORKER_H
#define FN0_SERVER_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "gateway/access.h"
#include "gateway/notice.h"
#include "http/client_counts.h"
#include "io/loop.h"
#include "runtime/budget.h"
#include "runtime/directory.h"
#include "runtime/engine.h"
#include "server/capacity.h"

struct worker;

/* Told on the control loop. */
struct worker_events {
    /* All sockets listen, or `error` (not NULL) says why not. */
    void (*listening)(void *context, struct worker *worker, const struct error *error);
    /* No connection and no call is left. */
    void (*drained)(void *context, struct worker *worker);
    /* The thread has ended: it may be destroyed. `error` is NULL, or why it ended on its own. */
    void (*ended)(void *context, struct worker *worker, const struct error *error);
};

/* What a worker is made of. */
struct worker_options {
    unsigned index; /* from 0; names the thread */
    const struct host_configuration *configuration;
    const struct capacity *capacity;
    const char *only_function; /* as gateway's */
    uint64_t random_seed;
    struct loop *control;
    struct engine *engine;
    struct budget *budget;
    struct client_counts *clients; /* of all workers */
    const char *certificates;      /* as the executor's */
    struct log *log;
    const struct access_sink *access; /* as gateway's, and the next */
    const struct notice *notice;
    const struct worker_events *events;
    void *context;
};

/* Makes a worker without its thread. All in the options is borrowed and outlives it. The caller
 * destroys *ret_worker. */
int worker_create(const struct worker_options *options, struct worker **ret_worker,
                  struct error *error);

/* Frees it; its thread has ended, or was never started. NULL is fine. */
void worker_destroy(struct worker *worker);

/* Its table of functions, for the catalog. */
struct directory *worker_directory(const struct worker *worker);

/* Starts the thread. Once. Returns 0, or ERROR_SYSTEM where there can be no more threads: it may be
 * closed and destroyed then. */
int worker_start(struct worker *worker, struct error *error);

/* Listens on bound sockets, which it takes over; `sockets` is copied. Once. */
int worker_listen(struct worker *worker, const int *sockets, size_t count, struct error *error);

/* Accepts what waits, then nothing more; `drained` is told when the last connection and call are
 * over. Once. */
void worker_drain(struct worker *worker);

/* Cuts what is left and ends the thread; `ended` is told. Once; also while it drains. */
void worker_close(struct worker *worker);

#endif
