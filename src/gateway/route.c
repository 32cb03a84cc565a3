/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/route.h"

#include <stddef.h>

/* The host of an authority, without its port and without a dot at its end. */
static struct slice host_of(struct slice authority)
{
    const char *colon = authority.bytes ? memchr(authority.data, ':', authority.bytes) : NULL;
    if (colon)
        authority.bytes = (size_t)(colon - authority.data);
    if (authority.bytes > 0 && authority.data[authority.bytes - 1] == '.')
        authority.bytes--;
    return authority;
}

static bool ends_in_number(struct slice host)
{
    size_t digits = 0;
    while (digits < host.bytes && host.data[host.bytes - digits - 1] != '.') {
        char character = host.data[host.bytes - digits - 1];
        if (character < '0' || character > '9')
            return false;
        digits++;
    }
    return true;
}

bool route_name(struct slice authority, char ret_name[FUNCTION_NAME_TEXT_BYTES])
{
    struct slice host = host_of(authority);
    if (host.bytes == 0 || ends_in_number(host))
        return false;
    const char *dot = memchr(host.data, '.', host.bytes);
    struct slice label = {
        .data = host.data,
        .bytes = dot ? (size_t)(dot - host.data) : host.bytes,
    };
    /* An IPv6 address fails here: it begins with a bracket. */
    return function_name_read(label, ret_name);
}
