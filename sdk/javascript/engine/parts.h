/* SPDX-License-Identifier: Apache-2.0 */

/* Parts of the library that most functions never touch. Each lies here as compressed bytecode, a
 * tenth of what it would take evaluated, until somebody needs it: a script that is built and names
 * one of its words gets it before it is evaluated, for all of its instances; one that reaches it
 * otherwise (globalThis["In" + "tl"]) has it evaluated then.
 *
 * library/part.js is who asks. One thread. */

#ifndef FN0_JAVASCRIPT_PARTS_H
#define FN0_JAVASCRIPT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "header_list.h"

/* Compresses bytecode into `out`. Returns how many bytes it took; 0: there is not enough room. */
size_t parts_compress(const uint8_t *bytecode, size_t bytes, uint8_t *out, size_t room);

/* Adds a part. All is copied; `words` are separated by single spaces. `compressed` becomes
 * `bytecode_bytes` bytes of a script's bytecode. False: no memory. */
bool parts_add(struct engine *engine, struct text name, struct text words, struct text compressed,
               size_t bytecode_bytes);

/* Has the library load each part of which `source` contains a word. Returns 0, or -1 with an
 * exception. */
int parts_load_named(struct engine *engine, struct text source);

/* Frees those that nobody has loaded. */
void parts_destroy(struct engine *engine);

/* Puts loadPart on `native`: it evaluates a part's script, once, and returns what that is. Returns
 * 0 or -1. */
int parts_register(JSContext *context, JSValueConst native);

#endif
