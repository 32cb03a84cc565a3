/* SPDX-License-Identifier: AGPL-3.0-only */

#include "gateway/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A request with fields, from an address. */
struct fixture {
    struct arena arena;
    struct address peer;
    char peer_host[ADDRESS_TEXT_BYTES];
    struct http_request request;
    struct forwarded forwarded;
};

static void begin(struct fixture *fixture, const char *peer, const struct field *fields,
                  size_t count)
{
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena, 65536);
    assert_int_equal(address_read(slice_of(peer), false, &fixture->peer, NULL), 0);
    fixture->request = (struct http_request){
        .fields = fields,
        .field_count = count,
        .peer = &fixture->peer,
        .peer_host = slice_of(address_write_host(&fixture->peer, fixture->peer_host)),
        .arena = &fixture->arena,
    };
}

static void make(struct fixture *fixture, bool trusted)
{
    assert_int_equal(forwarded_make(&fixture->request, trusted, SLICE("id-1"), &fixture->forwarded),
                     0);
}

static void expect_field(const struct fixture *fixture, const char *name, const char *value)
{
    size_t found = 0;
    for (size_t i = 0; i < fixture->forwarded.field_count; i++) {
        const struct field *field = &fixture->forwarded.fields[i];
        if (!slice_equal(field->name, slice_of(name)))
            continue;
        found++;
        if (!value || !slice_equal(field->value, slice_of(value)))
            fail_msg("%s: %.*s", name, (int)field->value.bytes, field->value.data);
    }
    assert_int_equal(found, value ? 1 : 0);
}

static const struct field forged[] = {
    {SLICE("accept"), SLICE("*/*")},
    {SLICE("x-forwarded-for"), SLICE("1.2.3.4")},
    {SLICE("x-forwarded-proto"), SLICE("https")},
    {SLICE("x-forwarded-host"), SLICE("bank.example")},
    {SLICE("forwarded"), SLICE("for=1.2.3.4")},
    {SLICE("x-real-ip"), SLICE("1.2.3.4")},
    {SLICE("x-request-id"), SLICE("theirs")},
    {SLICE("x-forwarded-for"), SLICE("5.6.7.8")},
    {SLICE("x-other"), SLICE("kept")},
};
#define FORGED_COUNT (sizeof(forged) / sizeof(forged[0]))

static void nobody_is_believed(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "192.0.2.1:999", forged, FORGED_COUNT);
    make(&fixture, false);
    expect_field(&fixture, "accept", "*/*");
    expect_field(&fixture, "x-other", "kept");
    expect_field(&fixture, "x-forwarded-for", "192.0.2.1");
    expect_field(&fixture, "x-forwarded-proto", "http");
    expect_field(&fixture, "x-request-id", "id-1");
    expect_field(&fixture, "x-forwarded-host", NULL);
    expect_field(&fixture, "forwarded", NULL);
    expect_field(&fixture, "x-real-ip", NULL);
    assert_false(fixture.forwarded.https);
    arena_fini(&fixture.arena);
}

static void a_trusted_proxy_is(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "192.0.2.1:999", forged, FORGED_COUNT);
    make(&fixture, true);
    expect_field(&fixture, "x-forwarded-for", "1.2.3.4, 5.6.7.8, 192.0.2.1");
    expect_field(&fixture, "x-forwarded-proto", "https");
    expect_field(&fixture, "x-request-id", "id-1");
    expect_field(&fixture, "x-forwarded-host", "bank.example");
    expect_field(&fixture, "forwarded", "for=1.2.3.4");
    expect_field(&fixture, "x-real-ip", "1.2.3.4");
    assert_true(fixture.forwarded.https);
    arena_fini(&fixture.arena);
}

static void the_first_protocol_counts(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct field field = {SLICE("x-forwarded-proto"), SLICE("http, https")};
    begin(&fixture, "192.0.2.1:999", &field, 1);
    make(&fixture, true);
    expect_field(&fixture, "x-forwarded-proto", "http");
    arena_fini(&fixture.arena);
}

static void ipv6_and_mapped_addresses(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "[2001:db8::1]:999", NULL, 0);
    make(&fixture, false);
    expect_field(&fixture, "x-forwarded-for", "2001:db8::1");
    arena_fini(&fixture.arena);
    begin(&fixture, "[::ffff:192.0.2.7]:999", NULL, 0);
    make(&fixture, false);
    expect_field(&fixture, "x-forwarded-for", "192.0.2.7");
    arena_fini(&fixture.arena);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture, "192.0.2.1:999", forged, FORGED_COUNT);
    arena_fini(&fixture.arena);
    arena_init(&fixture.arena, 16);
    assert_int_equal(forwarded_make(&fixture.request, false, SLICE("id"), &fixture.forwarded),
                     ERROR_OUT_OF_MEMORY);
    arena_fini(&fixture.arena);
}

static void expect_id(const char *sent, bool trusted, bool taken)
{
    struct fixture fixture;
    struct random random;
    const struct field field = {SLICE("x-request-id"), slice_of(sent)};
    char memory[REQUEST_ID_BYTES_MAX];
    random_init(&random, 7);
    begin(&fixture, "192.0.2.1:999", &field, 1);
    struct slice id = request_id_of(&fixture.request, trusted, &random, memory);
    assert_int_equal(slice_equal(id, slice_of(sent)), taken);
    if (!taken)
        assert_int_equal(id.bytes, REQUEST_ID_BYTES);
    arena_fini(&fixture.arena);
}

static void ids_come_from_trusted_proxies_only(void **state)
{
    (void)state;
    expect_id("theirs", true, true);
    expect_id("theirs", false, false);
    expect_id("", true, false);
    expect_id("two words", true, false);
    expect_id("\"quoted\"", true, false);
    char longest[130];
    memset(longest, 'x', sizeof(longest));
    longest[128] = '\0';
    expect_id(longest, true, true);
    longest[128] = 'x';
    longest[129] = '\0';
    expect_id(longest, true, false);
}

static void proxies_are_prefixes(void **state)
{
    (void)state;
    const char *items[] = {"10.0.0.0/8", "2001:db8::/32", "192.0.2.1"};
    const struct texts texts = {.items = items, .count = 3};
    struct trusted_proxies proxies;
    struct address address;
    assert_int_equal(trusted_proxies_init(&proxies, &texts, NULL), 0);
    assert_int_equal(address_read(SLICE("10.9.8.7:1"), false, &address, NULL), 0);
    assert_true(trusted_proxies_contain(&proxies, &address));
    assert_int_equal(address_read(SLICE("[2001:db8::9]:1"), false, &address, NULL), 0);
    assert_true(trusted_proxies_contain(&proxies, &address));
    assert_int_equal(address_read(SLICE("192.0.2.2:1"), false, &address, NULL), 0);
    assert_false(trusted_proxies_contain(&proxies, &address));
    trusted_proxies_fini(&proxies);
}

static void a_wrong_prefix_is_named(void **state)
{
    (void)state;
    const char *items[] = {"10.0.0.0/8", "everybody"};
    const struct texts texts = {.items = items, .count = 2};
    struct trusted_proxies proxies;
    struct error error;
    assert_int_equal(trusted_proxies_init(&proxies, &texts, &error), ERROR_CONFIGURATION);
    assert_non_null(strstr(error.message, "net.trusted_proxies"));
    assert_non_null(strstr(error.message, "everybody"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_believed),
        cmocka_unit_test(a_trusted_proxy_is),
        cmocka_unit_test(the_first_protocol_counts),
        cmocka_unit_test(ipv6_and_mapped_addresses),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(ids_come_from_trusted_proxies_only),
        cmocka_unit_test(proxies_are_prefixes),
        cmocka_unit_test(a_wrong_prefix_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
