/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* How much context one wrapping may add. */
#define CONTEXT_BYTES 1024

static void set_text(struct error *error, int code, const char *format, va_list arguments)
{
    error->code = code;
    if (vsnprintf(error->message, sizeof(error->message), format, arguments) < 0)
        error->message[0] = '\0';
}

int error_set(struct error *error, int code, const char *format, ...)
{
    check(code < 0);
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        set_text(error, code, format, arguments);
        va_end(arguments);
    }
    return code;
}

static int code_of_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return ERROR_OUT_OF_MEMORY;
    case EADDRINUSE:
        return ERROR_ADDRESS_IN_USE;
    default:
        return ERROR_SYSTEM;
    }
}

int error_set_errno(struct error *error, int number, const char *format, ...)
{
    if (number < 0)
        number = -number;
    int code = code_of_errno(number);
    if (!error)
        return code;

    va_list arguments;
    va_start(arguments, format);
    set_text(error, code, format, arguments);
    va_end(arguments);

    char text[256];
    size_t bytes = strlen(error->message);
    bool is_full = number == ENOSPC || number == EDQUOT;
    snprintf(error->message + bytes, sizeof(error->message) - bytes, ": %s%s",
             strerror_r(number, text, sizeof(text)), is_full ? ": make room on that disk" : "");
    return code;
}

int error_set_memory(struct error *error)
{
    return error_set(error, ERROR_OUT_OF_MEMORY, "out of memory");
}

int error_wrap(struct error *error, const char *format, ...)
{
    if (!error)
        return ERROR_INTERNAL;
    check(error->code < 0);

    char context[CONTEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(context, sizeof(context) - 2, format, arguments);
    va_end(arguments);
    if (written < 0)
        return error->code;
    size_t context_bytes = strlen(context);
    memcpy(context + context_bytes, ": ", 2);
    context_bytes += 2;

    /* The end of a message that is too long is cut: its beginning says what went wrong. */
    size_t message_bytes = strlen(error->message);
    size_t room = sizeof(error->message) - 1 - context_bytes;
    if (message_bytes > room)
        message_bytes = room;
    memmove(error->message + context_bytes, error->message, message_bytes);
    memcpy(error->message, context, context_bytes);
    error->message[context_bytes + message_bytes] = '\0';
    return error->code;
}

int error_copy(struct error *to, const struct error *from)
{
    if (to && to != from) {
        to->code = from->code;
        memcpy(to->message, from->message, strlen(from->message) + 1);
    }
    return from->code;
}
