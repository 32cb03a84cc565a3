/* SPDX-License-Identifier: AGPL-3.0-only */

#include "component.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

/* Adds bytes. */
static void add(struct component *component, const void *bytes, size_t size)
{
    check(component->size + size <= sizeof(component->bytes));
    memcpy(component->bytes + component->size, bytes, size);
    component->size += size;
}

/* Adds a section: its number, its length (one byte suffices here), its content. */
static void add_section(struct component *component, uint8_t number, const void *content,
                        size_t size)
{
    uint8_t head[2] = {number, (uint8_t)size};

    check(size < 128);
    add(component, head, sizeof(head));
    add(component, content, size);
}

#define ADD(component, text) add(component, text, sizeof(text) - 1)
#define ADD_SECTION(component, number, text) add_section(component, number, text, sizeof(text) - 1)

/* A core module that exports "handle", a function of two i32 that returns at once. */
static void make_core_module(struct component *module, bool shared_memory)
{
    module->size = 0;
    ADD(module, "\0asm\x01\0\0\0");
    ADD_SECTION(module, 1, "\x01\x60\x02\x7f\x7f\x00"); /* types: (i32, i32) -> () */
    ADD_SECTION(module, 3, "\x01\x00");                 /* functions: one of type 0 */
    if (shared_memory)
        ADD_SECTION(module, 5, "\x01\x03\x01\x01");   /* memories: one of one page, shared */
    ADD_SECTION(module, 7, "\x01\x06handle\x00\x00"); /* exports: function 0 */
    ADD_SECTION(module, 10, "\x01\x02\x00\x0b");      /* code: no locals, end */
}

/* The types of an import: an instance with two resources. */
static void add_import(struct component *component, enum component_kind kind)
{
    ADD_SECTION(component, 7,
                "\x01\x42\x02"
                "\x04\x00\x10incoming-request\x03\x01"
                "\x04\x00\x11response-outparam\x03\x01");
    if (kind == COMPONENT_IMPORT)
        ADD_SECTION(component, 10, "\x01\x00\x15test:none/types@0.2.0\x05\x00");
    else
        ADD_SECTION(component, 10, "\x01\x00\x15wasi:http/types@0.2.0\x05\x00");
    ADD_SECTION(component, 6,
                "\x02\x03\x00\x00\x10incoming-request"
                "\x03\x00\x00\x11response-outparam");
}

static void add_handler(struct component *component, enum component_kind kind)
{
    struct component module;

    make_core_module(&module, kind == COMPONENT_THREADS);
    add_section(component, 1, module.bytes, module.size);
    ADD_SECTION(component, 2, "\x01\x00\x00\x00"); /* core instances: of module 0 */
    ADD_SECTION(component, 7,                      /* types: own, own, the function's */
                "\x03\x69\x01\x69\x02"
                "\x40\x02\x07request\x03\x0cresponse-out\x04\x01\x00");
    ADD_SECTION(component, 6, "\x01\x00\x00\x01\x00\x06handle"); /* alias: core export */
    ADD_SECTION(component, 8, "\x01\x00\x00\x00\x00\x05");       /* canon lift, as type 5 */
    ADD_SECTION(component, 5, "\x01\x01\x01\x00\x06handle\x01\x00");
    ADD_SECTION(component, 11, "\x01\x00\x20wasi:http/incoming-handler@0.2.0\x05\x01\x00");
}

void component_make(struct component *component, enum component_kind kind, const char *mark)
{
    uint8_t custom[128];
    size_t bytes = strlen(mark);

    check(bytes > 0 && bytes <= 100);
    if (kind == COMPONENT_CORE) {
        make_core_module(component, false);
    } else {
        component->size = 0;
        ADD(component, "\0asm\x0d\0\x01\0");
        if (kind != COMPONENT_NO_EXPORT) {
            add_import(component, kind);
            add_handler(component, kind);
        }
    }
    /* A custom section called "mark". */
    memcpy(custom, "\x04mark", 5);
    memcpy(custom + 5, mark, bytes);
    add_section(component, 0, custom, 5 + bytes);
}
