/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/forwarded.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/check.h"

int trusted_proxies_init(struct trusted_proxies *proxies, const struct texts *texts,
                         struct error *error)
{
    *proxies = (struct trusted_proxies){0};
    if (texts->count == 0)
        return 0;
    proxies->items = calloc(texts->count, sizeof(proxies->items[0]));
    if (!proxies->items)
        return error_set_memory(error);
    for (size_t i = 0; i < texts->count; i++) {
        if (address_prefix_read(slice_of(texts->items[i]), &proxies->items[i], error) < 0) {
            trusted_proxies_fini(proxies);
            error_wrap(error, "net.trusted_proxies");
            if (error)
                error->code = ERROR_CONFIGURATION;
            return ERROR_CONFIGURATION;
        }
    }
    proxies->count = texts->count;
    return 0;
}

void trusted_proxies_fini(struct trusted_proxies *proxies)
{
    free(proxies->items);
    *proxies = (struct trusted_proxies){0};
}

bool trusted_proxies_contain(const struct trusted_proxies *proxies, const struct address *peer)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (address_in_prefix(peer, &proxies->items[i]))
            return true;
    }
    return false;
}

_Static_assert(REQUEST_ID_TEXT_BYTES <= REQUEST_ID_BYTES_MAX, "an own id fits");

struct slice request_id_of(const struct http_request *request, bool trusted, struct random *random,
                           char memory[REQUEST_ID_BYTES_MAX])
{
    const struct slice *sent = NULL;
    if (trusted && request->fields)
        sent = field_find(request->fields, request->field_count, SLICE("x-request-id"));
    if (sent && request_id_valid(*sent)) {
        check(sent->bytes <= REQUEST_ID_BYTES_MAX);
        memcpy(memory, sent->data, sent->bytes);
        return (struct slice){.data = memory, .bytes = sent->bytes};
    }
    request_id_write(random, memory);
    return (struct slice){.data = memory, .bytes = REQUEST_ID_BYTES};
}

static bool begins_with(struct slice slice, struct slice beginning)
{
    return slice.bytes >= beginning.bytes &&
           memcmp(slice.data, beginning.data, beginning.bytes) == 0;
}

/* Fields that fn0 writes itself. */
static bool is_own(struct slice name)
{
    return slice_equal(name, SLICE("x-forwarded-for")) ||
           slice_equal(name, SLICE("x-forwarded-proto")) ||
           slice_equal(name, SLICE("x-request-id"));
}

/* Fields that only a proxy may say. The first bytes sort out nearly all others. */
static bool is_forwarding(struct slice name)
{
    if (name.bytes == 0 || (name.data[0] != 'x' && name.data[0] != 'f'))
        return false;
    return begins_with(name, SLICE("x-forwarded-")) || slice_equal(name, SLICE("forwarded")) ||
           slice_equal(name, SLICE("x-real-ip")) || slice_equal(name, SLICE("x-request-id"));
}

/* "what the trusted proxies said, the peer": the values of all x-forwarded-for fields, then the
 * peer. */
static struct slice forwarded_for(const struct http_request *request, bool trusted)
{
    struct slice peer = request->peer_host;
    if (!trusted)
        return peer;
    size_t bytes = peer.bytes;
    for (size_t i = 0; i < request->field_count; i++) {
        if (slice_equal(request->fields[i].name, SLICE("x-forwarded-for")))
            bytes += request->fields[i].value.bytes + 2;
    }
    char *text = arena_allocate(request->arena, bytes);
    if (!text)
        return (struct slice){0};
    size_t at = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        const struct field *field = &request->fields[i];
        if (!slice_equal(field->name, SLICE("x-forwarded-for")) || field->value.bytes == 0)
            continue;
        memcpy(text + at, field->value.data, field->value.bytes);
        at += field->value.bytes;
        memcpy(text + at, ", ", 2);
        at += 2;
    }
    memcpy(text + at, peer.data, peer.bytes);
    check(at + peer.bytes <= bytes);
    return (struct slice){.data = text, .bytes = at + peer.bytes};
}

/* Whether the client spoke https to the first of the trusted proxies. */
static bool forwarded_https(const struct http_request *request)
{
    const struct slice *value =
        field_find(request->fields, request->field_count, SLICE("x-forwarded-proto"));
    if (!value)
        return false;
    struct slice list = *value;
    struct slice first;
    return slice_next_in_list(&list, &first) && slice_equal_ignoring_case(first, SLICE("https"));
}

int forwarded_make(const struct http_request *request, bool trusted, struct slice request_id,
                   struct forwarded *ret_forwarded)
{
    struct field *fields =
        arena_allocate(request->arena, (request->field_count + 4) * sizeof(fields[0]));
    struct slice client = forwarded_for(request, trusted);
    if (!fields || !client.data)
        return ERROR_OUT_OF_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice name = request->fields[i].name;
        if (is_forwarding(name) && (!trusted || is_own(name)))
            continue;
        fields[count++] = request->fields[i];
    }
    if (request->body_bytes != 0 && request->body_bytes != HTTP_LENGTH_UNKNOWN) {
        const char *length =
            arena_print(request->arena, "%llu", (unsigned long long)request->body_bytes);
        if (!length)
            return ERROR_OUT_OF_MEMORY;
        fields[count++] = (struct field){SLICE("content-length"), slice_of(length)};
    }
    bool https = trusted && forwarded_https(request);
    fields[count++] = (struct field){SLICE("x-forwarded-for"), client};
    fields[count++] =
        (struct field){SLICE("x-forwarded-proto"), https ? SLICE("https") : SLICE("http")};
    fields[count++] = (struct field){SLICE("x-request-id"), request_id};
    *ret_forwarded = (struct forwarded){.fields = fields, .field_count = count, .https = https};
    return 0;
}
