/* SPDX-License-Identifier: AGPL-3.0-only */

/* Assertions that stay on in production.
 *
 * What cannot happen is checked; when it has happened after all, what the process believes about
 * itself is wrong, and it ends before it does harm. Never about input: input that is wrong gets an
 * error. Never about running out of memory: that is an error, too. */

#ifndef FN0_BASE_CHECK_H
#define FN0_BASE_CHECK_H

/* Ends the process, after saying where, unless `condition` holds. The condition is evaluated once,
 * in every build. */
#define check(condition)                                            \
    do {                                                            \
        if (__builtin_expect(!(condition), 0))                      \
            check_failed(__FILE__, __LINE__, __func__, #condition); \
    } while (0)

/* Writes the failed condition to stderr without allocating, then aborts. Any thread. */
_Noreturn void check_failed(const char *file, int line, const char *function,
                            const char *condition);

#endif
