/* SPDX-License-Identifier: AGPL-3.0-only */

/* The one error type: a code of tables/errors.h and a message that a user can act on.
 *
 * The caller owns the struct and hands it down; whoever fails fills it and returns its code;
 * whoever is in between may put context before the message; the top logs it once. Every function
 * here may be given NULL for `error` and then only returns the code. Nothing is allocated, so an
 * error can be made when memory is out. Any thread; a struct error by one at a time. */

#ifndef FN0_BASE_ERROR_H
#define FN0_BASE_ERROR_H

#include <stddef.h>

#include "tables/errors.h"

#define ERROR_MESSAGE_BYTES 4096

/* Embedded, mostly on a stack; need not be readied, and means something only after a failure. */
struct error {
    int code;                          /* enum error_code; 0: no error */
    char message[ERROR_MESSAGE_BYTES]; /* terminated; cut where too long; several lines only for
                                          backtraces */
};

/* Sets code (of tables/errors.h, negative) and message. Returns `code`. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets ERROR_SYSTEM (ERROR_OUT_OF_MEMORY for ENOMEM, ERROR_ADDRESS_IN_USE for EADDRINUSE) and
 * "message: what errno says". `number` is an errno value, positive or negative as libuv has it.
 * Returns the code set. */
int error_set_errno(struct error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets ERROR_OUT_OF_MEMORY. Returns it. */
int error_set_memory(struct error *error);

/* Puts "context: " before the message of an error that is set. Returns its code. */
int error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies `from` over `to`. Returns its code. */
int error_copy(struct error *to, const struct error *from);

#endif
