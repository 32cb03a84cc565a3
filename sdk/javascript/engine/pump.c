/* SPDX-License-Identifier: Apache-2.0 */

#include "pump.h"

#include <stdlib.h>
#include <string.h>

#include "conversion.h"

enum pump_state {
    PUMP_READING, /* waits for a piece, or is about to ask for one */
    PUMP_WRITING, /* has a piece that has not gone yet */
    PUMP_DONE,
};

struct pump {
    struct resource resource;
    struct engine *engine;
    enum pump_state state;
    JSValue self; /* itself, as long as it is not done */
    JSValue target;
    pump_done done;
    void *done_context;
    /* The source. */
    JSValue holder;
    struct body_input *input;
    JSValue reader; /* of a stream, or undefined */
    /* The piece: `chunk` holds `piece` where JavaScript owns it, else it is `owned`. */
    JSValue chunk;
    struct host_bytes owned;
    struct text piece;
    /* The sink. */
    bool has_output;
    struct host_output output;
    struct wait wait;
    struct host_bytes memory;
    size_t capacity;
};

static void step(struct pump *pump);

/* ---- Life -------------------------------------------------------------------------------------
 */

static void drop_piece(struct pump *pump)
{
    JS_FreeValue(pump->engine->context, pump->chunk);
    free(pump->owned.data);
    pump->chunk = JS_UNDEFINED;
    pump->owned = (struct host_bytes){0};
    pump->piece = (struct text){0};
}

/* Lets go of everything but itself. */
static void let_go(struct pump *pump)
{
    JSContext *context = pump->engine->context;
    event_loop_cancel_wait(&pump->wait);
    if (pump->input != NULL)
        body_input_cancel_wait(pump->input);
    if (pump->has_output)
        host_output_drop(&pump->output);
    pump->has_output = false;
    pump->input = NULL;
    drop_piece(pump);
    free(pump->memory.data);
    pump->memory = (struct host_bytes){0};
    JS_FreeValue(context, pump->holder);
    JS_FreeValue(context, pump->reader);
    pump->holder = pump->reader = JS_UNDEFINED;
}

static void free_self(struct pump *pump)
{
    JSContext *context = pump->engine->context;
    JSValue self = pump->self, target = pump->target;
    pump->self = pump->target = JS_UNDEFINED;
    JS_FreeValue(context, target);
    JS_FreeValue(context, self); /* the pump may be gone now */
}

static void close_resource(struct resource *resource)
{
    struct pump *pump = LIST_MEMBER(resource, struct pump, resource);
    list_remove(&resource->link);
    struct pump_result result = {.is_closed = true, .error = JS_UNDEFINED};
    pump->state = PUMP_DONE;
    let_go(pump);
    pump->done(pump->engine, pump->done_context, pump->target, &result);
    free_self(pump);
}

static void finalize(JSRuntime *runtime, JSValueConst object)
{
    JSClassID class_id;
    struct pump *pump = JS_GetAnyOpaque(object, &class_id);
    (void)runtime;
    free(pump); /* it was done, or never begun: it holds itself otherwise */
}

static const JSClassDef pump_class = {.class_name = "Pump", .finalizer = finalize};

int pump_register(JSContext *context)
{
    struct engine *engine = engine_of(context);
    JS_NewClassID(engine->runtime, &engine->classes.pump);
    return JS_NewClass(engine->runtime, engine->classes.pump, &pump_class);
}

/* The end: tells whoever began it, with all handles closed. */
static void finish(struct pump *pump, struct pump_result *result)
{
    JSContext *context = pump->engine->context;
    JSValue error = JS_DupValue(context, result->error);
    pump->state = PUMP_DONE;
    list_remove(&pump->resource.link);
    result->bytes = pump->memory;
    pump->memory = (struct host_bytes){0};
    let_go(pump);
    result->error = error;
    pump->done(pump->engine, pump->done_context, pump->target, result);
    free(result->bytes.data); /* whoever took it has set it to nothing */
    JS_FreeValue(context, error);
    free_self(pump);
}

/* The pending exception is why. */
static void fail(struct pump *pump, bool is_source_error)
{
    JSContext *context = pump->engine->context;
    JSValue error = JS_GetException(context);
    struct pump_result result = {.is_source_error = is_source_error, .error = error};
    finish(pump, &result);
    JS_FreeValue(context, error);
}

/* ---- The sink ---------------------------------------------------------------------------------
 */

/* Nobody reads on: a stream that still has something is told. */
static void cancel_source(struct pump *pump)
{
    JSContext *context = pump->engine->context;
    if (pump->input != NULL) {
        body_input_close(pump->input);
    } else if (!JS_IsUndefined(pump->reader)) {
        JSValue result =
            JS_Invoke(context, pump->reader, pump->engine->atoms[ATOM_CANCEL], 0, NULL);
        if (JS_IsException(result))
            JS_FreeValue(context, JS_GetException(context));
        else if (JS_IsPromise(result))
            JS_PromiseMarkAsHandled(context, result);
        JS_FreeValue(context, result);
    }
}

static void on_room(struct wait *wait)
{
    step(LIST_MEMBER(wait, struct pump, wait));
}

/* Returns whether the piece has gone. */
static bool write_output(struct pump *pump)
{
    while (pump->piece.bytes > 0) {
        size_t written;
        enum host_result result = host_output_write(
            &pump->output, (const uint8_t *)pump->piece.data, pump->piece.bytes, &written);
        if (result == HOST_WAIT) {
            event_loop_wait(&pump->engine->loop, &pump->wait, host_output_pollable(&pump->output),
                            on_room);
            return false;
        }
        if (result != HOST_OK) {
            cancel_source(pump);
            JS_ThrowTypeError(pump->engine->context,
                              "the body was not taken to its end: the connection was closed, or a "
                              "limit was reached");
            fail(pump, false);
            return false;
        }
        pump->piece.data += written;
        pump->piece.bytes -= written;
    }
    return true;
}

static bool write_memory(struct pump *pump)
{
    size_t bytes = pump->memory.bytes + pump->piece.bytes;
    /* The first piece is often all, and can be kept as it is. */
    if (pump->memory.data == NULL && pump->owned.data != NULL &&
        pump->piece.data == (const char *)pump->owned.data) {
        pump->memory = pump->owned;
        pump->capacity = pump->owned.bytes;
        pump->owned = (struct host_bytes){0};
        return true;
    }
    if (bytes > pump->capacity || pump->memory.data == NULL) {
        size_t capacity = bytes < 2 * pump->capacity ? 2 * pump->capacity : bytes;
        uint8_t *larger = realloc(pump->memory.data, capacity + 1);
        if (larger == NULL) {
            cancel_source(pump);
            JS_ThrowOutOfMemory(pump->engine->context);
            fail(pump, false);
            return false;
        }
        pump->memory.data = larger;
        pump->capacity = capacity;
    }
    if (pump->piece.bytes > 0)
        memcpy(pump->memory.data + pump->memory.bytes, pump->piece.data, pump->piece.bytes);
    pump->memory.bytes = bytes;
    return true;
}

static void end(struct pump *pump)
{
    if (pump->has_output) {
        pump->has_output = false;
        if (!host_output_finish(&pump->output)) {
            JS_ThrowTypeError(pump->engine->context,
                              "the body has another length than its Content-Length says");
            fail(pump, false);
            return;
        }
    }
    finish(pump, &(struct pump_result){.is_whole = true, .error = JS_UNDEFINED});
}

/* ---- The source -------------------------------------------------------------------------------
 */

static void on_input(void *context)
{
    step(context);
}

/* Returns whether there is a piece now. */
static bool read_input(struct pump *pump)
{
    switch (body_input_read(pump->input, &pump->owned)) {
    case HOST_OK:
        pump->piece = (struct text){(const char *)pump->owned.data, pump->owned.bytes};
        return true;
    case HOST_WAIT:
        body_input_wait(pump->input, on_input, pump);
        return false;
    case HOST_END:
        end(pump);
        return false;
    default:
        body_input_throw(pump->input);
        fail(pump, true);
        return false;
    }
}

static struct pump *pump_of(JSContext *context, JSValueConst object)
{
    return JS_GetOpaque(object, engine_of(context)->classes.pump);
}

/* A piece of the stream: bytes only (Fetch: "incrementally read"). */
static void take_chunk(struct pump *pump, JSValue chunk)
{
    JSContext *context = pump->engine->context;
    if (!conversion_buffer_source(context, chunk, &pump->piece)) {
        JS_FreeValue(context, chunk);
        cancel_source(pump);
        JS_ThrowTypeError(context, "a body's stream must give bytes (Uint8Array); encode text with "
                                   "a TextEncoderStream");
        fail(pump, true);
        return;
    }
    pump->chunk = chunk;
    pump->state = PUMP_WRITING;
    step(pump);
}

static JSValue js_on_read(JSContext *context, JSValueConst this_value, int argument_count,
                          JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct pump *pump = pump_of(context, data[0]);
    struct engine *engine = engine_of(context);
    (void)this_value;
    (void)argument_count;
    (void)magic;
    if (pump->state != PUMP_READING)
        return JS_UNDEFINED;
    JSValue done = JS_GetProperty(context, arguments[0], engine->atoms[ATOM_DONE]);
    int is_done = JS_ToBool(context, done);
    JS_FreeValue(context, done);
    if (is_done > 0) {
        end(pump);
        return JS_UNDEFINED;
    }
    JSValue chunk = JS_GetProperty(context, arguments[0], engine->atoms[ATOM_VALUE]);
    if (is_done < 0 || JS_IsException(chunk))
        fail(pump, true);
    else
        take_chunk(pump, chunk);
    return JS_UNDEFINED;
}

static JSValue js_on_read_error(JSContext *context, JSValueConst this_value, int argument_count,
                                JSValueConst *arguments, int magic, JSValueConst *data)
{
    struct pump *pump = pump_of(context, data[0]);
    (void)this_value;
    (void)magic;
    if (pump->state != PUMP_READING)
        return JS_UNDEFINED;
    JS_Throw(context, JS_DupValue(context, argument_count > 0 ? arguments[0] : JS_UNDEFINED));
    fail(pump, true);
    return JS_UNDEFINED;
}

static void read_stream(struct pump *pump)
{
    JSContext *context = pump->engine->context;
    JSValueConst self = pump->self;
    JSValue promise = JS_Invoke(context, pump->reader, pump->engine->atoms[ATOM_READ], 0, NULL);
    JSValue on_read = JS_NewCFunctionData(context, js_on_read, 1, 0, 1, &self);
    JSValue on_error = JS_NewCFunctionData(context, js_on_read_error, 1, 0, 1, &self);
    JSValue then = JS_EXCEPTION;
    if (!JS_IsException(promise) && !JS_IsException(on_read) && !JS_IsException(on_error))
        then = JS_PromiseThen(context, promise, on_read, on_error);
    JS_FreeValue(context, promise);
    JS_FreeValue(context, on_read);
    JS_FreeValue(context, on_error);
    if (JS_IsException(then))
        fail(pump, true);
    JS_FreeValue(context, then);
}

/* Goes on until it has to wait. The pump may be gone afterwards. */
static void step(struct pump *pump)
{
    for (;;) {
        if (pump->state == PUMP_WRITING) {
            if (!(pump->has_output ? write_output(pump) : write_memory(pump)))
                return;
            drop_piece(pump);
            pump->state = PUMP_READING;
        }
        if (pump->input != NULL) {
            if (!read_input(pump))
                return;
            pump->state = PUMP_WRITING;
        } else if (!JS_IsUndefined(pump->reader)) {
            read_stream(pump);
            return;
        } else {
            end(pump);
            return;
        }
    }
}

static struct pump *create(struct engine *engine)
{
    JSContext *context = engine->context;
    struct pump *pump = calloc(1, sizeof(*pump));
    if (pump == NULL) {
        JS_ThrowOutOfMemory(context);
        return NULL;
    }
    pump->engine = engine;
    pump->self = JS_NewObjectClass(context, engine->classes.pump);
    if (JS_IsException(pump->self)) {
        free(pump);
        return NULL;
    }
    JS_SetOpaque(pump->self, pump);
    pump->resource.close = close_resource;
    pump->target = pump->holder = pump->reader = pump->chunk = JS_UNDEFINED;
    event_loop_init_wait(&pump->wait);
    return pump;
}

int pump_begin(struct engine *engine, const struct pump_source *source, struct host_output *output,
               pump_done done, void *done_context, JSValueConst target)
{
    JSContext *context = engine->context;
    JSValue reader = JS_UNDEFINED;
    if (!JS_IsUndefined(source->stream)) {
        JSValueConst stream = source->stream;
        reader = engine_hook(engine, HOOK_STREAM_READER, 1, &stream);
        if (JS_IsException(reader))
            return -1;
    }
    struct pump *pump = create(engine);
    if (pump == NULL) {
        JS_FreeValue(context, reader);
        return -1;
    }
    pump->reader = reader;
    pump->holder = JS_DupValue(context, source->holder);
    pump->input = source->input;
    pump->owned = source->first;
    pump->piece = (struct text){(const char *)source->first.data, source->first.bytes};
    pump->state = source->first.data != NULL ? PUMP_WRITING : PUMP_READING;
    pump->target = JS_DupValue(context, target);
    pump->done = done;
    pump->done_context = done_context;
    if (output != NULL) {
        pump->has_output = true;
        pump->output = *output;
    }
    engine_add_resource(engine, &pump->resource);
    step(pump);
    return 0;
}
