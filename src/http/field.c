/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/field.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/field_syntax.h"

bool http_path_valid(struct slice path)
{
    return bytes_are(path, BYTE_OF_PATH);
}

static bool is(struct slice name, struct slice lower_case)
{
    return slice_equal_ignoring_case(name, lower_case);
}

static enum http_field_kind hop_by_hop_if(bool equal)
{
    return equal ? HTTP_FIELD_HOP_BY_HOP : HTTP_FIELD_END_TO_END;
}

enum http_field_kind http_field_kind(struct slice name)
{
    /* Few fields mean anything here, so the length rules most out before a byte is compared. */
    switch (name.bytes) {
    case 2:
        return hop_by_hop_if(is(name, SLICE("te")));
    case 4:
        if (is(name, SLICE("host")))
            return HTTP_FIELD_HOST;
        return is(name, SLICE("date")) ? HTTP_FIELD_DATE : HTTP_FIELD_END_TO_END;
    case 6:
        return is(name, SLICE("expect")) ? HTTP_FIELD_EXPECT : HTTP_FIELD_END_TO_END;
    case 7:
        return hop_by_hop_if(is(name, SLICE("upgrade")));
    case 10:
        if (is(name, SLICE("connection")))
            return HTTP_FIELD_CONNECTION;
        return hop_by_hop_if(is(name, SLICE("keep-alive")));
    case 14:
        if (is(name, SLICE("content-length")))
            return HTTP_FIELD_CONTENT_LENGTH;
        return hop_by_hop_if(is(name, SLICE("http2-settings")));
    case 16:
        return hop_by_hop_if(is(name, SLICE("proxy-connection")));
    case 17:
        return is(name, SLICE("transfer-encoding")) ? HTTP_FIELD_TRANSFER_ENCODING
                                                    : HTTP_FIELD_END_TO_END;
    case 18:
        return hop_by_hop_if(is(name, SLICE("proxy-authenticate")));
    case 19:
        return hop_by_hop_if(is(name, SLICE("proxy-authorization")));
    default:
        return HTTP_FIELD_END_TO_END;
    }
}

bool http_length_read(struct slice text, uint64_t *ret_bytes)
{
    uint64_t bytes = 0;
    if (text.bytes == 0)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';
        if (digit > 9 || bytes > (uint64_t)(INT64_MAX - digit) / 10)
            return false;
        bytes = bytes * 10 + digit;
    }
    *ret_bytes = bytes;
    return true;
}

static bool is_hex_digit(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

static bool host_name_valid(struct slice name)
{
    if (name.bytes == 0)
        return false;
    for (size_t i = 0; i < name.bytes; i++) {
        if (byte_is(name.data[i], BYTE_OF_HOST_NAME))
            continue;
        if (name.data[i] != '%' || name.bytes - i < 3 || !is_hex_digit(name.data[i + 1]) ||
            !is_hex_digit(name.data[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

/* What stands between the brackets: an IPv6 address, without a zone. */
static bool ipv6_valid(struct slice text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (text.bytes == 0 || text.bytes >= sizeof(copy) || memchr(text.data, 0, text.bytes))
        return false;
    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* What follows the host: nothing, or a colon and a port, which may be empty (RFC 3986, 3.2.3). */
static bool port_valid(struct slice text)
{
    unsigned port = 0;
    if (text.bytes == 0)
        return true;
    if (text.data[0] != ':')
        return false;
    for (size_t i = 1; i < text.bytes; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

bool http_authority_valid(struct slice authority)
{
    if (authority.bytes == 0)
        return false;
    bool bracketed = authority.data[0] == '[';
    const char *end = memchr(authority.data, bracketed ? ']' : ':', authority.bytes);
    if (bracketed && !end)
        return false;
    size_t host_bytes = end ? (size_t)(end - authority.data) : authority.bytes;
    struct slice port = {.data = authority.data + host_bytes,
                         .bytes = authority.bytes - host_bytes};
    if (bracketed) {
        port.data++;
        port.bytes--;
        return ipv6_valid((struct slice){.data = authority.data + 1, .bytes = host_bytes - 1}) &&
               port_valid(port);
    }
    return host_name_valid((struct slice){.data = authority.data, .bytes = host_bytes}) &&
           port_valid(port);
}

bool http_connection_options_add(struct http_connection_options *options, struct slice value)
{
    struct slice option;
    while (slice_next_in_list(&value, &option)) {
        if (is(option, SLICE("close")))
            options->close = true;
        else if (is(option, SLICE("keep-alive")))
            options->keep_alive = true;
        else if (options->count == HTTP_CONNECTION_OPTIONS_MAX || !token_valid(option))
            return false;
        else
            options->names[options->count++] = option;
    }
    return true;
}

bool http_connection_options_has(const struct http_connection_options *options, struct slice name)
{
    for (size_t i = 0; i < options->count; i++) {
        if (is(options->names[i], name))
            return true;
    }
    return false;
}
