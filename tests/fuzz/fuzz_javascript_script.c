/* SPDX-License-Identifier: AGPL-3.0-only */

/* Loads modules with source maps, as the builder hands them to the engine, and has what they throw
 * described, which is where source maps are read. An engine takes a number of them, then comes the
 * next; all that it held must be given back.
 *
 * An input is the module, or, behind a line "//# map", its source map; where it begins as a stage
 * does, it is the stage as a whole. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "host_memory.h"
#include "stage_input.h"
#include "stages.h"

#define LIBRARY "build/sdk/javascript/library.js"
#define SEPARATOR "//# map\n"
#define STAGE "fn0-javascript "
#define SCRIPTS_OF_AN_ENGINE 64
#define SECONDS_OF_A_SCRIPT 0.2
#define MEMORY_BYTES_MAX ((size_t)256 << 20)

static struct engine *engine;
static unsigned script_count;
static double deadline;

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A module may compute without end. */
static int is_late(JSRuntime *runtime, void *opaque)
{
    (void)runtime;
    (void)opaque;
    return now() > deadline;
}

static void log_nothing(bool is_error, const char *data, size_t bytes)
{
    (void)is_error;
    (void)data;
    (void)bytes;
}

static void destroy_engine(void)
{
    engine_destroy(engine);
    engine = NULL;
}

static void create_engine(void)
{
    engine = engine_create();
    deadline = now() + 60;
    if (engine == NULL || !stage_input_run_file(engine, "library", LIBRARY))
        abort();
    JS_SetInterruptHandler(engine->runtime, is_late, NULL);
    JS_SetMemoryLimit(engine->runtime, MEMORY_BYTES_MAX);
    script_count = 0;
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    host_memory_set_log(log_nothing);
    atexit(destroy_engine);
    return 0;
}

/* A stage as a whole, in memory that the engine may write to. */
static bool run_stage(const uint8_t *data, size_t bytes, char **ret_error)
{
    struct host_bytes stage = {.data = malloc(stages_memory_bytes(bytes)), .bytes = bytes};
    if (stage.data == NULL)
        abort();
    memcpy(stage.data, data, bytes);
    bool is_done = stages_run(engine, stage, ret_error);
    free(stage.data);
    return is_done;
}

static bool run(const uint8_t *data, size_t bytes, char **ret_error)
{
    struct host_bytes source = {.data = (uint8_t *)data, .bytes = bytes};
    struct host_bytes map = {0};
    const uint8_t *separator = memmem(data, bytes, SEPARATOR, strlen(SEPARATOR));
    if (bytes >= strlen(STAGE) && memcmp(data, STAGE, strlen(STAGE)) == 0)
        return run_stage(data, bytes, ret_error);
    if (separator != NULL) {
        source.bytes = (size_t)(separator - data);
        map.data = (uint8_t *)separator + strlen(SEPARATOR);
        map.bytes = bytes - source.bytes - strlen(SEPARATOR);
    }
    return stage_input_run(engine, "script", "main.js", source, map, ret_error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *error = NULL;
    if (engine == NULL || script_count == SCRIPTS_OF_AN_ENGINE) {
        destroy_engine();
        create_engine();
    }
    script_count++;
    deadline = now() + SECONDS_OF_A_SCRIPT;
    bool is_done = run(data, bytes, &error);
    if (is_done != (error == NULL) || host_memory_open_handles() != 0) {
        fprintf(stderr, "a stage that failed gives no reason, or a handle is open\n");
        abort();
    }
    free(error);
    return 0;
}
