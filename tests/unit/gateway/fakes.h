/* SPDX-License-Identifier: AGPL-3.0-only */

/* An exchange and a call that only write down what is done to them: the gateway's two neighbours,
 * defined here in place of the library's. Included by one test each. */

#ifndef FN0_TESTS_GATEWAY_FAKES_H
#define FN0_TESTS_GATEWAY_FAKES_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "http/server.h"
#include "runtime/directory.h"
#include "runtime/executor.h"

#define FAKE_FIELDS_MAX 32

/* Both write into one text, a word an event, so that a test sees their order. */
struct trace {
    char text[4096];
};

struct http_exchange {
    struct trace *trace;
    struct arena arena;
    struct address peer;
    struct http_request request;
    const struct http_exchange_events *events;
    void *context;
    bool responded;
    uint32_t status;
    char fields[4096]; /* "name: value\n" … */
    char body[4096];
    size_t room;
    uint64_t body_bytes_max;
    int respond_fails; /* with this code, once */
    int end_fails;
    void (*during_read)(struct http_exchange *exchange);
};

struct call {
    struct trace *trace;
    const struct call_sink *sink;
    void *context;
    struct call_request request;
    size_t window;
    struct call_usage used;
};

/* What call_start answers, and the one call that it hands out. */
struct executor {
    int refuses;
    struct call call;
};

struct directory {
    struct directory_entry *entry; /* the only one */
    struct directory_watcher *watcher;
};

static void note(struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct trace *trace, const char *format, ...)
{
    size_t used = strlen(trace->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(trace->text + used, sizeof(trace->text) - used, format, arguments);
    va_end(arguments);
}

static void exchange_init(struct http_exchange *exchange, struct trace *trace)
{
    *exchange = (struct http_exchange){.trace = trace, .room = SIZE_MAX};
    exchange->body_bytes_max = UINT64_MAX;
    arena_init(&exchange->arena, 1 << 20);
    exchange->peer = (struct address){.v4 = {.sin_family = AF_INET}};
    exchange->peer.v4.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    exchange->request = (struct http_request){
        .method = SLICE("GET"),
        .authority = SLICE("hello.example.com"),
        .path_with_query = SLICE("/"),
        .head_bytes = 100,
        .version_minor = 1,
        .peer = &exchange->peer,
        .peer_host = SLICE("192.0.2.1"),
        .arena = &exchange->arena,
    };
}

static void exchange_fini(struct http_exchange *exchange)
{
    arena_fini(&exchange->arena);
}

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
    return &exchange->request;
}

void http_exchange_set_note(struct http_exchange *exchange, void *note)
{
    exchange->request.note = note;
}

void http_exchange_handle(struct http_exchange *exchange, const struct http_exchange_events *events,
                          void *context)
{
    exchange->events = events;
    exchange->context = context;
}

void http_exchange_limit_body(struct http_exchange *exchange, uint64_t body_bytes_max)
{
    exchange->body_bytes_max = body_bytes_max;
}

void http_exchange_read(struct http_exchange *exchange)
{
    note(exchange->trace, "read ");
    if (exchange->during_read)
        exchange->during_read(exchange);
}

void http_exchange_continue(struct http_exchange *exchange)
{
    note(exchange->trace, "continue ");
}

void http_exchange_consumed(struct http_exchange *exchange, size_t bytes)
{
    note(exchange->trace, "consumed:%zu ", bytes);
}

int http_exchange_respond(struct http_exchange *exchange, uint32_t status,
                          const struct field *fields, size_t count, uint64_t body_bytes,
                          size_t head_bytes_max)
{
    (void)body_bytes;
    int code = exchange->respond_fails;
    exchange->respond_fails = 0;
    size_t bytes = 0;
    exchange->fields[0] = '\0';
    for (size_t i = 0; i < count; i++)
        bytes += (size_t)snprintf(exchange->fields + bytes, sizeof(exchange->fields) - bytes,
                                  "%.*s: %.*s\n", (int)fields[i].name.bytes, fields[i].name.data,
                                  (int)fields[i].value.bytes, fields[i].value.data);
    if (code == 0 && bytes > head_bytes_max)
        code = ERROR_RESPONSE_HEADER_SIZE;
    if (code < 0)
        return code;
    note(exchange->trace, "respond:%u ", status);
    exchange->responded = true;
    exchange->status = status;
    return 0;
}

bool http_exchange_responded(const struct http_exchange *exchange)
{
    return exchange->responded;
}

size_t http_exchange_room(const struct http_exchange *exchange)
{
    return exchange->room;
}

int http_exchange_write(struct http_exchange *exchange, struct slice data)
{
    note(exchange->trace, "write:%zu ", data.bytes);
    size_t used = strlen(exchange->body);
    if (used + data.bytes < sizeof(exchange->body))
        memcpy(exchange->body + used, data.data, data.bytes);
    return 0;
}

int http_exchange_end(struct http_exchange *exchange, const struct field *trailers, size_t count)
{
    note(exchange->trace, "end ");
    for (size_t i = 0; i < count; i++)
        note(exchange->trace, "trailer:%.*s=%.*s ", (int)trailers[i].name.bytes,
             trailers[i].name.data, (int)trailers[i].value.bytes, trailers[i].value.data);
    return exchange->end_fails;
}

void http_exchange_abort(struct http_exchange *exchange)
{
    note(exchange->trace, "abort ");
}

int call_start(struct executor *executor, struct directory_entry *entry,
               const struct call_request *request, size_t window_bytes,
               const struct call_sink *sink, void *context, struct call **ret_call,
               struct error *error)
{
    (void)entry;
    if (executor->refuses < 0)
        return error_set(error, executor->refuses, "refused");
    executor->call.request = *request;
    executor->call.sink = sink;
    executor->call.context = context;
    executor->call.window = window_bytes;
    note(executor->call.trace, "start ");
    *ret_call = &executor->call;
    return 0;
}

void call_body(struct call *call, struct slice data)
{
    note(call->trace, "call_body:%zu ", data.bytes);
}

void call_body_end(struct call *call, const struct field *trailers, size_t count)
{
    (void)trailers;
    note(call->trace, "call_body_end:%zu ", count);
}

void call_body_fail(struct call *call, int code)
{
    note(call->trace, "call_body_fail:%s ", error_info(code)->label);
}

void call_window(struct call *call, size_t bytes)
{
    note(call->trace, "window:%zu ", bytes);
}

struct call_usage call_used(const struct call *call)
{
    return call->used;
}

void call_cancel(struct call *call)
{
    note(call->trace, "cancel ");
}

struct directory_entry *directory_find(struct directory *directory, struct slice name)
{
    struct directory_entry *entry = directory->entry;
    return entry && slice_equal(name, slice_of(entry->name)) ? entry : NULL;
}

void directory_watch(struct directory *directory, struct directory_watcher *watcher)
{
    directory->watcher = watcher;
}

void directory_unwatch(struct directory_watcher *watcher)
{
    (void)watcher;
}

#endif
