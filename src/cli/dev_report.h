/* SPDX-License-Identifier: AGPL-3.0-only */

/* What `fn0 dev` says: to people on stderr, or with --json as lines on stdout, each an object whose
 * member `event` is ready, build, request, warning or error (a line of the host's log has none).
 *
 * Any thread, but for its life. */

#ifndef FN0_CLI_DEV_REPORT_H
#define FN0_CLI_DEV_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/configuration.h"
#include "base/error.h"
#include "base/log.h"
#include "builder/project_build.h"
#include "builder/type_check.h"
#include "cli/dev_lines.h"
#include "cli/program.h"
#include "gateway/access.h"

/* Embedded. */
struct dev_report {
    const struct program *program;
    struct log *events; /* NULL: for people */
    struct dev_lines lines;
    size_t type_errors; /* of the check before */
};

/* Errors as of log_create. */
int dev_report_init(struct dev_report *report, const struct program *program, bool json,
                    struct error *error);

void dev_report_fini(struct dev_report *report);

/* Whether it is for programs. */
bool dev_report_is_json(const struct dev_report *report);

/* It listens; people are told by the server itself. */
void dev_report_ready(const struct dev_report *report, const char *function,
                      const struct texts *addresses);

/* Something was made; people are told by build_project_develop. */
void dev_report_built(const struct dev_report *report, const char *component,
                      const struct project_made *made);

/* Something went wrong, which `said` tells more of: what tools said (people have seen it). */
void dev_report_failure(const struct dev_report *report, struct slice said,
                        const struct error *error);

/* Something else that people should know. */
void dev_report_warning(const struct dev_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a check of types has found, and that it is over. */
void dev_report_type_error(const struct dev_report *report, const struct type_error *error);
void dev_report_types(struct dev_report *report, size_t count);

/* Who is to be told of requests. */
struct access_sink dev_report_sink(struct dev_report *report);

#endif
