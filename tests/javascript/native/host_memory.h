/* SPDX-License-Identifier: AGPL-3.0-only */

/* The engine's host in memory, for a native build of the engine: shell, tests, fuzzers. One request
 * at a time; the answer is kept; outgoing requests are answered from a function of the test's. */

#ifndef FN0_TESTS_JAVASCRIPT_HOST_MEMORY_H
#define FN0_TESTS_JAVASCRIPT_HOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

struct host_memory_request {
    const char *method;
    const char *authority;
    const char *path_with_query;
    struct host_field *fields; /* borrowed */
    size_t field_count;
    struct host_bytes body; /* borrowed */
    size_t piece_bytes_max; /* how much of the body comes at a time; over 0 */
    bool is_body_broken;    /* it fails where it would end */
};

struct host_memory_answer {
    uint16_t status; /* 0: none, or an error */
    struct host_fields fields;
    struct host_bytes body;
    bool is_whole; /* finished, not dropped */
};

/* Sets the request of the next call. Returns its handle, which is also the answer's. */
host_handle host_memory_begin(const struct host_memory_request *request);

/* The answer of the call that has ended. The caller ends it with host_memory_answer_fini. */
struct host_memory_answer host_memory_take_answer(void);
void host_memory_answer_fini(struct host_memory_answer *answer);

/* How many handles are open; 0 between calls. */
size_t host_memory_open_handles(void);

/* How much one write takes; 0: HOST_WAIT every other time, one byte else. */
void host_memory_set_room(size_t bytes);

/* Where log lines go; NULL: to stdout and stderr. */
void host_memory_set_log(void (*log)(bool is_error, const char *data, size_t bytes));

#endif
