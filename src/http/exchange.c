/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "base/check.h"
#include "http/connection.h"
#include "tables/errors.h"
#include "tables/limits.h"

/* Exchanges kept for reuse: as many as run at a time on a busy worker. */
#define EXCHANGES_KEPT 256

/* What a handler may put into a request's arena, beyond what heads let it. */
#define ARENA_BYTES_MIN 1048576

/* Between the front of an open head and the body: room for the longest tail and a chunk's line. */
#define TAIL_ROOM_BYTES (HTTP_RESPONSE_TAIL_BYTES_MAX + HTTP_CHUNK_LINE_BYTES_MAX)

#define LINE_END SLICE("\r\n")

static_assert(EXCHANGES_KEPT > 0, "a kept connection allocates nothing");

/* What holds between any two events. */
static void check_exchange(const struct http_exchange *exchange)
{
    size_t window = exchange->connection->shared->options.body_window_bytes;
    check(exchange->unconsumed <= exchange->received && exchange->unconsumed <= window);
    check(!exchange->held || exchange->unconsumed > window / 2);
    check(!exchange->open || exchange->responded);
    check(exchange->responded || exchange->body_sent == 0);
    check(!exchange->responded || exchange->response.framing != HTTP_FRAMING_LENGTH ||
          exchange->body_sent <= exchange->response.length);
}

/* ---- The pool -------------------------------------------------------------------------------- */

static struct http_exchange *create(struct http_shared *shared)
{
    size_t head_bytes_max = shared->options.head_bytes_max;
    if (fault_hits(shared->options.fault, FAULT_ALLOCATION))
        return NULL;
    struct http_exchange *exchange = malloc(sizeof(*exchange));
    if (!exchange)
        return NULL;
    *exchange = (struct http_exchange){.connection = NULL};
    list_init(&exchange->link);
    http_head_init(&exchange->head, head_bytes_max);
    /* A handler may copy a head a few times over, with fields of its own. */
    arena_init(&exchange->arena, head_bytes_max > (SIZE_MAX - ARENA_BYTES_MIN) / 8
                                     ? SIZE_MAX
                                     : ARENA_BYTES_MIN + 8 * head_bytes_max);
    return exchange;
}

static void destroy(struct http_exchange *exchange)
{
    http_head_fini(&exchange->head);
    arena_fini(&exchange->arena);
    free(exchange);
}

/* Sets all but the memory that is kept. */
static void reset(struct http_exchange *exchange, struct http_connection *connection)
{
    http_head_reset(&exchange->head);
    exchange->head.request.arena = &exchange->arena;
    exchange->head.request.peer = &connection->peer;
    exchange->head.request.peer_host = slice_of(connection->peer_host);
    exchange->connection = connection;
    exchange->begun_ns = loop_now_ns(connection->shared->loop);
    exchange->context = NULL;
    exchange->handled = exchange->over = false;
    exchange->failure = 0;
    exchange->body = HTTP_BODY_COMING;
    exchange->wanted = exchange->held = exchange->continue_owed = false;
    exchange->unconsumed = 0;
    exchange->received = 0;
    exchange->body_bytes_max = LIMIT_NONE;
    exchange->responded = exchange->written = false;
    exchange->body_sent = 0;
    exchange->open = NULL;
}

struct http_exchange *http_exchange_take(struct http_shared *shared,
                                         struct http_connection *connection)
{
    struct list *link = list_pop_front(&shared->exchanges);
    struct http_exchange *exchange =
        link ? container_of(link, struct http_exchange, link) : create(shared);
    if (!exchange)
        return NULL;
    check(!link || shared->exchange_count > 0);
    if (link)
        shared->exchange_count--;
    reset(exchange, connection);
    check_exchange(exchange);
    return exchange;
}

void http_exchange_give(struct http_shared *shared, struct http_exchange *exchange)
{
    check(exchange->over || !exchange->handled);
    check(exchange->connection && list_empty(&exchange->link));
    check(shared->exchange_count <= EXCHANGES_KEPT);
    if (shared->exchange_count == EXCHANGES_KEPT) {
        destroy(exchange);
        return;
    }
    exchange->connection = NULL;
    arena_reset(&exchange->arena);
    list_push_front(&shared->exchanges, &exchange->link);
    shared->exchange_count++;
}

void http_exchange_free_all(struct http_shared *shared)
{
    struct list *link;
    while ((link = list_pop_front(&shared->exchanges)))
        destroy(container_of(link, struct http_exchange, link));
    shared->exchange_count = 0;
}

/* ---- Begin and end --------------------------------------------------------------------------- */

static struct http_output *output_of(const struct http_exchange *exchange)
{
    return &exchange->connection->output;
}

/* The exchange is over: says so to whom it concerns, but for the connection. */
static void finish(struct http_exchange *exchange, int failure)
{
    const struct http_shared *shared = exchange->connection->shared;
    check(!exchange->over);
    check_exchange(exchange);
    exchange->over = true;
    exchange->failure = failure;
    if (!shared->handler.done)
        return;
    uint64_t now_ns = loop_update(shared->loop);
    shared->handler.done(shared->handler.context, &exchange->head.request,
                         exchange->responded ? exchange->response.status : 0, exchange->body_sent,
                         now_ns - exchange->begun_ns, failure);
}

void http_exchange_begin(struct http_exchange *exchange)
{
    const struct http_handler *handler = &exchange->connection->shared->handler;
    exchange->continue_owed = exchange->head.request.expects_continue;
    handler->request(handler->context, exchange);
    check(exchange->over || exchange->handled);
}

/* The answer where the handler makes none. */
static void answer_plainly(struct http_exchange *exchange, int code)
{
    const struct error_info *info = error_info(code);
    const struct field type = {SLICE("content-type"), SLICE("text/plain; charset=utf-8")};
    struct slice text = slice_of(info->text);
    uint32_t status = info->status ? (uint32_t)info->status : 500;
    if (http_exchange_respond(exchange, status, &type, 1, text.bytes, SIZE_MAX) == 0 &&
        http_exchange_write(exchange, text) == 0)
        (void)http_exchange_end(exchange, NULL, 0);
}

void http_exchange_refuse(struct http_exchange *exchange, int code)
{
    const struct http_handler *handler = &exchange->connection->shared->handler;
    exchange->handled = true;
    exchange->body = HTTP_BODY_FAILED;
    exchange->failure = code;
    if (handler->refuse)
        handler->refuse(handler->context, exchange, code);
    else
        answer_plainly(exchange, code);
    if (!exchange->over)
        http_exchange_abort(exchange);
}

void http_exchange_lose(struct http_exchange *exchange, int code)
{
    if (exchange->over || !exchange->handled)
        return;
    /* Over before it is said, so that nothing can be done to it any more. */
    exchange->over = true;
    exchange->events.gone(exchange->context, code);
    exchange->over = false;
    finish(exchange, code);
}

/* Over without a whole response. */
static void cut(struct http_exchange *exchange, int failure)
{
    bool resets = exchange->responded && exchange->response.framing == HTTP_FRAMING_UNTIL_CLOSE;
    http_exchange_seal(exchange);
    finish(exchange, failure);
    http_connection_cut(exchange->connection, resets);
}

/* ---- The request, for its handler ------------------------------------------------------------ */

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
    return &exchange->head.request;
}

void http_exchange_set_note(struct http_exchange *exchange, void *note)
{
    exchange->head.request.note = note;
}

void http_exchange_handle(struct http_exchange *exchange, const struct http_exchange_events *events,
                          void *context)
{
    check(!exchange->over && !exchange->wanted && !exchange->responded);
    check(events->body && events->body_end && events->body_failed && events->writable &&
          events->gone);
    exchange->events = *events;
    exchange->context = context;
    exchange->handled = true;
}

void http_exchange_limit_body(struct http_exchange *exchange, uint64_t body_bytes_max)
{
    check(!exchange->over);
    exchange->body_bytes_max = body_bytes_max;
}

/* RFC 9110, 10.1.1: who has begun to send the body does not wait. */
static void send_continue(struct http_exchange *exchange)
{
    struct slice interim = SLICE("HTTP/1.1 100 Continue\r\n\r\n");
    if (!exchange->continue_owed || exchange->responded ||
        http_connection_has_input(exchange->connection))
        return;
    exchange->continue_owed = false;
    /* Without memory the client goes on after a while, as one does that never got it. */
    if (http_output_reserve(output_of(exchange), interim.bytes) != 0)
        return;
    http_output_append(output_of(exchange), interim);
    http_connection_flush_soon(exchange->connection);
}

/* Whether the body is longer than it may be, as far as is known before it comes. */
static bool announces_too_much(const struct http_exchange *exchange)
{
    uint64_t announced = exchange->head.request.body_bytes;
    return announced != HTTP_LENGTH_UNKNOWN && announced > exchange->body_bytes_max;
}

void http_exchange_continue(struct http_exchange *exchange)
{
    check(!exchange->over && exchange->handled);
    if (exchange->body == HTTP_BODY_COMING && !announces_too_much(exchange))
        send_continue(exchange);
}

void http_exchange_read(struct http_exchange *exchange)
{
    check(!exchange->over && exchange->handled);
    if (exchange->wanted || exchange->body == HTTP_BODY_FAILED)
        return;
    exchange->wanted = true;
    if (exchange->body == HTTP_BODY_WHOLE) {
        exchange->events.body_end(exchange->context, NULL, 0);
        return;
    }
    if (announces_too_much(exchange)) {
        http_exchange_receive_failure(exchange, ERROR_REQUEST_BODY_SIZE);
        return;
    }
    send_continue(exchange);
    http_connection_read_body(exchange->connection);
}

void http_exchange_consumed(struct http_exchange *exchange, size_t bytes)
{
    const struct http_shared *shared = exchange->connection->shared;
    check(!exchange->over && bytes <= exchange->unconsumed);
    exchange->unconsumed -= bytes;
    if (!exchange->held || exchange->unconsumed > shared->options.body_window_bytes / 2)
        return;
    exchange->held = false;
    check_exchange(exchange);
    http_connection_read_more(exchange->connection);
}

/* ---- The request, from its connection -------------------------------------------------------- */

bool http_exchange_wants_body(const struct http_exchange *exchange)
{
    return exchange->wanted && !exchange->over && exchange->body == HTTP_BODY_COMING;
}

size_t http_exchange_window(const struct http_exchange *exchange)
{
    size_t window = exchange->connection->shared->options.body_window_bytes;
    if (!http_exchange_wants_body(exchange) || exchange->held)
        return 0;
    check(exchange->unconsumed < window);
    return window - exchange->unconsumed;
}

void http_exchange_receive(struct http_exchange *exchange, struct slice data)
{
    uint64_t left = exchange->body_bytes_max - exchange->received;
    bool too_much = exchange->received > exchange->body_bytes_max || data.bytes > left;
    check(exchange->body == HTTP_BODY_COMING && data.bytes <= http_exchange_window(exchange));
    if (too_much)
        data.bytes = exchange->received > exchange->body_bytes_max ? 0 : (size_t)left;
    exchange->continue_owed = false;
    exchange->received += data.bytes;
    exchange->unconsumed += data.bytes;
    exchange->held =
        exchange->unconsumed >= exchange->connection->shared->options.body_window_bytes;
    check_exchange(exchange);
    if (data.bytes > 0)
        exchange->events.body(exchange->context, data);
    if (too_much && !exchange->over)
        http_exchange_receive_failure(exchange, ERROR_REQUEST_BODY_SIZE);
}

void http_exchange_receive_end(struct http_exchange *exchange)
{
    const struct http_field_list *trailers = &exchange->head.trailers;
    check(exchange->body == HTTP_BODY_COMING);
    exchange->body = HTTP_BODY_WHOLE;
    if (!exchange->over && exchange->wanted)
        exchange->events.body_end(exchange->context, trailers->fields, trailers->count);
}

void http_exchange_receive_failure(struct http_exchange *exchange, int code)
{
    check(exchange->body == HTTP_BODY_COMING && !exchange->over);
    exchange->body = HTTP_BODY_FAILED;
    exchange->failure = code;
    exchange->events.body_failed(exchange->context, code);
}

/* ---- The response ---------------------------------------------------------------------------- */

/* Whether the connection could go on after the response. */
static bool may_keep_alive(const struct http_exchange *exchange)
{
    const struct http_connection *connection = exchange->connection;
    uint64_t announced = exchange->head.request.body_bytes;
    bool pending = http_connection_has_input(connection);
    if (!exchange->head.keep_alive || connection->shared->draining ||
        exchange->body == HTTP_BODY_FAILED || (connection->input_ended && !pending))
        return false;
    if (exchange->body == HTTP_BODY_WHOLE || exchange->wanted)
        return true;
    /* The client may or may not send the body that it was not asked for (RFC 9110, 10.1.1), and a
     * long one that nobody wants is not worth the connection. */
    return !(exchange->continue_owed && !pending) &&
           (announced == HTTP_LENGTH_UNKNOWN || announced <= HTTP_DISCARD_BYTES_MAX);
}

/* Writes the head that was decided: whole, or its front, where the body's length is not known. */
static int write_head(struct http_exchange *exchange, const char *tail, size_t tail_bytes)
{
    const struct http_response *response = &exchange->response;
    struct http_output *output = output_of(exchange);
    bool is_open =
        response->framing == HTTP_FRAMING_CHUNKED || response->framing == HTTP_FRAMING_UNTIL_CLOSE;
    size_t room = response->front_bytes + (is_open ? TAIL_ROOM_BYTES : tail_bytes);
    char *memory = is_open ? http_output_open(output, room, &exchange->open)
                           : http_output_extend(output, room);
    if (!memory)
        return ERROR_OUT_OF_MEMORY;
    http_response_write_front(response, memory);
    if (is_open)
        exchange->open_memory = memory;
    else
        memcpy(memory + response->front_bytes, tail, tail_bytes);
    return 0;
}

int http_exchange_respond(struct http_exchange *exchange, uint32_t status,
                          const struct field *fields, size_t count, uint64_t body_bytes,
                          size_t head_bytes_max)
{
    struct http_connection *connection = exchange->connection;
    struct http_response *response = &exchange->response;
    char tail[HTTP_RESPONSE_TAIL_BYTES_MAX];
    check(!exchange->over && !exchange->responded);
    response->status = status;
    response->fields = fields;
    response->count = count;
    response->body_bytes = body_bytes;
    response->date_line = http_date_line(&connection->shared->date, connection->shared->loop);
    response->to_head = slice_equal(exchange->head.request.method, SLICE("HEAD"));
    response->version_minor = exchange->head.request.version_minor;
    response->keep_alive = may_keep_alive(exchange);
    int code = http_response_decide(response);
    if (code)
        return code;
    size_t tail_bytes = http_response_write_tail(response, tail);
    if (head_bytes_max < tail_bytes || response->front_bytes > head_bytes_max - tail_bytes)
        return ERROR_RESPONSE_HEADER_SIZE;
    code = write_head(exchange, tail, tail_bytes);
    if (code)
        return code;
    exchange->responded = true;
    check_exchange(exchange);
    connection->keeps_alive = http_response_keeps_alive(response);
    http_connection_flush_soon(connection);
    return 0;
}

bool http_exchange_responded(const struct http_exchange *exchange)
{
    return exchange->responded;
}

void http_exchange_seal(struct http_exchange *exchange)
{
    struct http_response *response = &exchange->response;
    char tail[TAIL_ROOM_BYTES];
    if (!exchange->open)
        return;
    bool in_chunk = response->framing == HTTP_FRAMING_CHUNKED && exchange->body_sent > 0;
    size_t bytes = http_response_write_tail(response, tail);
    if (in_chunk)
        bytes += http_chunk_line_write(exchange->body_sent, tail + bytes);
    check(bytes <= TAIL_ROOM_BYTES);
    /* The front moves up to the tail, which ends where the body begins. */
    size_t unused = TAIL_ROOM_BYTES - bytes;
    memmove(exchange->open_memory + unused, exchange->open_memory, response->front_bytes);
    memcpy(exchange->open_memory + unused + response->front_bytes, tail, bytes);
    http_output_cut(output_of(exchange), exchange->open, unused);
    if (in_chunk)
        http_output_append(output_of(exchange), LINE_END); /* reserved with each write */
    exchange->open = NULL;
    exchange->connection->keeps_alive = http_response_keeps_alive(response);
}

/* The response is whole before its head had to leave. */
static void seal_with_length(struct http_exchange *exchange)
{
    http_response_set_length(&exchange->response, exchange->body_sent);
    http_exchange_seal(exchange);
}

size_t http_exchange_room(const struct http_exchange *exchange)
{
    size_t waiting = http_output_bytes(output_of(exchange));
    size_t bytes_max = exchange->connection->shared->options.output_bytes_max;
    return waiting < bytes_max ? bytes_max - waiting : 0;
}

/* Appends a piece of body in its framing. All or nothing. */
static int append_body(struct http_exchange *exchange, struct slice data)
{
    struct http_output *output = output_of(exchange);
    bool is_chunk = exchange->response.framing == HTTP_FRAMING_CHUNKED && !exchange->open;
    char line[HTTP_CHUNK_LINE_BYTES_MAX];
    struct slice chunk_line = {.data = line, .bytes = 0};
    if (is_chunk)
        chunk_line.bytes = http_chunk_line_write(data.bytes, line);
    if (data.bytes > SIZE_MAX - sizeof(line) - LINE_END.bytes)
        return ERROR_OUT_OF_MEMORY;
    int code = http_output_reserve(output, chunk_line.bytes + data.bytes + LINE_END.bytes);
    if (code)
        return code;
    http_output_append(output, chunk_line);
    http_output_append(output, data);
    if (is_chunk)
        http_output_append(output, LINE_END);
    return 0;
}

int http_exchange_write(struct http_exchange *exchange, struct slice data)
{
    const struct http_response *response = &exchange->response;
    check(!exchange->over && exchange->responded);
    if (data.bytes == 0)
        return 0;
    exchange->written = true;
    http_connection_flush_soon(exchange->connection);
    if (response->framing == HTTP_FRAMING_NO_BODY)
        return 0;
    if (response->framing == HTTP_FRAMING_LENGTH &&
        data.bytes > response->length - exchange->body_sent)
        return ERROR_RESPONSE_INVALID;
    int code = append_body(exchange, data);
    if (code)
        return code;
    exchange->body_sent += data.bytes;
    check_exchange(exchange);
    return 0;
}

/* The last chunk, with the trailers. */
static int write_trailers(struct http_exchange *exchange, const struct field *trailers,
                          size_t count)
{
    size_t bytes = http_trailers_bytes(trailers, count);
    if (bytes == 0)
        return ERROR_RESPONSE_INVALID;
    http_exchange_seal(exchange);
    char *memory = http_output_extend(output_of(exchange), bytes);
    if (!memory)
        return ERROR_OUT_OF_MEMORY;
    http_trailers_write(trailers, count, memory);
    return 0;
}

/* Writes the end of the body. */
static int complete(struct http_exchange *exchange, const struct field *trailers, size_t count)
{
    if (!exchange->responded)
        return ERROR_RESPONSE_INCOMPLETE;
    switch (exchange->response.framing) {
    case HTTP_FRAMING_NO_BODY:
        return 0;
    case HTTP_FRAMING_LENGTH:
        return exchange->body_sent == exchange->response.length ? 0 : ERROR_RESPONSE_INCOMPLETE;
    case HTTP_FRAMING_UNTIL_CLOSE:
        if (exchange->open)
            seal_with_length(exchange);
        return 0;
    case HTTP_FRAMING_CHUNKED:
        if (!exchange->open || count > 0)
            return write_trailers(exchange, trailers, count);
        seal_with_length(exchange);
        return 0;
    }
    return ERROR_INTERNAL;
}

int http_exchange_end(struct http_exchange *exchange, const struct field *trailers, size_t count)
{
    struct http_connection *connection = exchange->connection;
    check(!exchange->over);
    int code = complete(exchange, trailers, count);
    if (code) {
        cut(exchange, code);
        return code;
    }
    finish(exchange, exchange->failure);
    http_connection_flush_soon(connection);
    http_connection_end_response(connection);
    return 0;
}

void http_exchange_abort(struct http_exchange *exchange)
{
    check(!exchange->over);
    cut(exchange, exchange->failure ? exchange->failure : ERROR_RESPONSE_INCOMPLETE);
}

void http_exchange_sent(struct http_exchange *exchange)
{
    size_t bytes_max = exchange->connection->shared->options.output_bytes_max;
    if (exchange->over || !exchange->written ||
        http_output_bytes(output_of(exchange)) > bytes_max / 2)
        return;
    check(exchange->handled && exchange->responded);
    exchange->written = false;
    exchange->events.writable(exchange->context);
}
