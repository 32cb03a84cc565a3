/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/builder.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/process.h"
#include "base/sha256.h"
#include "builder/scratch.h"
#include "builder/transcript.h"
#include "runtime/engine.h"
#include "store/artifact_cache.h"
#include "tables/limits.h"

/* Stands before the engine in the hash that its instrumented artifact is cached under: the same
 * component may be compiled as it is. */
#define INSTRUMENTED "fn0 instrumented component 1\n"

struct builder {
    struct builder_options options;
    struct artifact_cache *cache;
    struct engine *engine;
    struct compiler compiler;
    struct process process;
    struct bundler bundler;
    struct transcript transcript;
    _Atomic(struct type_check *) types; /* NULL: none is checked */
};

/* The pool's memories are larger than what the guest may take. */
static uint64_t pool_memory_bytes(uint64_t memory_bytes_max)
{
    if (memory_bytes_max > LIMIT_NONE - SNAPSHOT_MEMORY_EXTRA_BYTES)
        return LIMIT_NONE;
    return memory_bytes_max + SNAPSHOT_MEMORY_EXTRA_BYTES;
}

int builder_create(const struct builder_options *options, struct builder **ret_builder,
                   struct error *error)
{
    const struct engine_options engine = {
        .instances_max = 1,
        .memory_bytes_max = pool_memory_bytes(options->memory_bytes_max),
    };
    struct builder *builder = calloc(1, sizeof(*builder));
    int code;

    if (builder == NULL)
        return error_set_memory(error);
    builder->options = *options;
    code = artifact_cache_create(options->cache_directory, options->cache_bytes_max, options->clock,
                                 NULL, &builder->cache, error);
    if (code != 0)
        goto fail_cache;
    code = engine_create(&engine, &builder->engine, error);
    if (code != 0)
        goto fail_engine;
    code = compiler_init(&builder->compiler, artifact_cache_directory(builder->cache),
                         options->cache_bytes_max, error);
    if (code != 0)
        goto fail_compiler;
    code = process_init(&builder->process, error);
    if (code != 0)
        goto fail_process;
    code = bundler_init(&builder->bundler, error);
    if (code != 0)
        goto fail_bundler;
    transcript_init(&builder->transcript, STDERR_FILENO);
    *ret_builder = builder;
    return 0;

fail_bundler:
    process_fini(&builder->process);
fail_process:
    compiler_fini(&builder->compiler);
fail_compiler:
    engine_destroy(builder->engine);
fail_engine:
    artifact_cache_destroy(builder->cache);
fail_cache:
    free(builder);
    return code;
}

void builder_destroy(struct builder *builder)
{
    if (builder == NULL)
        return;
    type_check_destroy(builder->types);
    transcript_fini(&builder->transcript);
    bundler_fini(&builder->bundler);
    process_fini(&builder->process);
    compiler_fini(&builder->compiler);
    engine_destroy(builder->engine);
    artifact_cache_destroy(builder->cache);
    free(builder);
}

void builder_cancel(struct builder *builder)
{
    compiler_cancel(&builder->compiler);
    process_cancel(&builder->process);
    bundler_cancel(&builder->bundler);
    type_check_cancel(builder->types);
}

int builder_check_types(struct builder *builder, const struct type_check_options *options,
                        struct error *error)
{
    struct type_check *types;
    int code = type_check_create(options, &types, error);

    if (code == 0)
        builder->types = types;
    return code;
}

void builder_wait_for_types(struct builder *builder)
{
    type_check_wait(builder->types);
}

bool builder_has_colour(const struct builder *builder)
{
    return builder->options.colour;
}

struct slice builder_said(const struct builder *builder)
{
    return transcript_said(&builder->transcript);
}

void builder_forget_said(struct builder *builder)
{
    transcript_clear(&builder->transcript);
}

void builder_prepare_bundler(struct builder *builder, const struct bundler_request *request)
{
    struct error ignored;

    if (builder->options.develop)
        (void)bundler_start(&builder->bundler, request, &ignored);
}

int builder_bundle(struct builder *builder, const struct bundler_request *request, int *ret_status,
                   struct error *error)
{
    struct buffer said;
    int code;

    *ret_status = -1;
    if (!builder->options.develop)
        return 0;
    buffer_init(&said, BUNDLER_SAID_BYTES_MAX);
    code = bundler_ask(&builder->bundler, request, ret_status, &said, error);
    if (code == 0)
        transcript_add(&builder->transcript, buffer_slice(&said));
    buffer_fini(&said);
    /* The command says what is wrong with it. */
    if (code == ERROR_INTERNAL) {
        *ret_status = -1;
        return 0;
    }
    return code;
}

/* Runs it, and keeps what it says where that is wanted. */
static int run_process(struct builder *builder, struct process_options *options, int *ret_status,
                       struct error *error)
{
    int code;

    if (!builder->options.develop)
        return process_run(&builder->process, options, ret_status, error);
    code = transcript_begin(&builder->transcript, &options->errors, error);
    if (code != 0)
        return code;
    code = process_run(&builder->process, options, ret_status, error);
    transcript_end(&builder->transcript);
    return code;
}

int builder_run(struct builder *builder, const struct builder_tool *tool, int *ret_status,
                struct error *error)
{
    struct process_options options = {
        .program = tool->words[0],
        .words = tool->words,
        .output_to_errors = true,
        .folder = tool->folder,
        .group = true,
        .gentle = true,
    };
    char variable[PATH_MAX + sizeof("TMPDIR=")];
    char scratch[PATH_MAX];
    char **environment;
    int code;

    if (!tool->scratch)
        return run_process(builder, &options, ret_status, error);
    code = scratch_make(scratch, error);
    if (code != 0)
        return code;
    snprintf(variable, sizeof(variable), "TMPDIR=%s", scratch);
    environment = process_environment((const char *const *)environ, variable);
    options.environment = environment;
    code = environment != NULL ? run_process(builder, &options, ret_status, error)
                               : error_set_memory(error);
    free(environment);
    scratch_remove(scratch);
    return code;
}

/* The key of a component, or of what it is when it is instrumented. */
static int key_of(const struct builder *builder, struct slice component, bool instrumented,
                  struct artifact_key *ret_key, struct error *error)
{
    struct sha256 *hash;
    int code = sha256_begin(&hash, error);

    if (code != 0)
        return code;
    ret_key->fingerprint = engine_fingerprint(builder->engine);
    if (instrumented)
        code = sha256_add(hash, SLICE(INSTRUMENTED), error);
    if (code == 0)
        code = sha256_add(hash, component, error);
    if (code == 0)
        return sha256_finish(&hash, ret_key->component, error);
    sha256_abandon(hash);
    return code;
}

/* The artifact of a component, or of what it is when it is instrumented: from the cache or made
 * now. */
static int find_artifact(struct builder *builder, struct slice component, bool instrumented,
                         struct artifact **ret_artifact, uint64_t *ret_compile_ns,
                         struct error *error)
{
    int (*compile)(struct compiler *, const struct engine *, struct slice, struct compiled *,
                   struct error *) = instrumented ? compiler_instrument : compiler_run;
    const struct clock *clock = builder->options.clock;
    uint64_t begin_ns = clock_monotonic_ns(clock);
    struct artifact_key key;
    struct compiled compiled;
    int code = key_of(builder, component, instrumented, &key, error);

    if (code != 0)
        return code;
    /* A cache that cannot be read costs a compile, and nothing else. */
    if (artifact_cache_find(builder->cache, &key, ret_artifact, error) == 0)
        return 0;
    code = compile(&builder->compiler, builder->engine, component, &compiled, error);
    if (code != 0)
        return code;
    code = artifact_cache_put(builder->cache, &key, compiled.content, ret_artifact, error);
    compiled_fini(&compiled);
    *ret_compile_ns = clock_monotonic_ns(clock) - begin_ns;
    return code;
}

int builder_check(struct builder *builder, struct slice component,
                  const struct function_configuration *configuration, struct checked *ret_checked,
                  struct error *error)
{
    struct artifact *artifact = NULL;
    int code;

    *ret_checked = (struct checked){0};
    code = find_artifact(builder, component, false, &artifact, &ret_checked->compile_ns, error);
    if (code != 0)
        return code;
    code = trial_run(builder->engine, artifact_descriptor(artifact), configuration,
                     builder->options.clock, &ret_checked->start, error);
    artifact_release(artifact);
    return code;
}

int builder_snapshot(struct builder *builder, struct slice engine, struct slice input,
                     struct built *ret_built, struct error *error)
{
    struct snapshot_options options = {
        .component = engine,
        .input = input,
        .cpu_ns_max = builder->options.start_cpu_ns_max,
        .memory_bytes_max = builder->options.memory_bytes_max,
    };
    struct artifact *artifact = NULL;
    uint64_t begin_ns;
    int code;

    *ret_built = (struct built){0};
    code = find_artifact(builder, engine, true, &artifact, &ret_built->compile_ns, error);
    if (code != 0)
        return error_wrap(error, "the engine");
    begin_ns = clock_monotonic_ns(builder->options.clock);
    options.artifact = artifact_descriptor(artifact);
    code = compiler_snapshot(&builder->compiler, builder->engine, &options, &ret_built->compiled,
                             error);
    ret_built->snapshot_ns = clock_monotonic_ns(builder->options.clock) - begin_ns;
    artifact_release(artifact);
    return code;
}

void built_fini(struct built *built)
{
    compiled_fini(&built->compiled);
}
