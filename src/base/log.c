/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/json.h"
#include "tables/errors.h"

#define LINE_BYTES_MAX 16384
/* Kept free while a line is made, so that whatever is cut, its end fits: quote, "truncated":true,
 * brace, colour, newline. */
#define LINE_END_BYTES 64
/* Fields of human lines begin here when the message is shorter. */
#define MESSAGE_COLUMNS 28

struct log {
    int fd;
    bool own_fd; /* reopened so that writing never waits */
    bool is_socket;
    bool must_ask; /* could not be reopened: poll before each write */
    enum log_level level;
    bool json;
    bool colour;
    const struct clock *clock;
    pthread_mutex_t mutex; /* of what follows, and of the order of writes */
    uint64_t dropped;      /* lines since the last one that was written */
    size_t rest_begin;     /* of a line that a full pipe took only in part */
    size_t rest_end;
    char rest[LINE_BYTES_MAX];
};

/* A line that is being made, on the stack of whoever logs. */
struct line {
    size_t bytes;
    bool cut;
    bool colour;
    char text[LINE_BYTES_MAX];
};

static const struct {
    const char *json;
    const char *human;
    const char *colour;
} levels[] = {
    [LOG_DEBUG] = {"debug", "DEBUG", "\x1b[90m"},
    [LOG_INFO] = {"info", "INFO ", "\x1b[32m"},
    [LOG_WARNING] = {"warning", "WARN ", "\x1b[33m"},
    [LOG_ERROR] = {"error", "ERROR", "\x1b[31m"},
};

#define COLOUR_DIM "\x1b[2m"
#define COLOUR_NAME "\x1b[36m"
#define COLOUR_END "\x1b[0m"

/* ---- Making a line ---- */

static size_t line_room(const struct line *line)
{
    size_t used = line->bytes + LINE_END_BYTES;
    return used < LINE_BYTES_MAX ? LINE_BYTES_MAX - used : 0;
}

/* Adds all or nothing. */
static bool line_add(struct line *line, struct slice text)
{
    if (line->cut || text.bytes > line_room(line)) {
        line->cut = true;
        return false;
    }
    if (text.bytes > 0)
        memcpy(line->text + line->bytes, text.data, text.bytes);
    line->bytes += text.bytes;
    return true;
}

/* Adds into the room that is kept for the end. */
static void line_add_end(struct line *line, struct slice text)
{
    check(text.bytes <= LINE_BYTES_MAX - line->bytes);
    memcpy(line->text + line->bytes, text.data, text.bytes);
    line->bytes += text.bytes;
}

static void line_add_colour(struct line *line, const char *colour)
{
    if (line->colour)
        line_add(line, slice_of(colour));
}

/* Adds text, escaped, and as much of it as fits. */
static void line_add_escaped(struct line *line, struct slice text)
{
    while (text.bytes > 0 && !line->cut) {
        char escaped[JSON_ESCAPED_BYTES];
        size_t bytes;
        size_t taken = json_escape(text, escaped, &bytes);
        line_add(line, (struct slice){.data = escaped, .bytes = bytes});
        text.data += taken;
        text.bytes -= taken;
    }
}

static struct slice write_number(const struct log_field *field, bool json, char text[64])
{
    int bytes;
    if (field->kind == LOG_VALUE_NUMBER)
        bytes = snprintf(text, 64, "%" PRIu64, field->number);
    else if (json && !isfinite(field->real))
        bytes = snprintf(text, 64, "null");
    else if (fabs(field->real) < 1e18 || !isfinite(field->real))
        bytes = snprintf(text, 64, "%.3f", field->real);
    else
        bytes = snprintf(text, 64, "%.9e", field->real);
    return (struct slice){.data = text, .bytes = (size_t)bytes};
}

/* ---- JSON ---- */

static void add_json_text(struct line *line, struct slice text)
{
    /* Once the first quote is in, the last one has its room. */
    if (!line_add(line, SLICE("\"")))
        return;
    line_add_escaped(line, text);
    line_add_end(line, SLICE("\""));
}

static void add_json_field(struct line *line, const struct log_field *field)
{
    char number[64];
    char name[128];
    int bytes = snprintf(name, sizeof(name), ",\"%s\":", field->name);
    check(bytes > 0 && (size_t)bytes < sizeof(name));
    /* A name without a value would be no JSON: both or neither. */
    if (line->cut || (size_t)bytes + sizeof(number) > line_room(line)) {
        line->cut = true;
        return;
    }
    line_add(line, (struct slice){.data = name, .bytes = (size_t)bytes});
    if (field->kind == LOG_VALUE_TEXT)
        add_json_text(line, field->text);
    else
        line_add(line, write_number(field, true, number));
}

static void make_json(struct line *line, uint64_t now_ns, enum log_level level, const char *message,
                      const struct log_field *fields, size_t count)
{
    time_t seconds = (time_t)(now_ns / NANOSECONDS_PER_SECOND);
    unsigned ms = (unsigned)(now_ns % NANOSECONDS_PER_SECOND / NANOSECONDS_PER_MILLISECOND);
    struct tm utc;
    char day[32];
    char head[128];
    gmtime_r(&seconds, &utc);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(head, sizeof(head), "{\"time\":\"%s.%03uZ\",\"level\":\"%s\",\"message\":", day, ms,
             levels[level].json);
    line_add(line, slice_of(head));
    add_json_text(line, slice_of(message));
    for (size_t i = 0; i < count; i++)
        add_json_field(line, &fields[i]);
    if (line->cut)
        line_add_end(line, SLICE(",\"truncated\":true"));
    line_add_end(line, SLICE("}\n"));
}

/* ---- Human ---- */

/* Whether a value can stand without quotes. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
            return false;
    }
    return text.bytes > 0;
}

static bool has_lines(const struct log_field *field)
{
    return field->kind == LOG_VALUE_TEXT && field->text.bytes > 0 &&
           memchr(field->text.data, '\n', field->text.bytes) != NULL;
}

static void add_human_name(struct line *line, const char *name, const char *after)
{
    line_add_colour(line, COLOUR_NAME);
    line_add(line, slice_of(name));
    line_add(line, slice_of(after));
    line_add_colour(line, COLOUR_END);
}

static void add_human_field(struct line *line, const struct log_field *field)
{
    char number[64];
    line_add(line, SLICE(" "));
    add_human_name(line, field->name, "=");
    if (field->kind != LOG_VALUE_TEXT) {
        line_add(line, write_number(field, false, number));
    } else if (is_plain(field->text)) {
        line_add_escaped(line, field->text);
    } else {
        line_add(line, SLICE("\""));
        line_add_escaped(line, field->text);
        line_add(line, SLICE("\""));
    }
}

/* A value of several lines (a backtrace) stands below, each line behind a bar that no value can
 * leave out. */
static void add_human_block(struct line *line, const struct log_field *field)
{
    struct slice rest = field->text;
    line_add(line, SLICE("\n    "));
    add_human_name(line, field->name, ":");
    while (rest.bytes > 0) {
        const char *newline = memchr(rest.data, '\n', rest.bytes);
        size_t bytes = newline ? (size_t)(newline - rest.data) : rest.bytes;
        line_add(line, SLICE("\n    | "));
        line_add_escaped(line, (struct slice){.data = rest.data, .bytes = bytes});
        bytes += newline ? 1 : 0;
        rest.data += bytes;
        rest.bytes -= bytes;
    }
}

static void make_human(struct line *line, uint64_t now_ns, enum log_level level,
                       const char *message, const struct log_field *fields, size_t count)
{
    time_t seconds = (time_t)(now_ns / NANOSECONDS_PER_SECOND);
    unsigned ms = (unsigned)(now_ns % NANOSECONDS_PER_SECOND / NANOSECONDS_PER_MILLISECOND);
    struct tm local;
    char time_text[48];
    localtime_r(&seconds, &local);
    snprintf(time_text, sizeof(time_text), "%02d:%02d:%02d.%03u", local.tm_hour, local.tm_min,
             local.tm_sec, ms);
    line_add_colour(line, COLOUR_DIM);
    line_add(line, slice_of(time_text));
    line_add_colour(line, COLOUR_END);
    line_add(line, SLICE(" "));
    line_add_colour(line, levels[level].colour);
    line_add(line, slice_of(levels[level].human));
    line_add_colour(line, COLOUR_END);
    line_add(line, SLICE(" "));

    size_t before = line->bytes;
    line_add_escaped(line, slice_of(message));
    bool padded = count == 0;
    for (size_t i = 0; i < count; i++) {
        if (has_lines(&fields[i]))
            continue;
        for (; !padded && line->bytes - before < MESSAGE_COLUMNS && !line->cut;)
            line_add(line, SLICE(" "));
        if (!padded)
            line_add(line, SLICE(" "));
        padded = true;
        add_human_field(line, &fields[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (has_lines(&fields[i]))
            add_human_block(line, &fields[i]);
    }
    if (line->cut)
        line_add_end(line, SLICE(" …"));
    if (line->colour)
        line_add_end(line, SLICE(COLOUR_END));
    line_add_end(line, SLICE("\n"));
}

static void make_line(const struct log *log, struct line *line, enum log_level level,
                      const char *message, const struct log_field *fields, size_t count)
{
    line->bytes = 0;
    line->cut = false;
    line->colour = log->colour;
    uint64_t now_ns = clock_realtime_ns(log->clock);
    if (log->json)
        make_json(line, now_ns, level, message, fields, count);
    else
        make_human(line, now_ns, level, message, fields, count);
}

/* ---- Writing it ---- */

/* How many bytes were taken without waiting: 0 when none. */
static size_t write_some(struct log *log, struct slice text)
{
    if (log->must_ask) {
        struct pollfd asked = {.fd = log->fd, .events = POLLOUT};
        if (poll(&asked, 1, 0) != 1 || !(asked.revents & POLLOUT))
            return 0;
    }
    ssize_t bytes;
    do {
        bytes = log->is_socket ? send(log->fd, text.data, text.bytes, MSG_DONTWAIT | MSG_NOSIGNAL)
                               : write(log->fd, text.data, text.bytes);
    } while (bytes < 0 && errno == EINTR);
    /* There is nowhere to report a log that cannot be written, and no reason to end a host for it.
     */
    return bytes > 0 ? (size_t)bytes : 0;
}

/* Writes what is left of the line before. False while something is. */
static bool write_rest(struct log *log)
{
    if (log->rest_begin < log->rest_end)
        log->rest_begin +=
            write_some(log, (struct slice){.data = log->rest + log->rest_begin,
                                           .bytes = log->rest_end - log->rest_begin});
    return log->rest_begin == log->rest_end;
}

/* Writes a line, or none of it. A part is all right: the rest is kept and goes first next time. */
static bool write_line(struct log *log, const struct line *line)
{
    check(line->bytes > 0 && line->bytes <= LINE_BYTES_MAX);
    check(log->rest_begin == log->rest_end);
    size_t written = write_some(log, (struct slice){.data = line->text, .bytes = line->bytes});
    if (written == 0)
        return false;
    log->rest_begin = 0;
    log->rest_end = line->bytes - written;
    memcpy(log->rest, line->text + written, log->rest_end);
    return true;
}

/* Says how many lines are missing before this one. */
static bool write_dropped(struct log *log)
{
    if (log->dropped == 0)
        return true;
    struct line line;
    struct log_field field = log_number("lines", log->dropped);
    make_line(log, &line, LOG_WARNING, "log lines were dropped", &field, 1);
    if (!write_line(log, &line))
        return false;
    log->dropped = 0;
    return write_rest(log);
}

void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t count)
{
    if (!log_enabled(log, level))
        return;
    check(level <= LOG_ERROR && (fields || count == 0));
    struct line line;
    make_line(log, &line, level, message, fields, count);
    pthread_mutex_lock(&log->mutex);
    if (!write_rest(log) || !write_dropped(log) || !write_line(log, &line))
        log->dropped++;
    pthread_mutex_unlock(&log->mutex);
}

void log_print(struct log *log, enum log_level level, const char *format, ...)
{
    if (!log_enabled(log, level))
        return;
    char message[4096];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (bytes >= 0)
        log_write(log, level, message, NULL, 0);
}

/* ---- Life ---- */

/* Finds a way of writing to `fd` that never waits and that leaves alone the flags of its other
 * users. */
static void open_without_waiting(struct log *log, int fd)
{
    struct stat status;
    log->fd = fd;
    if (fstat(fd, &status) != 0)
        return;
    log->is_socket = S_ISSOCK(status.st_mode);
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
        return;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0) {
        log->fd = own;
        log->own_fd = true;
    } else {
        log->must_ask = true;
    }
}

int log_create(int fd, enum log_level level, enum log_format format, bool colour,
               const struct clock *clock, struct log **ret_log)
{
    *ret_log = NULL;
    struct log *log = calloc(1, sizeof(*log));
    if (!log)
        return ERROR_OUT_OF_MEMORY;
    if (pthread_mutex_init(&log->mutex, NULL) != 0) {
        free(log);
        return ERROR_SYSTEM;
    }
    bool terminal = isatty(fd) == 1;
    log->level = level;
    log->clock = clock;
    log->json = format == LOG_FORMAT_JSON || (format == LOG_FORMAT_AUTO && !terminal);
    log->colour = colour && terminal && !log->json;
    open_without_waiting(log, fd);
    *ret_log = log;
    return 0;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->mutex);
    if (write_rest(log))
        write_dropped(log);
    pthread_mutex_unlock(&log->mutex);
    pthread_mutex_destroy(&log->mutex);
    if (log->own_fd)
        close(log->fd);
    free(log);
}

bool log_enabled(const struct log *log, enum log_level level)
{
    return log && level >= log->level;
}
