/* SPDX-License-Identifier: AGPL-3.0-only */

/* The platform's own log: a line an event, for people on a terminal, JSON otherwise.
 *
 *     12:03:04.123 INFO  listening                     address=127.0.0.1:8080 workers=2
 *
 *     {"time":"2026-11-23T12:03:04.123Z","level":"info","message":"listening",
 *      "address":"127.0.0.1:8080","workers":2}        (one line; the time is UTC, RFC 3339)
 *
 * A line is written whole with one write(2), so lines of several threads and processes don't mix.
 * When the other end does not read, lines are dropped and counted, not waited for; when it reads
 * again, a line says how many are missing. Where a full pipe took a part of a line, the rest goes
 * before the next one. A log that cannot be written to is no reason to end: nothing is reported.
 *
 * What guests and clients say may stand in values only, never in messages or names: control bytes
 * are escaped, bytes that are no UTF-8 become U+FFFD, and a value of several lines stands, for
 * people, behind a bar that none of its lines can leave out.
 *
 * The process must ignore SIGPIPE. Any thread. */

#ifndef FN0_BASE_LOG_H
#define FN0_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/slice.h"

/* How severe a line is; a log writes those from its own level on. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* How lines look. */
enum log_format {
    LOG_FORMAT_AUTO, /* human on a terminal, else JSON */
    LOG_FORMAT_HUMAN,
    LOG_FORMAT_JSON,
};

/* A named value of a line. Made by the functions below; borrowed until log_write returns. */
struct log_field {
    const char *name; /* as in metrics: lower case, underscores; under 100 bytes */
    enum { LOG_VALUE_TEXT, LOG_VALUE_NUMBER, LOG_VALUE_REAL } kind;
    struct slice text;
    uint64_t number;
    double real;
};

/* A log; several threads may write to one. */
struct log;

/* Writes to `fd` (borrowed). Colours only for human lines on a terminal, and not where `colour` is
 * false (NO_COLOR). Returns 0 or an error; the caller destroys *ret_log. `clock` must outlive it.
 */
int log_create(int fd, enum log_level level, enum log_format format, bool colour,
               const struct clock *clock, struct log **ret_log);

/* Writes what a full pipe left over, if it can now. NULL is fine; nobody may use it any more. */
void log_destroy(struct log *log);

/* Whether lines of this level are written: ask before costly work. `log` NULL: no. */
bool log_enabled(const struct log *log, enum log_level level);

/* Writes "message" with its fields. `log` NULL: nothing. Lines end at 16 KiB: a text is cut, fields
 * after it are left out, and "truncated" says so. */
void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t count);

/* As log_write, without fields; the message ends at 4 KiB. */
void log_print(struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bytes; need not be text. */
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
