/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "tables/errors.h"

/* ---- Reading
 * ------------------------------------------------------------------------------------- */

/* Reads an address without port and brackets. Scopes ("%eth0") are not taken. */
static bool read_host(struct slice text, struct address *ret_address)
{
    char terminated[INET6_ADDRSTRLEN];
    if (text.bytes == 0 || text.bytes >= sizeof(terminated) || memchr(text.data, 0, text.bytes))
        return false;
    memcpy(terminated, text.data, text.bytes);
    terminated[text.bytes] = 0;
    memset(ret_address, 0, sizeof(*ret_address));
    if (inet_pton(AF_INET, terminated, &ret_address->v4.sin_addr) == 1) {
        ret_address->any.sa_family = AF_INET;
        return true;
    }
    if (inet_pton(AF_INET6, terminated, &ret_address->v6.sin6_addr) == 1) {
        ret_address->any.sa_family = AF_INET6;
        return true;
    }
    return false;
}

/* Reads a decimal number of at most `max`; no sign, no spaces. */
static bool read_number(struct slice text, unsigned max, unsigned *ret_number)
{
    unsigned number = 0;
    if (text.bytes == 0 || text.bytes > 5)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    *ret_number = number;
    return number <= max;
}

static struct slice from_to(struct slice text, size_t begin, size_t end)
{
    return (struct slice){.data = text.data + begin, .bytes = end - begin};
}

/* Where the first `letter` is; text.bytes when there is none. */
static size_t find(struct slice text, char letter)
{
    const char *at = text.bytes ? memchr(text.data, letter, text.bytes) : NULL;
    return at ? (size_t)(at - text.data) : text.bytes;
}

/* Takes "host:port", "[host]:port", "[host]" and "host" apart; *ret_has_port says which it was. */
static bool read_host_and_port(struct slice text, struct address *ret_address, bool *ret_has_port)
{
    struct slice host = text, port = {0};
    bool bracketed = text.bytes > 0 && text.data[0] == '[';
    size_t colon = find(text, ':');
    *ret_has_port = false;
    if (bracketed) {
        size_t close = find(text, ']');
        if (close == text.bytes)
            return false;
        host = from_to(text, 1, close);
        *ret_has_port = close + 1 < text.bytes;
        if (*ret_has_port && text.data[close + 1] != ':')
            return false;
        if (*ret_has_port)
            port = from_to(text, close + 2, text.bytes);
    } else if (colon < text.bytes &&
               find(from_to(text, colon + 1, text.bytes), ':') == text.bytes - colon - 1) {
        host = from_to(text, 0, colon);
        port = from_to(text, colon + 1, text.bytes);
        *ret_has_port = true;
    }
    if (!read_host(host, ret_address) || bracketed != (ret_address->any.sa_family == AF_INET6)) {
        /* A lone IPv6 address needs no brackets: it has no port that could be mistaken. */
        if (bracketed || *ret_has_port || !read_host(host, ret_address))
            return false;
    }
    unsigned number = 0;
    if (*ret_has_port && !read_number(port, 65535, &number))
        return false;
    address_set_port(ret_address, (uint16_t)number);
    return true;
}

int address_read(struct slice text, bool port_optional, struct address *ret_address,
                 struct error *error)
{
    bool has_port;
    if (read_host_and_port(text, ret_address, &has_port) && (has_port || port_optional))
        return 0;
    return error_set(error, ERROR_INVALID_ARGUMENT,
                     "\"%.*s\": expected an address%s, like %s127.0.0.1:8080 or [::1]:8080",
                     (int)(text.bytes < 100 ? text.bytes : 100), text.data,
                     port_optional ? " with or without a port" : " and a port",
                     port_optional ? "127.0.0.1, " : "");
}

int address_from_socket(const struct sockaddr *any, size_t bytes, struct address *ret_address)
{
    memset(ret_address, 0, sizeof(*ret_address));
    if (any->sa_family == AF_INET && bytes >= sizeof(ret_address->v4))
        memcpy(&ret_address->v4, any, sizeof(ret_address->v4));
    else if (any->sa_family == AF_INET6 && bytes >= sizeof(ret_address->v6))
        memcpy(&ret_address->v6, any, sizeof(ret_address->v6));
    else
        return ERROR_INVALID_ARGUMENT;
    return 0;
}

uint16_t address_port(const struct address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

void address_set_port(struct address *address, uint16_t port)
{
    if (address->any.sa_family == AF_INET)
        address->v4.sin_port = htons(port);
    else
        address->v6.sin6_port = htons(port);
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->any.sa_family != b->any.sa_family || address_port(a) != address_port(b))
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0 &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

/* ---- Writing
 * ------------------------------------------------------------------------------------- */

/* ::ffff:a.b.c.d as a.b.c.d; others as they are. */
static struct address unmapped(const struct address *address)
{
    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
        return *address;
    struct address v4 = {.v4 = {.sin_family = AF_INET, .sin_port = address->v6.sin6_port}};
    memcpy(&v4.v4.sin_addr, address->v6.sin6_addr.s6_addr + 12, 4);
    return v4;
}

char *address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN];
    bool v4 = address->any.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&address->v4.sin_addr : &address->v6.sin6_addr;
    check(v4 || address->any.sa_family == AF_INET6);
    check(inet_ntop(address->any.sa_family, bytes, host, sizeof(host)));
    snprintf(text, ADDRESS_TEXT_BYTES, v4 ? "%s:%u" : "[%s]:%u", host, address_port(address));
    return text;
}

char *address_write_host(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
    struct address plain = unmapped(address);
    bool v4 = plain.any.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&plain.v4.sin_addr : &plain.v6.sin6_addr;
    check(inet_ntop(plain.any.sa_family, bytes, text, ADDRESS_TEXT_BYTES));
    return text;
}

/* ---- Prefixes
 * ------------------------------------------------------------------------------------ */

static unsigned bits_of(const struct address *address)
{
    return address->any.sa_family == AF_INET ? 32 : 128;
}

struct address_prefix address_prefix_of(const struct address *address)
{
    struct address_prefix prefix = {.address = unmapped(address)};
    prefix.bits = bits_of(&prefix.address);
    return prefix;
}

/* Makes an IPv4-mapped prefix the IPv4 one that it stands for. */
static struct address_prefix unmapped_prefix(struct address_prefix prefix)
{
    struct address plain = unmapped(&prefix.address);
    if (plain.any.sa_family != prefix.address.any.sa_family && prefix.bits >= 96) {
        prefix.address = plain;
        prefix.bits -= 96;
    }
    return prefix;
}

int address_prefix_read(struct slice text, struct address_prefix *ret_prefix, struct error *error)
{
    struct address_prefix prefix = {0};
    size_t slash = find(text, '/');
    bool has_port;
    bool good;
    if (slash < text.bytes) {
        good = read_host(from_to(text, 0, slash), &prefix.address) &&
               read_number(from_to(text, slash + 1, text.bytes), bits_of(&prefix.address),
                           &prefix.bits);
    } else {
        good = read_host_and_port(text, &prefix.address, &has_port) &&
               !(has_port && address_port(&prefix.address) == 0);
        prefix.bits = bits_of(&prefix.address);
        prefix.port = good ? address_port(&prefix.address) : 0;
    }
    if (!good)
        return error_set(error, ERROR_INVALID_ARGUMENT,
                         "\"%.*s\": expected a prefix like 10.1.0.0/16 or fd00::/8, an address, or "
                         "an address and a port like 127.0.0.1:9000",
                         (int)(text.bytes < 100 ? text.bytes : 100), text.data);
    *ret_prefix = unmapped_prefix(prefix);
    return 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

bool address_in_prefix(const struct address *address, const struct address_prefix *prefix)
{
    struct address plain = unmapped(address);
    if (plain.any.sa_family != prefix->address.any.sa_family ||
        (prefix->port != 0 && prefix->port != address_port(&plain)))
        return false;
    if (plain.any.sa_family == AF_INET)
        return same_bits((const uint8_t *)&plain.v4.sin_addr,
                         (const uint8_t *)&prefix->address.v4.sin_addr, prefix->bits);
    return same_bits(plain.v6.sin6_addr.s6_addr, prefix->address.v6.sin6_addr.s6_addr,
                     prefix->bits);
}

/* ---- What is public
 * ------------------------------------------------------------------------------ */

struct range {
    uint8_t bytes[16];
    unsigned bits;
};

/* IPv4 that is not public unicast. */
static const struct range not_public_v4[] = {
    {{0}, 8},             /* this network (RFC 791) */
    {{10}, 8},            /* private (RFC 1918) */
    {{100, 64}, 10},      /* shared (RFC 6598) */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local: metadata services */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments (RFC 6890) */
    {{192, 0, 2}, 24},    /* documentation (RFC 5737) */
    {{192, 88, 99}, 24},  /* relays of 6to4 (RFC 7526) */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarking (RFC 2544) */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};

/* Global unicast as IANA hands it out; all other IPv6 (loopback, link-local, unique local,
 * multicast, compatible, discarded, …) lies outside of it. */
static const struct range global_v6 = {{0x20}, 3};

/* What is special within it. */
static const struct range not_public_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo, benchmarking, … */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation (RFC 3849) */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation (RFC 9637) */
};

/* The well-known prefix of NAT64 (RFC 6052): the IPv4 address is in its last four bytes. */
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool is_public_v4(const uint8_t bytes[4])
{
    for (size_t i = 0; i < sizeof(not_public_v4) / sizeof(not_public_v4[0]); i++)
        if (same_bits(bytes, not_public_v4[i].bytes, not_public_v4[i].bits))
            return false;
    return true;
}

static bool is_public_v6(const uint8_t bytes[16])
{
    if (same_bits(bytes, nat64.bytes, nat64.bits))
        return is_public_v4(bytes + 12);
    if (!same_bits(bytes, global_v6.bytes, global_v6.bits))
        return false;
    for (size_t i = 0; i < sizeof(not_public_v6) / sizeof(not_public_v6[0]); i++)
        if (same_bits(bytes, not_public_v6[i].bytes, not_public_v6[i].bits))
            return false;
    return true;
}

bool address_is_public(const struct address *address)
{
    struct address plain = unmapped(address);
    if (plain.any.sa_family == AF_INET)
        return is_public_v4((const uint8_t *)&plain.v4.sin_addr);
    return plain.any.sa_family == AF_INET6 && is_public_v6(plain.v6.sin6_addr.s6_addr);
}

bool address_is_own(const struct address *address)
{
    struct address plain = unmapped(address);
    int asker = socket(plain.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    /* There is no way to an address of a family that the host does not have. */
    if (asker < 0)
        return errno != EAFNOSUPPORT;
    struct sockaddr_storage name;
    socklen_t bytes = sizeof(name);
    struct address source;
    address_set_port(&plain, 9); /* any but 0 */
    bool own = connect(asker, &plain.any, address_bytes(&plain)) == 0 &&
               getsockname(asker, (struct sockaddr *)&name, &bytes) == 0 &&
               address_from_socket((struct sockaddr *)&name, bytes, &source) == 0;
    close(asker);
    if (own) {
        address_set_port(&source, 9);
        own = address_equal(&source, &plain);
    }
    return own;
}
