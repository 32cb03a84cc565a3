/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "io/listen.h"

/* Whether a socket at `wide` takes what comes to `address` too: the same port, and all addresses.
 */
static bool takes_too(const struct address *wide, const struct address *address)
{
    if (wide->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&wide->v6.sin6_addr);
    return address->any.sa_family == AF_INET && wide->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* Whether the address at `index` of the list needs no socket of its own: it stood there before, or
 * another takes what comes to it. */
static bool covered(const struct address *address, const struct texts *listen, size_t index)
{
    for (size_t i = 0; i < listen->count && address_port(address) != 0; i++) {
        struct address other;
        /* What cannot be read is reported when its turn comes. */
        if (address_read(slice_of(listen->items[i]), false, &other, NULL) < 0 ||
            address_port(&other) != address_port(address))
            continue;
        bool same = address_equal(&other, address);
        if ((same && i < index) || (!same && takes_too(&other, address)))
            return true;
    }
    return false;
}

static int add_listener(struct listeners *listeners, const struct address *address,
                        struct error *error)
{
    check(listeners->workers > 0);
    struct listener *listener = &listeners->items[listeners->count];
    listener->sockets = malloc(listeners->workers * sizeof(listener->sockets[0]));
    if (!listener->sockets)
        return error_set_memory(error);
    int code =
        listen_bind(address, listeners->workers, listener->sockets, &listener->address, error);
    if (code < 0) {
        free(listener->sockets);
        listener->sockets = NULL;
        return code;
    }
    listeners->count++;
    return 0;
}

int listeners_init(struct listeners *listeners, const struct texts *listen, size_t workers,
                   struct error *error)
{
    check(workers > 0);
    *listeners = (struct listeners){.workers = workers};
    listeners->items = calloc(listen->count + 1, sizeof(listeners->items[0]));
    if (!listeners->items)
        return error_set_memory(error);
    int code = 0;
    for (size_t i = 0; i < listen->count && code == 0; i++) {
        struct address address;
        if (address_read(slice_of(listen->items[i]), false, &address, error) < 0) {
            error_wrap(error, "net.listen");
            if (error)
                error->code = ERROR_CONFIGURATION;
            code = ERROR_CONFIGURATION;
        } else if (!covered(&address, listen, i)) {
            code = add_listener(listeners, &address, error);
        }
    }
    if (code < 0)
        listeners_fini(listeners);
    return code;
}

static int share(int socket, int shared)
{
    return setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared));
}

/* While no socket listens the kernel lets other processes bind the same port. So the first one
 * begins to listen alone: where another process did so before, this fails, and for those that come
 * later binding does. Then it may share the port, which it only does with the same user's. */
static int listen_alone(const struct listener *listener, struct error *error)
{
    int first = listener->sockets[0];
    if (share(first, 0) == 0 && listen(first, SOMAXCONN) == 0 && share(first, 1) == 0)
        return 0;
    int number = errno;
    char text[ADDRESS_TEXT_BYTES];
    address_write(&listener->address, text);
    if (number == EADDRINUSE)
        return error_set(error, ERROR_ADDRESS_IN_USE,
                         "cannot listen on %s: the port is in use by another process", text);
    return error_set_errno(error, number, "cannot listen on %s", text);
}

int listeners_listen(struct listeners *listeners, struct error *error)
{
    for (size_t i = 0; i < listeners->count; i++) {
        int code = listen_alone(&listeners->items[i], error);
        if (code < 0)
            return code;
    }
    return 0;
}

int listeners_take(struct listeners *listeners, size_t index, size_t worker)
{
    check(index < listeners->count && worker < listeners->workers);
    int taken = listeners->items[index].sockets[worker];
    check(taken >= 0);
    listeners->items[index].sockets[worker] = -1;
    return taken;
}

void listeners_fini(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        for (size_t j = 0; j < listeners->workers; j++) {
            if (listeners->items[i].sockets[j] >= 0)
                close(listeners->items[i].sockets[j]);
        }
        free(listeners->items[i].sockets);
    }
    free(listeners->items);
    *listeners = (struct listeners){0};
}
