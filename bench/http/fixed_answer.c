/* SPDX-License-Identifier: AGPL-3.0-only */

/* The HTTP server alone, answering every request with the same 13 bytes: what is left of nginx's
 * `return 200` when nothing is behind it. bench/http/run measures it.
 *
 *     fixed_answer ADDRESS:PORT */

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/server.h"
#include "io/listen.h"
#include "io/loop.h"

static void on_request(void *context, struct http_exchange *exchange)
{
    static const struct field fields[] = {{{"content-type", 12}, {"text/plain", 10}}};
    struct slice body = SLICE("Hello, World!");
    (void)context;
    if (http_exchange_respond(exchange, 200, fields, 1, body.bytes, 131072) != 0 ||
        http_exchange_write(exchange, body) != 0) {
        http_exchange_abort(exchange);
        return;
    }
    (void)http_exchange_end(exchange, NULL, 0);
}

int main(int count, char **arguments)
{
    const struct http_handler handler = {.request = on_request};
    const struct http_server_options options = {
        .head_bytes_max = 131072,
        .connections_max = 10000,
        .connections_per_address_max = 10000,
        .head_timeout_ns = 15 * NANOSECONDS_PER_SECOND,
        .body_timeout_ns = 30 * NANOSECONDS_PER_SECOND,
        .write_timeout_ns = 30 * NANOSECONDS_PER_SECOND,
        .idle_timeout_ns = 60 * NANOSECONDS_PER_SECOND,
        .body_window_bytes = 65536,
        .output_bytes_max = 262144,
    };
    struct address address;
    struct error error = {.code = 0};
    struct loop *loop;
    struct http_server *server;
    int listening;
    if (count != 2) {
        fprintf(stderr, "usage: fixed_answer ADDRESS:PORT\n");
        return 2;
    }
    if (address_read(slice_of(arguments[1]), false, &address, &error) != 0 ||
        loop_create(clock_system(), &loop, &error) != 0 ||
        http_server_create(loop, &options, &handler, &server, &error) != 0 ||
        listen_bind(&address, 1, &listening, NULL, &error) != 0 ||
        http_server_listen(server, listening, &error) != 0 || loop_run(loop, &error) != 0) {
        fprintf(stderr, "fixed_answer: %s\n", error.message);
        return 1;
    }
    return 0;
}
