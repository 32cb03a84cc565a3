/* SPDX-License-Identifier: AGPL-3.0-only */

/* Heads as bytes; how exchanges use them stands in test_server.c and test_refusals.c. */

#include "http/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/server.h"
#include "http/status.h"
#include "tables/errors.h"

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static struct http_response response_of(uint32_t status, const struct field *fields, size_t count,
                                        uint64_t body_bytes)
{
    return (struct http_response){
        .status = status,
        .fields = fields,
        .count = count,
        .body_bytes = body_bytes,
        .date_line = SLICE(DATE),
        .version_minor = 1,
        .keep_alive = true,
    };
}

/* Decides and writes the whole head. */
static void expect_head(struct http_response *response, const char *expected)
{
    char tail[HTTP_RESPONSE_TAIL_BYTES_MAX];
    assert_int_equal(http_response_decide(response), 0);
    size_t bytes = http_response_write_tail(response, tail);
    char *head = malloc(response->front_bytes + bytes + 1);
    assert_non_null(head);
    http_response_write_front(response, head);
    memcpy(head + response->front_bytes, tail, bytes);
    head[response->front_bytes + bytes] = '\0';
    assert_string_equal(head, expected);
    free(head);
}

static void writes_what_goes_to_the_other_end(void **state)
{
    const struct field fields[] = {
        {SLICE("content-type"), SLICE("text/plain")},
        {SLICE("Connection"), SLICE("keep-alive, X-Hop")},
        {SLICE("keep-alive"), SLICE("5")},
        {SLICE("transfer-encoding"), SLICE("gzip")},
        {SLICE("upgrade"), SLICE("h2c")},
        {SLICE("te"), SLICE("x")},
        {SLICE("x-hop"), SLICE("1")},
        {SLICE("Content-Length"), SLICE(" 5 ")},
        {SLICE("content-length"), SLICE("5")},
        {SLICE("set-cookie"), SLICE("a")},
        {SLICE("set-cookie"), SLICE("b")},
        {SLICE("empty"), SLICE("")},
    };
    struct http_response response =
        response_of(200, fields, sizeof(fields) / sizeof(fields[0]), HTTP_LENGTH_UNKNOWN);
    (void)state;
    expect_head(&response, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nset-cookie: a\r\n"
                           "set-cookie: b\r\nempty: \r\n" DATE "Content-Length: 5\r\n\r\n");
    assert_int_equal(response.framing, HTTP_FRAMING_LENGTH);
    assert_true(http_response_keeps_alive(&response));
}

static void keeps_a_date_that_is_given(void **state)
{
    const struct field date = {SLICE("date"), SLICE("Mon, 07 Nov 1994 08:49:37 GMT")};
    struct http_response response = response_of(200, &date, 1, 0);
    (void)state;
    expect_head(&response, "HTTP/1.1 200 OK\r\ndate: Mon, 07 Nov 1994 08:49:37 GMT\r\n"
                           "Content-Length: 0\r\n\r\n");
}

static void says_unregistered_statuses_without_a_reason(void **state)
{
    struct http_response response = response_of(999, NULL, 0, 10);
    (void)state;
    expect_head(&response, "HTTP/1.1 999 \r\n" DATE "Content-Length: 10\r\n\r\n");
    assert_int_equal(http_status_reason(999).bytes, 0);
    response = response_of(404, NULL, 0, UINT64_MAX - 1);
    expect_head(&response,
                "HTTP/1.1 404 Not Found\r\n" DATE "Content-Length: 18446744073709551614\r\n\r\n");
}

static void changes_its_framing_when_the_length_becomes_known(void **state)
{
    char tail[HTTP_RESPONSE_TAIL_BYTES_MAX];
    struct http_response response = response_of(200, NULL, 0, HTTP_LENGTH_UNKNOWN);
    (void)state;
    assert_int_equal(http_response_decide(&response), 0);
    assert_int_equal(response.framing, HTTP_FRAMING_CHUNKED);
    http_response_set_length(&response, 12);
    assert_int_equal(http_response_write_tail(&response, tail), 22);
    assert_memory_equal(tail, "Content-Length: 12\r\n\r\n", 22);

    response.version_minor = 0;
    assert_int_equal(http_response_decide(&response), 0);
    assert_int_equal(response.framing, HTTP_FRAMING_UNTIL_CLOSE);
    assert_false(http_response_keeps_alive(&response));
    http_response_set_length(&response, UINT64_MAX - 1);
    assert_true(http_response_keeps_alive(&response));
    /* The longest tail there is. */
    assert_true(http_response_write_tail(&response, tail) <= HTTP_RESPONSE_TAIL_BYTES_MAX);
}

static void writes_chunk_lines(void **state)
{
    static const struct {
        size_t bytes;
        const char *line;
    } cases[] = {{1, "1\r\n"},       {15, "f\r\n"},        {16, "10\r\n"},
                 {0xabc, "abc\r\n"}, {65536, "10000\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"}};
    char line[HTTP_CHUNK_LINE_BYTES_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(http_chunk_line_write(cases[i].bytes, line), strlen(cases[i].line));
        assert_memory_equal(line, cases[i].line, strlen(cases[i].line));
    }
}

static void writes_trailers_that_may_be_trailers(void **state)
{
    const struct field trailers[] = {
        {SLICE("x-sum"), SLICE("1")},
        {SLICE("content-length"), SLICE("5")},
        {SLICE("Transfer-Encoding"), SLICE("x")},
        {SLICE("connection"), SLICE("close")},
        {SLICE("expect"), SLICE("x")},
        {SLICE("b"), SLICE("")},
    };
    const struct field bad_name = {SLICE("a b"), SLICE("c")};
    const struct field bad_value = {SLICE("a"), SLICE("\n")};
    char memory[64];
    (void)state;
    size_t bytes = http_trailers_bytes(trailers, 6);
    assert_int_equal(bytes, strlen("0\r\nx-sum: 1\r\nb: \r\n\r\n"));
    http_trailers_write(trailers, 6, memory);
    assert_memory_equal(memory, "0\r\nx-sum: 1\r\nb: \r\n\r\n", bytes);
    assert_int_equal(http_trailers_bytes(NULL, 0), 5);
    assert_int_equal(http_trailers_bytes(&bad_name, 1), 0);
    assert_int_equal(http_trailers_bytes(&bad_value, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_goes_to_the_other_end),
        cmocka_unit_test(keeps_a_date_that_is_given),
        cmocka_unit_test(says_unregistered_statuses_without_a_reason),
        cmocka_unit_test(changes_its_framing_when_the_length_becomes_known),
        cmocka_unit_test(writes_chunk_lines),
        cmocka_unit_test(writes_trailers_that_may_be_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
