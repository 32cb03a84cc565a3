/* SPDX-License-Identifier: AGPL-3.0-only */

/* Finds and opens the file that a path means in a folder of assets, or a compressed one beside it.
 *
 *     path       what it is there          what is opened
 *     app.css    a file                    app.css.br, .zst or .gz that the client takes and that
 *                                          is not older; else app.css
 *     docs/      a folder                  docs/index.html, likewise
 *     docs       a folder with such a file nothing: the client is to ask for docs/
 *
 * Nothing outside of the folder is ever opened: links that lead out of it are none, whoever changes
 * them meanwhile (openat2(2) with RESOLVE_BENEATH). The folder itself may be a link. Nothing is
 * kept open, so what is replaced is found at once, the folder too.
 *
 * Opening may wait for a disk. With `cached_only` it does not: what the kernel does not know by
 * heart is ASSET_NOT_CACHED (RESOLVE_CACHED, Linux 5.12), and has to be asked for on a thread that
 * may wait. Any thread; a few system calls. */

#ifndef FN0_ASSETS_ASSET_FILE_H
#define FN0_ASSETS_ASSET_FILE_H

#include <stdbool.h>

#include "assets/content_coding.h"
#include "store/code_file.h"

/* A compressed file may be older by this and is used all the same: whoever copies two files does it
 * one after the other. */
#define ASSET_OLDER_NS (2 * NANOSECONDS_PER_SECOND)

enum asset_kind {
    ASSET_NONE,       /* nothing there that is to be served */
    ASSET_FILE,       /* opened */
    ASSET_FOLDER,     /* one with an index.html, and the path has no slash at its end */
    ASSET_UNREADABLE, /* it cannot be known: `error` is why */
    ASSET_NOT_CACHED, /* ask again without `cached_only` */
};

/* What was found. Of an ASSET_FILE the descriptor is the caller's to close. */
struct asset_file {
    enum asset_kind kind;
    int descriptor; /* -1: none */
    struct file_stamp stamp;
    enum content_coding coding;
    int error; /* a number of errno */
};

/* Looks for `path` (asset_path_read's) in `folder`. */
struct asset_file asset_file_open(const char *folder, const char *path,
                                  const struct content_codings *codings, bool cached_only);

/* The name of the file that a path means, for its type: "index.html" for a folder. */
const char *asset_file_name(const char *path);

#endif
