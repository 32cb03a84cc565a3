/* SPDX-License-Identifier: AGPL-3.0-only */

// The engine as a native program:
//
//     shell LIBRARY.js SCRIPT.js               evaluates a module, runs until nothing is left
//     shell --call METHOD TARGET LIBRARY.js SCRIPT.js
//                                              calls its handler and prints the answer; stdin is
//                                              the request's body
//
// FN0_SHELL_CALLS=N calls N times and prints the last answer, for a profiler. Exits with 1 where a
// stage fails; the reason goes to stderr.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "engine.h"
#include "host_memory.h"
#include "stages.h"

static struct host_bytes read_stream(FILE *file)
{
    struct host_bytes content = {0};
    for (;;) {
        uint8_t piece[65536];
        size_t bytes = fread(piece, 1, sizeof(piece), file);
        if (bytes == 0)
            return content;
        content.data = realloc(content.data, content.bytes + bytes + 1);
        memcpy(content.data + content.bytes, piece, bytes);
        content.bytes += bytes;
    }
}

static struct host_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    struct host_bytes content = read_stream(file);
    fclose(file);
    return content;
}

static int run_stage(struct engine *engine, const char *kind, const char *path)
{
    struct host_bytes source = read_file(path);
    char *map_path = malloc(strlen(path) + 5);
    struct host_bytes map = {0};
    sprintf(map_path, "%s.map", path);
    FILE *map_file = strcmp(kind, "script") == 0 ? fopen(map_path, "rb") : NULL;
    if (map_file != NULL) {
        map = read_stream(map_file);
        fclose(map_file);
    }
    free(map_path);
    const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    size_t size = 128 + strlen(name) + source.bytes + map.bytes;
    char *framed = malloc(stages_memory_bytes(size));
    int head = snprintf(framed, size, "fn0-javascript 1 %s %zu %zu %zu\n%s", kind, strlen(name),
                        source.bytes, map.bytes, name);
    if (source.bytes > 0)
        memcpy(framed + head, source.data, source.bytes);
    if (map.bytes > 0)
        memcpy(framed + (size_t)head + source.bytes, map.data, map.bytes);
    char *error;
    bool is_done = stages_run(engine,
                              (struct host_bytes){.data = (uint8_t *)framed,
                                                  .bytes = (size_t)head + source.bytes + map.bytes},
                              &error);
    free(source.data);
    free(map.data);
    free(framed);
    if (is_done)
        return 0;
    fprintf(stderr, "%s\n", error);
    free(error);
    return 1;
}

/* Calls whose answers nobody looks at. */
static void call_unseen(struct engine *engine, const struct host_memory_request *request)
{
    const char *calls = getenv("FN0_SHELL_CALLS");
    for (long left = calls == NULL ? 0 : atol(calls) - 1; left > 0; left--) {
        host_handle handle = host_memory_begin(request);
        call_run(engine, handle, handle);
        struct host_memory_answer answer = host_memory_take_answer();
        host_memory_answer_fini(&answer);
    }
}

static int call(struct engine *engine, const char *method, const char *target)
{
    struct host_bytes body = read_stream(stdin);
    struct host_memory_request request = {.method = method,
                                          .authority = "localhost:8080",
                                          .path_with_query = target,
                                          .body = body,
                                          .piece_bytes_max = 4096};
    call_unseen(engine, &request);
    host_handle handle = host_memory_begin(&request);
    call_run(engine, handle, handle);
    struct host_memory_answer answer = host_memory_take_answer();
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
    return 0;
}

int main(int argument_count, char **arguments)
{
    bool is_call = argument_count == 6 && strcmp(arguments[1], "--call") == 0;
    if (!is_call && argument_count != 3) {
        fprintf(stderr, "usage: shell [--call METHOD TARGET] LIBRARY.js SCRIPT.js\n");
        return 1;
    }
    char **files = arguments + (is_call ? 4 : 1);
    struct engine *engine = engine_create();
    if (engine == NULL)
        return 1;
    int result = run_stage(engine, "library", files[0]);
    if (result == 0 && !is_call)
        engine_thaw(engine);
    if (result == 0)
        result = run_stage(engine, is_call ? "script" : "module", files[1]);
    if (result == 0 && is_call)
        result = call(engine, arguments[2], arguments[3]);
    while (result == 0 && !is_call && !event_loop_is_empty(&engine->loop))
        event_loop_turn(&engine->loop);
    engine_destroy(engine);
    return result;
}
