/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tables/errors.h"

static struct address read_address(const char *text)
{
    struct address address;
    struct error error = {0};
    if (address_read(slice_of(text), true, &address, &error) != 0)
        fail_msg("%s", error.message);
    return address;
}

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written; /* NULL: the same */
        const char *host;
    } rows[] = {
        {"127.0.0.1:80", NULL, "127.0.0.1"},
        {"0.0.0.0:0", NULL, "0.0.0.0"},
        {"255.255.255.255:65535", NULL, "255.255.255.255"},
        {"[::1]:8080", NULL, "::1"},
        {"[::]:0", NULL, "::"},
        {"[2001:DB8:0:0::1]:443", "[2001:db8::1]:443", "2001:db8::1"},
        {"[::ffff:10.1.2.3]:1", "[::ffff:10.1.2.3]:1", "10.1.2.3"},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535",
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address address;
        char text[ADDRESS_TEXT_BYTES];
        assert_int_equal(address_read(slice_of(rows[i].text), false, &address, NULL), 0);
        assert_string_equal(address_write(&address, text),
                            rows[i].written ? rows[i].written : rows[i].text);
        assert_string_equal(address_write_host(&address, text), rows[i].host);
    }
}

static void a_port_may_be_optional(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1", "::1", "[::1]"};
    for (size_t i = 0; i < 3; i++) {
        struct address address;
        struct error error = {0};
        assert_int_equal(address_read(slice_of(texts[i]), true, &address, &error), 0);
        assert_int_equal(address_port(&address), 0);
        assert_int_equal(address_read(slice_of(texts[i]), false, &address, &error),
                         ERROR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, texts[i]));
        assert_non_null(strstr(error.message, "127.0.0.1:8080"));
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           ":80",          "localhost:80",   "127.0.0.1:",    "127.0.0.1:65536",
        "1.2.3:80",   "127.0.0.1:x",  "127.0.0.1:+1",   "127.0.0.1: 80", "127.0.0.1:-1",
        "[::1",       "[::1]80",      "[::1]:",         "[]:80",         "[127.0.0.1]:80",
        "1.2.3.4.5",  "[::1%lo]:80",  "127.0.0.256:80", "0x7f.0.0.1:80", "127.0.0.1:80:80",
        ":::1",       " 127.0.0.1",   "127.0.0.1 ",     "[1::2::3]:80",  "127.0.0.1:000080",
        "2130706433", "fe80::1%eth0",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address address;
        struct error error = {0};
        if (address_read(slice_of(texts[i]), true, &address, &error) != ERROR_INVALID_ARGUMENT)
            fail_msg("\"%s\" was read", texts[i]);
        assert_true(error.message[0] != 0);
    }
    struct address address;
    struct slice with_zero = {.data = "127.0.0.1\0:80", .bytes = 13};
    assert_int_equal(address_read(with_zero, true, &address, NULL), ERROR_INVALID_ARGUMENT);
    /* Only as much as the slice holds is read. */
    struct slice part = {.data = "127.0.0.1:8080", .bytes = 12};
    assert_int_equal(address_read(part, false, &address, NULL), 0);
    assert_int_equal(address_port(&address), 80);
}

static void addresses_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"10.0.0.1:1", "10.0.0.1:1", true},  {"10.0.0.1:1", "10.0.0.1:2", false},
        {"10.0.0.1:1", "10.0.0.2:1", false}, {"[::1]:1", "[0::1]:1", true},
        {"[::1]:1", "[::1]:2", false},       {"[::1]:1", "[::2]:1", false},
        {"0.0.0.0:1", "[::]:1", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address a = read_address(rows[i].a), b = read_address(rows[i].b);
        assert_int_equal(address_equal(&a, &b), rows[i].equal);
    }
}

static void addresses_of_sockets_are_taken_over(void **state)
{
    (void)state;
    struct address v6 = read_address("[2001:db8::7]:99"), copy;
    assert_int_equal(address_from_socket(&v6.any, address_bytes(&v6), &copy), 0);
    assert_true(address_equal(&v6, &copy));
    assert_int_equal(address_from_socket(&v6.any, address_bytes(&v6) - 1, &copy),
                     ERROR_INVALID_ARGUMENT);
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_int_equal(address_from_socket(&local, sizeof(local), &copy), ERROR_INVALID_ARGUMENT);
}

static void prefixes_hold_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *address;
        bool inside;
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0", true},
        {"10.0.0.0/8", "10.255.255.255:443", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::10.1.2.3", false},
        {"172.16.0.0/12", "172.31.255.255", true},
        {"172.16.0.0/12", "172.32.0.0", false},
        {"10.1.2.3", "10.1.2.3:5", true},
        {"10.1.2.3", "10.1.2.4:5", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "::1", false},
        {"10.1.2.3/31", "10.1.2.2", true},
        {"127.0.0.1:9000", "127.0.0.1:9000", true},
        {"127.0.0.1:9000", "127.0.0.1:9001", false},
        {"127.0.0.1:9000", "127.0.0.2:9000", false},
        {"[::1]:9000", "[::1]:9000", true},
        {"[::1]:9000", "[::1]:9001", false},
        {"[::1]", "[::1]:9001", true},
        {"::1", "[::1]:9001", true},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fc00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::/0", "fe80::1", true},
        {"::/0", "10.0.0.1", false},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"::ffff:10.0.0.0/104", "::ffff:10.9.9.9", true},
        {"::ffff:10.0.0.0/104", "11.9.9.9", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address_prefix prefix;
        struct error error = {0};
        if (address_prefix_read(slice_of(rows[i].prefix), &prefix, &error) != 0)
            fail_msg("%s", error.message);
        struct address address = read_address(rows[i].address);
        if (address_in_prefix(&address, &prefix) != rows[i].inside)
            fail_msg("%s in %s", rows[i].address, rows[i].prefix);
    }
    struct address mapped = read_address("[::ffff:10.1.2.3]:5"), plain = read_address("10.1.2.3:6");
    struct address_prefix alone = address_prefix_of(&mapped);
    assert_true(address_in_prefix(&plain, &alone));
}

static void what_is_no_prefix_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",         "10.0.0.0/",    "10.0.0.0/33", "fd00::/129",      "10.0.0.0/8:80", "10/8",
        "/8",       "10.0.0.0/-1",  "10.0.0.0/8 ", "[fd00::]/8",      "example.com",   "10.0.0.1:0",
        "fd00::/x", "10.0.0.0/8/8", "10.0.0.1:",   "10.0.0.0/000008",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address_prefix prefix;
        struct error error = {0};
        if (address_prefix_read(slice_of(texts[i]), &prefix, &error) != ERROR_INVALID_ARGUMENT)
            fail_msg("\"%s\" was read", texts[i]);
        assert_non_null(strstr(error.message, "10.1.0.0/16"));
    }
}

/* The edges of every range, from both sides. */
static const struct {
    const char *text;
    bool public;
} judged[] = {
    /* IPv4 */
    {"0.0.0.0", false},
    {"0.255.255.255", false},
    {"1.0.0.0", true},
    {"8.8.8.8", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.100.100.200", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"127.0.0.0", false},
    {"127.0.0.1", false},
    {"127.255.255.255", false},
    {"128.0.0.0", true},
    {"169.253.255.255", true},
    {"169.254.0.0", false},
    {"169.254.169.254", false},
    {"169.254.255.255", false},
    {"169.255.0.0", true},
    {"172.15.255.255", true},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"191.255.255.255", true},
    {"192.0.0.0", false},
    {"192.0.0.192", false},
    {"192.0.0.255", false},
    {"192.0.1.0", true},
    {"192.0.2.0", false},
    {"192.0.2.255", false},
    {"192.0.3.0", true},
    {"192.88.98.255", true},
    {"192.88.99.1", false},
    {"192.88.100.0", true},
    {"192.167.255.255", true},
    {"192.168.0.0", false},
    {"192.168.255.255", false},
    {"192.169.0.0", true},
    {"198.17.255.255", true},
    {"198.18.0.0", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"198.51.99.255", true},
    {"198.51.100.0", false},
    {"198.51.100.255", false},
    {"198.51.101.0", true},
    {"203.0.112.255", true},
    {"203.0.113.0", false},
    {"203.0.113.255", false},
    {"203.0.114.0", true},
    {"223.255.255.255", true},
    {"224.0.0.0", false},
    {"239.255.255.255", false},
    {"240.0.0.0", false},
    {"255.255.255.254", false},
    {"255.255.255.255", false},
    /* IPv6 */
    {"::", false},
    {"::1", false},
    {"::2", false},
    {"100::1", false},
    {"1fff:ffff::1", false},
    {"2000::1", true},
    {"2000:ffff:ffff::", true},
    {"2001::1", false},
    {"2001:1ff:ffff::", false},
    {"2001:200::", true},
    {"2001:db7:ffff::", true},
    {"2001:db8::", false},
    {"2001:db8:ffff:ffff::1", false},
    {"2001:db9::", true},
    {"2001:4860:4860::8888", true},
    {"2001:ffff::", true},
    {"2002::1", false},
    {"2002:808:808::1", false},
    {"2002:7f00:1::", false},
    {"2003::", true},
    {"2606:4700:4700::1111", true},
    {"3ffe:ffff::1", true},
    {"3fff::", false},
    {"3fff:fff:ffff::", false},
    {"3fff:1000::", true},
    {"3fff:ffff::", true},
    {"4000::", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fd00:ec2::254", false},
    {"fdff:ffff::1", false},
    {"fe80::1", false},
    {"febf::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
    {"ff0e::1", false},
    {"ffff::1", false},
    /* IPv4 within IPv6: mapped, translated, compatible, 6to4, Teredo */
    {"::ffff:8.8.8.8", true},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.0.0.1", false},
    {"::ffff:169.254.169.254", false},
    {"::ffff:0.0.0.0", false},
    {"::fffe:8.8.8.8", false},
    {"::ffff:0:8.8.8.8", false},
    {"::127.0.0.1", false},
    {"::8.8.8.8", false},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b::127.0.0.1", false},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::192.168.1.1", false},
    {"64:ff9b::169.254.169.254", false},
    {"64:ff9b::1:808:808", false},
    {"64:ff9b:1::8.8.8.8", false},
    {"64:ff9b:1:ffff::1", false},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
};

static void only_public_addresses_are_public(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
        struct address address = read_address(judged[i].text);
        if (address_is_public(&address) != judged[i].public)
            fail_msg("%s", judged[i].text);
    }
    struct address other = {.any = {.sa_family = AF_UNIX}};
    assert_false(address_is_public(&other));
}

static void addresses_of_the_host_are_known(void **state)
{
    (void)state;
    struct address loopback = read_address("127.0.0.1"),
                   mapped = read_address("[::ffff:127.0.0.1]:5");
    struct address other = read_address("203.0.113.77:80"), other_v6 = read_address("2001:db8::1");
    assert_true(address_is_own(&loopback));
    assert_true(address_is_own(&mapped));
    assert_false(address_is_own(&other));
    assert_false(address_is_own(&other_v6));
    struct ifaddrs *all;
    assert_int_equal(getifaddrs(&all), 0);
    for (struct ifaddrs *one = all; one; one = one->ifa_next) {
        struct address address;
        if (one->ifa_addr && one->ifa_flags & IFF_UP &&
            address_from_socket(one->ifa_addr, sizeof(struct sockaddr_in6), &address) == 0 &&
            !(address.any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address.v6.sin6_addr)))
            assert_true(address_is_own(&address));
    }
    freeifaddrs(all);
}

/* Without a descriptor nobody can tell: then it is not gone to. */
static void what_cannot_be_asked_is_the_hosts(void **state)
{
    (void)state;
    struct address other = read_address("203.0.113.77:80");
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool own = address_is_own(&other);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(a_port_may_be_optional),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_compared),
        cmocka_unit_test(addresses_of_sockets_are_taken_over),
        cmocka_unit_test(prefixes_hold_addresses),
        cmocka_unit_test(what_is_no_prefix_is_refused),
        cmocka_unit_test(addresses_of_the_host_are_known),
        cmocka_unit_test(what_cannot_be_asked_is_the_hosts),
        cmocka_unit_test(only_public_addresses_are_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
