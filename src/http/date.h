/* SPDX-License-Identifier: AGPL-3.0-only */

/* Dates as HTTP writes them (RFC 9110, 5.6.7), and the Date field of answers (6.6.1), made anew
 * once a second: one for each server, on its loop's thread. */

#ifndef FN0_HTTP_DATE_H
#define FN0_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "io/loop.h"

#define HTTP_DATE_BYTES 29      /* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_DATE_LINE_BYTES 37 /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */

/* Embedded; all zeros to begin with, nothing to free. The wall clock is read only when a second has
 * ended, which the loop's time, known anyway, tells. */
struct http_date {
    uint64_t due_ns; /* by the loop's time: when it has to be made anew */
    char line[HTTP_DATE_LINE_BYTES + 1];
};

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT" with its line end; valid until the next call. Right to the
 * second by the loop's time, unless the wall clock was set meanwhile: then within a second. */
struct slice http_date_line(struct http_date *date, const struct loop *loop);

/* Writes seconds since 1970, which must lie in the years from 0 to 9999, terminated. */
void http_date_write(int64_t seconds, char ret_text[HTTP_DATE_BYTES + 1]);

/* Reads a date in any of the three forms that HTTP has had. False where it is none. Any thread. */
bool http_date_read(struct slice text, int64_t *ret_seconds);

#endif
