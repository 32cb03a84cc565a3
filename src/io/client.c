/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "io/client_request.h"
#include "io/client_sockets.h"
#include "tables/errors.h"

/* What holds between any two operations. */
static void check_client(const struct client *client)
{
    check(list_empty(&client->requests) == (client->request_count == 0));
    check((client->multi == NULL) == (client->shared == NULL));
    check(client->multi || !client->broken);
    check(!client->trusted_file || !client->trusted_folder);
}

const char *client_failure_name(enum client_failure failure)
{
    static const char *const names[] = {
#define CLIENT_FAILURE_ROW(name, error_code, what) error_code,
        CLIENT_FAILURE_TABLE(CLIENT_FAILURE_ROW)
#undef CLIENT_FAILURE_ROW
    };
    static_assert(sizeof(names) / sizeof(names[0]) == CLIENT_INTERNAL + 1, "one name each");
    check((size_t)failure < sizeof(names) / sizeof(names[0]));
    return names[failure];
}

bool client_may_connect(const struct client *client, const struct address *address)
{
    for (size_t i = 0; i < client->options.allow_count; i++)
        if (address_in_prefix(address, &client->options.allow[i]))
            return true;
    return address_is_public(address) && !address_is_own(address);
}

/* ---- libcurl on the loop
 * ------------------------------------------------------------------------- */

/* Lets the connection that a request has made stay watched, if it is kept. libcurl knows it by now
 * only where it is. */
static void keep_connection(struct client *client, CURL *easy)
{
    long made = 0;
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
    if (made > 0 && curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK)
        client_sockets_keep(&client->sockets, socket);
}

/* Sees which requests libcurl has finished. */
static void collect_done(struct client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *request = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        check(request);
        check(((struct client_request *)request)->easy == message->easy_handle);
        check(((struct client_request *)request)->client == client);
        keep_connection(client, message->easy_handle);
        client_request_done((struct client_request *)request, message->data.result);
    }
}

static void act(struct client *client, curl_socket_t socket, int curl_events)
{
    /* A socket's event may be left over from a multi handle that was closed since. */
    if (!client->multi)
        return;
    int running;
    CURLMcode code = curl_multi_socket_action(client->multi, socket, curl_events, &running);
    if (code == CURLM_OK) {
        collect_done(client);
        return;
    }
    /* Without memory libcurl gives up on the whole handle. */
    client->broken = true;
    for (struct list *link = client->requests.next; link != &client->requests; link = link->next)
        client_request_done(container_of(link, struct client_request, link), CURLE_OUT_OF_MEMORY);
}

static void on_ready(struct client_sockets *sockets, curl_socket_t socket, int curl_events)
{
    act(container_of(sockets, struct client, sockets), socket, curl_events);
}

static void on_act(struct loop_task *task)
{
    act(container_of(task, struct client, act), CURL_SOCKET_TIMEOUT, 0);
}

static void on_timer(struct loop_timeout *timeout)
{
    act(container_of(timeout, struct client, timer), CURL_SOCKET_TIMEOUT, 0);
}

/* CURLMOPT_TIMERFUNCTION: one timer, set anew each time; -1 stops it. */
static int on_set_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct client *client = context;
    loop_task_cancel(&client->act);
    if (timeout_ms == 0)
        loop_defer(client->loop, &client->act);
    uint64_t after_ns =
        timeout_ms > 0 ? (uint64_t)timeout_ms * NANOSECONDS_PER_MILLISECOND : UINT64_MAX;
    return loop_timeout_start(client->loop, &client->timer, after_ns) < 0 ? -1 : 0;
}

/* ---- The multi handle
 * ---------------------------------------------------------------------------- */

static void close_multi(struct client *client)
{
    if (!client->multi)
        return;
    check(client->request_count == 0);
    curl_multi_cleanup(client->multi);
    client->multi = NULL;
    client->broken = false;
    loop_task_cancel(&client->act);
    loop_timeout_stop(&client->timer);
    curl_share_cleanup(client->shared);
    client->shared = NULL;
    check_client(client);
}

static void on_idle(struct loop_timeout *timeout)
{
    close_multi(container_of(timeout, struct client, idle));
}

static CURLMcode set_multi_options(CURLM *multi, struct client *client)
{
    const struct client_options *options = &client->options;
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, client_sockets_on_watch);
#define SET(option, value) code = code ? code : curl_multi_setopt(multi, option, value)
    SET(CURLMOPT_SOCKETDATA, &client->sockets);
    SET(CURLMOPT_TIMERFUNCTION, on_set_timer);
    SET(CURLMOPT_TIMERDATA, client);
    SET(CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    SET(CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)options->connections_max);
    SET(CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->connections_per_host_max);
    SET(CURLMOPT_MAXCONNECTS, (long)options->connections_max);
#undef SET
    return code;
}

CURLM *client_multi(struct client *client)
{
    if (client->multi)
        return client->multi;
    client->shared = curl_share_init();
    if (!client->shared)
        return NULL;
    client->multi = curl_multi_init();
    if (!client->multi ||
        curl_share_setopt(client->shared, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ||
        set_multi_options(client->multi, client)) {
        curl_multi_cleanup(client->multi);
        curl_share_cleanup(client->shared);
        client->multi = NULL;
        client->shared = NULL;
    }
    check_client(client);
    return client->multi;
}

void client_request_begun(struct client *client, struct client_request *request)
{
    check(!client->closing && request->client == client && list_empty(&request->link));
    list_push_back(&client->requests, &request->link);
    client->request_count++;
    loop_timeout_stop(&client->idle);
    check_client(client);
}

void client_request_over(struct client *client, struct client_request *request)
{
    check(client->request_count > 0 && !list_empty(&request->link));
    list_remove(&request->link);
    client->request_count--;
    check_client(client);
    if (client->request_count > 0 || client->closing)
        return;
    /* Without memory for the timeout kept connections are closed now. */
    if (client->broken ||
        loop_timeout_start(client->loop, &client->idle, client->options.idle_time_ns) < 0)
        close_multi(client);
}

size_t client_requests(const struct client *client)
{
    return client->request_count;
}

/* ---- Trust ---------------------------------------------------------------------------------- */

/* Whether the folder has a link named after a certificate's hash: eight hexadecimal digits, a dot,
 * a number. */
static bool has_hashes(const char *path)
{
    DIR *folder = path ? opendir(path) : NULL;
    if (!folder)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.' &&
                entry->d_name[9] >= '0' && entry->d_name[9] <= '9';
    closedir(folder);
    return found;
}

/* A folder is asked only for the certificate that signed the one at hand. A file has to be read
 * whole, which takes 18 ms for the system's: too long for a loop to stand still on each connection.
 */
static void find_trust(struct client *client)
{
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    const char *path = client->options.certificates;
    const char *folder = path ? path : built->capath;
    const char *file = path ? path : built->cainfo;
    if (has_hashes(folder))
        client->trusted_folder = folder;
    else
        client->trusted_file = file;
}

/* ---- Life
 * ---------------------------------------------------------------------------------------- */

static void on_emptied(struct client_sockets *sockets)
{
    struct client *client = container_of(sockets, struct client, sockets);
    if (client->closing)
        loop_defer(client->loop, &client->finish);
}

static void on_finish(struct loop_task *task)
{
    struct client *client = container_of(task, struct client, finish);
    void (*closed)(void *context) = client->closed;
    void *context = client->context;
    check(client->closing && !client->multi && client->request_count == 0);
    check_client(client);
    client_sockets_fini(&client->sockets);
    free(client);
    curl_global_cleanup();
    if (closed)
        closed(context);
}

int client_create(struct loop *loop, const struct client_options *options,
                  struct client **ret_client, struct error *error)
{
    check(options->connections_max > 0 && options->connections_per_host_max > 0);
    check(options->response_header_bytes_max > 0);
    check(options->allow || options->allow_count == 0);
    check(loop_is_current(loop));
    /* It counts its users, and Debian's libcurl lets threads do so at once. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, ERROR_SYSTEM, "libcurl does not start");
    struct client *client = calloc(1, sizeof(*client));
    if (!client) {
        curl_global_cleanup();
        return error_set_memory(error);
    }
    client->loop = loop;
    client->options = *options;
    find_trust(client);
    client_sockets_init(&client->sockets, loop, on_ready, on_emptied);
    loop_task_init(&client->act, on_act);
    loop_timeout_init(&client->timer, on_timer);
    loop_timeout_init(&client->idle, on_idle);
    list_init(&client->requests);
    loop_task_init(&client->finish, on_finish);
    check_client(client);
    *ret_client = client;
    return 0;
}

void client_close(struct client *client, void (*closed)(void *context), void *context)
{
    check(!client->closing && loop_is_current(client->loop));
    client->closing = true;
    client->closed = closed;
    client->context = context;
    while (!list_empty(&client->requests))
        client_request_cancel(container_of(client->requests.next, struct client_request, link));
    close_multi(client);
    loop_timeout_stop(&client->idle);
    if (client->sockets.open == 0)
        loop_defer(client->loop, &client->finish);
}
