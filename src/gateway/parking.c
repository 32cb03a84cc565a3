/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/parking.h"

#include "base/arena.h"
#include "base/check.h"

/* Of the body nothing is asked for, so nothing comes. */
static void on_body(void *context, struct slice data)
{
    (void)context;
    (void)data;
}

static void on_body_end(void *context, const struct field *trailers, size_t count)
{
    (void)context;
    (void)trailers;
    (void)count;
}

static void on_body_failed(void *context, int code)
{
    struct parked *parked = context;
    parked->body_failure = code;
}

static void on_writable(void *context)
{
    (void)context;
}

static void on_gone(void *context, int code)
{
    struct parked *parked = context;
    parked->note->code = code;
    list_remove(&parked->link);
    parked->gone(parked);
}

static const struct http_exchange_events events = {
    .body = on_body,
    .body_end = on_body_end,
    .body_failed = on_body_failed,
    .writable = on_writable,
    .gone = on_gone,
};

struct parked *parking_add(struct list *list, struct http_exchange *exchange,
                           struct access_note *note, void (*gone)(struct parked *parked),
                           void *owner)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct parked *parked = arena_allocate(request->arena, sizeof(*parked));
    check(note && gone);
    if (!parked)
        return NULL;
    *parked = (struct parked){.owner = owner, .exchange = exchange, .note = note, .gone = gone};
    list_init(&parked->link);
    list_push_back(list, &parked->link);
    http_exchange_handle(exchange, &events, parked);
    return parked;
}

void parking_take(struct parked *parked)
{
    list_remove(&parked->link);
}
