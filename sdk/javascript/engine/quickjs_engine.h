/* SPDX-License-Identifier: Apache-2.0 */

/* QuickJS-ng as one translation unit, with the little beyond its public interface that the engine
 * needs. */

#ifndef FN0_JAVASCRIPT_QUICKJS_ENGINE_H
#define FN0_JAVASCRIPT_QUICKJS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

/* Seeds Math.random; 0 is taken as another number. */
void quickjs_seed_random(JSContext *context, uint64_t seed);

/* Objects that collections pass by. Embedded where it stays as long as the runtime. */
struct quickjs_kept {
    void *links[2]; /* QuickJS's own list */
};

/* Nothing is kept yet. */
void quickjs_kept_init(struct quickjs_kept *kept);

/* Collects, then takes all objects that are there out of later collections, which so cost what is
 * new only, and write to no page of what is old. What old objects refer to stays; they themselves
 * still go when their count falls to zero, but an old object that becomes part of a garbage cycle
 * is never freed. May be called again, when more has become old. */
void quickjs_keep(JSRuntime *runtime, struct quickjs_kept *kept);

/* Undoes quickjs_keep, as JS_FreeRuntime needs it. */
void quickjs_unkeep(JSRuntime *runtime, struct quickjs_kept *kept);

/* Has the next collection come when `growth` more bytes are in use than now, unless that is already
 * set since the last one. Called after each call. `threshold` is the caller's memory of it, 0 at
 * first. */
void quickjs_collect_after(JSRuntime *runtime, size_t growth, size_t *threshold);

/* From now on shapes (which properties an object has, in which order) that were made twice stay
 * when the last object that has one goes: the next call's objects find theirs instead of making
 * them. Takes the runtime's opaque value. False: no memory. */
bool quickjs_remember_shapes(JSRuntime *runtime);

/* Lets them go, as JS_FreeRuntime needs it. Fine where none are remembered. */
void quickjs_forget_shapes(JSRuntime *runtime);

/* Puts faster functions in the place of some of QuickJS's own, before any script runs: for the
 * common cases, and QuickJS's are called for the others. False with an exception. */
bool quickjs_replace_functions(JSContext *context);

/* JSON.stringify(value): a string, undefined, or an exception. */
JSValue quickjs_json_stringify(JSContext *context, JSValueConst value);

/* Takes the names of local variables and the positions of instructions out of a compiled script
 * that has not run: its frames keep their functions' names and its file's, with a line that means
 * nothing. */
void quickjs_strip(JSContext *context, JSValueConst script);

/* Zeroes what has been freed and is kept by QuickJS itself. */
void quickjs_wipe_free_memory(JSRuntime *runtime);

#endif
