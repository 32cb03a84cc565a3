/* SPDX-License-Identifier: AGPL-3.0-only */

/* Compiles components, and takes snapshots of them, in processes of their own.
 *
 * A compile takes hundreds of megabytes and reads what strangers have written. In a process of its
 * own the memory goes back to the system when it ends, a defect of the compiler or a lack of memory
 * ends no host, and a compile that nobody needs any more can be ended at once. The process is this
 * very program, started with COMPILER_COMMAND, with an engine of the same settings; what it makes
 * is the same as if it were made here.
 *
 * Only the child reads and writes compiled functions that components have in common; what it cannot
 * read or write of them it compiles, or does not keep.
 *
 * The child has the caller's nice value, is the first to go when memory is short, dies with the
 * thread that has started it, and may use COMPILER_CPU_SECONDS_MAX.
 *
 * Threads: compiler_run on one thread; compiler_cancel from any. */

#ifndef FN0_RUNTIME_COMPILER_H
#define FN0_RUNTIME_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/process.h"
#include "base/slice.h"
#include "runtime/engine.h"
#include "runtime/snapshot.h"

/* The first word of the child's command line; not for people. */
#define COMPILER_COMMAND "--compile-component"

/* The largest component known takes 15. */
#define COMPILER_CPU_SECONDS_MAX 600

struct compiler {
    struct process process;
    const char *cache_directory;
    uint64_t cache_bytes_max;
};

/* An artifact or a component, mapped. */
struct compiled {
    struct slice content; /* within the mapping */
    struct slice output;  /* what the guest of a snapshot wrote */
    void *mapping;
    size_t mapping_bytes;
};

/* Readies it. What components have in common is kept in `cache_directory` (of artifacts, which may
 * have `cache_bytes_max` together; outlives it): compiled functions (store/code_cache.h), and
 * artifacts that others can be made of (runtime/relink.h). NULL: nothing is. Returns 0 or an error.
 */
int compiler_init(struct compiler *compiler, const char *cache_directory, uint64_t cache_bytes_max,
                  struct error *error);

/* No compile may run. */
void compiler_fini(struct compiler *compiler);

/* Compiles `component` for an engine with the settings of `engine`, and waits for it: seconds for a
 * large one. ERROR_COMPONENT_… and the reason where it cannot be loaded; ERROR_CLOSED after
 * compiler_cancel; ERROR_INTERNAL when the child crashed; ERROR_SYSTEM, ERROR_OUT_OF_MEMORY. The
 * caller ends *ret_compiled with compiled_fini. */
int compiler_run(struct compiler *compiler, const struct engine *engine, struct slice component,
                 struct compiled *ret_compiled, struct error *error);

/* Compiles what `component` is when it is instrumented for snapshots. As compiler_run. */
int compiler_instrument(struct compiler *compiler, const struct engine *engine,
                        struct slice component, struct compiled *ret_compiled, struct error *error);

/* Takes a snapshot, as snapshot_take does: what was made is the new component. The engine's memory
 * must be SNAPSHOT_MEMORY_EXTRA_BYTES over the guest's. After an error, too, the caller ends
 * *ret_compiled, where `output` may be; errors as of both. */
int compiler_snapshot(struct compiler *compiler, const struct engine *engine,
                      const struct snapshot_options *snapshot, struct compiled *ret_compiled,
                      struct error *error);

/* Ends the compile that runs, if any, and all that begin later. Any thread. */
void compiler_cancel(struct compiler *compiler);

/* Unmaps it. */
void compiled_fini(struct compiled *compiled);

/* What the child does, to be called first thing by a main function whose first argument is
 * COMPILER_COMMAND. Returns the exit status. */
int compiler_main(int count, char **words);

#endif
