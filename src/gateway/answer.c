/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/answer.h"

#include <stdio.h>

#include "base/check.h"
#include "base/error.h"
#include "http/status.h"

/* Said with every 503: a slot is free again within a call's time, mostly sooner. */
#define RETRY_AFTER_SECONDS "1"

/* What snprintf wrote, all of it: the parts are bounded, so the room is enough. */
static size_t written(int length, size_t room)
{
    check(length >= 0 && (size_t)length < room);
    return (size_t)length;
}

static size_t write_problem(char *text, const struct error_info *info, struct slice request_id)
{
    struct slice title = http_status_reason((uint32_t)info->status);
    int length = snprintf(text, ANSWER_BODY_BYTES,
                          "{\"type\":\"about:blank\",\"title\":\"%.*s\",\"status\":%d,"
                          "\"detail\":\"%s\",\"error\":\"%s\",\"request_id\":\"%.*s\"}\n",
                          (int)title.bytes, title.data, info->status, info->text, info->label,
                          (int)request_id.bytes, request_id.data);
    return written(length, ANSWER_BODY_BYTES);
}

static size_t write_line(char *text, const struct error_info *info, struct slice request_id)
{
    int length = request_id.bytes == 0
                     ? snprintf(text, ANSWER_BODY_BYTES, "%s\n", info->text)
                     : snprintf(text, ANSWER_BODY_BYTES, "%s (request %.*s)\n", info->text,
                                (int)request_id.bytes, request_id.data);
    return written(length, ANSWER_BODY_BYTES);
}

static void add_field(struct answer *answer, struct slice name, struct slice value)
{
    check(answer->field_count < ANSWER_FIELDS_MAX);
    answer->fields[answer->field_count++] = (struct field){.name = name, .value = value};
}

void answer_make(struct answer *answer, int code, bool json, struct slice request_id)
{
    const struct error_info *info = error_info(code);
    check(code < 0);
    if (info->status == 0)
        info = error_info(ERROR_INTERNAL);
    check(info->status >= 400 && info->status <= 599);
    answer->status = (uint32_t)info->status;
    answer->field_count = 0;
    answer->body.data = answer->body_text;
    answer->body.bytes = json ? write_problem(answer->body_text, info, request_id)
                              : write_line(answer->body_text, info, request_id);
    size_t bytes =
        written(snprintf(answer->proxy_status, ANSWER_PROXY_STATUS_BYTES,
                         "fn0; error=%s; details=\"%s\"", info->proxy_status, info->label),
                ANSWER_PROXY_STATUS_BYTES);

    add_field(answer, SLICE("content-type"),
              json ? SLICE("application/problem+json") : SLICE("text/plain; charset=utf-8"));
    add_field(answer, SLICE("proxy-status"),
              (struct slice){.data = answer->proxy_status, .bytes = bytes});
    add_field(answer, SLICE("cache-control"), SLICE("no-store"));
    if (request_id.bytes > 0)
        add_field(answer, SLICE("x-request-id"), request_id);
    if (answer->status == 503)
        add_field(answer, SLICE("retry-after"), SLICE(RETRY_AFTER_SECONDS));
}

/* Whether the parameters of a media range hold a weight of 0: "not this one" (RFC 9110, 12.4.2). */
static bool weight_is_zero(struct slice parameters)
{
    while (parameters.bytes > 0) {
        const char *semicolon = memchr(parameters.data, ';', parameters.bytes);
        size_t bytes = semicolon ? (size_t)(semicolon - parameters.data) : parameters.bytes;
        struct slice one = slice_trim((struct slice){.data = parameters.data, .bytes = bytes});
        if (one.bytes >= 2 && (one.data[0] == 'q' || one.data[0] == 'Q') && one.data[1] == '=') {
            for (size_t i = 2; i < one.bytes; i++) {
                if (one.data[i] != '0' && one.data[i] != '.')
                    return false;
            }
            return true;
        }
        bytes += semicolon != NULL;
        parameters.data += bytes;
        parameters.bytes -= bytes;
    }
    return false;
}

static bool range_is_json(struct slice range)
{
    const char *semicolon = memchr(range.data, ';', range.bytes);
    size_t bytes = semicolon ? (size_t)(semicolon - range.data) : range.bytes;
    struct slice type = slice_trim((struct slice){.data = range.data, .bytes = bytes});
    if (!slice_equal_ignoring_case(type, SLICE("application/problem+json")) &&
        !slice_equal_ignoring_case(type, SLICE("application/json")))
        return false;
    if (!semicolon)
        return true;
    return !weight_is_zero((struct slice){.data = semicolon + 1, .bytes = range.bytes - bytes - 1});
}

bool answer_wants_json(const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal_ignoring_case(fields[i].name, SLICE("accept")))
            continue;
        struct slice list = fields[i].value;
        struct slice range;
        while (slice_next_in_list(&list, &range)) {
            if (range_is_json(range))
                return true;
        }
    }
    return false;
}

void answer_send(struct http_exchange *exchange, int code, struct slice request_id)
{
    const struct http_request *request = http_exchange_request(exchange);
    bool json =
        request && request->fields && answer_wants_json(request->fields, request->field_count);
    struct answer answer;
    answer_make(&answer, code, json, request_id);
    if (http_exchange_respond(exchange, answer.status, answer.fields, answer.field_count,
                              answer.body.bytes, SIZE_MAX) < 0 ||
        http_exchange_write(exchange, answer.body) < 0) {
        http_exchange_abort(exchange);
        return;
    }
    /* What can go wrong at the end is a cut connection, and then the exchange is over as well. */
    (void)http_exchange_end(exchange, NULL, 0);
}
