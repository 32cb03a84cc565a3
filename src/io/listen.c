/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/listen.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/check.h"
#include "tables/errors.h"

static int set_option(int socket, int level, int option, int value)
{
    return setsockopt(socket, level, option, &value, sizeof(value));
}

/* Makes and binds one socket. Returns it, or -1 with errno set. */
static int bind_one(const struct address *address, bool shared)
{
    int bound = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bound < 0)
        return -1;
    /* SO_REUSEADDR lets connections of a former process rest in TIME_WAIT; it does not let two
     * processes listen. */
    if (set_option(bound, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
        set_option(bound, IPPROTO_TCP, TCP_NODELAY, 1) < 0 ||
        (shared && set_option(bound, SOL_SOCKET, SO_REUSEPORT, 1) < 0) ||
        (address->any.sa_family == AF_INET6 &&
         set_option(bound, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0) ||
        bind(bound, &address->any, address_bytes(address)) < 0) {
        int number = errno;
        close(bound);
        errno = number;
        return -1;
    }
    return bound;
}

/* Binds the first socket alone, then opens its port to the others; *ret_address is where it is. */
static int bind_first(const struct address *address, struct address *ret_address)
{
    int first = bind_one(address, false);
    if (first < 0)
        return -1;
    struct sockaddr_storage name;
    socklen_t bytes = sizeof(name);
    if (getsockname(first, (struct sockaddr *)&name, &bytes) < 0 ||
        set_option(first, SOL_SOCKET, SO_REUSEPORT, 1) < 0) {
        int number = errno;
        close(first);
        errno = number;
        return -1;
    }
    check(address_from_socket((struct sockaddr *)&name, bytes, ret_address) == 0);
    return first;
}

static int fail(struct error *error, int number, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];
    address_write(address, text);
    if (number == EADDRINUSE)
        return error_set(error, ERROR_ADDRESS_IN_USE,
                         "cannot listen on %s: the port is in use by another process", text);
    return error_set_errno(error, number, "cannot listen on %s", text);
}

int listen_bind(const struct address *address, size_t count, int *ret_sockets,
                struct address *ret_address, struct error *error)
{
    check(count > 0);
    struct address real;
    ret_sockets[0] = bind_first(address, &real);
    if (ret_sockets[0] < 0)
        return fail(error, errno, address);
    /* Where it was 0 the kernel has chosen one. */
    check(address_port(&real) > 0);
    check(address_port(address) == 0 || address_port(&real) == address_port(address));
    for (size_t i = 1; i < count; i++) {
        ret_sockets[i] = bind_one(&real, true);
        if (ret_sockets[i] < 0) {
            int code = fail(error, errno, &real);
            while (i > 0)
                close(ret_sockets[--i]);
            return code;
        }
    }
    if (ret_address)
        *ret_address = real;
    return 0;
}
