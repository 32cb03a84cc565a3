/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/loader.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/check.h"
#include "fn0_bridge.h"
#include "runtime/compiler.h"

#define LOADER_NICE 10
#define ACCOUNT "default"

struct loader_thread {
    struct loader *loader;
    struct compiler compiler;
    pthread_t thread;
};

struct loader {
    struct loader_options options;
    struct loader_thread *threads;
    unsigned thread_count; /* started */
    _Atomic unsigned threads_running;
    struct loop_message ended; /* the last thread has ended */
    void (*closed)(void *context);
    void *closed_context;

    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t work;   /* the queue has something, or `ending` */
    struct list queue;
    bool ending;
};

/* ---- One load, on a thread of the loader's --------------------------------------------------- */

static int fail(struct load *load)
{
    load->outcome = LOAD_FAILED;
    return load->error.code;
}

/* Whether a component that makes no sense may be the first part of one that somebody is writing. A
 * core module or a text never becomes a component by going on. */
static bool may_be_unfinished(struct slice component)
{
    static const char preamble[8] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    static const char zeros[8];
    size_t bytes = component.bytes < sizeof(preamble) ? component.bytes : sizeof(preamble);

    return bytes == 0 || memcmp(component.data, preamble, bytes) == 0 ||
           memcmp(component.data, zeros, bytes) == 0;
}

static bool same_source(const struct source *a, const struct source *b)
{
    return a->known && b->known && memcmp(a->component, b->component, SHA256_BYTES) == 0 &&
           memcmp(a->configuration, b->configuration, SHA256_BYTES) == 0;
}

/* Compiles a component and gives the artifact to the cache. */
static int compile(struct load *load, const struct artifact_key *key, struct slice component,
                   struct artifact **ret_artifact)
{
    const struct loader_options *options = &load->loader->options;
    const struct clock *clock = loop_clock(options->loop);
    uint64_t begin_ns = clock_monotonic_ns(clock);
    struct compiled compiled;
    int code;

    load->compiled = true;
    code =
        compiler_run(&load->thread->compiler, options->engine, component, &compiled, &load->error);
    if (code != 0)
        return code;
    load->compile_ns = clock_monotonic_ns(clock) - begin_ns;
    code = artifact_cache_put(options->cache, key, compiled.content, ret_artifact, &load->error);
    compiled_fini(&compiled);
    return code;
}

static int find_or_compile(struct load *load, struct slice component,
                           struct artifact **ret_artifact)
{
    const struct loader_options *options = &load->loader->options;
    struct artifact_key key = {
        .fingerprint = fn0_engine_fingerprint(engine_bridge(options->engine)),
    };
    int code;

    memcpy(key.component, load->source.component, SHA256_BYTES);
    code = artifact_cache_find(options->cache, &key, ret_artifact, &load->error);
    if (code == 0)
        return 0;
    if (code != ERROR_NOT_FOUND)
        LOG(options->log, LOG_WARNING, "the cache cannot be read: compiling",
            log_string("function", load->name), log_string("reason", load->error.message));
    return compile(load, &key, component, ret_artifact);
}

/* It may come yet, and until then every request is the function's. */
static void warn_without_assets(const struct load *load,
                                const struct function_configuration *configuration)
{
    struct stat status;
    const char *folder = configuration->assets.folder;

    if (folder != NULL && (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)))
        LOG(load->loader->options.log, LOG_WARNING, "the folder of assets is missing",
            log_string("function", load->name), log_string("folder", folder));
}

/* Makes the version of what was read. Sets the outcome. */
static void make_version(struct load *load, const struct code *code)
{
    const struct loader_options *options = &load->loader->options;
    char component_path[PATH_MAX], configuration_path[PATH_MAX];
    struct function_configuration *configuration = NULL;
    struct artifact *artifact = NULL;
    struct fn0_component *component;

    options->provider->describe(options->provider->self, load->name, component_path,
                                configuration_path, PATH_MAX);
    if (function_configuration_create(options->configuration, configuration_path,
                                      buffer_slice(&code->configuration), &configuration,
                                      &load->error) != 0) {
        load->outcome = code->fresh ? LOAD_AGAIN : LOAD_FAILED;
        return;
    }
    warn_without_assets(load, configuration);
    if (find_or_compile(load, code->component, &artifact) != 0) {
        function_configuration_destroy(configuration);
        fail(load);
        if (load->error.code == ERROR_COMPONENT_INVALID && code->fresh &&
            may_be_unfinished(code->component))
            load->outcome = LOAD_AGAIN;
        else
            error_wrap(&load->error, "%s", component_path);
        return;
    }
    if (version_create(ACCOUNT, load->name, load->source.component, configuration, artifact,
                       options->engine, &load->version, &load->error) != 0) {
        fail(load);
        return;
    }
    /* What cannot be loaded is known now, not when it is first called. */
    if (version_component(load->version, &component, &load->error) != 0) {
        error_wrap(&load->error, "%s", component_path);
        version_release(load->version);
        load->version = NULL;
        fail(load);
        return;
    }
    if (!load->keep_mapped)
        version_unmap(load->version);
    load->outcome = LOAD_READY;
}

static void run_load(struct load *load)
{
    const struct code_provider *provider = load->loader->options.provider;
    struct code code;
    int result;

    code_init(&code);
    result = provider->read(provider->self, load->name, &code, &load->error);
    if (result == ERROR_NOT_FOUND) {
        load->outcome = LOAD_GONE;
    } else if (result != 0) {
        fail(load);
    } else if (code.torn) {
        load->outcome = LOAD_AGAIN;
    } else if (sha256_of(code.component, load->source.component, &load->error) != 0 ||
               sha256_of(buffer_slice(&code.configuration), load->source.configuration,
                         &load->error) != 0) {
        fail(load);
    } else {
        load->source.known = true;
        if (same_source(&load->source, &load->current))
            load->outcome = LOAD_UNCHANGED;
        else if (same_source(&load->source, &load->refused))
            load->outcome = LOAD_KNOWN;
        else
            make_version(load, &code);
    }
    code_fini(&code);
}

/* ---- Threads --------------------------------------------------------------------------------- */

/* The next load, or NULL at the end. */
static struct load *take(struct loader *loader)
{
    struct list *link = NULL;

    pthread_mutex_lock(&loader->mutex);
    while (!loader->ending && list_empty(&loader->queue))
        pthread_cond_wait(&loader->work, &loader->mutex);
    if (!loader->ending)
        link = list_pop_front(&loader->queue);
    pthread_mutex_unlock(&loader->mutex);
    return link != NULL ? container_of(link, struct load, link) : NULL;
}

static void *work(void *argument)
{
    struct loader_thread *thread = argument;
    struct loader *loader = thread->loader;
    struct load *load;

    /* On Linux this is the calling thread's, and its children's. */
    (void)setpriority(PRIO_PROCESS, 0, LOADER_NICE);
    while ((load = take(loader)) != NULL) {
        load->thread = thread;
        run_load(load);
        loop_post(loader->options.loop, &load->message);
    }
    if (atomic_fetch_sub(&loader->threads_running, 1) == 1)
        loop_post(loader->options.loop, &loader->ended);
    return NULL;
}

static void load_finished(struct loop_message *message)
{
    struct load *load = container_of(message, struct load, message);

    check((load->outcome == LOAD_READY) == (load->version != NULL));
    check(load->outcome != LOAD_FAILED || load->error.code != 0);
    load->finished(load);
}

void loader_submit(struct loader *loader, struct load *load)
{
    check(load->name && load->finished && loop_is_current(loader->options.loop));
    load->loader = loader;
    load->version = NULL;
    load->compiled = false;
    load->compile_ns = 0;
    load->source.known = false;
    loop_message_init(&load->message, load_finished);
    pthread_mutex_lock(&loader->mutex);
    check(!loader->ending);
    list_push_back(&loader->queue, &load->link);
    pthread_cond_signal(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_loader(struct loader *loader)
{
    for (unsigned i = 0; i < loader->thread_count; i++) {
        int number = pthread_join(loader->threads[i].thread, NULL);
        check(number == 0);
        compiler_fini(&loader->threads[i].compiler);
    }
    pthread_cond_destroy(&loader->work);
    pthread_mutex_destroy(&loader->mutex);
    free(loader->threads);
    free(loader);
}

/* No thread works any more. */
static void threads_ended(struct loop_message *message)
{
    struct loader *loader = container_of(message, struct loader, ended);
    void (*closed)(void *) = loader->closed;
    void *context = loader->closed_context;
    struct list *link;

    while ((link = list_pop_front(&loader->queue)) != NULL) {
        struct load *load = container_of(link, struct load, link);
        load->outcome = LOAD_AGAIN;
        load->finished(load);
    }
    free_loader(loader);
    if (closed != NULL)
        closed(context);
}

static void end_threads(struct loader *loader)
{
    pthread_mutex_lock(&loader->mutex);
    loader->ending = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
    for (unsigned i = 0; i < loader->thread_count; i++)
        compiler_cancel(&loader->threads[i].compiler);
}

/* Signals are for the main thread. */
static int start_thread(struct loader *loader, struct error *error)
{
    struct loader_thread *thread = &loader->threads[loader->thread_count];
    sigset_t all, before;
    int number;
    int code = compiler_init(&thread->compiler, artifact_cache_directory(loader->options.cache),
                             loader->options.configuration->cache_bytes_max, error);

    if (code != 0)
        return code;
    thread->loader = loader;
    sigfillset(&all);
    number = pthread_sigmask(SIG_SETMASK, &all, &before);
    check(number == 0);
    number = pthread_create(&thread->thread, NULL, work, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0) {
        compiler_fini(&thread->compiler);
        return error_set_errno(error, number, "cannot start a thread that compiles");
    }
    (void)pthread_setname_np(thread->thread, "fn0-loader");
    loader->thread_count++;
    return 0;
}

int loader_create(const struct loader_options *options, struct loader **ret_loader,
                  struct error *error)
{
    struct loader *loader = calloc(1, sizeof(*loader));
    int code = 0;

    check(options->threads > 0);
    if (loader == NULL)
        return error_set_memory(error);
    loader->options = *options;
    list_init(&loader->queue);
    loop_message_init(&loader->ended, threads_ended);
    loader->threads = calloc(options->threads, sizeof(*loader->threads));
    if (loader->threads == NULL)
        goto fail_threads;
    if (pthread_mutex_init(&loader->mutex, NULL) != 0)
        goto fail_mutex;
    if (pthread_cond_init(&loader->work, NULL) != 0)
        goto fail_condition;
    /* One more than there are, so that none of them is the last before all have started. */
    atomic_init(&loader->threads_running, options->threads + 1);
    while (code == 0 && loader->thread_count < options->threads)
        code = start_thread(loader, error);
    if (code != 0) {
        end_threads(loader);
        free_loader(loader);
        return code;
    }
    atomic_fetch_sub(&loader->threads_running, 1);
    *ret_loader = loader;
    return 0;

fail_condition:
    pthread_mutex_destroy(&loader->mutex);
fail_mutex:
    free(loader->threads);
fail_threads:
    free(loader);
    return error_set_memory(error);
}

void loader_close(struct loader *loader, void (*closed)(void *context), void *context)
{
    check(!loader->ending);
    loader->closed = closed;
    loader->closed_context = context;
    end_threads(loader);
}
