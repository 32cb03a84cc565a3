/* SPDX-License-Identifier: AGPL-3.0-only */

#include "server/listeners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int init(struct listeners *listeners, const char *first, const char *second, size_t workers,
                struct error *error)
{
    const char *items[] = {first, second};
    const struct texts texts = {.items = items, .count = second ? 2 : 1};
    return listeners_init(listeners, &texts, workers, error);
}

static bool can_connect(const struct address *address)
{
    int client = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(client, &address->any, address_bytes(address)) == 0;
    close(client);
    return connected;
}

static void nobody_is_served_before_it_listens(void **state)
{
    (void)state;
    struct listeners listeners;
    struct error error;
    assert_int_equal(init(&listeners, "127.0.0.1:0", NULL, 2, &error), 0);
    assert_int_equal(listeners.count, 1);
    assert_true(address_port(&listeners.items[0].address) > 0);
    assert_false(can_connect(&listeners.items[0].address));
    assert_int_equal(listeners_listen(&listeners, &error), 0);
    assert_true(can_connect(&listeners.items[0].address));
    listeners_fini(&listeners);
}

static void every_worker_may_listen(void **state)
{
    (void)state;
    struct listeners listeners;
    struct error error;
    assert_int_equal(init(&listeners, "127.0.0.1:0", NULL, 3, &error), 0);
    assert_int_equal(listeners_listen(&listeners, &error), 0);
    for (size_t i = 0; i < 3; i++) {
        int taken = listeners_take(&listeners, 0, i);
        assert_int_equal(listen(taken, 1), 0);
        close(taken);
    }
    listeners_fini(&listeners);
}

static void the_address_of(const struct listeners *listeners, char text[ADDRESS_TEXT_BYTES])
{
    address_write(&listeners->items[0].address, text);
}

static void a_port_in_use_is_named(void **state)
{
    (void)state;
    struct listeners first, second;
    struct error error;
    char text[ADDRESS_TEXT_BYTES];
    assert_int_equal(init(&first, "127.0.0.1:0", NULL, 1, &error), 0);
    assert_int_equal(listeners_listen(&first, &error), 0);
    the_address_of(&first, text);
    assert_int_equal(init(&second, text, NULL, 1, &error), ERROR_ADDRESS_IN_USE);
    assert_non_null(strstr(error.message, text));
    listeners_fini(&first);
}

/* The kernel lets both bind as long as none listens. */
static void of_two_that_start_together_one_gets_the_port(void **state)
{
    (void)state;
    struct listeners first, second;
    struct error error;
    char text[ADDRESS_TEXT_BYTES];
    assert_int_equal(init(&first, "127.0.0.1:0", NULL, 2, &error), 0);
    the_address_of(&first, text);
    if (init(&second, text, NULL, 2, &error) == 0) {
        assert_int_equal(listeners_listen(&second, &error), 0);
        assert_int_equal(listeners_listen(&first, &error), ERROR_ADDRESS_IN_USE);
        assert_non_null(strstr(error.message, text));
        listeners_fini(&second);
    }
    listeners_fini(&first);
}

static void all_addresses_of_ipv6_take_ipv4_as_well(void **state)
{
    (void)state;
    struct listeners listeners;
    struct error error;
    struct address v4;
    char both[ADDRESS_TEXT_BYTES], other[ADDRESS_TEXT_BYTES];
    assert_int_equal(init(&listeners, "[::]:0", NULL, 1, &error), 0);
    uint16_t port = address_port(&listeners.items[0].address);
    listeners_fini(&listeners);
    (void)snprintf(both, sizeof(both), "[::]:%u", port);
    (void)snprintf(other, sizeof(other), "127.0.0.1:%u", port);
    assert_int_equal(init(&listeners, other, both, 1, &error), 0);
    assert_int_equal(listeners.count, 1);
    assert_int_equal(listeners_listen(&listeners, &error), 0);
    assert_int_equal(address_read(slice_of(other), false, &v4, NULL), 0);
    assert_true(can_connect(&v4));
    listeners_fini(&listeners);
}

/* Both orders: how many sockets the two of a port need, and where. */
static void addresses_that_others_hold_need_no_socket(void **state)
{
    static const struct {
        const char *one, *other;
        size_t count;
        const char *where; /* of the only one */
    } rows[] = {
        {"127.0.0.1", "127.0.0.1", 1, "127.0.0.1"},
        {"[::1]", "[::1]", 1, "[::1]"},
        {"[::]", "[::]", 1, "[::]"},
        {"[::]", "[::1]", 1, "[::]"},
        {"[::]", "0.0.0.0", 1, "[::]"},
        {"0.0.0.0", "127.0.0.1", 1, "0.0.0.0"},
        {"0.0.0.0", "[::1]", 2, NULL},
        {"127.0.0.1", "127.0.0.2", 2, NULL},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct listeners listeners;
        struct error error;
        char one[ADDRESS_TEXT_BYTES], other[ADDRESS_TEXT_BYTES], expected[ADDRESS_TEXT_BYTES];
        assert_int_equal(init(&listeners, "[::]:0", NULL, 1, &error), 0);
        uint16_t port = address_port(&listeners.items[0].address);
        listeners_fini(&listeners);
        (void)snprintf(one, sizeof(one), "%s:%u", rows[i / 2].one, port);
        (void)snprintf(other, sizeof(other), "%s:%u", rows[i / 2].other, port);
        if (init(&listeners, i % 2 ? one : other, i % 2 ? other : one, 2, &error) < 0)
            fail_msg("%s and %s: %s", one, other, error.message);
        assert_int_equal(listeners.count, rows[i / 2].count);
        if (rows[i / 2].where) {
            char text[ADDRESS_TEXT_BYTES];
            (void)snprintf(expected, sizeof(expected), "%s:%u", rows[i / 2].where, port);
            assert_string_equal(address_write(&listeners.items[0].address, text), expected);
        }
        listeners_fini(&listeners);
    }
    /* A free port is another one each time. */
    struct listeners listeners;
    assert_int_equal(init(&listeners, "127.0.0.1:0", "127.0.0.1:0", 1, NULL), 0);
    assert_int_equal(listeners.count, 2);
    listeners_fini(&listeners);
}

static void what_is_no_address_is_named(void **state)
{
    (void)state;
    struct listeners listeners;
    struct error error;
    assert_int_equal(init(&listeners, "127.0.0.1:0", "here", 1, &error), ERROR_CONFIGURATION);
    assert_non_null(strstr(error.message, "net.listen"));
    assert_non_null(strstr(error.message, "here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_served_before_it_listens),
        cmocka_unit_test(every_worker_may_listen),
        cmocka_unit_test(a_port_in_use_is_named),
        cmocka_unit_test(of_two_that_start_together_one_gets_the_port),
        cmocka_unit_test(all_addresses_of_ipv6_take_ipv4_as_well),
        cmocka_unit_test(addresses_that_others_hold_need_no_socket),
        cmocka_unit_test(what_is_no_address_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
