/* SPDX-License-Identifier: AGPL-3.0-only */

/* Socket addresses: reading and writing them, prefixes, and which ones a guest may reach. */

#ifndef FN0_IO_ADDRESS_H
#define FN0_IO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/slice.h"

#define ADDRESS_TEXT_BYTES 64

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* Reads "127.0.0.1:80", "[::1]:80"; an address without a port where `port_optional` (port 0 then). ERROR_INVALID_ARGUMENT says what was expected. */
int address_read(struct slice text, bool port_optional, struct address *ret_address, struct error *error);

/* Writes "127.0.0.1:80" or "[::1]:80". Returns `text`. */
char *address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* The same without the port and without brackets. */
char *address_write_host(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* A prefix ("10.0.0.0/8", "fd00::/8", or a lone address), with an optional port (0: any). */
struct address_prefix {
    struct address address;
    unsigned bits;
    uint16_t port;
};

/* Reads "10.1.0.0/16", "10.1.2.3", "127.0.0.1:9000", "[::1]:9000", "fd00::/8". */
int address_prefix_read(struct slice text, struct address_prefix *ret_prefix, struct error *error);

/* Whether the address (IPv4-mapped ones as IPv4) lies in the prefix and has its port. */
bool address_in_prefix(const struct address *address, const struct address_prefix *prefix);

/* Whether this is a public unicast address: not loopback, link-local, private, shared (100.64/10), multicast, broadcast,
 * documentation, benchmarking, 0.0.0.0/8, ::, unique local, nor an IPv4 one of those mapped, compatible, or translated (64:ff9b::/96, 64:ff9b:1::/48, 6to4,
 * Teredo) into IPv6. IANA's special-purpose registries (RFC 6890). */
bool address_is_public(const struct address *address);

#endif
