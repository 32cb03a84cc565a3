/* SPDX-License-Identifier: AGPL-3.0-only */

/* The engine as a native program:
 *
 *     shell LIBRARY.js SCRIPT.js
 *         evaluates a module, and runs until nothing is left to do
 *     shell --call METHOD TARGET LIBRARY.js SCRIPT.js
 *         calls its handler once and prints the answer; stdin is the request's body
 *     shell --repeat COUNT METHOD TARGET LIBRARY.js SCRIPT.js
 *         calls it so often, and prints what the engine holds after each tenth of them: objects,
 *         strings, atoms, pieces of memory (also what to profile)
 *
 * Exits with 1 where a stage fails; the reason goes to stderr. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "engine.h"
#include "host_memory.h"
#include "stage_input.h"

static struct host_memory_answer call(struct engine *engine, const char *method, const char *target,
                                      struct host_bytes body)
{
    struct host_memory_request request = {.method = method,
                                          .authority = "localhost:8080",
                                          .path_with_query = target,
                                          .body = body,
                                          .piece_bytes_max = 4096};
    host_handle handle = host_memory_begin(&request);
    call_run(engine, handle, handle);
    return host_memory_take_answer();
}

static void call_once(struct engine *engine, const char *method, const char *target)
{
    struct host_bytes body = stage_input_read(stdin);
    struct host_memory_answer answer = call(engine, method, target, body);
    printf("%d\n", answer.status);
    for (size_t i = 0; i < answer.fields.count; i++)
        printf("%s: %s\n", (char *)answer.fields.items[i].name.data,
               (char *)answer.fields.items[i].value.data);
    printf("\n");
    fwrite(answer.body.data, 1, answer.body.bytes, stdout);
    if (!answer.is_whole)
        printf("\n[cut off]\n");
    host_memory_answer_fini(&answer);
    free(body.data);
}

static void call_repeatedly(struct engine *engine, unsigned long count, const char *method,
                            const char *target)
{
    struct host_bytes body = stage_input_read(stdin);
    JSMemoryUsage usage;
    for (unsigned long i = 1; i <= count; i++) {
        struct host_memory_answer answer = call(engine, method, target, body);
        host_memory_answer_fini(&answer);
        if (i % (count / 10) != 0)
            continue;
        JS_RunGC(engine->runtime);
        JS_ComputeMemoryUsage(engine->runtime, &usage);
        printf("%lu %lld %lld %lld %lld\n", i, (long long)usage.obj_count,
               (long long)usage.str_count, (long long)usage.atom_count,
               (long long)usage.malloc_count);
    }
    free(body.data);
}

int main(int argument_count, char **arguments)
{
    bool is_call = argument_count == 6 && strcmp(arguments[1], "--call") == 0;
    bool is_repeated = argument_count == 7 && strcmp(arguments[1], "--repeat") == 0;
    unsigned long count = is_repeated ? strtoul(arguments[2], NULL, 10) : 0;
    if (is_repeated ? count < 10 : !is_call && argument_count != 3) {
        fprintf(stderr, "usage: shell [--call METHOD TARGET | --repeat COUNT METHOD TARGET] "
                        "LIBRARY.js SCRIPT.js\n");
        return 1;
    }
    bool is_script = is_call || is_repeated;
    char **files = arguments + argument_count - 2;
    struct engine *engine = engine_create();
    if (engine == NULL)
        return 1;
    bool is_done = stage_input_run_file(engine, "library", files[0]);
    if (is_done && !is_script)
        engine_thaw(engine);
    if (is_done)
        is_done = stage_input_run_file(engine, is_script ? "script" : "module", files[1]);
    if (is_done && is_call)
        call_once(engine, arguments[2], arguments[3]);
    if (is_done && is_repeated)
        call_repeatedly(engine, count, arguments[3], arguments[4]);
    while (is_done && !is_script && !event_loop_is_empty(&engine->loop))
        event_loop_turn(&engine->loop);
    engine_destroy(engine);
    return is_done ? 0 : 1;
}
