/* SPDX-License-Identifier: AGPL-3.0-only */

/* An HTTP client without a network, in place of io/client.h's: the functions are defined in the
 * test program, so that the linker does not take the real ones. The test plays the other side by
 * the request's events. Included by one file of a test program. */

#ifndef FN0_TESTS_FAKE_CLIENT_H
#define FN0_TESTS_FAKE_CLIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "io/client.h"

#define FAKE_CLIENT_REQUESTS_MAX 128

struct client {
    struct loop *loop;
    struct client_options options;
    unsigned requests;
    struct loop_task close;
    void (*closed)(void *context);
    void *context;
};

struct client_request {
    struct client *client;
    const struct client_events *events;
    void *context;
    struct client_request_options options; /* what its slices point at is gone */
    char method[16];
    char url[256];
    char body[1024];
    size_t body_bytes;
    bool body_ended;
    size_t consumed;
};

static struct fake_clients {
    unsigned alive;
    unsigned requests_alive;
    unsigned cancelled;
    int start_code; /* what the next start answers */
    int write_code;
    struct client_request *last;
} fake_clients;

int client_create(struct loop *loop, const struct client_options *options,
                  struct client **ret_client, struct error *error)
{
    (void)error;
    struct client *client = calloc(1, sizeof *client);
    client->loop = loop;
    client->options = *options;
    fake_clients.alive++;
    *ret_client = client;
    return 0;
}

static void fake_client_closed(struct loop_task *task)
{
    struct client *client = container_of(task, struct client, close);
    void (*closed)(void *context) = client->closed;
    void *context = client->context;
    fake_clients.alive--;
    free(client);
    closed(context);
}

void client_close(struct client *client, void (*closed)(void *context), void *context)
{
    check(client->requests == 0);
    client->closed = closed;
    client->context = context;
    loop_task_init(&client->close, fake_client_closed);
    loop_defer(client->loop, &client->close);
}

int client_request_start(struct client *client, const struct client_request_options *options,
                         const struct client_events *events, void *context,
                         struct client_request **ret_request, struct error *error)
{
    if (fake_clients.start_code)
        return error_set(error, fake_clients.start_code, "made to fail");
    struct client_request *request = calloc(1, sizeof *request);
    request->client = client;
    request->events = events;
    request->context = context;
    request->options = *options;
    snprintf(request->method, sizeof request->method, "%.*s", (int)options->method.bytes,
             options->method.data);
    snprintf(request->url, sizeof request->url, "%.*s", (int)options->url.bytes, options->url.data);
    client->requests++;
    fake_clients.requests_alive++;
    fake_clients.last = request;
    *ret_request = request;
    return 0;
}

int client_request_write(struct client_request *request, struct slice data)
{
    check(request->body_bytes + data.bytes <= sizeof request->body && !request->body_ended);
    if (fake_clients.write_code)
        return fake_clients.write_code;
    memcpy(request->body + request->body_bytes, data.data, data.bytes);
    request->body_bytes += data.bytes;
    return 0;
}

int client_request_end(struct client_request *request, const struct field *trailers, size_t count)
{
    (void)trailers, (void)count;
    request->body_ended = true;
    return 0;
}

void client_request_consumed(struct client_request *request, size_t bytes)
{
    request->consumed += bytes;
}

static inline void fake_client_request_gone(struct client_request *request)
{
    if (fake_clients.last == request)
        fake_clients.last = NULL;
    request->client->requests--;
    fake_clients.requests_alive--;
    free(request);
}

void client_request_cancel(struct client_request *request)
{
    fake_clients.cancelled++;
    fake_client_request_gone(request);
}

const char *client_failure_name(enum client_failure failure)
{
    static const char *const names[] = {
#define FAKE_NAME(name, error_code, what) error_code,
        CLIENT_FAILURE_TABLE(FAKE_NAME)
#undef FAKE_NAME
    };
    return names[failure];
}

/* The other side is done with the request. */
static inline void fake_client_end(struct client_request *request)
{
    request->events->end(request->context, NULL, 0);
    fake_client_request_gone(request);
}

static inline void fake_client_fail(struct client_request *request, enum client_failure failure)
{
    request->events->failed(request->context, failure, "because");
    fake_client_request_gone(request);
}

#endif
