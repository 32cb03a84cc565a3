/* SPDX-License-Identifier: AGPL-3.0-only */

/* Has a project's own TypeScript check its types, beside builds, which only strip them.
 *
 * That is node_modules/.bin/tsc of the project or of a folder above it, with the project's
 * tsconfig.json: `tsc --noEmit`, which ends, or with `--watch`, which checks again whenever a file
 * changes. It has a lower priority than a build.
 *
 * create, wait and destroy on one thread; errors are told on another. */

#ifndef FN0_BUILDER_TYPE_CHECK_H
#define FN0_BUILDER_TYPE_CHECK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

struct type_check;

/* What is wrong somewhere. */
struct type_error {
    struct slice file; /* as tsc shows it; empty: it is about the whole */
    unsigned line;     /* from 1 on, as the next */
    unsigned column;
    struct slice code;   /* "TS2322" */
    struct slice text;   /* may have several lines */
    struct slice source; /* the line of the file; empty where it cannot be read */
};

struct type_check_options {
    const char *folder; /* of the project; copied */
    bool watch;
    void *context;
    void (*found)(void *context, const struct type_error *error); /* one of those of a check */
    void (*done)(void *context, size_t count); /* a check is over, with so many */
};

/* Whether there is a tsconfig.json in the folder and a tsc to be used; writes where that is. */
bool type_check_find(const char *folder, char ret_compiler[PATH_MAX]);

/* Begins, where type_check_find says so; else *ret_check is NULL. ERROR_SYSTEM,
 * ERROR_OUT_OF_MEMORY. The caller destroys *ret_check. */
int type_check_create(const struct type_check_options *options, struct type_check **ret_check,
                      struct error *error);

/* Waits until one that does not watch is over; NULL is fine. */
void type_check_wait(struct type_check *check);

/* Ends it: nothing is told any more. NULL is fine. */
void type_check_destroy(struct type_check *check);

/* Ends one that is waited for. Any thread; NULL is fine. */
void type_check_cancel(struct type_check *check);

#endif
