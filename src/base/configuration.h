/* SPDX-License-Identifier: AGPL-3.0-only */

/* The configuration: read from TOML and flags by the rows of tables/configuration.h into typed
 * structs, checked whole before anything starts, then frozen. Threads hold const pointers; a change
 * makes a new struct.
 *
 * One schema serves the host's file (--config), a function's NAME.toml and a project's fn0.toml;
 * each row says which of them may hold its key. An unknown key or a bad value is
 * ERROR_CONFIGURATION: "file:line: key: what was expected"; with a flag, ERROR_USAGE: "--flag: what
 * was expected".
 *
 * What stands above what: the cloud profile, then the file, then a project's .env and environment,
 * then the flags. Of a limit there are
 * two numbers: the default for functions that say nothing ([limits]), and the maximum that a
 * function may ask for ([limits.max]). A default above its maximum is an error; lowering the
 * maximum lowers a default that nobody set.
 *
 * Durations are in nanoseconds, sizes in bytes. A value that may be "none" is then LIMIT_NONE; all
 * others are so far below it that adding them to a clock cannot overflow. */

#ifndef FN0_BASE_CONFIGURATION_H
#define FN0_BASE_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "tables/languages.h"
#include "tables/limits.h"

/* The largest file of a configuration, the host's or a function's. */
#define CONFIGURATION_FILE_BYTES_MAX 262144

/* Texts of a configuration; owned by its arena, terminated each. */
struct texts {
    const char **items;
    size_t count;
};

/* profile */
enum profile {
    PROFILE_NONE,  /* [limits.max] may say what it likes */
    PROFILE_CLOUD, /* the cloud's limits are the maximum */
};

/* [instance] reuse */
enum reuse {
    REUSE_AUTO,  /* until a version turns out to answer once per instance */
    REUSE_TRUE,  /* always */
    REUSE_FALSE, /* each request has a fresh instance */
};

/* What concerns one function. The host's file sets the defaults; NAME.toml may change them, limits
 * up to the host's maximum. */
struct function_configuration {
    struct arena arena; /* owns the texts */
    struct limits limits;
    struct {
        enum reuse reuse;
        uint64_t uses_max;     /* calls before an instance is made anew; LIMIT_NONE: no end */
        uint64_t idle_time_ns; /* a warm instance unused for so long is dropped */
        uint64_t warm_max;     /* warm instances of this function on the host; 0: none */
        /* An instance that holds more than this after a call is not kept; may be LIMIT_NONE. */
        uint64_t memory_mark_bytes;
    } instance;
    struct texts outbound_hosts; /* [outbound] hosts: the only ones it may call, lower case */
    bool outbound_hosts_set;     /* false: any public one */
    struct {
        /* What the host serves itself; as a path that this process can open, but in a project's
         * configuration seen from the project's folder. NULL: nothing. */
        const char *folder;
        struct texts immutable; /* patterns of paths in it */
    } assets;
    struct field *environment; /* [environment]: what the guest sees; terminated each */
    size_t environment_count;
};

/* What concerns the host. */
struct host_configuration {
    struct arena arena;       /* owns the texts */
    const char *component;    /* the one component, or NULL */
    const char *functions;    /* the folder, or NULL */
    uint64_t workers;         /* at least 1 */
    uint64_t slots;           /* running calls; 0: from memory and workers */
    const char *cache_dir;    /* NULL: the user's or the system's */
    uint64_t cache_bytes_max; /* may be LIMIT_NONE */
    uint64_t drain_time_ns;
    enum profile profile;
    struct {
        struct texts listen;          /* "127.0.0.1:8080", "[::1]:0"; one at least */
        struct texts trusted_proxies; /* addresses and prefixes */
        uint64_t connections_max;     /* of the whole host */
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
    /* Exceptions to the ban on private addresses: prefixes, or address:port. */
    struct texts outbound_allow;
    struct limits limits_max;               /* what a function may ask for */
    uint64_t warm_memory_bytes_max;         /* of all warm instances together; may be LIMIT_NONE */
    struct function_configuration function; /* the defaults for functions */
};

/* What a value comes from; what stands further down stands above. */
enum configuration_source {
    CONFIGURATION_SOURCE_DEFAULT, /* in a flag: CONFIGURATION_SOURCE_FLAG */
    CONFIGURATION_SOURCE_FILE,
    CONFIGURATION_SOURCE_DOTENV, /* a project's .env */
    CONFIGURATION_SOURCE_ENVIRONMENT,
    CONFIGURATION_SOURCE_FLAG,
};

/* A flag of a command line that stands for a key: "net.listen" and its value as written ("true" for
 * flags without one). The first of a list replaces what stands below, the next are added. The key
 * of --env is "environment.*", and its value NAME=VALUE. A variable of an environment is the same.
 */
struct configuration_flag {
    const char *key;
    const char *value;
    const char *flag; /* "--listen" or "FN0_NET_LISTEN", for messages */
    enum configuration_source source;
    const char *path; /* where a variable is written, with `line`; else NULL */
    unsigned line;
};

/* Where a value was written. */
struct configuration_origin {
    enum configuration_source source;
    const char *path; /* of a file, with `line`; NULL: none */
    unsigned line;
    const char *flag; /* the flag or the variable; NULL: a key of a file */
};

/* What concerns a project, its function included. Nothing in it is asked for: what a command needs
 * is for project/project.h to say. */
struct project_configuration {
    struct arena arena; /* owns the texts, but those of `function` */
    const char *name;   /* NULL: not said, as all texts here */
    const char *main;
    const char *component;
    enum language language; /* LANGUAGE_AUTO: not said */
    struct {
        const char *command;
        struct texts watch; /* patterns */
    } build;
    struct {
        const char *command;
    } test;
    struct texts outbound_allow; /* as a host's, where it is developed and tested */
    struct function_configuration function;
    struct configuration_origin *origins;          /* by the row's place in the table */
    struct configuration_origin *variable_origins; /* by the place in function.environment */
};

/* Makes the host's configuration: the defaults, then `path` (NULL: no file), then `flags`. Reads
 * files, so not for a worker's thread. Returns 0 or ERROR_CONFIGURATION, ERROR_USAGE (a flag's
 * value), ERROR_NOT_FOUND (no such file), ERROR_SYSTEM, ERROR_OUT_OF_MEMORY. The caller destroys
 * *ret_configuration, which is NULL after a failure. Whether there is something to serve
 * (`component` or `functions`) is not asked here: not everything that reads a configuration serves.
 */
int host_configuration_create(const char *path, const struct configuration_flag *flags,
                              size_t flag_count, struct host_configuration **ret_configuration,
                              struct error *error);

/* The same from the text of a file; `path` is for messages. */
int host_configuration_create_from_text(const char *path, struct slice text,
                                        const struct configuration_flag *flags, size_t flag_count,
                                        struct host_configuration **ret_configuration,
                                        struct error *error);

/* NULL is fine. No thread may hold it any more. */
void host_configuration_destroy(struct host_configuration *configuration);

/* Makes a function's configuration: the host's defaults, then the text of its NAME.toml (`path` is
 * for messages; a text of 0 bytes is an empty file). It shares nothing with `host`, which may go
 * first. A key that only a host has, or a limit over the host's maximum (with both numbers), is
 * ERROR_CONFIGURATION. The caller destroys *ret_configuration, which is NULL after a failure. Any
 * thread. */
int function_configuration_create(const struct host_configuration *host, const char *path,
                                  struct slice text,
                                  struct function_configuration **ret_configuration,
                                  struct error *error);

/* NULL is fine. No thread may hold it any more. */
void function_configuration_destroy(struct function_configuration *configuration);

/* Makes a project's configuration: the defaults, the text of its fn0.toml (`path` is for messages),
 * then `flags` (variables of .env first, then of the environment, then flags). Functions may ask
 * for whatever they like here; `limits` is none but as a flag, and lifts the function's. The caller
 * destroys *ret_configuration, which is NULL after a failure. Any thread. */
int project_configuration_create(const char *path, struct slice text,
                                 const struct configuration_flag *flags, size_t flag_count,
                                 struct project_configuration **ret_configuration,
                                 struct error *error);

/* The member that the row at a place goes to; NULL for those of a host, and of the environment. */
const void *project_configuration_member(const struct project_configuration *configuration,
                                         size_t index);

/* NULL is fine. */
void project_configuration_destroy(struct project_configuration *configuration);

/* Makes the defaults of a host what a function's configuration says, and raises the host's maxima
 * to it: for a host of that one function. It shares nothing with `function`. ERROR_OUT_OF_MEMORY:
 * the host can only be destroyed. */
int host_configuration_adopt(struct host_configuration *host,
                             const struct function_configuration *function, struct error *error);

#endif
