/* SPDX-License-Identifier: AGPL-3.0-only */

/* Drives guests through the bridge's C interface in a test: one engine, and calls that are polled
 * to their end while what they produce is gathered. Everything here ends the test where the bridge
 * does not do as its header says. One thread. */

#ifndef TESTS_BRIDGE_DRIVER_H
#define TESTS_BRIDGE_DRIVER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <signal.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>

#include "fn0_bridge.h"

/* Bytes that grow. */
struct text {
    char *data; /* terminated */
    size_t bytes;
};

/* The end of a poll loop: everything that the call has produced up to then. */
struct answer {
    enum fn0_poll poll;
    struct fn0_error error; /* FN0_POLL_FAILED */
    uint32_t heads;         /* how many RESPONSE_HEAD there were */
    uint32_t status;
    struct text error_code; /* of a head with status 0 */
    struct text fields;     /* "name: value\n" each */
    struct text body;
    struct text trailers;
    uint32_t ends;
    uint32_t cuts;
    uint32_t wanted;
    uint32_t held;
    uint32_t pieces; /* of the body */
    uint64_t consumed;
    struct text out;
    struct text err;
    uint32_t polls;
    uint32_t yields;
};

/* An outgoing request that a call made. */
struct outgoing {
    uint64_t id;
    struct text head; /* "METHOD scheme://authority/path\n" and the fields */
    bool has_body;
    uint64_t body_bytes;
    uint64_t timeouts_ns[3];
    struct text body;
    struct text trailers;
    uint32_t ends;
    uint32_t cuts;
    uint32_t drops;
    uint64_t consumed;
};

struct driver {
    struct fn0_engine *engine;
    struct fn0_component *component;
    struct fn0_instance *instance;
    struct fn0_call *call;
    uint32_t wakes; /* so many came since the last poll; written by timers, too */
    struct sigaction trap_handlers[4]; /* the engine's */
    pthread_t ticker;
    bool ticking;
    uint64_t memory_bytes_max;
    size_t window_bytes; /* of each call; the driver gives back what was written, unless `stingy` */
    bool stingy;
    struct answer answer;
    struct outgoing outgoing[8];
    uint32_t outgoing_count;
};

/* The values that tests run with; some change a few. */
struct fn0_engine_options driver_engine_options(void);

/* Makes the engine. */
void driver_init(struct driver *driver, const struct fn0_engine_options *options);

/* Ends whatever there still is. */
void driver_fini(struct driver *driver);

/* Reads a guest below the folder in FN0_GUESTS. The caller frees it. */
struct text driver_guest(const char *name);

/* Compiles and loads a component. */
void driver_load(struct driver *driver, const char *guest);
void driver_load_wasm(struct driver *driver, struct fn0_slice wasm);

/* Has the engine get guests' traps again, in a test that starts no instance. */
void driver_take_signals_back(const struct driver *driver);

/* Makes a fresh instance and runs its start-up; without *error it must succeed. */
enum fn0_poll driver_start(struct driver *driver, struct fn0_error *error);

/* Ends the instance, its call first. */
void driver_stop(struct driver *driver);

/* Ticks each millisecond, from a thread, until driver_ticks_end. */
void driver_ticks_begin(struct driver *driver);
void driver_ticks_end(struct driver *driver);

/* Begins a call: a GET without a body, or `request` as it is. */
void driver_call(struct driver *driver, const char *path);
void driver_call_with(struct driver *driver, const struct fn0_request *request);

/* One poll; what it produced is added to `answer` and `outgoing`. */
enum fn0_poll driver_poll(struct driver *driver);

/* Polls until the call is over or waits with no wake to come within `patience_ms`. */
enum fn0_poll driver_run(struct driver *driver, int patience_ms);

/* Ends the call and forgets its answer. Answers what fn0_call_destroy did. */
bool driver_end(struct driver *driver);

/* A GET to its end on the instance: its status must be 200 and its answer whole. The answer stays
 * until the next call. */
const struct answer *driver_get(struct driver *driver, const char *path);

/* Sends a piece of the request's body. */
void driver_give(struct driver *driver, const char *data, size_t bytes);

struct fn0_slice slice(const char *text);
struct fn0_field field(const char *name, const char *value);

#endif
