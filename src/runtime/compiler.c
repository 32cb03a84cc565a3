/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/file.h"
#include "fn0_bridge.h"
#include "runtime/bridge_types.h"
#include "runtime/relink.h"
#include "store/code_cache.h"

/* The child's descriptors. The last two are those of a snapshot only. */
#define COMPONENT_DESCRIPTOR PROCESS_DESCRIPTOR_FIRST
#define RESULT_DESCRIPTOR (PROCESS_DESCRIPTOR_FIRST + 1)
#define ARTIFACT_DESCRIPTOR (PROCESS_DESCRIPTOR_FIRST + 2)
#define INPUT_DESCRIPTOR (PROCESS_DESCRIPTOR_FIRST + 3)

#define PROGRAM "/proc/self/exe"

/* What the child is to do. */
enum job { JOB_COMPILE, JOB_INSTRUMENT, JOB_SNAPSHOT, JOB_COUNT };

static const char *const job_words[JOB_COUNT] = {"compile", "instrument", "snapshot"};

/* The child's command line, read. */
struct order {
    enum job job;
    uint64_t parent;
    struct engine_options engine;
    uint64_t cpu_ns_max; /* these two of a snapshot */
    uint64_t memory_bytes_max;
    const char *cache_directory; /* empty: none */
    uint64_t cache_bytes_max;
    struct relink *relink; /* NULL: nothing is made of others */
};
#define ORDER_WORDS 10

/* What the child writes first; what the guest wrote follows, and then, where it was well, what was
 * made. */
struct result {
    uint64_t fingerprint; /* of the child's engine */
    uint64_t output_bytes;
    bool relinked;
    struct error error; /* its code is 0 where it was well */
};

/* ---- The child ------------------------------------------------------------------------------- */

/* Reads a word as a number. */
static bool read_number(const char *word, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoull(word, &end, 10);
    return errno == 0 && end != word && *end == 0;
}

static bool read_order(int count, char **words, struct order *ret_order)
{
    unsigned job = 0;

    if (count != ORDER_WORDS)
        return false;
    while (job < JOB_COUNT && strcmp(words[2], job_words[job]) != 0)
        job++;
    ret_order->job = (enum job)job;
    ret_order->engine.code = NULL;
    ret_order->relink = NULL;
    ret_order->cache_directory = words[8];
    return job < JOB_COUNT && read_number(words[3], &ret_order->parent) &&
           read_number(words[4], &ret_order->engine.instances_max) &&
           read_number(words[5], &ret_order->engine.memory_bytes_max) &&
           read_number(words[6], &ret_order->cpu_ns_max) &&
           read_number(words[7], &ret_order->memory_bytes_max) &&
           read_number(words[9], &ret_order->cache_bytes_max);
}

/* Maps all of a descriptor. */
static int map_file(int descriptor, void **ret_mapping, size_t *ret_bytes, struct error *error)
{
    struct stat status;

    *ret_mapping = NULL;
    if (fstat(descriptor, &status) != 0)
        return error_set_errno(error, errno, "cannot look at a file of the compiler");
    *ret_bytes = (size_t)status.st_size;
    if (status.st_size == 0)
        return 0;
    *ret_mapping = mmap(NULL, *ret_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (*ret_mapping != MAP_FAILED)
        return 0;
    *ret_mapping = NULL;
    return error_set_errno(error, errno, "cannot map a file of the compiler");
}

/* The same, never to be unmapped. */
static int map_for_ever(int descriptor, struct slice *ret_content, struct error *error)
{
    void *mapping;
    int code = map_file(descriptor, &mapping, &ret_content->bytes, error);

    ret_content->data = mapping;
    return code;
}

static int compile(struct engine *engine, struct slice component, struct fn0_bytes *ret_artifact,
                   struct error *error)
{
    struct fn0_error reason;

    if (fn0_component_compile(engine_bridge(engine), slice_to_bridge(component), ret_artifact,
                              &reason) == 0)
        return 0;
    return error_set_component(error, &reason);
}

static int instrument(struct engine *engine, struct slice component, struct fn0_bytes *ret_artifact,
                      struct error *error)
{
    struct fn0_error reason;
    struct fn0_bytes instrumented;

    if (fn0_snapshot_instrument(slice_to_bridge(component), &instrumented, &reason) != 0)
        return error_set_component(error, &reason);
    return compile(
        engine,
        (struct slice){.data = (const char *)instrumented.data, .bytes = instrumented.bytes},
        ret_artifact, error);
}

static int take_snapshot(struct engine *engine, const struct order *order, struct slice component,
                         struct fn0_bytes *ret_wasm, struct buffer *output, struct error *error)
{
    struct snapshot_options options = {
        .component = component,
        .artifact = ARTIFACT_DESCRIPTOR,
        .cpu_ns_max = order->cpu_ns_max,
        .memory_bytes_max = order->memory_bytes_max,
    };
    int code = map_for_ever(INPUT_DESCRIPTOR, &options.input, error);

    if (code != 0)
        return code;
    return snapshot_take(engine, &options, clock_system(), ret_wasm, output, error);
}

/* Opens what components have in common, where there is such a thing and it can be opened. */
static void open_caches(struct order *order)
{
    if (order->job == JOB_SNAPSHOT || order->cache_directory[0] == 0)
        return;
    if (code_cache_open(order->cache_directory, code_cache_bytes_max(order->cache_bytes_max),
                        &order->engine.code, NULL) != 0)
        order->engine.code = NULL;
    if (order->job == JOB_COMPILE &&
        relink_open(order->cache_directory, order->cache_bytes_max, &order->relink, NULL) != 0)
        order->relink = NULL;
}

/* Keeps what was compiled for components to come. A cache that cannot be written costs compiling,
 * and nothing else. */
static void save_caches(const struct order *order, const struct result *result,
                        struct slice content)
{
    struct slice component;

    if (order->engine.code != NULL)
        (void)code_cache_save(order->engine.code, NULL);
    if (order->relink != NULL && !result->relinked &&
        map_for_ever(COMPONENT_DESCRIPTOR, &component, NULL) == 0)
        relink_keep(order->relink, result->fingerprint, component, content);
}

/* Does what was ordered with what is in COMPONENT_DESCRIPTOR. */
static int obey(const struct order *order, struct result *result, struct fn0_bytes *ret_content,
                struct buffer *output)
{
    struct engine *engine;
    struct slice component;
    int code = engine_create(&order->engine, &engine, &result->error);

    if (code != 0)
        return code;
    result->fingerprint = fn0_engine_fingerprint(engine_bridge(engine));
    code = map_for_ever(COMPONENT_DESCRIPTOR, &component, &result->error);
    if (code != 0)
        return code;
    switch (order->job) {
    case JOB_COMPILE:
        result->relinked = order->relink != NULL &&
                           relink_make(order->relink, result->fingerprint, component, ret_content);
        return result->relinked ? 0 : compile(engine, component, ret_content, &result->error);
    case JOB_INSTRUMENT:
        return instrument(engine, component, ret_content, &result->error);
    default:
        return take_snapshot(engine, order, component, ret_content, output, &result->error);
    }
}

/* The parent may be killed, and memory may be short: this process goes first. */
static void be_expendable(void)
{
    const struct rlimit cpu = {COMPILER_CPU_SECONDS_MAX, COMPILER_CPU_SECONDS_MAX};
    const struct rlimit core = {0, 0};
    struct slice score = SLICE("1000");
    int descriptor;

    /* None of these is needed to compile. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0ul, 0ul, 0ul);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
    /* A terminal's Ctrl-C is for the parent, which ends us if it likes. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)file_write_descriptor(descriptor, "oom_score_adj", score, NULL, NULL);
        close(descriptor);
    }
}

static int write_result(struct slice piece)
{
    return file_write_descriptor(RESULT_DESCRIPTOR, "the result", piece, NULL, NULL);
}

int compiler_main(int count, char **words)
{
    struct order order;
    struct fn0_bytes content = {0};
    struct buffer output;
    struct result *result;

    if (!read_order(count, words, &order))
        return 2;
    be_expendable();
    /* It may have ended before it could kill us. */
    if ((uint64_t)getppid() != order.parent)
        return 1;
    buffer_init(&output, SNAPSHOT_OUTPUT_BYTES_MAX);
    open_caches(&order);
    result = calloc(1, sizeof(*result));
    if (result == NULL)
        return 1;
    if (obey(&order, result, &content, &output) == 0)
        result->error.code = 0;
    result->output_bytes = buffer_bytes(&output);
    if (write_result((struct slice){(const char *)result, sizeof(*result)}) != 0 ||
        write_result(buffer_slice(&output)) != 0 ||
        write_result((struct slice){(const char *)content.data, content.bytes}) != 0)
        _exit(1);
    if (result->error.code == 0)
        save_caches(&order, result, (struct slice){(const char *)content.data, content.bytes});
    /* Taking the engine down in order would only cost time. */
    _exit(0);
}

/* ---- The parent ------------------------------------------------------------------------------ */

int compiler_init(struct compiler *compiler, const char *cache_directory, uint64_t cache_bytes_max,
                  struct error *error)
{
    compiler->cache_directory = cache_directory;
    compiler->cache_bytes_max = cache_bytes_max;
    return process_init(&compiler->process, error);
}

void compiler_fini(struct compiler *compiler)
{
    process_fini(&compiler->process);
}

void compiler_cancel(struct compiler *compiler)
{
    process_cancel(&compiler->process);
}

void compiled_fini(struct compiled *compiled)
{
    if (compiled->mapping != NULL)
        munmap(compiled->mapping, compiled->mapping_bytes);
    *compiled = (struct compiled){0};
}

/* What a job is given, beside the component. */
struct job_options {
    enum job job;
    int artifact; /* these of a snapshot */
    struct slice input;
    uint64_t cpu_ns_max;
    uint64_t memory_bytes_max;
};

/* Starts the child with its descriptors, and waits for its end. */
static int run_child(struct compiler *compiler, const struct engine *engine,
                     const struct job_options *options, const int *descriptors, struct error *error)
{
    const struct engine_options *of_engine = engine_options(engine);
    char parent[24], instances[24], memory[24], cpu_max[24], memory_max[24], cache_max[24];
    char job[16];
    char program[] = "fn0-compile", command[] = COMPILER_COMMAND;
    char *words[] = {program,
                     command,
                     job,
                     parent,
                     instances,
                     memory,
                     cpu_max,
                     memory_max,
                     (char *)(compiler->cache_directory != NULL ? compiler->cache_directory : ""),
                     cache_max,
                     NULL};
    const struct process_options process = {
        .program = PROGRAM,
        .words = words,
        .descriptors = descriptors,
        .descriptor_count = options->job == JOB_SNAPSHOT ? 4 : 2,
    };
    int status = 0;
    int code;

    _Static_assert(sizeof(words) / sizeof(words[0]) == ORDER_WORDS + 1, "an order has its words");
    snprintf(job, sizeof(job), "%s", job_words[options->job]);
    snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    snprintf(instances, sizeof(instances), "%" PRIu64, of_engine->instances_max);
    snprintf(memory, sizeof(memory), "%" PRIu64, of_engine->memory_bytes_max);
    snprintf(cpu_max, sizeof(cpu_max), "%" PRIu64, options->cpu_ns_max);
    snprintf(memory_max, sizeof(memory_max), "%" PRIu64, options->memory_bytes_max);
    snprintf(cache_max, sizeof(cache_max), "%" PRIu64, compiler->cache_bytes_max);
    code = process_run(&compiler->process, &process, &status, error);
    if (code == ERROR_CLOSED)
        return error_set(error, ERROR_CLOSED, "the compile was cancelled");
    if (code != 0)
        return error_wrap(error, "no process that compiles");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_INTERNAL,
                         "the compiler was ended by signal %d (%s): a defect of it, a lack of "
                         "memory, or more than %d s of CPU time",
                         WTERMSIG(status), strsignal(WTERMSIG(status)), COMPILER_CPU_SECONDS_MAX);
    return error_set(error, ERROR_INTERNAL, "the compiler ended with status %d",
                     WEXITSTATUS(status));
}

/* Takes over what the child has written. */
static int read_result(const struct engine *engine, int descriptor, struct compiled *ret_compiled,
                       struct error *error)
{
    const struct result *result;
    const char *rest;
    size_t bytes;
    int code = map_file(descriptor, &ret_compiled->mapping, &ret_compiled->mapping_bytes, error);

    if (code != 0)
        return code;
    result = ret_compiled->mapping;
    bytes = ret_compiled->mapping_bytes - sizeof(*result);
    if (ret_compiled->mapping_bytes < sizeof(*result) || result->output_bytes > bytes) {
        compiled_fini(ret_compiled);
        return error_set(error, ERROR_INTERNAL, "the compiler has said nothing");
    }
    rest = (const char *)ret_compiled->mapping + sizeof(*result);
    ret_compiled->output = (struct slice){.data = rest, .bytes = result->output_bytes};
    ret_compiled->content = (struct slice){
        .data = rest + result->output_bytes,
        .bytes = bytes - result->output_bytes,
    };
    if (result->error.code != 0)
        return error_copy(error, &result->error);
    if (result->fingerprint != fn0_engine_fingerprint(engine_bridge(engine)))
        return error_set(error, ERROR_INTERNAL,
                         "the compiler is not of this engine: was fn0 replaced while it runs?");
    return 0;
}

/* A file in memory with a content. */
static int make_file(struct slice content, int *ret_descriptor, struct error *error)
{
    *ret_descriptor = memfd_create("fn0-compile", MFD_CLOEXEC);
    if (*ret_descriptor < 0)
        return error_set_errno(error, errno, "cannot make a file in memory");
    return file_write_descriptor(*ret_descriptor, "a file in memory", content, NULL, error);
}

static int run_job(struct compiler *compiler, const struct engine *engine, struct slice component,
                   const struct job_options *options, struct compiled *ret_compiled,
                   struct error *error)
{
    int source = -1, result = -1, input = -1;
    int code = make_file(component, &source, error);

    *ret_compiled = (struct compiled){0};
    if (code == 0)
        code = make_file((struct slice){0}, &result, error);
    if (code == 0 && options->job == JOB_SNAPSHOT)
        code = make_file(options->input, &input, error);
    if (code == 0) {
        const int descriptors[] = {source, result, options->artifact, input};
        code = run_child(compiler, engine, options, descriptors, error);
    }
    if (code == 0)
        code = read_result(engine, result, ret_compiled, error);
    for (int i = 0; i < 3; i++) {
        const int descriptors[] = {source, result, input};
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    }
    return code;
}

int compiler_run(struct compiler *compiler, const struct engine *engine, struct slice component,
                 struct compiled *ret_compiled, struct error *error)
{
    const struct job_options options = {.job = JOB_COMPILE};
    int code = run_job(compiler, engine, component, &options, ret_compiled, error);

    if (code != 0)
        compiled_fini(ret_compiled);
    return code;
}

int compiler_instrument(struct compiler *compiler, const struct engine *engine,
                        struct slice component, struct compiled *ret_compiled, struct error *error)
{
    const struct job_options options = {.job = JOB_INSTRUMENT};
    int code = run_job(compiler, engine, component, &options, ret_compiled, error);

    if (code != 0)
        compiled_fini(ret_compiled);
    return code;
}

int compiler_snapshot(struct compiler *compiler, const struct engine *engine,
                      const struct snapshot_options *snapshot, struct compiled *ret_compiled,
                      struct error *error)
{
    const struct job_options options = {
        .job = JOB_SNAPSHOT,
        .artifact = snapshot->artifact,
        .input = snapshot->input,
        .cpu_ns_max = snapshot->cpu_ns_max,
        .memory_bytes_max = snapshot->memory_bytes_max,
    };

    return run_job(compiler, engine, snapshot->component, &options, ret_compiled, error);
}
