/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/dev_lines.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/building.h"

#define METHOD_COLUMNS 7
#define PATH_COLUMNS 40

/* What stands behind the path has its room whatever the path is. */
#define END_BYTES 512

#define COLOUR_DIM "\x1b[2m"
#define COLOUR_GREEN "\x1b[32m"
#define COLOUR_CYAN "\x1b[36m"
#define COLOUR_YELLOW "\x1b[33m"
#define COLOUR_RED "\x1b[31m"
#define COLOUR_END "\x1b[0m"

struct line {
    char *text;
    size_t bytes;
    bool colour;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes =
        vsnprintf(line->text + line->bytes, DEV_LINE_BYTES_MAX - line->bytes, format, arguments);
    va_end(arguments);
    check(bytes >= 0 && (size_t)bytes < DEV_LINE_BYTES_MAX - line->bytes);
    line->bytes += (size_t)bytes;
}

static void add_colour(struct line *line, const char *colour)
{
    if (line->colour)
        add(line, "%s", colour);
}

/* What a client says, with nothing in it that a terminal would obey; blanks up to `columns`. */
static void add_column(struct line *line, struct slice text, size_t columns)
{
    size_t begin = line->bytes;
    while (text.bytes > 0 && line->bytes + JSON_ESCAPED_BYTES + END_BYTES < DEV_LINE_BYTES_MAX) {
        char escaped[JSON_ESCAPED_BYTES];
        size_t bytes;
        size_t taken = json_escape(text, escaped, &bytes);
        memcpy(line->text + line->bytes, escaped, bytes);
        line->bytes += bytes;
        text.data += taken;
        text.bytes -= taken;
    }
    while (line->bytes - begin < columns)
        line->text[line->bytes++] = ' ';
}

static const char *colour_of(uint32_t status)
{
    if (status >= 500 || status == 0)
        return COLOUR_RED;
    if (status >= 400)
        return COLOUR_YELLOW;
    return status >= 300 ? COLOUR_CYAN : COLOUR_GREEN;
}

static void add_time(struct line *line, uint64_t now_ns)
{
    time_t seconds = (time_t)(now_ns / NANOSECONDS_PER_SECOND);
    unsigned ms = (unsigned)(now_ns % NANOSECONDS_PER_SECOND / NANOSECONDS_PER_MILLISECOND);
    struct tm local;
    localtime_r(&seconds, &local);
    add_colour(line, COLOUR_DIM);
    add(line, "%02d:%02d:%02d.%03u", local.tm_hour, local.tm_min, local.tm_sec, ms);
    add_colour(line, COLOUR_END);
    add(line, " ");
}

size_t dev_lines_format(const struct access_record *record, uint64_t now_ns, bool colour,
                        char text[DEV_LINE_BYTES_MAX])
{
    struct line line = {.text = text, .colour = colour};
    const struct slice unknown = SLICE("-");
    add_time(&line, now_ns);
    add_column(&line, record->method.bytes ? record->method : unknown, METHOD_COLUMNS);
    add(&line, " ");
    add_column(&line, record->path.bytes ? record->path : unknown, PATH_COLUMNS);
    add(&line, " ");
    add_colour(&line, colour_of(record->status));
    add(&line, "%3u", record->status);
    add_colour(&line, COLOUR_END);
    add(&line, " %9.1f ms", building_milliseconds(record->duration_ns));
    if (record->asset)
        add(&line, "        asset");
    if (record->measured)
        add(&line, " %8.1f ms CPU %8.1f MB", building_milliseconds(record->cpu_ns),
            (double)record->memory_bytes / (1024 * 1024));
    if (record->code != 0) {
        add_colour(&line, COLOUR_RED);
        add(&line, "  %s", error_info(record->code)->label);
        add_colour(&line, COLOUR_END);
    }
    add(&line, "\n");
    return line.bytes;
}

static void write_record(void *context, const struct access_record *record)
{
    const struct dev_lines *lines = context;
    char text[DEV_LINE_BYTES_MAX];
    size_t bytes = dev_lines_format(record, clock_realtime_ns(lines->clock), lines->colour, text);
    /* A line that cannot be shown is no reason to end. */
    ssize_t written = write(lines->output, text, bytes);
    (void)written;
}

struct access_sink dev_lines_sink(struct dev_lines *lines)
{
    return (struct access_sink){.context = lines, .write = write_record};
}
