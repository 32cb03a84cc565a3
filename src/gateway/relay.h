/* SPDX-License-Identifier: AGPL-3.0-only */

/* Joins an exchange of the HTTP server to a call of a function: bodies both ways with
 * back-pressure, trailers, the limits of heads and of the request's body, and who is told when one
 * side ends first. (The response's body is counted by the executor.)
 *
 * The two ends of a relay are two events (decisions, 15). The response may be whole, and the
 * connection busy with its next request, while the call still runs; a client that goes away before
 * its response is whole cancels the call. A relay is given back when both are over.
 *
 * Back-pressure: the guest may write RELAY_WINDOW_BYTES more than the client has taken; of the
 * request's body http keeps its own window, which moves as the guest reads. A guest that goes on
 * reading after its response is whole keeps the exchange until the body or the call ends.
 *
 * Who ends first:
 *
 *     the response is whole            the exchange ends; the call runs on
 *     the call, no head told           the client is answered by the code's row
 *     the call, head told              the response is cut
 *     the client                       the call is cancelled
 *     the request's body: too long     413 unless the head is out; the guest reads an error
 *     the request's body: late, …      408 or 400 and the call is cancelled; where the head is
 *                                      out the guest reads an error
 *     the response's head: too large   502, and the call is cancelled
 *
 * Events may come from within what other events do (reading the body may deliver it at once), so
 * each counts how deep it is, and only the outermost gives the relay back.
 *
 * Worker's thread. Relays are kept for reuse, so that a request allocates nothing here. */

#ifndef FN0_GATEWAY_RELAY_H
#define FN0_GATEWAY_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/log.h"
#include "base/slice.h"
#include "gateway/access.h"
#include "http/server.h"
#include "runtime/directory.h"
#include "runtime/executor.h"
#include "tables/limits.h"

/* What a guest may have written and the client not taken yet. */
#define RELAY_WINDOW_BYTES 65536

/* The relays of a worker's gateway. */
struct relay_set {
    struct executor *executor;
    struct directory *directory;
    const struct limits *defaults; /* of a function whose first version is not compiled yet */
    struct log *log;
    bool measures; /* whether notes are told what calls have used; the owner may set it */
    struct list busy;
    struct list idle;
    size_t idle_count;
};

/* Readies a set; all that is handed in is borrowed and outlives it. */
void relay_set_init(struct relay_set *set, struct executor *executor, struct directory *directory,
                    const struct limits *defaults, struct log *log);

/* Frees the relays. None may be busy. */
void relay_set_fini(struct relay_set *set);

/* Starts a call of the entry's function for the exchange; `function` is the entry's name, in the
 * request's arena or living as long as the set. What `request` points at lies in the exchange's
 * arena, but for its id, which the relay copies. The exchange is taken over in any case: where the
 * call is refused it is answered. `note` is the exchange's. */
void relay_start(struct relay_set *set, struct http_exchange *exchange, struct access_note *note,
                 struct directory_entry *entry, const char *function,
                 const struct call_request *request);

#endif
