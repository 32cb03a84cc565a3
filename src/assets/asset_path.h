/* SPDX-License-Identifier: AGPL-3.0-only */

/* From the target of a request to a path below a folder of assets.
 *
 *     /app.css?v=2       app.css
 *     /a%20b/c.svg       a b/c.svg
 *     /                  (empty)
 *     /docs/             docs/
 *
 * None is named by what could lead elsewhere or means something to a file system or a browser
 * besides: a part that is empty, or begins with a point ("..", ".git", but for ".well-known" at the
 * top), a slash, a backslash, a control byte or a zero that was written with %, or a % that is
 * none. Such a request is the function's. So what is returned is never absolute and has no "..".
 *
 * Pure; any thread; nothing is allocated. */

#ifndef FN0_ASSETS_ASSET_PATH_H
#define FN0_ASSETS_ASSET_PATH_H

#include <stdbool.h>

#include "base/slice.h"

/* With its zero. */
#define ASSET_PATH_BYTES 2048

/* The longest name that Linux has. */
#define ASSET_PART_BYTES_MAX 255

/* Writes the path, decoded and terminated. `target` begins with a slash, and may have a query.
 * False where it names no asset. */
bool asset_path_read(struct slice target, char ret_path[ASSET_PATH_BYTES]);

#endif
