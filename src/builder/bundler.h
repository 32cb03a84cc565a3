/* SPDX-License-Identifier: AGPL-3.0-only */

/* The SDK's bundler as a process that stays: what it would load each time is loaded, and what has
 * not changed since the last build is not read again.
 *
 *     node SDK/builder/bundle.mjs --serve
 *
 * reads lines from descriptor 3, a socket, each a JSON object { "entry", "folder", "mode" }, and
 * does for each what the command would do that says the same; it answers "STATUS BYTES\n" and so
 * many bytes of what the command would have said. It ends when the socket's other end is closed.
 *
 * One thread, but for bundler_cancel. */

#ifndef FN0_BUILDER_BUNDLER_H
#define FN0_BUILDER_BUNDLER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/process.h"

/* What it may say of one build. */
#define BUNDLER_SAID_BYTES_MAX (1u << 20)

/* Embedded. */
struct bundler {
    struct process process;
    int socket; /* -1: it does not run */
};

struct bundler_request {
    const char *program; /* SDK/builder/bundle.mjs */
    const char *folder;  /* where it works, the same each time; NULL: where the caller does */
    const char *entry;
    const char *to; /* the folder of what is made */
    bool development;
};

/* Nothing runs yet. ERROR_OUT_OF_MEMORY. */
int bundler_init(struct bundler *bundler, struct error *error);

/* Ends the process. */
void bundler_fini(struct bundler *bundler);

/* Starts the process, unless it runs. Errors as of process_start. */
int bundler_start(struct bundler *bundler, const struct bundler_request *request,
                  struct error *error);

/* Has it bundle, starting it where it does not run. *ret_status is what the command would have
 * ended with, and what it would have said is added to `said`. ERROR_INTERNAL where the process has
 * ended meanwhile, or answers nonsense: it is ended then, and the next call starts another one.
 * Else as bundler_start. */
int bundler_ask(struct bundler *bundler, const struct bundler_request *request, int *ret_status,
                struct buffer *said, struct error *error);

/* Ends the process, and whatever is asked later: ERROR_CLOSED. Any thread. */
void bundler_cancel(struct bundler *bundler);

#endif
