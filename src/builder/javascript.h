/* SPDX-License-Identifier: AGPL-3.0-only */

/* Makes components of JavaScript and TypeScript: the SDK's bundler (esbuild, in Node.js) makes one
 * module of the entry and all that it imports, and the SDK's engine evaluates it once and is
 * snapshotted.
 *
 * The SDK is a folder that holds
 *
 *     engine.wasm          the engine, with its library in it
 *     builder/bundle.mjs   node bundle.mjs ENTRY --out-dir DIR [--mode development]
 *                          makes DIR/main.js and DIR/main.js.map, and DIR/main.js.LEGAL.txt
 *                          where packages ask for their notices to be kept; and
 *                          DIR/main.js.inputs, the files that it has read
 *
 * Nothing is left behind, but the component: what stands between is made in a folder of its own
 * below $TMPDIR. The thread of the builder. */

#ifndef FN0_BUILDER_JAVASCRIPT_H
#define FN0_BUILDER_JAVASCRIPT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "builder/builder.h"

/* Whether a file's name is one of a script: .js, .jsx, .mjs, .ts, .tsx, .mts. */
bool javascript_is_entry(const char *path);

/* Writes where the SDK is: `named`, or, where that is NULL or empty, sdk/javascript beside the
 * program in the folder `program_folder`. ERROR_NOT_FOUND, and what to do, where it is not whole.
 */
int javascript_find_sdk(const char *named, const char *program_folder, char ret_path[PATH_MAX],
                        struct error *error);

struct javascript_options {
    const struct clock *clock;
    const char *sdk;    /* of javascript_find_sdk */
    const char *folder; /* where `entry` is seen from, absolute; NULL: where the caller works */
    const char *entry;
    bool development; /* the bundler's mode; else production */
};

/* What came of it. */
struct javascript_built {
    struct built built;
    struct buffer notices; /* a section that belongs behind the component, or empty */
    struct buffer sources; /* the files that were read: absolute paths, a line each */
    uint64_t bundle_ns;
};

/* The custom section that holds the notices of bundled packages, as text. */
#define JAVASCRIPT_NOTICES_SECTION "legal-notices"

/* Makes the component of an entry. The bundler says on stderr what is wrong with the source, and
 * the error says where to look: ERROR_COMPONENT_INVALID. ERROR_NOT_FOUND where Node.js is missing.
 * Else as builder_snapshot. The caller ends *ret_built with javascript_built_fini, after an error,
 * too. */
int javascript_build(struct builder *builder, const struct javascript_options *options,
                     struct javascript_built *ret_built, struct error *error);

/* Makes an engine with its library in place of an engine without and the library's source. As
 * javascript_build. */
int javascript_build_engine(struct builder *builder, const char *engine_path,
                            const char *library_path, struct javascript_built *ret_built,
                            struct error *error);

/* Frees it. */
void javascript_built_fini(struct javascript_built *built);

#endif
