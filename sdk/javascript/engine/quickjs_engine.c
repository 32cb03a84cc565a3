/* SPDX-License-Identifier: Apache-2.0 */

/* QuickJS-ng switches its check of the stack off under WASI; a runaway recursion would trap instead
 * of throwing a RangeError. So it is compiled as for no particular system. The headers that differ
 * there are included before. */

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#undef __wasi__

#include "quickjs.c"

#include "quickjs_engine.h"

void quickjs_seed_random(JSContext *context, uint64_t seed)
{
    context->random_state = seed == 0 ? 1 : seed;
}

static void forget_name(JSContext *context, JSAtom *name)
{
    JS_FreeAtom(context, *name);
    *name = JS_ATOM_NULL;
}

static void strip_function(JSContext *context, JSFunctionBytecode *function)
{
    function->pc2line_len = 0;
    for (int i = 0; function->vardefs != NULL && i < function->arg_count + function->var_count; i++) {
        forget_name(context, &function->vardefs[i].var_name);
        function->vardefs[i].scope_level = 0; /* of use to a direct eval alone */
        function->vardefs[i].scope_next = 0;
    }
    if (function->var_ref_count == 0)
        function->vardefs = NULL; /* they say how variables are captured */
    for (int i = 0; i < function->closure_var_count; i++) {
        JSClosureVar *variable = &function->closure_var[i];
        if (variable->closure_type == JS_CLOSURE_LOCAL ||
            variable->closure_type == JS_CLOSURE_ARG || variable->closure_type == JS_CLOSURE_REF)
            forget_name(context, &variable->var_name);
    }
}

void quickjs_strip(JSContext *context, JSValueConst script)
{
    if (JS_VALUE_GET_TAG(script) != JS_TAG_FUNCTION_BYTECODE)
        return;
    JSFunctionBytecode *function = JS_VALUE_GET_PTR(script);
    strip_function(context, function);
    for (int i = 0; i < function->cpool_count; i++)
        quickjs_strip(context, function->cpool[i]);
}

/* Blocks that are free inside of an arena, which QuickJS keeps. */
static void wipe_arena(JSArena *arena)
{
    size_t block_bytes = arena_block_sizes[arena->block_size_idx];
    for (unsigned int i = arena->first_free_block; i != JS_ARENA_FREE_NIL;) {
        JSMallocBlockHeader *block = arena_get_block(arena, i, block_bytes);
        memset(block->user_data, 0, block_bytes - sizeof(*block));
        i = block->u.free_next;
    }
}

void quickjs_wipe_free_memory(JSRuntime *runtime)
{
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++) {
        struct list_head *link;
        list_for_each(link, &runtime->arena_state.free_arena_list[i])
            wipe_arena(list_entry(link, JSArena, free_link));
    }
}
