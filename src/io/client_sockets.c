/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/client_sockets.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

struct client_socket {
    uv_poll_t poll;
    struct client_sockets *sockets;
    curl_socket_t descriptor;
    int wanted;     /* what libcurl waits for: UV_READABLE, UV_WRITABLE */
    int registered; /* what libuv watches for */
};

/* What is known of a descriptor. */
struct client_socket_slot {
    struct client_socket *entry; /* NULL: not watched */
    bool kept;                   /* an established connection: its end will be told */
};

#define EVENTS (UV_READABLE | UV_WRITABLE)

/* What holds of a socket that is watched. */
static void check_entry(const struct client_socket *entry)
{
    const struct client_sockets *sockets = entry->sockets;
    check(sockets->open > 0 && (size_t)entry->descriptor < sockets->capacity);
    check(sockets->slots[entry->descriptor].entry == entry);
    check((entry->wanted & ~EVENTS) == 0 && (entry->registered & ~EVENTS) == 0);
}

void client_sockets_init(struct client_sockets *sockets, struct loop *loop,
                         void (*ready)(struct client_sockets *sockets, curl_socket_t socket,
                                       int curl_events),
                         void (*emptied)(struct client_sockets *sockets))
{
    check(loop && ready && emptied);
    *sockets = (struct client_sockets){.loop = loop, .ready = ready, .emptied = emptied};
}

void client_sockets_fini(struct client_sockets *sockets)
{
    check(sockets->open == 0);
    free(sockets->slots);
    sockets->slots = NULL;
    sockets->capacity = 0;
}

static struct client_socket *find(struct client_sockets *sockets, curl_socket_t descriptor)
{
    check(descriptor >= 0);
    size_t i = (size_t)descriptor;
    return i < sockets->capacity ? sockets->slots[i].entry : NULL;
}

static bool is_kept(struct client_sockets *sockets, curl_socket_t descriptor)
{
    return (size_t)descriptor < sockets->capacity && sockets->slots[descriptor].kept;
}

static int make_room(struct client_sockets *sockets, curl_socket_t descriptor)
{
    size_t capacity = sockets->capacity ? sockets->capacity : 64;
    while (capacity <= (size_t)descriptor)
        capacity *= 2;
    if (capacity == sockets->capacity)
        return 0;
    struct client_socket_slot *slots =
        realloc(sockets->slots, capacity * sizeof(struct client_socket_slot));
    if (!slots)
        return -1;
    memset(slots + sockets->capacity, 0, (capacity - sockets->capacity) * sizeof(*slots));
    sockets->slots = slots;
    sockets->capacity = capacity;
    return 0;
}

static struct client_socket *add(struct client_sockets *sockets, curl_socket_t descriptor)
{
    if (make_room(sockets, descriptor) < 0)
        return NULL;
    check(!sockets->slots[descriptor].entry);
    struct client_socket *entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    if (uv_poll_init(loop_uv(sockets->loop), &entry->poll, descriptor) < 0) {
        free(entry);
        return NULL;
    }
    entry->sockets = sockets;
    entry->descriptor = descriptor;
    sockets->slots[descriptor].entry = entry;
    sockets->open++;
    check_entry(entry);
    return entry;
}

static void on_closed(uv_handle_t *handle)
{
    struct client_socket *entry = container_of(handle, struct client_socket, poll);
    struct client_sockets *sockets = entry->sockets;
    check(sockets->open > 0);
    free(entry);
    if (--sockets->open == 0)
        sockets->emptied(sockets);
}

static void remove_entry(struct client_socket *entry)
{
    check_entry(entry);
    entry->sockets->slots[entry->descriptor].entry = NULL;
    uv_close((uv_handle_t *)&entry->poll, on_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Makes libuv watch for what libcurl wants. */
static int watch(struct client_socket *entry)
{
    int code = entry->wanted ? uv_poll_start(&entry->poll, entry->wanted, on_poll)
                             : uv_poll_stop(&entry->poll);
    if (code == 0)
        entry->registered = entry->wanted;
    check_entry(entry);
    return code;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct client_socket *entry = container_of(poll, struct client_socket, poll);
    struct client_sockets *sockets = entry->sockets;
    curl_socket_t descriptor = entry->descriptor;
    check_entry(entry);
    if (status < 0) {
        /* The connection has failed, and libuv has stopped watching. What came before can still be
         * read; libcurl finds the error by itself. */
        entry->registered = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    int happened = events & entry->wanted, unwanted = events & ~entry->wanted;
    if (happened)
        sockets->ready(sockets, descriptor,
                       (happened & UV_READABLE ? CURL_CSELECT_IN : 0) |
                           (happened & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
    /* It stays until its closing callback, but may have been closed. */
    if (find(sockets, descriptor) != entry)
        return;
    /* What happens and is not wanted would happen for ever. A connection that nobody uses was
     * closed by its server: libcurl will see that when it wants to use it again. */
    if ((unwanted & entry->registered & ~entry->wanted) || (entry->wanted & ~entry->registered))
        watch(entry);
}

void client_sockets_keep(struct client_sockets *sockets, curl_socket_t socket)
{
    /* Without memory it is not kept watched, which only costs time. */
    if (socket != CURL_SOCKET_BAD && make_room(sockets, socket) == 0)
        sockets->slots[socket].kept = true;
}

int client_sockets_on_close(void *context, curl_socket_t socket)
{
    struct client_sockets *sockets = context;
    struct client_socket *entry = find(sockets, socket);
    if (entry)
        remove_entry(entry);
    if (is_kept(sockets, socket))
        sockets->slots[socket].kept = false;
    return close(socket);
}

int client_sockets_on_watch(CURL *easy, curl_socket_t socket, int what, void *context,
                            void *socket_context)
{
    (void)easy;
    (void)socket_context;
    struct client_sockets *sockets = context;
    struct client_socket *entry = find(sockets, socket);
    if (what == CURL_POLL_REMOVE) {
        if (entry && is_kept(sockets, socket))
            entry->wanted = 0;
        else if (entry)
            remove_entry(entry);
        return 0;
    }
    if (!entry)
        entry = add(sockets, socket);
    if (!entry)
        return -1;
    entry->wanted =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    /* Watching for more than is wanted is put right when it happens; a socket is nearly always
     * writable, so that would be at once. */
    bool lazy = (entry->registered & entry->wanted) == entry->wanted &&
                !(entry->registered & ~entry->wanted & UV_WRITABLE);
    return lazy ? 0 : watch(entry) < 0 ? -1 : 0;
}
