/* SPDX-License-Identifier: Apache-2.0 */

/* What the engine needs from outside of itself: the request and its answer, outgoing requests,
 * waiting, clocks, random numbers, the environment, the log.
 *
 * One of two sources is linked: host_wasi.c in the component (WASI 0.2), host_memory.c in the
 * native build of tests and fuzzers. Nothing else of the engine knows WASI.
 *
 * A handle is a number that the host gave; whoever holds one drops it. WASI wants children dropped
 * before their parents (a stream before its body, a pollable before its stream). No handle may be
 * open when a snapshot is taken.
 *
 * Memory that a function hands over in `ret_…` comes from malloc and is the caller's to free. One
 * thread. */

#ifndef FN0_JAVASCRIPT_HOST_H
#define FN0_JAVASCRIPT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t host_handle;
#define HOST_HANDLE_NONE (-1)

/* Bytes of the caller's; free(data). */
struct host_bytes {
    uint8_t *data;
    size_t bytes;
};

/* A field of a message. `name` is in lower case where it comes from the host. */
struct host_field {
    struct host_bytes name;
    struct host_bytes value;
};

struct host_fields {
    struct host_field *items;
    size_t count;
};

/* Frees the fields and all in them. */
void host_fields_fini(struct host_fields *fields);

enum host_result {
    HOST_OK,
    HOST_WAIT, /* nothing now: wait for the pollable */
    HOST_END,  /* the stream is at its end */
    HOST_FAILED,
};

/* ---- The request ------------------------------------------------------------------------------
 */

/* The method as on the wire. */
void host_request_method(host_handle request, struct host_bytes *ret_method);

/* False where the host does not say; *ret is nothing then. */
bool host_request_path_with_query(host_handle request, struct host_bytes *ret_path);

/* Host and port as the client named them; as above. */
bool host_request_authority(host_handle request, struct host_bytes *ret_authority);

/* Whether it came by https. */
bool host_request_is_secure(host_handle request);

/* All fields, in their order. The same each time. */
void host_request_fields(host_handle request, struct host_fields *ret_fields);

/* Its body, if it was taken, is dropped before. */
void host_request_drop(host_handle request);

/* ---- Bodies that come in ----------------------------------------------------------------------
 */

struct host_input {
    host_handle body;
    host_handle stream;
};

/* Takes the request's body; once. */
bool host_request_body(host_handle request, struct host_input *ret_input);

/* Up to `bytes_max` of what has come. HOST_FAILED: the rest will not come. */
enum host_result host_input_read(struct host_input *input, size_t bytes_max,
                                 struct host_bytes *ret_bytes);

/* To wait with; the caller drops it. */
host_handle host_input_pollable(struct host_input *input);

/* Gives it up, read to its end or not; its handles are gone. */
void host_input_drop(struct host_input *input);

/* ---- Bodies that go out -----------------------------------------------------------------------
 */

struct host_output {
    host_handle body;
    host_handle stream;
};

/* Writes what there is room for, at least one byte with HOST_OK; HOST_WAIT: there is none.
 * HOST_FAILED: nobody takes the rest. `bytes` is over 0. */
enum host_result host_output_write(struct host_output *output, const uint8_t *data, size_t bytes,
                                   size_t *ret_written);

/* To wait with until there is room again; the caller drops it. */
host_handle host_output_pollable(struct host_output *output);

/* The body is whole. False: the host refuses it (another length than announced). */
bool host_output_finish(struct host_output *output);

/* Gives it up unfinished: whoever reads it sees a body that was cut off. */
void host_output_drop(struct host_output *output);

/* ---- The answer -------------------------------------------------------------------------------
 */

/* Sets the answer's head and opens its body. `fields` are borrowed. False: the host refuses a
 * field; nothing is set then. Uses `outparam` up where it answers true. */
bool host_respond(host_handle outparam, uint16_t status, const struct host_field *fields,
                  size_t field_count, struct host_output *ret_output);

/* Answers with an error instead. Uses `outparam` up. */
void host_respond_error(host_handle outparam, const char *message);

/* ---- Outgoing requests ------------------------------------------------------------------------
 */

/* All borrowed. */
struct host_outgoing {
    struct host_bytes method;
    bool is_secure;
    struct host_bytes authority;
    struct host_bytes path_with_query;
    const struct host_field *fields;
    size_t field_count;
};

/* Sends a request. With *ret_output its body is open and must be finished or dropped. False:
 * *ret_error says why, for people (malloc). */
bool host_send(const struct host_outgoing *request, host_handle *ret_response,
               struct host_output *ret_output, struct host_bytes *ret_error);

/* To wait with until the answer's head is there, or will not come; the caller drops it. */
host_handle host_response_pollable(host_handle response);

/* The answer's head, when it has come. HOST_OK uses nothing up: drop the handle afterwards.
 * HOST_FAILED fills *ret_error. */
enum host_result host_response_take(host_handle response, uint16_t *ret_status,
                                    struct host_fields *ret_fields, struct host_input *ret_input,
                                    struct host_bytes *ret_error);

/* Before the head has come that gives the request up. The body that was taken is its own. */
void host_response_drop(host_handle response);

/* ---- Waiting ----------------------------------------------------------------------------------
 */

/* Waits until one of the pollables is ready; `ret_ready[i]` says which are. `count` is over 0. */
void host_poll(const host_handle *pollables, size_t count, bool *ret_ready);

/* A pollable that is ready after that time. */
host_handle host_timer(uint64_t nanoseconds);

/* Nothing waits with it any more. */
void host_pollable_drop(host_handle pollable);

/* ---- The rest ---------------------------------------------------------------------------------
 */

/* Since some moment before the first call; never back. */
uint64_t host_monotonic_ns(void);

/* Since the epoch. */
uint64_t host_wall_ns(void);

/* Random bytes fit for keys. During a snapshot they are the same in each. */
void host_random(uint8_t *data, size_t bytes);

/* Names and values. */
void host_environment(struct host_fields *ret_variables);

/* Writes to stdout, or stderr; what cannot be written is lost. */
void host_log(bool is_error, const char *data, size_t bytes);

/* All of stdin. */
bool host_read_input(struct host_bytes *ret_input);

#endif
