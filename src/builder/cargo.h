/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes components of Rust: cargo builds the package of a folder for wasm32-wasip2, in its own
 * target folder ($CARGO_TARGET_DIR, else `target`). The thread of the builder. */

#ifndef FN0_BUILDER_CARGO_H
#define FN0_BUILDER_CARGO_H

#include "base/buffer.h"
#include "base/error.h"
#include "builder/builder.h"

/* Builds the package in `folder` (absolute), and adds the component to `content`, and the files
 * that it was made of to `sources`, absolute paths, a line each. cargo says on stderr what it does,
 * and what is wrong with the source: ERROR_COMPONENT_INVALID. ERROR_NOT_FOUND where cargo or its
 * target is missing; ERROR_CONFIGURATION where Cargo.toml names no package. */
int cargo_build(struct builder *builder, const char *folder, struct buffer *content,
                struct buffer *sources, struct error *error);

#endif
