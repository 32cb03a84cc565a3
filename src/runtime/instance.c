/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/instance.h"

#include <stdlib.h>

#include "base/check.h"
#include "runtime/bridge_types.h"

/* An error of the bridge's as one of ours. */
static int bridge_failed(const struct fn0_error *bridge_error, struct error *error)
{
    int code = call_error_from_bridge(bridge_error->code);
    if (code != ERROR_POOL_FULL && code != ERROR_OUT_OF_MEMORY)
        code = ERROR_CALL_START;
    return error_set(error, code, "%s", bridge_error->message);
}

int instance_create(struct version *version, struct wakes *wakes, struct instance **ret_instance,
                    struct error *error)
{
    struct fn0_component *component;
    int code = version_component(version, &component, error);
    if (code < 0)
        return code;
    struct instance *instance = calloc(1, sizeof *instance);
    if (!instance)
        return error_set_memory(error);
    list_init(&instance->idle);
    list_init(&instance->recency);
    instance->token = wakes_take(wakes, instance);
    if (!instance->token) {
        code = error_set_memory(error);
        goto free_instance;
    }
    const struct function_configuration *configuration = version->configuration;
    struct fn0_instance_options options = {
        .memory_bytes_max = configuration->limits.value[LIMIT_MEMORY],
        .environment = fields_to_bridge(configuration->environment),
        .environment_count = configuration->environment_count,
        .wake = wakes_wake,
        .wake_context = wakes,
        .token = instance->token,
    };
    struct fn0_error bridge_error;
    if (fn0_instance_create(component, &options, &instance->bridge, &bridge_error) < 0) {
        code = bridge_failed(&bridge_error, error);
        goto give_token;
    }
    check(instance->bridge);
    instance->version = version_acquire(version);
    *ret_instance = instance;
    return 0;

give_token:
    wakes_give(wakes, instance->token);
free_instance:
    free(instance);
    return code;
}

void instance_destroy(struct instance *instance, struct wakes *wakes)
{
    if (!instance)
        return;
    check(!instance->call && instance->bridge && instance->version);
    check(list_empty(&instance->idle) && list_empty(&instance->recency));
    /* First, so that what the bridge drops wakes nobody. */
    wakes_give(wakes, instance->token);
    fn0_instance_destroy(instance->bridge);
    version_release(instance->version);
    free(instance);
}
