/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/output.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tables/errors.h"

struct fixture {
    struct fault fault;
    struct http_block_pool pool;
    struct http_output output;
    int ends[2];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fault_init(&fixture->fault);
    http_block_pool_init(&fixture->pool, 2, &fixture->fault);
    http_output_init(&fixture->output, &fixture->pool);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fixture->ends), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    http_output_fini(&fixture->output);
    http_block_pool_fini(&fixture->pool);
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    free(fixture);
    return 0;
}

/* Sends all there is, and reads it on the other end. */
static size_t pass_on(struct fixture *fixture, char *to, size_t room)
{
    size_t bytes = 0;
    while (http_output_bytes(&fixture->output) > 0) {
        ssize_t sent = http_output_send(&fixture->output, fixture->ends[0]);
        assert_true(sent > 0 || sent == -EAGAIN);
        ssize_t got;
        while ((got = read(fixture->ends[1], to + bytes, room - bytes)) > 0)
            bytes += (size_t)got;
    }
    return bytes;
}

static void keeps_the_order_over_many_blocks(void **state)
{
    struct fixture *fixture = *state;
    size_t total = 1000000;
    char *sent = malloc(total);
    char *got = malloc(total + 1);
    assert_non_null(sent);
    assert_non_null(got);
    for (size_t i = 0; i < total; i++)
        sent[i] = (char)(i * 7 + i / 256);
    size_t piece = 1;
    for (size_t at = 0; at < total; at += piece) {
        piece = piece * 3 % 40009 + 1;
        if (piece > total - at)
            piece = total - at;
        struct slice bytes = {.data = sent + at, .bytes = piece};
        if (piece % 2) {
            assert_int_equal(http_output_reserve(&fixture->output, piece), 0);
            http_output_append(&fixture->output, bytes);
        } else {
            char *memory = http_output_extend(&fixture->output, piece);
            assert_non_null(memory);
            memcpy(memory, bytes.data, piece);
        }
    }
    assert_int_equal(http_output_bytes(&fixture->output), total);
    assert_int_equal(pass_on(fixture, got, total + 1), total);
    assert_memory_equal(sent, got, total);
    assert_int_equal(fixture->pool.count, 2); /* no more than it may keep */
    free(sent);
    free(got);
}

static void reserves_without_changing_anything(void **state)
{
    struct fixture *fixture = *state;
    char got[64];
    assert_int_equal(http_output_reserve(&fixture->output, 100000), 0);
    assert_int_equal(http_output_bytes(&fixture->output), 0);
    memcpy(http_output_extend(&fixture->output, 5), "hello", 5);
    assert_int_equal(http_output_reserve(&fixture->output, 100000), 0);
    http_output_append(&fixture->output, SLICE(" world"));
    assert_int_equal(pass_on(fixture, got, sizeof(got)), 11);
    assert_memory_equal(got, "hello world", 11);
}

static void cuts_the_front_of_what_was_opened(void **state)
{
    struct fixture *fixture = *state;
    struct http_block *block;
    char got[64];
    assert_int_equal(http_output_reserve(&fixture->output, 3), 0);
    http_output_append(&fixture->output, SLICE("abc"));
    char *memory = http_output_open(&fixture->output, 10, &block);
    assert_non_null(memory);
    memcpy(memory, "0123456789", 10);
    assert_int_equal(http_output_reserve(&fixture->output, 3), 0);
    http_output_append(&fixture->output, SLICE("def"));
    assert_int_equal(http_output_bytes(&fixture->output), 16);
    http_output_cut(&fixture->output, block, 7);
    assert_int_equal(http_output_bytes(&fixture->output), 9);
    assert_int_equal(pass_on(fixture, got, sizeof(got)), 9);
    assert_memory_equal(got, "abc789def", 9);
}

static void reuses_blocks(void **state)
{
    struct fixture *fixture = *state;
    char got[64];
    for (int i = 0; i < 5; i++) {
        assert_int_equal(http_output_reserve(&fixture->output, 1), 0);
        http_output_append(&fixture->output, SLICE("x"));
        assert_int_equal(pass_on(fixture, got, sizeof(got)), 1);
    }
    assert_int_equal(fixture->fault.passed[FAULT_ALLOCATION], 1);
    assert_int_equal(fixture->pool.count, 1);
}

static void says_when_memory_or_socket_fail(void **state)
{
    struct fixture *fixture = *state;
    struct http_block *block;
    fault_arm(&fixture->fault, FAULT_ALLOCATION, 1);
    assert_int_equal(http_output_reserve(&fixture->output, 1), ERROR_OUT_OF_MEMORY);
    fault_arm(&fixture->fault, FAULT_ALLOCATION, 1);
    assert_null(http_output_extend(&fixture->output, 1));
    fault_arm(&fixture->fault, FAULT_ALLOCATION, 1);
    assert_null(http_output_open(&fixture->output, 1, &block));
    assert_int_equal(http_output_bytes(&fixture->output), 0);

    /* A part of a chain that was reserved stays good for something. */
    fault_arm(&fixture->fault, FAULT_ALLOCATION, 3);
    assert_int_equal(http_output_reserve(&fixture->output, 60000), ERROR_OUT_OF_MEMORY);
    assert_int_equal(http_output_reserve(&fixture->output, 10), 0);
    http_output_append(&fixture->output, SLICE("0123456789"));
    fault_arm(&fixture->fault, FAULT_WRITE, 1);
    assert_int_equal(http_output_send(&fixture->output, fixture->ends[0]), -EPIPE);
    assert_int_equal(http_output_send(&fixture->output, fixture->ends[0]), 10);
    close(fixture->ends[1]);
    assert_int_equal(http_output_reserve(&fixture->output, 1), 0);
    http_output_append(&fixture->output, SLICE("x"));
    assert_int_equal(http_output_send(&fixture->output, fixture->ends[0]), -EPIPE); /* no signal */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_the_order_over_many_blocks),  TEST(reserves_without_changing_anything),
        TEST(cuts_the_front_of_what_was_opened), TEST(reuses_blocks),
        TEST(says_when_memory_or_socket_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
