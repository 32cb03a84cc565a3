/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void check_failed(const char *file, int line, const char *function, const char *condition)
{
    char text[512];
    int bytes = snprintf(text, sizeof(text), "fn0: %s:%d: %s: check failed: %s\n", file, line,
                         function, condition);
    if (bytes > (int)sizeof(text) - 1)
        bytes = (int)sizeof(text) - 1;
    if (bytes > 0) {
        /* The process is about to end: there is nobody to tell that stderr is gone, too. */
        ssize_t ignored = write(STDERR_FILENO, text, (size_t)bytes);
        (void)ignored;
    }
    abort();
}
