/* SPDX-License-Identifier: AGPL-3.0-only */

/* A guest that is snapshotted, and a stand-in for an engine of a language: `wizer-initialize` reads
 *
 *     fn0-javascript 1 STAGE NAME_BYTES SOURCE_BYTES MAP_BYTES\n NAME SOURCE MAP
 *
 * from stdin, and keeps it; of each stage the last. The source's first word may ask for something:
 *
 *     throw TEXT   writes TEXT to stderr and ends in a trap
 *     exit TEXT    the same by exit(1)
 *     log TEXT     writes TEXT to stdout
 *     spin         never ends
 *     wait         waits for a timer
 *     eat          takes memory until there is none, then says so and traps
 *     grow         takes 20 MB and keeps them
 *     fetch        keeps how an outgoing request fails, in place of the source
 *     world        keeps clocks, random numbers and the environment, in place of the source
 *
 * It answers every request with "LIBRARY|NAME|SOURCE|MAP", the path /world with the world as it is
 * now. */

#define _GNU_SOURCE

#include "guest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef exports_wasi_http_incoming_handler_own_incoming_request_t incoming_request_t;
typedef exports_wasi_http_incoming_handler_own_response_outparam_t response_outparam_t;

enum { WRITE_BYTES_MAX = 4096 };

static char *library, *name, *source, *map;
static void *volatile taken_memory; /* volatile, or taking it would be left out */

/* ---- What stands around it ------------------------------------------------------------------- */

static void write_stream(wasi_io_streams_own_output_stream_t stream, const char *text)
{
    size_t bytes = strlen(text);

    while (bytes > 0) {
        size_t now = bytes < WRITE_BYTES_MAX ? bytes : WRITE_BYTES_MAX;
        guest_list_u8_t piece = {.ptr = (uint8_t *)text, .len = now};
        wasi_io_streams_stream_error_t error;

        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
                wasi_io_streams_borrow_output_stream(stream), &piece, &error))
            break;
        text += now;
        bytes -= now;
    }
    wasi_io_streams_output_stream_drop_own(stream);
}

static char *read_input(size_t *ret_bytes)
{
    wasi_io_streams_own_input_stream_t stream = wasi_cli_stdin_get_stdin();
    wasi_io_streams_stream_error_t error;
    guest_list_u8_t piece;
    char *text = NULL;
    size_t bytes = 0;

    while (wasi_io_streams_method_input_stream_blocking_read(
        wasi_io_streams_borrow_input_stream(stream), 65536, &piece, &error)) {
        text = realloc(text, bytes + piece.len + 1);
        if (text == NULL)
            abort();
        memcpy(text + bytes, piece.ptr, piece.len);
        bytes += piece.len;
        guest_list_u8_free(&piece);
    }
    wasi_io_streams_input_stream_drop_own(stream);
    *ret_bytes = bytes;
    return text;
}

static char *describe_world(void)
{
    wasi_clocks_wall_clock_datetime_t now;
    guest_list_tuple2_string_string_t environment;
    char *text = malloc(256);

    wasi_clocks_wall_clock_now(&now);
    wasi_cli_environment_get_environment(&environment);
    snprintf(text, 256,
             "wall=%" PRIu64 " monotonic=%" PRIu64 " random=%016" PRIx64 "%016" PRIx64
             " variables=%zu",
             now.seconds, wasi_clocks_monotonic_clock_now(), wasi_random_random_get_random_u64(),
             wasi_random_random_get_random_u64(), environment.len);
    return text;
}

static char *fetch(void)
{
    wasi_http_outgoing_handler_own_outgoing_request_t request =
        wasi_http_types_constructor_outgoing_request(wasi_http_types_constructor_fields());
    wasi_http_outgoing_handler_own_future_incoming_response_t response;
    wasi_http_outgoing_handler_error_code_t error;
    guest_string_t authority;

    guest_string_set(&authority, "127.0.0.1:1");
    wasi_http_types_method_outgoing_request_set_authority(
        wasi_http_types_borrow_outgoing_request(request), &authority);
    if (wasi_http_outgoing_handler_handle(request, NULL, &response, &error))
        return strdup("allowed");
    return strdup(error.tag == WASI_HTTP_TYPES_ERROR_CODE_HTTP_REQUEST_DENIED ? "denied" : "other");
}

static void wait(void)
{
    wasi_clocks_monotonic_clock_own_pollable_t timer =
        wasi_clocks_monotonic_clock_subscribe_duration(3600000000000);

    wasi_io_poll_method_pollable_block(wasi_io_poll_borrow_pollable(timer));
    wasi_io_poll_pollable_drop_own(timer);
}

static void eat(void)
{
    do
        taken_memory = malloc(65536);
    while (taken_memory != NULL);
    write_stream(wasi_cli_stderr_get_stderr(), "InternalError: out of memory\n");
    __builtin_trap();
}

/* ---- The snapshot ---------------------------------------------------------------------------- */

static void obey(const char *text)
{
    volatile bool forever = true;

    if (strncmp(text, "throw ", 6) == 0 || strncmp(text, "exit ", 5) == 0) {
        write_stream(wasi_cli_stderr_get_stderr(), strchr(text, ' ') + 1);
        if (text[0] == 'e')
            exit(1);
        __builtin_trap();
    } else if (strncmp(text, "log ", 4) == 0) {
        write_stream(wasi_cli_stdout_get_stdout(), text + 4);
    } else if (strncmp(text, "spin", 4) == 0) {
        while (forever)
            ;
    } else if (strncmp(text, "wait", 4) == 0) {
        wait();
    } else if (strncmp(text, "eat", 3) == 0) {
        eat();
    } else if (strncmp(text, "grow", 4) == 0) {
        taken_memory = memset(malloc(20 << 20), 1, 20 << 20);
    } else if (strncmp(text, "fetch", 5) == 0) {
        source = fetch();
    } else if (strncmp(text, "world", 5) == 0) {
        source = describe_world();
    }
}

static char *take(const char **text, size_t bytes)
{
    char *part = malloc(bytes + 1);

    if (part == NULL)
        abort();
    memcpy(part, *text, bytes);
    part[bytes] = 0;
    *text += bytes;
    return part;
}

void exports_guest_wizer_initialize(void)
{
    size_t bytes, name_bytes, source_bytes, map_bytes;
    char stage[16];
    char *input = read_input(&bytes);
    const char *rest = input != NULL ? memchr(input, '\n', bytes) : NULL;

    if (rest == NULL ||
        sscanf(input, "fn0-javascript 1 %15s %zu %zu %zu", stage, &name_bytes, &source_bytes,
               &map_bytes) != 4 ||
        (size_t)(++rest - input) + name_bytes + source_bytes + map_bytes != bytes) {
        write_stream(wasi_cli_stderr_get_stderr(), "the input is not framed\n");
        __builtin_trap();
    }
    name = take(&rest, name_bytes);
    source = take(&rest, source_bytes);
    map = take(&rest, map_bytes);
    free(input);
    obey(source);
    if (strcmp(stage, "library") == 0)
        library = source;
}

/* ---- Answers --------------------------------------------------------------------------------- */

static void reply(response_outparam_t out, const char *text)
{
    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(wasi_http_types_constructor_fields());
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_own_output_stream_t stream;
    wasi_http_types_error_code_t error;
    wasi_http_types_result_own_outgoing_response_error_code_t result = {
        .is_err = false,
        .val.ok = response,
    };

    if (!wasi_http_types_method_outgoing_response_body(
            wasi_http_types_borrow_outgoing_response(response), &body) ||
        !wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body),
                                                    &stream))
        abort();
    wasi_http_types_static_response_outparam_set(out, &result);
    write_stream(stream, text);
    wasi_http_types_static_outgoing_body_finish(body, NULL, &error);
}

void exports_wasi_http_incoming_handler_handle(incoming_request_t request, response_outparam_t out)
{
    guest_string_t path = {0};
    bool has_path = wasi_http_types_method_incoming_request_path_with_query(
        wasi_http_types_borrow_incoming_request(request), &path);
    char *text;

    if (has_path && path.len == 6 && memcmp(path.ptr, "/world", 6) == 0) {
        text = describe_world();
    } else if (asprintf(&text, "%s|%s|%s|%s", library != NULL ? library : "-",
                        name != NULL ? name : "-", source != NULL ? source : "-",
                        map != NULL ? map : "-") < 0) {
        abort();
    }
    reply(out, text);
    free(text);
    if (has_path)
        guest_string_free(&path);
    wasi_http_types_incoming_request_drop_own(request);
}
