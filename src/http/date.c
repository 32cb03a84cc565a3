/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/date.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"

static_assert(sizeof("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n") - 1 == HTTP_DATE_LINE_BYTES,
              "the line has the length of RFC 9110's example");

/* The longest form: "Wednesday, 06-Nov-94 08:49:37 GMT". */
#define DATE_BYTES_MAX 40

/* Not strftime(): that one asks the locale. */
void http_date_write(int64_t seconds, char ret_text[HTTP_DATE_BYTES + 1])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t time = (time_t)seconds;
    struct tm utc;
    check(gmtime_r(&time, &utc) != NULL);
    int bytes = snprintf(ret_text, HTTP_DATE_BYTES + 1, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                         days[utc.tm_wday], (unsigned)utc.tm_mday, months[utc.tm_mon],
                         (unsigned)utc.tm_year + 1900, (unsigned)utc.tm_hour, (unsigned)utc.tm_min,
                         (unsigned)utc.tm_sec);
    check(bytes == HTTP_DATE_BYTES);
}

/* The program never leaves the C locale, so strptime() knows English names. */
bool http_date_read(struct slice text, int64_t *ret_seconds)
{
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT", /* as it is written now */
        "%a, %d-%b-%y %H:%M:%S GMT", /* RFC 850's */
        "%a %b %d %H:%M:%S %Y",      /* asctime()'s */
    };
    char copy[DATE_BYTES_MAX];
    if (text.bytes == 0 || text.bytes >= sizeof(copy) || memchr(text.data, '\0', text.bytes))
        return false;
    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm utc = {0};
        const char *end = strptime(copy, forms[i], &utc);
        if (end && *end == '\0') {
            *ret_seconds = (int64_t)timegm(&utc);
            return true;
        }
    }
    return false;
}

static void write_line(char *line, uint64_t realtime_ns)
{
    char date[HTTP_DATE_BYTES + 1];
    http_date_write((int64_t)(realtime_ns / NANOSECONDS_PER_SECOND), date);
    int bytes = snprintf(line, HTTP_DATE_LINE_BYTES + 1, "Date: %s\r\n", date);
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
