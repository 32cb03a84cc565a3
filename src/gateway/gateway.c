/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/gateway.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/check.h"
#include "gateway/access.h"
#include "gateway/answer.h"
#include "gateway/forwarded.h"
#include "gateway/relay.h"
#include "gateway/route.h"

struct gateway {
    const struct host_configuration *configuration;
    struct directory *directory;
    const char *only_function;
    struct random *random;
    struct log *log;
    const struct access_sink *access;
    const struct notice *notice;
    struct trusted_proxies trusted_proxies;
    struct relay_set relays;
};

int gateway_create(const struct gateway_options *options, struct gateway **ret_gateway,
                   struct error *error)
{
    check(options->configuration);
    struct gateway *gateway = malloc(sizeof(*gateway));
    if (!gateway)
        return error_set_memory(error);
    *gateway = (struct gateway){
        .configuration = options->configuration,
        .directory = options->directory,
        .only_function = options->only_function,
        .random = options->random,
        .log = options->log,
        .access = options->access,
        .notice = options->notice,
    };
    int code = trusted_proxies_init(&gateway->trusted_proxies,
                                    &options->configuration->net.trusted_proxies, error);
    if (code < 0) {
        free(gateway);
        return code;
    }
    relay_set_init(&gateway->relays, options->executor, options->directory,
                   &options->configuration->function.limits, options->log);
    gateway->relays.measures = options->configuration->log.access || options->access;
    *ret_gateway = gateway;
    return 0;
}

void gateway_destroy(struct gateway *gateway)
{
    if (!gateway)
        return;
    relay_set_fini(&gateway->relays);
    trusted_proxies_fini(&gateway->trusted_proxies);
    free(gateway);
}

static void refuse(struct http_exchange *exchange, struct access_note *note, int code)
{
    check(code < 0);
    note->code = code;
    answer_send(exchange, code, note->request_id);
}

/* The name of the function that a request is for, living as long as the request; NULL where it
 * names none. */
static const char *function_of(const struct gateway *gateway, const struct http_request *request)
{
    char name[FUNCTION_NAME_TEXT_BYTES];
    if (gateway->only_function)
        return gateway->only_function;
    if (!route_name(request->authority, name))
        return NULL;
    return arena_copy(request->arena, slice_of(name)).data;
}

/* What a head says that its function does not allow; 0 where that is nothing. */
static int check_head(const struct http_request *request, const struct limits *limits)
{
    if (request->head_bytes > limits->value[LIMIT_REQUEST_HEADER])
        return ERROR_REQUEST_HEADER_SIZE;
    if (request->body_bytes != HTTP_LENGTH_UNKNOWN &&
        request->body_bytes > limits->value[LIMIT_REQUEST_BODY])
        return ERROR_REQUEST_BODY_SIZE;
    return 0;
}

static void start(struct gateway *gateway, struct http_exchange *exchange, struct access_note *note,
                  struct directory_entry *entry, bool trusted)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct forwarded forwarded;
    int code = 0;
    if (entry->version)
        code = check_head(request, &entry->version->configuration->limits);
    if (code == 0)
        code = forwarded_make(request, trusted, note->request_id, &forwarded);
    if (code < 0) {
        refuse(exchange, note, code);
        return;
    }
    struct call_request call = {
        .method = request->method,
        .authority = request->authority,
        .path_with_query = request->path_with_query,
        .https = forwarded.https,
        .fields = forwarded.fields,
        .field_count = forwarded.field_count,
        .has_body = request->body_bytes != 0,
        .request_id = note->request_id,
    };
    relay_start(&gateway->relays, exchange, note, entry, note->function, &call);
}

static void on_request(void *context, struct http_exchange *exchange)
{
    struct gateway *gateway = context;
    const struct http_request *request = http_exchange_request(exchange);
    check(request && request->arena && request->peer);
    bool trusted = trusted_proxies_contain(&gateway->trusted_proxies, request->peer);
    char memory[REQUEST_ID_BYTES_MAX];
    struct slice id = request_id_of(request, trusted, gateway->random, memory);
    struct access_note *note = access_note_make(exchange, id);
    if (!note) {
        answer_send(exchange, ERROR_OUT_OF_MEMORY, id);
        return;
    }
    const char *function = function_of(gateway, request);
    struct directory_entry *entry =
        function ? directory_find(gateway->directory, slice_of(function)) : NULL;
    if (gateway->notice && (!entry || entry->state == FUNCTION_BROKEN ||
                            notice_comes_first(gateway->notice, request))) {
        note->code = ERROR_FUNCTION_BROKEN;
        notice_send(exchange, gateway->notice, id);
        return;
    }
    if (!entry) {
        refuse(exchange, note, ERROR_FUNCTION_NOT_FOUND);
        return;
    }
    note->function = function;
    start(gateway, exchange, note, entry, trusted);
}

static void on_refuse(void *context, struct http_exchange *exchange, int code)
{
    struct gateway *gateway = context;
    char id[REQUEST_ID_TEXT_BYTES];
    struct slice request_id = slice_of(request_id_write(gateway->random, id));
    struct access_note *note = access_note_make(exchange, request_id);
    if (note)
        note->code = code;
    answer_send(exchange, code, request_id);
}

static void on_done(void *context, const struct http_request *request, uint32_t status,
                    uint64_t body_bytes, uint64_t duration_ns, int code)
{
    struct gateway *gateway = context;
    if (!gateway->configuration->log.access && !gateway->access)
        return;
    struct access_record record =
        access_record_make(request, status, body_bytes, duration_ns, code);
    if (gateway->configuration->log.access)
        access_write(gateway->log, &record);
    if (gateway->access)
        gateway->access->write(gateway->access->context, &record);
}

struct http_handler gateway_handler(struct gateway *gateway)
{
    return (struct http_handler){
        .context = gateway,
        .request = on_request,
        .done = on_done,
        .refuse = on_refuse,
    };
}
