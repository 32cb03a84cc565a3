/* SPDX-License-Identifier: Apache-2.0 */

/* The component: its exports, and the one engine behind them. */

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "engine.h"
#include "function.h"
#include "host.h"
#include "stages.h"
#include "wiped_memory.h"

/* The guest's one root object. */
static struct engine *engine;

static _Noreturn void fail(const char *message)
{
    host_log(true, message, strlen(message));
    host_log(true, "\n", 1);
    abort();
}

#define ROOM_BYTES_MIN ((size_t)1 << 20)
#define ROOM_PER_INPUT_BYTE 8

static void *allocate_above(const void *place, size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL || (uintptr_t)memory > (uintptr_t)place)
        return memory;
    void *higher = allocate_above(place, bytes);
    free(memory);
    return higher;
}

/* A snapshot's file holds all that lies between the first and the last byte of memory that isn't 0.
 * So what is read and then given back lies above a room that is left to what stays. */
static bool leave_room_below(struct host_bytes *input)
{
    void *room = malloc(ROOM_BYTES_MIN + input->bytes * ROOM_PER_INPUT_BYTE);
    uint8_t *moved = allocate_above(room, stages_memory_bytes(input->bytes));
    free(room);
    if (moved == NULL)
        return false;
    memcpy(moved, input->data, input->bytes);
    free(input->data);
    input->data = moved;
    return true;
}

void exports_function_wizer_initialize(void)
{
    struct host_bytes input;
    char *error;
    wiped_memory_begin();
    if (engine == NULL)
        engine = engine_create();
    if (engine == NULL)
        fail("out of memory");
    if (!host_read_input(&input))
        fail("stdin cannot be read");
    if (!leave_room_below(&input))
        fail("out of memory");
    if (!stages_run(engine, input, &error))
        fail(error != NULL ? error : "out of memory");
    free(input.data);
    wiped_memory_end();
}

void exports_wasi_http_incoming_handler_handle(
    exports_wasi_http_incoming_handler_own_incoming_request_t request,
    exports_wasi_http_incoming_handler_own_response_outparam_t outparam)
{
    if (engine == NULL)
        fail("this engine has no script: it must be snapshotted with one");
    call_run(engine, request.__handle, outparam.__handle);
}
