/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/outgoing.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "runtime/bridge_types.h"

/* Of one account on one worker. */
#define CONNECTIONS_MAX 1024u
#define CONNECTIONS_PER_HOST_MAX 256u
#define CONNECTION_IDLE_NS (60 * NANOSECONDS_PER_SECOND)
/* Longer than a connection is kept, so that no kept connection is lost by it. */
#define CLIENT_IDLE_NS (90 * NANOSECONDS_PER_SECOND)
#define RESPONSE_HEADER_BYTES_MAX 1048576u

static_assert(CONNECTIONS_PER_HOST_MAX <= CONNECTIONS_MAX, "a host gets no more than all");
static_assert(CLIENT_IDLE_NS > CONNECTION_IDLE_NS, "a client outlives its kept connections");

/* The client of one account. */
struct account_client {
    struct list link; /* in clients.open or clients.closing */
    struct outgoing_clients *clients;
    char *account;
    struct client *client;
    uint64_t requests;
    struct loop_timeout idle;
};

struct outgoing_clients {
    struct loop *loop;
    struct client_options options;
    struct address_prefix *allow;
    struct list open;
    struct list closing;
    size_t count;
    void (*closed)(void *context);
    void *context;
};

/* One request. It outlives its client's request until the guest drops it, since the guest may
 * still ask for something. */
struct outgoing {
    struct list link; /* in the group */
    struct outgoing_group *group;
    struct account_client *account_client;
    struct client_request *request; /* NULL: over */
    uint64_t number;                /* the bridge's */
};

/* ---- Clients of accounts ------------------------------------------------------------------- */

static void finish_closing(struct outgoing_clients *clients)
{
    if (!clients->closed || clients->count > 0)
        return;
    void (*closed)(void *context) = clients->closed;
    void *context = clients->context;
    check(list_empty(&clients->open) && list_empty(&clients->closing));
    free(clients->allow);
    free(clients);
    closed(context);
}

static void client_closed(void *context)
{
    struct account_client *account_client = context;
    struct outgoing_clients *clients = account_client->clients;
    list_remove(&account_client->link);
    check(account_client->requests == 0 && clients->count > 0);
    free(account_client->account);
    free(account_client);
    clients->count--;
    finish_closing(clients);
}

static void account_client_close(struct account_client *account_client)
{
    check(account_client->requests == 0);
    loop_timeout_stop(&account_client->idle);
    list_remove(&account_client->link);
    list_push_back(&account_client->clients->closing, &account_client->link);
    client_close(account_client->client, client_closed, account_client);
}

static void idle_expired(struct loop_timeout *timeout)
{
    struct account_client *account_client = container_of(timeout, struct account_client, idle);
    if (account_client->requests == 0)
        account_client_close(account_client);
}

static int account_client_create(struct outgoing_clients *clients, const char *account,
                                 struct account_client **ret_account_client, struct error *error)
{
    struct account_client *account_client = calloc(1, sizeof *account_client);
    if (!account_client)
        return error_set_memory(error);
    int code;
    account_client->account = strdup(account);
    if (!account_client->account) {
        code = error_set_memory(error);
        goto free_account_client;
    }
    code = client_create(clients->loop, &clients->options, &account_client->client, error);
    if (code < 0)
        goto free_account;
    account_client->clients = clients;
    loop_timeout_init(&account_client->idle, idle_expired);
    list_push_front(&clients->open, &account_client->link);
    clients->count++;
    *ret_account_client = account_client;
    return 0;

free_account:
    free(account_client->account);
free_account_client:
    free(account_client);
    return code;
}

static int account_client_find(struct outgoing_clients *clients, const char *account,
                               struct account_client **ret_account_client, struct error *error)
{
    for (struct list *link = clients->open.next; link != &clients->open; link = link->next) {
        *ret_account_client = container_of(link, struct account_client, link);
        if (strcmp((*ret_account_client)->account, account) == 0)
            return 0;
    }
    return account_client_create(clients, account, ret_account_client, error);
}

static void account_client_used(struct account_client *account_client)
{
    if (account_client->requests++ == 0)
        loop_timeout_stop(&account_client->idle);
}

static void account_client_unused(struct account_client *account_client)
{
    check(account_client->requests > 0);
    /* Without memory for the timeout the client stays until its next request has ended. */
    if (--account_client->requests == 0)
        (void)loop_timeout_start(account_client->clients->loop, &account_client->idle,
                                 CLIENT_IDLE_NS);
}

static int allow_read(struct outgoing_clients *clients, const struct texts *texts,
                      struct error *error)
{
    if (texts->count == 0)
        return 0;
    clients->allow = calloc(texts->count, sizeof *clients->allow);
    if (!clients->allow)
        return error_set_memory(error);
    for (size_t i = 0; i < texts->count; i++) {
        if (address_prefix_read(slice_of(texts->items[i]), &clients->allow[i], error) < 0) {
            error_wrap(error, "outbound.allow");
            if (error)
                error->code = ERROR_CONFIGURATION;
            return ERROR_CONFIGURATION;
        }
    }
    return 0;
}

int outgoing_clients_create(struct loop *loop, const struct host_configuration *configuration,
                            const char *certificates, struct outgoing_clients **ret_clients,
                            struct error *error)
{
    struct outgoing_clients *clients = calloc(1, sizeof *clients);
    if (!clients)
        return error_set_memory(error);
    int code = allow_read(clients, &configuration->outbound_allow, error);
    if (code < 0) {
        free(clients->allow);
        free(clients);
        return code;
    }
    clients->loop = loop;
    list_init(&clients->open);
    list_init(&clients->closing);
    uint64_t header = configuration->function.limits.value[LIMIT_RESPONSE_HEADER];
    clients->options = (struct client_options){
        .connections_max = CONNECTIONS_MAX,
        .connections_per_host_max = CONNECTIONS_PER_HOST_MAX,
        .idle_time_ns = CONNECTION_IDLE_NS,
        .response_header_bytes_max =
            header < RESPONSE_HEADER_BYTES_MAX ? header : RESPONSE_HEADER_BYTES_MAX,
        .allow = clients->allow,
        .allow_count = configuration->outbound_allow.count,
        .certificates = certificates,
    };
    *ret_clients = clients;
    return 0;
}

void outgoing_clients_close(struct outgoing_clients *clients, void (*closed)(void *context),
                            void *context)
{
    check(!clients->closed && closed);
    clients->closed = closed;
    clients->context = context;
    /* Held up, so that the last client's end does not free the list under the loop. */
    clients->count++;
    while (!list_empty(&clients->open))
        account_client_close(container_of(clients->open.next, struct account_client, link));
    clients->count--;
    finish_closing(clients);
}

size_t outgoing_clients_count(const struct outgoing_clients *clients)
{
    return clients->count;
}

/* ---- What a function may call -------------------------------------------------------------- */

bool outgoing_authority_valid(struct slice authority)
{
    if (authority.bytes == 0)
        return false;
    for (size_t i = 0; i < authority.bytes; i++) {
        unsigned char byte = (unsigned char)authority.data[i];
        /* User information, and whatever might end the authority for one reader and not for
         * another. */
        if (byte <= ' ' || byte >= 0x7f || strchr("@/\\?#\"<>^`{|}%", byte))
            return false;
    }
    return true;
}

/* The host of an authority, without a port, and without the root's dot at its end. */
static struct slice authority_host(struct slice authority)
{
    size_t bytes = authority.bytes;
    const char *bracket = memrchr(authority.data, ']', bytes);
    const char *colon = memrchr(authority.data, ':', bytes);
    if (colon && (!bracket || colon > bracket))
        bytes = (size_t)(colon - authority.data);
    if (bytes > 1 && authority.data[bytes - 1] == '.')
        bytes--;
    return (struct slice){.data = authority.data, .bytes = bytes};
}

bool outgoing_host_allowed(const struct function_configuration *configuration,
                           struct slice authority)
{
    if (!configuration->outbound_hosts_set)
        return true;
    struct slice host = authority_host(authority);
    for (size_t i = 0; i < configuration->outbound_hosts.count; i++) {
        struct slice entry = slice_of(configuration->outbound_hosts.items[i]);
        bool with_port =
            authority_host(entry).bytes < entry.bytes && entry.data[entry.bytes - 1] != '.';
        if (slice_equal_ignoring_case(entry, with_port ? authority : host))
            return true;
    }
    return false;
}

/* ---- Requests ------------------------------------------------------------------------------ */

static void outgoing_fail(struct outgoing_group *group, uint64_t number, struct slice name,
                          struct slice detail)
{
    /* What the bridge cannot take any more concerns a guest that is being ended. */
    (void)fn0_outgoing_fail(group->bridge, number, slice_to_bridge(name), slice_to_bridge(detail));
}

/* The client's request is over, in whichever way. */
static void request_over(struct outgoing *outgoing)
{
    check(outgoing->request && outgoing->account_client);
    outgoing->request = NULL;
    account_client_unused(outgoing->account_client);
}

static void on_response(void *context, uint32_t status, const struct field *fields, size_t count)
{
    struct outgoing *outgoing = context;
    (void)fn0_outgoing_head(outgoing->group->bridge, outgoing->number, status,
                            fields_to_bridge(fields), count);
}

static void on_body(void *context, struct slice data)
{
    struct outgoing *outgoing = context;
    (void)fn0_outgoing_body(outgoing->group->bridge, outgoing->number, slice_to_bridge(data));
}

static void on_sent(void *context, size_t bytes)
{
    struct outgoing *outgoing = context;
    (void)fn0_outgoing_window(outgoing->group->bridge, outgoing->number, bytes);
}

static void on_end(void *context, const struct field *trailers, size_t count)
{
    struct outgoing *outgoing = context;
    request_over(outgoing);
    (void)fn0_outgoing_end(outgoing->group->bridge, outgoing->number, fields_to_bridge(trailers),
                           count);
}

static void on_failed(void *context, enum client_failure failure, const char *detail)
{
    struct outgoing *outgoing = context;
    request_over(outgoing);
    outgoing_fail(outgoing->group, outgoing->number, slice_of(client_failure_name(failure)),
                  slice_of(detail));
}

static const struct client_events client_events = {
    .response = on_response,
    .body = on_body,
    .sent = on_sent,
    .end = on_end,
    .failed = on_failed,
};

static struct outgoing *outgoing_find(struct outgoing_group *group, uint64_t number)
{
    for (struct list *link = group->requests.next; link != &group->requests; link = link->next) {
        struct outgoing *outgoing = container_of(link, struct outgoing, link);
        if (outgoing->number == number)
            return outgoing;
    }
    return NULL;
}

static void outgoing_cancel(struct outgoing *outgoing)
{
    if (outgoing->request) {
        client_request_cancel(outgoing->request);
        request_over(outgoing);
    }
}

static void outgoing_destroy(struct outgoing *outgoing)
{
    outgoing_cancel(outgoing);
    list_remove(&outgoing->link);
    free(outgoing);
}

/* Hands the request to the client of the version's account. */
static int outgoing_send(struct outgoing *outgoing, const struct fn0_outgoing_request *request,
                         struct error *error)
{
    struct outgoing_group *group = outgoing->group;
    int code = account_client_find(group->clients, group->version->account,
                                   &outgoing->account_client, error);
    if (code < 0)
        return code;
    char *url;
    int bytes =
        asprintf(&url, "%s://%.*s%.*s", request->scheme == FN0_SCHEME_HTTPS ? "https" : "http",
                 (int)request->authority.bytes, request->authority.data,
                 (int)request->path_with_query.bytes, request->path_with_query.data);
    if (bytes < 0)
        return error_set_memory(error);
    struct client_request_options options = {
        .method = slice_from_bridge(request->method),
        .url = {.data = url, .bytes = (size_t)bytes},
        .fields = fields_from_bridge(request->fields),
        .field_count = request->field_count,
        .has_body = request->has_body,
        .body_bytes = request->body_bytes,
        .connect_timeout_ns = request->connect_timeout_ns,
        .first_byte_timeout_ns = request->first_byte_timeout_ns,
        .between_bytes_timeout_ns = request->between_bytes_timeout_ns,
    };
    account_client_used(outgoing->account_client);
    code = client_request_start(outgoing->account_client->client, &options, &client_events,
                                outgoing, &outgoing->request, error);
    free(url);
    if (code < 0)
        account_client_unused(outgoing->account_client);
    return code;
}

/* Why the request is refused before anything is sent, by its name in wasi:http; empty: it is not.
 */
static struct slice refusal(const struct outgoing_group *group,
                            const struct fn0_outgoing_request *request)
{
    const struct function_configuration *configuration = group->version->configuration;
    if (group->made > configuration->limits.value[LIMIT_OUTGOING_REQUESTS])
        return SLICE("HTTP-request-denied");
    struct slice authority = slice_from_bridge(request->authority);
    if (!outgoing_authority_valid(authority))
        return SLICE("HTTP-request-URI-invalid");
    if (!outgoing_host_allowed(configuration, authority))
        return SLICE("HTTP-request-denied");
    return (struct slice){0};
}

/* What a guest is told when the client does not even start. */
static struct slice start_error_name(int code)
{
    switch (code) {
    case ERROR_INVALID_ARGUMENT:
        return SLICE("HTTP-request-method-invalid");
    case ERROR_FULL:
        return SLICE("HTTP-request-header-section-size");
    default:
        return SLICE("internal-error");
    }
}

static void outgoing_begin(struct outgoing_group *group, const struct fn0_event *event)
{
    group->made++;
    struct slice refused = refusal(group, event->request);
    if (refused.bytes > 0) {
        outgoing_fail(group, event->outgoing, refused, (struct slice){0});
        return;
    }
    struct outgoing *outgoing = calloc(1, sizeof *outgoing);
    if (!outgoing) {
        outgoing_fail(group, event->outgoing, SLICE("internal-error"), SLICE("out of memory"));
        return;
    }
    outgoing->group = group;
    outgoing->number = event->outgoing;
    list_push_back(&group->requests, &outgoing->link);
    struct error error;
    int code = outgoing_send(outgoing, event->request, &error);
    if (code < 0) {
        outgoing_destroy(outgoing);
        outgoing_fail(group, event->outgoing, start_error_name(code), slice_of(error.message));
    }
}

/* The client has no memory for more of the body: the request ends, and the guest is told. */
static void outgoing_give_up(struct outgoing *outgoing, struct slice name)
{
    outgoing_cancel(outgoing);
    outgoing_fail(outgoing->group, outgoing->number, name, (struct slice){0});
}

void outgoing_group_init(struct outgoing_group *group, struct outgoing_clients *clients,
                         const struct version *version, struct fn0_call *bridge)
{
    *group = (struct outgoing_group){.clients = clients, .version = version, .bridge = bridge};
    list_init(&group->requests);
}

void outgoing_group_event(struct outgoing_group *group, const struct fn0_event *event)
{
    if (event->kind == FN0_EVENT_OUTGOING_REQUEST) {
        outgoing_begin(group, event);
        return;
    }
    struct outgoing *outgoing = outgoing_find(group, event->outgoing);
    if (!outgoing)
        return;
    if (event->kind == FN0_EVENT_OUTGOING_DROPPED) {
        outgoing_destroy(outgoing);
        return;
    }
    if (!outgoing->request)
        return;
    switch (event->kind) {
    case FN0_EVENT_OUTGOING_BODY:
        if (client_request_write(outgoing->request, slice_from_bridge(event->text)) < 0)
            outgoing_give_up(outgoing, SLICE("internal-error"));
        break;
    case FN0_EVENT_OUTGOING_BODY_END:
        if (client_request_end(outgoing->request, fields_from_bridge(event->fields),
                               event->field_count) < 0)
            outgoing_give_up(outgoing, SLICE("internal-error"));
        break;
    case FN0_EVENT_OUTGOING_BODY_CUT:
        outgoing_give_up(outgoing, SLICE("HTTP-protocol-error"));
        break;
    case FN0_EVENT_OUTGOING_CONSUMED:
        client_request_consumed(outgoing->request, (size_t)event->number);
        break;
    default:
        check(!"an event of outgoing requests");
    }
}

void outgoing_group_cancel(struct outgoing_group *group)
{
    while (!list_empty(&group->requests))
        outgoing_destroy(container_of(group->requests.next, struct outgoing, link));
}
