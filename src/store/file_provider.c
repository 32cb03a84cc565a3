/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/file_provider.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/identifier.h"
#include "store/code_file.h"
#include "store/folder_watch.h"

struct file_provider {
    char folder[PATH_MAX];
    char component[PATH_MAX];     /* the whole path */
    char configuration[PATH_MAX]; /* the whole path */
    char name[FUNCTION_NAME_TEXT_BYTES];
    bool may_be_missing;
    struct log *log;
    const struct clock *clock;
    struct folder_watch *watch; /* NULL before start */
    void (*closed)(void *context);
    void *context;
};

/* What follows the last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* How much of a file name stands before ".wasm". */
static size_t stem_bytes(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 5 && strcmp(name + bytes - 5, ".wasm") == 0 ? bytes - 5 : bytes;
}

void file_provider_name(const char *path, char ret_name[FUNCTION_NAME_TEXT_BYTES])
{
    const char *base = base_name(path);
    size_t length = stem_bytes(base);
    size_t end = 0;

    for (size_t i = 0; i < length && end < FUNCTION_NAME_TEXT_BYTES - 1; i++) {
        char c = base[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            c = '-';
        if (c == '-' && end == 0)
            continue;
        ret_name[end++] = c;
    }
    while (end > 0 && ret_name[end - 1] == '-')
        end--;
    ret_name[end] = 0;
    if (end == 0)
        memcpy(ret_name, "function", sizeof("function"));
    check(function_name_valid(slice_of(ret_name)));
}

static int start(void *self, struct loop *loop, const struct code_provider_events *events,
                 void *context, struct error *error)
{
    struct file_provider *provider = self;
    struct folder_watch_options options = {
        .folder = provider->folder,
        .component = base_name(provider->component),
        .configuration = base_name(provider->configuration),
        .name = provider->name,
        .may_be_missing = provider->may_be_missing,
        .log = provider->log,
    };

    check(provider->watch == NULL);
    provider->clock = loop_clock(loop);
    return folder_watch_create(loop, &options, events, context, &provider->watch, error);
}

static int read_function(void *self, const char *name, struct code *code, struct error *error)
{
    struct file_provider *provider = self;

    if (strcmp(name, provider->name) != 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no function %s", name);
    return code_files_read(provider->component, provider->configuration, provider->clock, code,
                           error);
}

static void describe(void *self, const char *name, char *ret_component, char *ret_configuration,
                     size_t bytes)
{
    struct file_provider *provider = self;

    (void)name;
    snprintf(ret_component, bytes, "%s", provider->component);
    snprintf(ret_configuration, bytes, "%s", provider->configuration);
}

static void watch_closed(void *context)
{
    struct file_provider *provider = context;
    void (*closed)(void *) = provider->closed;
    void *closed_context = provider->context;

    free(provider);
    if (closed != NULL)
        closed(closed_context);
}

static void close_provider(void *self, void (*closed)(void *context), void *context)
{
    struct file_provider *provider = self;

    provider->closed = closed;
    provider->context = context;
    if (provider->watch != NULL)
        folder_watch_close(provider->watch, watch_closed, provider);
    else
        watch_closed(provider);
}

int file_provider_create(const char *path, bool may_be_missing, struct log *log,
                         struct code_provider *ret_provider, struct error *error)
{
    struct file_provider *provider;
    const char *base = base_name(path);
    size_t folder_bytes = (size_t)(base - path);
    size_t stem = folder_bytes + stem_bytes(base);

    if (base[0] == 0)
        return error_set(error, ERROR_NOT_FOUND, "%s is no file name",
                         path[0] == 0 ? "\"\"" : path);
    if (strlen(path) + sizeof(".toml") > PATH_MAX)
        return error_set(error, ERROR_NOT_FOUND, "the path of the component is too long");
    provider = calloc(1, sizeof(*provider));
    if (provider == NULL)
        return error_set_memory(error);
    provider->may_be_missing = may_be_missing;
    provider->log = log;
    memcpy(provider->component, path, strlen(path));
    memcpy(provider->configuration, path, stem);
    memcpy(provider->configuration + stem, ".toml", sizeof(".toml"));
    if (folder_bytes == 0)
        memcpy(provider->folder, ".", 2);
    else
        memcpy(provider->folder, path, folder_bytes > 1 ? folder_bytes - 1 : 1);
    file_provider_name(path, provider->name);
    *ret_provider = (struct code_provider){
        .kind = "file",
        .self = provider,
        .start = start,
        .read = read_function,
        .describe = describe,
        .close = close_provider,
    };
    return 0;
}
