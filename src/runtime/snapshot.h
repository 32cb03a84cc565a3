/* SPDX-License-Identifier: AGPL-3.0-only */

/* Takes a snapshot: runs a component's `wizer-initialize` with an input, and writes the component
 * down as it is then (fn0_bridge.h, "Snapshots").
 *
 * The guest may compute for as long as it is told and take as much memory. It cannot wait: its
 * clocks stand still, so nothing that it could wait for would ever come.
 *
 * In the process that compiles only (runtime/compiler.h): it holds the thread until the guest has
 * ended. */

#ifndef FN0_RUNTIME_SNAPSHOT_H
#define FN0_RUNTIME_SNAPSHOT_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"
#include "runtime/engine.h"

struct fn0_bytes;

/* What the engine's pool must have beyond the guest's memory: its state is read through pages of
 * its own. */
#define SNAPSHOT_MEMORY_EXTRA_BYTES (1024 * 1024)

/* What is kept of what the guest writes. */
#define SNAPSHOT_OUTPUT_BYTES_MAX 65536

struct snapshot_options {
    struct slice component;
    int artifact;        /* a file that begins with that of the instrumented component; borrowed */
    struct slice input;  /* the guest's stdin */
    uint64_t cpu_ns_max; /* LIMIT_NONE: none */
    uint64_t memory_bytes_max; /* LIMIT_NONE: none */
};

/* Takes one. Adds what the guest wrote to stdout, also when it fails, to `output`, up to
 * SNAPSHOT_OUTPUT_BYTES_MAX. Errors: ERROR_COMPONENT_…; ERROR_CALL_START_CPU and ERROR_CALL_MEMORY
 * past a limit; ERROR_CALL_TRAP and ERROR_CALL_EXIT with what the guest wrote to stderr, else with
 * its backtrace; ERROR_CALL_START where it waits. The caller ends *ret_wasm with fn0_bytes_fini. */
int snapshot_take(struct engine *engine, const struct snapshot_options *options,
                  const struct clock *clock, struct fn0_bytes *ret_wasm, struct buffer *output,
                  struct error *error);

#endif
