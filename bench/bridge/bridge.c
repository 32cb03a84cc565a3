/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the bridge itself costs: calls of one guest on one thread, with nothing around them, on an
 * instance that is kept, and on a fresh one each; and a fresh instance without a call. Prints the
 * median and the best of some rounds.
 *
 *     bridge GUEST.wasm [PATH [CALLS [kept|start|fresh]]]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fn0_bridge.h"

enum { ROUNDS = 7 };

static struct fn0_error error;

static void must(int answer)
{
    if (answer != 0) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
}

static void wake(void *context, uint64_t token)
{
    (void)context;
    (void)token;
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

static struct fn0_component *load(struct fn0_engine *engine, const char *path)
{
    FILE *file = fopen(path, "rb");
    static char wasm[64 << 20];
    struct fn0_component *component;
    struct fn0_bytes artifact;
    int fd = memfd_create("artifact", MFD_CLOEXEC);
    double start;
    size_t bytes;

    if (file == NULL || fd < 0) {
        perror(path);
        exit(1);
    }
    bytes = fread(wasm, 1, sizeof wasm, file);
    fclose(file);
    start = now_us();
    must(fn0_component_compile(engine, (struct fn0_slice){wasm, bytes}, &artifact, &error));
    printf("%zu bytes compiled in %.1f ms to %zu bytes", bytes, (now_us() - start) / 1e3,
           artifact.bytes);
    if (write(fd, artifact.data, artifact.bytes) != (ssize_t)artifact.bytes)
        exit(1);
    fn0_bytes_fini(&artifact);
    start = now_us();
    must(fn0_component_load(engine, fd, &component, &error));
    printf(", loaded in %.2f ms\n", (now_us() - start) / 1e3);
    close(fd);
    return component;
}

static struct fn0_instance *start(struct fn0_component *component)
{
    struct fn0_instance_options options = {.memory_bytes_max = 128 << 20, .wake = wake};
    struct fn0_instance *instance;

    must(fn0_instance_create(component, &options, &instance, &error));
    while (fn0_instance_poll(instance, &error) == FN0_POLL_YIELDED)
        ;
    return instance;
}

static void call(struct fn0_instance *instance, const char *path)
{
    static const struct fn0_field fields[] = {
        {{"host", 4}, {"127.0.0.1:8080", 14}},
        {{"accept", 6}, {"*/*", 3}},
        {{"user-agent", 10}, {"bench", 5}},
    };
    struct fn0_request request = {
        .method = {"GET", 3},
        .authority = {"127.0.0.1:8080", 14},
        .path_with_query = {path, strlen(path)},
        .fields = fields,
        .field_count = 3,
    };
    struct fn0_events events;
    struct fn0_call *call;
    enum fn0_poll poll;

    must(fn0_call_create(instance, &request, 1 << 20, &call, &error));
    do
        poll = fn0_call_poll(call, &events, &error);
    while (poll == FN0_POLL_YIELDED || poll == FN0_POLL_PENDING);
    if (poll != FN0_POLL_READY)
        must(-1);
    fn0_call_destroy(call);
}

static int compare(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;

    return (difference > 0) - (difference < 0);
}

/* One way of running a guest: so many times. */
typedef void (*way_run)(struct fn0_component *component, const char *path, int times);

static void run_kept(struct fn0_component *component, const char *path, int times)
{
    struct fn0_instance *instance = start(component);

    for (int i = 0; i < times; i++)
        call(instance, path);
    fn0_instance_destroy(instance);
}

static void run_start(struct fn0_component *component, const char *path, int times)
{
    (void)path;
    for (int i = 0; i < times; i++)
        fn0_instance_destroy(start(component));
}

static void run_fresh(struct fn0_component *component, const char *path, int times)
{
    for (int i = 0; i < times; i++)
        run_kept(component, path, 1);
}

static void measure(const char *name, way_run run, struct fn0_component *component,
                    const char *path, int times)
{
    double rounds[ROUNDS], began;

    for (int round = 0; round < ROUNDS; round++) {
        began = now_us();
        run(component, path, times);
        rounds[round] = (now_us() - began) / times;
    }
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    printf("%-5s median %8.2f us, best %8.2f us\n", name, rounds[ROUNDS / 2], rounds[0]);
}

int main(int argc, char **argv)
{
    struct fn0_engine_options options = {
        .instances_max = 1000,
        .core_instances_per_component_max = 50,
        .memories_per_component_max = 2,
        .tables_per_component_max = 10,
        .table_elements_max = 20000,
        .memory_bytes_max = 128 << 20,
        .core_instance_bytes_max = 1 << 20,
        .component_instance_bytes_max = 4 << 20,
        .stack_bytes = 512 << 10,
        .memory_keep_resident_bytes = 256 << 10,
        .table_keep_resident_bytes = 64 << 10,
        .parallel_compilation = true,
    };
    const char *path = argc > 2 ? argv[2] : "/";
    int calls = argc > 3 ? atoi(argv[3]) : 20000;
    const char *only = argc > 4 ? argv[4] : NULL;
    struct fn0_engine *engine;
    struct fn0_component *component;

    if (argc < 2) {
        fprintf(stderr, "usage: bridge GUEST.wasm [PATH [CALLS [kept|start|fresh]]]\n");
        return 2;
    }
    must(fn0_engine_create(&options, &engine, &error));
    component = load(engine, argv[1]);
    if (only == NULL || strcmp(only, "kept") == 0)
        measure("kept", run_kept, component, path, calls);
    if (only == NULL || strcmp(only, "start") == 0)
        measure("start", run_start, component, path, calls / 4);
    if (only == NULL || strcmp(only, "fresh") == 0)
        measure("fresh", run_fresh, component, path, calls / 4);
    fn0_component_destroy(component);
    fn0_engine_destroy(engine);
    return 0;
}
