/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/notice.h"

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "gateway/answer.h"

#define PAGE_BYTES_MAX 262144

static const char page_begin[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta http-equiv=\"refresh\" content=\"1\"><title>fn0: not built</title><style>"
    "body{margin:3rem auto;max-width:60rem;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;"
    "color:#1c1c1c;background:#fff}h1{font-size:1.2rem;color:#b3261e}"
    "pre{padding:1rem;overflow-x:auto;background:#f4f4f4;white-space:pre-wrap}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}"
    "h1{color:#ff8a80}pre{background:#242424}}</style></head><body>"
    "<h1>The function is not built</h1><pre>";
static const char page_end[] = "</pre><p>This page asks again every second.</p></body></html>\n";

static bool wants_page(const struct http_request *request)
{
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice list = request->fields[i].value;
        struct slice range;
        if (!slice_equal_ignoring_case(request->fields[i].name, SLICE("accept")))
            continue;
        while (slice_next_in_list(&list, &range)) {
            struct slice type = SLICE("text/html");
            if (range.bytes >= type.bytes &&
                slice_equal_ignoring_case((struct slice){range.data, type.bytes}, type))
                return true;
        }
    }
    return false;
}

/* Browsers say so of what goes into a window or a frame. */
static bool opens_page(const struct http_request *request)
{
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice value = request->fields[i].value;
        if (slice_equal_ignoring_case(request->fields[i].name, SLICE("sec-fetch-dest")))
            return slice_equal(value, SLICE("document")) || slice_equal(value, SLICE("iframe"));
    }
    return false;
}

bool notice_comes_first(const struct notice *notice, const struct http_request *request)
{
    return notice->is_due(notice->context) && opens_page(request);
}

static int append_escaped(struct buffer *page, struct slice text)
{
    int code = 0;
    for (size_t i = 0; i < text.bytes && code == 0; i++) {
        char c = text.data[i];
        struct slice plain = {.data = text.data + i, .bytes = 1};
        code = buffer_append(page, c == '<'   ? SLICE("&lt;")
                                   : c == '>' ? SLICE("&gt;")
                                   : c == '&' ? SLICE("&amp;")
                                              : plain);
    }
    return code;
}

static int make_page(struct buffer *page, struct slice text)
{
    int code = buffer_append(page, slice_of(page_begin));
    if (code == 0)
        code = append_escaped(page, text);
    return code == 0 ? buffer_append(page, slice_of(page_end)) : code;
}

static void answer(struct http_exchange *exchange, struct slice type, struct slice body,
                   struct slice request_id)
{
    const struct field fields[] = {
        {SLICE("content-type"), type},
        {SLICE("cache-control"), SLICE("no-store")},
        {SLICE("x-request-id"), request_id},
    };
    if (http_exchange_respond(exchange, 500, fields, sizeof(fields) / sizeof(fields[0]), body.bytes,
                              SIZE_MAX) < 0 ||
        http_exchange_write(exchange, body) < 0)
        http_exchange_abort(exchange);
    else
        (void)http_exchange_end(exchange, NULL, 0);
}

void notice_send(struct http_exchange *exchange, const struct notice *notice,
                 struct slice request_id)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct slice text = notice->read(notice->context, request->arena);
    struct buffer page;
    if (!wants_page(request)) {
        answer(exchange, SLICE("text/plain; charset=utf-8"), text, request_id);
        return;
    }
    buffer_init(&page, PAGE_BYTES_MAX);
    if (make_page(&page, text) == 0)
        answer(exchange, SLICE("text/html; charset=utf-8"), buffer_slice(&page), request_id);
    else
        answer_send(exchange, ERROR_OUT_OF_MEMORY, request_id);
    buffer_fini(&page);
}
