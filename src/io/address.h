/* SPDX-License-Identifier: AGPL-3.0-only */

/* Socket addresses: reading and writing them, prefixes, and which ones a guest may reach.
 *
 * Plain values without life of their own; every function may be called from any thread. Names are
 * not resolved here: only numbers are read. */

#ifndef FN0_IO_ADDRESS_H
#define FN0_IO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/slice.h"

#define ADDRESS_TEXT_BYTES 64

/* An IPv4 or IPv6 address with a port; `any.sa_family` says which. */
struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* Reads "127.0.0.1:80" or "[::1]:80"; also "127.0.0.1", "::1" and "[::1]" where `port_optional`
 * (port 0 then). ERROR_INVALID_ARGUMENT says what was expected. */
int address_read(struct slice text, bool port_optional, struct address *ret_address,
                 struct error *error);

/* Takes over an address of the system's: `bytes` are those of `any`. ERROR_INVALID_ARGUMENT for
 * other families than IPv4 and IPv6. */
int address_from_socket(const struct sockaddr *any, size_t bytes, struct address *ret_address);

/* How many bytes the system wants for it, for bind and connect. */
static inline socklen_t address_bytes(const struct address *address)
{
    return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

/* The port, from 0 to 65,535. */
uint16_t address_port(const struct address *address);

/* Sets the port. */
void address_set_port(struct address *address, uint16_t port);

/* Whether family, address and port are the same. */
bool address_equal(const struct address *a, const struct address *b);

/* Writes "127.0.0.1:80" or "[::1]:80". Returns `text`. */
char *address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* The same without the port and without brackets; an IPv4-mapped address as the IPv4 one that it
 * is. Returns `text`. */
char *address_write_host(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

/* A prefix ("10.0.0.0/8", "fd00::/8", or a lone address), with an optional port (0: any). */
struct address_prefix {
    struct address address; /* never an IPv4-mapped one; bits after the prefix mean nothing */
    unsigned bits;          /* 0 to 32 or 128 */
    uint16_t port;
};

/* Reads "10.1.0.0/16", "10.1.2.3", "127.0.0.1:9000", "[::1]:9000", "fd00::/8". An IPv4-mapped one
 * of at least 96 bits becomes the IPv4 one it stands for. ERROR_INVALID_ARGUMENT says what was
 * expected. */
int address_prefix_read(struct slice text, struct address_prefix *ret_prefix, struct error *error);

/* The prefix that holds this address alone, with any port. */
struct address_prefix address_prefix_of(const struct address *address);

/* Whether the address (IPv4-mapped ones as IPv4) lies in the prefix and has its port. */
bool address_in_prefix(const struct address *address, const struct address_prefix *prefix);

/* Whether this is a public unicast address by IANA's special-purpose registries (RFC 6890): not
 * loopback, link-local, private, shared (100.64/10), multicast, broadcast, documentation,
 * benchmarking, 0.0.0.0/8, ::, unique local, reserved, nor a relay of 6to4 (192.88.99/24).
 *
 * IPv4-mapped addresses (::ffff:0:0/96) and those of the well-known NAT64 prefix (64:ff9b::/96, RFC
 * 6052) are what the IPv4 address in them is. What else embeds IPv4 is never public: compatible
 * addresses, local NAT64 (64:ff9b:1::/48), 6to4 (2002::/16), Teredo (2001::/32). */
bool address_is_public(const struct address *address);

/* Whether this is an address of the host itself, as the kernel's routes say now: packets to it
 * would come from it. True as well where the kernel cannot be asked, for want of a descriptor.
 * Sends nothing; costs four system calls. */
bool address_is_own(const struct address *address);

#endif
