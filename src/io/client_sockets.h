/* SPDX-License-Identifier: AGPL-3.0-only */

/* The sockets of libcurl's multi handle on a loop: they are watched for what libcurl asks for, and
 * it is told what happens on them. Used by io/client.c only; one thread.
 *
 * A kept connection stays registered with the kernel while nobody uses it, and libcurl's wish to
 * look at it no more is granted only when something happens on it: so using it again for the next
 * request costs no system call but the sending and receiving. */

#ifndef FN0_IO_CLIENT_SOCKETS_H
#define FN0_IO_CLIENT_SOCKETS_H

#include <curl/curl.h>
#include <stddef.h>

#include "io/loop.h"

struct client_socket_slot;

/* Embedded in the client. Its members are its own, but for `open`, which says whether the client
 * may go. */
struct client_sockets {
    struct loop *loop;
    void (*ready)(struct client_sockets *sockets, curl_socket_t socket, int curl_events);
    void (*emptied)(struct client_sockets *sockets);
    struct client_socket_slot *slots; /* by descriptor */
    size_t capacity;
    size_t open; /* handles not yet closed */
};

/* Begins empty. `ready` is called from the loop when libcurl (curl_multi_socket_action) has to look
 * at a socket; `emptied` (from the loop, too) each time that the last socket has gone. */
void client_sockets_init(struct client_sockets *sockets, struct loop *loop,
                         void (*ready)(struct client_sockets *sockets, curl_socket_t socket,
                                       int curl_events),
                         void (*emptied)(struct client_sockets *sockets));

/* Frees what it holds; no socket may be open. */
void client_sockets_fini(struct client_sockets *sockets);

/* Says that this is the socket of an established connection that libcurl keeps (CURL_SOCKET_BAD:
 * nothing is said): from now on it stays watched between requests, until it is closed. For others
 * that would not do: libcurl 7.88 closes sockets that it could not connect without calling
 * client_sockets_on_close. */
void client_sockets_keep(struct client_sockets *sockets, curl_socket_t socket);

/* CURLOPT_CLOSESOCKETFUNCTION; `context` is the struct client_sockets. */
int client_sockets_on_close(void *context, curl_socket_t socket);

/* CURLMOPT_SOCKETFUNCTION; `context` is the struct client_sockets. Also for sockets that libcurl
 * opens on its own (those of its resolver). */
int client_sockets_on_watch(CURL *easy, curl_socket_t socket, int what, void *context,
                            void *socket_context);

#endif
