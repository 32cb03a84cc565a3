/* SPDX-License-Identifier: Apache-2.0 */

/* The JavaScript engine: one QuickJS runtime with one context, the Web APIs that C has, the event
 * loop, and the function's script. The component holds one for its whole life; it is made and
 * filled before the snapshot is taken, and answers calls afterwards, one at a time.
 *
 * Everything hangs on `struct engine`, which is the context's opaque value: engine_of(context).
 *
 * JavaScript values follow QuickJS's rules of ownership: JSValue is owned, JSValueConst borrowed.
 * One thread. */

#ifndef FN0_JAVASCRIPT_ENGINE_H
#define FN0_JAVASCRIPT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

#include "event_loop.h"
#include "list.h"
#include "quickjs_engine.h"

/* What C calls of the library, by name in `fn0Native.hooks`. X(NAME, "name") */
#define HOOK_TABLE(X)                                         \
    X(CREATE_BODY_STREAM, "createBodyStream")                 \
    X(IS_READABLE_STREAM, "isReadableStream")                 \
    X(STREAM_READER, "streamReader")                          \
    X(IS_DISTURBED, "isDisturbed")                            \
    X(IS_LOCKED, "isLocked")                                  \
    X(TEE_STREAM, "teeStream")                                \
    X(EXTRACT_BODY, "extractBody")                            \
    X(CREATE_BLOB, "createBlob")                              \
    X(PARSE_FORM_DATA, "parseFormData")                       \
    X(CREATE_DOM_EXCEPTION, "createDOMException")             \
    X(ABORT_SIGNAL_OF, "abortSignalOf")                       \
    X(FOLLOW_SIGNAL, "followSignal")                          \
    X(CREATE_ABORT_SIGNAL, "createAbortSignal")               \
    X(DESCRIBE_ERROR, "describeError")                        \
    X(ERROR_PAGE, "errorPage")                                \
    X(REPORT_EXCEPTION, "reportException")                    \
    X(REPORT_UNHANDLED_REJECTION, "reportUnhandledRejection") \
    X(SET_SOURCE_MAP, "setSourceMap")                         \
    X(BEGIN_CALL, "beginCall")                                \
    X(LOAD_PART, "loadPart")

enum hook {
#define HOOK_ROW(name, text) HOOK_##name,
    HOOK_TABLE(HOOK_ROW)
#undef HOOK_ROW
        HOOK_COUNT
};

/* Property names that are looked up at each call. X(NAME, "name") */
#define ATOM_TABLE(X)                    \
    X(FETCH, "fetch")                    \
    X(STATUS, "status")                  \
    X(STATUS_TEXT, "statusText")         \
    X(HEADERS, "headers")                \
    X(METHOD, "method")                  \
    X(BODY, "body")                      \
    X(SIGNAL, "signal")                  \
    X(REDIRECT, "redirect")              \
    X(CREDENTIALS, "credentials")        \
    X(CACHE, "cache")                    \
    X(MODE, "mode")                      \
    X(REFERRER, "referrer")              \
    X(REFERRER_POLICY, "referrerPolicy") \
    X(INTEGRITY, "integrity")            \
    X(KEEPALIVE, "keepalive")            \
    X(DUPLEX, "duplex")                  \
    X(WINDOW, "window")                  \
    X(READ, "read")                      \
    X(CANCEL, "cancel")                  \
    X(DONE, "done")                      \
    X(VALUE, "value")                    \
    X(SOURCE, "source")                  \
    X(TYPE, "type")                      \
    X(LENGTH, "length")                  \
    X(THEN, "then")

enum atom {
#define ATOM_ROW(name, text) ATOM_##name,
    ATOM_TABLE(ATOM_ROW)
#undef ATOM_ROW
        ATOM_COUNT
};

/* A handle of the host's that a JavaScript object holds, closed at the latest when the call ends:
 * objects may outlive it in globals, handles must not. Embedded in what holds the handle. */
struct resource {
    struct list link;
    void (*close)(struct resource *resource); /* takes it off the list */
};

/* Numbers of the classes of JavaScript objects that C implements. */
struct engine_classes {
    JSClassID headers;
    JSClassID headers_iterator;
    JSClassID request;
    JSClassID response;
    JSClassID execution_context;
    JSClassID pump;
    JSClassID url;
    JSClassID url_search_params;
    JSClassID url_search_params_iterator;
    JSClassID text_encoder;
    JSClassID text_decoder;
    JSClassID compression_flow;
};

/* The getters of DataView.prototype before any script could change them. */
enum view_getter { VIEW_BUFFER, VIEW_BYTE_OFFSET, VIEW_BYTE_LENGTH, VIEW_GETTER_COUNT };

struct call;

struct engine {
    JSRuntime *runtime;
    JSContext *context;
    struct engine_classes classes;
    JSAtom atoms[ATOM_COUNT];
    JSAtom symbol_iterator;
    JSValue view_getters[VIEW_GETTER_COUNT]; /* see support.h */
    JSValue hooks[HOOK_COUNT]; /* functions of the library; undefined before it is there */
    JSValue handler;           /* the script's default export */
    JSValue handler_fetch;     /* its function `fetch`, or the default export itself */
    JSValue environment;       /* `env`; undefined before the first call */
    struct event_loop loop;
    struct list resources;
    struct list timers;          /* set and not yet run; see timers.c */
    int32_t timer_id;            /* the last one given */
    struct list rejections;      /* promises rejected that nobody has handled yet */
    struct list parts;           /* of the library, that nobody has loaded; see parts.h */
    struct call *call;           /* the one that runs, or NULL */
    uint64_t call_count;         /* counts up with each call */
    uint64_t exchange_count;     /* of outgoing requests so far */
    struct quickjs_kept kept;    /* what the stages made */
    size_t collection_threshold; /* see quickjs_collect_after */
    void *memory_reserve;        /* given back when an allocation fails; or NULL */
    bool is_snapshotting;
    bool must_reset;     /* the library keeps something that the next call must not find */
    bool is_development; /* errors are shown to the client */
};

/* Makes runtime, context, and the classes and functions of C. NULL: no memory. */
struct engine *engine_create(void);

/* NULL is fine. */
void engine_destroy(struct engine *engine);

static inline struct engine *engine_of(JSContext *context)
{
    return JS_GetContextOpaque(context);
}

/* Takes over the hooks that the library has put into `hooks`; one that is missing is a TypeError.
 * Returns 0 or -1 with an exception. */
int engine_take_hooks(struct engine *engine, JSValueConst hooks);

/* Calls a hook; its result or an exception. */
JSValue engine_hook(struct engine *engine, enum hook hook, int argument_count,
                    JSValueConst *arguments);

/* As engine_hook where the answer is a boolean: 1, 0, or -1 with an exception. */
int engine_hook_is(struct engine *engine, enum hook hook, JSValueConst value);

/* Runs all microtasks, then reports rejections that nobody has handled. */
void engine_run_jobs(struct engine *engine);

/* What is fixed in a snapshot comes alive: random numbers are seeded. Before the first call. */
void engine_thaw(struct engine *engine);

/* Says that an operation is not to be had while a module is evaluated; returns an exception. */
JSValue engine_throw_snapshotting(JSContext *context, const char *operation);

/* Takes the pending exception, and does with it what reportError does. */
void engine_report_exception(struct engine *engine);

/* Takes the pending exception and writes it to the log as an error. */
void engine_log_exception(struct engine *engine);

/* Writes a value that was thrown to the log. `prefix` may be empty. */
void engine_log_error(struct engine *engine, const char *prefix, JSValueConst value);

/* A value that was thrown as text: message, stack, causes. Never fails: the worst is a plain word.
 * malloc; NULL: no memory. */
char *engine_describe(struct engine *engine, JSValueConst value);

/* Adds a resource to those that are closed when the call ends. */
void engine_add_resource(struct engine *engine, struct resource *resource);

/* Closes all resources. */
void engine_close_resources(struct engine *engine);

#endif
