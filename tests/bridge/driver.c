/* SPDX-License-Identifier: AGPL-3.0-only */

#include "driver.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fn0_slice slice(const char *text)
{
    return (struct fn0_slice){text, strlen(text)};
}

struct fn0_field field(const char *name, const char *value)
{
    return (struct fn0_field){slice(name), slice(value)};
}

static void text_add(struct text *text, struct fn0_slice more)
{
    text->data = realloc(text->data, text->bytes + more.bytes + 1);
    assert_non_null(text->data);
    if (more.bytes > 0)
        memcpy(text->data + text->bytes, more.data, more.bytes);
    text->bytes += more.bytes;
    text->data[text->bytes] = 0;
}

static void text_add_fields(struct text *text, const struct fn0_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_add(text, fields[i].name);
        text_add(text, slice(": "));
        text_add(text, fields[i].value);
        text_add(text, slice("\n"));
    }
}

static void text_fini(struct text *text)
{
    free(text->data);
    *text = (struct text){NULL, 0};
}

struct fn0_engine_options driver_engine_options(void)
{
    return (struct fn0_engine_options){
        .instances_max = 20,
        .core_instances_per_component_max = 50,
        .memories_per_component_max = 4,
        .tables_per_component_max = 20,
        .table_elements_max = 20000,
        .memory_bytes_max = 128 << 20,
        .core_instance_bytes_max = 1 << 20,
        .component_instance_bytes_max = 4 << 20,
        .stack_bytes = 512 << 10,
        .memory_keep_resident_bytes = 128 << 10,
        .table_keep_resident_bytes = 16 << 10,
        .parallel_compilation = true,
    };
}

static const int trap_signals[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV};

/* cmocka takes the signals for itself in each test; the engine needs them back for guests' traps.
 */
void driver_take_signals_back(const struct driver *driver)
{
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sigaction(trap_signals[i], &driver->trap_handlers[i], NULL), 0);
}

void driver_init(struct driver *driver, const struct fn0_engine_options *options)
{
    struct fn0_error error;

    memset(driver, 0, sizeof *driver);
    driver->memory_bytes_max = options->memory_bytes_max;
    driver->window_bytes = 64 << 10;
    if (fn0_engine_create(options, &driver->engine, &error) != 0)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sigaction(trap_signals[i], NULL, &driver->trap_handlers[i]), 0);
}

void driver_fini(struct driver *driver)
{
    driver_stop(driver);
    fn0_component_destroy(driver->component);
    fn0_engine_destroy(driver->engine);
}

struct text driver_guest(const char *name)
{
    const char *folder = getenv("FN0_GUESTS");
    struct text guest = {NULL, 0};
    char path[4096];
    char piece[65536];
    size_t bytes;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.wasm", folder != NULL ? folder : "build/guests", name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("no guest %s", path);
    while ((bytes = fread(piece, 1, sizeof piece, file)) > 0)
        text_add(&guest, (struct fn0_slice){piece, bytes});
    fclose(file);
    return guest;
}

void driver_load(struct driver *driver, const char *guest)
{
    struct text wasm = driver_guest(guest);

    driver_load_wasm(driver, (struct fn0_slice){wasm.data, wasm.bytes});
    text_fini(&wasm);
}

void driver_load_wasm(struct driver *driver, struct fn0_slice wasm)
{
    struct fn0_error error;
    struct fn0_bytes artifact;
    int fd = memfd_create("artifact", MFD_CLOEXEC);

    assert_true(fd >= 0);
    if (fn0_component_compile(driver->engine, wasm, &artifact, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(write(fd, artifact.data, artifact.bytes), artifact.bytes);
    fn0_bytes_fini(&artifact);
    assert_null(artifact.data);
    fn0_component_destroy(driver->component);
    if (fn0_component_load(driver->engine, fd, &driver->component, &error) != 0)
        fail_msg("%s", error.message);
    close(fd);
}

static void wake(void *context, uint64_t token)
{
    struct driver *driver = context;

    assert_int_equal(token, 4711);
    __atomic_add_fetch(&driver->wakes, 1, __ATOMIC_SEQ_CST);
}

/* Waits for a wake; false where none came. */
static bool driver_wait(struct driver *driver, int patience_ms)
{
    for (int ms = 0; ms <= patience_ms; ms++) {
        if (__atomic_exchange_n(&driver->wakes, 0, __ATOMIC_SEQ_CST) > 0)
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

enum fn0_poll driver_start(struct driver *driver, struct fn0_error *ret_error)
{
    struct fn0_field environment[] = {field("COLOUR", "blue"), field("EMPTY", "")};
    struct fn0_instance_options options = {
        .memory_bytes_max = driver->memory_bytes_max,
        .environment = environment,
        .environment_count = 2,
        .wake = wake,
        .wake_context = driver,
        .token = 4711,
    };
    struct fn0_error error;
    enum fn0_poll poll;

    driver_stop(driver);
    driver_take_signals_back(driver);
    if (fn0_instance_create(driver->component, &options, &driver->instance, &error) != 0)
        fail_msg("%s", error.message);
    while ((poll = fn0_instance_poll(driver->instance, &error)) == FN0_POLL_YIELDED)
        ;
    if (ret_error != NULL)
        *ret_error = error;
    else if (poll != FN0_POLL_READY)
        fail_msg("start-up: %d, %s", poll, error.message);
    return poll;
}

void driver_stop(struct driver *driver)
{
    driver_end(driver);
    fn0_instance_destroy(driver->instance);
    driver->instance = NULL;
}

static void *tick(void *context)
{
    struct driver *driver = context;

    while (__atomic_load_n(&driver->ticking, __ATOMIC_SEQ_CST)) {
        poll(NULL, 0, 1);
        fn0_engine_tick(driver->engine);
    }
    return NULL;
}

void driver_ticks_begin(struct driver *driver)
{
    driver->ticking = true;
    assert_int_equal(pthread_create(&driver->ticker, NULL, tick, driver), 0);
}

void driver_ticks_end(struct driver *driver)
{
    __atomic_store_n(&driver->ticking, false, __ATOMIC_SEQ_CST);
    assert_int_equal(pthread_join(driver->ticker, NULL), 0);
}

static void answer_fini(struct answer *answer)
{
    text_fini(&answer->error_code);
    text_fini(&answer->fields);
    text_fini(&answer->body);
    text_fini(&answer->trailers);
    text_fini(&answer->out);
    text_fini(&answer->err);
    memset(answer, 0, sizeof *answer);
}

static void outgoing_fini(struct outgoing *outgoing)
{
    text_fini(&outgoing->head);
    text_fini(&outgoing->body);
    text_fini(&outgoing->trailers);
    memset(outgoing, 0, sizeof *outgoing);
}

bool driver_end(struct driver *driver)
{
    bool usable = fn0_call_destroy(driver->call);

    driver->call = NULL;
    answer_fini(&driver->answer);
    for (uint32_t i = 0; i < driver->outgoing_count; i++)
        outgoing_fini(&driver->outgoing[i]);
    driver->outgoing_count = 0;
    return usable;
}

void driver_call(struct driver *driver, const char *path)
{
    struct fn0_field fields[] = {field("Accept", "*/*"), field("x-test", "1"), field("Host", "h")};
    struct fn0_request request = {
        .method = slice("GET"),
        .authority = slice("test.example:80"),
        .path_with_query = slice(path),
        .scheme = FN0_SCHEME_HTTPS,
        .fields = fields,
        .field_count = 3,
    };

    driver_call_with(driver, &request);
}

void driver_call_with(struct driver *driver, const struct fn0_request *request)
{
    struct fn0_error error;

    driver_end(driver);
    driver_take_signals_back(driver);
    if (fn0_call_create(driver->instance, request, driver->window_bytes, &driver->call, &error) !=
        0)
        fail_msg("%s", error.message);
}

static struct outgoing *find_outgoing(struct driver *driver, uint64_t id)
{
    for (uint32_t i = 0; i < driver->outgoing_count; i++) {
        if (driver->outgoing[i].id == id)
            return &driver->outgoing[i];
    }
    fail_msg("no outgoing request %lu", (unsigned long)id);
    return NULL;
}

static void take_outgoing(struct driver *driver, const struct fn0_event *event)
{
    const struct fn0_outgoing_request *request = event->request;
    struct outgoing *outgoing = &driver->outgoing[driver->outgoing_count++];

    assert_true(driver->outgoing_count <= 8);
    outgoing->id = event->outgoing;
    text_add(&outgoing->head, request->method);
    text_add(&outgoing->head,
             slice(request->scheme == FN0_SCHEME_HTTPS ? " https://" : " http://"));
    text_add(&outgoing->head, request->authority);
    text_add(&outgoing->head, request->path_with_query);
    text_add(&outgoing->head, slice("\n"));
    text_add_fields(&outgoing->head, request->fields, request->field_count);
    outgoing->has_body = request->has_body;
    outgoing->body_bytes = request->body_bytes;
    outgoing->timeouts_ns[0] = request->connect_timeout_ns;
    outgoing->timeouts_ns[1] = request->first_byte_timeout_ns;
    outgoing->timeouts_ns[2] = request->between_bytes_timeout_ns;
}

static void take_of_outgoing(struct driver *driver, const struct fn0_event *event)
{
    struct outgoing *outgoing = find_outgoing(driver, event->outgoing);

    switch (event->kind) {
    case FN0_EVENT_OUTGOING_BODY:
        text_add(&outgoing->body, event->text);
        if (!driver->stingy)
            fn0_outgoing_window(driver->call, event->outgoing, event->text.bytes);
        break;
    case FN0_EVENT_OUTGOING_BODY_END:
        text_add_fields(&outgoing->trailers, event->fields, event->field_count);
        outgoing->ends++;
        break;
    case FN0_EVENT_OUTGOING_BODY_CUT:
        outgoing->cuts++;
        break;
    case FN0_EVENT_OUTGOING_CONSUMED:
        outgoing->consumed += event->number;
        break;
    case FN0_EVENT_OUTGOING_DROPPED:
        outgoing->drops++;
        break;
    default:
        fail_msg("no such event: %u", event->kind);
    }
}

static void take(struct driver *driver, const struct fn0_event *event)
{
    struct answer *answer = &driver->answer;

    switch (event->kind) {
    case FN0_EVENT_RESPONSE_HEAD:
        answer->heads++;
        answer->status = event->status;
        if (event->status == 0)
            text_add(&answer->error_code, event->text);
        text_add_fields(&answer->fields, event->fields, event->field_count);
        break;
    case FN0_EVENT_RESPONSE_BODY:
        assert_int_equal(answer->heads, 1);
        text_add(&answer->body, event->text);
        answer->pieces++;
        if (!driver->stingy)
            fn0_call_response_window(driver->call, event->text.bytes);
        break;
    case FN0_EVENT_RESPONSE_END:
        text_add_fields(&answer->trailers, event->fields, event->field_count);
        answer->ends++;
        break;
    case FN0_EVENT_RESPONSE_CUT:
        answer->cuts++;
        break;
    case FN0_EVENT_REQUEST_BODY_WANTED:
        answer->wanted++;
        break;
    case FN0_EVENT_REQUEST_BODY_HELD:
        assert_int_equal(answer->heads, 0);
        answer->held++;
        break;
    case FN0_EVENT_REQUEST_BODY_CONSUMED:
        answer->consumed += event->number;
        break;
    case FN0_EVENT_STDOUT:
        text_add(&answer->out, event->text);
        break;
    case FN0_EVENT_STDERR:
        text_add(&answer->err, event->text);
        break;
    case FN0_EVENT_OUTGOING_REQUEST:
        take_outgoing(driver, event);
        break;
    default:
        take_of_outgoing(driver, event);
    }
}

enum fn0_poll driver_poll(struct driver *driver)
{
    struct answer *answer = &driver->answer;
    struct fn0_events events;

    answer->poll = fn0_call_poll(driver->call, &events, &answer->error);
    answer->polls++;
    answer->yields += answer->poll == FN0_POLL_YIELDED;
    for (size_t i = 0; i < events.count; i++)
        take(driver, &events.items[i]);
    return answer->poll;
}

enum fn0_poll driver_run(struct driver *driver, int patience_ms)
{
    enum fn0_poll poll;

    for (;;) {
        poll = driver_poll(driver);
        if (poll == FN0_POLL_READY || poll == FN0_POLL_FAILED)
            return poll;
        if (poll == FN0_POLL_PENDING && !driver_wait(driver, patience_ms))
            return poll;
    }
}

const struct answer *driver_get(struct driver *driver, const char *path)
{
    struct answer *answer = &driver->answer;

    driver_call(driver, path);
    if (driver_run(driver, 5000) != FN0_POLL_READY)
        fail_msg("%s: poll %d, %s", path, answer->poll, answer->error.message);
    assert_int_equal(answer->heads, 1);
    assert_int_equal(answer->status, 200);
    assert_int_equal(answer->ends, 1);
    assert_int_equal(answer->cuts, 0);
    return answer;
}

void driver_give(struct driver *driver, const char *data, size_t bytes)
{
    assert_int_equal(fn0_call_request_body(driver->call, (struct fn0_slice){data, bytes}), 0);
}
