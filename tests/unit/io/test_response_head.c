/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/response_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Feeds a text line by line. Returns the last answer. */
static enum response_head_result feed(struct response_head *head, const char *text)
{
    enum response_head_result result = RESPONSE_HEAD_FINE;
    while (*text && result == RESPONSE_HEAD_FINE) {
        const char *end = strchr(text, '\n');
        size_t bytes = end ? (size_t)(end - text) + 1 : strlen(text);
        result = response_head_line(head, (struct slice){.data = text, .bytes = bytes});
        text += bytes;
    }
    return result;
}

/* "name=value;" of each. */
static void assert_fields(const struct response_fields *fields, const char *expected)
{
    char text[1000] = "";
    size_t at = 0;
    for (size_t i = 0; i < fields->count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s=%.*s;",
                               (int)fields->items[i].name.bytes, fields->items[i].name.data,
                               (int)fields->items[i].value.bytes, fields->items[i].value.data);
    assert_string_equal(text, expected);
}

static void heads_are_gathered(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t status;
        const char *fields;
        uint64_t length;
        bool closes;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 200, "", RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.1 200\r\n\r\n", 200, "", RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.0 404 Not Found\r\n\r\n", 404, "", RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", 200, "", RESPONSE_LENGTH_UNKNOWN,
         true},
        {"HTTP/1.1 999 \r\nA: b\r\n\r\n", 999, "a=b;", RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.1 200 OK\nX-A:1\nx-b:\t 2 \t\nX-C:\n\n", 200, "x-a=1;x-b=2;x-c=;",
         RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n", 200,
         "set-cookie=a=1;set-cookie=b=2;", RESPONSE_LENGTH_UNKNOWN, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 200, "content-length=12;", 12, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n", 200,
         "content-length=7;content-length=7;", 7, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 200,
         "content-length=0;", 0, true},
        /* Hop by hop, and what Connection names. */
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nA: b\r\n\r\n", 200,
         "a=b;", RESPONSE_LENGTH_UNKNOWN, false},
        {"HTTP/1.1 200 OK\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nConnection: x-HOP , close\r\n"
         "Upgrade: h2c\r\nProxy-Connection: x\r\nTE: x\r\nB: 2\r\n\r\n",
         200, "b=2;", RESPONSE_LENGTH_UNKNOWN, true},
        /* Kept by HTTP/1.0, too, where that is said and the length is known. */
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\n", 200,
         "content-length=3;", 3, false},
        /* The length is the one that a 200 would have. */
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "content-length=5;", 0,
         false},
        /* Folded. */
        {"HTTP/1.1 200 OK\r\nA: one\r\n two\r\n\t three \r\nB: x\r\n\r\n", 200,
         "a=one two three;b=x;", RESPONSE_LENGTH_UNKNOWN, true},
        /* Interim ones are passed over, with their fields. */
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n"
         "Content-Length: 3\r\n\r\nHTTP/1.1 204 No Content\r\nA: b\r\n\r\n",
         204, "a=b;", 0, false},
        {"HTTP/1.1 200 OK\r\nA: \xc3\xa9\x80\r\n\r\n", 200, "a=\xc3\xa9\x80;",
         RESPONSE_LENGTH_UNKNOWN, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct response_head head;
        response_head_init(&head, 1000);
        assert_int_equal(feed(&head, rows[i].text), RESPONSE_HEAD_FINE);
        assert_true(head.complete);
        assert_int_equal(head.status, rows[i].status);
        assert_int_equal(head.content_length, rows[i].length);
        assert_int_equal(head.closes, rows[i].closes);
        assert_fields(&head.fields, rows[i].fields);
        assert_int_equal(head.trailers.count, 0);
        response_head_fini(&head);
    }
}

static void what_is_no_head_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.2 200 OK\r\n",
        "http/1.1 200 OK\r\n",
        "ICY 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n",
        "HTTP/1.1 200 OK\r\nA(: b\r\n",
        "HTTP/1.1 200 OK\r\n\xc3\xa9: b\r\n",
        "HTTP/1.1 200 OK\r\n folded: nothing\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n",
        "HTTP/1.1 200 OK\r\nA: \x01\r\n",
        "HTTP/1.1 200 OK\r\nA: \x7f\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\x1b\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct response_head head;
        response_head_init(&head, 1000);
        if (feed(&head, texts[i]) != RESPONSE_HEAD_MALFORMED)
            fail_msg("%s was taken", texts[i]);
        assert_false(head.complete);
        response_head_fini(&head);
    }
    struct response_head head;
    response_head_init(&head, 1000);
    assert_int_equal(feed(&head, "HTTP/1.1 200 OK\r\n"), RESPONSE_HEAD_FINE);
    assert_int_equal(response_head_line(&head, (struct slice){.data = "A: b\0c\r\n", .bytes = 8}),
                     RESPONSE_HEAD_MALFORMED);
    response_head_fini(&head);
}

static void connection_names_few_options(void **state)
{
    (void)state;
    for (int count = 32; count <= 33; count++) {
        char text[400] = "HTTP/1.1 200 OK\r\nConnection: ";
        for (int i = 0; i < count; i++)
            strcat(text, "a,");
        strcat(text, "\r\n\r\n");
        struct response_head head;
        response_head_init(&head, 1000);
        assert_int_equal(feed(&head, text),
                         count == 32 ? RESPONSE_HEAD_FINE : RESPONSE_HEAD_MALFORMED);
        response_head_fini(&head);
    }
}

/* 17 + 19 + 2 bytes. */
#define EXACT_HEAD "HTTP/1.1 200 OK\r\nField: 0123456789\r\n\r\n"

static void a_head_has_a_maximum(void **state)
{
    (void)state;
    size_t bytes = strlen(EXACT_HEAD);
    struct response_head head;
    response_head_init(&head, bytes);
    assert_int_equal(feed(&head, EXACT_HEAD), RESPONSE_HEAD_FINE);
    assert_true(head.complete);
    response_head_fini(&head);
    response_head_init(&head, bytes - 1);
    assert_int_equal(feed(&head, EXACT_HEAD), RESPONSE_HEAD_TOO_LARGE);
    assert_false(head.complete);
    response_head_fini(&head);
    /* Interim heads without end are too large, too. */
    response_head_init(&head, 1000);
    enum response_head_result result = RESPONSE_HEAD_FINE;
    for (int i = 0; i < 100 && result == RESPONSE_HEAD_FINE; i++)
        result = feed(&head, "HTTP/1.1 102 Processing\r\n\r\n");
    assert_int_equal(result, RESPONSE_HEAD_TOO_LARGE);
    response_head_fini(&head);
}

static void trailers_follow_the_head(void **state)
{
    (void)state;
    struct response_head head;
    response_head_init(&head, 60);
    assert_int_equal(feed(&head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                     RESPONSE_HEAD_FINE);
    assert_int_equal(feed(&head, "X-Sum: 1\r\nContent-Length: 7\r\nConnection: x\r\nY: 2\r\n"),
                     RESPONSE_HEAD_FINE);
    assert_fields(&head.fields, "");
    assert_fields(&head.trailers, "x-sum=1;y=2;");
    assert_int_equal(head.content_length, RESPONSE_LENGTH_UNKNOWN);
    /* They are counted apart, with the same maximum: 10 + 19 + 15 + 6 bytes so far. */
    assert_int_equal(feed(&head, "Z: 12345\r\n"), RESPONSE_HEAD_FINE);
    assert_int_equal(feed(&head, "Z"), RESPONSE_HEAD_TOO_LARGE);
    response_head_fini(&head);
}

/* As many fields as fit: the arena must hold them all. */
static void the_shortest_fields_fit(void **state)
{
    (void)state;
    struct response_head head;
    response_head_init(&head, 100000);
    assert_int_equal(feed(&head, "HTTP/1.1 200 OK\r\n"), RESPONSE_HEAD_FINE);
    size_t count = (100000 - 17 - 2) / 3;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(feed(&head, "a:\n"), RESPONSE_HEAD_FINE);
    assert_int_equal(feed(&head, "\r\n"), RESPONSE_HEAD_FINE);
    assert_int_equal(head.fields.count, count);
    response_head_fini(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_gathered),
        cmocka_unit_test(what_is_no_head_is_refused),
        cmocka_unit_test(connection_names_few_options),
        cmocka_unit_test(a_head_has_a_maximum),
        cmocka_unit_test(trailers_follow_the_head),
        cmocka_unit_test(the_shortest_fields_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
