/* SPDX-License-Identifier: AGPL-3.0-only */

/* Small WASI 0.2 components, put together section by section, for tests of what is loaded and what
 * is refused. None of them can answer a request. */

#ifndef FN0_TESTS_LIB_COMPONENT_H
#define FN0_TESTS_LIB_COMPONENT_H

#include <stddef.h>
#include <stdint.h>

enum component_kind {
    COMPONENT_MINIMAL,   /* exports a handler that returns at once */
    COMPONENT_THREADS,   /* the same with a shared memory */
    COMPONENT_IMPORT,    /* the same with types imported from an interface that does not exist */
    COMPONENT_NO_EXPORT, /* nothing but its header */
    COMPONENT_CORE,      /* a core module */
};

struct component {
    uint8_t bytes[2048];
    size_t size;
};

/* Makes one. Different marks (1 to 100 bytes) make different contents. */
void component_make(struct component *component, enum component_kind kind, const char *mark);

#endif
