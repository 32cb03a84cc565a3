/* SPDX-License-Identifier: AGPL-3.0-only */

/* Gives requests to a JavaScript function that reads all there is of them, in one engine that lives
 * as long as the fuzzer: headers, URL, and the body in each way it can be read, whole or broken, in
 * pieces. Whatever comes, the call must be answered, no handle may stay open, and the engine must
 * not hold more than before.
 *
 * An input is five bytes (the body's pieces, flags, what is made of the body, the status, the room
 * for the answer), then lines: "METHOD TARGET AUTHORITY", headers "name: value", an empty one; then
 * the body. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "engine.h"
#include "host_memory.h"
#include "stage_input.h"

#define LIBRARY "build/sdk/javascript/library.js"
#define SCRIPT "tests/fuzz/javascript_request.js"
#define FIELDS_MAX 32

/* What one engine holds is looked at after so many inputs; it may have made so many objects more
 * than after the first ones, for what is made once when it is first used. */
#define INPUTS_BETWEEN_COUNTS 64
#define INPUTS_TO_WARM_UP 128
#define OBJECTS_MORE_MAX 512

enum flags { BODY_IS_BROKEN = 1, NO_AUTHORITY = 2, NO_PATH = 4 };

static struct engine *engine;
static size_t input_count;
static int64_t objects_at_first;

int LLVMFuzzerInitialize(int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void log_nothing(bool is_error, const char *data, size_t bytes)
{
    (void)is_error;
    (void)data;
    (void)bytes;
}

/* Behind the last input: what it still held would be a leak. */
static void destroy_engine(void)
{
    engine_destroy(engine);
    engine = NULL;
}

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    engine = engine_create();
    atexit(destroy_engine);
    check(engine != NULL && stage_input_run_file(engine, "library", LIBRARY) &&
              stage_input_run_file(engine, "script", SCRIPT),
          "the engine does not start");
    host_memory_set_log(log_nothing);
    return 0;
}

/* ---- Requests out of an input -----------------------------------------------------------------
 */

struct reader {
    const char *data;
    size_t bytes;
};

/* Up to `end`, which is passed over. A copy with a zero behind it (malloc). */
static char *read_until(struct reader *reader, char end, size_t *ret_bytes)
{
    const char *found = memchr(reader->data, end, reader->bytes);
    size_t bytes = found == NULL ? reader->bytes : (size_t)(found - reader->data);
    size_t passed = found == NULL ? bytes : bytes + 1;
    char *copy = malloc(bytes + 1);
    check(copy != NULL, "no memory");
    memcpy(copy, reader->data, bytes);
    copy[bytes] = '\0';
    reader->data += passed;
    reader->bytes -= passed;
    *ret_bytes = bytes;
    return copy;
}

/* A line "name: value" as a field. False: the empty line, or no more of them. */
static bool read_field(struct reader *reader, struct host_field *ret_field)
{
    size_t line_bytes, name_bytes;
    char *line = read_until(reader, '\n', &line_bytes);
    struct reader rest = {.data = line, .bytes = line_bytes};
    if (line_bytes == 0) {
        free(line);
        return false;
    }
    ret_field->name.data = (uint8_t *)read_until(&rest, ':', &name_bytes);
    ret_field->name.bytes = name_bytes;
    if (rest.bytes > 0 && rest.data[0] == ' ') {
        rest.data++;
        rest.bytes--;
    }
    ret_field->value.bytes = rest.bytes;
    ret_field->value.data = malloc(rest.bytes + 1);
    check(ret_field->value.data != NULL, "no memory");
    memcpy(ret_field->value.data, rest.data, rest.bytes);
    free(line);
    return true;
}

/* What the script is told beside the input's own headers: what to do with the body, and which
 * status to answer with. */
static struct host_field number_field(const char *name, unsigned number)
{
    char digits[8];
    int bytes = snprintf(digits, sizeof(digits), "%u", number);
    struct host_field field = {
        .name = {.data = (uint8_t *)strdup(name), .bytes = strlen(name)},
        .value = {.data = (uint8_t *)strdup(digits), .bytes = (size_t)bytes}};
    check(field.name.data != NULL && field.value.data != NULL, "no memory");
    return field;
}

static void call_function(const uint8_t *options, struct reader *reader)
{
    struct host_field fields[FIELDS_MAX];
    size_t ignored, count = 0;
    char *method = read_until(reader, ' ', &ignored);
    char *target = read_until(reader, ' ', &ignored);
    char *authority = read_until(reader, '\n', &ignored);
    fields[count++] = number_field("x-mode", options[2]);
    fields[count++] = number_field("x-status", 100u + 2u * options[3]);
    while (count < FIELDS_MAX && read_field(reader, &fields[count]))
        count++;
    struct host_memory_request request = {
        .method = method,
        .authority = options[1] & NO_AUTHORITY ? NULL : authority,
        .path_with_query = options[1] & NO_PATH ? NULL : target,
        .fields = fields,
        .field_count = count,
        .body = {.data = (uint8_t *)reader->data, .bytes = reader->bytes},
        .piece_bytes_max = 1 + (size_t)options[0],
        .is_body_broken = options[1] & BODY_IS_BROKEN};
    host_memory_set_room(options[4] == 255 ? SIZE_MAX : options[4]);
    host_handle handle = host_memory_begin(&request);
    call_run(engine, handle, handle);
    struct host_memory_answer answer = host_memory_take_answer();
    check(answer.status >= 200 && answer.status <= 599, "no answer, or no status");
    check(host_memory_open_handles() == 0, "a handle is open behind the call");
    host_memory_answer_fini(&answer);
    for (size_t i = 0; i < count; i++) {
        free(fields[i].name.data);
        free(fields[i].value.data);
    }
    free(method);
    free(target);
    free(authority);
}

static int64_t count_objects(void)
{
    JSMemoryUsage usage;
    JS_RunGC(engine->runtime);
    JS_ComputeMemoryUsage(engine->runtime, &usage);
    return usage.obj_count + usage.str_count + usage.atom_count + usage.malloc_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct reader reader = {.data = (const char *)data + 5, .bytes = bytes - 5};
    if (bytes < 6)
        return 0;
    call_function(data, &reader);
    if (++input_count % INPUTS_BETWEEN_COUNTS != 0)
        return 0;
    if (input_count == INPUTS_TO_WARM_UP)
        objects_at_first = count_objects();
    if (input_count > INPUTS_TO_WARM_UP)
        check(count_objects() <= objects_at_first + OBJECTS_MORE_MAX,
              "the engine holds more and more: one of the last inputs leaks");
    return 0;
}
