/* SPDX-License-Identifier: AGPL-3.0-only */

/* A worker for tests of the executor: a loop in a time of its own, a directory, budgets, versions,
 * and sinks that write down what they are told. Over the fake bridge and the fake client. Included
 * by one file of a test program. */

#ifndef FN0_TESTS_RUNTIME_WORLD_H
#define FN0_TESTS_RUNTIME_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/configuration.h"
#include "runtime/executor.h"

#include "fake_bridge.h"
#include "fake_client.h"

#define MS NANOSECONDS_PER_MILLISECOND
#define SECOND NANOSECONDS_PER_SECOND
#define TURN_NS (MS / 50)

/* A version with a configuration of its own. */
struct test_version {
    struct version version;
    struct function_configuration configuration;
};

struct world {
    struct loop *loop;
    struct engine *engine;
    struct budget budget;
    struct directory *directory;
    struct host_configuration configuration;
    struct executor *executor;
    struct log *log;
    int log_fd;
    bool closed;
    char output[512]; /* what guests wrote, with the ends of calls as "." */
};

/* What a sink was told. */
struct seen {
    char story[512]; /* "head 200, body hello, whole, end ok" */
    int code;
    bool over;
    struct call_usage usage;
    struct call *call;
    uint64_t ended_ns;
    const char *cancel_at;         /* cancels its call when the story's last word begins so */
    void (*at)(struct seen *seen); /* called at `cancel_at` instead */
    void *mind;
};

static inline void tell(struct seen *seen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void tell(struct seen *seen, const char *format, ...)
{
    char word[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(word, sizeof word, format, arguments);
    va_end(arguments);
    size_t used = strlen(seen->story);
    snprintf(seen->story + used, sizeof seen->story - used, "%s%s", used ? ", " : "", word);
    if (!seen->cancel_at || strncmp(word, seen->cancel_at, strlen(seen->cancel_at)) != 0)
        return;
    seen->cancel_at = NULL;
    if (seen->at)
        seen->at(seen);
    else
        call_cancel(seen->call);
}

static void seen_head(void *context, uint32_t status, const struct field *fields, size_t count)
{
    (void)fields, (void)count;
    tell(context, "head %u", status);
}

static void seen_body(void *context, struct slice data)
{
    tell(context, "body %.*s", (int)(data.bytes < 64 ? data.bytes : 64), data.data);
}

static void seen_response_end(void *context, const struct field *trailers, size_t count)
{
    (void)trailers, (void)count;
    tell(context, "whole");
}

static void seen_response_cut(void *context)
{
    tell(context, "cut");
}

static void seen_body_wanted(void *context)
{
    tell(context, "wanted");
}

static void seen_body_held(void *context)
{
    tell(context, "held");
}

static void seen_body_consumed(void *context, size_t bytes)
{
    tell(context, "consumed %zu", bytes);
}

static void seen_end(void *context, int code, const struct call_usage *usage)
{
    struct seen *seen = context;
    seen->code = code;
    seen->over = true;
    seen->usage = *usage;
    seen->ended_ns = fake.wall_ns;
    tell(seen, "end %s", code ? error_info(code)->label : "ok");
}

static const struct call_sink seen_sink = {
    .head = seen_head,
    .body = seen_body,
    .response_end = seen_response_end,
    .response_cut = seen_response_cut,
    .body_wanted = seen_body_wanted,
    .body_held = seen_body_held,
    .body_consumed = seen_body_consumed,
    .end = seen_end,
};

static inline void version_fill(struct test_version *version, const char *name, const char *id)
{
    memset(version, 0, sizeof *version);
    limits_set_cloud(&version->configuration.limits);
    version->configuration.instance.uses_max = LIMIT_NONE;
    version->configuration.instance.idle_time_ns = 60 * SECOND;
    version->configuration.instance.warm_max = 100;
    version->configuration.instance.memory_mark_bytes = 64 << 20;
    version->version.account = "default";
    version->version.name = name;
    snprintf(version->version.id, VERSION_ID_BYTES, "%-64.64s", id);
    version->version.configuration = &version->configuration;
}

static void world_output(void *context, const struct version *version, struct slice request_id,
                         bool is_stderr, struct slice data)
{
    struct world *world = context;
    (void)version, (void)request_id;
    size_t used = strlen(world->output);
    snprintf(world->output + used, sizeof world->output - used, "%s%.*s", is_stderr ? "!" : "",
             (int)data.bytes, data.data);
}

static void world_output_end(void *context, const struct version *version, struct slice request_id)
{
    struct world *world = context;
    (void)version, (void)request_id;
    strcat(world->output, ".");
}

/* One turn of the loop, in which a little time goes by. */
static inline void turn(struct world *world)
{
    fake_sleep(TURN_NS);
    loop_run_once(world->loop, 0);
}

static inline void turns(struct world *world, unsigned count)
{
    while (count-- > 0)
        turn(world);
}

static inline void world_init(struct world *world, uint64_t slots, fake_handler handler)
{
    struct error error;
    memset(world, 0, sizeof *world);
    memset(&fake_clients, 0, sizeof fake_clients);
    fake_reset(handler);
    FILE *file = tmpfile();
    world->log_fd = dup(fileno(file));
    fclose(file);
    assert_int_equal(
        log_create(world->log_fd, LOG_INFO, LOG_FORMAT_JSON, false, &fake_clock, &world->log), 0);
    assert_int_equal(loop_create(&fake_clock, &world->loop, &error), 0);
    const struct engine_options engine = {.instances_max = 10, .memory_bytes_max = 65536};
    assert_int_equal(engine_create(&engine, &world->engine, &error), 0);
    assert_int_equal(directory_create(world->loop, &world->directory, &error), 0);
    budget_init(&world->budget, slots, 100, LIMIT_NONE);
    limits_set_cloud(&world->configuration.function.limits);
    const struct executor_options options = {
        .loop = world->loop,
        .engine = world->engine,
        .budget = &world->budget,
        .directory = world->directory,
        .configuration = &world->configuration,
        .output = {.context = world, .write = world_output, .end = world_output_end},
        .log = world->log,
    };
    assert_int_equal(executor_create(&options, &world->executor, &error), 0);
}

static void world_closed(void *context)
{
    struct world *world = context;
    world->closed = true;
    world->executor = NULL;
}

/* Ends all, and sees that nothing is left. */
static inline void world_fini(struct world *world)
{
    if (!world->closed)
        executor_close(world->executor, world_closed, world);
    for (int i = 0; i < 100 && !world->closed; i++) {
        fake_sleep(MS);
        turn(world);
    }
    assert_true(world->closed);
    assert_int_equal(fake.instances_alive, 0);
    assert_int_equal(fake.calls_alive, 0);
    assert_int_equal(fake_clients.alive, 0);
    assert_int_equal(fake_clients.requests_alive, 0);
    budget_fini(&world->budget);
    directory_destroy(world->directory);
    engine_destroy(world->engine);
    loop_destroy(world->loop);
    log_destroy(world->log);
    close(world->log_fd);
}

static inline void publish(struct world *world, const char *name, enum function_state state,
                           struct test_version *version)
{
    const struct publication publication = {
        .name = name,
        .state = state,
        .version = version ? &version->version : NULL,
        .code = state == FUNCTION_BROKEN ? ERROR_COMPONENT_INVALID : 0,
    };
    assert_int_equal(directory_publish(world->directory, &publication, NULL, NULL), 0);
    turn(world);
}

/* A world with a function that is ready, "one". */
static inline void world_init_with_one(struct world *world, uint64_t slots, fake_handler handler,
                                       struct test_version *version)
{
    world_init(world, slots, handler);
    version_fill(version, "one", "aa");
    publish(world, "one", FUNCTION_READY, version);
}

static inline void unpublish(struct world *world, const char *name)
{
    const struct publication publication = {.name = name, .removed = true};
    assert_int_equal(directory_publish(world->directory, &publication, NULL, NULL), 0);
    turn(world);
}

static inline int start_request(struct world *world, const char *name,
                                const struct call_request *request, struct seen *seen)
{
    struct error error;
    struct directory_entry *entry = directory_find(world->directory, slice_of(name));
    assert_non_null(entry);
    return call_start(world->executor, entry, request, 1000, &seen_sink, seen, &seen->call, &error);
}

/* Starts a call of `name`; `seen` must be zero but for its hooks. */
static inline int start(struct world *world, const char *name, const char *path, struct seen *seen)
{
    const struct call_request request = {
        .method = SLICE("GET"),
        .authority = SLICE("localhost"),
        .path_with_query = slice_of(path),
        .request_id = SLICE("request-1"),
    };
    return start_request(world, name, &request, seen);
}

/* A call from its start to its end, within a few turns. */
static inline struct seen run_call(struct world *world, const char *name, const char *path)
{
    struct seen seen = {.code = 1};
    assert_int_equal(start(world, name, path, &seen), 0);
    for (int i = 0; i < 100 && !seen.over; i++)
        turn(world);
    assert_true(seen.over);
    return seen;
}

/* How often the log says `text`. */
static inline unsigned logged(struct world *world, const char *text)
{
    static char memory[65536];
    ssize_t bytes = pread(world->log_fd, memory, sizeof memory - 1, 0);
    assert_true(bytes >= 0);
    memory[bytes] = 0;
    unsigned count = 0;
    for (const char *at = memory; (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

#endif
