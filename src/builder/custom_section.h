/* SPDX-License-Identifier: AGPL-3.0-only */

/* A custom section of a WebAssembly module or component (Core Specification 5.5.3, the same in
 * components): data that travels with it and that hosts leave alone. It may stand behind the last
 * section. Any thread. */

#ifndef FN0_BUILDER_CUSTOM_SECTION_H
#define FN0_BUILDER_CUSTOM_SECTION_H

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the section; its parts are under 4 GB. As buffer_append. */
int custom_section_append(struct buffer *buffer, struct slice name, struct slice content);

#endif
