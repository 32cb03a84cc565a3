/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the bridge itself costs: calls of one guest on one thread, with nothing around them, on an
 * instance that is kept and on a fresh one each. Prints the median and the best of some rounds.
 *
 *     bridge GUEST.wasm [PATH [CALLS]]
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

static void report(const char *name, double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, compare);
    printf("%-28s median %8.2f us, best %8.2f us\n", name, rounds[ROUNDS / 2], rounds[0]);
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
    struct fn0_engine *engine;
    struct fn0_component *component;
    struct fn0_instance *instance;
    double rounds[ROUNDS], began;

    if (argc < 2) {
        fprintf(stderr, "usage: bridge GUEST.wasm [PATH [CALLS]]\n");
        return 2;
    }
    must(fn0_engine_create(&options, &engine, &error));
    component = load(engine, argv[1]);
    instance = start(component);
    for (int round = 0; round < ROUNDS; round++) {
        began = now_us();
        for (int i = 0; i < calls; i++)
            call(instance, path);
        rounds[round] = (now_us() - began) / calls;
    }
    report("call, instance kept", rounds);
    fn0_instance_destroy(instance);
    for (int round = 0; round < ROUNDS; round++) {
        began = now_us();
        for (int i = 0; i < calls / 4; i++)
            fn0_instance_destroy(start(component));
        rounds[round] = (now_us() - began) / (calls / 4);
    }
    report("instance, no call", rounds);
    for (int round = 0; round < ROUNDS; round++) {
        began = now_us();
        for (int i = 0; i < calls / 4; i++) {
            instance = start(component);
            call(instance, path);
            fn0_instance_destroy(instance);
        }
        rounds[round] = (now_us() - began) / (calls / 4);
    }
    report("call, instance fresh", rounds);
    fn0_component_destroy(component);
    fn0_engine_destroy(engine);
    return 0;
}
