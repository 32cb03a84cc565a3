/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/executor_state.h"

#include <string.h>

#include "base/check.h"
#include "base/units.h"

#define VERSION_DIGITS 12
#define FIELDS_MAX 16
#define WARNING_INTERVAL_NS NANOSECONDS_PER_SECOND

/* A line that is being put together. */
struct line {
    struct log_field fields[FIELDS_MAX];
    size_t count;
};

static void add(struct line *line, struct log_field field)
{
    check(line->count < FIELDS_MAX);
    line->fields[line->count++] = field;
}

static const struct version *version_of(const struct call *call)
{
    return call->instance ? call->instance->version : call->function->pool->version;
}

/* Who: the same on every line about a call. */
static void add_call(struct line *line, const struct call *call)
{
    const struct version *version = version_of(call);
    add(line, log_text("request_id", call->request_id));
    if (version) {
        add(line, log_string("function", version->name));
        add(line, log_text("version", (struct slice){version->id, VERSION_DIGITS}));
    }
    add(line, log_text("method", call->method));
    add(line, log_text("path", call->path));
}

static uint64_t used_of(const struct call *call, enum limit limit, const struct call_usage *usage)
{
    switch (limit) {
    case LIMIT_CPU:
        return usage->cpu_ns;
    case LIMIT_START_CPU:
        return usage->start_cpu_ns;
    case LIMIT_DURATION:
        return usage->duration_ns;
    case LIMIT_MEMORY:
        return usage->memory_bytes;
    case LIMIT_OUTGOING_REQUESTS:
        return usage->outgoing_requests;
    case LIMIT_RESPONSE_BODY:
        return call->response_bytes;
    default:
        return 0;
    }
}

/* As units_write, without the nanoseconds of a time: "10.043 ms". */
static const char *write_used(enum limit_unit unit, uint64_t used, char text[UNITS_TEXT_BYTES])
{
    if (unit == LIMIT_UNIT_NANOSECONDS && used > NANOSECONDS_PER_MICROSECOND)
        used -= used % NANOSECONDS_PER_MICROSECOND;
    return units_write(unit, used, text);
}

/* Failures that are nobody's fault or that others log. */
static bool is_silent(int code)
{
    return code == ERROR_CALL_CANCELLED || code == ERROR_DRAINING ||
           code == ERROR_FUNCTION_NOT_FOUND || code == ERROR_FUNCTION_BROKEN;
}

void report_failure(const struct call *call, int code, const char *message,
                    const struct call_usage *usage)
{
    struct log *log = call->executor->options.log;
    if (is_silent(code) || !log_enabled(log, LOG_WARNING))
        return;
    struct line line = {.count = 0};
    char used[UNITS_TEXT_BYTES], allowed[UNITS_TEXT_BYTES];
    add_call(&line, call);
    add(&line, log_string("error", error_info(code)->label));
    enum limit limit = call_limit_of(code);
    const struct version *version = version_of(call);
    if (limit != LIMIT_COUNT && version) {
        enum limit_unit unit = limit_info(limit)->unit;
        uint64_t value = version->configuration->limits.value[limit];
        add(&line, log_string("limit", limit_info(limit)->key));
        add(&line, log_string("used", write_used(unit, used_of(call, limit, usage), used)));
        add(&line, log_string("allowed", units_write(unit, value, allowed)));
    }
    if (call->error_name[0])
        add(&line, log_string("error_code", call->error_name));
    add(&line, log_real("cpu_ms", (double)usage->cpu_ns / NANOSECONDS_PER_MILLISECOND));
    add(&line, log_real("duration_ms", (double)usage->duration_ns / NANOSECONDS_PER_MILLISECOND));
    add(&line, log_number("memory_peak_bytes", usage->memory_bytes));
    if (message && message[0])
        add(&line, log_string("detail", message));
    log_write(log, LOG_WARNING, "call failed", line.fields, line.count);
}

static void report_near_limit(const struct call *call, enum limit limit, uint64_t used)
{
    const struct version *version = version_of(call);
    enum limit_unit unit = limit_info(limit)->unit;
    char used_text[UNITS_TEXT_BYTES], allowed_text[UNITS_TEXT_BYTES];
    struct line line = {.count = 0};
    add_call(&line, call);
    add(&line, log_string("limit", limit_info(limit)->key));
    add(&line, log_string("used", write_used(unit, used, used_text)));
    uint64_t allowed = version->configuration->limits.value[limit];
    add(&line, log_string("allowed", units_write(unit, allowed, allowed_text)));
    log_write(call->executor->options.log, LOG_WARNING, "call came near a limit", line.fields,
              line.count);
}

void report_near_limits(const struct call *call, const struct call_usage *usage)
{
    static const enum limit watched[] = {LIMIT_CPU, LIMIT_START_CPU, LIMIT_DURATION, LIMIT_MEMORY,
                                         LIMIT_OUTGOING_REQUESTS};
    const struct version *version = version_of(call);
    unsigned near = 0;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        uint64_t allowed = version->configuration->limits.value[watched[i]];
        uint64_t used = used_of(call, watched[i], usage);
        near |= (unsigned)(allowed != LIMIT_NONE && used > 0 && used >= allowed - allowed / 5) << i;
    }
    if (!near)
        return;
    struct function *function = call->function;
    uint64_t now_ns = loop_now_ns(call->executor->options.loop);
    if (function->warned_ns && now_ns - function->warned_ns < WARNING_INTERVAL_NS)
        return;
    function->warned_ns = now_ns;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (near & 1u << i)
            report_near_limit(call, watched[i], used_of(call, watched[i], usage));
    }
}

void report_move(void *context, const struct state_machine *machine, unsigned from, unsigned to,
                 uint64_t spent_ns)
{
    const struct call *call = context;
    LOG(call->executor->options.log, LOG_DEBUG, machine->name,
        log_text("request_id", call->request_id), log_string("from", machine->rows[from].name),
        log_string("to", machine->rows[to].name), log_number("spent_ns", spent_ns));
}

void report_single_use(const struct call *call, const struct version *version)
{
    LOG(call->executor->options.log, LOG_WARNING,
        "an instance of this version answers only once: each call gets a fresh one from now on",
        log_text("request_id", call->request_id), log_string("function", version->name),
        log_text("version", (struct slice){version->id, VERSION_DIGITS}));
}
