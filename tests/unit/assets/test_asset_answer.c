/* SPDX-License-Identifier: AGPL-3.0-only */

#include "assets/asset_answer.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND NANOSECONDS_PER_SECOND
#define MODIFIED "Sun, 06 Nov 1994 08:49:37 GMT"
#define MODIFIED_NS (784111777 * (int64_t)SECOND)
#define NOW_NS (784200000 * SECOND)

/* A file of 1,000 bytes, and a GET of it. */
struct fixture {
    struct asset_facts facts;
    struct field fields[8];
    struct http_request request;
    struct asset_answer answer;
    uint64_t now_ns;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .facts = {.stamp = {.is_file = true,
                            .inode = 7,
                            .bytes = 1000,
                            .modified_ns = MODIFIED_NS,
                            .changed_ns = MODIFIED_NS},
                  .type = "text/css; charset=utf-8",
                  .coding = CONTENT_CODING_IDENTITY},
        .now_ns = NOW_NS,
    };
    fixture.request = (struct http_request){.method = SLICE("GET"), .fields = fixture.fields};
    *state = &fixture;
    return 0;
}

static void ask(struct fixture *fixture)
{
    asset_answer_make(&fixture->answer, &fixture->request, &fixture->facts, fixture->now_ns);
    fixture->request.field_count = 0;
}

static void with(struct fixture *fixture, const char *name, const char *value)
{
    fixture->fields[fixture->request.field_count++] =
        (struct field){slice_of(name), slice_of(value)};
}

static const char *field_of(const struct fixture *fixture, const char *name)
{
    const struct slice *value =
        field_find(fixture->answer.fields, fixture->answer.field_count, slice_of(name));
    return value ? value->data : "";
}

static void expect_status(struct fixture *fixture, uint32_t status)
{
    ask(fixture);
    assert_int_equal(fixture->answer.status, status);
}

/* Asks with one field more. */
static void expect(struct fixture *fixture, const char *name, const char *value, uint32_t status)
{
    with(fixture, name, value);
    expect_status(fixture, status);
}

static void the_whole_file(void **state)
{
    struct fixture *fixture = *state;
    expect_status(fixture, 200);
    assert_int_equal(fixture->answer.first, 0);
    assert_int_equal(fixture->answer.bytes, 1000);
    assert_string_equal(field_of(fixture, "content-type"), "text/css; charset=utf-8");
    assert_string_equal(field_of(fixture, "cache-control"), "public, max-age=0, must-revalidate");
    assert_string_equal(field_of(fixture, "last-modified"), MODIFIED);
    assert_string_equal(field_of(fixture, "accept-ranges"), "bytes");
    assert_string_equal(field_of(fixture, "vary"), "accept-encoding");
    assert_string_equal(field_of(fixture, "x-content-type-options"), "nosniff");
    assert_string_equal(field_of(fixture, "content-encoding"), "");
    assert_int_equal(strlen(field_of(fixture, "etag")), 34);
    fixture->facts.coding = CONTENT_CODING_BROTLI;
    fixture->facts.immutable = true;
    expect_status(fixture, 200);
    assert_string_equal(field_of(fixture, "content-encoding"), "br");
    assert_string_equal(field_of(fixture, "cache-control"), "public, max-age=31536000, immutable");
}

static void each_part_of_the_stamp_makes_another_tag(void **state)
{
    struct fixture *fixture = *state;
    struct file_stamp stamp = fixture->facts.stamp;
    char tags[5][ASSET_ETAG_BYTES];
    for (int i = 0; i < 5; i++) {
        fixture->facts.stamp = stamp;
        fixture->facts.stamp.inode += i == 1;
        fixture->facts.stamp.bytes += i == 2;
        fixture->facts.stamp.modified_ns += i == 3;
        fixture->facts.stamp.changed_ns += i == 4;
        ask(fixture);
        memcpy(tags[i], fixture->answer.etag, ASSET_ETAG_BYTES);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(tags[i], tags[j]);
    }
}

/* What may change again within the same tick of the kernel's clock. */
static void a_file_that_was_just_changed_has_no_validator(void **state)
{
    struct fixture *fixture = *state;
    fixture->now_ns = (uint64_t)MODIFIED_NS + ASSET_FRESH_NS - 1;
    expect(fixture, "if-none-match", "\"a\", W/\"\", \"\"", 200);
    assert_string_equal(field_of(fixture, "etag"), "");
    assert_string_equal(field_of(fixture, "last-modified"), "");
    expect(fixture, "if-modified-since", MODIFIED, 200);
    fixture->now_ns++;
    expect_status(fixture, 200);
    assert_string_not_equal(field_of(fixture, "etag"), "");
    assert_string_equal(field_of(fixture, "last-modified"), "");
    fixture->now_ns += SECOND;
    expect(fixture, "if-modified-since", MODIFIED, 304);
    /* Set back or forth: the time of change tells. */
    fixture->facts.stamp.changed_ns = (int64_t)fixture->now_ns;
    expect(fixture, "if-modified-since", MODIFIED, 200);
    assert_string_equal(field_of(fixture, "etag"), "");
    fixture->facts.stamp.changed_ns = MODIFIED_NS;
    fixture->facts.stamp.modified_ns = (int64_t)fixture->now_ns + 1;
    expect_status(fixture, 200);
    assert_string_not_equal(field_of(fixture, "etag"), "");
    assert_string_equal(field_of(fixture, "last-modified"), "");
}

static void the_client_has_it(void **state)
{
    struct fixture *fixture = *state;
    char list[128];
    char etag[ASSET_ETAG_BYTES];
    ask(fixture);
    memcpy(etag, fixture->answer.etag, sizeof(etag));
    expect(fixture, "if-none-match", etag, 304);
    assert_int_equal(fixture->answer.bytes, 0);
    assert_string_equal(field_of(fixture, "etag"), etag);
    assert_string_equal(field_of(fixture, "vary"), "accept-encoding");
    assert_string_not_equal(field_of(fixture, "cache-control"), "");
    assert_string_equal(field_of(fixture, "content-type"), "");
    (void)snprintf(list, sizeof(list), "\"a\", W/%s", etag);
    expect(fixture, "if-none-match", list, 304);
    expect(fixture, "if-none-match", "*", 304);
    expect(fixture, "if-none-match", "\"a\"", 200);
    expect(fixture, "if-none-match", "", 200);
    (void)snprintf(list, sizeof(list), "\"b,%s", etag + 1);
    expect(fixture, "if-none-match", list, 200);
    with(fixture, "If-None-Match", "\"a\"");
    expect(fixture, "If-None-Match", etag, 304);
    /* HEAD is the same. */
    fixture->request.method = SLICE("HEAD");
    expect(fixture, "if-none-match", etag, 304);
}

static void dates_count_where_there_are_no_tags(void **state)
{
    struct fixture *fixture = *state;
    expect(fixture, "if-modified-since", MODIFIED, 304);
    expect(fixture, "if-modified-since", "Sun, 06 Nov 1994 08:49:38 GMT", 304);
    expect(fixture, "if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT", 200);
    expect(fixture, "if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT", 304);
    expect(fixture, "if-modified-since", "Sun Nov  6 08:49:37 1994", 304);
    expect(fixture, "if-modified-since", "yesterday", 200);
    expect(fixture, "if-modified-since", "", 200);
    with(fixture, "if-none-match", "\"a\"");
    expect(fixture, "if-modified-since", MODIFIED, 200);
}

static void what_is_not_meant_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char text[64];
    char etag[ASSET_ETAG_BYTES];
    ask(fixture);
    memcpy(etag, fixture->answer.etag, sizeof(etag));
    expect(fixture, "if-match", etag, 200);
    expect(fixture, "if-match", "*", 200);
    expect(fixture, "if-match", "\"a\"", 412);
    assert_int_equal(fixture->answer.bytes, 0);
    (void)snprintf(text, sizeof(text), "W/%s", etag);
    expect(fixture, "if-match", text, 412);
    expect(fixture, "if-unmodified-since", MODIFIED, 200);
    expect(fixture, "if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT", 412);
    expect(fixture, "if-unmodified-since", "nonsense", 200);
    with(fixture, "if-match", etag);
    expect(fixture, "if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT", 200);
    /* Refused before it is said that the client has it. */
    with(fixture, "if-match", "\"a\"");
    expect(fixture, "if-none-match", etag, 412);
}

static void expect_range(struct fixture *fixture, const char *range, uint64_t first, uint64_t bytes)
{
    char content_range[64];
    expect(fixture, "range", range, 206);
    assert_int_equal(fixture->answer.first, first);
    assert_int_equal(fixture->answer.bytes, bytes);
    (void)snprintf(content_range, sizeof(content_range), "bytes %" PRIu64 "-%" PRIu64 "/1000",
                   first, first + bytes - 1);
    assert_string_equal(field_of(fixture, "content-range"), content_range);
}

static void one_range(void **state)
{
    struct fixture *fixture = *state;
    expect_range(fixture, "bytes=0-0", 0, 1);
    expect_range(fixture, "bytes=0-999", 0, 1000);
    expect_range(fixture, "bytes=500-", 500, 500);
    expect_range(fixture, "bytes=999-", 999, 1);
    expect_range(fixture, "bytes=990-5000", 990, 10);
    expect_range(fixture, "bytes=-1", 999, 1);
    expect_range(fixture, "bytes=-5000", 0, 1000);
    expect_range(fixture, "Bytes=1-2", 1, 2);
    expect_range(fixture, "bytes= 1-2 ,", 1, 2);
    expect_range(fixture, "bytes=0-99999999999999999999999999", 0, 1000);
    expect_range(fixture, "bytes=-99999999999999999999999999", 0, 1000);
    assert_string_not_equal(field_of(fixture, "etag"), "");
}

static void ranges_outside(void **state)
{
    static const char *const ranges[] = {"bytes=1000-", "bytes=1000-2000", "bytes=-0",
                                         "bytes=99999999999999999999-"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        expect(fixture, "range", ranges[i], 416);
        assert_string_equal(field_of(fixture, "content-range"), "bytes */1000");
        assert_int_equal(fixture->answer.bytes, 0);
    }
}

static void what_is_no_range_is_ignored(void **state)
{
    static const char *const ranges[] = {
        "",           "bytes",     "bytes=",       "bytes=-",      "bytes=a-b", "bytes=2-1",
        "bytes=1-2x", "bytes=1",   "items=1-2",    "bytes=--1",    "bytes:1-2", "bytes=1 - 2",
        "bytes=0x1-", "bytes=+1-", "bytes=0-1,3-", "bytes=0-1, 3", "bytes=,",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        expect(fixture, "range", ranges[i], 200);
        assert_int_equal(fixture->answer.bytes, 1000);
    }
    fixture->request.method = SLICE("HEAD");
    expect(fixture, "range", "bytes=0-1", 200);
}

static void an_empty_file_has_no_ranges(void **state)
{
    struct fixture *fixture = *state;
    fixture->facts.stamp.bytes = 0;
    expect(fixture, "range", "bytes=0-", 416);
    assert_string_equal(field_of(fixture, "content-range"), "bytes */0");
    expect(fixture, "range", "bytes=-5", 200);
    expect(fixture, "range", "bytes=-0", 416);
    expect_status(fixture, 200);
    assert_int_equal(fixture->answer.bytes, 0);
}

static void a_range_of_something_else_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    char text[64];
    char etag[ASSET_ETAG_BYTES];
    ask(fixture);
    memcpy(etag, fixture->answer.etag, sizeof(etag));
    with(fixture, "if-range", etag);
    expect(fixture, "range", "bytes=0-9", 206);
    with(fixture, "if-range", "\"a\"");
    expect(fixture, "range", "bytes=0-9", 200);
    (void)snprintf(text, sizeof(text), "W/%s", etag);
    with(fixture, "if-range", text);
    expect(fixture, "range", "bytes=0-9", 200);
    with(fixture, "if-range", MODIFIED);
    expect(fixture, "range", "bytes=0-9", 206);
    with(fixture, "if-range", "Sun, 06 Nov 1994 08:49:38 GMT");
    expect(fixture, "range", "bytes=0-9", 200);
    with(fixture, "if-range", "\"a\"");
    expect(fixture, "range", "bytes=5000-", 200);
    /* Who has it needs no part of it. */
    with(fixture, "if-none-match", etag);
    expect(fixture, "range", "bytes=0-9", 304);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(the_whole_file),
        TEST(each_part_of_the_stamp_makes_another_tag),
        TEST(a_file_that_was_just_changed_has_no_validator),
        TEST(the_client_has_it),
        TEST(dates_count_where_there_are_no_tags),
        TEST(what_is_not_meant_is_refused),
        TEST(one_range),
        TEST(ranges_outside),
        TEST(what_is_no_range_is_ignored),
        TEST(an_empty_file_has_no_ranges),
        TEST(a_range_of_something_else_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
