/* SPDX-License-Identifier: AGPL-3.0-only */

/* Exchanges that cannot be handled yet: the first version of their function is being compiled, so
 * that nobody knows whether it has assets, or a disk is asked whether a file is there. Until then
 * they belong here; then they are handed on, to whoever takes them over. A client that goes away
 * meanwhile is noticed.
 *
 * What is kept of each lies in its request's arena. Worker's thread. */

#ifndef FN0_GATEWAY_PARKING_H
#define FN0_GATEWAY_PARKING_H

#include <stdbool.h>

#include "base/list.h"
#include "gateway/access.h"
#include "http/server.h"

/* One of them. Its members are read only, but `search`. */
struct parked {
    struct list link;
    void *owner; /* as it was handed in */
    struct http_exchange *exchange;
    struct access_note *note;
    void *search; /* the owner's: what is to be told when the client goes; NULL at first */
    void (*gone)(struct parked *parked);
    int body_failure; /* why the request's body will not come whole; 0 */
};

/* Takes an exchange over, which nobody has handled, and puts it at the end of `list`. `gone` is
 * told before a client that went away is forgotten; the note then has the code. NULL without
 * memory: the exchange is still the caller's. */
struct parked *parking_add(struct list *list, struct http_exchange *exchange,
                           struct access_note *note, void (*gone)(struct parked *parked),
                           void *owner);

/* Takes it out of its list: the exchange is the caller's again, who handles or ends it. */
void parking_take(struct parked *parked);

#endif
