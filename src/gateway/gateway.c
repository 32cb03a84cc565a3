/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assets/assets.h"
#include "base/arena.h"
#include "base/check.h"
#include "gateway/access.h"
#include "gateway/answer.h"
#include "gateway/forwarded.h"
#include "gateway/parking.h"
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
    struct assets *assets;
    struct directory_watcher watcher;
    struct list waiting;   /* for the first version of their function */
    struct list searching; /* for a file */
};

static void on_directory_changed(void *context, struct directory_entry *entry, struct version *old,
                                 bool removed);

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
        .watcher = {.changed = on_directory_changed, .context = gateway},
    };
    const struct assets_options assets = {
        .loop = options->loop,
        .log = options->log,
        .never_cached = options->assets_never_cached,
    };
    list_init(&gateway->waiting);
    list_init(&gateway->searching);
    int code = trusted_proxies_init(&gateway->trusted_proxies,
                                    &options->configuration->net.trusted_proxies, error);
    if (code == 0)
        code = assets_create(&assets, &gateway->assets, error);
    if (code < 0) {
        trusted_proxies_fini(&gateway->trusted_proxies);
        free(gateway);
        return code;
    }
    directory_watch(gateway->directory, &gateway->watcher);
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
    check(list_empty(&gateway->waiting) && list_empty(&gateway->searching));
    directory_unwatch(&gateway->watcher);
    assets_destroy(gateway->assets);
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

static bool is_trusted(const struct gateway *gateway, const struct http_request *request)
{
    return trusted_proxies_contain(&gateway->trusted_proxies, request->peer);
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

/* Begins a call of the function. */
static void start_call(struct gateway *gateway, struct http_exchange *exchange,
                       struct access_note *note, struct directory_entry *entry)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct forwarded forwarded;
    int code = forwarded_make(request, is_trusted(gateway, request), note->request_id, &forwarded);
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

/* ---- Assets ---------------------------------------------------------------------------------- */

static void refuse_unreadable(struct gateway *gateway, struct http_exchange *exchange,
                              struct access_note *note, int error)
{
    bool busy = error == EMFILE || error == ENFILE || error == ENOMEM;
    struct slice path = slice_before(http_exchange_request(exchange)->path_with_query, '?');
    LOG(gateway->log, LOG_WARNING, "asset cannot be read", log_string("function", note->function),
        log_text("request_id", note->request_id), log_text("path", path),
        log_string("reason", error == ENOSYS ? "it takes openat2(2), of Linux 5.6 and later"
                                             : strerror(error)));
    refuse(exchange, note, busy ? ERROR_OUT_OF_MEMORY : ERROR_SYSTEM);
}

/* What was found is the answer, or the function has to give one. */
static void answer_with(struct gateway *gateway, struct http_exchange *exchange,
                        struct access_note *note, struct directory_entry *entry,
                        const struct asset_file *file)
{
    switch (file->kind) {
    case ASSET_NOT_CACHED:
    case ASSET_NONE:
        start_call(gateway, exchange, note, entry);
        return;
    case ASSET_UNREADABLE:
        refuse_unreadable(gateway, exchange, note, file->error);
        return;
    case ASSET_FILE:
    case ASSET_FOLDER:
        break;
    }
    const struct asset_terms terms = {
        .immutable = &entry->version->configuration->assets.immutable,
        .request_id = note->request_id,
        .function = note->function,
        .failure = &note->code,
    };
    note->asset = true;
    assets_send(gateway->assets, exchange, file, &terms);
}

/* Told by assets_find, later. */
static void on_found(void *context, const struct asset_file *file)
{
    struct parked *parked = context;
    struct gateway *gateway = parked->owner;
    struct http_exchange *exchange = parked->exchange;
    struct access_note *note = parked->note;
    struct directory_entry *entry = directory_find(gateway->directory, slice_of(note->function));
    int code = parked->body_failure;
    parking_take(parked);
    if (code == 0 && (!entry || !entry->version))
        code = ERROR_FUNCTION_NOT_FOUND;
    if (code == 0) {
        answer_with(gateway, exchange, note, entry, file);
        return;
    }
    if (file->descriptor >= 0)
        close(file->descriptor);
    refuse(exchange, note, code);
}

static void on_searcher_gone(struct parked *parked)
{
    assets_cancel(parked->search);
}

/* Looks for a file first. */
static void try_assets(struct gateway *gateway, struct http_exchange *exchange,
                       struct access_note *note, struct directory_entry *entry)
{
    const char *folder = entry->version->configuration->assets.folder;
    const struct http_request *request = http_exchange_request(exchange);
    struct asset_search *search;
    struct parked *parked =
        parking_add(&gateway->searching, exchange, note, on_searcher_gone, gateway);
    if (!parked) {
        refuse(exchange, note, ERROR_OUT_OF_MEMORY);
        return;
    }
    struct asset_file file =
        assets_find(gateway->assets, folder, request, on_found, parked, &search);
    parked->search = search;
    if (search)
        return;
    parking_take(parked);
    answer_with(gateway, exchange, note, entry, &file);
}

/* ---- The way of a request -------------------------------------------------------------------- */

static void on_waiter_gone(struct parked *parked)
{
    (void)parked;
}

/* Whether only the function's first version will tell who answers. */
static bool must_wait(const struct http_request *request, const struct directory_entry *entry)
{
    return entry->state == FUNCTION_COMPILING && assets_concern(request);
}

static void start(struct gateway *gateway, struct http_exchange *exchange, struct access_note *note,
                  struct directory_entry *entry)
{
    const struct http_request *request = http_exchange_request(exchange);
    const struct function_configuration *configuration =
        entry->version ? entry->version->configuration : NULL;
    int code = configuration ? check_head(request, &configuration->limits) : 0;
    if (code < 0)
        refuse(exchange, note, code);
    else if (configuration && configuration->assets.folder && assets_concern(request))
        try_assets(gateway, exchange, note, entry);
    else if (!must_wait(request, entry))
        start_call(gateway, exchange, note, entry);
    else if (!parking_add(&gateway->waiting, exchange, note, on_waiter_gone, gateway))
        refuse(exchange, note, ERROR_OUT_OF_MEMORY);
}

/* Finds the function and hands the request on. */
static void route(struct gateway *gateway, struct http_exchange *exchange, struct access_note *note)
{
    const struct http_request *request = http_exchange_request(exchange);
    const char *function = function_of(gateway, request);
    struct directory_entry *entry =
        function ? directory_find(gateway->directory, slice_of(function)) : NULL;
    if (gateway->notice && (!entry || entry->state == FUNCTION_BROKEN ||
                            notice_comes_first(gateway->notice, request))) {
        note->code = ERROR_FUNCTION_BROKEN;
        notice_send(exchange, gateway->notice, note->request_id);
        return;
    }
    if (!entry) {
        refuse(exchange, note, ERROR_FUNCTION_NOT_FOUND);
        return;
    }
    note->function = function;
    start(gateway, exchange, note, entry);
}

/* Those who wait for it go on, or wait again. */
static void on_directory_changed(void *context, struct directory_entry *entry, struct version *old,
                                 bool removed)
{
    struct gateway *gateway = context;
    struct list *link;
    struct list going;
    (void)old;
    (void)removed;
    list_init(&going);
    for (link = gateway->waiting.next; link != &gateway->waiting;) {
        struct parked *parked = container_of(link, struct parked, link);
        link = link->next;
        if (strcmp(parked->note->function, entry->name) != 0)
            continue;
        list_remove(&parked->link);
        list_push_back(&going, &parked->link);
    }
    while ((link = list_pop_front(&going))) {
        struct parked *parked = container_of(link, struct parked, link);
        if (parked->body_failure)
            refuse(parked->exchange, parked->note, parked->body_failure);
        else
            route(gateway, parked->exchange, parked->note);
    }
}

static void on_request(void *context, struct http_exchange *exchange)
{
    struct gateway *gateway = context;
    const struct http_request *request = http_exchange_request(exchange);
    check(request && request->arena && request->peer);
    char memory[REQUEST_ID_BYTES_MAX];
    struct slice id = request_id_of(request, is_trusted(gateway, request), gateway->random, memory);
    struct access_note *note = access_note_make(exchange, id);
    if (!note) {
        answer_send(exchange, ERROR_OUT_OF_MEMORY, id);
        return;
    }
    route(gateway, exchange, note);
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
