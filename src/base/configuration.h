/* SPDX-License-Identifier: AGPL-3.0-only */

/* The configuration: read from TOML and flags by the rows of tables/configuration.h into typed
 * structs, checked whole before anything starts, then frozen. Threads hold const pointers; a change
 * makes a new struct.
 *
 * One schema serves the host's file (--config), a function's NAME.toml and later the project's
 * fn0.toml; each row says which of them may hold its key. An unknown key or a bad value is
 * ERROR_CONFIGURATION: "file:line: key: what was expected". */

#ifndef FN0_BASE_CONFIGURATION_H
#define FN0_BASE_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "tables/limits.h"

/* Texts of a configuration; owned by its arena, terminated each. */
struct texts {
    const char **items;
    size_t count;
};

/* [instance] reuse */
enum reuse { REUSE_AUTO, REUSE_TRUE, REUSE_FALSE };

/* What concerns one function. The host's file sets the defaults; NAME.toml may change them up to
 * the host's maximum. */
struct function_configuration {
    struct arena arena; /* owns the texts */
    struct limits limits;
    struct {
        enum reuse reuse;
        uint64_t uses_max;     /* calls before an instance is made anew; LIMIT_NONE: no end */
        uint64_t idle_time_ns; /* a warm instance unused for so long is dropped */
        uint64_t warm_max;     /* warm instances of this function on the host */
        uint64_t
            memory_mark_bytes; /* an instance that holds more than this after a call is not kept */
    } instance;
    struct texts outbound_hosts; /* [outbound] hosts: the only ones it may call, lower case */
    bool outbound_hosts_set;     /* false: any public one */
    struct field *environment;   /* [environment]: what the guest sees */
    size_t environment_count;
};

/* What concerns the host. */
struct host_configuration {
    struct arena arena;    /* owns the texts */
    const char *component; /* the one component, or NULL */
    const char *functions; /* the folder, or NULL */
    uint64_t workers;      /* at least 1 */
    uint64_t slots;        /* running calls; 0: from memory and workers */
    const char *cache_dir; /* NULL: the user's or the system's */
    uint64_t cache_bytes_max;
    uint64_t drain_time_ns;
    struct {
        struct texts listen;          /* "127.0.0.1:8080", "[::1]:0" */
        struct texts trusted_proxies; /* addresses and prefixes */
        uint64_t connections_max;
        uint64_t connections_per_address_max;
        uint64_t head_timeout_ns;  /* from the first byte of a head to its end */
        uint64_t body_timeout_ns;  /* between two reads of a body */
        uint64_t write_timeout_ns; /* between two writes that a client takes */
        uint64_t idle_timeout_ns;  /* of a kept connection */
    } net;
    struct {
        enum log_level level;
        enum log_format format;
        bool access; /* a line for each request */
    } log;
    struct texts
        outbound_allow; /* exceptions to the ban on private addresses: prefixes, or address:port */
    struct limits limits_max;               /* what a function may ask for */
    uint64_t warm_memory_bytes_max;         /* of all warm instances together */
    struct function_configuration function; /* the defaults for functions */
};

/* A flag of a command line that stands for a key: "net.listen" and its value as written. A repeated
 * one adds to a list. */
struct configuration_flag {
    const char *key;
    const char *value;
    const char *flag; /* "--listen", for messages */
};

/* Makes the host's configuration: the cloud profile, then `path` (NULL: no file), then `flags`.
 * Returns 0 or ERROR_CONFIGURATION, ERROR_USAGE (a flag's value), ERROR_NOT_FOUND. The caller
 * destroys *ret_configuration. */
int host_configuration_create(const char *path, const struct configuration_flag *flags,
                              size_t flag_count, struct host_configuration **ret_configuration,
                              struct error *error);

/* NULL is fine. */
void host_configuration_destroy(struct host_configuration *configuration);

/* Makes a function's configuration: the host's defaults, then the text of its NAME.toml (`path` is
 * for messages; a text of 0 bytes is an empty file). A limit over the host's maximum is
 * ERROR_CONFIGURATION with both numbers. The caller destroys *ret_configuration. Any thread. */
int function_configuration_create(const struct host_configuration *host, const char *path,
                                  struct slice text,
                                  struct function_configuration **ret_configuration,
                                  struct error *error);

/* NULL is fine. */
void function_configuration_destroy(struct function_configuration *configuration);

#endif
