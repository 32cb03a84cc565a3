/* SPDX-License-Identifier: AGPL-3.0-only */

/* A server for tests of clients: real sockets on loopback, a thread for each connection, and a
 * script of a few lines that says what happens on it, right or wrong. */

#ifndef FN0_TESTS_HTTP_PEER_H
#define FN0_TESTS_HTTP_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define PEER_CONNECTIONS_MAX 64
#define PEER_HEAD_BYTES 65536

struct peer;

/* A connection, as the script sees it. */
struct peer_connection {
    struct peer *peer;
    int socket;
    void *tls;                  /* an SSL, or NULL */
    unsigned number;            /* from 1, in the order of accepting */
    char head[PEER_HEAD_BYTES]; /* the last request's, terminated */
    char held[65536];           /* read and not yet taken */
    size_t held_bytes;
    pthread_t thread;
};

struct peer {
    int listener;
    unsigned port;
    void (*script)(struct peer_connection *connection);
    const void *context;           /* the script's */
    void *tls;                     /* an SSL_CTX, or NULL */
    _Atomic(unsigned) connections; /* accepted */
    _Atomic(unsigned) open;
    _Atomic(unsigned) requests; /* heads read */
    struct peer_connection *accepted[PEER_CONNECTIONS_MAX];
    pthread_t thread;
};

/* Listens on a free port of 127.0.0.1 and runs `script` on each connection; when it returns the
 * connection is closed. `tls` (an SSL_CTX, borrowed) or NULL. */
void peer_start(struct peer *peer, void (*script)(struct peer_connection *connection),
                const void *context, void *tls);

/* Cuts what is left and waits for its threads. */
void peer_stop(struct peer *peer);

/* Reads a request's head into `head`, and counts it. False at the end of the connection. */
bool peer_read_head(struct peer_connection *connection);

/* The value of a field of the head, copied into `value`; false when it has none. */
bool peer_field(const struct peer_connection *connection, const char *name, char value[256]);

/* Reads up to `bytes` of what follows the head. 0 at the end of the connection. */
size_t peer_read(struct peer_connection *connection, char *data, size_t bytes);

/* Reads a line without its line end; false at the end of the connection. */
bool peer_read_line(struct peer_connection *connection, char line[1024]);

/* Sends all; false when the client is gone. */
bool peer_send(struct peer_connection *connection, const char *data, size_t bytes);

/* Sends a text, as printf. */
bool peer_print(struct peer_connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the end of the connection a reset. */
void peer_reset(struct peer_connection *connection);

#endif
