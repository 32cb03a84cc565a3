/* SPDX-License-Identifier: AGPL-3.0-only */

/* Static assets: files that the host itself answers GET and HEAD with, so that no guest runs. A
 * function names a folder ([assets] folder); a request whose path names a file in it is answered
 * here (docs/functions.md says how), every other one is the function's.
 *
 * Two steps, since the second needs to know that there is something:
 *
 *     assets_find   which file is meant: a few system calls when the kernel knows it by heart,
 *                   which is nearly always; else a thread of libuv's pool asks the disk
 *     assets_send   answers an exchange with it, piece by piece as the client takes them
 *
 * A file is read by 64 KiB: at once what is in the page cache, the rest by a thread of the pool. So
 * a transfer holds at most so much, and what http has gathered, whatever the file's size, and no
 * disk blocks the loop.
 *
 * What changes while it is sent: a file that is replaced (renamed over) is sent whole, as it was;
 * one that is written to in place is cut before its last byte, so that nobody takes a mixture for
 * the file.
 *
 * Threads: the worker's. Nothing is kept between requests but memory. */

#ifndef FN0_ASSETS_ASSETS_H
#define FN0_ASSETS_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

#include "assets/asset_file.h"
#include "assets/asset_path.h"
#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "http/server.h"
#include "io/loop.h"

/* What is read at a time. */
#define ASSET_READ_BYTES 65536

/* A worker's. */
struct assets;

/* A search that goes on in another thread. */
struct asset_search;

struct assets_options {
    struct loop *loop;
    struct log *log;
    bool never_cached; /* for tests: everything is asked for in the pool */
};

/* Told from the loop what was found; a descriptor is the receiver's. The search is gone. */
typedef void (*asset_found)(void *context, const struct asset_file *file);

/* All in the options is borrowed and outlives it. The caller destroys *ret_assets.
 * ERROR_OUT_OF_MEMORY. */
int assets_create(const struct assets_options *options, struct assets **ret_assets,
                  struct error *error);

/* Waits for what threads of the pool still do, running the loop, so not from within a callback. No
 * exchange may be left. NULL is fine. */
void assets_destroy(struct assets *assets);

/* Whether a request could be one for an asset: GET or HEAD, with a path that can name one. Nothing
 * is looked at. */
bool assets_concern(const struct http_request *request);

/* Looks for the file that a request (of assets_concern) means in a folder. Where it takes a disk,
 * *ret_search is set, `kind` is ASSET_NOT_CACHED, and `found` will be told; else *ret_search is
 * NULL and the answer is there. Nothing that is handed in is held on to. */
struct asset_file assets_find(struct assets *assets, const char *folder,
                              const struct http_request *request, asset_found found, void *context,
                              struct asset_search **ret_search);

/* Nobody waits for it any more: `found` is not told, and the pointer is invalid. */
void assets_cancel(struct asset_search *search);

/* What else an answer has. */
struct asset_terms {
    const struct texts *immutable; /* patterns of paths whose content never changes */
    struct slice request_id;       /* sent as X-Request-Id; lives as long as the exchange */
    const char *function;          /* for the log; the same */
    int *failure; /* set to what went wrong before the exchange ends; the same. Not NULL */
};

/* Answers an exchange with what was found, an ASSET_FILE or an ASSET_FOLDER. Takes over the
 * exchange, to which nobody has responded, and the descriptor. */
void assets_send(struct assets *assets, struct http_exchange *exchange,
                 const struct asset_file *file, const struct asset_terms *terms);

#endif
