/* SPDX-License-Identifier: Apache-2.0 */

/* What is evaluated before the snapshot is taken. It comes in one piece:
 *
 *     fn0-javascript 1 STAGE NAME_BYTES SOURCE_BYTES MAP_BYTES\n
 *
 * and behind the line name, source and source map, right behind one another, all UTF-8. STAGE is
 *
 *     library   a classic script that completes the Web APIs and fills fn0Native.hooks, once,
 * first; and behind it parts of the library (parts.h), each a script that follows a line
 *               "//# part NAME WORD WORD..."
 *     script    the author's module, bundled, whose default export handles requests
 *     module    one without a handler, which may go on awaiting: tests' */

#ifndef FN0_JAVASCRIPT_STAGES_H
#define FN0_JAVASCRIPT_STAGES_H

#include "engine.h"
#include "host.h"

/* How much memory an input of so many bytes must lie in: room for bytecode behind it. */
static inline size_t stages_memory_bytes(size_t input_bytes)
{
    return input_bytes * 3 + 1;
}

/* Does what `input` (borrowed) says, and writes to its memory. False: *ret_error says why, for
 * people (malloc). */
bool stages_run(struct engine *engine, struct host_bytes input, char **ret_error);

#endif
