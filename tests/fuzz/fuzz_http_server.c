/* SPDX-License-Identifier: AGPL-3.0-only */

/* Plays clients, handler, time and faults against the HTTP server, as the input says: one step a
 * byte. Whatever happens in whatever order, the server must not break, every exchange must end
 * exactly once, and the server must close. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "http/server.h"
#include "tables/errors.h"

#define CLIENTS 3
#define SECOND NANOSECONDS_PER_SECOND

struct play;

/* An exchange that is the handler's now. */
struct part {
    struct play *play;
    struct http_exchange *exchange; /* NULL: free */
    size_t unconsumed;
    bool whole; /* told that the body is whole, or never will be */
};

struct play {
    const uint8_t *data;
    size_t bytes;
    uint64_t now_ns;
    struct clock clock;
    struct fault fault;
    struct client_counts counts;
    struct loop *loop;
    struct http_server *server;
    int clients[CLIENTS]; /* -1: not connected */
    struct part parts[CLIENTS];
    size_t begun;
    size_t over; /* ended, aborted or gone */
    size_t done;
    bool draining;
    bool closing;
    bool closed;
};

static uint8_t next(struct play *play)
{
    if (play->bytes == 0)
        return 0;
    play->bytes--;
    return *play->data++;
}

static uint64_t play_now(void *context)
{
    return ((struct play *)context)->now_ns;
}

static void on_closed(void *context)
{
    ((struct play *)context)->closed = true;
}

static void on_drained(void *context)
{
    check(((struct play *)context)->draining);
}

/* ---- The handler ----------------------------------------------------------------------------- */

static void act(struct part *part, uint8_t what);

/* What the handler does within an event. */
static void react(struct part *part)
{
    uint8_t what = next(part->play);
    if (what & 0x80)
        act(part, what & 0x7f);
}

static void on_body(void *context, struct slice data)
{
    struct part *part = context;
    check(part->exchange && !part->whole && data.bytes > 0);
    part->unconsumed += data.bytes;
    check(part->unconsumed <= 64);
    react(part);
}

static void on_body_end(void *context, const struct field *trailers, size_t count)
{
    struct part *part = context;
    check(part->exchange && !part->whole && (count == 0 || trailers[0].name.bytes > 0));
    part->whole = true;
    react(part);
}

static void on_body_failed(void *context, int code)
{
    struct part *part = context;
    check(part->exchange && !part->whole && code < 0);
    part->whole = true;
    react(part);
}

static void on_writable(void *context)
{
    struct part *part = context;
    check(part->exchange && http_exchange_room(part->exchange) > 0);
    react(part);
}

static void on_gone(void *context, int code)
{
    struct part *part = context;
    check(part->exchange && code < 0);
    part->exchange = NULL;
    part->play->over++;
    uint8_t what = next(part->play);
    if (what == 0xff && !part->play->closing) {
        part->play->closing = true;
        http_server_close(part->play->server, on_closed, part->play);
    }
}

static const struct http_exchange_events events = {
    .body = on_body,
    .body_end = on_body_end,
    .body_failed = on_body_failed,
    .writable = on_writable,
    .gone = on_gone,
};

static void on_request(void *context, struct http_exchange *exchange)
{
    struct play *play = context;
    const struct http_request *request = http_exchange_request(exchange);
    struct part *part = play->parts;
    play->begun++;
    check(request->method.bytes > 0 && request->path_with_query.bytes > 0);
    check(arena_allocate(request->arena, 16) || fault_came(&play->fault, FAULT_ALLOCATION));
    while (part < play->parts + CLIENTS && part->exchange)
        part++;
    if (part == play->parts + CLIENTS) {
        /* More than there are clients: they closed, and nobody was told yet. */
        play->over++;
        http_exchange_abort(exchange);
        return;
    }
    *part = (struct part){.play = play, .exchange = exchange};
    http_exchange_handle(exchange, &events, part);
    react(part);
}

static void on_done(void *context, const struct http_request *request, uint32_t status,
                    uint64_t body_bytes, uint64_t duration_ns, int code)
{
    struct play *play = context;
    (void)body_bytes;
    (void)duration_ns;
    check(request && status < 1000 && code <= 0);
    play->done++;
}

static void on_refuse(void *context, struct http_exchange *exchange, int code)
{
    struct play *play = context;
    play->begun++;
    play->over++;
    if (next(play) & 1 &&
        http_exchange_respond(exchange, (uint32_t)error_info(code)->status, NULL, 0, 2, 4096) ==
            0 &&
        http_exchange_write(exchange, SLICE("no")) == 0)
        (void)http_exchange_end(exchange, NULL, 0);
}

static void end(struct part *part, bool with_trailer)
{
    const struct field trailer = {SLICE("t"), SLICE("v")};
    struct http_exchange *exchange = part->exchange;
    part->exchange = NULL;
    part->play->over++;
    (void)http_exchange_end(exchange, &trailer, with_trailer);
}

static void respond(struct part *part, uint8_t how)
{
    static const uint32_t statuses[] = {200, 204, 304, 205, 404, 100, 999, 503};
    const struct field fields[] = {{SLICE("content-length"), SLICE("5")},
                                   {SLICE("connection"), SLICE("close")},
                                   {SLICE("bad"), SLICE("\n")},
                                   {SLICE("good"), SLICE("value")}};
    if (!http_exchange_responded(part->exchange))
        (void)http_exchange_respond(part->exchange, statuses[how & 7], &fields[(how >> 3) & 3],
                                    (how >> 5) & 1, how & 0x40 ? 3 : HTTP_LENGTH_UNKNOWN, 120);
}

static void act(struct part *part, uint8_t what)
{
    static char much[20000];
    struct http_exchange *exchange = part->exchange;
    size_t bytes;
    if (!exchange)
        return;
    switch (what % 9) {
    case 0:
        http_exchange_read(exchange);
        break;
    case 1:
        bytes = part->unconsumed < what ? part->unconsumed : what;
        part->unconsumed -= bytes;
        http_exchange_consumed(exchange, bytes);
        break;
    case 2:
        respond(part, next(part->play));
        break;
    case 3:
        bytes = next(part->play);
        if (http_exchange_responded(exchange))
            (void)http_exchange_write(
                exchange, (struct slice){.data = much, .bytes = bytes > 250 ? 20000 : bytes});
        break;
    case 4:
    case 5:
        end(part, what & 1);
        break;
    case 6:
        part->exchange = NULL;
        part->play->over++;
        http_exchange_abort(exchange);
        break;
    case 7:
        http_exchange_limit_body(exchange, next(part->play));
        break;
    case 8:
        if (!part->play->draining && !part->play->closing) {
            part->play->draining = true;
            http_server_drain(part->play->server, on_drained, part->play);
        }
        break;
    }
}

/* ---- The clients ----------------------------------------------------------------------------- */

static void connect_client(struct play *play, size_t which)
{
    int ends[2];
    if (play->closing || play->clients[which] >= 0)
        return;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    play->clients[which] = ends[0];
    if (http_server_adopt(play->server, ends[1], NULL) != 0)
        close(ends[1]);
}

static void close_client(struct play *play, size_t which)
{
    if (play->clients[which] >= 0)
        close(play->clients[which]);
    play->clients[which] = -1;
}

static void client_send(struct play *play, size_t which, const void *data, size_t bytes)
{
    if (play->clients[which] >= 0 && bytes > 0)
        (void)!send(play->clients[which], data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void client_say(struct play *play, size_t which, uint8_t what)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a HTTP/1.0\r\n\r\n",
        "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234",
        "56789",
        "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
        "0123456789012345678901234567890123456789012345678901234567890123456789",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "5\r\nhello\r\n",
        "20;ext=x\r\n0123456789abcdef0123456789abcdef\r\n",
        "0\r\n\r\n",
        "0\r\nT: v\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "GET ",
        "\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n",
    };
    const char *text = texts[what % (sizeof(texts) / sizeof(texts[0]))];
    client_send(play, which, text, strlen(text));
}

static void client_read(struct play *play, size_t which)
{
    char got[4096];
    if (play->clients[which] >= 0)
        (void)!recv(play->clients[which], got, sizeof(got), MSG_DONTWAIT);
}

/* ---- The play -------------------------------------------------------------------------------- */

static void step(struct play *play)
{
    uint8_t what = next(play);
    size_t which = (what >> 4) % CLIENTS;
    size_t bytes;
    switch (what & 0x0f) {
    case 0:
    case 1:
        loop_run_once(play->loop, 0);
        break;
    case 2:
    case 3:
        client_say(play, which, next(play));
        break;
    case 4:
        bytes = next(play) % 32;
        bytes = bytes < play->bytes ? bytes : play->bytes;
        client_send(play, which, play->data, bytes);
        play->data += bytes;
        play->bytes -= bytes;
        break;
    case 5:
        client_read(play, which);
        break;
    case 6:
        connect_client(play, which);
        break;
    case 7:
        close_client(play, which);
        break;
    case 8:
        if (play->clients[which] >= 0)
            shutdown(play->clients[which], SHUT_WR);
        break;
    case 9:
        play->now_ns += (next(play) % 8) * SECOND;
        break;
    case 10:
        fault_arm(&play->fault, (enum fault_kind)(which % 3), next(play));
        break;
    case 11:
        if (next(play) == 0xff && !play->closing) {
            play->closing = true;
            http_server_close(play->server, on_closed, play);
        }
        break;
    default:
        act(&play->parts[which], next(play));
        break;
    }
}

static bool begin(struct play *play)
{
    const struct http_handler handler = {
        .context = play, .request = on_request, .done = on_done, .refuse = on_refuse};
    const struct http_server_options options = {
        .head_bytes_max = 200,
        .connections_max = CLIENTS,
        .clients = &play->counts,
        .head_timeout_ns = 5 * SECOND,
        .body_timeout_ns = 6 * SECOND,
        .write_timeout_ns = 7 * SECOND,
        .idle_timeout_ns = 8 * SECOND,
        .body_window_bytes = 64,
        .output_bytes_max = 1000,
        .fault = &play->fault,
    };
    play->now_ns = SECOND;
    play->clock = (struct clock){.name = "play",
                                 .context = play,
                                 .monotonic_ns = play_now,
                                 .realtime_ns = play_now,
                                 .thread_cpu_ns = play_now};
    for (size_t i = 0; i < CLIENTS; i++)
        play->clients[i] = -1;
    fault_init(&play->fault);
    check(loop_create(&play->clock, &play->loop, NULL) == 0);
    check(client_counts_init(&play->counts, CLIENTS, CLIENTS, &play->fault) == 0);
    return http_server_create(play->loop, &options, &handler, &play->server, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct play play = {.data = data, .bytes = bytes};
    check(begin(&play));
    connect_client(&play, 0);
    while (play.bytes > 0 && !play.closed)
        step(&play);
    if (!play.closing) {
        play.closing = true;
        http_server_close(play.server, on_closed, &play);
    }
    for (int i = 0; i < 10 && !play.closed; i++)
        loop_run_once(play.loop, 0);
    check(play.closed);
    check(play.begun == play.over && play.begun == play.done);
    for (size_t i = 0; i < CLIENTS; i++)
        close_client(&play, i);
    client_counts_fini(&play.counts);
    loop_destroy(play.loop);
    return 0;
}
