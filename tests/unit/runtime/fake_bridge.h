/* SPDX-License-Identifier: AGPL-3.0-only */

/* A bridge without an engine, for tests of the runtime that need exact sequences: the functions of
 * fn0_bridge.h, and those of runtime/version.h, defined in the test program, so that the linker
 * takes neither the real ones. A guest is a C function of the test, called for each poll.
 *
 * Included by one file of a test program. */

#ifndef FN0_TESTS_FAKE_BRIDGE_H
#define FN0_TESTS_FAKE_BRIDGE_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "fn0_bridge.h"
#include "runtime/version.h"

#define FAKE_EVENTS_MAX 16

/* Asked for each poll of a call. */
typedef enum fn0_poll (*fake_handler)(struct fn0_call *call, struct fn0_error *error);
/* Asked for each poll of an instance's start-up. */
typedef enum fn0_poll (*fake_start)(struct fn0_instance *instance, struct fn0_error *error);

struct fn0_engine {
    int unused;
};

struct fn0_component {
    int unused;
};

struct fn0_instance {
    struct fn0_instance_options options;
    unsigned number; /* counted from 1 */
    unsigned polls;
    unsigned calls;
    bool has_call;
    bool ready;
    bool interrupted; /* in its start-up */
};

struct fn0_call {
    struct fn0_instance *instance;
    unsigned polls;
    bool interrupted;
    bool spoiled; /* the instance cannot take another */
    bool over;
    char path[64];
    struct fn0_event events[FAKE_EVENTS_MAX];
    size_t event_count;
    char body[4096];
    size_t body_bytes;
    bool body_ended;
    char body_failed[64];
    size_t window;
    void *mind; /* the handler's own */
};

/* What an answer to an outgoing request said. */
struct fake_answer {
    uint64_t outgoing;
    char what[16]; /* "head", "body", "end", "fail", "window" */
    char text[128];
    uint64_t number;
};

static struct fake {
    fake_handler handler;
    fake_start start;
    uint64_t wall_ns;
    uint64_t cpu_ns;
    unsigned cpu_asked;
    unsigned instances_made;
    unsigned instances_alive;
    unsigned instances_max; /* 0: no end */
    unsigned calls_alive;
    bool full_when_polled;
    int32_t create_error;
    uint64_t memory_bytes;
    uint64_t memory_refusals;
    unsigned interrupts;
    struct fake_answer answers[64];
    size_t answer_count;
} fake;

/* ---- Time ------------------------------------------------------------------------------------ */

static uint64_t fake_monotonic(void *context)
{
    (void)context;
    return fake.wall_ns;
}

static uint64_t fake_thread_cpu(void *context)
{
    (void)context;
    fake.cpu_asked++;
    return fake.cpu_ns;
}

static const struct clock fake_clock = {
    .name = "fake",
    .monotonic_ns = fake_monotonic,
    .realtime_ns = fake_monotonic,
    .thread_cpu_ns = fake_thread_cpu,
};

/* Time goes by in which the worker has the processor. */
static inline void fake_compute(uint64_t ns)
{
    fake.wall_ns += ns;
    fake.cpu_ns += ns;
}

/* Time goes by in which it has not. */
static inline void fake_sleep(uint64_t ns)
{
    fake.wall_ns += ns;
}

/* ---- For handlers ---------------------------------------------------------------------------- */

static inline struct fn0_event *fake_emit(struct fn0_call *call, uint32_t kind)
{
    if (call->event_count == FAKE_EVENTS_MAX)
        abort();
    struct fn0_event *event = &call->events[call->event_count++];
    memset(event, 0, sizeof *event);
    event->kind = kind;
    return event;
}

static inline void fake_emit_text(struct fn0_call *call, uint32_t kind, const char *text)
{
    struct fn0_event *event = fake_emit(call, kind);
    event->text = (struct fn0_slice){text, strlen(text)};
}

static inline void fake_emit_head(struct fn0_call *call, uint32_t status)
{
    fake_emit(call, FN0_EVENT_RESPONSE_HEAD)->status = status;
}

/* A whole response. */
static inline enum fn0_poll fake_respond(struct fn0_call *call)
{
    fake_emit_head(call, 200);
    fake_emit_text(call, FN0_EVENT_RESPONSE_BODY, "hello");
    fake_emit(call, FN0_EVENT_RESPONSE_END);
    return FN0_POLL_READY;
}

static inline enum fn0_poll fake_fail(struct fn0_error *error, int32_t code, const char *message)
{
    error->code = code;
    snprintf(error->message, sizeof error->message, "%s", message);
    return FN0_POLL_FAILED;
}

static inline void fake_wake(struct fn0_instance *instance)
{
    instance->options.wake(instance->options.wake_context, instance->options.token);
}

/* ---- The bridge ------------------------------------------------------------------------------ */

int fn0_engine_create(const struct fn0_engine_options *options, struct fn0_engine **ret_engine,
                      struct fn0_error *error)
{
    (void)options, (void)error;
    *ret_engine = calloc(1, sizeof **ret_engine);
    return 0;
}

void fn0_engine_destroy(struct fn0_engine *engine)
{
    free(engine);
}

void fn0_engine_tick(struct fn0_engine *engine)
{
    (void)engine;
}

uint64_t fn0_engine_fingerprint(const struct fn0_engine *engine)
{
    (void)engine;
    return 1;
}

void fn0_bytes_fini(struct fn0_bytes *bytes)
{
    (void)bytes;
}

int fn0_component_compile(struct fn0_engine *engine, struct fn0_slice wasm,
                          struct fn0_bytes *ret_artifact, struct fn0_error *error)
{
    (void)engine, (void)wasm, (void)ret_artifact, (void)error;
    abort();
}

int fn0_component_load(struct fn0_engine *engine, int fd, struct fn0_component **ret_component,
                       struct fn0_error *error)
{
    (void)engine, (void)fd, (void)ret_component, (void)error;
    abort();
}

void fn0_component_destroy(struct fn0_component *component)
{
    (void)component;
}

int fn0_instance_create(struct fn0_component *component, const struct fn0_instance_options *options,
                        struct fn0_instance **ret_instance, struct fn0_error *error)
{
    (void)component;
    if (fake.create_error)
        return fake_fail(error, fake.create_error, "made to fail"), fake.create_error;
    bool full = fake.instances_max && fake.instances_alive >= fake.instances_max;
    if (full && !fake.full_when_polled)
        return fake_fail(error, FN0_ERROR_POOL_FULL, "full"), FN0_ERROR_POOL_FULL;
    struct fn0_instance *instance = calloc(1, sizeof *instance);
    instance->options = *options;
    instance->number = ++fake.instances_made;
    fake.instances_alive++;
    *ret_instance = instance;
    return 0;
}

enum fn0_poll fn0_instance_poll(struct fn0_instance *instance, struct fn0_error *error)
{
    if (instance->ready)
        abort();
    instance->polls++;
    if (fake.full_when_polled && fake.instances_alive > fake.instances_max)
        return fake_fail(error, FN0_ERROR_POOL_FULL, "full");
    enum fn0_poll result = fake.start ? fake.start(instance, error) : FN0_POLL_READY;
    instance->ready = result == FN0_POLL_READY;
    return result;
}

void fn0_instance_interrupt(struct fn0_instance *instance)
{
    if (instance->ready)
        abort();
    fake.interrupts++;
    instance->interrupted = true;
}

uint64_t fn0_instance_memory_bytes(const struct fn0_instance *instance)
{
    (void)instance;
    return fake.memory_bytes;
}

uint64_t fn0_instance_memory_refusals(const struct fn0_instance *instance)
{
    (void)instance;
    return fake.memory_refusals;
}

void fn0_instance_destroy(struct fn0_instance *instance)
{
    if (!instance)
        return;
    if (instance->has_call)
        abort();
    fake.instances_alive--;
    free(instance);
}

int fn0_call_create(struct fn0_instance *instance, const struct fn0_request *request,
                    size_t body_window_bytes, struct fn0_call **ret_call, struct fn0_error *error)
{
    (void)error;
    if (!instance->ready || instance->has_call)
        abort();
    struct fn0_call *call = calloc(1, sizeof *call);
    call->instance = instance;
    call->window = body_window_bytes;
    snprintf(call->path, sizeof call->path, "%.*s", (int)request->path_with_query.bytes,
             request->path_with_query.data);
    instance->has_call = true;
    instance->calls++;
    fake.calls_alive++;
    *ret_call = call;
    return 0;
}

enum fn0_poll fn0_call_poll(struct fn0_call *call, struct fn0_events *ret_events,
                            struct fn0_error *error)
{
    if (call->over)
        abort();
    call->polls++;
    call->event_count = 0;
    enum fn0_poll result = fake.handler(call, error);
    call->over = result == FN0_POLL_READY || result == FN0_POLL_FAILED;
    call->spoiled = result != FN0_POLL_READY;
    *ret_events = (struct fn0_events){.items = call->events, .count = call->event_count};
    return result;
}

int fn0_call_request_body(struct fn0_call *call, struct fn0_slice data)
{
    if (call->body_bytes + data.bytes > sizeof call->body)
        abort();
    memcpy(call->body + call->body_bytes, data.data, data.bytes);
    call->body_bytes += data.bytes;
    fake_wake(call->instance);
    return 0;
}

int fn0_call_request_end(struct fn0_call *call, const struct fn0_field *trailers,
                         size_t trailer_count)
{
    (void)trailers, (void)trailer_count;
    call->body_ended = true;
    fake_wake(call->instance);
    return 0;
}

int fn0_call_request_fail(struct fn0_call *call, struct fn0_slice error_code)
{
    snprintf(call->body_failed, sizeof call->body_failed, "%.*s", (int)error_code.bytes,
             error_code.data);
    fake_wake(call->instance);
    return 0;
}

int fn0_call_response_window(struct fn0_call *call, size_t bytes)
{
    call->window += bytes;
    fake_wake(call->instance);
    return 0;
}

void fn0_call_interrupt(struct fn0_call *call)
{
    fake.interrupts++;
    call->interrupted = true;
}

bool fn0_call_destroy(struct fn0_call *call)
{
    if (!call)
        return true;
    bool reusable = call->over && !call->spoiled && !call->interrupted;
    call->instance->has_call = false;
    fake.calls_alive--;
    free(call);
    return reusable;
}

static inline int fake_answered(uint64_t outgoing, const char *what, struct fn0_slice text,
                                uint64_t number)
{
    struct fake_answer *answer = &fake.answers[fake.answer_count++ % 64];
    answer->outgoing = outgoing;
    answer->number = number;
    snprintf(answer->what, sizeof answer->what, "%s", what);
    snprintf(answer->text, sizeof answer->text, "%.*s", (int)text.bytes,
             text.data ? text.data : "");
    return 0;
}

int fn0_outgoing_head(struct fn0_call *call, uint64_t outgoing, uint32_t status,
                      const struct fn0_field *fields, size_t field_count)
{
    (void)call, (void)fields, (void)field_count;
    return fake_answered(outgoing, "head", (struct fn0_slice){0}, status);
}

int fn0_outgoing_body(struct fn0_call *call, uint64_t outgoing, struct fn0_slice data)
{
    (void)call;
    return fake_answered(outgoing, "body", data, 0);
}

int fn0_outgoing_end(struct fn0_call *call, uint64_t outgoing, const struct fn0_field *trailers,
                     size_t trailer_count)
{
    (void)call, (void)trailers;
    return fake_answered(outgoing, "end", (struct fn0_slice){0}, trailer_count);
}

int fn0_outgoing_fail(struct fn0_call *call, uint64_t outgoing, struct fn0_slice error_code,
                      struct fn0_slice detail)
{
    (void)call, (void)detail;
    return fake_answered(outgoing, "fail", error_code, 0);
}

int fn0_outgoing_window(struct fn0_call *call, uint64_t outgoing, size_t bytes)
{
    (void)call;
    return fake_answered(outgoing, "window", (struct fn0_slice){0}, bytes);
}

int fn0_toml_read(struct fn0_slice document, fn0_toml_visit visit, void *context,
                  struct fn0_error *error)
{
    (void)document, (void)visit, (void)context, (void)error;
    abort();
}

/* ---- Versions -------------------------------------------------------------------------------- */

/* Versions of a test live as long as the test; references are only counted. */
struct version *version_acquire(struct version *version)
{
    atomic_fetch_add(&version->references, 1);
    return version;
}

void version_release(struct version *version)
{
    if (version && atomic_fetch_sub(&version->references, 1) == 0)
        abort();
}

int version_component(struct version *version, struct fn0_component **ret_component,
                      struct error *error)
{
    (void)version, (void)error;
    static struct fn0_component component;
    *ret_component = &component;
    return 0;
}

/* Begins anew. */
static inline void fake_reset(fake_handler handler)
{
    memset(&fake, 0, sizeof fake);
    fake.handler = handler;
    fake.memory_bytes = 65536;
    /* A clock that stands at 0 hides mistakes about "never". */
    fake.wall_ns = 1000 * NANOSECONDS_PER_SECOND;
    fake.cpu_ns = 10 * NANOSECONDS_PER_SECOND;
}

#endif
