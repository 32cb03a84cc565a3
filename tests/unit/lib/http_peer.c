/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

static void *run_connection(void *context)
{
    struct peer_connection *connection = context;
    struct peer *peer = connection->peer;
    bool ready = true;
    if (peer->tls) {
        connection->tls = SSL_new(peer->tls);
        check(connection->tls);
        SSL_set_fd(connection->tls, connection->socket);
        ready = SSL_accept(connection->tls) == 1;
    }
    if (ready)
        peer->script(connection);
    if (connection->tls) {
        SSL_shutdown(connection->tls);
        SSL_free(connection->tls);
    }
    atomic_fetch_sub(&peer->open, 1);
    /* The descriptor stays until peer_stop, which might cut it; the client sees the end all the
     * same, or the reset that SO_LINGER asks for. */
    struct linger linger;
    socklen_t bytes = sizeof(linger);
    getsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &linger, &bytes);
    if (linger.l_onoff) {
        /* Only closing resets: another descriptor takes the number's place. */
        int other = open("/dev/null", 0);
        check(other >= 0 && dup2(other, connection->socket) >= 0);
        close(other);
    } else {
        shutdown(connection->socket, SHUT_RDWR);
    }
    return NULL;
}

static void *run_peer(void *context)
{
    struct peer *peer = context;
    for (int socket; (socket = accept(peer->listener, NULL, NULL)) >= 0;) {
        unsigned count = atomic_load(&peer->connections);
        check(count < PEER_CONNECTIONS_MAX);
        struct peer_connection *connection = calloc(1, sizeof(*connection));
        check(connection);
        int one = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        connection->peer = peer;
        connection->socket = socket;
        connection->number = count + 1;
        peer->accepted[count] = connection;
        atomic_fetch_add(&peer->open, 1);
        atomic_fetch_add(&peer->connections, 1);
        check(pthread_create(&connection->thread, NULL, run_connection, connection) == 0);
    }
    return NULL;
}

void peer_start(struct peer *peer, void (*script)(struct peer_connection *connection),
                const void *context, void *tls)
{
    *peer = (struct peer){.script = script, .context = context, .tls = tls};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(name);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(peer->listener >= 0);
    check(bind(peer->listener, (struct sockaddr *)&name, sizeof(name)) == 0);
    check(getsockname(peer->listener, (struct sockaddr *)&name, &bytes) == 0);
    check(listen(peer->listener, 64) == 0);
    peer->port = ntohs(name.sin_port);
    check(pthread_create(&peer->thread, NULL, run_peer, peer) == 0);
}

void peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    for (unsigned i = 0; i < atomic_load(&peer->connections); i++)
        shutdown(peer->accepted[i]->socket, SHUT_RDWR);
    for (unsigned i = 0; i < atomic_load(&peer->connections); i++) {
        pthread_join(peer->accepted[i]->thread, NULL);
        close(peer->accepted[i]->socket);
        free(peer->accepted[i]);
    }
}

/* ---- Reading
 * ------------------------------------------------------------------------------------- */

static size_t receive(struct peer_connection *connection, char *data, size_t bytes)
{
    ssize_t got = connection->tls ? SSL_read(connection->tls, data, (int)bytes)
                                  : recv(connection->socket, data, bytes, 0);
    return got > 0 ? (size_t)got : 0;
}

size_t peer_read(struct peer_connection *connection, char *data, size_t bytes)
{
    if (connection->held_bytes == 0)
        return receive(connection, data, bytes);
    if (bytes > connection->held_bytes)
        bytes = connection->held_bytes;
    memcpy(data, connection->held, bytes);
    connection->held_bytes -= bytes;
    memmove(connection->held, connection->held + bytes, connection->held_bytes);
    return bytes;
}

/* Where `end` ends in what is held, reading until it is there; 0 at the end of the connection. */
static size_t hold_until(struct peer_connection *connection, const char *end)
{
    for (;;) {
        char *at = memmem(connection->held, connection->held_bytes, end, strlen(end));
        if (at)
            return (size_t)(at - connection->held) + strlen(end);
        size_t room = sizeof(connection->held) - connection->held_bytes;
        size_t got =
            room ? receive(connection, connection->held + connection->held_bytes, room) : 0;
        if (got == 0)
            return 0;
        connection->held_bytes += got;
    }
}

bool peer_read_head(struct peer_connection *connection)
{
    size_t bytes = hold_until(connection, "\r\n\r\n");
    if (bytes == 0 || bytes >= sizeof(connection->head))
        return false;
    check(peer_read(connection, connection->head, bytes) == bytes);
    connection->head[bytes] = 0;
    atomic_fetch_add(&connection->peer->requests, 1);
    return true;
}

bool peer_read_line(struct peer_connection *connection, char line[1024])
{
    size_t bytes = hold_until(connection, "\r\n");
    if (bytes == 0 || bytes > 1024)
        return false;
    check(peer_read(connection, line, bytes) == bytes);
    line[bytes - 2] = 0;
    return true;
}

bool peer_field(const struct peer_connection *connection, const char *name, char value[256])
{
    for (const char *line = strstr(connection->head, "\r\n"); line && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        size_t bytes = strlen(name);
        if (strncasecmp(line + 2, name, bytes) == 0 && line[2 + bytes] == ':') {
            const char *begin = line + 2 + bytes + 1;
            begin += strspn(begin, " ");
            snprintf(value, 256, "%.*s", (int)strcspn(begin, "\r"), begin);
            return true;
        }
    }
    return false;
}

/* ---- Sending
 * ------------------------------------------------------------------------------------- */

bool peer_send(struct peer_connection *connection, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t sent = connection->tls ? SSL_write(connection->tls, data, (int)bytes)
                                       : send(connection->socket, data, bytes, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

bool peer_print(struct peer_connection *connection, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int bytes = vasprintf(&text, format, arguments);
    va_end(arguments);
    check(bytes >= 0);
    bool sent = peer_send(connection, text, (size_t)bytes);
    free(text);
    return sent;
}

void peer_reset(struct peer_connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}
