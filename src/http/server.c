/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "http/connection.h"
#include "http/shared.h"
#include "tables/errors.h"

/* What the kernel keeps of connections that were not accepted yet; it takes the lesser of this and
 * net.core.somaxconn. */
#define BACKLOG 4096

/* Connections accepted from one socket before others get their turn. */
#define ACCEPTS_PER_TURN 64

/* How long nothing is accepted after descriptors or memory ran out. */
#define ACCEPT_PAUSE_NS (NANOSECONDS_PER_SECOND / 10)

/* How often that is said at most. */
#define ACCEPT_WARNING_NS (10 * NANOSECONDS_PER_SECOND)

/* Blocks of output kept for reuse: 1 MiB. */
#define BLOCKS_KEPT 64

struct listener {
    struct list link;
    uv_poll_t poll;
    struct loop_timeout pause;
    struct http_server *server;
    int socket;
};

struct http_server {
    struct http_shared shared;
    struct list listeners;
    size_t listeners_closing;
    uint64_t accept_warned_ns; /* when it was last said that nothing can be accepted; 0: never */
    struct loop_task drain_task;
    void (*drained)(void *context);
    void *drained_context;
    struct loop_task close_task;
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

static struct http_server *server_of(struct http_shared *shared)
{
    return container_of(shared, struct http_server, shared);
}

/* What holds of the counts and the lists between any two events: a connection stands in the list
 * until libuv has let go of it. */
static void check_shared(const struct http_shared *shared)
{
    check(list_empty(&shared->connections) == (shared->open + shared->closing == 0));
    check(shared->open > 0 || list_empty(&shared->idle));
    check(list_empty(&shared->exchanges) == (shared->exchange_count == 0));
}

/* ---- Accepting ------------------------------------------------------------------------------- */

/* The connection that has been idle longest goes. False where there is none. */
static bool evict_idle(struct http_shared *shared)
{
    for (struct list *link = shared->idle.next; link != &shared->idle; link = link->next) {
        struct http_connection *idle = container_of(link, struct http_connection, idle_link);
        if (http_connection_is_quiet(idle)) {
            shared->counts.connections_evicted++;
            http_connection_lose(idle, ERROR_FULL);
            return true;
        }
    }
    return false;
}

/* Takes over a connected socket. Where there are as many as there may be, an idle one makes room.
 * On failure the socket is still the caller's. */
static int take_connection(struct http_shared *shared, int socket, const struct address *peer)
{
    bool has_room = shared->open < shared->options.connections_max || evict_idle(shared);
    int code = has_room ? http_connection_open(shared, socket, peer) : ERROR_FULL;
    if (code)
        shared->counts.connections_refused++;
    else
        shared->counts.connections_accepted++;
    check(shared->open <= shared->options.connections_max);
    check_shared(shared);
    return code;
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void start_accepting(struct listener *listener)
{
    check(listener->socket >= 0 && !loop_timeout_running(&listener->pause));
    int code = uv_poll_start(&listener->poll, UV_READABLE, on_connection);
    check(code == 0);
}

static void on_pause_over(struct loop_timeout *timeout)
{
    start_accepting(container_of(timeout, struct listener, pause));
}

/* Without descriptors the backlog would be reported for ever. */
static void pause_accepting(struct listener *listener)
{
    struct http_shared *shared = &listener->server->shared;
    if (loop_timeout_start(shared->loop, &listener->pause, ACCEPT_PAUSE_NS) == 0)
        uv_poll_stop(&listener->poll);
}

/* A connection has given its descriptor back: no need to wait for the end of the pause. */
static void resume_accepting(struct http_server *server)
{
    struct list *link;
    for (link = server->listeners.next; link != &server->listeners; link = link->next) {
        struct listener *listener = container_of(link, struct listener, link);
        if (!loop_timeout_running(&listener->pause))
            continue;
        loop_timeout_stop(&listener->pause);
        start_accepting(listener);
    }
}

/* Whether somebody waits to be accepted: without descriptors accept4 does not look. */
static bool has_backlog(const struct listener *listener)
{
    struct pollfd now = {.fd = listener->socket, .events = POLLIN};
    return poll(&now, 1, 0) != 0;
}

/* Somebody waits and cannot be accepted, for want of descriptors or memory. */
static void warn_of_accept(struct http_server *server, int error)
{
    struct http_shared *shared = &server->shared;
    struct error reason;
    uint64_t now_ns = loop_now_ns(shared->loop);
    shared->counts.accepts_failed++;
    if (server->accept_warned_ns && now_ns - server->accept_warned_ns < ACCEPT_WARNING_NS)
        return;
    server->accept_warned_ns = now_ns;
    error_set_errno(&reason, error, "accept");
    LOG(shared->options.log, LOG_WARNING, "connections cannot be accepted",
        log_string("reason", reason.message), log_number("connections", shared->open),
        log_number("failures", shared->counts.accepts_failed));
}

/* Whether accept4 failed for one connection only, and the next is worth a try (accept(2)). */
static bool concerns_one(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* Accepting failed: for want of descriptors an idle connection makes room, and it is worth a try
 * again. Where there is none, or memory ran out, nothing is accepted for a while. */
static bool find_descriptor(struct listener *listener, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK || !has_backlog(listener))
        return false;
    warn_of_accept(listener->server, error);
    if ((error == EMFILE || error == ENFILE) && evict_idle(&listener->server->shared))
        return true;
    pause_accepting(listener);
    return false;
}

/* Accepts up to `count` connections of the backlog. */
static void accept_some(struct listener *listener, size_t count)
{
    struct http_shared *shared = &listener->server->shared;
    while (count-- > 0) {
        struct address peer = {.v4 = {.sin_family = AF_UNSPEC}};
        socklen_t bytes = sizeof(peer);
        int socket = accept4(listener->socket, &peer.any, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            if (take_connection(shared, socket, &peer) != 0)
                close(socket);
        } else if (!concerns_one(errno) && !find_descriptor(listener, errno)) {
            return;
        }
    }
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    accept_some(container_of(poll, struct listener, poll), ACCEPTS_PER_TURN);
}

/* ---- Listening ------------------------------------------------------------------------------- */

static void look_for_end(struct http_server *server);

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = container_of(handle, struct listener, poll);
    struct http_server *server = listener->server;
    free(listener);
    check(server->listeners_closing > 0);
    server->listeners_closing--;
    look_for_end(server);
}

static void close_listeners(struct http_server *server)
{
    struct list *link;
    while ((link = list_pop_front(&server->listeners))) {
        struct listener *listener = container_of(link, struct listener, link);
        loop_timeout_stop(&listener->pause);
        uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
        close(listener->socket);
        server->listeners_closing++;
    }
}

static int watch_listener(struct listener *listener, struct error *error)
{
    struct http_shared *shared = &listener->server->shared;
    int code = uv_poll_init(loop_uv(shared->loop), &listener->poll, listener->socket);
    if (code < 0)
        return error_set_errno(error, code, "cannot watch a listening socket");
    start_accepting(listener);
    return 0;
}

int http_server_listen(struct http_server *server, int socket, struct error *error)
{
    const int yes = 1;
    check(!server->shared.draining && !server->closing);
    /* Accepted sockets inherit it. Output is gathered here, not in the kernel. */
    if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0 ||
        listen(socket, BACKLOG) < 0)
        return error_set_errno(error, errno, "cannot listen");
    struct listener *listener = NULL;
    if (!fault_hits(server->shared.options.fault, FAULT_ALLOCATION))
        listener = malloc(sizeof(*listener));
    if (!listener)
        return error_set_memory(error);
    *listener = (struct listener){.server = server, .socket = socket};
    loop_timeout_init(&listener->pause, on_pause_over);
    int code = watch_listener(listener, error);
    if (code) {
        free(listener);
        return code;
    }
    list_push_back(&server->listeners, &listener->link);
    return 0;
}

int http_server_adopt(struct http_server *server, int socket, struct error *error)
{
    const int yes = 1;
    struct address peer = {.v4 = {.sin_family = AF_UNSPEC}};
    socklen_t bytes = sizeof(peer);
    check(!server->closing);
    if (getpeername(socket, &peer.any, &bytes) < 0)
        return error_set_errno(error, errno, "cannot adopt a socket");
    if (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6)
        peer.v4 = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    else if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0)
        return error_set_errno(error, errno, "cannot adopt a socket");
    int code = take_connection(&server->shared, socket, &peer);
    if (code == ERROR_FULL)
        return error_set(error, code, "there are as many connections as there may be");
    return code ? error_set(error, code, "cannot take over a connection") : 0;
}

/* ---- Drain and close ------------------------------------------------------------------------- */

static void on_drained(struct loop_task *task)
{
    struct http_server *server = container_of(task, struct http_server, drain_task);
    void (*drained)(void *context) = server->drained;
    server->drained = NULL;
    if (drained)
        drained(server->drained_context);
}

static void destroy(struct http_server *server)
{
    struct http_shared *shared = &server->shared;
    check(server->closing && list_empty(&server->listeners) && server->listeners_closing == 0);
    check(shared->open == 0 && shared->closing == 0);
    check_shared(shared);
    loop_task_cancel(&server->drain_task);
    loop_task_cancel(&server->close_task);
    http_exchange_free_all(shared);
    http_block_pool_fini(&shared->blocks);
    free(shared->read_memory);
    free(server);
}

/* Ends the drain when no connection is open, and the server when no handle is left. */
static void look_for_end(struct http_server *server)
{
    struct http_shared *shared = &server->shared;
    check_shared(shared);
    if (shared->draining && shared->open == 0 && server->drained && !server->closing)
        loop_defer(shared->loop, &server->drain_task);
    if (!server->closing || shared->open > 0 || shared->closing > 0 ||
        server->listeners_closing > 0)
        return;
    /* The first look may come before the task that closes has run. */
    if (!list_empty(&server->close_task.link))
        return;
    void (*closed)(void *context) = server->closed;
    void *context = server->closed_context;
    destroy(server);
    if (closed)
        closed(context);
}

static void on_connection_closed(struct http_shared *shared)
{
    resume_accepting(server_of(shared));
    look_for_end(server_of(shared));
}

void http_server_drain(struct http_server *server, void (*drained)(void *context), void *context)
{
    struct http_shared *shared = &server->shared;
    check(!shared->draining && !server->closing && loop_is_current(shared->loop));
    for (struct list *link = server->listeners.next; link != &server->listeners; link = link->next)
        accept_some(container_of(link, struct listener, link), BACKLOG);
    shared->draining = true;
    server->drained = drained;
    server->drained_context = context;
    close_listeners(server);
    for (struct list *link = shared->connections.next; link != &shared->connections;
         link = link->next)
        http_connection_drain(container_of(link, struct http_connection, link));
    look_for_end(server);
}

/* From the loop, because exchanges are told, and their handler may be up the stack. */
static void on_close(struct loop_task *task)
{
    struct http_server *server = container_of(task, struct http_server, close_task);
    struct http_shared *shared = &server->shared;
    /* Held open meanwhile, so that the last connection does not take the server along. */
    server->listeners_closing++;
    for (struct list *link = shared->connections.next, *next; link != &shared->connections;
         link = next) {
        next = link->next;
        http_connection_lose(container_of(link, struct http_connection, link), ERROR_CLOSED);
    }
    server->listeners_closing--;
    look_for_end(server);
}

void http_server_close(struct http_server *server, void (*closed)(void *context), void *context)
{
    check(!server->closing);
    server->closing = true;
    server->closed = closed;
    server->closed_context = context;
    server->drained = NULL;
    close_listeners(server);
    loop_defer(server->shared.loop, &server->close_task);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int init_shared(struct http_shared *shared)
{
    struct fault *fault = shared->options.fault;
    if (!fault_hits(fault, FAULT_ALLOCATION))
        shared->read_memory = malloc(HTTP_READ_BYTES);
    if (!shared->read_memory)
        return ERROR_OUT_OF_MEMORY;
    http_block_pool_init(&shared->blocks, BLOCKS_KEPT, fault);
    list_init(&shared->exchanges);
    list_init(&shared->connections);
    list_init(&shared->idle);
    shared->connection_closed = on_connection_closed;
    return 0;
}

int http_server_create(struct loop *loop, const struct http_server_options *options,
                       const struct http_handler *handler, struct http_server **ret_server,
                       struct error *error)
{
    struct http_server *server = NULL;
    check(loop && options->head_bytes_max > 0 && options->body_window_bytes > 0);
    check(handler->request && options->clients);
    if (!fault_hits(options->fault, FAULT_ALLOCATION))
        server = malloc(sizeof(*server));
    if (!server)
        return error_set_memory(error);
    *server = (struct http_server){
        .shared = {.loop = loop, .options = *options, .handler = *handler},
    };
    if (init_shared(&server->shared) != 0) {
        free(server);
        return error_set_memory(error);
    }
    list_init(&server->listeners);
    loop_task_init(&server->drain_task, on_drained);
    loop_task_init(&server->close_task, on_close);
    *ret_server = server;
    return 0;
}

size_t http_server_connections(const struct http_server *server)
{
    return server->shared.open;
}

const struct http_server_counts *http_server_counts(const struct http_server *server)
{
    return &server->shared.counts;
}
