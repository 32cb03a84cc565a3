/* SPDX-License-Identifier: AGPL-3.0-only */

/* The C interface to the engines that exist only in Rust: wasmtime with WASI 0.2 and our own
 * wasi:http, wizer, and a TOML reader.
 *
 * The bridge holds no policy: no limit's value, no timeout, no pool, no route, no retry. Whatever
 * it needs to know it is told.
 *
 * Life: an engine makes components; a component makes instances; an instance runs one call at a
 * time. Each holds what it was made from, so the makers may be destroyed in any order.
 *
 * Threads: an engine and a component may be used from any thread. An instance and its calls belong
 * to the thread that created the instance. No function here may be called from within a `fn0_wake`
 * callback. Each function may be given NULL only where it says so.
 *
 * Errors: functions that can fail return 0 or a negative `enum fn0_error_code`, and then fill the
 * caller's `struct fn0_error`. A panic in Rust never crosses this boundary: it is FN0_ERROR_PANIC,
 * and an instance it happened in answers that ever after.
 *
 * Signals: the first engine takes SIGBUS, SIGFPE, SIGILL and SIGSEGV for guests' traps, and hands
 * those that are none on to the handlers it found. Handlers of one's own are set before.
 *
 * `tests/bridge/` proves with the compiler that this header and the Rust side agree. */

#ifndef FN0_BRIDGE_H
#define FN0_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; not terminated by a zero. `data` may be NULL when `bytes` is 0. */
struct fn0_slice {
    const char *data;
    size_t bytes;
};

/* A field of a message (RFC 9110, 5): a header or trailer field. The names are lower case on their
 * way to a guest. */
struct fn0_field {
    struct fn0_slice name;
    struct fn0_slice value;
};

enum fn0_error_code {
    FN0_ERROR_INVALID_ARGUMENT = -1, /* the caller broke this header's rules */
    FN0_ERROR_OUT_OF_MEMORY = -2,
    FN0_ERROR_NOT_A_COMPONENT = -3,    /* empty, text, a core module, truncated, invalid */
    FN0_ERROR_UNSUPPORTED_IMPORT = -4, /* an import that fn0 does not have; the message names it */
    FN0_ERROR_MISSING_EXPORT = -5,     /* no wasi:http/incoming-handler */
    FN0_ERROR_THREADS = -6, /* threads or shared memory: not supported, use async/await */
    FN0_ERROR_TOO_LARGE =
        -7, /* more memory, tables, … than the engine's pool holds for one instance */
    FN0_ERROR_ARTIFACT = -8,     /* an artifact of another engine or settings, or damaged */
    FN0_ERROR_POOL_FULL = -9,    /* no room in the engine's pool for one more instance now */
    FN0_ERROR_TRAP = -10,        /* the guest trapped; the message has the backtrace */
    FN0_ERROR_EXIT = -11,        /* the guest called exit; the message has the status */
    FN0_ERROR_INTERRUPTED = -12, /* ended by fn0_call_interrupt; the message has the backtrace */
    FN0_ERROR_PANIC = -13,       /* a defect in the bridge or its engines */
    FN0_ERROR_SYNTAX = -14,      /* TOML that is none; the message has line and column */
    FN0_ERROR_SYSTEM = -15,      /* the operating system refused something */
};

#define FN0_ERROR_MESSAGE_BYTES 4096

/* Owned by the caller; its content means something only after a failure. `message` is UTF-8,
 * terminated, may have several lines (a backtrace), and is cut where it is too long. */
struct fn0_error {
    int32_t code;
    char message[FN0_ERROR_MESSAGE_BYTES];
};

struct fn0_engine;
struct fn0_component;
struct fn0_instance;
struct fn0_call;
struct fn0_snapshot;

/* Tells the owner of a pending instance or call that polling it again is worth while. May come from
 * any thread, also from within fn0_call_poll and other functions of this header on the owner's own
 * thread, also late, when the instance or call is gone: `context` must outlive the engine or be
 * found by a lookup. Must not block and must not call the bridge. */
typedef void (*fn0_wake)(void *context, uint64_t token);

/* ---- Engine
 * ----------------------------------------------------------------------------------------------------------
 */

/* Where compiled functions are kept, so that one which two components have in common is compiled
 * once. C keeps them; both are called by fn0_component_compile only, from several threads at a
 * time. */

/* Sets *ret_code to what was kept under `key`, valid as long as the engine, and answers whether
 * there is such a thing. THE CALLER VOUCHES FOR IT: it becomes native code. */
typedef bool (*fn0_code_find)(void *context, struct fn0_slice key, struct fn0_slice *ret_code);

/* Keeps a copy of `code` under `key`, or does not. */
typedef void (*fn0_code_keep)(void *context, struct fn0_slice key, struct fn0_slice code);

struct fn0_engine_options {
    /* The pool: how many there may be at a time in the whole process, and how large each. All must
     * be over 0. */
    uint32_t instances_max; /* component instances; also core memories, tables and stacks in
                               proportion */
    uint32_t core_instances_per_component_max;
    uint32_t memories_per_component_max;
    uint32_t tables_per_component_max;
    uint32_t table_elements_max;
    uint64_t memory_bytes_max; /* one linear memory; address space is reserved for it. A multiple of
                                  64 KiB */
    uint64_t core_instance_bytes_max; /* wasmtime's metadata of one core instance */
    uint64_t component_instance_bytes_max;
    uint64_t stack_bytes; /* the guest's own stack */
    /* Kept resident in a slot of the pool, so that its next user pays no page faults for it. */
    uint64_t memory_keep_resident_bytes;
    uint64_t table_keep_resident_bytes;
    /* Compile with several threads. */
    bool parallel_compilation;
    /* Both or neither (NULL); the fingerprint is the same. `code_context` is handed to them. */
    fn0_code_find code_find;
    fn0_code_keep code_keep;
    void *code_context;
};

/* Makes an engine, which starts one background thread of its own for the timers of waiting guests.
 * Any thread. The caller destroys *ret_engine. */
int fn0_engine_create(const struct fn0_engine_options *options, struct fn0_engine **ret_engine,
                      struct fn0_error *error);

/* NULL is fine. The memory is freed when its last component is gone, too. */
void fn0_engine_destroy(struct fn0_engine *engine);

/* Advances the epoch by one tick: guests that compute will yield or be interrupted.
 * Async-signal-safe, any thread. */
void fn0_engine_tick(struct fn0_engine *engine);

/* A value that differs between engines whose artifacts don't fit each other (version, settings,
 * CPU). Any thread. */
uint64_t fn0_engine_fingerprint(const struct fn0_engine *engine);

/* ---- Component
 * -------------------------------------------------------------------------------------------------------
 */

/* Memory of the bridge's, handed to C whole. */
struct fn0_bytes {
    uint8_t *data;
    size_t bytes;
    size_t capacity; /* the bridge's own */
};

/* Frees what a function of this header handed over; sets it to nothing. Any thread. */
void fn0_bytes_fini(struct fn0_bytes *bytes);

/* Compiles a component, and checks that this platform can run it: exports, imports, pool. Takes
 * seconds for large ones; any thread. The caller ends *ret_artifact with fn0_bytes_fini. */
int fn0_component_compile(struct fn0_engine *engine, struct fn0_slice wasm,
                          struct fn0_bytes *ret_artifact, struct fn0_error *error);

/* What the machine code of a component depends on, as a hash (SHA-256): all of it but what its
 * memories and its globals that may change begin with, and custom sections of the component. Only
 * components that were made by taking a snapshot have one (others have their code to themselves):
 * false. `for_others`: also false where its artifact may not be handed to fn0_component_relink,
 * which takes some milliseconds more to find out. Any thread. */
bool fn0_component_code_key(struct fn0_slice wasm, bool for_others, uint8_t ret_key[32]);

/* Makes the artifact of a component from that of another one which has the same code key: the same
 * bytes as fn0_component_compile makes, in milliseconds. False, and nothing is made, where it has
 * to be compiled after all. THE CALLER VOUCHES FOR THE ARTIFACT, and that it is one of that key,
 * `for_others`. Any thread. The caller ends *ret_artifact with fn0_bytes_fini. */
bool fn0_component_relink(struct fn0_slice wasm, struct fn0_slice artifact,
                          struct fn0_bytes *ret_artifact);

/* Loads an artifact by mapping the file `fd` (borrowed; not closed; its position is not used). THE
 * CALLER VOUCHES FOR ITS CONTENT: artifacts are native code. The component is linked and ready to
 * make instances. Any thread. */
int fn0_component_load(struct fn0_engine *engine, int fd, struct fn0_component **ret_component,
                       struct fn0_error *error);

/* NULL is fine. Instances that live keep what they need. */
void fn0_component_destroy(struct fn0_component *component);

/* ---- Instance
 * --------------------------------------------------------------------------------------------------------
 */

enum fn0_poll {
    FN0_POLL_READY,   /* finished well */
    FN0_POLL_PENDING, /* waits: poll again after a wake (a wake may already have come) */
    FN0_POLL_YIELDED, /* computes and was stopped by a tick: poll again when others had their turn;
                         no wake will come */
    FN0_POLL_FAILED,  /* finished with an error; the object can only be destroyed */
};

struct fn0_instance_options {
    uint64_t memory_bytes_max; /* the sum over all of its linear memories; memory.grow past it
                                  answers -1 */
    const struct fn0_field *environment; /* copied */
    size_t environment_count;
    fn0_wake wake; /* for this instance and its calls */
    void *wake_context;
    uint64_t token; /* handed to `wake` */
};

/* Begins an instance; nothing of the guest runs yet. The caller destroys *ret_instance, on this
 * thread. */
int fn0_instance_create(struct fn0_component *component, const struct fn0_instance_options *options,
                        struct fn0_instance **ret_instance, struct fn0_error *error);

/* Runs the guest's start-up. After FN0_POLL_READY the instance takes calls. Fills `error` with
 * FN0_POLL_FAILED only. */
enum fn0_poll fn0_instance_poll(struct fn0_instance *instance, struct fn0_error *error);

/* Ends the guest's start-up, as fn0_call_interrupt does a call: the next polls answer
 * FN0_POLL_FAILED, FN0_ERROR_INTERRUPTED, with its backtrace. */
void fn0_instance_interrupt(struct fn0_instance *instance);

/* The sum of its linear memories now, in bytes: what it keeps from call to call. */
uint64_t fn0_instance_memory_bytes(const struct fn0_instance *instance);

/* How often memory.grow was refused by memory_bytes_max since the instance began. */
uint64_t fn0_instance_memory_refusals(const struct fn0_instance *instance);

/* NULL is fine. Must not have a call that lives. */
void fn0_instance_destroy(struct fn0_instance *instance);

/* ---- Call
 * ------------------------------------------------------------------------------------------------------------
 */

enum fn0_scheme { FN0_SCHEME_HTTP, FN0_SCHEME_HTTPS };

struct fn0_request {
    struct fn0_slice method; /* as on the wire: GET, … */
    struct fn0_slice authority;
    struct fn0_slice path_with_query; /* begins with a slash */
    uint32_t scheme;                  /* enum fn0_scheme */
    const struct fn0_field *fields;
    size_t field_count;
    bool has_body; /* false: the body's stream is at its end at once, and body_end is not called */
};

enum fn0_event_kind {
    /* The guest set its response (or, with status 0, an error-code: `text` is its name, as
       wasi:http spells it). Once. */
    FN0_EVENT_RESPONSE_HEAD,
    /* A piece of the response's body, in `text`. Never more in sum than the window that C gave. */
    FN0_EVENT_RESPONSE_BODY,
    /* The response is whole; `fields` are its trailers. */
    FN0_EVENT_RESPONSE_END,
    /* The guest dropped the body without finishing it: the response must be cut off, not ended. */
    FN0_EVENT_RESPONSE_CUT,
    /* The guest asked for the request's body for the first time. */
    FN0_EVENT_REQUEST_BODY_WANTED,
    /* The guest is about to set its response, and holds the request's body, of which it has not
       asked for anything yet: it may do so later. */
    FN0_EVENT_REQUEST_BODY_HELD,
    /* `number` bytes of the request's body were taken by the guest since the last poll (or dropped
       with their stream). */
    FN0_EVENT_REQUEST_BODY_CONSUMED,
    /* What the guest wrote to stdout or stderr: `text`; not split into lines. */
    FN0_EVENT_STDOUT,
    FN0_EVENT_STDERR,
    /* The guest makes outgoing request `outgoing`; see struct fn0_outgoing_request. C answers by
       fn0_outgoing_*. */
    FN0_EVENT_OUTGOING_REQUEST,
    /* A piece of that request's body in `text`, within the window; its end, `fields` are its
       trailers; its cutting off. */
    FN0_EVENT_OUTGOING_BODY,
    FN0_EVENT_OUTGOING_BODY_END,
    FN0_EVENT_OUTGOING_BODY_CUT,
    /* `number` bytes of the answer to it were taken by the guest. */
    FN0_EVENT_OUTGOING_CONSUMED,
    /* The guest has no more use for it: C stops it; the bridge ignores what is still said about it.
     */
    FN0_EVENT_OUTGOING_DROPPED,
};

/* A timeout that the guest did not set. */
#define FN0_TIMEOUT_NONE UINT64_MAX

struct fn0_outgoing_request {
    struct fn0_slice method;
    struct fn0_slice authority;       /* host and optional port; empty where the guest set none */
    struct fn0_slice path_with_query; /* begins with a slash */
    uint32_t scheme; /* enum fn0_scheme; http where the guest set none; others are refused before */
    const struct fn0_field *fields;
    size_t field_count;
    /* A body may come, and OUTGOING_BODY_END or _CUT will; else none of these comes. */
    bool has_body;
    uint64_t body_bytes;         /* Content-Length as the guest set it, else UINT64_MAX */
    uint64_t connect_timeout_ns; /* FN0_TIMEOUT_NONE where unset */
    uint64_t first_byte_timeout_ns;
    uint64_t between_bytes_timeout_ns;
};

/* One thing that a poll produced. Which members mean something is said at the kind. */
struct fn0_event {
    uint32_t kind;   /* enum fn0_event_kind */
    uint32_t status; /* RESPONSE_HEAD: 100 to 999, or 0 */
    uint64_t outgoing;
    uint64_t number;
    struct fn0_slice text;
    const struct fn0_field *fields;
    size_t field_count;
    const struct fn0_outgoing_request *request; /* OUTGOING_REQUEST */
};

/* What a poll produced, in the order it happened. */
struct fn0_events {
    /* Valid, with all they point at, until the next fn0_call_poll or fn0_call_destroy of the same
     * call: the other functions may be called while they are being read. */
    const struct fn0_event *items;
    size_t count;
};

/* Begins a call of the instance's handler with a copy of `request`; the first poll enters it. The
 * instance must be ready and have no other call. `body_window_bytes`: how much of the response's
 * body the guest may write before C gives more by fn0_call_response_window; outgoing bodies begin
 * with the same. The caller destroys *ret_call. */
int fn0_call_create(struct fn0_instance *instance, const struct fn0_request *request,
                    size_t body_window_bytes, struct fn0_call **ret_call, struct fn0_error *error);

/* Runs the guest until it ends, waits or is stopped by a tick. Must not be called again after READY
 * or FAILED. *ret_events is set whatever the answer is, FN0_POLL_FAILED too. */
enum fn0_poll fn0_call_poll(struct fn0_call *call, struct fn0_events *ret_events,
                            struct fn0_error *error);

/* Gives the guest a piece of the request's body, copied; small ones that it has not read yet are
 * joined. C holds itself to a bound by the CONSUMED events. */
int fn0_call_request_body(struct fn0_call *call, struct fn0_slice data);

/* The request's body is whole, with its trailers (copied). */
int fn0_call_request_end(struct fn0_call *call, const struct fn0_field *trailers,
                         size_t trailer_count);

/* The request's body will not come whole: `error_code` (a case of wasi:http's error-code, like
 * "HTTP-request-body-size" or "connection-terminated"; unknown ones become internal-error) is what
 * the guest reads. */
int fn0_call_request_fail(struct fn0_call *call, struct fn0_slice error_code);

/* Lets the guest write `bytes` more of the response's body. */
int fn0_call_response_window(struct fn0_call *call, size_t bytes);

/* Ends the guest at its next tick or wait: a poll will answer FN0_POLL_FAILED,
 * FN0_ERROR_INTERRUPTED, with its backtrace. A guest that waits in the host is ended by the next
 * poll; the message then names the import it waits in. */
void fn0_call_interrupt(struct fn0_call *call);

/* Ends the call, cancelling it where it has not finished (its instance can then only be destroyed).
 * NULL is fine. Returns whether the instance may take another call. */
bool fn0_call_destroy(struct fn0_call *call);

/* ---- Answers to outgoing requests ------------------------------------------------------------ */

/* Outgoing requests that are unknown or dropped are ignored, and answer 0. */

/* The answer's head has come. */
int fn0_outgoing_head(struct fn0_call *call, uint64_t outgoing, uint32_t status,
                      const struct fn0_field *fields, size_t field_count);

/* A piece of its body, copied. */
int fn0_outgoing_body(struct fn0_call *call, uint64_t outgoing, struct fn0_slice data);

/* Its body is whole. */
int fn0_outgoing_end(struct fn0_call *call, uint64_t outgoing, const struct fn0_field *trailers,
                     size_t trailer_count);

/* It failed, before its head or while its body comes; `error_code` as in fn0_call_request_fail.
 * `detail` (may be empty) is carried where the case has room for text. */
int fn0_outgoing_fail(struct fn0_call *call, uint64_t outgoing, struct fn0_slice error_code,
                      struct fn0_slice detail);

/* Lets the guest write `bytes` more of its body. */
int fn0_outgoing_window(struct fn0_call *call, uint64_t outgoing, size_t bytes);

/* ---- Snapshots ------------------------------------------------------------------------------- */

/* A component that exports `wizer-initialize: func()` is snapshotted by wizer: it is run up to the
 * end of that function, and what its memories and globals are then is what those of a new component
 * begin with. The new one still exports the function, so it can be snapshotted once more.
 *
 * The state is read through accessors, so what runs is an instrumented component: made, compiled
 * and loaded once, it serves any number of snapshots. Resources (streams, pollables) are not part
 * of a snapshot: the guest must not hold any when the function returns.
 *
 * The guest finds its input on stdin and a world that is always the same, so that component and
 * input decide every byte of the snapshot: clocks stand at 0, random numbers repeat, there is no
 * environment and no file, sockets and outgoing requests are refused. */

/* Makes the instrumented component of one. FN0_ERROR_NOT_A_COMPONENT where wizer cannot do that.
 * Any thread. The caller ends *ret_wasm with fn0_bytes_fini. */
int fn0_snapshot_instrument(struct fn0_slice wasm, struct fn0_bytes *ret_wasm,
                            struct fn0_error *error);

struct fn0_snapshot_options {
    struct fn0_slice input; /* what the guest reads from stdin; copied */
    /* As of an instance. The engine's pool needs two pages more for each memory: they are what the
       state is read through. */
    uint64_t memory_bytes_max;
    fn0_wake wake;
    void *wake_context;
    uint64_t token;
};

/* Begins a snapshot of the component `wasm`, which is borrowed until the snapshot is destroyed;
 * `instrumented` is what fn0_snapshot_instrument made of it, loaded. FN0_ERROR_MISSING_EXPORT where
 * it has no `wizer-initialize`. A snapshot belongs to this thread, as an instance does; the caller
 * destroys *ret_snapshot. */
int fn0_snapshot_create(struct fn0_component *instrumented, struct fn0_slice wasm,
                        const struct fn0_snapshot_options *options,
                        struct fn0_snapshot **ret_snapshot, struct fn0_error *error);

/* Runs the guest. With FN0_POLL_READY *ret_wasm is the snapshot, which the caller ends with
 * fn0_bytes_fini. With FN0_POLL_FAILED `error` says why; of FN0_ERROR_TRAP and FN0_ERROR_EXIT the
 * message is what the guest wrote to stderr, where it wrote something. */
enum fn0_poll fn0_snapshot_poll(struct fn0_snapshot *snapshot, struct fn0_bytes *ret_wasm,
                                struct fn0_error *error);

/* As fn0_instance_interrupt; a guest that waits is ended by the next poll. */
void fn0_snapshot_interrupt(struct fn0_snapshot *snapshot);

/* What the guest has written, as FN0_EVENT_STDOUT and FN0_EVENT_STDERR, the first 64 KiB; valid
 * until the next poll or fn0_snapshot_destroy. */
void fn0_snapshot_output(struct fn0_snapshot *snapshot, struct fn0_events *ret_events);

/* As fn0_instance_memory_refusals. */
uint64_t fn0_snapshot_memory_refusals(const struct fn0_snapshot *snapshot);

/* NULL is fine. */
void fn0_snapshot_destroy(struct fn0_snapshot *snapshot);

/* ---- TOML 1.0
 * --------------------------------------------------------------------------------------------------------
 */

enum fn0_toml_kind {
    FN0_TOML_STRING,
    FN0_TOML_INTEGER,
    FN0_TOML_FLOAT,
    FN0_TOML_BOOLEAN,
    FN0_TOML_DATETIME,    /* `text` as written */
    FN0_TOML_TABLE_BEGIN, /* also inside of arrays */
    FN0_TOML_TABLE_END,
    FN0_TOML_ARRAY_BEGIN,
    FN0_TOML_ARRAY_END,
};

struct fn0_toml_item {
    uint32_t kind;        /* enum fn0_toml_kind */
    struct fn0_slice key; /* of the entry; empty inside of arrays and for the root table */
    struct fn0_slice text;
    int64_t integer;
    double real;
    bool boolean;
    uint32_t line;   /* of the key, else of the value; from 1 */
    uint32_t column; /* in characters, from 1 */
};

/* Is given each item of a document in the order of the text; 0 goes on, anything else ends the
 * reading with that answer. The item is valid during the call only. */
typedef int (*fn0_toml_visit)(void *context, const struct fn0_toml_item *item);

/* Reads a document. Answers FN0_ERROR_SYNTAX with "line L, column C: …", or what `visit` answered,
 * or 0. Any thread. */
int fn0_toml_read(struct fn0_slice document, fn0_toml_visit visit, void *context,
                  struct fn0_error *error);

#endif
