/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/dev_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/building.h"

#define WARNING_BYTES 1024

int dev_report_init(struct dev_report *report, const struct program *program, bool json,
                    struct error *error)
{
    *report = (struct dev_report){
        .program = program,
        .lines =
            {
                .clock = program->clock,
                .output = program->errors,
                .colour = program->colour && isatty(program->errors) == 1,
            },
    };
    if (!json)
        return 0;
    int code = log_create(program->output, LOG_DEBUG, LOG_FORMAT_JSON, false, program->clock,
                          &report->events);
    return code == 0 ? 0 : error_set(error, code, "cannot make the log");
}

void dev_report_fini(struct dev_report *report)
{
    log_destroy(report->events);
}

bool dev_report_is_json(const struct dev_report *report)
{
    return report->events != NULL;
}

void dev_report_ready(const struct dev_report *report, const char *function,
                      const struct texts *addresses)
{
    char url[128] = "";
    if (addresses->count > 0)
        (void)snprintf(url, sizeof(url), "http://%s", addresses->items[0]);
    LOG(report->events, LOG_INFO, "it serves", log_string("event", "ready"),
        log_string("function", function), log_string("url", url));
}

void dev_report_built(const struct dev_report *report, const char *component,
                      const struct project_made *made)
{
    LOG(report->events, LOG_INFO, "it is built", log_string("event", "build"),
        log_string("component", component), log_number("bytes", made->bytes),
        log_real("tool_ms", building_milliseconds(made->tool_ns)),
        log_real("engine_ms", building_milliseconds(made->engine_ns)),
        log_real("snapshot_ms", building_milliseconds(made->snapshot_ns)),
        log_real("compile_ms", building_milliseconds(made->checked.compile_ns)),
        log_real("start_cpu_ms", building_milliseconds(made->checked.start.start_cpu_ns)),
        log_number("memory_bytes", made->checked.start.memory_bytes));
}

void dev_report_failure(const struct dev_report *report, struct slice said,
                        const struct error *error)
{
    if (report->events)
        LOG(report->events, LOG_ERROR, "something is wrong", log_string("event", "error"),
            log_string("error", error->message), log_text("output", said));
    else
        (void)program_fail(report->program, NULL, error);
}

void dev_report_warning(const struct dev_report *report, const char *format, ...)
{
    char text[WARNING_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (report->events)
        LOG(report->events, LOG_WARNING, "something to know", log_string("event", "warning"),
            log_string("warning", text));
    else
        dprintf(report->program->errors, "%s\n", text);
}

/* ---- Types ---- */

void dev_report_type_error(const struct dev_report *report, const struct type_error *error)
{
    if (!report->events) {
        building_show_type_error(report->program, error);
        return;
    }
    LOG(report->events, LOG_WARNING, "a type is wrong", log_string("event", "warning"),
        log_text("warning", error->text), log_text("code", error->code),
        log_text("file", error->file), log_number("line", error->line),
        log_number("column", error->column), log_text("source", error->source));
}

/* That all is well is worth a line where it was not. */
void dev_report_types(struct dev_report *report, size_t count)
{
    if (report->type_errors > 0 && count == 0)
        dev_report_warning(report, "types: all is well again");
    else if (count > 0)
        dev_report_warning(report, "types: %zu %s; what is served runs all the same", count,
                           count == 1 ? "error" : "errors");
    report->type_errors = count;
}

/* ---- Requests ---- */

static void write_event(void *context, const struct access_record *record)
{
    const struct dev_report *report = context;
    LOG(report->events, LOG_INFO, "request", log_string("event", "request"),
        log_text("method", record->method), log_text("path", record->path),
        log_number("status", record->status), log_number("body_bytes", record->body_bytes),
        log_real("duration_ms", building_milliseconds(record->duration_ns)),
        log_real("cpu_ms", building_milliseconds(record->cpu_ns)),
        log_number("memory_bytes", record->memory_bytes),
        log_text("request_id", record->request_id),
        log_string("error", record->code ? error_info(record->code)->label : ""));
}

struct access_sink dev_report_sink(struct dev_report *report)
{
    if (report->events)
        return (struct access_sink){.context = report, .write = write_event};
    return dev_lines_sink(&report->lines);
}
