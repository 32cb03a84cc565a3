/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

static int set_option(int socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, &value, sizeof(value));
}

/* Whether "[::]" must leave IPv4 to another listener. */
static bool shares_port(const struct address *address, const struct texts *listen)
{
    for (size_t i = 0; i < listen->count; i++) {
        struct address other;
        /* What cannot be read is reported when its turn comes. */
        if (address_read(slice_of(listen->items[i]), false, &other, NULL) == 0 &&
            other.any.sa_family == AF_INET && address_port(&other) == address_port(address) &&
            address_port(&other) != 0)
            return true;
    }
    return false;
}

/* Answers the socket or, with errno set, -1. */
static int bind_socket(const struct address *address, bool shared, bool v6_only)
{
    int bound = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bound < 0)
        return -1;
    bool v6 = address->any.sa_family == AF_INET6;
    if (set_option(bound, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
        (v6 && set_option(bound, IPPROTO_IPV6, IPV6_V6ONLY, v6_only) < 0) ||
        (shared && set_option(bound, SOL_SOCKET, SO_REUSEPORT, 1) < 0) ||
        bind(bound, &address->any, address_bytes(address)) < 0) {
        int number = errno;
        close(bound);
        errno = number;
        return -1;
    }
    return bound;
}

static int fail(struct error *error, int number, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];
    address_write(address, text);
    if (number == EADDRINUSE)
        return error_set(error, ERROR_ADDRESS_IN_USE, "cannot listen on %s: the port is in use",
                         text);
    return error_set_errno(error, number, "cannot listen on %s", text);
}

static int open_listener(struct listener *listener, size_t workers, struct error *error)
{
    listener->sockets = malloc(workers * sizeof(listener->sockets[0]));
    if (!listener->sockets)
        return error_set_memory(error);
    for (size_t i = 0; i < workers; i++)
        listener->sockets[i] = -1;
    listener->sockets[0] = bind_socket(&listener->address, false, listener->v6_only);
    if (listener->sockets[0] < 0)
        return fail(error, errno, &listener->address);
    socklen_t bytes = sizeof(listener->address);
    if (getsockname(listener->sockets[0], &listener->address.any, &bytes) < 0)
        return fail(error, errno, &listener->address);
    return 0;
}

int listeners_init(struct listeners *listeners, const struct texts *listen, size_t workers,
                   struct error *error)
{
    check(workers > 0);
    *listeners = (struct listeners){.workers = workers};
    int code = 0;
    listeners->items = calloc(listen->count ? listen->count : 1, sizeof(listeners->items[0]));
    if (!listeners->items)
        return error_set_memory(error);
    for (size_t i = 0; i < listen->count && code == 0; i++) {
        struct listener *listener = &listeners->items[i];
        code = address_read(slice_of(listen->items[i]), false, &listener->address, error);
        if (code < 0) {
            error_wrap(error, "net.listen");
            break;
        }
        listeners->count++;
        listener->v6_only =
            listener->address.any.sa_family == AF_INET6 && shares_port(&listener->address, listen);
        code = open_listener(listener, workers, error);
    }
    if (code < 0)
        listeners_fini(listeners);
    return code;
}

/* As long as no socket listens the kernel lets another process bind the same port, so the first one
 * listens while it is still exclusive. Only then may it share, and only with our own: the kernel
 * asks every socket of a port, and each must have been made by the same user. */
static int share_listener(struct listener *listener, size_t workers, struct error *error)
{
    if (listen(listener->sockets[0], SOMAXCONN) < 0 ||
        (workers > 1 && set_option(listener->sockets[0], SOL_SOCKET, SO_REUSEPORT, 1) < 0))
        return fail(error, errno, &listener->address);
    for (size_t i = 1; i < workers; i++) {
        listener->sockets[i] = bind_socket(&listener->address, true, listener->v6_only);
        if (listener->sockets[i] < 0)
            return fail(error, errno, &listener->address);
    }
    return 0;
}

int listeners_listen(struct listeners *listeners, struct error *error)
{
    for (size_t i = 0; i < listeners->count; i++) {
        int code = share_listener(&listeners->items[i], listeners->workers, error);
        if (code < 0)
            return code;
    }
    return 0;
}

void listeners_fini(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->items[i];
        for (size_t j = 0; listener->sockets && j < listeners->workers; j++) {
            if (listener->sockets[j] >= 0)
                close(listener->sockets[j]);
        }
        free(listener->sockets);
    }
    free(listeners->items);
    *listeners = (struct listeners){0};
}

int listeners_take(struct listeners *listeners, size_t index, size_t worker)
{
    check(index < listeners->count && worker < listeners->workers);
    int taken = listeners->items[index].sockets[worker];
    check(taken >= 0);
    listeners->items[index].sockets[worker] = -1;
    return taken;
}
