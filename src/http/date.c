/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/date.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"

static_assert(sizeof("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n") - 1 == HTTP_DATE_LINE_BYTES,
              "the line has the length of RFC 9110's example");

/* Not strftime(): that one asks the locale. */
static void write_line(char *line, uint64_t realtime_ns)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(realtime_ns / NANOSECONDS_PER_SECOND);
    struct tm utc;
    check(gmtime_r(&seconds, &utc) != NULL);
    int bytes = snprintf(line, HTTP_DATE_LINE_BYTES + 1,
                         "Date: %s, %02u %s %04u %02u:%02u:%02u GMT\r\n", days[utc.tm_wday],
                         (unsigned)utc.tm_mday, months[utc.tm_mon], (unsigned)utc.tm_year + 1900,
                         (unsigned)utc.tm_hour, (unsigned)utc.tm_min, (unsigned)utc.tm_sec);
    check(bytes == HTTP_DATE_LINE_BYTES);
}

struct slice http_date_line(struct http_date *date, const struct loop *loop)
{
    uint64_t now_ns = loop_now_ns(loop);
    if (now_ns >= date->due_ns) {
        uint64_t realtime_ns = clock_realtime_ns(loop_clock(loop));
        write_line(date->line, realtime_ns);
        check(date->line[HTTP_DATE_LINE_BYTES] == '\0');
        date->due_ns = now_ns + NANOSECONDS_PER_SECOND - realtime_ns % NANOSECONDS_PER_SECOND;
    }
    return (struct slice){.data = date->line, .bytes = HTTP_DATE_LINE_BYTES};
}
