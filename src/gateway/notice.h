/* SPDX-License-Identifier: AGPL-3.0-only */

/* What is answered in place of a function that is not to be had, or not as it was written last: a
 * text for the person who writes it, as a page to browsers, which asks again every second, and as
 * it is to all others. Only where a host is told to (`fn0 dev`): it may show what is inside.
 *
 * Worker's thread. */

#ifndef FN0_GATEWAY_NOTICE_H
#define FN0_GATEWAY_NOTICE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "http/server.h"

/* Where the text comes from. Both by several workers at a time. */
struct notice {
    void *context;
    /* Copies it into the arena; empty without memory. */
    struct slice (*read)(void *context, struct arena *arena);
    /* Whether the function that there is is older than what was written last. */
    bool (*is_due)(void *context);
};

/* Whether it takes the place of a function that there is: where it is due, and a person opens a
 * page. Whatever else asks (scripts, tests, a page's own requests) gets the older function. */
bool notice_comes_first(const struct notice *notice, const struct http_request *request);

/* Answers 500 with the text, and ends the exchange, which must not have been responded to. */
void notice_send(struct http_exchange *exchange, const struct notice *notice,
                 struct slice request_id);

#endif
