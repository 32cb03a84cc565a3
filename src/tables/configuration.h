/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every key of the configuration, once. The reader, its checks and messages, the help of `fn0
 * serve` and docs/configuration.md are made from these rows; a new key is a row here and a member
 * of a struct in base/configuration.h.
 *
 * X(scope, key, kind, member, words, minimum, maximum, default_text, flag, argument, help)
 *   scope     HOST: only a host's file (--config) or flags may hold it. PROJECT: only a project's
 *             fn0.toml. FUNCTION: a function's NAME.toml as well as both; in a host's file it sets
 *             the default for functions
 *   key       with dots, as in [net] listen = …; "environment.*" stands for any name
 *   kind      what a value is, CONFIGURATION_…: see enum configuration_kind
 *   member    where it goes: of struct host_configuration, project_configuration or
 *             function_configuration, by scope
 *   words     what may be written in place of a number ("none", "auto"); of a CHOICE all its
 *             words, in the order of its enum; with | between them
 *   minimum, maximum
 *             of a number, in bytes or nanoseconds where the kind has a unit; else 0, 0
 *   default_text
 *             the default, as one would write it; NULL: none, or (limits) the cloud profile's
 *   flag      of `fn0 serve`, or NULL
 *   argument  what the help shows behind the flag; NULL for a flag without one
 *   help      one line, no capital at its beginning and no full stop
 *
 * The limits have their rows in tables/limits.h; each becomes two keys here, under [limits] and
 * [limits.max]. */

#ifndef FN0_TABLES_CONFIGURATION_H
#define FN0_TABLES_CONFIGURATION_H

#include <stddef.h>
#include <stdint.h>

#include "tables/languages.h"
#include "tables/limits.h"

/* Durations of a configuration in the unit of its struct. */
#define CONFIGURATION_MS 1000000ull
#define CONFIGURATION_DAY (86400ull * 1000 * CONFIGURATION_MS)
#define CONFIGURATION_TIME_MAX (87600ull * 3600 * 1000 * CONFIGURATION_MS)
#define CONFIGURATION_BYTES_MAX (16ull << 40)
#define CONFIGURATION_COUNT_MAX 1000000000ull

/* Keys that only a host has. */
#define CONFIGURATION_HOST_TABLE(X)                                                               \
    X(HOST, "component", TEXT, component, "", 0, 0, NULL, NULL, NULL,                             \
      "the component that every request goes to; in place of functions")                          \
    X(HOST, "functions", TEXT, functions, "", 0, 0, NULL, "--functions", "DIR",                   \
      "each DIR/NAME.wasm is function NAME, found by the first label of the host name")           \
    X(HOST, "workers", COUNT, workers, "auto", 1, 1024, "auto", "--workers", "N",                 \
      "threads that serve requests; auto: as many as cores")                                      \
    X(HOST, "slots", COUNT, slots, "auto", 1, 1000000, "auto", "--slots", "N",                    \
      "calls that may run at a time; auto: from the machine's memory and the workers")            \
    X(HOST, "cache_dir", TEXT, cache_dir, "", 0, 0, NULL, "--cache-dir", "DIR",                   \
      "where compiled components are kept; without it the user's or the system's cache folder")   \
    X(HOST, "cache_bytes_max", BYTES, cache_bytes_max, "none", 0, CONFIGURATION_BYTES_MAX, "2GB", \
      "--cache-bytes-max", "SIZE",                                                                \
      "how large that folder may grow before what was used longest ago is removed")               \
    X(HOST, "drain_time", NANOSECONDS, drain_time_ns, "", 0, CONFIGURATION_DAY, "30s",            \
      "--drain-time", "TIME", "how long running calls may take to end after SIGTERM or SIGINT")   \
    X(HOST, "profile", CHOICE, profile, "none|cloud", 0, 0, "none", "--profile", "NAME",          \
      "cloud: no function may ask for more than the cloud's limits, and nothing here may say "    \
      "otherwise")                                                                                \
    X(HOST, "net.listen", ADDRESSES, net.listen, "", 0, 0, "127.0.0.1:8080", "--listen",          \
      "ADDR:PORT", "addresses to listen on; port 0 takes a free one; the flag may be repeated")   \
    X(HOST, "net.trusted_proxies", PREFIXES, net.trusted_proxies, "", 0, 0, NULL, NULL, NULL,     \
      "addresses and prefixes whose X-Forwarded-For, X-Forwarded-Proto and X-Request-Id are "     \
      "believed")                                                                                 \
    X(HOST, "net.connections_max", COUNT, net.connections_max, "", 1, 1000000, "10000", NULL,     \
      NULL, "connections of clients that may be open at a time")                                  \
    X(HOST, "net.connections_per_address_max", COUNT, net.connections_per_address_max, "", 1,     \
      1000000, "1000", NULL, NULL, "the same for each address of a client")                       \
    X(HOST, "net.head_timeout", NANOSECONDS, net.head_timeout_ns, "", CONFIGURATION_MS,           \
      CONFIGURATION_DAY, "10s", NULL, NULL,                                                       \
      "how long a request's header may take to arrive, from its first byte")                      \
    X(HOST, "net.body_timeout", NANOSECONDS, net.body_timeout_ns, "", CONFIGURATION_MS,           \
      CONFIGURATION_DAY, "30s", NULL, NULL,                                                       \
      "how long a client may send nothing of a body that is waited for")                          \
    X(HOST, "net.write_timeout", NANOSECONDS, net.write_timeout_ns, "", CONFIGURATION_MS,         \
      CONFIGURATION_DAY, "30s", NULL, NULL, "how long a client may take nothing of a response")   \
    X(HOST, "net.idle_timeout", NANOSECONDS, net.idle_timeout_ns, "", CONFIGURATION_MS,           \
      CONFIGURATION_DAY, "60s", NULL, NULL, "how long a connection is kept between requests")     \
    X(HOST, "log.level", CHOICE, log.level, "debug|info|warning|error", 0, 0, "info",             \
      "--log-level", "LEVEL", "the least severe lines that are written")                          \
    X(HOST, "log.format", CHOICE, log.format, "auto|human|json", 0, 0, "auto", "--log-format",    \
      "FORM", "how lines are written; auto: human on a terminal, else json")                      \
    X(HOST, "log.access", BOOLEAN, log.access, "", 0, 0, "false", "--access-log", NULL,           \
      "a line for each request")                                                                  \
    X(HOST, "outbound.allow", EXCEPTIONS, outbound_allow, "", 0, 0, NULL, "--outbound-allow",     \
      "PREFIX", "what functions may reach though it is not public: 10.1.0.0/16, 127.0.0.1:9000")  \
    X(HOST, "instance.warm_memory", BYTES, warm_memory_bytes_max, "auto|none", 0,                 \
      CONFIGURATION_BYTES_MAX, "auto", NULL, NULL,                                                \
      "memory of all warm instances together; auto: a quarter of the machine's")

/* Keys that a function may have. */
#define CONFIGURATION_FUNCTION_TABLE(X)                                                            \
    X(FUNCTION, "instance.reuse", CHOICE, instance.reuse, "auto|true|false", 0, 0, "auto",         \
      "--instance-reuse", "WORD",                                                                  \
      "whether an instance serves one request after another; auto: unless it proves unable to")    \
    X(FUNCTION, "instance.uses_max", COUNT, instance.uses_max, "none", 1, CONFIGURATION_COUNT_MAX, \
      "10000", NULL, NULL, "requests that an instance serves before it is replaced")               \
    X(FUNCTION, "instance.idle_time", NANOSECONDS, instance.idle_time_ns, "", 0,                   \
      CONFIGURATION_DAY, "60s", NULL, NULL, "how long a warm instance is kept unused")             \
    X(FUNCTION, "instance.warm_max", COUNT, instance.warm_max, "", 0, 1000000, "1000", NULL, NULL, \
      "warm instances of a function that a host keeps at most")                                    \
    X(FUNCTION, "instance.memory_mark", BYTES, instance.memory_mark_bytes, "none", 0,              \
      CONFIGURATION_BYTES_MAX, "64MB", NULL, NULL,                                                 \
      "an instance that holds more memory than this after a request is not kept")                  \
    X(FUNCTION, "outbound.hosts", HOSTS, outbound_hosts, "", 0, 0, NULL, NULL, NULL,               \
      "the only hosts that the function may call, like api.example.com; without it any public "    \
      "one")                                                                                       \
    X(FUNCTION, "assets.folder", FOLDER, assets.folder, "", 0, 0, NULL, NULL, NULL,                \
      "a folder below the one of this file whose files are served by the host itself: public")     \
    X(FUNCTION, "assets.immutable", PATTERNS, assets.immutable, "", 0, 0, NULL, NULL, NULL,        \
      "files in it whose content never changes under their name, which browsers keep for a year: " \
      "static/**")                                                                                 \
    X(FUNCTION, "environment.*", ENVIRONMENT, environment, "", 0, 0, NULL, "--env", "NAME=VALUE",  \
      "a variable of the function's environment")

/* Keys that only a project has. */
#define CONFIGURATION_PROJECT_TABLE(X)                                                            \
    X(PROJECT, "name", NAME, name, "", 0, 0, NULL, NULL, NULL,                                    \
      "the function's name, which has to be said: one label of a host name")                      \
    X(PROJECT, "main", TEXT, main, "", 0, 0, NULL, NULL, NULL,                                    \
      "the source that the function begins with, seen from the project's folder: src/index.ts")   \
    X(PROJECT, "language", CHOICE, language, "auto" LANGUAGE_WORDS, 0, 0, "auto", NULL, NULL,     \
      "what the function is written in; auto: told by main, or by Cargo.toml")                    \
    X(PROJECT, "component", TEXT, component, "", 0, 0, NULL, NULL, NULL,                          \
      "the component that is made; without it .fn0/NAME.wasm")                                    \
    X(PROJECT, "outbound.allow", EXCEPTIONS, outbound_allow, "", 0, 0, NULL, NULL, NULL,          \
      "what the function may reach under fn0 dev and fn0 test though it is not public; what it "  \
      "may reach on another host is that host's business")                                        \
    X(PROJECT, "build.command", TEXT, build.command, "", 0, 0, NULL, NULL, NULL,                  \
      "what makes the component in place of the language's own tool: run by sh in the project's " \
      "folder")                                                                                   \
    X(PROJECT, "build.watch", PATTERNS, build.watch, "", 0, 0, "**", NULL, NULL,                  \
      "what the component is made of, like src/** or *.json (hidden files, node_modules, target " \
      "and __pycache__ never are); by default what the language's tool has read, where it tells") \
    X(PROJECT, "test.command", TEXT, test.command, "", 0, 0, NULL, NULL, NULL,                    \
      "what fn0 test runs with FN0_URL set, by sh in the project's folder; without it the "       \
      "language's own: node --test, cargo test")

/* The limits' keys. */
#define CONFIGURATION_LIMIT_MOST_BYTES CONFIGURATION_BYTES_MAX
#define CONFIGURATION_LIMIT_MOST_NANOSECONDS CONFIGURATION_TIME_MAX
#define CONFIGURATION_LIMIT_MOST_COUNT CONFIGURATION_COUNT_MAX
#define CONFIGURATION_LIMIT_ROW(X, name, key, unit, cloud, least, error, what) \
    X(FUNCTION, "limits." key, unit, limits.value[name], "none", least,        \
      CONFIGURATION_LIMIT_MOST_##unit, NULL, NULL, NULL, what)
#define CONFIGURATION_LIMIT_MAX_ROW(X, name, key, unit, cloud, least, error, what) \
    X(HOST, "limits.max." key, unit, limits_max.value[name], "none", least,        \
      CONFIGURATION_LIMIT_MOST_##unit, NULL, NULL, NULL,                           \
      "the most that a function may ask for as limits." key)

/* All rows, a host's first. */
#define CONFIGURATION_TABLE(X)                                                             \
    CONFIGURATION_HOST_TABLE(X)                                                            \
    X(HOST, "limits", LIMITS, limits_max, "cloud|none", 0, 0, "cloud", "--limits", "none", \
      "none: lifts all limits and what functions may ask for")                             \
    LIMIT_TABLE_WITH(CONFIGURATION_LIMIT_MAX_ROW, X)                                       \
    LIMIT_TABLE_WITH(CONFIGURATION_LIMIT_ROW, X)                                           \
    CONFIGURATION_FUNCTION_TABLE(X)                                                        \
    CONFIGURATION_PROJECT_TABLE(X)

/* What a value may be, and what it becomes. */
enum configuration_kind {
    CONFIGURATION_TEXT,       /* "…"; const char * */
    CONFIGURATION_NAME,       /* … of a function: one label; the same */
    CONFIGURATION_FOLDER,     /* … of a folder below that of the file that says it; the same */
    CONFIGURATION_ADDRESSES,  /* a list of "127.0.0.1:8080" or "[::]:0" (or one alone); struct texts
                               */
    CONFIGURATION_PREFIXES,   /* … of "10.0.0.0/8", "fd00::/8", "10.1.2.3" */
    CONFIGURATION_EXCEPTIONS, /* … of prefixes, or of addresses with a port */
    CONFIGURATION_HOSTS,      /* … of host names or addresses, made lower case */
    CONFIGURATION_PATTERNS,   /* … of patterns of paths within a folder */
    CONFIGURATION_BOOLEAN,    /* true or false; bool */
    CONFIGURATION_COUNT,      /* 50; uint64_t; "none" is LIMIT_NONE */
    CONFIGURATION_BYTES,      /* "128MB"; uint64_t, the same */
    CONFIGURATION_NANOSECONDS, /* "10ms"; uint64_t, the same */
    CONFIGURATION_CHOICE,      /* one of the words; an enum: the place of the word, from 0 */
    CONFIGURATION_ENVIRONMENT, /* any text; a field of the environment */
    CONFIGURATION_LIMITS,      /* "cloud" or "none": all limits and their maxima at once */
};

/* Who may say it. */
enum configuration_scope {
    CONFIGURATION_HOST,
    CONFIGURATION_FUNCTION,
    CONFIGURATION_PROJECT,
};

/* One row. The strings are static. */
struct configuration_info {
    const char *key;
    enum configuration_scope scope;
    enum configuration_kind kind;
    const char *words;
    uint64_t minimum;
    uint64_t maximum;
    const char *default_text;
    const char *flag;
    const char *argument;
    const char *help;
};

/* How many rows there are. */
size_t configuration_info_count(void);

/* The row at a place from 0 on, those of a host first, those of a project last; NULL past the end.
 * Any thread. */
const struct configuration_info *configuration_info_at(size_t index);

/* The limit whose default (limits.cpu) or maximum (limits.max.cpu) this is; else LIMIT_COUNT. */
enum limit configuration_info_limit(const struct configuration_info *row);

/* The row of a flag ("--listen"), or NULL. Any thread. */
const struct configuration_info *configuration_info_of_flag(const char *flag);

#endif
