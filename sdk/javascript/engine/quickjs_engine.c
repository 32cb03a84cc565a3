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
