/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/engine.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "fn0_bridge.h"
#include "runtime/bridge_types.h"
#include "store/code_cache.h"
#include "tables/limits.h"

/* The pool's sizes of one instance. Measured of hellos, at least needed:
 *
 *                             Rust        C   JavaScript     Python
 *     core instances             3        4            4         14
 *     memories                   1        1            1          1
 *     tables                     2        2            2          2
 *     elements of a table       56       22        7,780      5,764
 *     core instance, bytes   4,273    3,937      209,521    242,049
 *     component, bytes       7,364    9,020      225,100    415,812
 *
 * Applications have more functions than hellos (each costs 32 bytes, and perhaps an element),
 * Python's native modules are core instances of their own, and components composed of others have
 * their sums. Memories and tables cost address space for each instance of the pool; the others are
 * bounds only. */
#define CORE_INSTANCES_PER_COMPONENT 128
#define MEMORIES_PER_COMPONENT 3
#define TABLES_PER_COMPONENT 10
#define TABLE_ELEMENTS 65536
#define CORE_INSTANCE_BYTES (4 * 1024 * 1024)
#define COMPONENT_INSTANCE_BYTES (8 * 1024 * 1024)
/* Before a JavaScript function that calls itself without end gets its RangeError, QuickJS has
 * counted 1.5 MB, which are up to twice as many here: with less it would trap. Costs address space
 * only. */
#define STACK_BYTES (4 * 1024 * 1024)

/* What a slot of the pool keeps resident for its next user: zeroing costs less than page faults up
 * to about this. */
#define MEMORY_KEEP_RESIDENT_BYTES (256 * 1024)
#define TABLE_KEEP_RESIDENT_BYTES (16 * 1024)

#define MEMORY_BYTES_MAX (4ull << 30)
#define PAGE_BYTES 65536ull

/* The time of the last poll is stored at most so often, so that workers don't fight for its line.
 */
#define RUNNING_STEP_NS 10000000

/* So many ticks without a poll, and the ticker sleeps: RUNNING_STEP_NS and 40 ms more. */
#define IDLE_TICKS 50

static_assert(RUNNING_STEP_NS < IDLE_TICKS * ENGINE_TICK_NS,
              "the ticker hears of guests that run before it falls asleep");
static_assert(MEMORY_BYTES_MAX % PAGE_BYTES == 0, "memories are whole pages");
static_assert(MEMORY_KEEP_RESIDENT_BYTES % 4096 == 0 && TABLE_KEEP_RESIDENT_BYTES % 4096 == 0,
              "what is kept resident is whole pages of the system");

struct engine {
    struct fn0_engine *bridge;
    struct engine_options options;
    pthread_t ticker;
    _Atomic uint64_t running_ns; /* about when a guest was last polled */
    _Atomic bool asleep;         /* the ticker waits for `awake` */
    _Atomic bool ending;
    _Atomic uint64_t ticks;
    sem_t awake;
    _Atomic(struct engine_rest *) rests; /* the newest first */
};

/* Waits until guests run again. `seen_ns`: what the ticker knows of running_ns. */
static void sleep_until_running(struct engine *engine, uint64_t seen_ns)
{
    atomic_store(&engine->asleep, true);
    /* Whoever stores running_ns (or ending) looks at `asleep` after that: one of us sees the other.
     */
    if ((atomic_load(&engine->running_ns) != seen_ns || atomic_load(&engine->ending)) &&
        atomic_exchange(&engine->asleep, false))
        return;
    while (sem_wait(&engine->awake) != 0)
        check(errno == EINTR);
}

/* What sched_setattr(2) takes; the C library knows neither. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};

/* Has the ticker run as soon as its pause is over, also when all cores are busy. It does next to
 * nothing, so nobody is the worse for it. Measured with as many busy threads as cores, pauses of 1
 * ms took at the 99.9th percentile 23 ms; 17 ms with a short slice, which everybody may have; 2 ms
 * in real time, which needs CAP_SYS_NICE. */
static void be_prompt(void)
{
    const struct sched_param real_time = {.sched_priority = 1};
    struct scheduling slice = {
        .size = sizeof(slice),
        .policy = SCHED_OTHER,
        .runtime_ns = 100000,
    };

    /* The standard 50 us are much of a tick. */
    (void)prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &real_time) != 0)
        (void)syscall(SYS_sched_setattr, 0, &slice, 0u);
}

static void *tick(void *argument)
{
    struct engine *engine = argument;
    const struct timespec pause = {.tv_nsec = ENGINE_TICK_NS};
    uint64_t seen_ns = atomic_load(&engine->running_ns);
    unsigned idle_ticks = IDLE_TICKS;

    be_prompt();
    while (!atomic_load(&engine->ending)) {
        uint64_t running_ns = atomic_load(&engine->running_ns);
        if (running_ns != seen_ns) {
            seen_ns = running_ns;
            idle_ticks = 0;
        }
        if (idle_ticks >= IDLE_TICKS) {
            sleep_until_running(engine, seen_ns);
            idle_ticks = 0;
            continue;
        }
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        fn0_engine_tick(engine->bridge);
        atomic_fetch_add_explicit(&engine->ticks, 1, memory_order_relaxed);
        idle_ticks++;
    }
    return NULL;
}

/* Starts the ticker with all signals blocked: those are for the main thread. */
static int start_ticker(struct engine *engine)
{
    sigset_t all, before;
    int number;

    sigfillset(&all);
    number = pthread_sigmask(SIG_SETMASK, &all, &before);
    check(number == 0);
    number = pthread_create(&engine->ticker, NULL, tick, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number == 0)
        (void)pthread_setname_np(engine->ticker, "fn0-ticker");
    return number;
}

static uint64_t memory_bytes(const struct engine_options *options)
{
    uint64_t bytes = options->memory_bytes_max;

    if (bytes > MEMORY_BYTES_MAX)
        return MEMORY_BYTES_MAX;
    bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return bytes > 0 ? bytes : PAGE_BYTES;
}

/* ---- The bridge's questions for compiled functions ------------------------------------------- */

static bool find_code(void *context, struct fn0_slice key, struct fn0_slice *ret_code)
{
    struct slice code;

    if (!code_cache_find(context, slice_from_bridge(key), &code))
        return false;
    *ret_code = slice_to_bridge(code);
    return true;
}

static void keep_code(void *context, struct fn0_slice key, struct fn0_slice code)
{
    code_cache_keep(context, slice_from_bridge(key), slice_from_bridge(code));
}

int engine_create(const struct engine_options *options, struct engine **ret_engine,
                  struct error *error)
{
    struct fn0_error reason;
    struct engine *engine;
    struct fn0_engine_options pool = {
        .instances_max = (uint32_t)options->instances_max,
        .core_instances_per_component_max = CORE_INSTANCES_PER_COMPONENT,
        .memories_per_component_max = MEMORIES_PER_COMPONENT,
        .tables_per_component_max = TABLES_PER_COMPONENT,
        .table_elements_max = TABLE_ELEMENTS,
        .memory_bytes_max = memory_bytes(options),
        .core_instance_bytes_max = CORE_INSTANCE_BYTES,
        .component_instance_bytes_max = COMPONENT_INSTANCE_BYTES,
        .stack_bytes = STACK_BYTES,
        .memory_keep_resident_bytes = MEMORY_KEEP_RESIDENT_BYTES,
        .table_keep_resident_bytes = TABLE_KEEP_RESIDENT_BYTES,
        .parallel_compilation = true,
        .code_find = options->code != NULL ? find_code : NULL,
        .code_keep = options->code != NULL ? keep_code : NULL,
        .code_context = options->code,
    };
    int code;

    if (options->instances_max == 0 || options->instances_max > UINT32_MAX)
        return error_set(error, ERROR_CONFIGURATION, "%llu instances cannot be",
                         (unsigned long long)options->instances_max);
    engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        return error_set_memory(error);
    engine->options = *options;
    if (fn0_engine_create(&pool, &engine->bridge, &reason) != 0) {
        code = reason.code == FN0_ERROR_OUT_OF_MEMORY ? ERROR_OUT_OF_MEMORY : ERROR_SYSTEM;
        error_set(error, code, "%s", reason.message);
        goto fail_bridge;
    }
    if (sem_init(&engine->awake, 0, 0) != 0) {
        code = error_set_errno(error, errno, "cannot make the ticker");
        goto fail_semaphore;
    }
    code = start_ticker(engine);
    if (code != 0) {
        code = error_set_errno(error, code, "cannot start the ticker");
        goto fail_ticker;
    }
    *ret_engine = engine;
    return 0;

fail_ticker:
    sem_destroy(&engine->awake);
fail_semaphore:
    fn0_engine_destroy(engine->bridge);
fail_bridge:
    free(engine);
    return code;
}

void engine_leave(struct engine *engine, struct engine_rest *rest)
{
    struct engine_rest *head = atomic_load(&engine->rests);

    check(rest->destroy && !atomic_load(&engine->ending));
    do
        rest->next = head;
    while (!atomic_compare_exchange_weak(&engine->rests, &head, rest));
}

static void destroy_rests(struct engine *engine)
{
    struct engine_rest *rest = atomic_load(&engine->rests);

    while (rest != NULL) {
        struct engine_rest *next = rest->next;
        rest->destroy(rest);
        rest = next;
    }
}

void engine_destroy(struct engine *engine)
{
    int number;

    if (engine == NULL)
        return;
    atomic_store(&engine->ending, true);
    if (atomic_exchange(&engine->asleep, false))
        sem_post(&engine->awake);
    number = pthread_join(engine->ticker, NULL);
    check(number == 0);
    sem_destroy(&engine->awake);
    fn0_engine_destroy(engine->bridge);
    destroy_rests(engine);
    free(engine);
}

struct fn0_engine *engine_bridge(const struct engine *engine)
{
    return engine->bridge;
}

uint64_t engine_fingerprint(const struct engine *engine)
{
    return fn0_engine_fingerprint(engine->bridge);
}

const struct engine_options *engine_options(const struct engine *engine)
{
    return &engine->options;
}

void engine_running(struct engine *engine, uint64_t now_ns)
{
    uint64_t running_ns = atomic_load_explicit(&engine->running_ns, memory_order_relaxed);

    /* Signed: the loop of another worker may be ahead. */
    if ((int64_t)(now_ns - running_ns) > RUNNING_STEP_NS)
        atomic_store(&engine->running_ns, now_ns);
    if (atomic_load(&engine->asleep) && atomic_exchange(&engine->asleep, false))
        sem_post(&engine->awake);
}

uint64_t engine_ticks(const struct engine *engine)
{
    return atomic_load_explicit(&engine->ticks, memory_order_relaxed);
}

int error_set_component(struct error *error, const struct fn0_error *from)
{
    int code;

    switch (from->code) {
    case FN0_ERROR_NOT_A_COMPONENT:
        code = ERROR_COMPONENT_INVALID;
        break;
    case FN0_ERROR_UNSUPPORTED_IMPORT:
        code = ERROR_COMPONENT_IMPORT;
        break;
    case FN0_ERROR_MISSING_EXPORT:
        code = ERROR_COMPONENT_EXPORT;
        break;
    case FN0_ERROR_THREADS:
        code = ERROR_COMPONENT_THREADS;
        break;
    case FN0_ERROR_TOO_LARGE:
        code = ERROR_COMPONENT_SIZE;
        break;
    case FN0_ERROR_OUT_OF_MEMORY:
        code = ERROR_OUT_OF_MEMORY;
        break;
    case FN0_ERROR_SYSTEM:
        code = ERROR_SYSTEM;
        break;
    default:
        code = ERROR_INTERNAL;
        break;
    }
    return error_set(error, code, "%s", from->message);
}
