/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_provider.h"

#include <sys/mman.h>

#include "base/check.h"

void code_init(struct code *code)
{
    *code = (struct code){.torn = false};
    buffer_init(&code->configuration, CODE_CONFIGURATION_BYTES_MAX);
}

void code_fini(struct code *code)
{
    if (code->component.bytes > 0)
        munmap((void *)code->component.data, code->component.bytes);
    code->component = (struct slice){0};
    buffer_fini(&code->configuration);
}

int code_reserve_component(struct code *code, size_t bytes, char **ret_room)
{
    void *room;

    check(code->component.data == NULL);
    *ret_room = NULL;
    if (bytes > CODE_COMPONENT_BYTES_MAX)
        return ERROR_FULL;
    if (bytes == 0)
        return 0;
    room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return ERROR_OUT_OF_MEMORY;
    code->component = (struct slice){.data = room, .bytes = bytes};
    *ret_room = room;
    return 0;
}
