/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes components of C: clang compiles the entry, and all .c files beside it, with the SDK's
 * header and library, for wasm32-wasip2. The SDK is a folder that holds
 *
 *     include/fn0.h   what a function includes
 *     lib/            fn0.o, bindings.o, component_type.o: what it is linked with
 *     sysroot/        wasi-libc
 *     bin/            wasm-component-ld, which makes a component of what the linker made
 *
 * The thread of the builder. */

#ifndef FN0_BUILDER_CLANG_H
#define FN0_BUILDER_CLANG_H

#include <limits.h>

#include "base/buffer.h"
#include "base/error.h"
#include "builder/builder.h"

/* Writes where the SDK is: `named`, or, where that is NULL or empty, sdk/c beside the program in
 * the folder `program_folder`. ERROR_NOT_FOUND, and what to do, where it is not whole. */
int clang_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                   struct error *error);

/* Builds `entry`, seen from `folder` (absolute), with what lies between in `work`, a folder in
 * there; adds the component to `content`, and the files that it was made of to `sources`, absolute
 * paths, a line each. clang says on stderr what is wrong with the source:
 * ERROR_COMPONENT_INVALID. ERROR_NOT_FOUND where clang is missing. */
int clang_build(struct builder *builder, const char *sdk, const char *folder, const char *entry,
                const char *work, struct buffer *content, struct buffer *sources,
                struct error *error);

#endif
