/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/client_counts.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tables/errors.h"

static struct address v4(const char *text)
{
    struct address address = {.v4 = {.sin_family = AF_INET}};
    assert_int_equal(inet_pton(AF_INET, text, &address.v4.sin_addr), 1);
    return address;
}

static struct address v6(const char *text)
{
    struct address address = {.v6 = {.sin6_family = AF_INET6}};
    assert_int_equal(inet_pton(AF_INET6, text, &address.v6.sin6_addr), 1);
    return address;
}

/* Enters, where `counts` allows one a client, and says what came of it. */
static int enter(struct client_counts *counts, struct address address,
                 struct client_count **ret_count)
{
    return client_counts_enter(counts, &address, ret_count);
}

static void counts_clients_apart(void **state)
{
    struct client_counts counts;
    struct client_count *held[6];
    struct client_count *none;
    (void)state;
    assert_int_equal(client_counts_init(&counts, 10, 1, NULL), 0);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &held[0]), 0);
    assert_int_equal(enter(&counts, v4("192.0.2.2"), &held[1]), 0);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &none), ERROR_FULL);
    /* The same client, by way of IPv6. */
    assert_int_equal(enter(&counts, v6("::ffff:192.0.2.2"), &none), ERROR_FULL);
    /* A network of 64 bits is a client. */
    assert_int_equal(enter(&counts, v6("2001:db8:0:1::1"), &held[2]), 0);
    assert_int_equal(enter(&counts, v6("2001:db8:0:1:ffff::2"), &none), ERROR_FULL);
    assert_int_equal(enter(&counts, v6("2001:db8:0:2::1"), &held[3]), 0);
    /* Bytes that would be the same, were they not of another family. */
    assert_int_equal(enter(&counts, v6("c000:203::"), &held[4]), 0);
    assert_int_equal(enter(&counts, v4("192.0.2.3"), &held[5]), 0);
    client_counts_leave(&counts, held[0]);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &held[0]), 0);
    for (size_t i = 0; i < 6; i++)
        client_counts_leave(&counts, held[i]);
    client_counts_fini(&counts);
}

static void counts_many(void **state)
{
    enum { CLIENTS = 3000 };
    struct client_counts counts;
    struct client_count **held = calloc(CLIENTS * 2, sizeof(held[0]));
    (void)state;
    assert_non_null(held);
    assert_int_equal(client_counts_init(&counts, 100, 2, NULL), 0);
    for (uint32_t i = 0; i < CLIENTS * 2; i++) {
        struct address address = {.v4 = {.sin_family = AF_INET}};
        address.v4.sin_addr.s_addr = htonl(0x0a000000 + i % CLIENTS);
        assert_int_equal(client_counts_enter(&counts, &address, &held[i]), 0);
    }
    struct client_count *none;
    assert_int_equal(enter(&counts, v4("10.0.0.0"), &none), ERROR_FULL);
    for (size_t i = 0; i < CLIENTS * 2; i++)
        client_counts_leave(&counts, held[i * 7919 % (CLIENTS * 2)]);
    client_counts_fini(&counts);
    free(held);
}

#define THREADS 4
#define ROUNDS 20000

struct crowd {
    struct client_counts counts;
    _Atomic unsigned inside;
    _Atomic unsigned too_many;
    _Atomic unsigned served;
};

/* Comes and goes, always by one of two addresses. */
static void *come_and_go(void *argument)
{
    struct crowd *crowd = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct client_count *held;
        if (enter(&crowd->counts, v4(i % 2 ? "192.0.2.1" : "192.0.2.2"), &held) != 0)
            continue;
        if (atomic_fetch_add(&crowd->inside, 1) >= 2)
            atomic_fetch_add(&crowd->too_many, 1);
        atomic_fetch_add(&crowd->served, 1);
        atomic_fetch_sub(&crowd->inside, 1);
        client_counts_leave(&crowd->counts, held);
    }
    return NULL;
}

static void counts_for_several_threads(void **state)
{
    static struct crowd crowd;
    pthread_t threads[THREADS];
    (void)state;
    assert_int_equal(client_counts_init(&crowd.counts, 10, 1, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(crowd.too_many, 0);
    assert_true(crowd.served >= ROUNDS);
    client_counts_fini(&crowd.counts); /* nothing is left */
}

static void says_when_memory_is_out(void **state)
{
    struct client_counts counts;
    struct client_count *held;
    struct fault fault;
    (void)state;
    fault_init(&fault);
    fault_arm(&fault, FAULT_ALLOCATION, 1);
    assert_int_equal(client_counts_init(&counts, 10, 1, &fault), ERROR_OUT_OF_MEMORY);
    client_counts_fini(&counts);
    assert_int_equal(client_counts_init(&counts, 10, 1, &fault), 0);
    fault_arm(&fault, FAULT_ALLOCATION, 1);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &held), ERROR_OUT_OF_MEMORY);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &held), 0);
    client_counts_leave(&counts, held);
    client_counts_fini(&counts);
}

static void none_is_none(void **state)
{
    struct client_counts counts;
    struct client_count *held;
    (void)state;
    assert_int_equal(client_counts_init(&counts, SIZE_MAX, 0, NULL), 0);
    assert_int_equal(enter(&counts, v4("192.0.2.1"), &held), ERROR_FULL);
    client_counts_fini(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_clients_apart),
        cmocka_unit_test(counts_many),
        cmocka_unit_test(counts_for_several_threads),
        cmocka_unit_test(says_when_memory_is_out),
        cmocka_unit_test(none_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
