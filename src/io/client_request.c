/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/client_request.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/field_syntax.h"
#include "io/hop_by_hop.h"
#include "tables/errors.h"

#define UNUSED_BYTES_MAX 65536      /* of a response; then reading pauses */
#define RECEIVE_BYTES 32768L        /* read at a time */
#define UNSENT_BYTES_MAX (1u << 30) /* the caller bounds it much lower */
#define ARENA_BYTES_MAX (1u << 20)
#define FIELDS_BYTES_MAX 524288u
#define TRAILERS_BYTES_MAX 61440u /* libcurl takes 64 KiB with line ends */
#define UNKNOWN UINT64_MAX

static_assert(UNUSED_BYTES_MAX + RECEIVE_BYTES < UNSENT_BYTES_MAX, "what is untold fits");
static_assert(2 * FIELDS_BYTES_MAX <= ARENA_BYTES_MAX, "the largest header fits the arena");
static_assert(TRAILERS_BYTES_MAX < 65536 && TRAILERS_BYTES_MAX < FIELDS_BYTES_MAX,
              "libcurl takes the largest trailers");
static_assert(RECEIVE_BYTES <= CURL_MAX_READ_SIZE, "libcurl reads as much at a time");

/* What holds between any two operations: of the body, what was written has left, waits, or is
 * dropped; of the response, what is unused was received. */
static void check_request(const struct client_request *request)
{
    check(request->taken <= request->written && request->sent_untold <= request->written);
    check(request->body_dropped ||
          request->written - request->taken == buffer_bytes(&request->unsent));
    check(request->body_bytes == UNKNOWN || request->written <= request->body_bytes);
    check(request->has_body || request->written == 0);
    check(request->unused <= request->received);
    check(buffer_bytes(&request->untold) <= request->received);
    check(!request->head_told || request->head.complete);
    check(!request->failed || request->finished);
}

/* ---- The end
 * ------------------------------------------------------------------------------------- */

/* Notes the end, once; the caller is told by the request's task. */
static void finish(struct client_request *request)
{
    check(!request->finished && request->client);
    request->finished = true;
    check_request(request);
    loop_timeout_stop(&request->timeout);
    loop_defer(request->client->loop, &request->tell);
}

/* As finish, with a failure. `detail` NULL: the table's words. */
static void fail(struct client_request *request, enum client_failure failure, const char *detail)
{
    static const char *const words[] = {
#define CLIENT_FAILURE_ROW(name, error_code, what) what,
        CLIENT_FAILURE_TABLE(CLIENT_FAILURE_ROW)
#undef CLIENT_FAILURE_ROW
    };
    if (request->finished)
        return;
    request->failed = true;
    request->failure = failure;
    snprintf(request->detail, sizeof(request->detail), "%s", detail ? detail : words[failure]);
    finish(request);
}

/* Whether the caller has more of the body to give, as far as libcurl knows. */
static bool body_open(const struct client_request *request)
{
    return request->has_body && !request->body_given && !request->body_dropped;
}

/* Whether all of the response has come. libcurl knows that, too, but says so only when the request
 * has left as well. */
static bool response_whole(const struct client_request *request)
{
    return request->head.complete && request->received == request->head.content_length;
}

/* A server may answer in full before it has read the request. When nothing more of the response
 * comes and the caller has nothing to send now, they would wait for each other. */
static void finish_if_whole(struct client_request *request)
{
    if (response_whole(request) && body_open(request) && request->send_paused && !request->finished)
        finish(request);
}

/* Takes it away from libcurl and from the client. Not from within a callback of libcurl's. */
static void detach(struct client_request *request)
{
    struct client *client = request->client;
    check(client && client->request_count > 0);
    if (request->easy) {
        curl_multi_remove_handle(client->multi, request->easy);
        curl_easy_cleanup(request->easy);
        request->easy = NULL;
    }
    loop_timeout_stop(&request->timeout);
    loop_task_cancel(&request->tell);
    request->client = NULL;
    client_request_over(client, request);
}

static void request_free(struct client_request *request)
{
    check(!request->client && !request->easy && !request->telling);
    check(list_empty(&request->link) && list_empty(&request->tell.link));
    check(!loop_timeout_running(&request->timeout));
    buffer_fini(&request->unsent);
    buffer_fini(&request->untold);
    response_head_fini(&request->head);
    arena_fini(&request->arena);
    free(request);
}

void client_request_cancel(struct client_request *request)
{
    if (!request->client)
        return; /* from within its last event: it is going anyway */
    detach(request);
    if (!request->telling)
        request_free(request);
}

/* ---- What failed
 * --------------------------------------------------------------------------------- */

static enum client_failure connect_failure(const struct client_request *request)
{
    if (request->prohibited && !request->connects)
        return CLIENT_ADDRESS_PROHIBITED;
    long number = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
    switch (number) {
    case ETIMEDOUT:
        return CLIENT_CONNECTION_TIMEOUT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
        return CLIENT_DESTINATION_UNAVAILABLE;
    default:
        return CLIENT_CONNECTION_REFUSED;
    }
}

static enum client_failure failure_of(const struct client_request *request, CURLcode code)
{
    bool exchanging = request->phase == CLIENT_PHASE_EXCHANGING;
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED: /* user and password in the URL */
        return CLIENT_URI_INVALID;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the URL; or something that is no HTTP/1 came back */
        return exchanging ? CLIENT_PROTOCOL_ERROR : CLIENT_URI_INVALID;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CLIENT_DNS_ERROR;
    case CURLE_COULDNT_CONNECT:
        return connect_failure(request);
    case CURLE_OPERATION_TIMEDOUT:
        return exchanging ? CLIENT_READ_TIMEOUT : CLIENT_CONNECTION_TIMEOUT;
    case CURLE_NO_CONNECTION_AVAILABLE:
        return CLIENT_CONNECTION_LIMIT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CACERT_BADFILE:
        return CLIENT_TLS_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_USE_SSL_FAILED:
        return CLIENT_TLS_PROTOCOL;
    case CURLE_PARTIAL_FILE:
        return CLIENT_RESPONSE_INCOMPLETE;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: /* also a malformed chunk: libcurl does not tell them apart */
    case CURLE_SEND_FAIL_REWIND:
        return CLIENT_CONNECTION_TERMINATED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return CLIENT_PROTOCOL_ERROR;
    case CURLE_OUT_OF_MEMORY:
        /* It is what libcurl says of a header line of more than 100 KiB, too. */
        return exchanging && !request->head.complete ? CLIENT_RESPONSE_HEADER_SIZE
                                                     : CLIENT_INTERNAL;
    default:
        return CLIENT_INTERNAL;
    }
}

void client_request_done(struct client_request *request, CURLcode result)
{
    if (request->finished)
        return;
    if (result == CURLE_OK && !request->head.complete)
        result = CURLE_GOT_NOTHING;
    /* What happens to a connection after the response is no matter of the request's. */
    if (result == CURLE_OK || response_whole(request)) {
        finish(request);
        return;
    }
    char detail[CURL_ERROR_SIZE];
    memcpy(detail, request->detail, sizeof(detail));
    enum client_failure failure = failure_of(request, result);
    /* libcurl's words for it would be "could not connect". */
    bool words = detail[0] && failure != CLIENT_ADDRESS_PROHIBITED;
    fail(request, failure, words ? detail : NULL);
}

/* ---- Timeouts
 * ------------------------------------------------------------------------------------ */

/* Counts from anew, or stops counting while it is the caller who is waited for. */
static void watch(struct client_request *request)
{
    if (request->phase != CLIENT_PHASE_EXCHANGING || request->finished)
        return;
    bool waits_for_caller = request->receive_paused || (body_open(request) && request->send_paused);
    uint64_t after_ns = waits_for_caller         ? UINT64_MAX
                        : request->head.complete ? request->between_bytes_timeout_ns
                                                 : request->first_byte_timeout_ns;
    if (loop_timeout_start(request->client->loop, &request->timeout, after_ns) < 0)
        fail(request, CLIENT_INTERNAL, "out of memory");
}

static void on_timeout(struct loop_timeout *timeout)
{
    struct client_request *request = container_of(timeout, struct client_request, timeout);
    switch (request->phase) {
    case CLIENT_PHASE_QUEUED:
        fail(request, CLIENT_CONNECTION_LIMIT, NULL);
        break;
    case CLIENT_PHASE_RESOLVING:
        fail(request, CLIENT_DNS_TIMEOUT, NULL);
        break;
    case CLIENT_PHASE_CONNECTING:
        fail(request, CLIENT_CONNECTION_TIMEOUT, NULL);
        break;
    case CLIENT_PHASE_EXCHANGING:
        fail(request,
             request->head.complete ? CLIENT_READ_TIMEOUT
             : body_open(request)   ? CLIENT_WRITE_TIMEOUT
                                    : CLIENT_RESPONSE_TIMEOUT,
             NULL);
    }
}

/* Lengths come from guests: rounded, so that there are not too many different ones. */
static uint64_t rounded(uint64_t timeout_ns)
{
    if (timeout_ns > UINT64_MAX - NANOSECONDS_PER_MILLISECOND)
        return UINT64_MAX;
    return (timeout_ns + NANOSECONDS_PER_MILLISECOND - 1) / NANOSECONDS_PER_MILLISECOND *
           NANOSECONDS_PER_MILLISECOND;
}

/* ---- What libcurl calls
 * -------------------------------------------------------------------------- */

static int on_resolve(void *resolver_state, void *reserved, void *context)
{
    (void)resolver_state;
    (void)reserved;
    struct client_request *request = context;
    request->phase = CLIENT_PHASE_RESOLVING;
    return 0;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *destination)
{
    (void)purpose;
    struct client_request *request = context;
    struct address address;
    check(request->client);
    request->phase = CLIENT_PHASE_CONNECTING;
    if (address_from_socket(&destination->addr, destination->addrlen, &address) < 0 ||
        !client_may_connect(request->client, &address)) {
        request->prohibited = true;
        return CURL_SOCKET_BAD;
    }
    request->connects = true;
    return socket(destination->family, destination->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                  destination->protocol);
}

/* A connection is ready, and the request is about to be sent: perhaps again, since libcurl tries
 * another connection when a kept one turns out to be closed. */
static int on_send(void *context, char *peer_host, char *own_host, int peer_port, int own_port)
{
    (void)peer_host;
    (void)own_host;
    (void)peer_port;
    (void)own_port;
    struct client_request *request = context;
    if (request->sends > 0 && (!request->idempotent || request->taken > 0)) {
        fail(request, CLIENT_CONNECTION_TERMINATED, "the server closed a kept connection");
        return CURL_PREREQFUNC_ABORT;
    }
    request->sends++;
    request->phase = CLIENT_PHASE_EXCHANGING;
    watch(request);
    return CURL_PREREQFUNC_OK;
}

/* libcurl asks for more of the request's body. */
static size_t on_read(char *room, size_t size, size_t count, void *context)
{
    struct client_request *request = context;
    if (request->finished || request->body_dropped)
        return CURL_READFUNC_ABORT;
    size_t bytes = buffer_bytes(&request->unsent);
    if (bytes == 0) {
        request->body_given = request->body_ended;
        request->send_paused = !request->body_given;
        watch(request);
        finish_if_whole(request);
        return request->body_given ? 0 : CURL_READFUNC_PAUSE;
    }
    if (bytes > size * count)
        bytes = size * count;
    memcpy(room, buffer_slice(&request->unsent).data, bytes);
    buffer_consume(&request->unsent, bytes);
    request->taken += bytes;
    request->sent_untold += bytes;
    if (request->taken == request->body_bytes)
        request->body_given = true;
    check_request(request);
    loop_defer(request->client->loop, &request->tell);
    watch(request);
    return bytes;
}

/* libcurl asks for the trailers, and frees them. */
static int on_trailers(struct curl_slist **ret_list, void *context)
{
    struct client_request *request = context;
    for (size_t i = 0; i < request->trailer_count; i++) {
        const struct field *field = &request->trailers[i];
        char *line;
        if (asprintf(&line, "%.*s: %.*s", (int)field->name.bytes, field->name.data,
                     (int)field->value.bytes, field->value.data) < 0)
            return CURL_TRAILERFUNC_ABORT;
        struct curl_slist *list = curl_slist_append(*ret_list, line);
        free(line);
        if (!list)
            return CURL_TRAILERFUNC_ABORT;
        *ret_list = list;
    }
    return CURL_TRAILERFUNC_OK;
}

/* A line of a head, or a trailer. */
static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct client_request *request = context;
    struct response_head *head = &request->head;
    bool was_complete = head->complete;
    if (request->finished)
        return 0;
    switch (response_head_line(head, (struct slice){.data = line, .bytes = size * count})) {
    case RESPONSE_HEAD_FINE:
        break;
    case RESPONSE_HEAD_TOO_LARGE:
        fail(request, CLIENT_RESPONSE_HEADER_SIZE, NULL);
        return 0;
    case RESPONSE_HEAD_MALFORMED:
        fail(request, CLIENT_PROTOCOL_ERROR, NULL);
        return 0;
    case RESPONSE_HEAD_NO_MEMORY:
        fail(request, CLIENT_INTERNAL, "out of memory");
        return 0;
    }
    if (head->complete && !was_complete) {
        /* libcurl stops sending when it is answered an error, unless the connection is closed after
         * that anyway. */
        if (body_open(request) && head->status >= 300 && !head->closes)
            request->body_dropped = true;
        loop_defer(request->client->loop, &request->tell);
        watch(request);
        finish_if_whole(request);
    }
    return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct client_request *request = context;
    size_t bytes = size * count;
    if (request->finished)
        return 0;
    if (request->unused > UNUSED_BYTES_MAX) {
        request->receive_paused = true;
        watch(request);
        return CURL_WRITEFUNC_PAUSE;
    }
    if (buffer_append(&request->untold, (struct slice){.data = data, .bytes = bytes}) < 0) {
        fail(request, CLIENT_INTERNAL, "out of memory");
        return 0;
    }
    request->received += bytes;
    request->unused += bytes;
    check_request(request);
    loop_defer(request->client->loop, &request->tell);
    watch(request);
    finish_if_whole(request);
    return bytes;
}

/* ---- What the caller is told
 * --------------------------------------------------------------------- */

/* Each returns whether the request is still there after the event. */

static bool tell_response(struct client_request *request)
{
    if (!request->head.complete || request->head_told)
        return true;
    request->head_told = true;
    check_request(request);
    request->events.response(request->context, request->head.status, request->head.fields.items,
                             request->head.fields.count);
    return request->client;
}

static bool tell_body(struct client_request *request)
{
    if (buffer_bytes(&request->untold) == 0)
        return true;
    /* libcurl adds nothing meanwhile: it is called by the loop only. */
    request->events.body(request->context, buffer_slice(&request->untold));
    buffer_reset(&request->untold, RECEIVE_BYTES);
    return request->client;
}

static bool tell_sent(struct client_request *request)
{
    if (request->body_dropped) {
        request->sent_untold += buffer_bytes(&request->unsent);
        buffer_reset(&request->unsent, 0);
    }
    size_t bytes = request->sent_untold;
    request->sent_untold = 0;
    check(bytes <= request->written);
    if (bytes > 0)
        request->events.sent(request->context, bytes);
    return request->client;
}

static bool tell_last(struct client_request *request)
{
    if (!request->finished)
        return true;
    detach(request);
    if (request->failed)
        request->events.failed(request->context, request->failure, request->detail);
    else
        request->events.end(request->context, request->head.trailers.items,
                            request->head.trailers.count);
    return false;
}

/* Lets libcurl go on where it paused and need not any more. */
static void resume(struct client_request *request)
{
    bool send = request->send_paused && (buffer_bytes(&request->unsent) > 0 ||
                                         request->body_ended || request->body_dropped);
    bool receive = request->receive_paused && request->unused <= UNUSED_BYTES_MAX;
    if (!send && !receive)
        return;
    check(request->easy && !request->finished);
    request->send_paused = request->send_paused && !send;
    request->receive_paused = request->receive_paused && !receive;
    watch(request);
    int paused = (request->send_paused ? CURLPAUSE_SEND : 0) |
                 (request->receive_paused ? CURLPAUSE_RECV : 0);
    /* What was held back comes from within this call. */
    CURLcode code = curl_easy_pause(request->easy, paused);
    if (code != CURLE_OK)
        client_request_done(request, code);
}

static void on_tell(struct loop_task *task)
{
    struct client_request *request = container_of(task, struct client_request, tell);
    check(request->client && !request->telling);
    request->telling = true;
    if (tell_response(request) && tell_body(request) && tell_sent(request) && tell_last(request))
        resume(request);
    request->telling = false;
    if (!request->client)
        request_free(request);
}

/* ---- Starting
 * ------------------------------------------------------------------------------------ */

static bool one_of(struct slice text, const struct slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(text, list[i]))
            return true;
    return false;
}

/* RFC 9110, 9.2.2. */
static bool is_idempotent(struct slice method)
{
    static const struct slice methods[] = {{"GET", 3},   {"HEAD", 4}, {"OPTIONS", 7},
                                           {"TRACE", 5}, {"PUT", 3},  {"DELETE", 6}};
    return one_of(method, methods, sizeof(methods) / sizeof(methods[0]));
}

/* Whether a request of this method has a Content-Length even where it has no body (RFC 9110, 8.6).
 */
static bool expects_body(struct slice method)
{
    static const struct slice methods[] = {{"POST", 4}, {"PUT", 3}, {"PATCH", 5}};
    return one_of(method, methods, sizeof(methods) / sizeof(methods[0]));
}

/* What the client says itself, or nobody should. */
static bool is_left_out(struct slice name)
{
    return field_is_hop_by_hop(name) || slice_equal_ignoring_case(name, SLICE("host")) ||
           slice_equal_ignoring_case(name, SLICE("content-length")) ||
           slice_equal_ignoring_case(name, SLICE("expect"));
}

/* Adds a line to the list of fields; both lie in the arena. libcurl only reads it. */
static int add_line(struct arena *arena, struct curl_slist ***end, const char *line)
{
    struct curl_slist *link = arena_allocate(arena, sizeof(*link));
    if (!link || !line)
        return ERROR_OUT_OF_MEMORY;
    *link = (struct curl_slist){.data = (char *)line};
    **end = link;
    *end = &link->next;
    return 0;
}

static int check_fields(const struct field *fields, size_t count, size_t bytes_max,
                        struct error *error)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (!token_valid(fields[i].name) || !field_value_valid(fields[i].value))
            return error_set(error, ERROR_INVALID_ARGUMENT, "a field that HTTP does not allow");
        bytes += fields[i].name.bytes + fields[i].value.bytes + 4;
        if (bytes > bytes_max)
            return error_set(error, ERROR_FULL, "the fields have more than %zu bytes", bytes_max);
    }
    return 0;
}

/* The request's fields as libcurl wants them. A name alone with a colon takes a field of libcurl's
 * own out; with a semicolon it is sent with an empty value. */
static int make_fields(struct client_request *request, const struct client_request_options *options,
                       struct curl_slist **ret_list, struct error *error)
{
    struct arena *arena = &request->arena;
    struct curl_slist **end = ret_list;
    *ret_list = NULL;
    int code = check_fields(options->fields, options->field_count, FIELDS_BYTES_MAX, error);
    if (code < 0)
        return code;
    for (size_t i = 0; i < options->field_count && code == 0; i++) {
        struct slice name = options->fields[i].name, value = slice_trim(options->fields[i].value);
        if (is_left_out(name))
            continue;
        code = add_line(arena, &end,
                        value.bytes > 0 ? arena_print(arena, "%.*s: %.*s", (int)name.bytes,
                                                      name.data, (int)value.bytes, value.data)
                                        : arena_print(arena, "%.*s;", (int)name.bytes, name.data));
    }
    code = code ? code : add_line(arena, &end, "Expect:");
    if (!field_find(options->fields, options->field_count, SLICE("accept")))
        code = code ? code : add_line(arena, &end, "Accept:");
    return code < 0 ? error_set_memory(error) : 0;
}

/* libcurl would cut the fragment off, and read spaces in its own way. */
static bool url_valid(struct slice url)
{
    for (size_t i = 0; i < url.bytes; i++)
        if (url.data[i] <= ' ' || url.data[i] >= 0x7f || url.data[i] == '#')
            return false;
    return url.bytes > 0;
}

#define SET(option, value) code = code ? code : curl_easy_setopt(request->easy, option, value)

/* What is the same for every request. */
static CURLcode set_policy(struct client_request *request)
{
    const struct client_options *options = &request->client->options;
    uint64_t idle_s = options->idle_time_ns / NANOSECONDS_PER_SECOND;
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Cancelling does not wait for a name that is being resolved. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    /* The timeouts are the client's own. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)INT32_MAX);
    SET(CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    SET(CURLOPT_MAXAGE_CONN, idle_s < INT32_MAX ? (long)idle_s : (long)INT32_MAX);
    SET(CURLOPT_FORBID_REUSE, idle_s == 0 ? 1L : 0L);
    SET(CURLOPT_SHARE, request->client->shared);
    SET(CURLOPT_CAINFO, request->client->trusted_file);
    SET(CURLOPT_CAPATH, request->client->trusted_folder);
    return code;
}

static CURLcode set_callbacks(struct client_request *request)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_PRIVATE, request);
    SET(CURLOPT_ERRORBUFFER, request->detail);
    SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
    SET(CURLOPT_RESOLVER_START_DATA, request);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, request);
    SET(CURLOPT_CLOSESOCKETFUNCTION, client_sockets_on_close);
    SET(CURLOPT_CLOSESOCKETDATA, &request->client->sockets); /* connections outlive requests */
    SET(CURLOPT_PREREQFUNCTION, on_send);
    SET(CURLOPT_PREREQDATA, request);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, request);
    SET(CURLOPT_TRAILERFUNCTION, on_trailers);
    SET(CURLOPT_TRAILERDATA, request);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, request);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, request);
    return code;
}

/* Method and body. An upload is what libcurl calls a request with a body, whatever its method. */
static CURLcode set_request(struct client_request *request, const char *method, const char *url,
                            struct curl_slist *fields)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, fields);
    if (strcmp(method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return code;
    }
    SET(CURLOPT_CUSTOMREQUEST, method);
    if (request->has_body || expects_body(slice_of(method))) {
        uint64_t bytes = request->has_body ? request->body_bytes : 0;
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, bytes == UNKNOWN ? (curl_off_t)-1 : (curl_off_t)bytes);
    }
    return code;
}

#undef SET

/* Sets the easy handle up with what libcurl borrows in the arena. */
static int make_easy(struct client_request *request, const struct client_request_options *options,
                     struct error *error)
{
    struct curl_slist *fields;
    int code = make_fields(request, options, &fields, error);
    if (code < 0)
        return code;
    struct slice method = arena_copy(&request->arena, options->method);
    struct slice url = arena_copy(&request->arena, options->url);
    request->easy = curl_easy_init();
    if (!method.data || !url.data || !request->easy || set_policy(request) ||
        set_callbacks(request) || set_request(request, method.data, url.data, fields))
        return error_set_memory(error);
    return 0;
}

static struct client_request *request_create(struct client *client,
                                             const struct client_request_options *options,
                                             const struct client_events *events, void *context)
{
    struct client_request *request = calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    bool is_head = slice_equal(options->method, SLICE("HEAD"));
    request->client = client;
    request->events = *events;
    request->context = context;
    request->idempotent = is_idempotent(options->method);
    request->has_body = options->has_body;
    request->body_dropped = options->has_body && is_head;
    request->body_bytes = options->has_body ? options->body_bytes : 0;
    request->body_given = request->body_bytes == 0; /* libcurl does not ask then */
    request->first_byte_timeout_ns = rounded(options->first_byte_timeout_ns);
    request->between_bytes_timeout_ns = rounded(options->between_bytes_timeout_ns);
    arena_init(&request->arena, ARENA_BYTES_MAX * 2);
    buffer_init(&request->unsent, UNSENT_BYTES_MAX);
    buffer_init(&request->untold, UNSENT_BYTES_MAX);
    response_head_init(&request->head, client->options.response_header_bytes_max);
    list_init(&request->link);
    loop_task_init(&request->tell, on_tell);
    loop_timeout_init(&request->timeout, on_timeout);
    return request;
}

/* Gives it to libcurl, which begins in the next round of the loop. */
static int hand_over(struct client_request *request, const struct client_request_options *options,
                     struct error *error)
{
    struct client *client = request->client;
    CURLM *multi = client_multi(client);
    if (!multi)
        return error_set_memory(error);
    int code = make_easy(request, options, error);
    if (code < 0)
        return code;
    if (loop_timeout_start(client->loop, &request->timeout, rounded(options->connect_timeout_ns)))
        return error_set_memory(error);
    if (curl_multi_add_handle(multi, request->easy) != CURLM_OK)
        return error_set_memory(error);
    return 0;
}

int client_request_start(struct client *client, const struct client_request_options *options,
                         const struct client_events *events, void *context,
                         struct client_request **ret_request, struct error *error)
{
    check(!client->closing && loop_is_current(client->loop));
    check(events->response && events->body && events->sent && events->end && events->failed);
    if (!token_valid(options->method) || slice_equal(options->method, SLICE("CONNECT")))
        return error_set(error, ERROR_INVALID_ARGUMENT, "a method that cannot be sent");
    if (options->has_body && options->body_bytes != UNKNOWN && options->body_bytes > INT64_MAX)
        return error_set(error, ERROR_INVALID_ARGUMENT, "a body that is too long");
    struct client_request *request = request_create(client, options, events, context);
    if (!request)
        return error_set_memory(error);
    client_request_begun(client, request);
    if (!url_valid(options->url)) {
        fail(request, CLIENT_URI_INVALID, NULL);
    } else {
        int code = hand_over(request, options, error);
        if (code < 0) {
            detach(request);
            request_free(request);
            return code;
        }
    }
    *ret_request = request;
    return 0;
}

/* ---- The body
 * ------------------------------------------------------------------------------------ */

int client_request_write(struct client_request *request, struct slice data)
{
    if (!request->has_body || request->body_ended ||
        (request->body_bytes != UNKNOWN && data.bytes > request->body_bytes - request->written))
        return ERROR_INVALID_ARGUMENT;
    int code = buffer_append(&request->unsent, data);
    if (code < 0)
        return code == ERROR_FULL ? ERROR_OUT_OF_MEMORY : code;
    request->written += data.bytes;
    check_request(request);
    if ((request->send_paused || request->body_dropped) && request->client)
        loop_defer(request->client->loop, &request->tell);
    return 0;
}

static int copy_trailers(struct client_request *request, const struct field *trailers, size_t count)
{
    struct field *copies = arena_allocate(&request->arena, (count + 1) * sizeof(*copies));
    size_t kept = 0;
    if (!copies)
        return ERROR_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(trailers[i].name))
            continue;
        copies[kept].name = arena_copy(&request->arena, trailers[i].name);
        copies[kept].value = arena_copy(&request->arena, slice_trim(trailers[i].value));
        if (!copies[kept].name.data || !copies[kept].value.data)
            return ERROR_OUT_OF_MEMORY;
        kept++;
    }
    request->trailers = copies;
    request->trailer_count = kept;
    check(kept <= count);
    return 0;
}

int client_request_end(struct client_request *request, const struct field *trailers, size_t count)
{
    if (!request->has_body || request->body_ended ||
        (request->body_bytes != UNKNOWN && request->written < request->body_bytes))
        return ERROR_INVALID_ARGUMENT;
    int code = check_fields(trailers, count, TRAILERS_BYTES_MAX, NULL);
    if (code == 0 && count > 0)
        code = copy_trailers(request, trailers, count);
    if (code < 0)
        return code;
    request->body_ended = true;
    if (request->send_paused && request->client)
        loop_defer(request->client->loop, &request->tell);
    return 0;
}

void client_request_consumed(struct client_request *request, size_t bytes)
{
    check(bytes <= request->unused);
    request->unused -= bytes;
    check_request(request);
    if (request->receive_paused && request->client)
        loop_defer(request->client->loop, &request->tell);
}
