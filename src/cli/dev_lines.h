/* SPDX-License-Identifier: AGPL-3.0-only */

/* The line that `fn0 dev` shows of each request, in columns:
 *
 *     15:04:05.123 GET     /notes/7                                 200     1.2 ms    0.8 ms CPU
 * 5.2 MB
 *
 * status (0: the client had gone before), wall time, CPU time and memory, and why it failed.
 * Without a call there is no CPU time and no memory; "asset" stands there where a file was sent. */

#ifndef FN0_CLI_DEV_LINES_H
#define FN0_CLI_DEV_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "gateway/access.h"

#define DEV_LINE_BYTES_MAX 8192

/* Where lines go. Embedded; read only. */
struct dev_lines {
    const struct clock *clock;
    int output;
    bool colour;
};

/* The sink that writes them, one write(2) each; `lines` is borrowed. */
struct access_sink dev_lines_sink(struct dev_lines *lines);

/* Writes a line with its end. Returns its bytes. Any thread. */
size_t dev_lines_format(const struct access_record *record, uint64_t now_ns, bool colour,
                        char text[DEV_LINE_BYTES_MAX]);

#endif
