/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/directory_provider.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "store/code_file.h"
#include "store/folder_watch.h"

struct directory_provider {
    char *path;
    struct log *log;
    const struct clock *clock;
    struct folder_watch *watch; /* NULL before start */
    void (*closed)(void *context);
    void *context;
};

static int start(void *self, struct loop *loop, const struct code_provider_events *events,
                 void *context, struct error *error)
{
    struct directory_provider *provider = self;
    struct folder_watch_options options = {.folder = provider->path, .log = provider->log};

    check(provider->watch == NULL);
    provider->clock = loop_clock(loop);
    return folder_watch_create(loop, &options, events, context, &provider->watch, error);
}

static int read_function(void *self, const char *name, struct code *code, struct error *error)
{
    struct directory_provider *provider = self;
    char component[PATH_MAX], configuration[PATH_MAX];

    if (snprintf(component, sizeof(component), "%s/%s.wasm", provider->path, name) >=
            (int)sizeof(component) ||
        snprintf(configuration, sizeof(configuration), "%s/%s.toml", provider->path, name) >=
            (int)sizeof(configuration))
        return error_set(error, ERROR_SYSTEM, "the path of function %s is too long", name);
    return code_files_read(component, configuration, provider->clock, code, error);
}

static void describe(void *self, const char *name, char *ret_component, char *ret_configuration,
                     size_t bytes)
{
    struct directory_provider *provider = self;

    snprintf(ret_component, bytes, "%s/%s.wasm", provider->path, name);
    snprintf(ret_configuration, bytes, "%s/%s.toml", provider->path, name);
}

static void watch_closed(void *context)
{
    struct directory_provider *provider = context;
    void (*closed)(void *) = provider->closed;
    void *closed_context = provider->context;

    free(provider->path);
    free(provider);
    if (closed != NULL)
        closed(closed_context);
}

static void close_provider(void *self, void (*closed)(void *context), void *context)
{
    struct directory_provider *provider = self;

    provider->closed = closed;
    provider->context = context;
    if (provider->watch != NULL)
        folder_watch_close(provider->watch, watch_closed, provider);
    else
        watch_closed(provider);
}

int directory_provider_create(const char *path, struct log *log, struct code_provider *ret_provider,
                              struct error *error)
{
    struct directory_provider *provider = calloc(1, sizeof(*provider));
    size_t bytes = strlen(path);

    if (provider == NULL)
        return error_set_memory(error);
    /* "functions/" and "functions" are one; messages read better without the slash. */
    while (bytes > 1 && path[bytes - 1] == '/')
        bytes--;
    provider->log = log;
    provider->path = strndup(path, bytes);
    if (provider->path == NULL) {
        free(provider);
        return error_set_memory(error);
    }
    *ret_provider = (struct code_provider){
        .kind = "directory",
        .self = provider,
        .start = start,
        .read = read_function,
        .describe = describe,
        .close = close_provider,
    };
    return 0;
}
