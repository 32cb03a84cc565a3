/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/relay.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "gateway/answer.h"
#include "gateway/forwarded.h"

/* Relays beyond this many are freed when they are over. */
#define RELAYS_IDLE_MAX 1024

struct relay {
    struct list link; /* of the set's busy or idle ones */
    struct relay_set *set;
    struct http_exchange *exchange; /* NULL: over */
    struct call *call;              /* NULL: over */
    struct access_note *note;       /* valid while the exchange is */
    const char *function;           /* valid while the exchange is */
    const struct field *trailers;   /* of a response that is whole and not ended yet */
    size_t trailer_count;
    uint64_t request_header_max;
    uint64_t response_header_max;
    size_t window_owed; /* what the guest wrote and was not given back yet */
    unsigned depth;     /* events may come from within what other events do */
    bool limits_known;  /* false: the function's first version is being compiled */
    bool has_body;
    bool reading;        /* the request's body is wanted */
    bool body_over;      /* it is whole, or will never be */
    bool response_whole; /* as far as the guest is concerned */
    size_t request_id_bytes;
    char request_id[REQUEST_ID_BYTES_MAX];
};

/* What holds between any two events. */
static void check_relay(const struct relay *relay)
{
    check(relay->depth > 0 || relay->exchange || relay->call);
    check(relay->has_body || relay->body_over);
    check(relay->window_owed <= RELAY_WINDOW_BYTES);
    check(relay->trailers || relay->trailer_count == 0);
    check(relay->request_id_bytes <= sizeof(relay->request_id));
}

/* ---- Life ------------------------------------------------------------------------------------ */

void relay_set_init(struct relay_set *set, struct executor *executor, struct directory *directory,
                    const struct limits *defaults, struct log *log)
{
    *set = (struct relay_set){
        .executor = executor,
        .directory = directory,
        .defaults = defaults,
        .log = log,
    };
    list_init(&set->busy);
    list_init(&set->idle);
}

void relay_set_fini(struct relay_set *set)
{
    check(list_empty(&set->busy));
    struct list *link;
    while ((link = list_pop_front(&set->idle)))
        free(container_of(link, struct relay, link));
}

static struct relay *relay_take(struct relay_set *set)
{
    check(list_empty(&set->idle) == (set->idle_count == 0));
    struct list *link = list_pop_front(&set->idle);
    struct relay *relay;
    if (link) {
        relay = container_of(link, struct relay, link);
        set->idle_count--;
    } else {
        relay = malloc(sizeof(*relay));
        if (!relay)
            return NULL;
    }
    /* All but the id's memory. */
    memset(relay, 0, offsetof(struct relay, request_id));
    relay->set = set;
    list_init(&relay->link);
    list_push_back(&set->busy, &relay->link);
    return relay;
}

/* The first thing that each event does. */
static struct relay *relay_enter(void *context)
{
    struct relay *relay = context;
    relay->depth++;
    check_relay(relay);
    return relay;
}

/* The last thing that each event does: the outermost gives the relay back when both sides are
 * over. */
static void relay_leave(struct relay *relay)
{
    check_relay(relay);
    check(relay->depth > 0);
    if (--relay->depth > 0 || relay->exchange || relay->call)
        return;
    struct relay_set *set = relay->set;
    list_remove(&relay->link);
    if (set->idle_count >= RELAYS_IDLE_MAX) {
        free(relay);
        return;
    }
    list_push_front(&set->idle, &relay->link);
    set->idle_count++;
}

static struct slice relay_id(const struct relay *relay)
{
    return (struct slice){.data = relay->request_id, .bytes = relay->request_id_bytes};
}

/* Tells the note what the call has used; asked right before the exchange ends. */
static void keep_usage(const struct relay *relay, const struct call_usage *usage)
{
    struct access_note *note = relay->note;
    note->measured = true;
    note->cpu_ns = usage->cpu_ns;
    note->memory_bytes = usage->memory_bytes;
}

/* The same while the call goes on. */
static void measure(const struct relay *relay)
{
    if (!relay->set->measures || !relay->call)
        return;
    struct call_usage usage = call_used(relay->call);
    keep_usage(relay, &usage);
}

/* ---- The ways an exchange ends --------------------------------------------------------------- */

static void cancel_call(struct relay *relay)
{
    if (!relay->call)
        return;
    struct call *call = relay->call;
    relay->call = NULL;
    call_cancel(call);
}

/* The rest of the request's body will not come to the guest. */
static void fail_body(struct relay *relay, int code)
{
    relay->body_over = true;
    if (relay->call && relay->has_body)
        call_body_fail(relay->call, code);
}

/* Answers for the error where no head went out, else cuts the response. */
static void fail_exchange(struct relay *relay, int code)
{
    struct http_exchange *exchange = relay->exchange;
    check(exchange);
    relay->exchange = NULL;
    relay->note->code = code;
    measure(relay);
    if (http_exchange_responded(exchange))
        http_exchange_abort(exchange);
    else
        answer_send(exchange, code, relay_id(relay));
}

/* The guest's response breaks a rule or a limit: nobody will see the rest of it. */
static void fail_response(struct relay *relay, int code)
{
    LOG(relay->set->log, LOG_WARNING, "response refused", log_string("function", relay->function),
        log_text("request_id", relay_id(relay)), log_string("error", error_info(code)->label));
    fail_exchange(relay, code);
    cancel_call(relay);
}

/* The response is whole, and nobody needs the exchange any more. */
static void finish_exchange(struct relay *relay)
{
    struct http_exchange *exchange = relay->exchange;
    check(exchange && relay->response_whole);
    relay->exchange = NULL;
    measure(relay);
    int code = http_exchange_end(exchange, relay->trailers, relay->trailer_count);
    if (code < 0)
        LOG(relay->set->log, LOG_WARNING, "response cut", log_text("request_id", relay_id(relay)),
            log_string("error", error_info(code)->label));
    if (!relay->body_over)
        fail_body(relay, ERROR_CLIENT_GONE);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void use_limits(struct relay *relay, const struct limits *limits)
{
    relay->request_header_max = limits->value[LIMIT_REQUEST_HEADER];
    relay->response_header_max = limits->value[LIMIT_RESPONSE_HEADER];
}

/* The limits of the function's version, once there is one; before that, the host's defaults. When
 * this is first asked the guest runs, so the version is there unless it was removed meanwhile. */
static const struct limits *limits_of(const struct relay_set *set,
                                      const struct directory_entry *entry)
{
    return entry && entry->version ? &entry->version->configuration->limits : set->defaults;
}

/* A call that waited for its function's first version: the head is held to its limits now. False
 * when the exchange was refused. */
static bool learn_limits(struct relay *relay)
{
    if (relay->limits_known)
        return true;
    relay->limits_known = true;
    const struct directory_entry *entry =
        directory_find(relay->set->directory, slice_of(relay->function));
    const struct limits *limits = limits_of(relay->set, entry);
    const struct http_request *request = http_exchange_request(relay->exchange);
    use_limits(relay, limits);
    http_exchange_limit_body(relay->exchange, limits->value[LIMIT_REQUEST_BODY]);
    int code = 0;
    if (request->head_bytes > limits->value[LIMIT_REQUEST_HEADER])
        code = ERROR_REQUEST_HEADER_SIZE;
    else if (request->body_bytes != HTTP_LENGTH_UNKNOWN &&
             request->body_bytes > limits->value[LIMIT_REQUEST_BODY])
        code = ERROR_REQUEST_BODY_SIZE;
    if (code == 0)
        return true;
    fail_exchange(relay, code);
    cancel_call(relay);
    return false;
}

static bool trailers_too_large(const struct relay *relay, const struct field *trailers,
                               size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += trailers[i].name.bytes + trailers[i].value.bytes + sizeof(": \r\n") - 1;
    return bytes > relay->request_header_max;
}

/* ---- What the guest says --------------------------------------------------------------------- */

/* Sends the guest's head, with the request's id instead of whatever id the guest wrote. */
static int send_head(struct relay *relay, uint32_t status, const struct field *fields, size_t count)
{
    /* An interim status is no response (RFC 9110, 15.2). */
    if (status < 200 || status > 999)
        return ERROR_RESPONSE_INVALID;
    struct arena *arena = http_exchange_request(relay->exchange)->arena;
    struct field *sent = arena_allocate(arena, (count + 1) * sizeof(sent[0]));
    if (!sent)
        return ERROR_OUT_OF_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal(fields[i].name, SLICE("x-request-id")))
            sent[kept++] = fields[i];
    }
    sent[kept++] = (struct field){SLICE("x-request-id"), relay_id(relay)};
    return http_exchange_respond(relay->exchange, status, sent, kept, HTTP_LENGTH_UNKNOWN,
                                 relay->response_header_max);
}

static void on_head(void *context, uint32_t status, const struct field *fields, size_t count)
{
    struct relay *relay = relay_enter(context);
    if (relay->exchange && learn_limits(relay)) {
        int code = send_head(relay, status, fields, count);
        if (code < 0)
            fail_response(relay, code);
    }
    relay_leave(relay);
}

static void give_window(struct relay *relay)
{
    size_t bytes = relay->window_owed;
    relay->window_owed = 0;
    if (bytes > 0 && relay->call)
        call_window(relay->call, bytes);
}

static void on_body(void *context, struct slice data)
{
    struct relay *relay = relay_enter(context);
    relay->window_owed += data.bytes;
    /* Without an exchange nobody reads it: the guest is let run to its end. */
    int code = relay->exchange ? http_exchange_write(relay->exchange, data) : 0;
    if (code < 0)
        fail_response(relay, code);
    else if (!relay->exchange || http_exchange_room(relay->exchange) > 0)
        give_window(relay);
    relay_leave(relay);
}

/* Keeps the trailers until the exchange ends; without memory the response goes without them. */
static void keep_trailers(struct relay *relay, const struct field *trailers, size_t count)
{
    struct arena *arena = http_exchange_request(relay->exchange)->arena;
    struct field *kept = count ? arena_allocate(arena, count * sizeof(kept[0])) : NULL;
    if (!kept)
        return;
    for (size_t i = 0; i < count; i++) {
        kept[i].name = arena_copy(arena, trailers[i].name);
        kept[i].value = arena_copy(arena, trailers[i].value);
        if (!kept[i].name.data || !kept[i].value.data)
            return;
    }
    relay->trailers = kept;
    relay->trailer_count = count;
}

static void on_response_end(void *context, const struct field *trailers, size_t count)
{
    struct relay *relay = relay_enter(context);
    check(!relay->response_whole);
    relay->response_whole = true;
    if (relay->exchange && relay->reading && !relay->body_over) {
        keep_trailers(relay, trailers, count);
    } else if (relay->exchange) {
        relay->trailers = trailers;
        relay->trailer_count = count;
        finish_exchange(relay);
    }
    relay_leave(relay);
}

static void on_response_cut(void *context)
{
    struct relay *relay = relay_enter(context);
    if (relay->exchange) {
        fail_exchange(relay, ERROR_RESPONSE_INCOMPLETE);
        if (!relay->body_over)
            fail_body(relay, ERROR_CLIENT_GONE);
    }
    relay_leave(relay);
}

static void on_body_wanted(void *context)
{
    struct relay *relay = relay_enter(context);
    if (relay->exchange && learn_limits(relay) && !relay->reading) {
        relay->reading = true;
        http_exchange_read(relay->exchange);
    }
    relay_leave(relay);
}

/* Who copies the body sets its head first, and after that nobody can be told to go on. */
static void on_body_held(void *context)
{
    struct relay *relay = relay_enter(context);
    if (relay->exchange && learn_limits(relay) && !relay->reading)
        http_exchange_continue(relay->exchange);
    relay_leave(relay);
}

static void on_body_consumed(void *context, size_t bytes)
{
    struct relay *relay = relay_enter(context);
    if (relay->exchange)
        http_exchange_consumed(relay->exchange, bytes);
    relay_leave(relay);
}

static void on_end(void *context, int code, const struct call_usage *usage)
{
    struct relay *relay = relay_enter(context);
    check(relay->call);
    relay->call = NULL;
    relay->body_over = true;
    if (relay->exchange && relay->set->measures)
        keep_usage(relay, usage);
    if (relay->exchange) {
        if (relay->response_whole)
            finish_exchange(relay);
        else
            fail_exchange(relay, code != 0 ? code : ERROR_CALL_NO_RESPONSE);
    }
    relay_leave(relay);
}

static const struct call_sink relay_sink = {
    .head = on_head,
    .body = on_body,
    .response_end = on_response_end,
    .response_cut = on_response_cut,
    .body_wanted = on_body_wanted,
    .body_held = on_body_held,
    .body_consumed = on_body_consumed,
    .end = on_end,
};

/* ---- What the client says -------------------------------------------------------------------- */

static void on_request_body(void *context, struct slice data)
{
    struct relay *relay = relay_enter(context);
    if (relay->call && !relay->body_over)
        call_body(relay->call, data);
    relay_leave(relay);
}

/* The request's body will not come whole. Where no head went out the client is answered now; the
 * guest may then come to its end by its stream's error, unless the client is at fault for more than
 * a size. */
static void refuse_body(struct relay *relay, int code)
{
    bool answer = relay->exchange && !http_exchange_responded(relay->exchange);
    if (answer)
        fail_exchange(relay, code);
    if (answer && code != ERROR_REQUEST_BODY_SIZE && code != ERROR_REQUEST_HEADER_SIZE)
        cancel_call(relay);
    else if (!relay->body_over)
        fail_body(relay, code);
}

/* Ends a response that waited only for the request's body. */
static void finish_if_whole(struct relay *relay)
{
    if (relay->exchange && relay->response_whole)
        finish_exchange(relay);
}

static void on_request_body_end(void *context, const struct field *trailers, size_t count)
{
    struct relay *relay = relay_enter(context);
    if (trailers_too_large(relay, trailers, count)) {
        refuse_body(relay, ERROR_REQUEST_HEADER_SIZE);
    } else if (!relay->body_over) {
        relay->body_over = true;
        if (relay->call)
            call_body_end(relay->call, trailers, count);
    }
    finish_if_whole(relay);
    relay_leave(relay);
}

static void on_request_body_failed(void *context, int code)
{
    struct relay *relay = relay_enter(context);
    refuse_body(relay, code);
    finish_if_whole(relay);
    relay_leave(relay);
}

static void on_writable(void *context)
{
    struct relay *relay = relay_enter(context);
    give_window(relay);
    relay_leave(relay);
}

static void on_gone(void *context, int code)
{
    struct relay *relay = relay_enter(context);
    check(relay->exchange);
    relay->note->code = code;
    measure(relay);
    relay->exchange = NULL;
    cancel_call(relay);
    relay_leave(relay);
}

static const struct http_exchange_events relay_events = {
    .body = on_request_body,
    .body_end = on_request_body_end,
    .body_failed = on_request_body_failed,
    .writable = on_writable,
    .gone = on_gone,
};

/* ---- The beginning --------------------------------------------------------------------------- */

void relay_start(struct relay_set *set, struct http_exchange *exchange, struct access_note *note,
                 struct directory_entry *entry, const char *function,
                 const struct call_request *request)
{
    check(request->request_id.bytes <= REQUEST_ID_BYTES_MAX);
    check(exchange && note && entry && function);
    struct relay *relay = relay_take(set);
    if (!relay) {
        note->code = ERROR_OUT_OF_MEMORY;
        answer_send(exchange, ERROR_OUT_OF_MEMORY, request->request_id);
        return;
    }
    relay->exchange = exchange;
    relay->note = note;
    relay->function = function;
    relay->has_body = request->has_body;
    relay->body_over = !request->has_body;
    relay->limits_known = entry->version != NULL;
    const struct limits *limits = limits_of(set, entry);
    use_limits(relay, limits);
    memcpy(relay->request_id, request->request_id.data, request->request_id.bytes);
    relay->request_id_bytes = request->request_id.bytes;

    http_exchange_handle(exchange, &relay_events, relay);
    if (relay->limits_known)
        http_exchange_limit_body(exchange, limits->value[LIMIT_REQUEST_BODY]);
    struct call_request with_id = *request;
    with_id.request_id = relay_id(relay);
    relay_enter(relay);
    struct error error;
    int code = call_start(set->executor, entry, &with_id, RELAY_WINDOW_BYTES, &relay_sink, relay,
                          &relay->call, &error);
    if (code < 0) {
        relay->call = NULL;
        fail_exchange(relay, code);
    }
    relay_leave(relay);
}
