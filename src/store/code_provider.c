/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_provider.h"

void code_init(struct code *code)
{
    buffer_init(&code->component, CODE_COMPONENT_BYTES_MAX);
    buffer_init(&code->configuration, CODE_CONFIGURATION_BYTES_MAX);
    code->torn = false;
    code->fresh = false;
}

void code_fini(struct code *code)
{
    buffer_fini(&code->component);
    buffer_fini(&code->configuration);
}
