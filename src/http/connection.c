/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/connection.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "tables/errors.h"
#include "tables/limits.h"

static const struct state_row rows[] = {
    [HTTP_CONNECTION_IDLE] = {"idle", STATE_TO(HTTP_CONNECTION_HEAD) |
                                          STATE_TO(HTTP_CONNECTION_CLOSING) |
                                          STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_HEAD] = {"head", STATE_TO(HTTP_CONNECTION_EXCHANGE) |
                                          STATE_TO(HTTP_CONNECTION_CLOSING) |
                                          STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_EXCHANGE] = {"exchange", STATE_TO(HTTP_CONNECTION_IDLE) |
                                                  STATE_TO(HTTP_CONNECTION_DISCARDING) |
                                                  STATE_TO(HTTP_CONNECTION_CLOSING) |
                                                  STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_DISCARDING] = {"discarding", STATE_TO(HTTP_CONNECTION_IDLE) |
                                                      STATE_TO(HTTP_CONNECTION_CLOSING) |
                                                      STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_CLOSING] = {"closing", STATE_TO(HTTP_CONNECTION_LINGERING) |
                                                STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_LINGERING] = {"lingering", STATE_TO(HTTP_CONNECTION_CLOSED)},
    [HTTP_CONNECTION_CLOSED] = {"closed", 0},
};
static_assert(sizeof(rows) / sizeof(rows[0]) == HTTP_CONNECTION_CLOSED + 1, "a row for each state");
static_assert(HTTP_PENDING_BYTES_MAX <= HTTP_READ_BYTES, "what is pending fits its buffer");
static_assert(HTTP_DISCARD_BYTES_MAX <= HTTP_LINGER_BYTES_MAX,
              "who is to be gone may send more than who stays");
static_assert(HTTP_REQUESTS_PER_TURN > 0, "each turn goes on");
static const struct state_machine machine = {
    .name = "connection", .rows = rows, .count = sizeof(rows) / sizeof(rows[0])};

static enum http_connection_state state_of(const struct http_connection *connection)
{
    return connection->state.now;
}

/* What holds between any two events. */
static void check_connection(const struct http_connection *connection)
{
    enum http_connection_state state = state_of(connection);
    const struct http_exchange *exchange = connection->exchange;
    check((connection->socket < 0) == (state == HTTP_CONNECTION_CLOSED));
    check(list_empty(&connection->idle_link) == (state != HTTP_CONNECTION_IDLE));
    check(exchange || (state != HTTP_CONNECTION_HEAD && state != HTTP_CONNECTION_EXCHANGE));
    check(!exchange || exchange->connection == connection);
    check(state != HTTP_CONNECTION_EXCHANGE || !exchange->over);
    check(buffer_bytes(&connection->pending) <= HTTP_READ_BYTES);
    check(connection->turn_requests <= HTTP_REQUESTS_PER_TURN);
}

static void move(struct http_connection *connection, enum http_connection_state to)
{
    struct http_shared *shared = connection->shared;
    list_remove(&connection->idle_link);
    state_move(&connection->state, to, loop_now_ns(shared->loop));
    if (to == HTTP_CONNECTION_IDLE)
        list_push_back(&shared->idle, &connection->idle_link);
}

static void give_exchange(struct http_connection *connection)
{
    if (!connection->exchange)
        return;
    http_exchange_give(connection->shared, connection->exchange);
    connection->exchange = NULL;
}

/* ---- Closing --------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct http_connection *connection = container_of(handle, struct http_connection, poll);
    struct http_shared *shared = connection->shared;
    check(!connection->working && connection->socket < 0 && shared->closing > 0);
    give_exchange(connection);
    buffer_fini(&connection->pending);
    http_output_fini(&connection->output);
    list_remove(&connection->link);
    free(connection);
    shared->closing--;
    shared->connection_closed(shared);
}

/* Closes the socket. Memory stays until libuv has let go of the handle, so that whoever is up the
 * stack can still look at the state. */
static void close_now(struct http_connection *connection)
{
    struct http_shared *shared = connection->shared;
    check(connection->socket >= 0 && shared->open > 0);
    move(connection, HTTP_CONNECTION_CLOSED);
    loop_timeout_stop(&connection->read_timeout);
    loop_timeout_stop(&connection->write_timeout);
    loop_task_cancel(&connection->flush);
    loop_task_cancel(&connection->work);
    client_counts_leave(shared->options.clients, connection->client);
    uv_close((uv_handle_t *)&connection->poll, on_closed);
    if (connection->resets) {
        const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    close(connection->socket);
    connection->socket = -1;
    shared->open--;
    shared->closing++;
    shared->connection_closed(shared);
}

void http_connection_lose(struct http_connection *connection, int code)
{
    if (state_of(connection) == HTTP_CONNECTION_CLOSED)
        return;
    close_now(connection);
    if (connection->exchange)
        http_exchange_lose(connection->exchange, code);
}

/* For where gone must not be told now, or closing is too much at once. */
static void lose_soon(struct http_connection *connection, int code)
{
    connection->failure = code;
    http_connection_flush_soon(connection);
}

/* Sends what is gathered, then closes; `lingers`: the client may still be sending. */
static void close_soon(struct http_connection *connection, bool lingers)
{
    connection->lingers = lingers;
    move(connection, HTTP_CONNECTION_CLOSING);
    http_connection_flush_soon(connection);
}

/* ---- Watching the socket --------------------------------------------------------------------- */

/* Whether what the client sends is of use now. */
static bool wants_input(const struct http_connection *connection)
{
    size_t pending = buffer_bytes(&connection->pending);
    if (connection->input_ended || pending >= HTTP_READ_BYTES)
        return false;
    switch (state_of(connection)) {
    case HTTP_CONNECTION_IDLE:
        return pending == 0;
    case HTTP_CONNECTION_HEAD:
    case HTTP_CONNECTION_DISCARDING:
    case HTTP_CONNECTION_LINGERING:
        return true;
    case HTTP_CONNECTION_EXCHANGE:
        /* Beyond what the handler wants a little is read all the same: it saves watching for
         * something else when the next request comes early, and shows a client's end. */
        return http_exchange_window(connection->exchange) > 0 ||
               (!connection->exchange->held && pending < HTTP_PENDING_BYTES_MAX);
    case HTTP_CONNECTION_CLOSING:
    case HTTP_CONNECTION_CLOSED:
        return false;
    }
    return false;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void start_poll(struct http_connection *connection)
{
    int code = uv_poll_start(&connection->poll, connection->watched, on_poll);
    check(code == 0);
}

/* Being readable is given up only when it comes and is not wanted. UV_PRIORITIZED is always watched
 * for: with it, libuv reports errors and hang-ups whatever else is. */
static void watch(struct http_connection *connection)
{
    int wanted = UV_PRIORITIZED | (connection->watched & UV_READABLE);
    if (wants_input(connection))
        wanted |= UV_READABLE;
    if (connection->input_ended)
        wanted &= ~UV_READABLE;
    if (connection->output_stuck)
        wanted |= UV_WRITABLE;
    if (wanted == connection->watched)
        return;
    connection->watched = wanted;
    start_poll(connection);
}

/* ---- Timeouts -------------------------------------------------------------------------------- */

/* What the client is waited for. */
static enum http_timing awaited(const struct http_connection *connection)
{
    switch (state_of(connection)) {
    case HTTP_CONNECTION_IDLE:
        return HTTP_TIMING_IDLE;
    case HTTP_CONNECTION_HEAD:
        return HTTP_TIMING_HEAD;
    case HTTP_CONNECTION_EXCHANGE:
        return http_exchange_window(connection->exchange) > 0 ? HTTP_TIMING_BODY
                                                              : HTTP_TIMING_NOTHING;
    case HTTP_CONNECTION_DISCARDING:
        return HTTP_TIMING_BODY;
    case HTTP_CONNECTION_LINGERING:
        return HTTP_TIMING_LINGER;
    case HTTP_CONNECTION_CLOSING:
    case HTTP_CONNECTION_CLOSED:
        break;
    }
    return HTTP_TIMING_NOTHING;
}

/* A drain does not wait long for clients that owe nothing. */
static uint64_t bounded_by_drain(const struct http_shared *shared, uint64_t ns)
{
    return shared->draining && ns > HTTP_DRAIN_GRACE_NS ? HTTP_DRAIN_GRACE_NS : ns;
}

static uint64_t timeout_of(const struct http_shared *shared, enum http_timing timing)
{
    const struct http_server_options *options = &shared->options;
    switch (timing) {
    case HTTP_TIMING_IDLE:
        return bounded_by_drain(shared, options->idle_timeout_ns);
    case HTTP_TIMING_HEAD:
        return bounded_by_drain(shared, options->head_timeout_ns);
    case HTTP_TIMING_BODY:
        return options->body_timeout_ns;
    case HTTP_TIMING_LINGER:
        return bounded_by_drain(shared, HTTP_LINGER_NS);
    case HTTP_TIMING_NOTHING:
        break;
    }
    return LIMIT_NONE;
}

/* Sees to it that the right timeout runs: begun anew after progress, else left alone. */
static void time_input(struct http_connection *connection)
{
    enum http_timing timing = awaited(connection);
    if (timing == connection->timing && !connection->progress)
        return;
    connection->timing = timing;
    connection->progress = false;
    if (loop_timeout_start(connection->shared->loop, &connection->read_timeout,
                           timeout_of(connection->shared, timing)) != 0)
        lose_soon(connection, ERROR_OUT_OF_MEMORY);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* A request has begun: finds it an exchange. */
static bool begin_request(struct http_connection *connection)
{
    struct http_shared *shared = connection->shared;
    check(!connection->exchange);
    connection->exchange = http_exchange_take(shared, connection);
    if (!connection->exchange) {
        http_connection_lose(connection, ERROR_OUT_OF_MEMORY);
        return false;
    }
    shared->counts.requests++;
    connection->requests++;
    connection->progress = true;
    http_parser_begin(&connection->parser, &connection->exchange->head,
                      &connection->exchange->arena);
    move(connection, HTTP_CONNECTION_HEAD);
    return true;
}

/* The head will not do: answers for `code`, then closes. */
static void refuse(struct http_connection *connection, int code)
{
    connection->keeps_alive = false;
    move(connection, HTTP_CONNECTION_EXCHANGE);
    http_exchange_refuse(connection->exchange, code);
}

/* Whether the steps below have more to do with what there is. */
enum step { STEP_AGAIN, STEP_WAIT };

static enum step step_idle(struct http_connection *connection, struct slice *input)
{
    give_exchange(connection);
    /* Answers that a client does not take are not added to. */
    if (http_output_bytes(&connection->output) > connection->shared->options.output_bytes_max)
        return STEP_WAIT;
    int code = http_parser_skip_empty_line(&connection->parser, input);
    if (code == 0 && input->bytes == 0)
        return STEP_WAIT;
    if (connection->turn_requests == 0) {
        loop_defer(connection->shared->loop, &connection->work);
        return STEP_WAIT;
    }
    connection->turn_requests--;
    if (begin_request(connection) && code != 0)
        refuse(connection, code);
    return STEP_AGAIN;
}

/* The head is whole. */
static void begin_exchange(struct http_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    struct slice nothing = SLICE("");
    move(connection, HTTP_CONNECTION_EXCHANGE);
    connection->progress = true;
    connection->keeps_alive = false;
    if (exchange->head.request.body_bytes == 0) {
        struct slice body;
        int parsed = http_parser_next(&connection->parser, &nothing, &body);
        check(parsed == HTTP_PARSED_END);
        http_exchange_receive_end(exchange);
    }
    http_exchange_begin(exchange);
}

static enum step step_head(struct http_connection *connection, struct slice *input)
{
    struct slice body;
    int parsed = http_parser_next(&connection->parser, input, &body);
    if (parsed == HTTP_PARSED_MORE)
        return STEP_WAIT;
    if (parsed == HTTP_PARSED_HEAD)
        begin_exchange(connection);
    else
        refuse(connection, parsed);
    return STEP_AGAIN;
}

/* Hands the handler as much of the body as it may have, and its end, for which it needs no room. */
static enum step step_body(struct http_connection *connection, struct slice *input)
{
    struct http_exchange *exchange = connection->exchange;
    struct slice body;
    size_t window = http_exchange_window(exchange);
    if (window == 0 &&
        !(http_exchange_wants_body(exchange) && http_parser_body_left(&connection->parser) == 0))
        return STEP_WAIT;
    struct slice piece = {.data = input->data,
                          .bytes = input->bytes < window ? input->bytes : window};
    size_t shown = piece.bytes;
    int parsed = http_parser_next(&connection->parser, &piece, &body);
    input->data += shown - piece.bytes;
    input->bytes -= shown - piece.bytes;
    if (parsed == HTTP_PARSED_MORE)
        return input->bytes > 0 ? STEP_AGAIN : STEP_WAIT;
    connection->progress = true;
    if (parsed == HTTP_PARSED_BODY)
        http_exchange_receive(exchange, body);
    else if (parsed == HTTP_PARSED_END)
        http_exchange_receive_end(exchange);
    else
        http_exchange_receive_failure(exchange, parsed);
    return STEP_AGAIN;
}

/* The last request is over in every respect. */
static void next_request(struct http_connection *connection)
{
    move(connection, HTTP_CONNECTION_IDLE);
    http_parser_finish(&connection->parser);
    connection->progress = true;
}

static enum step step_discarding(struct http_connection *connection, struct slice *input)
{
    struct slice body;
    int parsed = http_parser_next(&connection->parser, input, &body);
    switch (parsed) {
    case HTTP_PARSED_MORE:
        return STEP_WAIT;
    case HTTP_PARSED_BODY:
        connection->progress = true;
        connection->dropped_bytes += body.bytes;
        if (connection->dropped_bytes > HTTP_DISCARD_BYTES_MAX)
            close_soon(connection, true);
        return STEP_AGAIN;
    case HTTP_PARSED_END:
        next_request(connection);
        return STEP_AGAIN;
    default:
        close_soon(connection, true);
        return STEP_AGAIN;
    }
}

static enum step step(struct http_connection *connection, struct slice *input)
{
    switch (state_of(connection)) {
    case HTTP_CONNECTION_IDLE:
        return step_idle(connection, input);
    case HTTP_CONNECTION_HEAD:
        return step_head(connection, input);
    case HTTP_CONNECTION_EXCHANGE:
        return step_body(connection, input);
    case HTTP_CONNECTION_DISCARDING:
        return step_discarding(connection, input);
    case HTTP_CONNECTION_CLOSING:
    case HTTP_CONNECTION_LINGERING:
    case HTTP_CONNECTION_CLOSED:
        input->bytes = 0;
        return STEP_WAIT;
    }
    return STEP_WAIT;
}

/* All input is used that will ever come: what does that mean where the connection stands now? */
static void end_input(struct http_connection *connection)
{
    if (buffer_bytes(&connection->pending) > 0)
        return;
    switch (state_of(connection)) {
    case HTTP_CONNECTION_HEAD:
    case HTTP_CONNECTION_IDLE:
    case HTTP_CONNECTION_DISCARDING:
        close_soon(connection, false);
        return;
    case HTTP_CONNECTION_EXCHANGE:
        /* After a whole request it is half a close, and no reason not to answer. */
        if (connection->exchange->body == HTTP_BODY_COMING)
            http_connection_lose(connection, ERROR_CLIENT_GONE);
        return;
    case HTTP_CONNECTION_LINGERING:
        close_now(connection);
        return;
    case HTTP_CONNECTION_CLOSING:
    case HTTP_CONNECTION_CLOSED:
        return;
    }
}

/* After anything that may have changed the state: what is watched and waited for now. */
static void settle(struct http_connection *connection)
{
    bool idle = state_of(connection) == HTTP_CONNECTION_IDLE;
    if (idle && connection->shared->draining && connection->requests > 0 &&
        buffer_bytes(&connection->pending) == 0)
        close_soon(connection, true);
    if (state_of(connection) == HTTP_CONNECTION_CLOSED)
        return;
    time_input(connection);
    watch(connection);
    check_connection(connection);
}

/* Goes on with `input` as far as it goes; what is left of it, the caller keeps. */
static void parse(struct http_connection *connection, struct slice *input)
{
    check(!connection->working);
    connection->working = input;
    while (step(connection, input) == STEP_AGAIN)
        ;
    connection->working = NULL;
}

bool http_connection_has_input(const struct http_connection *connection)
{
    return connection->working ? connection->working->bytes > 0
                               : buffer_bytes(&connection->pending) > 0;
}

/* Goes on with what was read before. */
static void work_off(struct http_connection *connection)
{
    size_t before = buffer_bytes(&connection->pending);
    struct slice input = before > 0 ? buffer_slice(&connection->pending) : SLICE("");
    parse(connection, &input);
    buffer_consume(&connection->pending, before - input.bytes);
    if (buffer_bytes(&connection->pending) == 0)
        buffer_reset(&connection->pending, 0);
    if (connection->input_ended)
        end_input(connection);
    settle(connection);
}

static void on_work(struct loop_task *task)
{
    struct http_connection *connection = container_of(task, struct http_connection, work);
    connection->turn_requests = HTTP_REQUESTS_PER_TURN;
    work_off(connection);
}

/* ---- Input ----------------------------------------------------------------------------------- */

/* Parses what was read; what cannot be used yet is kept. */
static void take_input(struct http_connection *connection, struct slice input)
{
    if (buffer_bytes(&connection->pending) > 0) {
        if (buffer_append(&connection->pending, input) != 0)
            http_connection_lose(connection, ERROR_OUT_OF_MEMORY);
        else
            work_off(connection);
        return;
    }
    parse(connection, &input);
    if (input.bytes > 0 && state_of(connection) != HTTP_CONNECTION_CLOSED &&
        buffer_append(&connection->pending, input) != 0) {
        http_connection_lose(connection, ERROR_OUT_OF_MEMORY);
        return;
    }
    settle(connection);
}

/* How much to read: what can be used at once, and little beyond, since the rest is kept for each
 * connection. Over 0 where wants_input. */
static size_t read_bytes(const struct http_connection *connection)
{
    size_t pending = buffer_bytes(&connection->pending);
    size_t wanted = HTTP_READ_BYTES;
    if (state_of(connection) == HTTP_CONNECTION_EXCHANGE) {
        size_t window = http_exchange_window(connection->exchange);
        wanted = window > 0 ? window : HTTP_PENDING_BYTES_MAX - pending;
    } else if (state_of(connection) != HTTP_CONNECTION_LINGERING) {
        wanted = HTTP_PENDING_BYTES_MAX;
    }
    return wanted < HTTP_READ_BYTES - pending ? wanted : HTTP_READ_BYTES - pending;
}

static void linger(struct http_connection *connection, size_t bytes)
{
    connection->dropped_bytes += bytes;
    if (connection->dropped_bytes > HTTP_LINGER_BYTES_MAX)
        close_now(connection);
}

static void read_input(struct http_connection *connection)
{
    struct http_shared *shared = connection->shared;
    bool lingering = state_of(connection) == HTTP_CONNECTION_LINGERING;
    size_t wanted = read_bytes(connection);
    check(wanted > 0 && wanted <= HTTP_READ_BYTES);
    /* TCP drops data uncopied under MSG_TRUNC. */
    ssize_t got = recv(connection->socket, shared->read_memory, wanted, lingering ? MSG_TRUNC : 0);
    if (fault_hits(shared->options.fault, FAULT_READ)) {
        got = -1;
        errno = ECONNRESET;
    }
    if (got < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            http_connection_lose(connection, ERROR_CLIENT_GONE);
        return;
    }
    if (got == 0) {
        connection->input_ended = true;
        end_input(connection);
        settle(connection);
        return;
    }
    if (lingering)
        linger(connection, (size_t)got);
    else
        take_input(connection, (struct slice){.data = shared->read_memory, .bytes = (size_t)got});
}

/* Something happened to the socket that is not for reading: an error, a hang-up, or urgent data. */
static void look_for_error(struct http_connection *connection)
{
    int error = 0;
    socklen_t bytes = sizeof(error);
    struct pollfd now = {.fd = connection->socket, .events = POLLPRI};
    if (getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0 || error != 0 ||
        (poll(&now, 1, 0) > 0 && (now.revents & (POLLERR | POLLHUP)))) {
        http_connection_lose(connection, ERROR_CLIENT_GONE);
        return;
    }
    if (now.revents & POLLPRI) {
        /* Nobody uses urgent data in HTTP; left alone it would be reported for ever. */
        char urgent;
        (void)!recv(connection->socket, &urgent, sizeof(urgent), MSG_OOB | MSG_DONTWAIT);
    }
}

/* ---- Output ---------------------------------------------------------------------------------- */

/* All output has left. */
static void close_after_output(struct http_connection *connection)
{
    if (!connection->lingers || connection->resets || connection->input_ended) {
        close_now(connection);
        return;
    }
    if (shutdown(connection->socket, SHUT_WR) < 0) {
        close_now(connection);
        return;
    }
    connection->dropped_bytes = 0;
    buffer_reset(&connection->pending, 0);
    move(connection, HTTP_CONNECTION_LINGERING);
    settle(connection);
}

/* Sends what the socket takes. Returns false when the connection was lost. */
static bool send_output(struct http_connection *connection)
{
    struct http_output *output = &connection->output;
    bool sent = false;
    connection->output_stuck = false;
    while (http_output_bytes(output) > 0 && !connection->output_stuck) {
        ssize_t bytes = http_output_send(output, connection->socket);
        if (bytes == -EAGAIN) {
            connection->output_stuck = true;
        } else if (bytes < 0) {
            http_connection_lose(connection, ERROR_CLIENT_GONE);
            return false;
        } else {
            sent = true;
        }
    }
    check(connection->output_stuck == (http_output_bytes(output) > 0));
    if (!connection->output_stuck)
        loop_timeout_stop(&connection->write_timeout);
    else if ((sent || list_empty(&connection->write_timeout.link)) &&
             loop_timeout_start(connection->shared->loop, &connection->write_timeout,
                                connection->shared->options.write_timeout_ns) != 0)
        connection->failure = ERROR_OUT_OF_MEMORY;
    return true;
}

static void flush(struct http_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    if (exchange && !exchange->over)
        http_exchange_seal(exchange);
    if (!send_output(connection))
        return;
    if (connection->failure != 0) {
        http_connection_lose(connection, connection->failure);
        return;
    }
    /* A reset is not worth waiting for a client that takes nothing. */
    if (state_of(connection) == HTTP_CONNECTION_CLOSING &&
        (!connection->output_stuck || connection->resets)) {
        close_after_output(connection);
        return;
    }
    watch(connection);
    if (exchange && !exchange->over)
        http_exchange_sent(exchange);
    else if (state_of(connection) == HTTP_CONNECTION_IDLE && buffer_bytes(&connection->pending) > 0)
        loop_defer(connection->shared->loop, &connection->work);
}

static void on_flush(struct loop_task *task)
{
    flush(container_of(task, struct http_connection, flush));
}

void http_connection_flush_soon(struct http_connection *connection)
{
    loop_defer_flush(connection->shared->loop, &connection->flush);
}

/* ---- What the loop says ---------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_connection *connection = container_of(poll, struct http_connection, poll);
    connection->turn_requests = HTTP_REQUESTS_PER_TURN;
    if (status < 0) {
        http_connection_lose(connection, ERROR_CLIENT_GONE);
        return;
    }
    if (events & UV_WRITABLE)
        flush(connection);
    if (state_of(connection) == HTTP_CONNECTION_CLOSED)
        return;
    if ((events & UV_READABLE) && wants_input(connection)) {
        read_input(connection);
        return;
    }
    if (events & UV_READABLE) {
        connection->watched &= ~UV_READABLE;
        start_poll(connection);
    }
    if (events & UV_PRIORITIZED)
        look_for_error(connection);
}

static void on_read_timeout(struct loop_timeout *timeout)
{
    struct http_connection *connection =
        container_of(timeout, struct http_connection, read_timeout);
    struct http_exchange *exchange = connection->exchange;
    enum http_timing timing = connection->timing;
    connection->timing = HTTP_TIMING_NOTHING;
    switch (timing) {
    case HTTP_TIMING_IDLE:
        /* A client that takes its last answer slowly has a timeout of its own. */
        if (http_output_bytes(&connection->output) == 0)
            close_now(connection);
        break;
    case HTTP_TIMING_HEAD:
        refuse(connection, ERROR_REQUEST_TIMEOUT);
        break;
    case HTTP_TIMING_BODY:
        if (state_of(connection) == HTTP_CONNECTION_DISCARDING)
            close_soon(connection, true);
        else
            http_exchange_receive_failure(exchange, ERROR_REQUEST_TIMEOUT);
        break;
    case HTTP_TIMING_LINGER:
        close_now(connection);
        break;
    case HTTP_TIMING_NOTHING:
        check(!"a timeout runs for something");
    }
    if (state_of(connection) != HTTP_CONNECTION_CLOSED)
        settle(connection);
}

static void on_write_timeout(struct loop_timeout *timeout)
{
    http_connection_lose(container_of(timeout, struct http_connection, write_timeout),
                         ERROR_CLIENT_SLOW);
}

/* ---- What exchanges say ---------------------------------------------------------------------- */

void http_connection_read_body(struct http_connection *connection)
{
    check(state_of(connection) == HTTP_CONNECTION_EXCHANGE);
    /* Within the loop that parses, that loop goes on with the body by itself. */
    if (connection->working)
        return;
    if (connection->input_ended && buffer_bytes(&connection->pending) == 0) {
        loop_defer(connection->shared->loop, &connection->work);
        return;
    }
    connection->turn_requests = 0; /* the next request is not begun from within */
    size_t before = buffer_bytes(&connection->pending);
    if (before > 0) {
        struct slice input = buffer_slice(&connection->pending);
        parse(connection, &input);
        buffer_consume(&connection->pending, before - input.bytes);
        if (input.bytes > 0 || connection->input_ended)
            loop_defer(connection->shared->loop, &connection->work);
    }
    settle(connection);
}

void http_connection_read_more(struct http_connection *connection)
{
    check(state_of(connection) == HTTP_CONNECTION_EXCHANGE);
    if (connection->working)
        return;
    /* Also without input: the end of a body that just filled the window is still to be told. */
    loop_defer(connection->shared->loop, &connection->work);
    settle(connection);
}

void http_connection_end_response(struct http_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    uint64_t left = http_parser_body_left(&connection->parser);
    bool pending = http_connection_has_input(connection);
    check(state_of(connection) == HTTP_CONNECTION_EXCHANGE && exchange->over);
    if (exchange->body == HTTP_BODY_WHOLE && connection->keeps_alive) {
        next_request(connection);
        if (!connection->working)
            give_exchange(connection);
    } else if (exchange->body == HTTP_BODY_WHOLE) {
        /* Where the client said that it would close it sends nothing more. */
        close_soon(connection, pending || exchange->head.keep_alive);
    } else if (exchange->body == HTTP_BODY_FAILED || !connection->keeps_alive ||
               (left != HTTP_LENGTH_UNKNOWN && left > HTTP_DISCARD_BYTES_MAX)) {
        close_soon(connection, true);
    } else {
        connection->dropped_bytes = 0;
        move(connection, HTTP_CONNECTION_DISCARDING);
    }
    if (connection->working)
        return;
    if (pending || connection->input_ended)
        loop_defer(connection->shared->loop, &connection->work);
    settle(connection);
}

void http_connection_cut(struct http_connection *connection, bool reset)
{
    check(connection->exchange && connection->exchange->over);
    connection->resets = reset;
    close_soon(connection, false);
    if (!connection->working)
        settle(connection);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int watch_socket(struct http_connection *connection)
{
    int code =
        uv_poll_init(loop_uv(connection->shared->loop), &connection->poll, connection->socket);
    if (code < 0)
        return code == UV_ENOMEM ? ERROR_OUT_OF_MEMORY : ERROR_SYSTEM;
    return 0;
}

int http_connection_open(struct http_shared *shared, int socket, const struct address *peer)
{
    struct http_connection *connection = NULL;
    check(socket >= 0);
    if (!fault_hits(shared->options.fault, FAULT_ALLOCATION))
        connection = malloc(sizeof(*connection));
    if (!connection)
        return ERROR_OUT_OF_MEMORY;
    *connection = (struct http_connection){.shared = shared, .socket = socket, .peer = *peer};
    address_write_host(peer, connection->peer_host);
    int code = client_counts_enter(shared->options.clients, peer, &connection->client);
    if (code)
        goto free_connection;
    code = watch_socket(connection);
    if (code)
        goto leave_clients;
    http_parser_init(&connection->parser, shared->options.head_bytes_max);
    buffer_init(&connection->pending, HTTP_READ_BYTES);
    http_output_init(&connection->output, &shared->blocks);
    loop_task_init(&connection->flush, on_flush);
    loop_task_init(&connection->work, on_work);
    loop_timeout_init(&connection->read_timeout, on_read_timeout);
    loop_timeout_init(&connection->write_timeout, on_write_timeout);
    state_init(&connection->state, &machine, HTTP_CONNECTION_IDLE, loop_now_ns(shared->loop),
               shared->options.trace, shared->options.trace_context);
    list_init(&connection->link);
    list_init(&connection->idle_link);
    list_push_back(&shared->connections, &connection->link);
    list_push_back(&shared->idle, &connection->idle_link);
    shared->open++;
    settle(connection);
    return 0;

leave_clients:
    client_counts_leave(shared->options.clients, connection->client);
free_connection:
    free(connection);
    return code;
}

/* Whether the client has sent what was not read yet. */
static bool has_unread(const struct http_connection *connection)
{
    char byte;
    return recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool http_connection_is_quiet(const struct http_connection *connection)
{
    return state_of(connection) == HTTP_CONNECTION_IDLE &&
           http_output_bytes(&connection->output) == 0 && !http_connection_has_input(connection) &&
           !has_unread(connection);
}

/* Whether a drain waits for nothing of it: it is between two requests, or in the middle of a head
 * or of a body that nobody wants, and what was sent of that has been read. */
static bool owes_nothing(const struct http_connection *connection)
{
    switch (state_of(connection)) {
    case HTTP_CONNECTION_IDLE:
        /* A new one was opened for a request. */
        return connection->requests > 0 && !connection->input_ended && !has_unread(connection);
    case HTTP_CONNECTION_HEAD:
        return !has_unread(connection);
    case HTTP_CONNECTION_DISCARDING:
        return true;
    default:
        return false;
    }
}

void http_connection_drain(struct http_connection *connection)
{
    enum http_connection_state state = state_of(connection);
    if (owes_nothing(connection)) {
        close_soon(connection, state == HTTP_CONNECTION_DISCARDING);
        settle(connection);
    } else if (state == HTTP_CONNECTION_IDLE || state == HTTP_CONNECTION_HEAD ||
               state == HTTP_CONNECTION_LINGERING) {
        /* It gets a short time: to send the request it was opened for, or the rest of one, or to
         * take its last answer. */
        connection->progress = true;
        time_input(connection);
    }
}
