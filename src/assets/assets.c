/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/assets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "assets/asset_answer.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/list.h"
#include "base/pattern.h"
#include "tables/media_types.h"

/* Transfers beyond this many are freed when they are over. */
#define TRANSFERS_IDLE_MAX 64

struct assets {
    struct loop *loop;
    struct log *log;
    bool never_cached;
    size_t searches; /* under way */
    struct list busy;
    struct list idle;
    size_t idle_count;
    char memory[ASSET_READ_BYTES]; /* what is read at once goes through it */
};

struct asset_search {
    uv_work_t work;
    struct assets *assets;
    asset_found found; /* NULL: cancelled */
    void *context;
    struct content_codings codings;
    struct asset_file file;
    char path[ASSET_PATH_BYTES];
    char folder[]; /* terminated */
};

/* A file on its way to a client. */
struct transfer {
    struct list link; /* of the busy or idle ones */
    struct assets *assets;
    struct http_exchange *exchange; /* NULL: over; only a read is left */
    int descriptor;
    struct file_stamp stamp;
    uint64_t offset; /* of what is read next */
    uint64_t left;
    bool pumping; /* `writable` may come from within what is done to the exchange */
    bool reading; /* in the pool */
    uv_fs_t read;
    char *memory; /* of that; NULL: never needed yet */
    struct slice request_id;
    const char *function;
    int *failure;
};

/* ---- Life ------------------------------------------------------------------------------------ */

int assets_create(const struct assets_options *options, struct assets **ret_assets,
                  struct error *error)
{
    struct assets *assets = malloc(sizeof(*assets));
    if (!assets)
        return error_set_memory(error);
    assets->loop = options->loop;
    assets->log = options->log;
    assets->never_cached = options->never_cached;
    assets->searches = 0;
    list_init(&assets->busy);
    list_init(&assets->idle);
    assets->idle_count = 0;
    *ret_assets = assets;
    return 0;
}

static void transfer_free(struct transfer *transfer)
{
    free(transfer->memory);
    free(transfer);
}

void assets_destroy(struct assets *assets)
{
    struct list *link;
    if (!assets)
        return;
    while (assets->searches > 0 || !list_empty(&assets->busy))
        loop_run_once(assets->loop, 1);
    while ((link = list_pop_front(&assets->idle)))
        transfer_free(container_of(link, struct transfer, link));
    free(assets);
}

/* ---- Finding --------------------------------------------------------------------------------- */

bool assets_concern(const struct http_request *request)
{
    char path[ASSET_PATH_BYTES];
    return (slice_equal(request->method, SLICE("GET")) ||
            slice_equal(request->method, SLICE("HEAD"))) &&
           asset_path_read(request->path_with_query, path);
}

/* On a thread of the pool. */
static void search_on_thread(uv_work_t *work)
{
    struct asset_search *search = container_of(work, struct asset_search, work);
    search->file = asset_file_open(search->folder, search->path, &search->codings, false);
}

static void search_over(uv_work_t *work, int status)
{
    struct asset_search *search = container_of(work, struct asset_search, work);
    check(status == 0 && search->assets->searches > 0);
    search->assets->searches--;
    if (search->found)
        search->found(search->context, &search->file);
    else if (search->file.descriptor >= 0)
        close(search->file.descriptor);
    free(search);
}

void assets_cancel(struct asset_search *search)
{
    search->found = NULL;
}

static struct asset_file without_memory(void)
{
    return (struct asset_file){.kind = ASSET_UNREADABLE, .descriptor = -1, .error = ENOMEM};
}

struct asset_file assets_find(struct assets *assets, const char *folder,
                              const struct http_request *request, asset_found found, void *context,
                              struct asset_search **ret_search)
{
    char path[ASSET_PATH_BYTES];
    bool readable = asset_path_read(request->path_with_query, path);
    struct content_codings codings = content_codings_read(request->fields, request->field_count);
    check(readable);
    *ret_search = NULL;
    if (!assets->never_cached) {
        struct asset_file file = asset_file_open(folder, path, &codings, true);
        if (file.kind != ASSET_NOT_CACHED)
            return file;
    }
    size_t folder_bytes = strlen(folder) + 1;
    struct asset_search *search = malloc(sizeof(*search) + folder_bytes);
    if (!search)
        return without_memory();
    search->assets = assets;
    search->found = found;
    search->context = context;
    search->codings = codings;
    memcpy(search->path, path, strlen(path) + 1);
    memcpy(search->folder, folder, folder_bytes);
    int code = uv_queue_work(loop_uv(assets->loop), &search->work, search_on_thread, search_over);
    check(code == 0);
    assets->searches++;
    *ret_search = search;
    return (struct asset_file){.kind = ASSET_NOT_CACHED, .descriptor = -1};
}

/* ---- The end of a transfer ------------------------------------------------------------------- */

static void transfer_give(struct transfer *transfer)
{
    struct assets *assets = transfer->assets;
    check(!transfer->exchange && !transfer->reading && transfer->descriptor < 0);
    list_remove(&transfer->link);
    if (assets->idle_count >= TRANSFERS_IDLE_MAX) {
        transfer_free(transfer);
        return;
    }
    /* An idle one holds no large memory. */
    free(transfer->memory);
    transfer->memory = NULL;
    list_push_front(&assets->idle, &transfer->link);
    assets->idle_count++;
}

/* The exchange is over; what the pool does is waited for. */
static void transfer_leave(struct transfer *transfer)
{
    transfer->exchange = NULL;
    if (transfer->reading)
        return;
    close(transfer->descriptor);
    transfer->descriptor = -1;
    if (!transfer->pumping)
        transfer_give(transfer);
}

/* The file cannot be sent to its end: cuts the response. `error` is a number of errno, 0 where the
 * file has changed. */
static void transfer_fail(struct transfer *transfer, int error)
{
    struct http_exchange *exchange = transfer->exchange;
    const struct http_request *request = http_exchange_request(exchange);
    struct slice path = slice_before(request->path_with_query, '?');
    LOG(transfer->assets->log, LOG_WARNING, "asset cut", log_string("function", transfer->function),
        log_text("request_id", transfer->request_id), log_text("path", path),
        log_string("reason", error ? strerror(error) : "it was written to while it was sent"));
    *transfer->failure = ERROR_RESPONSE_INCOMPLETE;
    transfer_leave(transfer);
    http_exchange_abort(exchange);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Whether the file is still what the head has said. Its time of change does not count: that is set
 * as well when another file takes its name. */
static bool is_unchanged(const struct transfer *transfer)
{
    struct stat status;
    if (fstat(transfer->descriptor, &status) != 0)
        return false;
    struct file_stamp now = file_stamp_of(&status);
    now.changed_ns = transfer->stamp.changed_ns;
    return file_stamp_equal(&now, &transfer->stamp);
}

/* Hands on what was read, or fails. False when the exchange is over. */
static bool transfer_write(struct transfer *transfer, const char *data, ssize_t bytes)
{
    if (bytes < 0) {
        transfer_fail(transfer, (int)-bytes);
        return false;
    }
    check((uint64_t)bytes <= transfer->left);
    bool is_last = (uint64_t)bytes == transfer->left;
    if (bytes == 0 || (is_last && !is_unchanged(transfer))) {
        transfer_fail(transfer, 0);
        return false;
    }
    int code = http_exchange_write(transfer->exchange, (struct slice){data, (size_t)bytes});
    if (code < 0) {
        transfer_fail(transfer, ENOMEM);
        return false;
    }
    transfer->offset += (uint64_t)bytes;
    transfer->left -= (uint64_t)bytes;
    return true;
}

static void pump(struct transfer *transfer);

static void read_over(uv_fs_t *read)
{
    struct transfer *transfer = container_of(read, struct transfer, read);
    ssize_t bytes = read->result;
    uv_fs_req_cleanup(read);
    transfer->reading = false;
    if (!transfer->exchange)
        transfer_leave(transfer);
    else if (transfer_write(transfer, transfer->memory, bytes))
        pump(transfer);
}

static bool read_in_pool(struct transfer *transfer, size_t bytes)
{
    if (!transfer->memory)
        transfer->memory = malloc(ASSET_READ_BYTES);
    if (!transfer->memory)
        return false;
    const uv_buf_t buffer = uv_buf_init(transfer->memory, (unsigned)bytes);
    int code = uv_fs_read(loop_uv(transfer->assets->loop), &transfer->read, transfer->descriptor,
                          &buffer, 1, (int64_t)transfer->offset, read_over);
    transfer->reading = code == 0;
    return code == 0;
}

/* What the page cache has; 0: it would have to wait. */
static ssize_t read_cached(struct transfer *transfer, size_t bytes)
{
    struct assets *assets = transfer->assets;
    const struct iovec room = {.iov_base = assets->memory, .iov_len = bytes};
    if (assets->never_cached)
        return 0;
    ssize_t got = preadv2(transfer->descriptor, &room, 1, (off_t)transfer->offset, RWF_NOWAIT);
    /* An end of the file is the pool's to see, too: it is rare. */
    return got > 0 ? got : 0;
}

/* Sends as long as there is room and something is there. */
static void pump_loop(struct transfer *transfer)
{
    while (transfer->left > 0) {
        if (http_exchange_room(transfer->exchange) == 0)
            return;
        size_t bytes =
            transfer->left < ASSET_READ_BYTES ? (size_t)transfer->left : ASSET_READ_BYTES;
        ssize_t got = read_cached(transfer, bytes);
        if (got == 0 && !read_in_pool(transfer, bytes))
            transfer_fail(transfer, ENOMEM);
        if (got == 0 || !transfer_write(transfer, transfer->assets->memory, got))
            return;
    }
    struct http_exchange *exchange = transfer->exchange;
    transfer_leave(transfer);
    /* What can go wrong at the end is a cut connection, and then the exchange is over as well. */
    (void)http_exchange_end(exchange, NULL, 0);
}

static void pump(struct transfer *transfer)
{
    if (transfer->pumping || transfer->reading)
        return;
    transfer->pumping = true;
    pump_loop(transfer);
    transfer->pumping = false;
    if (!transfer->exchange && !transfer->reading)
        transfer_give(transfer);
}

/* ---- What the client says -------------------------------------------------------------------- */

static void on_body(void *context, struct slice data)
{
    (void)context;
    (void)data;
}

static void on_body_end(void *context, const struct field *trailers, size_t count)
{
    (void)context;
    (void)trailers;
    (void)count;
}

/* Nobody wants a body of it. */
static void on_body_failed(void *context, int code)
{
    (void)context;
    (void)code;
}

static void on_writable(void *context)
{
    pump(context);
}

static void on_gone(void *context, int code)
{
    struct transfer *transfer = context;
    *transfer->failure = code;
    transfer_leave(transfer);
}

static const struct http_exchange_events transfer_events = {
    .body = on_body,
    .body_end = on_body_end,
    .body_failed = on_body_failed,
    .writable = on_writable,
    .gone = on_gone,
};

/* ---- The beginning --------------------------------------------------------------------------- */

static struct transfer *transfer_take(struct assets *assets)
{
    struct list *link = list_pop_front(&assets->idle);
    struct transfer *transfer =
        link ? container_of(link, struct transfer, link) : malloc(sizeof(*transfer));
    if (!transfer)
        return NULL;
    if (link)
        assets->idle_count--;
    *transfer = (struct transfer){.assets = assets, .descriptor = -1};
    list_init(&transfer->link);
    list_push_back(&assets->busy, &transfer->link);
    return transfer;
}

/* Sends a response without a body, or cuts it where even that fails. */
static void send_head(struct http_exchange *exchange, uint32_t status, const struct field *fields,
                      size_t count, const struct asset_terms *terms)
{
    int code = http_exchange_respond(exchange, status, fields, count, 0, SIZE_MAX);
    if (code < 0) {
        *terms->failure = code;
        http_exchange_abort(exchange);
        return;
    }
    (void)http_exchange_end(exchange, NULL, 0);
}

/* To the folder's own name, with the slash that links in its page are seen from. The path has no
 * empty part, so it cannot be taken for another host's. */
static void send_redirect(struct http_exchange *exchange, const struct asset_terms *terms)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct slice target = request->path_with_query;
    size_t path_bytes = slice_before(target, '?').bytes;
    const char *location = arena_print(request->arena, "%.*s/%.*s", (int)path_bytes, target.data,
                                       (int)(target.bytes - path_bytes), target.data + path_bytes);
    const struct field fields[] = {
        {SLICE("location"), slice_of(location)},
        {SLICE("cache-control"), SLICE("public, max-age=0, must-revalidate")},
        {SLICE("x-request-id"), terms->request_id},
    };
    send_head(exchange, 307, fields, sizeof(fields) / sizeof(fields[0]), terms);
}

static bool is_immutable(const struct asset_terms *terms, const char *name)
{
    for (size_t i = 0; i < terms->immutable->count; i++) {
        if (pattern_match(terms->immutable->items[i], name) == PATTERN_WHOLE)
            return true;
    }
    return false;
}

static void make_answer(const struct assets *assets, const struct http_request *request,
                        const struct asset_file *file, const struct asset_terms *terms,
                        struct asset_answer *answer)
{
    char path[ASSET_PATH_BYTES];
    char index[ASSET_PATH_BYTES + sizeof("index.html")];
    bool readable = asset_path_read(request->path_with_query, path);
    check(readable);
    const char *name = asset_file_name(path);
    /* As patterns see it: from the folder, with all that is in between. */
    (void)snprintf(index, sizeof(index), "%s%s", path, name == path ? "" : name);
    const struct asset_facts facts = {
        .stamp = file->stamp,
        .type = media_type_of(name),
        .coding = file->coding,
        .immutable = is_immutable(terms, index),
    };
    asset_answer_make(answer, request, &facts, clock_realtime_ns(loop_clock(assets->loop)));
    check(answer->field_count < ASSET_FIELDS_MAX);
    answer->fields[answer->field_count++] =
        (struct field){SLICE("x-request-id"), terms->request_id};
}

/* Answers with (a part of) the file. */
static void send_file(struct assets *assets, struct http_exchange *exchange,
                      const struct asset_file *file, const struct asset_answer *answer,
                      const struct asset_terms *terms)
{
    struct transfer *transfer = transfer_take(assets);
    if (transfer)
        http_exchange_handle(exchange, &transfer_events, transfer);
    int code = transfer ? http_exchange_respond(exchange, answer->status, answer->fields,
                                                answer->field_count, answer->bytes, SIZE_MAX)
                        : ERROR_OUT_OF_MEMORY;
    if (code < 0) {
        *terms->failure = code;
        close(file->descriptor);
        if (transfer)
            transfer_give(transfer);
        http_exchange_abort(exchange);
        return;
    }
    transfer->exchange = exchange;
    transfer->descriptor = file->descriptor;
    transfer->stamp = file->stamp;
    transfer->offset = answer->first;
    transfer->left = answer->bytes;
    transfer->request_id = terms->request_id;
    transfer->function = terms->function;
    transfer->failure = terms->failure;
    pump(transfer);
}

void assets_send(struct assets *assets, struct http_exchange *exchange,
                 const struct asset_file *file, const struct asset_terms *terms)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct asset_answer answer;
    check(file->kind == ASSET_FILE || file->kind == ASSET_FOLDER);
    if (file->kind == ASSET_FOLDER) {
        send_redirect(exchange, terms);
        return;
    }
    make_answer(assets, request, file, terms, &answer);
    if (answer.bytes > 0 && slice_equal(request->method, SLICE("GET"))) {
        send_file(assets, exchange, file, &answer, terms);
        return;
    }
    close(file->descriptor);
    int code = http_exchange_respond(exchange, answer.status, answer.fields, answer.field_count,
                                     answer.bytes, SIZE_MAX);
    if (code < 0) {
        *terms->failure = code;
        http_exchange_abort(exchange);
        return;
    }
    (void)http_exchange_end(exchange, NULL, 0);
}
