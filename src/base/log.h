/* SPDX-License-Identifier: AGPL-3.0-only */

/* The platform's own log: a line an event, for people on a terminal, JSON otherwise.
 *
 * A line is written whole with one write(2), so lines of several threads and processes don't mix.
 * When the other end does not read, lines are dropped and counted, not waited for. Any thread. */

#ifndef FN0_BASE_LOG_H
#define FN0_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_format {
    LOG_FORMAT_AUTO, /* human on a terminal, else JSON */
    LOG_FORMAT_HUMAN,
    LOG_FORMAT_JSON,
};

/* A named value of a line. Made by the functions below; borrowed until log_write returns. */
struct log_field {
    const char *name; /* as in metrics: lower case, underscores */
    enum { LOG_VALUE_TEXT, LOG_VALUE_NUMBER, LOG_VALUE_REAL } kind;
    struct slice text;
    uint64_t number;
    double real;
};

struct log;

/* Writes to `fd` (borrowed). Colours only for human lines on a terminal, and not where `colour` is
 * false (NO_COLOR). Returns 0 or an error; the caller destroys *ret_log. `clock` must outlive it.
 */
int log_create(int fd, enum log_level level, enum log_format format, bool colour,
               const struct clock *clock, struct log **ret_log);

/* NULL is fine. */
void log_destroy(struct log *log);

/* Whether lines of this level are written: ask before costly work. */
bool log_enabled(const struct log *log, enum log_level level);

/* Writes "message" with its fields. `log` NULL: nothing. Control bytes in values are escaped. Lines
 * end at 16 KiB. */
void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t count);

/* As log_write, without fields. */
void log_print(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fields. */
static inline struct log_field log_text(const char *name, struct slice text)
{
    return (struct log_field){.name = name, .kind = LOG_VALUE_TEXT, .text = text};
}
/* A terminated string; NULL is the empty one. */
static inline struct log_field log_string(const char *name, const char *string)
{
    return (struct log_field){.name = name, .kind = LOG_VALUE_TEXT, .text = slice_of(string)};
}
/* A whole number; its name ends with the unit. */
static inline struct log_field log_number(const char *name, uint64_t number)
{
    return (struct log_field){.name = name, .kind = LOG_VALUE_NUMBER, .number = number};
}
/* A real number, written with three decimals; its name ends with the unit. */
static inline struct log_field log_real(const char *name, double real)
{
    return (struct log_field){.name = name, .kind = LOG_VALUE_REAL, .real = real};
}

/* log_write(log, LEVEL, "message", log_text(…), log_number(…)) without counting by hand. */
#define LOG(log, level, message, ...)                                       \
    log_write(log, level, message, (const struct log_field[]){__VA_ARGS__}, \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
