/* SPDX-License-Identifier: AGPL-3.0-only */

/* What guests write to stdout and stderr, line by line, with function and request id.
 *
 * Pieces are gathered until a line ends; a line that is whole within a piece is logged without
 * being copied. Bounded: a line ends at FUNCTION_LOG_LINE_BYTES_MAX; a call may write
 * FUNCTION_LOG_CALL_BYTES_MAX, the rest is dropped, and a line at the call's end says how much.
 * A carriage return before the line's end is no part of it; empty lines are logged, too. A line's
 * level is what it says itself (observe/line_level.h), else info on stdout and error on stderr; the
 * parts of a line that was too long have the first one's.
 *
 * What is known of a call is found by its request id. Two calls of a function that run at the same
 * time under one id (a trusted proxy may send it twice) share their lines.
 *
 * One a worker; worker's thread. */

#ifndef FN0_OBSERVE_FUNCTION_LOG_H
#define FN0_OBSERVE_FUNCTION_LOG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"

/* Below the 16 KiB of a line of the log, so that its other fields have room. */
#define FUNCTION_LOG_LINE_BYTES_MAX 15360
#define FUNCTION_LOG_CALL_BYTES_MAX 1048576

struct function_log;

/* `log` is borrowed and outlives it. Returns 0 or ERROR_OUT_OF_MEMORY. The caller destroys
 * *ret_log. */
int function_log_create(struct log *log, struct function_log **ret_log, struct error *error);

/* Writes what is unfinished. NULL is fine. */
void function_log_destroy(struct function_log *log);

/* A piece of what a call writes; lines that are whole are logged. Where there is no memory for an
 * unfinished line, it is logged as it is. */
void function_log_write(struct function_log *log, const char *function, struct slice request_id,
                        bool is_stderr, struct slice data);

/* The call is over: what is left is a line, too. Costs next to nothing for a call that wrote
 * nothing. */
void function_log_end(struct function_log *log, const char *function, struct slice request_id);

#endif
