/* SPDX-License-Identifier: AGPL-3.0-only */

/* The configuration checks the form of addresses, io/address.h reads them: both must take the same.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <cmocka.h>

#include "base/configuration.h"
#include "io/address.h"

static bool is_taken(const char *key, const char *text)
{
    struct host_configuration *host = NULL;
    const struct configuration_flag flag = {.key = key, .value = text, .flag = "--flag"};
    int code = host_configuration_create(NULL, &flag, 1, &host, NULL);
    host_configuration_destroy(host);
    return code == 0;
}

static void addresses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "127.0.0.1:8080", "[::]:0",        "[::1]:65535",   "1.2.3.4:65536",      "1.2.3:80",
        "[1.2.3.4]:80",   "::1:80",        "1.2.3.4:",      "localhost:80",       "[::1]",
        "1.2.3.4",        "[::1%lo]:80",   ":80",           "[::ffff:1.2.3.4]:1", "1.2.3.4:-1",
        "1.2.3.4:none",   " 127.0.0.1:80", "127.0.0.1:80 ", "256.0.0.1:80",       "[::1]80"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address address;
        bool read = address_read(slice_of(texts[i]), false, &address, NULL) == 0;
        if (is_taken("net.listen", texts[i]) != read)
            fail_msg("\"%s\" is %s by io/address.h only", texts[i], read ? "taken" : "refused");
    }
}

static void prefixes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "10.0.0.0/8",    "fd00::/8",      "10.1.2.3",   "127.0.0.1:9000", "[::1]:9000",
        "10.0.0.0/33",   "10.0.0.0/8:80", "::1",        "[::1]",          "[fd00::]/8",
        "10.0.0.1/8",    "::/129",        "::/128",     "0.0.0.0/0",      "1.2.3.4:0",
        "[fd00::/8]:80", "1.2.3.4/",      "1.2.3.4/-1", "localhost",      "10.0.0.0/8 "};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct address_prefix prefix;
        bool read = address_prefix_read(slice_of(texts[i]), &prefix, NULL) == 0;
        if (is_taken("outbound.allow", texts[i]) != read)
            fail_msg("\"%s\" is %s by io/address.h only", texts[i], read ? "taken" : "refused");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests_name("base/configuration and io/address", tests, NULL, NULL);
}
