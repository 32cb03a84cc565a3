/* SPDX-License-Identifier: AGPL-3.0-only */

/* What is answered in place of a function that is not to be had: a text for the person who writes
 * it, as a page to browsers, which asks again every second, and as it is to all others. Only where
 * a host is told to (`fn0 dev`): it may show what is inside.
 *
 * Worker's thread. */

#ifndef FN0_GATEWAY_NOTICE_H
#define FN0_GATEWAY_NOTICE_H

#include "base/arena.h"
#include "base/slice.h"
#include "http/server.h"

/* Where the text comes from: `read` copies it into the arena; empty without memory. */
struct notice {
    void *context;
    struct slice (*read)(void *context, struct arena *arena);
};

/* Answers 500 with the text, and ends the exchange, which must not have been responded to. */
void notice_send(struct http_exchange *exchange, const struct notice *notice,
                 struct slice request_id);

#endif
