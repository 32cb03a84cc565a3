/* SPDX-License-Identifier: AGPL-3.0-only */

/* Watches what a project is made of: its inputs (project/inputs.h), and fn0.toml and .env.
 *
 * What is compared are hashes of names, sizes and times, so that no change is lost that is made
 * while one is being built; inotify only says when to look, and once a second it is looked anyway.
 * A change is told when all has been as it is for WATCH_QUIET_NS (a burst of saves is one), but at
 * last after WATCH_BURST_NS.
 *
 * Threads: project_watch_wait on one; ask and end from any. */

#ifndef FN0_PROJECT_WATCH_H
#define FN0_PROJECT_WATCH_H

#include "base/clock.h"
#include "base/error.h"
#include "project/project.h"

/* Longer than a file system's clock takes from one tick to the next. */
#define WATCH_QUIET_NS (20 * NANOSECONDS_PER_MILLISECOND)
#define WATCH_BURST_NS (500 * NANOSECONDS_PER_MILLISECOND)
#define WATCH_LOOK_NS NANOSECONDS_PER_SECOND

struct project_watch;

/* What project_watch_wait has waited for. */
enum project_change {
    PROJECT_CHANGE_END,      /* project_watch_end */
    PROJECT_CHANGE_ASKED,    /* project_watch_ask */
    PROJECT_CHANGE_SETTINGS, /* fn0.toml or .env */
    PROJECT_CHANGE_INPUTS,
};

/* From now on changes count. `project` and `clock` are borrowed and outlive it. The caller destroys
 * *ret_watch. Errors as of inputs_hash. */
int project_watch_create(const struct project *project, const struct clock *clock,
                         struct project_watch **ret_watch, struct error *error);

/* Nobody may wait. NULL is fine. */
void project_watch_destroy(struct project_watch *watch);

/* Waits for the next change since the last one that it told. Folders that cannot be read have not
 * changed. */
enum project_change project_watch_wait(struct project_watch *watch);

/* Has it tell PROJECT_CHANGE_ASKED though nothing has changed. */
void project_watch_ask(struct project_watch *watch);

/* Has it tell PROJECT_CHANGE_END from now on. */
void project_watch_end(struct project_watch *watch);

#endif
