/* SPDX-License-Identifier: AGPL-3.0-only */

/* Any text as a host's configuration, a function's, and a project's: it is read, or refused with a
 * message; what was read keeps its own promises. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/configuration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_function(const struct host_configuration *host,
                           const struct function_configuration *function)
{
    for (int i = 0; i < LIMIT_COUNT; i++)
        check(function->limits.value[i] <= host->limits_max.value[i]);
    check(function->instance.reuse <= REUSE_FALSE);
    check(function->instance.uses_max >= 1);
    check(function->outbound_hosts.count == 0 || function->outbound_hosts_set);
    for (size_t i = 0; i < function->outbound_hosts.count; i++)
        check(strlen(function->outbound_hosts.items[i]) > 0);
    for (size_t i = 0; i < function->environment_count; i++) {
        const struct field *field = &function->environment[i];
        check(field->name.bytes > 0 && strlen(field->name.data) == field->name.bytes);
        check(strlen(field->value.data) == field->value.bytes);
    }
}

static void check_host(const struct host_configuration *host)
{
    check(host->workers >= 1 && host->workers <= 1024);
    check(host->slots <= 1000000);
    check(host->net.listen.count >= 1);
    check(host->net.connections_max >= 1);
    check(host->net.head_timeout_ns > 0 && host->net.idle_timeout_ns > 0);
    check(host->log.level <= LOG_ERROR && host->log.format <= LOG_FORMAT_JSON);
    check_function(host, &host->function);
}

static void check_project(const struct project_configuration *project)
{
    check(!project->name || strlen(project->name) > 0);
    check(project->language < LANGUAGE_COUNT);
    for (size_t i = 0; i < project->build.watch.count; i++)
        check(project->build.watch.items[i][0] != '/');
    for (size_t i = 0; i < project->function.environment_count; i++) {
        const struct configuration_origin *origin = &project->variable_origins[i];
        check(origin->source == CONFIGURATION_SOURCE_FILE && origin->line > 0);
    }
}

static void check_error(int code, const struct error *error)
{
    check(code == ERROR_CONFIGURATION || code == ERROR_OUT_OF_MEMORY);
    check(error->code == code);
    check(strncmp(error->message, "fuzz.toml:", 10) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct slice text = {.data = (const char *)data, .bytes = bytes};
    struct error error = {0};
    struct host_configuration *host = NULL;
    int code = host_configuration_create_from_text("fuzz.toml", text, NULL, 0, &host, &error);
    if (code)
        check_error(code, &error);
    else
        check_host(host);
    check(!host == (code != 0));
    host_configuration_destroy(host);

    /* The defaults are the same each time; the lifted ones let more of a function's keys through.
     */
    const struct configuration_flag lifted = {.key = "limits", .value = "none", .flag = "--limits"};
    check(host_configuration_create(NULL, &lifted, 1, &host, NULL) == 0);
    struct function_configuration *function = NULL;
    code = function_configuration_create(host, "fuzz.toml", text, &function, &error);
    if (code)
        check_error(code, &error);
    else
        check_function(host, function);
    function_configuration_destroy(function);
    host_configuration_destroy(host);

    struct project_configuration *project = NULL;
    code = project_configuration_create("fuzz.toml", text, NULL, 0, &project, &error);
    if (code)
        check_error(code, &error);
    else
        check_project(project);
    project_configuration_destroy(project);
    return 0;
}
