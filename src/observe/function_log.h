/* SPDX-License-Identifier: AGPL-3.0-only */

/* What guests write to stdout and stderr, line by line, with function and request id. Bounded: a line ends at 16 KiB; a call's lines at 1 MiB (then
 * one line says how much was dropped). One a worker; worker's thread. */

#ifndef FN0_OBSERVE_FUNCTION_LOG_H
#define FN0_OBSERVE_FUNCTION_LOG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"

struct function_log;

/* `log` is borrowed and outlives it. The caller destroys *ret_log. */
int function_log_create(struct log *log, struct function_log **ret_log, struct error *error);

/* Writes what is unfinished. NULL is fine. */
void function_log_destroy(struct function_log *log);

/* A piece of what a call writes; lines that are whole are logged. */
void function_log_write(struct function_log *log, const char *function, struct slice request_id, bool is_stderr, struct slice data);

/* The call is over: what is left is a line, too. */
void function_log_end(struct function_log *log, const char *function, struct slice request_id);

#endif
