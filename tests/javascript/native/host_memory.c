/* SPDX-License-Identifier: AGPL-3.0-only */

#include "host_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

/* Handles by number; the ones that are pollables say when they are ready. */
enum { REQUEST = 1, INPUT_BODY, INPUT_STREAM, OUTPUT_BODY, OUTPUT_STREAM, FIRST_POLLABLE };

static struct {
    struct host_memory_request request;
    size_t body_read;
    bool must_wait; /* the next read or write of a body waits first */
    struct host_memory_answer answer;
    size_t room;
    size_t open_handles;
    host_handle next_pollable;
    void (*log)(bool is_error, const char *data, size_t bytes);
} host = {.room = SIZE_MAX, .next_pollable = FIRST_POLLABLE};

static struct host_bytes copy(const void *data, size_t bytes)
{
    uint8_t *memory = malloc(bytes + 1);
    assert(memory != NULL);
    memcpy(memory, data, bytes);
    memory[bytes] = 0;
    return (struct host_bytes){.data = memory, .bytes = bytes};
}

host_handle host_memory_begin(const struct host_memory_request *request)
{
    host.request = *request;
    host.body_read = 0;
    host.must_wait = false;
    host_memory_answer_fini(&host.answer);
    host.open_handles = 1;
    return REQUEST;
}

struct host_memory_answer host_memory_take_answer(void)
{
    struct host_memory_answer answer = host.answer;
    host.answer = (struct host_memory_answer){0};
    return answer;
}

void host_memory_answer_fini(struct host_memory_answer *answer)
{
    host_fields_fini(&answer->fields);
    free(answer->body.data);
    *answer = (struct host_memory_answer){0};
}

size_t host_memory_open_handles(void)
{
    return host.open_handles;
}

void host_memory_set_room(size_t bytes)
{
    host.room = bytes;
}

void host_memory_set_log(void (*log)(bool is_error, const char *data, size_t bytes))
{
    host.log = log;
}

void host_fields_fini(struct host_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->items[i].name.data);
        free(fields->items[i].value.data);
    }
    free(fields->items);
    *fields = (struct host_fields){0};
}

static struct host_fields copy_fields(const struct host_field *items, size_t count)
{
    struct host_fields fields = {.items = calloc(count + 1, sizeof(*items)), .count = count};
    assert(fields.items != NULL);
    for (size_t i = 0; i < count; i++) {
        fields.items[i].name = copy(items[i].name.data, items[i].name.bytes);
        fields.items[i].value = copy(items[i].value.data, items[i].value.bytes);
    }
    return fields;
}

/* ---- The request ------------------------------------------------------------------------------
 */

static void expect_request(host_handle request)
{
    assert(request == REQUEST && host.open_handles > 0);
    (void)request;
}

void host_request_method(host_handle request, struct host_bytes *ret_method)
{
    expect_request(request);
    *ret_method = copy(host.request.method, strlen(host.request.method));
}

static bool copy_part(const char *part, struct host_bytes *ret_part)
{
    *ret_part = part != NULL ? copy(part, strlen(part)) : (struct host_bytes){0};
    return part != NULL;
}

bool host_request_path_with_query(host_handle request, struct host_bytes *ret_path)
{
    expect_request(request);
    return copy_part(host.request.path_with_query, ret_path);
}

bool host_request_authority(host_handle request, struct host_bytes *ret_authority)
{
    expect_request(request);
    return copy_part(host.request.authority, ret_authority);
}

bool host_request_is_secure(host_handle request)
{
    expect_request(request);
    return false;
}

void host_request_fields(host_handle request, struct host_fields *ret_fields)
{
    expect_request(request);
    *ret_fields = copy_fields(host.request.fields, host.request.field_count);
}

void host_request_drop(host_handle request)
{
    expect_request(request);
    host.open_handles--;
}

/* ---- Bodies -----------------------------------------------------------------------------------
 */

bool host_request_body(host_handle request, struct host_input *ret_input)
{
    expect_request(request);
    *ret_input = (struct host_input){.body = INPUT_BODY, .stream = INPUT_STREAM};
    host.open_handles += 2;
    return true;
}

enum host_result host_input_read(struct host_input *input, size_t bytes_max,
                                 struct host_bytes *ret_bytes)
{
    size_t left = host.request.body.bytes - host.body_read;
    size_t bytes = left < host.request.piece_bytes_max ? left : host.request.piece_bytes_max;
    assert(input->stream == INPUT_STREAM);
    *ret_bytes = (struct host_bytes){0};
    host.must_wait = !host.must_wait;
    if (host.must_wait)
        return HOST_WAIT;
    if (left == 0)
        return host.request.is_body_broken ? HOST_FAILED : HOST_END;
    if (bytes > bytes_max)
        bytes = bytes_max;
    *ret_bytes = copy(host.request.body.data + host.body_read, bytes);
    host.body_read += bytes;
    return HOST_OK;
}

static host_handle new_pollable(void)
{
    host.open_handles++;
    return host.next_pollable++;
}

host_handle host_input_pollable(struct host_input *input)
{
    assert(input->stream == INPUT_STREAM);
    return new_pollable();
}

void host_input_drop(struct host_input *input)
{
    assert(input->stream == INPUT_STREAM && input->body == INPUT_BODY);
    host.open_handles -= 2;
    *input = (struct host_input){.body = HOST_HANDLE_NONE, .stream = HOST_HANDLE_NONE};
}

enum host_result host_output_write(struct host_output *output, const uint8_t *data, size_t bytes,
                                   size_t *ret_written)
{
    struct host_bytes *body = &host.answer.body;
    assert(output->stream == OUTPUT_STREAM && bytes > 0);
    *ret_written = 0;
    if (host.room == 0) {
        host.must_wait = !host.must_wait;
        if (host.must_wait)
            return HOST_WAIT;
        bytes = 1;
    } else if (bytes > host.room) {
        bytes = host.room;
    }
    body->data = realloc(body->data, body->bytes + bytes);
    assert(body->data != NULL);
    memcpy(body->data + body->bytes, data, bytes);
    body->bytes += bytes;
    *ret_written = bytes;
    return HOST_OK;
}

host_handle host_output_pollable(struct host_output *output)
{
    assert(output->stream == OUTPUT_STREAM);
    return new_pollable();
}

static void drop_output(struct host_output *output)
{
    assert(output->stream == OUTPUT_STREAM && output->body == OUTPUT_BODY);
    host.open_handles -= 2;
    *output = (struct host_output){.body = HOST_HANDLE_NONE, .stream = HOST_HANDLE_NONE};
}

bool host_output_finish(struct host_output *output)
{
    drop_output(output);
    host.answer.is_whole = true;
    return true;
}

void host_output_drop(struct host_output *output)
{
    drop_output(output);
}

/* ---- The answer -------------------------------------------------------------------------------
 */

bool host_respond(host_handle outparam, uint16_t status, const struct host_field *fields,
                  size_t field_count, struct host_output *ret_output)
{
    assert(outparam == REQUEST && host.answer.status == 0);
    (void)outparam;
    host.answer.status = status;
    host.answer.fields = copy_fields(fields, field_count);
    *ret_output = (struct host_output){.body = OUTPUT_BODY, .stream = OUTPUT_STREAM};
    host.open_handles += 2;
    return true;
}

void host_respond_error(host_handle outparam, const char *message)
{
    assert(outparam == REQUEST);
    (void)outparam;
    (void)message;
}

/* ---- Outgoing requests: there is no network ---------------------------------------------------
 */

bool host_send(const struct host_outgoing *request, host_handle *ret_response,
               struct host_output *ret_output, struct host_bytes *ret_error)
{
    static const char reason[] = "connection refused";
    (void)request;
    (void)ret_response;
    (void)ret_output;
    *ret_error = copy(reason, sizeof(reason) - 1);
    return false;
}

host_handle host_response_pollable(host_handle response)
{
    (void)response;
    abort();
}

enum host_result host_response_take(host_handle response, uint16_t *ret_status,
                                    struct host_fields *ret_fields, struct host_input *ret_input,
                                    struct host_bytes *ret_error)
{
    (void)response;
    (void)ret_status;
    (void)ret_fields;
    (void)ret_input;
    (void)ret_error;
    abort();
}

void host_response_drop(host_handle response)
{
    (void)response;
    abort();
}

/* ---- Waiting: bodies are ready at once, timers after their time ---------------------------------
 */

static uint64_t timer_ns;
static host_handle timer = HOST_HANDLE_NONE;

host_handle host_timer(uint64_t nanoseconds)
{
    timer = new_pollable();
    timer_ns = nanoseconds;
    return timer;
}

void host_poll(const host_handle *pollables, size_t count, bool *ret_ready)
{
    bool only_timer = count == 1 && pollables[0] == timer;
    if (only_timer)
        nanosleep(&(struct timespec){.tv_sec = (time_t)(timer_ns / 1000000000),
                                     .tv_nsec = (long)(timer_ns % 1000000000)},
                  NULL);
    for (size_t i = 0; i < count; i++)
        ret_ready[i] = only_timer || pollables[i] != timer;
}

void host_pollable_drop(host_handle pollable)
{
    assert(pollable >= FIRST_POLLABLE);
    (void)pollable;
    host.open_handles--;
}

/* ---- The rest ---------------------------------------------------------------------------------
 */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t host_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t host_wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* Reproducible: a fuzzer's inputs are. */
void host_random(uint8_t *data, size_t bytes)
{
    static uint64_t state = 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        data[i] = (uint8_t)(state >> 56);
    }
}

void host_environment(struct host_fields *ret_variables)
{
    *ret_variables = (struct host_fields){0};
}

void host_log(bool is_error, const char *data, size_t bytes)
{
    if (host.log != NULL)
        host.log(is_error, data, bytes);
    else
        fwrite(data, 1, bytes, is_error ? stderr : stdout);
}

bool host_read_input(struct host_bytes *ret_input)
{
    (void)ret_input;
    return false;
}
