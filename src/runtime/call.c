/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/call.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "runtime/bridge_types.h"

/* What the label keeps of a request id and of a method at most; the rest of it is the path's. */
#define LABEL_REQUEST_ID_BYTES 128
#define LABEL_METHOD_BYTES 32

static_assert(CALL_STATE_COUNT <= STATE_COUNT_MAX, "a set of moves has a bit for each state");
static_assert(LABEL_REQUEST_ID_BYTES + LABEL_METHOD_BYTES < CALL_LABEL_BYTES,
              "something of the path is kept, too");

static const struct state_row call_rows[CALL_STATE_COUNT] = {
    [CALL_NEW] = {"new", STATE_TO(CALL_WAITING) | STATE_TO(CALL_STARTING) | STATE_TO(CALL_RUNNING) |
                             STATE_TO(CALL_ENDED)},
    [CALL_WAITING] = {"waiting",
                      STATE_TO(CALL_STARTING) | STATE_TO(CALL_RUNNING) | STATE_TO(CALL_ENDED)},
    [CALL_STARTING] = {"starting", STATE_TO(CALL_STARTING) | STATE_TO(CALL_RUNNING) |
                                       STATE_TO(CALL_START_STOPPING) | STATE_TO(CALL_ENDED)},
    [CALL_RUNNING] = {"running",
                      STATE_TO(CALL_STARTING) | STATE_TO(CALL_STOPPING) | STATE_TO(CALL_ENDED)},
    [CALL_STOPPING] = {"stopping", STATE_TO(CALL_ENDED)},
    [CALL_START_STOPPING] = {"start-stopping", STATE_TO(CALL_ENDED)},
    [CALL_ENDED] = {"ended", 0},
};

const struct state_machine call_machine = {"call", call_rows, CALL_STATE_COUNT};

/* Copies as much as fits, but leaves `spare` bytes of the label. */
static struct slice label_add(struct call *call, size_t *used, struct slice text, size_t spare)
{
    check(*used + spare <= CALL_LABEL_BYTES);
    size_t room = CALL_LABEL_BYTES - *used - spare;
    size_t bytes = text.bytes < room ? text.bytes : room;
    char *at = call->label + *used;
    if (bytes > 0)
        memcpy(at, text.data, bytes);
    *used += bytes;
    return (struct slice){.data = at, .bytes = bytes};
}

void call_label(struct call *call, const struct call_request *request)
{
    size_t used = 0;
    call->request_id =
        label_add(call, &used, request->request_id, CALL_LABEL_BYTES - LABEL_REQUEST_ID_BYTES);
    call->method = label_add(call, &used, request->method,
                             CALL_LABEL_BYTES - LABEL_REQUEST_ID_BYTES - LABEL_METHOD_BYTES);
    /* Without the query, which may hold what is nobody's business. */
    call->path = label_add(call, &used, slice_before(request->path_with_query, '?'), 0);
    check(used <= CALL_LABEL_BYTES);
}

struct slice call_body_error_name(int code)
{
    switch (code) {
    case ERROR_REQUEST_BODY_SIZE:
        return SLICE("HTTP-request-body-size");
    case ERROR_REQUEST_TIMEOUT:
    case ERROR_CLIENT_SLOW:
        return SLICE("connection-read-timeout");
    case ERROR_REQUEST_HEADER_SIZE:
        return SLICE("HTTP-request-trailer-section-size");
    case ERROR_REQUEST_MALFORMED:
        return SLICE("HTTP-protocol-error");
    case ERROR_CLIENT_GONE:
        return SLICE("connection-terminated");
    default:
        return SLICE("internal-error");
    }
}

enum limit call_limit_of(int code)
{
    for (unsigned limit = 0; limit < LIMIT_COUNT; limit++) {
        if (limit_info((enum limit)limit)->error == code)
            return (enum limit)limit;
    }
    return LIMIT_COUNT;
}

struct call_usage call_usage(const struct call *call, uint64_t now_ns)
{
    check(now_ns >= call->entered_ns);
    return (struct call_usage){
        .cpu_ns = call->cpu.used_ns,
        .start_cpu_ns = call->start_cpu.used_ns,
        .duration_ns = call->entered_ns ? now_ns - call->entered_ns : 0,
        .memory_bytes = call->instance && call->instance->bridge
                            ? fn0_instance_memory_bytes(call->instance->bridge)
                            : 0,
        .outgoing_requests = call->outgoing.made,
        .warm = call->warm,
    };
}
