/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
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

#include "base/check.h"
#include "base/file.h"
#include "fn0_bridge.h"

/* The child's descriptors. */
#define COMPONENT_DESCRIPTOR 3
#define RESULT_DESCRIPTOR 4

#define PROGRAM "/proc/self/exe"

/* What the child writes first; the artifact follows where it was well. */
struct result {
    uint64_t fingerprint; /* of the child's engine */
    struct error error;   /* its code is 0 where it was well */
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

/* Compiles what is in COMPONENT_DESCRIPTOR. */
static int compile(const struct engine_options *options, struct result *result,
                   struct fn0_bytes *ret_artifact)
{
    struct fn0_error reason;
    struct engine *engine;
    void *mapping;
    size_t bytes;
    int code = engine_create(options, &engine, &result->error);

    if (code != 0)
        return code;
    result->fingerprint = fn0_engine_fingerprint(engine_bridge(engine));
    code = map_file(COMPONENT_DESCRIPTOR, &mapping, &bytes, &result->error);
    if (code != 0)
        return code;
    if (fn0_component_compile(engine_bridge(engine),
                              (struct fn0_slice){.data = mapping, .bytes = bytes}, ret_artifact,
                              &reason) == 0)
        return 0;
    return error_set_component(&result->error, &reason);
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

int compiler_main(int count, char **words)
{
    struct engine_options options;
    uint64_t parent;
    struct fn0_bytes artifact = {0};
    struct result *result;
    struct slice head, content;

    if (count != 5 || !read_number(words[2], &parent) ||
        !read_number(words[3], &options.instances_max) ||
        !read_number(words[4], &options.memory_bytes_max))
        return 2;
    be_expendable();
    /* It may have ended before it could kill us. */
    if ((uint64_t)getppid() != parent)
        return 1;
    result = calloc(1, sizeof(*result));
    if (result == NULL)
        return 1;
    if (compile(&options, result, &artifact) == 0)
        result->error.code = 0;
    head = (struct slice){.data = (const char *)result, .bytes = sizeof(*result)};
    content = (struct slice){.data = (const char *)artifact.data, .bytes = artifact.bytes};
    if (file_write_descriptor(RESULT_DESCRIPTOR, "the result", head, NULL, NULL) != 0 ||
        file_write_descriptor(RESULT_DESCRIPTOR, "the result", content, NULL, NULL) != 0)
        _exit(1);
    /* Taking the engine down in order would only cost time. */
    _exit(0);
}

/* ---- The parent ------------------------------------------------------------------------------ */

int compiler_init(struct compiler *compiler, struct error *error)
{
    *compiler = (struct compiler){.child = 0};
    return pthread_mutex_init(&compiler->mutex, NULL) == 0 ? 0 : error_set_memory(error);
}

void compiler_fini(struct compiler *compiler)
{
    check(compiler->child == 0);
    pthread_mutex_destroy(&compiler->mutex);
}

void compiled_fini(struct compiled *compiled)
{
    if (compiled->mapping != NULL)
        munmap(compiled->mapping, compiled->mapping_bytes);
    *compiled = (struct compiled){0};
}

void compiler_cancel(struct compiler *compiler)
{
    pthread_mutex_lock(&compiler->mutex);
    compiler->cancelled = true;
    if (compiler->child != 0)
        kill(compiler->child, SIGKILL);
    pthread_mutex_unlock(&compiler->mutex);
}

/* Starts the child with the two files as its descriptors. Answers what errno says. Under the mutex.
 */
static int spawn(const struct engine *engine, int component, int result, pid_t *ret_child)
{
    const struct engine_options *options = engine_options(engine);
    char parent[24], instances[24], memory[24];
    char program[] = "fn0-compile", command[] = COMPILER_COMMAND;
    char *words[] = {program, command, parent, instances, memory, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int number;

    snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    snprintf(instances, sizeof(instances), "%" PRIu64, options->instances_max);
    snprintf(memory, sizeof(memory), "%" PRIu64, options->memory_bytes_max);
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    number = posix_spawnattr_init(&attributes);
    if (number != 0)
        goto fail_attributes;
    /* This thread has all signals blocked. */
    number = posix_spawnattr_setsigmask(&attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(&actions, component, COMPONENT_DESCRIPTOR);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(&actions, result, RESULT_DESCRIPTOR);
    if (number == 0)
        number = posix_spawn(ret_child, PROGRAM, &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
fail_attributes:
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

/* Starts the child and waits for its end. */
static int run_child(struct compiler *compiler, const struct engine *engine, int component,
                     int result, struct error *error)
{
    siginfo_t ended;
    int status = 0, number = 0;
    pid_t child = 0;
    bool cancelled;

    pthread_mutex_lock(&compiler->mutex);
    cancelled = compiler->cancelled;
    if (!cancelled)
        number = spawn(engine, component, result, &child);
    if (!cancelled && number == 0)
        compiler->child = child;
    pthread_mutex_unlock(&compiler->mutex);
    if (cancelled)
        return error_set(error, ERROR_CLOSED, "the compile was cancelled");
    if (number != 0)
        return error_set_errno(error, number, "cannot start a process that compiles");

    /* Not reaped while compiler_cancel may kill it, so its number is nobody else's. */
    while (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) != 0)
        check(errno == EINTR);
    pthread_mutex_lock(&compiler->mutex);
    compiler->child = 0;
    cancelled = compiler->cancelled;
    pthread_mutex_unlock(&compiler->mutex);
    while (waitpid(child, &status, 0) < 0)
        check(errno == EINTR);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (cancelled)
        return error_set(error, ERROR_CLOSED, "the compile was cancelled");
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
    int code = map_file(descriptor, &ret_compiled->mapping, &ret_compiled->mapping_bytes, error);

    if (code != 0)
        return code;
    result = ret_compiled->mapping;
    if (ret_compiled->mapping_bytes < sizeof(*result))
        code = error_set(error, ERROR_INTERNAL, "the compiler has said nothing");
    else if (result->error.code != 0)
        code = error_copy(error, &result->error);
    else if (result->fingerprint != fn0_engine_fingerprint(engine_bridge(engine)))
        code = error_set(error, ERROR_INTERNAL,
                         "the compiler is not of this engine: was fn0 replaced while it runs?");
    if (code != 0) {
        compiled_fini(ret_compiled);
        return code;
    }
    ret_compiled->content = (struct slice){
        .data = (const char *)ret_compiled->mapping + sizeof(*result),
        .bytes = ret_compiled->mapping_bytes - sizeof(*result),
    };
    return 0;
}

/* A file in memory whose descriptor is none of the child's. */
static int make_file(int *ret_descriptor, struct error *error)
{
    int low = memfd_create("fn0-compile", MFD_CLOEXEC);

    *ret_descriptor = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, RESULT_DESCRIPTOR + 1);
    if (low >= 0)
        close(low);
    return *ret_descriptor >= 0 ? 0 : error_set_errno(error, errno, "cannot make a file in memory");
}

int compiler_run(struct compiler *compiler, const struct engine *engine, struct slice component,
                 struct compiled *ret_compiled, struct error *error)
{
    int source = -1, result = -1;
    int code = make_file(&source, error);

    *ret_compiled = (struct compiled){0};
    if (code == 0)
        code = make_file(&result, error);
    if (code == 0)
        code = file_write_descriptor(source, "a file in memory", component, NULL, error);
    if (code == 0)
        code = run_child(compiler, engine, source, result, error);
    if (code == 0)
        code = read_result(engine, result, ret_compiled, error);
    if (source >= 0)
        close(source);
    if (result >= 0)
        close(result);
    return code;
}
