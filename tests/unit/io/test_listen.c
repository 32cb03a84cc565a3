/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cmocka.h>

#include "tables/errors.h"

static struct address read_address(const char *text)
{
    struct address address;
    assert_int_equal(address_read(slice_of(text), false, &address, NULL), 0);
    return address;
}

static void close_all(int *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(sockets[i]);
}

/* Connects with a socket that blocks; -1 where that fails. */
static int connect_to(const struct address *address)
{
    int client = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    if (connect(client, &address->any, address_bytes(address)) == 0)
        return client;
    close(client);
    return -1;
}

static void all_sockets_share_the_real_port(void **state)
{
    (void)state;
    struct address wanted = read_address("127.0.0.1:0"), real;
    int sockets[3];
    assert_int_equal(listen_bind(&wanted, 3, sockets, &real, NULL), 0);
    assert_true(address_port(&real) > 0);
    for (int i = 0; i < 3; i++) {
        struct address name;
        socklen_t bytes = sizeof(name);
        assert_int_equal(getsockname(sockets[i], &name.any, &bytes), 0);
        assert_true(address_equal(&name, &real));
        assert_true(fcntl(sockets[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(sockets[i], F_GETFD) & FD_CLOEXEC);
        int listens = 1;
        bytes = sizeof(listens);
        assert_int_equal(getsockopt(sockets[i], SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes), 0);
        assert_int_equal(listens, 0);
    }
    assert_int_equal(connect_to(&real), -1); /* nobody listens yet */
    for (int i = 0; i < 3; i++)
        assert_int_equal(listen(sockets[i], 64), 0);
    /* The kernel spreads connections by the client's port: in 64 each gets some. */
    int clients[64], accepted_of[3] = {0};
    for (int i = 0; i < 64; i++)
        assert_true((clients[i] = connect_to(&real)) >= 0);
    for (int i = 0; i < 3; i++)
        for (int accepted; (accepted = accept(sockets[i], NULL, NULL)) >= 0; accepted_of[i]++) {
            int no_delay = 0;
            socklen_t bytes = sizeof(no_delay);
            getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, &bytes);
            assert_int_equal(no_delay, 1); /* inherited */
            close(accepted);
        }
    assert_true(accepted_of[0] > 0 && accepted_of[1] > 0 && accepted_of[2] > 0);
    close_all(clients, 64);
    close_all(sockets, 3);
}

static void a_port_in_use_is_named(void **state)
{
    (void)state;
    struct address wanted = read_address("127.0.0.1:0"), real;
    int first[2], second[2];
    assert_int_equal(listen_bind(&wanted, 2, first, &real, NULL), 0);
    assert_int_equal(listen(first[0], 8), 0);
    struct error error = {0};
    assert_int_equal(listen_bind(&real, 2, second, NULL, &error), ERROR_ADDRESS_IN_USE);
    char text[ADDRESS_TEXT_BYTES], expected[200];
    snprintf(expected, sizeof(expected),
             "cannot listen on %s: the port is in use by another process",
             address_write(&real, text));
    assert_string_equal(error.message, expected);
    close_all(first, 2);
    /* Free again. */
    assert_int_equal(listen_bind(&real, 2, second, NULL, &error), 0);
    close_all(second, 2);
}

/* A server that went away leaves its connections in TIME_WAIT; the next one starts all the same. */
static void connections_in_time_wait_do_not_hold_the_port(void **state)
{
    (void)state;
    struct address wanted = read_address("127.0.0.1:0"), real;
    int sockets[2];
    assert_int_equal(listen_bind(&wanted, 1, sockets, &real, NULL), 0);
    assert_int_equal(listen(sockets[0], 8), 0);
    int client = connect_to(&real);
    int accepted = accept(sockets[0], NULL, NULL);
    assert_true(client >= 0 && accepted >= 0);
    close(accepted); /* the server's side closes first and so has the TIME_WAIT */
    close(client);
    close(sockets[0]);
    assert_int_equal(listen_bind(&real, 2, sockets, NULL, NULL), 0);
    close_all(sockets, 2);
}

static void any_ipv6_takes_ipv4_too(void **state)
{
    (void)state;
    struct address wanted = read_address("[::]:0"), real;
    int sockets[1];
    assert_int_equal(listen_bind(&wanted, 1, sockets, &real, NULL), 0);
    assert_int_equal(listen(sockets[0], 8), 0);
    struct address v4 = read_address("127.0.0.1:0"), v6 = read_address("[::1]:0");
    address_set_port(&v4, address_port(&real));
    address_set_port(&v6, address_port(&real));
    int a = connect_to(&v4), b = connect_to(&v6);
    assert_true(a >= 0);
    assert_true(b >= 0);
    close(a);
    close(b);
    close(sockets[0]);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void an_address_of_another_host_is_refused(void **state)
{
    (void)state;
    int before = open_descriptors();
    struct address wanted = read_address("203.0.113.77:8080");
    int sockets[2];
    struct error error = {0};
    assert_int_equal(listen_bind(&wanted, 2, sockets, NULL, &error), ERROR_SYSTEM);
    assert_non_null(strstr(error.message, "cannot listen on 203.0.113.77:8080: "));
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sockets_share_the_real_port),
        cmocka_unit_test(a_port_in_use_is_named),
        cmocka_unit_test(connections_in_time_wait_do_not_hold_the_port),
        cmocka_unit_test(any_ipv6_takes_ipv4_too),
        cmocka_unit_test(an_address_of_another_host_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
