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

#include "quickjs_engine.h"

/* What quickjs.patch has QuickJS call. */
struct JSShape;
static void quickjs_note_shape(JSRuntime *runtime, struct JSShape *shape);
static struct JSShape *quickjs_next_shape(JSRuntime *runtime, struct JSShape *from, JSAtom name,
                                          int flags);
static int quickjs_define_new(JSContext *context, JSValueConst object, JSAtom name, JSValue value,
                              int flags);

static bool quickjs_name_function(JSContext *context, JSValueConst function, JSAtom name,
                                  int length);
static int quickjs_count_not_ascii(const uint8_t *text, int count);
static JSValue quickjs_json_number(const uint8_t *begin, const uint8_t *end);

/* In WebAssembly QuickJS sees the stack in linear memory only, and of some of its functions next to
 * nothing is there: parsers would run over the host's stack, which traps, before they reach the
 * limit that is checked. So each function that checks takes some more. */
#ifdef __wasm__
#define FRAME_BYTES_MORE 128
#define __builtin_frame_address(level)      \
    ({                                      \
        char more[FRAME_BYTES_MORE];        \
        __asm__ volatile("" : : "r"(more)); \
        more;                               \
    })
#endif

#include "quickjs.c"

/* These use what is QuickJS's own. */
#include "quickjs/collection.c"
#include "quickjs/number.c"
#include "quickjs/json.c"
#include "quickjs/regexp_start.c"
#include "quickjs/regexp.c"
#include "quickjs/shapes.c"
#include "quickjs/string.c"
#include "quickjs/strip.c"

void quickjs_seed_random(JSContext *context, uint64_t seed)
{
    context->random_state = seed == 0 ? 1 : seed;
}

bool quickjs_replace_functions(JSContext *context)
{
    JSValue global = JS_GetGlobalObject(context);
    JSValue json = JS_GetPropertyStr(context, global, "JSON");
    JSValue stringify = JS_NewCFunction(context, json_stringify, "stringify", 3);
    bool is_done = JS_DefinePropertyValueStr(context, json, "stringify", stringify,
                                             JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) >= 0;
    JS_FreeValue(context, json);
    JS_FreeValue(context, global);
    return is_done && string_replace_functions(context) && number_replace_functions(context) &&
           regexp_replace_functions(context) &&
           regexp_prototype_init(context, regexp_prototype_of(context));
}
