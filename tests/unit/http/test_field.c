/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void paths_are_visible_ascii_without_fragment(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        bool expected = byte > ' ' && byte < 0x7f && byte != '#';
        assert_int_equal(http_path_valid((struct slice){.data = &text, .bytes = 1}), expected);
    }
}

static void knows_what_fields_mean_to_this_hop(void **state)
{
    static const struct {
        const char *name;
        enum http_field_kind kind;
    } cases[] = {
        {"Host", HTTP_FIELD_HOST},
        {"CONNECTION", HTTP_FIELD_CONNECTION},
        {"content-length", HTTP_FIELD_CONTENT_LENGTH},
        {"Transfer-Encoding", HTTP_FIELD_TRANSFER_ENCODING},
        {"expect", HTTP_FIELD_EXPECT},
        {"Date", HTTP_FIELD_DATE},
        {"te", HTTP_FIELD_HOP_BY_HOP},
        {"Upgrade", HTTP_FIELD_HOP_BY_HOP},
        {"Keep-Alive", HTTP_FIELD_HOP_BY_HOP},
        {"Proxy-Connection", HTTP_FIELD_HOP_BY_HOP},
        {"Proxy-Authenticate", HTTP_FIELD_HOP_BY_HOP},
        {"Proxy-Authorization", HTTP_FIELD_HOP_BY_HOP},
        {"HTTP2-Settings", HTTP_FIELD_HOP_BY_HOP},
        {"", HTTP_FIELD_END_TO_END},
        {"tf", HTTP_FIELD_END_TO_END},
        {"hosu", HTTP_FIELD_END_TO_END},
        {"trailer", HTTP_FIELD_END_TO_END},
        {"content-type", HTTP_FIELD_END_TO_END},
        {"content-lengtg", HTTP_FIELD_END_TO_END},
        {"transfer-encodinh", HTTP_FIELD_END_TO_END},
        {"authorization", HTTP_FIELD_END_TO_END},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(http_field_kind(slice_of(cases[i].name)), cases[i].kind);
}

static void reads_lengths(void **state)
{
    uint64_t bytes = 7;
    (void)state;
    assert_true(http_length_read(SLICE("0"), &bytes));
    assert_int_equal(bytes, 0);
    assert_true(http_length_read(SLICE("0012"), &bytes));
    assert_int_equal(bytes, 12);
    assert_true(http_length_read(SLICE("9223372036854775807"), &bytes));
    assert_true(bytes == INT64_MAX);
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x1",
                                      "1a",
                                      "1,1",
                                      "1.",
                                      "9223372036854775808",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(http_length_read(slice_of(bad[i]), &bytes));
}

/* Names, addresses and ports; more of them in test_parser.c. */
static void judges_authorities(void **state)
{
    (void)state;
    assert_true(http_authority_valid(SLICE("example.com:0")));
    assert_true(http_authority_valid(SLICE("[::ffff:1.2.3.4]:65535")));
    assert_true(http_authority_valid(SLICE("a%20b")));
    assert_false(http_authority_valid((struct slice){.data = NULL}));
    assert_false(http_authority_valid(SLICE("[::1]:65536")));
    assert_false(http_authority_valid(SLICE("[::1")));
    assert_false(http_authority_valid(SLICE("[1.2.3.4]")));
    assert_false(http_authority_valid(SLICE("[::\0]")));
    assert_false(http_authority_valid(SLICE("a\0b")));
    assert_false(http_authority_valid(
        SLICE("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]")));
}

static void reads_connection_options(void **state)
{
    struct http_connection_options options = {.close = false};
    (void)state;
    assert_true(http_connection_options_add(&options, SLICE("")));
    assert_true(http_connection_options_add(&options, SLICE("X-One ,, CLOSE")));
    assert_true(http_connection_options_add(&options, SLICE("Keep-Alive, two")));
    assert_true(options.close && options.keep_alive);
    assert_int_equal(options.count, 2);
    assert_true(http_connection_options_has(&options, SLICE("x-one")));
    assert_true(http_connection_options_has(&options, SLICE("TWO")));
    assert_false(http_connection_options_has(&options, SLICE("close")));
    assert_false(http_connection_options_has(&options, SLICE("x-on")));
    assert_false(http_connection_options_add(&options, SLICE("a b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_visible_ascii_without_fragment),
        cmocka_unit_test(knows_what_fields_mean_to_this_hop),
        cmocka_unit_test(reads_lengths),
        cmocka_unit_test(judges_authorities),
        cmocka_unit_test(reads_connection_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
