/* SPDX-License-Identifier: AGPL-3.0-only */

/* The executor over the real bridge and the probe guest (tests/guests/rust/probe). Bounds on time
 * leave room: half of a limit passes, the limit and a lot more is ended. */

#include "runtime/executor.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "fake_client.h"
#include "fn0_bridge.h"
#include "runtime/version.h"
#include "store/artifact_cache.h"

#define MS NANOSECONDS_PER_MILLISECOND
#define SECOND NANOSECONDS_PER_SECOND
#define WINDOW_BYTES 65536

struct world {
    char folder[64];
    struct log *log;
    int log_fd;
    struct host_configuration *configuration;
    struct loop *loop;
    struct engine *engine;
    struct artifact_cache *cache;
    struct artifact *artifact;
    struct budget budget;
    struct directory *directory;
    struct executor *executor;
    bool closed;
    char output[4096];
    struct sigaction trap_actions[4];
};

/* What a sink was told; its body is taken at once. */
struct seen {
    struct call *call;
    struct world *world;
    uint32_t status;
    char body[4096];
    size_t body_bytes; /* told, of which `body` has the beginning */
    bool holds_window; /* gives no window back */
    bool whole, cut, wanted, over;
    size_t consumed;
    int code;
    struct call_usage usage;
    uint64_t started_ns, ended_ns;
};

static void on_head(void *context, uint32_t status, const struct field *fields, size_t count)
{
    (void)fields, (void)count;
    ((struct seen *)context)->status = status;
}

static void on_body(void *context, struct slice data)
{
    struct seen *seen = context;
    if (seen->body_bytes + data.bytes < sizeof seen->body)
        memcpy(seen->body + seen->body_bytes, data.data, data.bytes);
    seen->body_bytes += data.bytes;
    if (!seen->holds_window)
        call_window(seen->call, data.bytes);
}

static void on_response_end(void *context, const struct field *trailers, size_t count)
{
    (void)trailers, (void)count;
    ((struct seen *)context)->whole = true;
}

static void on_response_cut(void *context)
{
    ((struct seen *)context)->cut = true;
}

static void on_body_wanted(void *context)
{
    ((struct seen *)context)->wanted = true;
}

static void on_body_held(void *context)
{
    (void)context;
}

static void on_body_consumed(void *context, size_t bytes)
{
    ((struct seen *)context)->consumed += bytes;
}

static void on_end(void *context, int code, const struct call_usage *usage)
{
    struct seen *seen = context;
    seen->code = code;
    seen->usage = *usage;
    seen->over = true;
    seen->ended_ns = clock_monotonic_ns(clock_system());
}

static const struct call_sink sink = {
    .head = on_head,
    .body = on_body,
    .response_end = on_response_end,
    .response_cut = on_response_cut,
    .body_wanted = on_body_wanted,
    .body_held = on_body_held,
    .body_consumed = on_body_consumed,
    .end = on_end,
};

static void on_output(void *context, const struct version *version, struct slice request_id,
                      bool is_stderr, struct slice data)
{
    struct world *world = context;
    (void)version, (void)request_id, (void)is_stderr;
    strncat(world->output, data.data, data.bytes);
}

static void on_output_end(void *context, const struct version *version, struct slice request_id)
{
    (void)version, (void)request_id;
    strcat(((struct world *)context)->output, ".");
}

/* ---- Signals --------------------------------------------------------------------------------- */

/* wasmtime makes traps of these. cmocka takes them over before each test. */
static const int trap_signals[] = {SIGILL, SIGSEGV, SIGFPE, SIGBUS};
#define TRAP_SIGNAL_COUNT (sizeof trap_signals / sizeof *trap_signals)

static void signals_keep(struct world *world)
{
    for (size_t i = 0; i < TRAP_SIGNAL_COUNT; i++)
        assert_int_equal(sigaction(trap_signals[i], NULL, &world->trap_actions[i]), 0);
}

static void signals_give_back(struct world *world)
{
    for (size_t i = 0; i < TRAP_SIGNAL_COUNT; i++)
        assert_int_equal(sigaction(trap_signals[i], &world->trap_actions[i], NULL), 0);
}

/* ---- A worker -------------------------------------------------------------------------------- */

static struct slice file_read(const char *name)
{
    const char *folder = getenv("FN0_GUESTS");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "build/guests", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing: make guests", path);
    struct stat status;
    assert_int_equal(fstat(fileno(file), &status), 0);
    char *data = malloc((size_t)status.st_size);
    assert_int_equal(fread(data, 1, (size_t)status.st_size, file), (size_t)status.st_size);
    fclose(file);
    return (struct slice){data, (size_t)status.st_size};
}

static struct artifact *compile(struct world *world, const char *name)
{
    struct slice wasm = file_read(name);
    struct fn0_bytes bytes;
    struct fn0_error bridge_error;
    struct error error;
    struct artifact *artifact;
    if (fn0_component_compile(engine_bridge(world->engine),
                              (struct fn0_slice){wasm.data, wasm.bytes}, &bytes, &bridge_error) < 0)
        fail_msg("%s", bridge_error.message);
    struct artifact_key key = {.fingerprint = fn0_engine_fingerprint(engine_bridge(world->engine))};
    memcpy(key.component, name, strlen(name) < 32 ? strlen(name) : 32);
    assert_int_equal(artifact_cache_put(world->cache, &key,
                                        (struct slice){(char *)bytes.data, bytes.bytes}, &artifact,
                                        &error),
                     0);
    fn0_bytes_fini(&bytes);
    free((void *)wasm.data);
    return artifact;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct error error;
    strcpy(world->folder, "/tmp/fn0-test-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    FILE *file = tmpfile();
    world->log_fd = dup(fileno(file));
    fclose(file);
    assert_int_equal(
        log_create(world->log_fd, LOG_INFO, LOG_FORMAT_JSON, false, clock_system(), &world->log),
        0);
    assert_int_equal(host_configuration_create(NULL, NULL, 0, &world->configuration, &error), 0);
    limits_set_none(&world->configuration->limits_max);
    assert_int_equal(loop_create(clock_system(), &world->loop, &error), 0);
    const struct engine_options options = {.instances_max = 40, .memory_bytes_max = 256 << 20};
    assert_int_equal(engine_create(&options, &world->engine, &error), 0);
    signals_keep(world);
    assert_int_equal(artifact_cache_create(world->folder, LIMIT_NONE, clock_system(), world->log,
                                           &world->cache, &error),
                     0);
    world->artifact = compile(world, "probe.wasm");
    budget_init(&world->budget, 32, 32, LIMIT_NONE);
    assert_int_equal(directory_create(world->loop, &world->directory, &error), 0);
    const struct executor_options executor = {
        .loop = world->loop,
        .engine = world->engine,
        .budget = &world->budget,
        .directory = world->directory,
        .configuration = world->configuration,
        .output = {.context = world, .write = on_output, .end = on_output_end},
        .log = world->log,
    };
    assert_int_equal(executor_create(&executor, &world->executor, &error), 0);
    *state = world;
    return 0;
}

static void on_closed(void *context)
{
    ((struct world *)context)->closed = true;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    executor_close(world->executor, on_closed, world);
    while (!world->closed)
        loop_run_once(world->loop, 1);
    directory_destroy(world->directory);
    budget_fini(&world->budget);
    loop_destroy(world->loop);
    artifact_release(world->artifact);
    artifact_cache_destroy(world->cache);
    engine_destroy(world->engine);
    host_configuration_destroy(world->configuration);
    log_destroy(world->log);
    close(world->log_fd);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", world->folder);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

/* A new version of function "probe", with this NAME.toml. */
static void publish_artifact(struct world *world, struct artifact *artifact, const char *toml)
{
    struct function_configuration *configuration;
    struct version *version;
    struct error error;
    const uint8_t hash[32] = {0xab};
    signals_give_back(world);
    if (function_configuration_create(world->configuration, "probe.toml", slice_of(toml),
                                      &configuration, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(version_create("default", "probe", hash, configuration,
                                    artifact_acquire(artifact), world->engine, &version, &error),
                     0);
    const struct publication publication = {
        .name = "probe", .state = FUNCTION_READY, .version = version};
    assert_int_equal(directory_publish(world->directory, &publication, NULL, NULL), 0);
    version_release(version);
    loop_run_once(world->loop, 0);
    world->output[0] = 0;
}

static void publish(struct world *world, const char *toml)
{
    publish_artifact(world, world->artifact, toml);
}

static int start_with(struct world *world, const char *method, const char *path, bool has_body,
                      struct seen *seen)
{
    struct error error;
    const struct call_request request = {
        .method = slice_of(method),
        .authority = SLICE("probe.localhost"),
        .path_with_query = slice_of(path),
        .has_body = has_body,
        .request_id = SLICE("request-1"),
    };
    seen->world = world;
    seen->started_ns = clock_monotonic_ns(clock_system());
    return call_start(world->executor, directory_find(world->directory, SLICE("probe")), &request,
                      WINDOW_BYTES, &sink, seen, &seen->call, &error);
}

static void start(struct world *world, const char *path, struct seen *seen)
{
    assert_int_equal(start_with(world, "GET", path, false, seen), 0);
}

/* Until the call is over; 20 seconds are a failure. */
static void await(struct world *world, struct seen *seen)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + 20 * SECOND;
    while (!seen->over) {
        assert_true(clock_monotonic_ns(clock_system()) < end_ns);
        loop_run_once(world->loop, 20);
    }
}

/* Lets the loop run for a while, whatever its turns take. */
static void pass_ms(struct world *world, uint64_t ms)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + ms * MS;
    while (clock_monotonic_ns(clock_system()) < end_ns)
        loop_run_once(world->loop, 1);
}

static struct seen run_call(struct world *world, const char *path)
{
    struct seen seen = {.code = 1};
    start(world, path, &seen);
    await(world, &seen);
    return seen;
}

static unsigned logged(struct world *world, const char *text)
{
    static char memory[262144];
    ssize_t bytes = pread(world->log_fd, memory, sizeof memory - 1, 0);
    assert_true(bytes >= 0);
    memory[bytes] = 0;
    unsigned count = 0;
    for (const char *at = memory; (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_hello(void **state)
{
    struct world *world = *state;
    publish(world, "");
    struct seen seen = run_call(world, "/hello");
    assert_int_equal(seen.code, 0);
    assert_int_equal(seen.status, 200);
    assert_true(seen.whole);
    assert_memory_equal(seen.body, "Hello, world!\n", 14);
    assert_true(seen.usage.memory_bytes > 0);
    assert_true(seen.usage.start_cpu_ns > 0);
    for (int i = 0; i < 100; i++) {
        seen = run_call(world, "/hello");
        assert_int_equal(seen.code, 0);
        assert_true(seen.usage.warm);
        assert_int_equal(seen.usage.start_cpu_ns, 0);
    }
}

static void test_half_the_cpu_limit_passes_and_a_loop_is_ended(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\ncpu = \"40ms\"\n");
    struct seen seen = run_call(world, "/spin?ms=20");
    assert_int_equal(seen.code, 0);
    assert_in_range(seen.usage.cpu_ns, 1 * MS, 40 * MS);
    assert_int_equal(logged(world, "\"error\":\"cpu\""), 0);

    seen = run_call(world, "/spin-forever");
    assert_int_equal(seen.code, ERROR_CALL_CPU);
    assert_int_equal(seen.status, 0);
    assert_in_range(seen.usage.cpu_ns, 40 * MS + 1, 45 * MS);
    assert_int_equal(logged(world, "\"error\":\"cpu\""), 1);
    assert_int_equal(logged(world, "\"allowed\":\"40 ms\""), 1);

    seen = run_call(world, "/hello");
    assert_int_equal(seen.code, 0);
    assert_false(seen.usage.warm); /* ended ones leave no instance */
    /* Its head is out, so the response is cut. */
    seen = run_call(world, "/head-then-spin");
    assert_int_equal(seen.code, ERROR_CALL_CPU);
    assert_int_equal(seen.status, 200);
    assert_false(seen.whole);
    assert_int_equal(logged(world, "probe::limits::spin_forever"), 1);
}

static void test_duration_ends_who_sleeps(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\nduration = \"400ms\"\n");
    assert_int_equal(run_call(world, "/sleep?ms=200").code, 0);
    struct seen seen = run_call(world, "/sleep?ms=60000");
    assert_int_equal(seen.code, ERROR_CALL_DURATION);
    uint64_t took_ns = seen.ended_ns - seen.started_ns;
    assert_in_range(took_ns, 400 * MS, 2 * SECOND);
    assert_int_equal(logged(world, "\"error\":\"duration\""), 1);
    assert_true(logged(world, "wasi:io/poll") > 0);
}

static void test_memory_past_the_limit_is_named(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\nmemory = \"16MB\"\ncpu = \"5s\"\n");
    struct seen seen = run_call(world, "/allocate-until-trap");
    assert_int_equal(seen.code, ERROR_CALL_MEMORY);
    assert_true(seen.usage.memory_bytes <= 16 << 20);
    seen = run_call(world, "/memory?mb=8");
    assert_int_equal(seen.code, 0);
    assert_non_null(strstr(seen.body, "true"));
    seen = run_call(world, "/memory?mb=16");
    assert_int_equal(seen.code, 0);
    assert_non_null(strstr(seen.body, "false"));
    /* What was refused memory is not kept, so that a refusal is never a later call's. */
    seen = run_call(world, "/trap");
    assert_false(seen.usage.warm);
    assert_int_equal(seen.code, ERROR_CALL_TRAP);
}

static void test_a_trap_has_a_backtrace(void **state)
{
    struct world *world = *state;
    publish(world, "");
    assert_int_equal(run_call(world, "/trap").code, ERROR_CALL_TRAP);
    unsigned before = logged(world, "probe::endings::head_then");
    struct seen seen = run_call(world, "/head-then-trap");
    assert_int_equal(logged(world, "probe::endings::head_then"), before + 1);
    assert_int_equal(seen.code, ERROR_CALL_TRAP);
    assert_int_equal(seen.status, 200);
    assert_false(seen.whole);
    assert_int_equal(run_call(world, "/exit?code=3").code, ERROR_CALL_EXIT);
    assert_int_equal(run_call(world, "/no-response").code, ERROR_CALL_NO_RESPONSE);
    assert_int_equal(run_call(world, "/hello").code, 0);
    /* None of these was taken for an instance that answers only once. */
    assert_int_equal(run_call(world, "/no-response").code, ERROR_CALL_NO_RESPONSE);
    assert_int_equal(logged(world, "answers only once"), 0);
}

static void test_kept_instances_remember_and_fresh_ones_do_not(void **state)
{
    struct world *world = *state;
    publish(world, "[instance]\nuses_max = 3\n");
    static const char *const counts[] = {"1", "2", "3", "1", "2"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        assert_non_null(strstr(run_call(world, "/count").body, counts[i]));
    publish(world, "[instance]\nreuse = \"false\"\n");
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(run_call(world, "/count").body, "1"));
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void test_neighbours_do_not_feel_who_computes(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\ncpu = \"200ms\"\n");
    struct seen busy[3] = {0};
    uint64_t took_ns[30];
    for (int i = 0; i < 3; i++)
        start(world, "/spin-forever", &busy[i]);
    for (int i = 0; i < 30; i++) {
        struct seen seen = run_call(world, "/hello");
        assert_int_equal(seen.code, 0);
        took_ns[i] = seen.ended_ns - seen.started_ns;
    }
    assert_false(busy[0].over);
    for (int i = 0; i < 3; i++) {
        await(world, &busy[i]);
        assert_int_equal(busy[i].code, ERROR_CALL_CPU);
    }
    /* One turn of one of them, not of all three; with room for a busy machine. */
    qsort(took_ns, 30, sizeof *took_ns, compare);
    assert_in_range(took_ns[15], 1, 6 * MS);
}

static void test_the_window_holds_a_writer_back(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\ncpu = \"5s\"\n");
    struct seen seen = {.holds_window = true};
    start(world, "/write-forever", &seen);
    while (seen.body_bytes < WINDOW_BYTES)
        pass_ms(world, 1);
    pass_ms(world, 50);
    assert_int_equal(seen.body_bytes, WINDOW_BYTES);
    call_window(seen.call, 1000);
    while (seen.body_bytes < WINDOW_BYTES + 1000)
        pass_ms(world, 1);
    pass_ms(world, 50);
    assert_int_equal(seen.body_bytes, WINDOW_BYTES + 1000);
    call_cancel(seen.call);
    assert_false(run_call(world, "/hello").usage.warm);
}

static void test_bodies_stream_both_ways(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\ncpu = \"5s\"\n");
    struct seen seen = {0};
    assert_int_equal(start_with(world, "POST", "/echo", true, &seen), 0);
    static char piece[10000];
    memset(piece, 'x', sizeof piece);
    for (size_t given = 0; given < 50 * sizeof piece;) {
        loop_run_once(world->loop, 1);
        if (!seen.wanted || given > seen.consumed)
            continue;
        call_body(seen.call, (struct slice){piece, sizeof piece});
        given += sizeof piece;
    }
    call_body_end(seen.call, NULL, 0);
    await(world, &seen);
    assert_int_equal(seen.code, 0);
    assert_true(seen.whole);
    assert_int_equal(seen.body_bytes, 50 * sizeof piece);
    assert_int_equal(seen.consumed, 50 * sizeof piece);

    struct seen failed = {0};
    assert_int_equal(start_with(world, "POST", "/size", true, &failed), 0);
    while (!failed.wanted)
        loop_run_once(world->loop, 1);
    call_body(failed.call, SLICE("abc"));
    call_body_fail(failed.call, ERROR_REQUEST_BODY_SIZE);
    await(world, &failed);
    assert_int_equal(failed.code, 0);
    assert_non_null(strstr(failed.body, "\"whole\":false"));
}

static void test_cancelling_who_sleeps_and_a_wake_that_comes_late(void **state)
{
    struct world *world = *state;
    publish(world, "");
    struct seen seen[8] = {0};
    for (int i = 0; i < 8; i++)
        start(world, "/sleep?ms=500", &seen[i]);
    pass_ms(world, 10);
    for (int i = 0; i < 8; i++)
        call_cancel(seen[i].call);
    pass_ms(world, 520);
    for (int i = 0; i < 8; i++)
        assert_false(seen[i].over);
    assert_int_equal(executor_counts(world->executor)->running, 0);
    assert_int_equal(run_call(world, "/hello").code, 0);
}

static void test_the_call_goes_on_after_its_response(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\nduration = \"300ms\"\n");
    struct seen seen = {0};
    start(world, "/answer-then-sleep?ms=100", &seen);
    for (int i = 0; i < 2000 && !seen.whole; i++)
        pass_ms(world, 1);
    assert_true(seen.whole);
    assert_false(seen.over);
    await(world, &seen);
    assert_int_equal(seen.code, 0);
    seen = (struct seen){0};
    start(world, "/answer-then-sleep?ms=60000", &seen);
    await(world, &seen);
    assert_true(seen.whole);
    assert_int_equal(seen.code, ERROR_CALL_DURATION);
}

static void test_what_a_guest_prints_is_handed_on(void **state)
{
    struct world *world = *state;
    publish(world, "");
    assert_int_equal(run_call(world, "/log?lines=2&bytes=5").code, 0);
    assert_int_equal(strlen(world->output), 2 * 6 + 1);
    assert_int_equal(world->output[12], '.');
}

static void test_a_request_that_no_guest_can_be_shown_costs_nothing(void **state)
{
    struct world *world = *state;
    publish(world, "");
    assert_int_equal(run_call(world, "/hello").code, 0);
    struct seen seen = {0};
    assert_int_equal(start_with(world, "GET", "/\xff", false, &seen), ERROR_REQUEST_MALFORMED);
    assert_true(run_call(world, "/hello").usage.warm);
    assert_int_equal(executor_counts(world->executor)->running, 0);
}

/* Until the guest has made a request. */
static struct client_request *await_request(struct world *world)
{
    for (int i = 0; i < 2000 && !fake_clients.last; i++)
        pass_ms(world, 1);
    assert_non_null(fake_clients.last);
    return fake_clients.last;
}

static void test_outgoing_requests(void **state)
{
    struct world *world = *state;
    publish(world, "[limits]\noutgoing_requests = 2\n");
    struct seen seen = {0};
    start(world, "/fetch?url=https://example.com:8443/there&connect_ms=5", &seen);
    struct client_request *request = await_request(world);
    assert_string_equal(request->method, "GET");
    assert_string_equal(request->url, "https://example.com:8443/there");
    assert_false(request->options.has_body);
    assert_int_equal(request->options.connect_timeout_ns, 5 * MS);
    assert_int_equal(request->options.first_byte_timeout_ns, UINT64_MAX);
    request->events->response(request->context, 203, NULL, 0);
    request->events->body(request->context, SLICE("from there"));
    for (int i = 0; i < 2000 && request->consumed < 10; i++)
        pass_ms(world, 1);
    assert_int_equal(request->consumed, 10);
    fake_client_end(request);
    await(world, &seen);
    assert_int_equal(seen.code, 0);
    assert_int_equal(seen.status, 203);
    assert_memory_equal(seen.body, "from there", 10);
    assert_int_equal(seen.usage.outgoing_requests, 1);

    seen = (struct seen){0};
    start(world, "/fetch?url=http://example.com/", &seen);
    fake_client_fail(await_request(world), CLIENT_ADDRESS_PROHIBITED);
    await(world, &seen);
    assert_non_null(strstr(seen.body, "DestinationIpProhibited"));

    /* Two are made, the third is denied. */
    seen = (struct seen){0};
    start(world, "/fetch-many?url=http://example.com/&n=3", &seen);
    for (int i = 0; i < 2; i++) {
        request = await_request(world);
        request->events->response(request->context, 200, NULL, 0);
        fake_client_end(request);
    }
    await(world, &seen);
    assert_non_null(strstr(seen.body, "HttpRequestDenied"));
    assert_int_equal(seen.usage.outgoing_requests, 3);
}

static void test_a_cancelled_call_cancels_its_requests(void **state)
{
    struct world *world = *state;
    publish(world, "[outbound]\nhosts = [\"api.example.com\"]\n");
    struct seen seen = {0};
    unsigned cancelled = fake_clients.cancelled;
    start(world, "/fetch?url=http://api.example.com/", &seen);
    await_request(world);
    call_cancel(seen.call);
    assert_int_equal(fake_clients.cancelled, cancelled + 1);
    assert_int_equal(fake_clients.requests_alive, 0);
    seen = run_call(world, "/fetch?url=http://example.com/");
    assert_non_null(strstr(seen.body, "HttpRequestDenied"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_half_the_cpu_limit_passes_and_a_loop_is_ended),
        cmocka_unit_test(test_duration_ends_who_sleeps),
        cmocka_unit_test(test_memory_past_the_limit_is_named),
        cmocka_unit_test(test_a_trap_has_a_backtrace),
        cmocka_unit_test(test_kept_instances_remember_and_fresh_ones_do_not),
        cmocka_unit_test(test_neighbours_do_not_feel_who_computes),
        cmocka_unit_test(test_the_window_holds_a_writer_back),
        cmocka_unit_test(test_bodies_stream_both_ways),
        cmocka_unit_test(test_cancelling_who_sleeps_and_a_wake_that_comes_late),
        cmocka_unit_test(test_the_call_goes_on_after_its_response),
        cmocka_unit_test(test_what_a_guest_prints_is_handed_on),
        cmocka_unit_test(test_outgoing_requests),
        cmocka_unit_test(test_a_cancelled_call_cancels_its_requests),
        cmocka_unit_test(test_a_request_that_no_guest_can_be_shown_costs_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
