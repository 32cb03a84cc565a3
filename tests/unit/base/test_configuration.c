/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/configuration.h"
#include "base/configuration_value.h"
#include "base/machine.h"
#include "tables/configuration.h"

/* ---- Helpers ---- */

static struct host_configuration *read_host(const char *text)
{
    struct error error = {0};
    struct host_configuration *host = NULL;
    if (host_configuration_create_from_text("fn0.toml", slice_of(text), NULL, 0, &host, &error))
        fail_msg("%s", error.message);
    return host;
}

static void host_fails(const char *text, const char *message)
{
    struct error error = {0};
    struct host_configuration *host = NULL;
    int code =
        host_configuration_create_from_text("fn0.toml", slice_of(text), NULL, 0, &host, &error);
    assert_null(host);
    assert_int_equal(code, ERROR_CONFIGURATION);
    assert_int_equal(error.code, ERROR_CONFIGURATION);
    assert_string_equal(error.message, message);
}

static struct host_configuration *read_flag(const char *text, const char *key, const char *value)
{
    struct error error = {0};
    struct host_configuration *host = NULL;
    const struct configuration_flag flag = {.key = key, .value = value, .flag = "--flag"};
    if (host_configuration_create_from_text("fn0.toml", slice_of(text), &flag, 1, &host, &error))
        fail_msg("%s", error.message);
    return host;
}

static void flag_fails(const char *text, const char *key, const char *value, const char *message)
{
    struct error error = {0};
    struct host_configuration *host = NULL;
    const struct configuration_flag flag = {.key = key, .value = value, .flag = "--flag"};
    int code =
        host_configuration_create_from_text("fn0.toml", slice_of(text), &flag, 1, &host, &error);
    assert_null(host);
    assert_int_equal(code, ERROR_USAGE);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_string_equal(error.message, message);
}

static struct function_configuration *read_function(const char *host_text, const char *text)
{
    struct error error = {0};
    struct host_configuration *host = read_host(host_text);
    struct function_configuration *function = NULL;
    if (function_configuration_create(host, "hello.toml", slice_of(text), &function, &error))
        fail_msg("%s", error.message);
    host_configuration_destroy(host);
    return function;
}

static void function_fails(const char *host_text, const char *text, const char *message)
{
    struct error error = {0};
    struct host_configuration *host = read_host(host_text);
    struct function_configuration *function = NULL;
    int code = function_configuration_create(host, "hello.toml", slice_of(text), &function, &error);
    host_configuration_destroy(host);
    assert_null(function);
    assert_int_equal(code, ERROR_CONFIGURATION);
    assert_string_equal(error.message, message);
}

/* ---- Defaults ---- */

static void without_a_file_all_is_as_documented(void **state)
{
    (void)state;
    struct host_configuration *host = NULL;
    assert_int_equal(host_configuration_create(NULL, NULL, 0, &host, NULL), 0);
    assert_null(host->component);
    assert_null(host->functions);
    assert_null(host->cache_dir);
    assert_int_equal(host->workers, machine_cores());
    assert_int_equal(host->slots, 0);
    assert_int_equal(host->cache_bytes_max, 2ull << 30);
    assert_int_equal(host->drain_time_ns, 30000000000);
    assert_int_equal(host->profile, PROFILE_NONE);
    assert_int_equal(host->net.listen.count, 1);
    assert_string_equal(host->net.listen.items[0], "127.0.0.1:8080");
    assert_int_equal(host->net.trusted_proxies.count, 0);
    assert_int_equal(host->net.connections_max, 10000);
    assert_int_equal(host->net.connections_per_address_max, 1000);
    assert_int_equal(host->net.head_timeout_ns, 10000000000);
    assert_int_equal(host->net.body_timeout_ns, 30000000000);
    assert_int_equal(host->net.write_timeout_ns, 30000000000);
    assert_int_equal(host->net.idle_timeout_ns, 60000000000);
    assert_int_equal(host->log.level, LOG_INFO);
    assert_int_equal(host->log.format, LOG_FORMAT_AUTO);
    assert_false(host->log.access);
    assert_int_equal(host->outbound_allow.count, 0);
    assert_int_equal(host->warm_memory_bytes_max, machine_memory_bytes() / 4);
    assert_int_equal(host->function.instance.reuse, REUSE_AUTO);
    assert_int_equal(host->function.instance.uses_max, 10000);
    assert_int_equal(host->function.instance.idle_time_ns, 60000000000);
    assert_int_equal(host->function.instance.warm_max, 1000);
    assert_int_equal(host->function.instance.memory_mark_bytes, 64 << 20);
    assert_false(host->function.outbound_hosts_set);
    assert_int_equal(host->function.environment_count, 0);
    struct limits cloud;
    limits_set_cloud(&cloud);
    assert_memory_equal(&host->function.limits, &cloud, sizeof(cloud));
    assert_memory_equal(&host->limits_max, &cloud, sizeof(cloud));
    host_configuration_destroy(host);
    host_configuration_destroy(NULL);
    function_configuration_destroy(NULL);
}

static void an_empty_file_changes_nothing(void **state)
{
    (void)state;
    host_configuration_destroy(read_host(""));
    host_configuration_destroy(read_host("# nothing\n\n[net]\n[limits.max]\n[environment]\n"));
    function_configuration_destroy(read_function("", ""));
    function_configuration_destroy(read_function("", "[limits]\n[outbound]\n"));
}

/* ---- Every key ---- */

static const char every_key[] = "component = \"a.wasm\"\n"
                                "functions = \"folder\"\n"
                                "workers = 3\n"
                                "slots = 77\n"
                                "cache_dir = \"/cache\"\n"
                                "cache_bytes_max = \"1GB\"\n"
                                "drain_time = \"5s\"\n"
                                "profile = \"none\"\n"
                                "[net]\n"
                                "listen = [\"[::]:0\", \"10.0.0.1:65535\"]\n"
                                "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n"
                                "connections_max = 20\n"
                                "connections_per_address_max = 10\n"
                                "head_timeout = \"1s\"\n"
                                "body_timeout = \"2s\"\n"
                                "write_timeout = \"3s\"\n"
                                "idle_timeout = \"4s\"\n"
                                "[log]\n"
                                "level = \"error\"\n"
                                "format = \"json\"\n"
                                "access = true\n"
                                "[limits]\n"
                                "request_header = \"1KB\"\n"
                                "request_body = \"0B\"\n"
                                "response_header = \"2KB\"\n"
                                "response_body = \"3KB\"\n"
                                "memory = \"64MB\"\n"
                                "cpu = \"20ms\"\n"
                                "duration = \"1s\"\n"
                                "outgoing_requests = 0\n"
                                "start_cpu = \"2s\"\n"
                                "[limits.max]\n"
                                "request_header = \"2KB\"\n"
                                "request_body = \"none\"\n"
                                "response_header = \"3KB\"\n"
                                "response_body = \"4KB\"\n"
                                "memory = \"65MB\"\n"
                                "cpu = \"30ms\"\n"
                                "duration = \"2s\"\n"
                                "outgoing_requests = \"none\"\n"
                                "start_cpu = \"3s\"\n"
                                "[instance]\n"
                                "reuse = false\n"
                                "uses_max = \"none\"\n"
                                "idle_time = \"7s\"\n"
                                "warm_max = 8\n"
                                "memory_mark = \"9MB\"\n"
                                "warm_memory = \"100MB\"\n"
                                "[outbound]\n"
                                "allow = [\"10.1.0.0/16\", \"127.0.0.1:9000\", \"[::1]:80\"]\n"
                                "hosts = [\"API.example.com\", \"10.1.2.3\"]\n"
                                "[assets]\n"
                                "folder = \"public\"\n"
                                "immutable = [\"static/**\", \"*.woff2\"]\n"
                                "[environment]\n"
                                "NAME = \"value\"\n"
                                "\"with.point\" = \"\"\n";

static void check_net_and_log(const struct host_configuration *host)
{
    assert_int_equal(host->net.listen.count, 2);
    assert_string_equal(host->net.listen.items[0], "[::]:0");
    assert_string_equal(host->net.listen.items[1], "10.0.0.1:65535");
    assert_int_equal(host->net.trusted_proxies.count, 2);
    assert_string_equal(host->net.trusted_proxies.items[1], "::1");
    assert_int_equal(host->net.connections_max, 20);
    assert_int_equal(host->net.connections_per_address_max, 10);
    assert_int_equal(host->net.head_timeout_ns, 1000000000);
    assert_int_equal(host->net.body_timeout_ns, 2000000000);
    assert_int_equal(host->net.write_timeout_ns, 3000000000);
    assert_int_equal(host->net.idle_timeout_ns, 4000000000);
    assert_int_equal(host->log.level, LOG_ERROR);
    assert_int_equal(host->log.format, LOG_FORMAT_JSON);
    assert_true(host->log.access);
}

static void check_function(const struct function_configuration *function)
{
    static const struct limits limits = {
        .value = {1024, 0, 2048, 3072, 64 << 20, 20000000, 1000000000, 0, 2000000000}};
    assert_memory_equal(&function->limits, &limits, sizeof(limits));
    assert_int_equal(function->instance.reuse, REUSE_FALSE);
    assert_true(function->instance.uses_max == LIMIT_NONE);
    assert_int_equal(function->instance.idle_time_ns, 7000000000);
    assert_int_equal(function->instance.warm_max, 8);
    assert_int_equal(function->instance.memory_mark_bytes, 9 << 20);
    assert_true(function->outbound_hosts_set);
    assert_int_equal(function->outbound_hosts.count, 2);
    assert_string_equal(function->outbound_hosts.items[0], "api.example.com");
    assert_string_equal(function->assets.folder, "public");
    assert_int_equal(function->assets.immutable.count, 2);
    assert_string_equal(function->assets.immutable.items[1], "*.woff2");
    assert_int_equal(function->environment_count, 2);
    assert_true(slice_equal(function->environment[0].name, SLICE("NAME")));
    assert_true(slice_equal(function->environment[0].value, SLICE("value")));
    assert_true(slice_equal(function->environment[1].name, SLICE("with.point")));
    assert_true(slice_equal(function->environment[1].value, SLICE("")));
}

static void each_key_goes_to_its_place(void **state)
{
    (void)state;
    struct host_configuration *host = read_host(every_key);
    assert_string_equal(host->component, "a.wasm");
    assert_string_equal(host->functions, "folder");
    assert_int_equal(host->workers, 3);
    assert_int_equal(host->slots, 77);
    assert_string_equal(host->cache_dir, "/cache");
    assert_int_equal(host->cache_bytes_max, 1 << 30);
    assert_int_equal(host->drain_time_ns, 5000000000);
    check_net_and_log(host);
    check_function(&host->function);
    static const struct limits max = {.value = {2048, LIMIT_NONE, 3072, 4096, 65 << 20, 30000000,
                                                2000000000, LIMIT_NONE, 3000000000}};
    assert_memory_equal(&host->limits_max, &max, sizeof(max));
    assert_int_equal(host->warm_memory_bytes_max, 100 << 20);
    assert_int_equal(host->outbound_allow.count, 3);
    assert_string_equal(host->outbound_allow.items[2], "[::1]:80");

    /* A function that says nothing has all of the host's defaults, and its own copy of them. */
    struct function_configuration *function = NULL;
    assert_int_equal(function_configuration_create(host, "x.toml", slice_of(NULL), &function, NULL),
                     0);
    host_configuration_destroy(host);
    check_function(function);
    function_configuration_destroy(function);
}

/* So that a new row cannot be forgotten above. */
static void the_test_knows_every_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        const char *point = strrchr(row->key, '.');
        char line[64];
        if (row->kind == CONFIGURATION_ENVIRONMENT || row->kind == CONFIGURATION_LIMITS ||
            row->scope == CONFIGURATION_PROJECT)
            continue;
        snprintf(line, sizeof(line), "%s = ", point ? point + 1 : row->key);
        if (!strstr(every_key, line))
            fail_msg("%s is not tested", row->key);
    }
}

static const char every_key_of_a_project[] = "name = \"hello-2\"\n"
                                             "main = \"src/a.ts\"\n"
                                             "language = \"python\"\n"
                                             "component = \"a.wasm\"\n"
                                             "[build]\n"
                                             "command = \"make it\"\n"
                                             "watch = [\"a\", \"b/**\"]\n"
                                             "[test]\n"
                                             "command = \"try it\"\n"
                                             "[outbound]\n"
                                             "allow = [\"10.1.0.0/16\", \"[::1]:80\"]\n"
                                             "[limits]\n"
                                             "cpu = \"1h\"\n";

static void each_key_of_a_project_goes_to_its_place(void **state)
{
    (void)state;
    struct project_configuration *project = NULL;
    assert_int_equal(project_configuration_create("fn0.toml", slice_of(every_key_of_a_project),
                                                  NULL, 0, &project, NULL),
                     0);
    assert_string_equal(project->name, "hello-2");
    assert_string_equal(project->main, "src/a.ts");
    assert_int_equal(project->language, LANGUAGE_PYTHON);
    assert_string_equal(project->component, "a.wasm");
    assert_string_equal(project->build.command, "make it");
    assert_string_equal(project->test.command, "try it");
    assert_int_equal(project->build.watch.count, 2);
    assert_string_equal(project->build.watch.items[1], "b/**");
    assert_int_equal(project->outbound_allow.count, 2);
    assert_string_equal(project->outbound_allow.items[1], "[::1]:80");
    assert_int_equal(project->function.limits.value[LIMIT_CPU], 3600000000000);
    assert_int_equal(project->function.limits.value[LIMIT_MEMORY], 128 << 20);
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        bool is_projects = row->scope == CONFIGURATION_PROJECT;
        if (is_projects && project->origins[i].source != CONFIGURATION_SOURCE_FILE)
            fail_msg("%s is not tested", row->key);
    }
    project_configuration_destroy(project);
    project_configuration_destroy(NULL);
}

static void what_was_read_can_be_written(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        const char *text;
    } rows[] = {
        {"name", "\"hello-2\""},        {"main", "\"src/a.ts\""},
        {"language", "\"python\""},     {"build.watch", "[\"a\", \"b/**\"]"},
        {"limits.cpu", "\"1 h\""},      {"limits.memory", "\"128 MB\""},
        {"instance.warm_max", "1000"},  {"limits.response_body", "\"none\""},
        {"instance.reuse", "\"auto\""}, {"outbound.hosts", "[]"},
        {"assets.folder", "null"},
    };
    struct project_configuration *project = NULL;
    assert_int_equal(project_configuration_create("fn0.toml", slice_of(every_key_of_a_project),
                                                  NULL, 0, &project, NULL),
                     0);
    size_t found = 0;
    for (size_t i = 0; i < configuration_info_count(); i++) {
        const struct configuration_info *row = configuration_info_at(i);
        const void *member = project_configuration_member(project, i);
        assert_true(!member ==
                    (row->scope == CONFIGURATION_HOST || row->kind == CONFIGURATION_ENVIRONMENT));
        for (size_t j = 0; member && j < sizeof(rows) / sizeof(rows[0]); j++) {
            if (strcmp(rows[j].key, row->key) != 0)
                continue;
            struct buffer text;
            buffer_init(&text, 4096);
            assert_int_equal(configuration_value_write(&text, row, member), 0);
            assert_true(slice_equal(buffer_slice(&text), slice_of(rows[j].text)));
            buffer_fini(&text);
            found++;
        }
    }
    assert_int_equal(found, sizeof(rows) / sizeof(rows[0]));
    project_configuration_destroy(project);
}

static void keys_of_projects_are_no_others(void **state)
{
    (void)state;
    host_fails("name = \"a\"", "fn0.toml:1: name: only a project's fn0.toml may say this");
    host_fails("\n[build]", "fn0.toml:2: build: only a project's fn0.toml may say this");
    function_fails("", "main = \"a.js\"",
                   "hello.toml:1: main: only a project's fn0.toml may say this");
    function_fails("", "component = \"a.wasm\"",
                   "hello.toml:1: component: only a host's configuration may say this");
}

/* ---- Bad values ---- */

static void numbers_out_of_range(void **state)
{
    (void)state;
    host_fails("workers = 0", "fn0.toml:1: workers: expected a whole number from 1 to 1024, or "
                              "\"auto\", not 0");
    host_fails("\nworkers = 1025", "fn0.toml:2: workers: expected a whole number from 1 to 1024, "
                                   "or \"auto\", not 1025");
    host_fails("workers = -1", "fn0.toml:1: workers: expected a whole number from 1 to 1024, or "
                               "\"auto\", not -1");
    host_fails("workers = 1.5", "fn0.toml:1: workers: expected a whole number from 1 to 1024, or "
                                "\"auto\", not 1.5");
    host_fails("workers = \"2\"", "fn0.toml:1: workers: expected a whole number from 1 to 1024, or "
                                  "\"auto\", not \"2\"");
    host_fails("workers = \"none\"", "fn0.toml:1: workers: expected a whole number from 1 to 1024, "
                                     "or \"auto\", not \"none\"");
    host_fails("[net]\nconnections_max = \"auto\"",
               "fn0.toml:2: net.connections_max: expected a whole number from 1 to 1000000, not "
               "\"auto\"");
    struct host_configuration *host = read_host("workers = 1024\nslots = \"auto\"");
    assert_int_equal(host->workers, 1024);
    assert_int_equal(host->slots, 0);
    host_configuration_destroy(host);
}

static void sizes_and_durations(void **state)
{
    (void)state;
    host_fails("[limits]\nmemory = 128",
               "fn0.toml:2: limits.memory: expected a size from 64 KB to 16 TB, like \"128MB\", or "
               "\"none\", not 128");
    host_fails("limits.memory = \"128\"",
               "fn0.toml:1: limits.memory: expected a size from 64 KB to 16 TB, like \"128MB\", or "
               "\"none\", not \"128\"");
    host_fails("limits.memory = \"0B\"",
               "fn0.toml:1: limits.memory: expected a size from 64 KB to 16 TB, like \"128MB\", or "
               "\"none\", not \"0B\"");
    host_fails("limits.max.memory = \"65535B\"",
               "fn0.toml:1: limits.max.memory: expected a size from 64 KB to 16 TB, like "
               "\"128MB\", or \"none\", not \"65535B\"");
    host_fails("limits.response_header = \"255B\"",
               "fn0.toml:1: limits.response_header: expected a size from 256 B to 16 TB, like "
               "\"128MB\", or \"none\", not \"255B\"");
    host_configuration_destroy(
        read_host("limits.memory = \"64KB\"\nlimits.request_header = \"256B\""));
    host_fails("limits.cpu = \"0s\"",
               "fn0.toml:1: limits.cpu: expected a duration from 1 us to 87600 h, like \"10ms\", "
               "or \"none\", not \"0s\"");
    host_fails("drain_time = \"none\"",
               "fn0.toml:1: drain_time: expected a duration from 0 s to 24 h, like \"10ms\", not "
               "\"none\"");
    host_fails("drain_time = 10:00:00",
               "fn0.toml:1: drain_time: expected a duration from 0 s to 24 h, like \"10ms\", not a "
               "date");
    host_fails("net.head_timeout = \"0.9ms\"",
               "fn0.toml:1: net.head_timeout: expected a duration from 1 ms to 24 h, like "
               "\"10ms\", not \"0.9ms\"");
    host_fails("instance.warm_memory = true",
               "fn0.toml:1: instance.warm_memory: expected a size from 0 B to 16 TB, like "
               "\"128MB\", or \"auto\" or \"none\", not true");
    struct host_configuration *host =
        read_host("instance.warm_memory = \"0B\"\ndrain_time = \"24h\"");
    assert_int_equal(host->warm_memory_bytes_max, 0);
    assert_int_equal(host->drain_time_ns, 86400000000000);
    host_configuration_destroy(host);
    host = read_host("instance.warm_memory = \"none\"");
    assert_true(host->warm_memory_bytes_max == LIMIT_NONE);
    host_configuration_destroy(host);
}

static void words_and_booleans(void **state)
{
    (void)state;
    host_fails("log.level = \"loud\"", "fn0.toml:1: log.level: expected \"debug\", \"info\", "
                                       "\"warning\" or \"error\", not \"loud\"");
    host_fails("log.level = \"\"", "fn0.toml:1: log.level: expected \"debug\", \"info\", "
                                   "\"warning\" or \"error\", not \"\"");
    host_fails("log.access = \"yes\"",
               "fn0.toml:1: log.access: expected true or false, not \"yes\"");
    host_fails("log.access = 1", "fn0.toml:1: log.access: expected true or false, not 1");
    host_fails("instance.reuse = 1",
               "fn0.toml:1: instance.reuse: expected \"auto\", \"true\" or \"false\", not 1");
    host_fails("profile = [\"cloud\"]",
               "fn0.toml:1: profile: expected \"none\" or \"cloud\", not a list");
    host_fails("limits = \"all\"", "fn0.toml:1: limits: expected \"cloud\" or \"none\", not "
                                   "\"all\"");
    static const struct {
        const char *text;
        enum reuse reuse;
    } good[] = {{"true", REUSE_TRUE},
                {"\"true\"", REUSE_TRUE},
                {"false", REUSE_FALSE},
                {"\"auto\"", REUSE_AUTO}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "instance.reuse = %s", good[i].text);
        struct host_configuration *host = read_host(text);
        assert_int_equal(host->function.instance.reuse, good[i].reuse);
        host_configuration_destroy(host);
    }
}

static void addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "8080",
                                      "127.0.0.1",
                                      "localhost:80",
                                      "::1:80",
                                      "[::1]",
                                      "[::1]:",
                                      "1.2.3.4:65536",
                                      "1.2.3:80",
                                      "1.2.3.4:-1",
                                      "[::1:80",
                                      "1.2.3.4:80 ",
                                      "[1.2.3.4]:80",
                                      "1.2.3.4:none",
                                      "[::1%lo]:80",
                                      "1.2.3.4:000080"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[128];
        char message[256];
        snprintf(text, sizeof(text), "net.listen = [\"127.0.0.1:1\", \"%s\"]", bad[i]);
        snprintf(message, sizeof(message),
                 "fn0.toml:1: net.listen: expected addresses with ports, like \"127.0.0.1:8080\" "
                 "or \"[::]:8080\", not \"%s\"",
                 bad[i]);
        host_fails(text, message);
    }
    host_fails("net.listen = []", "fn0.toml:1: net.listen: expected addresses with ports, like "
                                  "\"127.0.0.1:8080\" or \"[::]:8080\", not an empty list");
    host_fails("net.listen = [[\"127.0.0.1:1\"]]",
               "fn0.toml:1: net.listen: expected addresses with ports, like "
               "\"127.0.0.1:8080\" or \"[::]:8080\", not a list");
    host_fails("net.listen = [{ a = 1, b = [{}] }]",
               "fn0.toml:1: net.listen: expected addresses with ports, like "
               "\"127.0.0.1:8080\" or \"[::]:8080\", not a table");
    host_fails("[[net.listen]]\na = 1",
               "fn0.toml:1: net.listen: expected addresses with ports, like "
               "\"127.0.0.1:8080\" or \"[::]:8080\", not a table");
    struct host_configuration *host = read_host("net.listen = \"0.0.0.0:0\"");
    assert_int_equal(host->net.listen.count, 1);
    assert_string_equal(host->net.listen.items[0], "0.0.0.0:0");
    host_configuration_destroy(host);
}

static void prefixes_and_hosts(void **state)
{
    (void)state;
    host_fails("net.trusted_proxies = [\"10.0.0.0/33\"]",
               "fn0.toml:1: net.trusted_proxies: expected addresses or prefixes, like "
               "\"10.0.0.0/8\" or \"fd00::/8\", not \"10.0.0.0/33\"");
    host_fails("net.trusted_proxies = [\"10.0.0.1:80\"]",
               "fn0.toml:1: net.trusted_proxies: expected addresses or prefixes, like "
               "\"10.0.0.0/8\" or \"fd00::/8\", not \"10.0.0.1:80\"");
    host_fails("outbound.allow = [\"10.0.0.0/8:80\"]",
               "fn0.toml:1: outbound.allow: expected prefixes or addresses with ports, like "
               "\"10.1.0.0/16\" or \"127.0.0.1:9000\", not \"10.0.0.0/8:80\"");
    host_fails("outbound.allow = \"10.0.0.1:0\"",
               "fn0.toml:1: outbound.allow: expected prefixes or addresses with ports, like "
               "\"10.1.0.0/16\" or \"127.0.0.1:9000\", not \"10.0.0.1:0\"");
    host_fails("outbound.hosts = [\"a..b\"]",
               "fn0.toml:1: outbound.hosts: expected names of hosts, like \"api.example.com\", not "
               "\"a..b\"");
    host_fails("outbound.hosts = [\"http://a\"]",
               "fn0.toml:1: outbound.hosts: expected names of hosts, like \"api.example.com\", not "
               "\"http://a\"");
    host_fails("outbound.hosts = [7]",
               "fn0.toml:1: outbound.hosts: expected names of hosts, like \"api.example.com\", not "
               "7");
    struct host_configuration *host =
        read_host("outbound.hosts = []\n"
                  "outbound.allow = [\"fd00::/8\", \"::/0\", "
                  "\"0.0.0.0/0\", \"1.2.3.4/32\", \"::1/128\", \"[::1]\"]");
    assert_true(host->function.outbound_hosts_set);
    assert_int_equal(host->function.outbound_hosts.count, 0);
    assert_int_equal(host->outbound_allow.count, 6);
    host_configuration_destroy(host);
}

static void texts_and_variables(void **state)
{
    (void)state;
    host_fails("cache_dir = \"\"",
               "fn0.toml:1: cache_dir: expected a text that is not empty, not \"\"");
    host_fails("cache_dir = \"a\\u0000b\"",
               "fn0.toml:1: cache_dir: expected a text that is not empty, not \"a?b\"");
    host_fails("environment.A = 1", "fn0.toml:1: environment.A: expected a text, not 1");
    host_fails("environment.A = \"a\\u0000\"",
               "fn0.toml:1: environment.A: expected a text, not \"a?\"");
    host_fails("[environment.A]\nB = \"\"",
               "fn0.toml:1: environment.A: expected a text, not a table");
    host_fails("[environment]\n\"A=B\" = \"\"", "fn0.toml:2: environment.\"A=B\": expected a name "
                                                "without '=' that is not empty");
    host_fails("[environment]\n\"\" = \"\"", "fn0.toml:2: environment.\"\": expected a name "
                                             "without '=' that is not empty");
    host_fails("environment = \"A\"", "fn0.toml:1: environment: expected a table, [environment]");
    host_fails("cache_dir = 1\n", "fn0.toml:1: cache_dir: expected a text that is not empty, "
                                  "not 1");
    host_fails("workers = \"a text of more than sixty bytes is shown to its sixtieth byte, no "
               "further\"",
               "fn0.toml:1: workers: expected a whole number from 1 to 1024, or \"auto\", not \"a "
               "text of more than sixty bytes is shown to its sixtieth byt…\"");
}

static void many_variables(void **state)
{
    (void)state;
    char text[16384] = "[environment]\n";
    for (int i = 0; i < 500; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "V%d = \"%d\"\n", i, i * i);
    struct function_configuration *function =
        read_function(text, "[environment]\nV7 = \"seven\"\nW = \"w\"");
    assert_int_equal(function->environment_count, 501);
    assert_true(slice_equal(function->environment[7].value, SLICE("seven")));
    assert_true(slice_equal(function->environment[499].name, SLICE("V499")));
    assert_true(slice_equal(function->environment[499].value, SLICE("249001")));
    assert_true(slice_equal(function->environment[500].name, SLICE("W")));
    assert_string_equal(function->environment[500].value.data, "w");
    function_configuration_destroy(function);
}

/* ---- Unknown keys, syntax ---- */

static void expect_folder(const char *path, const char *text, const char *expected)
{
    struct host_configuration *host = read_host("[assets]\nfolder = \"shared\"\n");
    struct function_configuration *function = NULL;
    assert_int_equal(function_configuration_create(host, path, slice_of(text), &function, NULL), 0);
    assert_string_equal(function->assets.folder, expected);
    function_configuration_destroy(function);
    host_configuration_destroy(host);
}

static void a_folder_is_seen_from_the_file_that_says_it(void **state)
{
    (void)state;
    expect_folder("functions/a.toml", "[assets]\nfolder = \"a\"\n", "functions/a");
    expect_folder("/srv/a.toml", "[assets]\nfolder = \"./a/b/\"\n", "/srv/./a/b/");
    expect_folder("a.toml", "[assets]\nfolder = \"..a\"\n", "..a");
    expect_folder("functions/a.toml", "", "shared");
    static const char *const refused[] = {"",     "/srv/a", "..", "../a", "a/../../b",
                                          "a/..", ".",      "./", "//a"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char text[64];
        char message[256];
        snprintf(text, sizeof(text), "[assets]\nfolder = \"%s\"", refused[i]);
        snprintf(message, sizeof(message),
                 "fn0.toml:2: assets.folder: expected a folder below that of this file, like "
                 "\"public\", not \"%s\"",
                 refused[i]);
        host_fails(text, message);
    }
    host_fails("[assets]\nfolder = [\"a\"]",
               "fn0.toml:2: assets.folder: expected a folder below that of this file, like "
               "\"public\", not a list");
    host_fails("[assets]\nimmutable = \"../a\"",
               "fn0.toml:2: assets.immutable: expected patterns of paths within the folder, like "
               "\"src/**\", not \"../a\"");
    host_fails("[assets]\nfoldr = \"a\"",
               "fn0.toml:2: assets.foldr: unknown key; did you mean \"assets.folder\"?");
    host_fails("[asets]\nfolder = \"a\"",
               "fn0.toml:1: asets: unknown table; did you mean \"assets\"?");
}

static void unknown_keys_are_refused_with_a_hint(void **state)
{
    (void)state;
    host_fails("wrokers = 1", "fn0.toml:1: wrokers: unknown key; did you mean \"workers\"?");
    host_fails("[net]\n\n# here\nlisten_on = \"x\"", "fn0.toml:4: net.listen_on: unknown key; did "
                                                     "you mean \"net.listen\"?");
    host_fails("cpu = \"10ms\"", "fn0.toml:1: cpu: unknown key; did you mean \"limits.cpu\"?");
    host_fails("zebra = 1", "fn0.toml:1: zebra: unknown key");
    host_fails("[limts]\ncpu = \"1s\"", "fn0.toml:1: limts: unknown table; did you mean "
                                        "\"limits\"?");
    host_fails("[zebra]", "fn0.toml:1: zebra: unknown table");
    host_fails("[net.tls]", "fn0.toml:1: net.tls: unknown table");
    host_fails("net = 8080", "fn0.toml:1: net: expected a table, [net]");
    host_fails("[[net]]\nlisten = \"[::]:80\"", "fn0.toml:1: net: expected a table, [net]");
    host_fails("[limits]\nmax = \"none\"",
               "fn0.toml:2: limits.max: expected a table, [limits.max]");
    host_fails("\"net.listen\" = \"127.0.0.1:1\"",
               "fn0.toml:1: \"net.listen\": unknown key; did you mean \"net.listen\"?");
    host_fails("\"a\\u001bb\" = 1", "fn0.toml:1: \"a?b\": unknown key");
    host_fails("[workers]\na = 1", "fn0.toml:1: workers: expected a whole number from 1 to 1024, "
                                   "or \"auto\", not a table");
}

static void syntax_errors_have_a_line(void **state)
{
    (void)state;
    struct error error = {0};
    struct host_configuration *host = NULL;
    assert_int_equal(host_configuration_create_from_text("a.toml", SLICE("x = 1\ny = = 2\n"), NULL,
                                                         0, &host, &error),
                     ERROR_CONFIGURATION);
    assert_true(strncmp(error.message, "a.toml:2: column 5: ", 20) == 0);
    assert_int_equal(host_configuration_create_from_text("a.toml", SLICE("\n\nx = \"\xff\""), NULL,
                                                         0, &host, &error),
                     ERROR_CONFIGURATION);
    assert_true(strncmp(error.message, "a.toml", 6) == 0);
    assert_null(host);
}

static void tables_may_be_nested_but_not_without_end(void **state)
{
    (void)state;
    host_fails("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1", "fn0.toml:1: tables are nested too "
                                                          "deeply");
    host_fails("a.b.c.d.e.f.g.h.i.j.k.l.m.n = 1", "fn0.toml:1: a: unknown table");
}

/* ---- Limits and maxima ---- */

static void a_default_stays_within_its_maximum(void **state)
{
    (void)state;
    host_fails("[limits]\ncpu = \"1s\"",
               "fn0.toml:2: limits.cpu: 1 s is more than the maximum of functions, 10 ms");
    host_fails("limits.request_body = \"none\"", "fn0.toml:1: limits.request_body: \"none\" is "
                                                 "more than the maximum of functions, 100 MB");
    host_fails("limits.max.cpu = \"5ms\"\nlimits.cpu = \"6ms\"",
               "fn0.toml:2: limits.cpu: 6 ms is more than the maximum of functions, 5 ms");
    struct host_configuration *host =
        read_host("limits.cpu = \"1s\"\nlimits.max.cpu = \"1s\"\nlimits.max.memory = \"64MB\"");
    assert_int_equal(host->function.limits.value[LIMIT_CPU], 1000000000);
    assert_int_equal(host->limits_max.value[LIMIT_CPU], 1000000000);
    /* Nobody set this default: it follows its maximum down. */
    assert_int_equal(host->function.limits.value[LIMIT_MEMORY], 64 << 20);
    host_configuration_destroy(host);
    host = read_host("limits.max.cpu = \"none\"");
    assert_int_equal(host->function.limits.value[LIMIT_CPU], 10000000);
    assert_true(host->limits_max.value[LIMIT_CPU] == LIMIT_NONE);
    host_configuration_destroy(host);
}

static void a_function_stays_within_the_hosts_maximum(void **state)
{
    (void)state;
    function_fails("", "\n[limits]\ncpu = \"10001us\"",
                   "hello.toml:3: limits.cpu: 10.001 ms is more than the host's maximum, 10 ms");
    function_fails("", "limits.outgoing_requests = 51",
                   "hello.toml:1: limits.outgoing_requests: 51 is more than the host's maximum, "
                   "50");
    function_fails("limits.max.memory = \"64MB\"", "limits.memory = \"128MB\"",
                   "hello.toml:1: limits.memory: 128 MB is more than the host's maximum, 64 MB");
    struct function_configuration *function =
        read_function("limits.max.cpu = \"none\"", "[limits]\ncpu = \"none\"\nmemory = \"128MB\"\n"
                                                   "outgoing_requests = 50\n");
    assert_true(function->limits.value[LIMIT_CPU] == LIMIT_NONE);
    assert_int_equal(function->limits.value[LIMIT_OUTGOING_REQUESTS], 50);
    function_configuration_destroy(function);
}

static void all_limits_can_be_lifted(void **state)
{
    (void)state;
    struct limits none;
    limits_set_none(&none);
    struct host_configuration *host = read_flag("limits.cpu = \"5ms\"", "limits", "none");
    assert_memory_equal(&host->function.limits, &none, sizeof(none));
    assert_memory_equal(&host->limits_max, &none, sizeof(none));
    host_configuration_destroy(host);
    host = read_host("limits = \"none\"");
    assert_memory_equal(&host->function.limits, &none, sizeof(none));
    host_configuration_destroy(host);
    host = read_flag("limits = \"none\"", "limits", "cloud");
    assert_int_equal(host->limits_max.value[LIMIT_CPU], 10000000);
    host_configuration_destroy(host);
    flag_fails("", "limits", "some", "--flag: expected \"cloud\" or \"none\", not \"some\"");
}

static void the_cloud_profile_is_fixed(void **state)
{
    (void)state;
    host_fails("profile = \"cloud\"\n[limits.max]\ncpu = \"11ms\"",
               "fn0.toml:3: limits.max.cpu: 11 ms is more than profile \"cloud\" allows, 10 ms");
    host_fails("profile = \"cloud\"\nlimits = \"none\"",
               "fn0.toml:2: limits.max.request_header: \"none\" is more than profile \"cloud\" "
               "allows, 128 KB");
    flag_fails("profile = \"cloud\"", "limits", "none",
               "--flag: \"none\" is more than profile \"cloud\" allows, 128 KB");
    struct host_configuration *host = read_host("profile = \"cloud\"\nlimits.max.cpu = \"5ms\"");
    assert_int_equal(host->profile, PROFILE_CLOUD);
    assert_int_equal(host->function.limits.value[LIMIT_CPU], 5000000);
    host_configuration_destroy(host);
}

/* ---- A function's file ---- */

static void a_function_overrides_defaults(void **state)
{
    (void)state;
    struct function_configuration *function = read_function(
        "outbound.hosts = [\"a.example\"]\nenvironment.A = \"host\"\nenvironment.B = \"host\"",
        "outbound.hosts = [\"B.example\"]\nenvironment.A = \"own\"\ninstance.reuse = true\n"
        "limits.cpu = \"1ms\"\n");
    assert_int_equal(function->outbound_hosts.count, 1);
    assert_string_equal(function->outbound_hosts.items[0], "b.example");
    assert_int_equal(function->environment_count, 2);
    assert_true(slice_equal(function->environment[0].value, SLICE("own")));
    assert_true(slice_equal(function->environment[1].value, SLICE("host")));
    assert_int_equal(function->instance.reuse, REUSE_TRUE);
    assert_int_equal(function->limits.value[LIMIT_CPU], 1000000);
    assert_int_equal(function->limits.value[LIMIT_DURATION], 15000000000);
    function_configuration_destroy(function);
}

static void a_function_cannot_say_what_is_the_hosts(void **state)
{
    (void)state;
    function_fails("", "workers = 1",
                   "hello.toml:1: workers: only a host's configuration may say this");
    function_fails("", "[net]\nlisten = \"127.0.0.1:1\"",
                   "hello.toml:1: net: only a host's configuration may say this");
    function_fails("", "limits.max.cpu = \"1s\"",
                   "hello.toml:1: limits.max: only a host's configuration may say this");
    function_fails("", "limits = \"none\"",
                   "hello.toml:1: limits: only a host's configuration may say this");
    function_fails("", "[outbound]\nallow = [\"0.0.0.0/0\"]",
                   "hello.toml:2: outbound.allow: only a host's configuration may say this");
    function_fails("", "[instance]\nwarm_memory = \"1MB\"",
                   "hello.toml:2: instance.warm_memory: only a host's configuration may say this");
    function_fails("", "limits.cpuu = \"1ms\"",
                   "hello.toml:1: limits.cpuu: unknown key; did you mean \"limits.cpu\"?");
    function_fails("", "wrokers = 1", "hello.toml:1: wrokers: unknown key");
}

/* ---- Flags ---- */

static void flags_stand_above_the_file(void **state)
{
    (void)state;
    struct host_configuration *host = read_flag("workers = 2", "workers", "5");
    assert_int_equal(host->workers, 5);
    host_configuration_destroy(host);
    host = read_flag("workers = 2", "workers", "auto");
    assert_int_equal(host->workers, machine_cores());
    host_configuration_destroy(host);
    host = read_flag("", "log.access", "true");
    assert_true(host->log.access);
    host_configuration_destroy(host);
    host = read_flag("", "instance.reuse", "false");
    assert_int_equal(host->function.instance.reuse, REUSE_FALSE);
    host_configuration_destroy(host);
    host = read_flag("environment.A = \"1\"", "environment.*", "A=b=c");
    assert_int_equal(host->function.environment_count, 1);
    assert_true(slice_equal(host->function.environment[0].value, SLICE("b=c")));
    host_configuration_destroy(host);
}

static void a_repeated_flag_makes_a_list(void **state)
{
    (void)state;
    const struct configuration_flag flags[] = {
        {.key = "net.listen", .value = "127.0.0.1:1", .flag = "--listen"},
        {.key = "net.listen", .value = "127.0.0.1:2", .flag = "--listen"},
        {.key = "net.listen", .value = "[::1]:3", .flag = "--listen"},
    };
    struct host_configuration *host = NULL;
    assert_int_equal(
        host_configuration_create_from_text(
            "f", SLICE("net.listen = [\"1.1.1.1:1\", \"2.2.2.2:2\"]"), flags, 3, &host, NULL),
        0);
    assert_int_equal(host->net.listen.count, 3);
    assert_string_equal(host->net.listen.items[0], "127.0.0.1:1");
    assert_string_equal(host->net.listen.items[2], "[::1]:3");
    host_configuration_destroy(host);
}

static void bad_flags_are_usage_errors(void **state)
{
    (void)state;
    flag_fails("", "workers", "many",
               "--flag: expected a whole number from 1 to 1024, or "
               "\"auto\", not \"many\"");
    flag_fails("", "workers", "0",
               "--flag: expected a whole number from 1 to 1024, or \"auto\", "
               "not 0");
    flag_fails("", "net.listen", ":8080",
               "--flag: expected addresses with ports, like "
               "\"127.0.0.1:8080\" or \"[::]:8080\", not \":8080\"");
    flag_fails("", "functions", "", "--flag: expected a text that is not empty, not \"\"");
    flag_fails("", "environment.*", "A", "--flag: expected NAME=VALUE, not \"A\"");
    flag_fails("", "environment.*", "=A", "--flag: expected a name without '=' that is not empty");
    flag_fails("", "limits.cpu", "1s", "--flag: 1 s is more than the maximum of functions, 10 ms");
    flag_fails("", "nothing", "1", "--flag: unknown key");
}

/* ---- Files ---- */

static void a_file_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/fn0-configuration-XXXXXX";
    struct error error = {0};
    struct host_configuration *host = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "workers = 9\n", 12), 12);
    assert_int_equal(host_configuration_create(path, NULL, 0, &host, &error), 0);
    assert_int_equal(host->workers, 9);
    host_configuration_destroy(host);

    assert_int_equal(ftruncate(fd, CONFIGURATION_FILE_BYTES_MAX + 1), 0);
    assert_int_equal(host_configuration_create(path, NULL, 0, &host, &error), ERROR_CONFIGURATION);
    char message[128];
    snprintf(message, sizeof(message), "%s: larger than 262144 bytes", path);
    assert_string_equal(error.message, message);
    assert_null(host);
    close(fd);
    unlink(path);

    assert_int_equal(host_configuration_create(path, NULL, 0, &host, &error), ERROR_NOT_FOUND);
    snprintf(message, sizeof(message), "%s: no such file", path);
    assert_string_equal(error.message, message);
    assert_int_equal(host_configuration_create("/tmp", NULL, 0, &host, &error), ERROR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_all_is_as_documented),
        cmocka_unit_test(an_empty_file_changes_nothing),
        cmocka_unit_test(each_key_goes_to_its_place),
        cmocka_unit_test(the_test_knows_every_key),
        cmocka_unit_test(each_key_of_a_project_goes_to_its_place),
        cmocka_unit_test(what_was_read_can_be_written),
        cmocka_unit_test(keys_of_projects_are_no_others),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(sizes_and_durations),
        cmocka_unit_test(words_and_booleans),
        cmocka_unit_test(addresses),
        cmocka_unit_test(prefixes_and_hosts),
        cmocka_unit_test(texts_and_variables),
        cmocka_unit_test(many_variables),
        cmocka_unit_test(a_folder_is_seen_from_the_file_that_says_it),
        cmocka_unit_test(unknown_keys_are_refused_with_a_hint),
        cmocka_unit_test(syntax_errors_have_a_line),
        cmocka_unit_test(tables_may_be_nested_but_not_without_end),
        cmocka_unit_test(a_default_stays_within_its_maximum),
        cmocka_unit_test(a_function_stays_within_the_hosts_maximum),
        cmocka_unit_test(all_limits_can_be_lifted),
        cmocka_unit_test(the_cloud_profile_is_fixed),
        cmocka_unit_test(a_function_overrides_defaults),
        cmocka_unit_test(a_function_cannot_say_what_is_the_hosts),
        cmocka_unit_test(flags_stand_above_the_file),
        cmocka_unit_test(a_repeated_flag_makes_a_list),
        cmocka_unit_test(bad_flags_are_usage_errors),
        cmocka_unit_test(a_file_is_read),
    };
    return cmocka_run_group_tests_name("base/configuration", tests, NULL, NULL);
}
