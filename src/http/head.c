/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/head.h"

#include "base/check.h"
#include "http/field.h"
#include "tables/errors.h"

#define KEPT_TARGET_BYTES 1024

void http_head_init(struct http_head *head, size_t head_bytes_max)
{
    *head = (struct http_head){.method_bytes = 0};
    buffer_init(&head->target, head_bytes_max);
    http_field_list_init(&head->header, head_bytes_max);
    http_field_list_init(&head->trailers, head_bytes_max);
}

void http_head_fini(struct http_head *head)
{
    buffer_fini(&head->target);
    http_field_list_fini(&head->header);
    http_field_list_fini(&head->trailers);
}

void http_head_reset(struct http_head *head)
{
    head->method_bytes = 0;
    head->keep_alive = false;
    head->request = (struct http_request){.version_minor = 1};
    buffer_reset(&head->target, KEPT_TARGET_BYTES);
    http_field_list_reset(&head->header);
    http_field_list_reset(&head->trailers);
}

void http_head_end_method(struct http_head *head)
{
    check(head->method_bytes > 0 && head->method_bytes <= HTTP_METHOD_BYTES_MAX);
    head->request.method = (struct slice){.data = head->method, .bytes = head->method_bytes};
}

/* What one walk over the fields finds that concerns this hop. */
struct findings {
    size_t host_count;
    struct slice host;
    size_t coding_count;
    struct slice coding; /* Transfer-Encoding */
    bool expects_continue;
    bool expects_else;
    struct http_connection_options connection;
};

/* Notes what a field says to this hop. Returns whether it is for the other end, or -1 where it is
 * malformed. */
static int look_at(const struct field *field, struct findings *found)
{
    switch (http_field_kind(field->name)) {
    case HTTP_FIELD_END_TO_END:
    case HTTP_FIELD_DATE:
        return 1;
    case HTTP_FIELD_HOST:
        found->host_count++;
        found->host = field->value;
        return 0;
    case HTTP_FIELD_TRANSFER_ENCODING:
        found->coding_count++;
        found->coding = field->value;
        return 0;
    case HTTP_FIELD_EXPECT:
        if (slice_equal_ignoring_case(field->value, SLICE("100-continue")))
            found->expects_continue = true;
        else
            found->expects_else = true;
        return 0;
    case HTTP_FIELD_CONNECTION:
        return http_connection_options_add(&found->connection, field->value) ? 0 : -1;
    case HTTP_FIELD_CONTENT_LENGTH: /* llhttp has read it */
    case HTTP_FIELD_HOP_BY_HOP:
        return 0;
    }
    return 0;
}

/* Moves the fields that are for the other end to the front. */
static int sort_out_fields(struct http_head *head, struct findings *found)
{
    struct http_field_list *header = &head->header;
    size_t kept = 0;
    for (size_t i = 0; i < header->count; i++) {
        int is_end_to_end = look_at(&header->fields[i], found);
        if (is_end_to_end < 0)
            return ERROR_REQUEST_MALFORMED;
        if (is_end_to_end)
            header->fields[kept++] = header->fields[i];
    }
    header->count = kept;
    return 0;
}

/* Takes out the fields that Connection names (RFC 9110, 7.6.1). */
static void drop_named_fields(struct http_head *head, const struct http_connection_options *named)
{
    struct http_field_list *header = &head->header;
    size_t kept = 0;
    if (named->count == 0)
        return;
    for (size_t i = 0; i < header->count; i++) {
        if (!http_connection_options_has(named, header->fields[i].name))
            header->fields[kept++] = header->fields[i];
    }
    header->count = kept;
}

/* RFC 9112, 6.1 and 6.3. `chunked` alone is understood; in HTTP/1.0 nobody may rely on it. */
static int judge_framing(struct http_request *request, const struct findings *found,
                         const struct http_head_framing *framing)
{
    request->body_bytes = framing->has_length ? framing->body_bytes : 0;
    if (framing->has_length && framing->body_bytes > INT64_MAX)
        return ERROR_REQUEST_MALFORMED;
    if (found->coding_count == 0)
        return 0;
    if (found->coding_count > 1 || framing->has_length || framing->version_minor == 0 ||
        !slice_equal_ignoring_case(found->coding, SLICE("chunked")))
        return ERROR_REQUEST_MALFORMED;
    request->body_bytes = HTTP_LENGTH_UNKNOWN;
    return 0;
}

/* Takes "http://" or "https://", in any case, off the front of an absolute-form target. */
static bool take_scheme(struct slice *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct slice scheme = slice_of(schemes[i]);
        if (target->bytes >= scheme.bytes &&
            slice_equal_ignoring_case((struct slice){.data = target->data, .bytes = scheme.bytes},
                                      scheme)) {
            target->data += scheme.bytes;
            target->bytes -= scheme.bytes;
            return true;
        }
    }
    return false;
}

/* "http://host:80/path?query" (RFC 9112, 3.2.2): the host in it stands above Host. */
static int judge_absolute_form(struct http_request *request, struct slice target)
{
    bool is_options = slice_equal(request->method, SLICE("OPTIONS"));
    size_t host_bytes = 0;
    if (!take_scheme(&target))
        return ERROR_REQUEST_MALFORMED;
    while (host_bytes < target.bytes && target.data[host_bytes] != '/' &&
           target.data[host_bytes] != '?')
        host_bytes++;
    request->authority = (struct slice){.data = target.data, .bytes = host_bytes};
    struct slice path = {.data = target.data + host_bytes, .bytes = target.bytes - host_bytes};
    if (!http_authority_valid(request->authority))
        return ERROR_REQUEST_HOST;
    if (path.bytes == 0) {
        request->path_with_query = is_options ? SLICE("*") : SLICE("/"); /* RFC 9112, 3.2.4 */
    } else if (path.data[0] == '/') {
        request->path_with_query = path;
    } else {
        char *text = arena_allocate(request->arena, path.bytes + 1);
        if (!text)
            return ERROR_OUT_OF_MEMORY;
        text[0] = '/';
        memcpy(text + 1, path.data, path.bytes);
        request->path_with_query = (struct slice){.data = text, .bytes = path.bytes + 1};
    }
    return 0;
}

/* RFC 9112, 3.2. */
static int judge_target(struct http_request *request, struct slice target)
{
    if (!http_path_valid(target) || target.bytes == 0)
        return ERROR_REQUEST_MALFORMED;
    if (target.data[0] == '/') {
        request->path_with_query = target;
        return 0;
    }
    if (target.data[0] != '*')
        return judge_absolute_form(request, target);
    if (target.bytes != 1 || !slice_equal(request->method, SLICE("OPTIONS")))
        return ERROR_REQUEST_MALFORMED;
    request->path_with_query = target;
    return 0;
}

/* Host is judged even where the target's authority wins. */
static int judge_host(struct http_request *request, const struct findings *found)
{
    if (found->host_count > 1 || (found->host_count == 0 && request->version_minor > 0))
        return ERROR_REQUEST_HOST;
    if (found->host_count == 0)
        return 0;
    if (!http_authority_valid(found->host))
        return ERROR_REQUEST_HOST;
    if (request->authority.bytes == 0)
        request->authority = found->host;
    return 0;
}

/* The parts of http_head_complete that can fail. */
static int judge(struct http_head *head, const struct http_head_framing *framing,
                 struct findings *found)
{
    struct http_request *request = &head->request;
    int code = sort_out_fields(head, found);
    if (code == 0)
        code = judge_framing(request, found, framing);
    if (code == 0)
        code = judge_target(request, buffer_slice(&head->target));
    if (code == 0)
        code = judge_host(request, found);
    return code;
}

int http_head_complete(struct http_head *head, const struct http_head_framing *framing,
                       struct arena *arena)
{
    struct http_request *request = &head->request;
    struct findings found = {.host_count = 0};
    http_field_list_complete(&head->header);
    request->version_minor = framing->version_minor;
    request->head_bytes = framing->head_bytes;
    request->arena = arena;
    int code = judge(head, framing, &found);
    if (code != 0) {
        /* Half a request would be believed by somebody: what is left is what cannot be wrong. */
        request->authority = request->path_with_query = (struct slice){.data = NULL};
        request->body_bytes = 0;
        return code;
    }
    drop_named_fields(head, &found.connection);
    check(request->method.bytes > 0 && request->path_with_query.bytes > 0);
    check(request->version_minor == 0 || request->authority.bytes > 0);
    check(head->header.count <= head->header.capacity);
    request->fields = head->header.fields;
    request->field_count = head->header.count;
    head->keep_alive =
        !found.connection.close && (framing->version_minor > 0 || found.connection.keep_alive);
    /* An expectation in HTTP/1.0 is ignored, and there is nothing to wait for without a body. */
    if (framing->version_minor == 0)
        return 0;
    request->expects_continue = found.expects_continue && request->body_bytes > 0;
    return found.expects_else ? ERROR_REQUEST_EXPECTATION : 0;
}

void http_head_complete_trailers(struct http_head *head)
{
    struct http_field_list *trailers = &head->trailers;
    size_t kept = 0;
    http_field_list_complete(trailers);
    for (size_t i = 0; i < trailers->count; i++) {
        enum http_field_kind kind = http_field_kind(trailers->fields[i].name);
        if (kind == HTTP_FIELD_END_TO_END || kind == HTTP_FIELD_DATE)
            trailers->fields[kept++] = trailers->fields[i];
    }
    trailers->count = kept;
}
