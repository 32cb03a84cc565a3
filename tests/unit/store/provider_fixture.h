/* SPDX-License-Identifier: AGPL-3.0-only */

/* What the tests of the code providers share: a loop in a time ten times as fast as ours, and a
 * provider whose events are written down. To be included by one test program only. */

#ifndef FN0_TESTS_STORE_PROVIDER_FIXTURE_H
#define FN0_TESTS_STORE_PROVIDER_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/folder.h"
#include "base/check.h"
#include "io/loop.h"
#include "store/code_provider.h"

#define SPEED 10
#define PATIENCE_NS (10 * NANOSECONDS_PER_SECOND)

struct fixture {
    struct folder folder;
    struct clock clock;
    struct loop *loop;
    FILE *log_file;
    struct log *log;
    struct code_provider provider;
    bool closed;
    char events[4096]; /* "+a -b . ": changed, removed, listed */
    struct error error;
};

static uint64_t fast_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns(clock_system()) * SPEED;
}

/* Files have times of our own. */
static uint64_t real_ns(void *context)
{
    (void)context;
    return clock_realtime_ns(clock_system());
}

static void note(struct fixture *fixture, const char *kind, const char *name)
{
    size_t bytes = strlen(fixture->events);
    int length =
        snprintf(fixture->events + bytes, sizeof(fixture->events) - bytes, "%s%s ", kind, name);
    check(length > 0 && (size_t)length < sizeof(fixture->events) - bytes);
}

static void on_changed(void *context, const char *name)
{
    note(context, "+", name);
}

static void on_removed(void *context, const char *name)
{
    note(context, "-", name);
}

static void on_listed(void *context)
{
    note(context, ".", "");
}

static void on_closed(void *context)
{
    ((struct fixture *)context)->closed = true;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    check(fixture != NULL);
    folder_init(&fixture->folder);
    fixture->clock = (struct clock){
        .name = "fast",
        .monotonic_ns = fast_ns,
        .realtime_ns = real_ns,
        .thread_cpu_ns = fast_ns,
    };
    fixture->log_file = tmpfile();
    check(fixture->log_file != NULL);
    check(log_create(fileno(fixture->log_file), LOG_DEBUG, LOG_FORMAT_JSON, false, &fixture->clock,
                     &fixture->log) == 0);
    check(loop_create(&fixture->clock, &fixture->loop, NULL) == 0);
    *state = fixture;
    return 0;
}

static int start(struct fixture *fixture)
{
    static const struct code_provider_events events = {
        .changed = on_changed,
        .removed = on_removed,
        .listed = on_listed,
    };
    return fixture->provider.start(fixture->provider.self, fixture->loop, &events, fixture,
                                   &fixture->error);
}

/* Goes on for a time of ours. */
static void run_for(struct fixture *fixture, uint64_t milliseconds)
{
    uint64_t end_ns =
        clock_monotonic_ns(clock_system()) + milliseconds * NANOSECONDS_PER_MILLISECOND;

    while (clock_monotonic_ns(clock_system()) < end_ns)
        loop_run_once(fixture->loop, 1);
}

/* Goes on until `text` is among the events, or too long has passed. */
static bool comes(struct fixture *fixture, const char *text)
{
    uint64_t end_ns = clock_monotonic_ns(clock_system()) + PATIENCE_NS;

    while (strstr(fixture->events, text) == NULL) {
        if (clock_monotonic_ns(clock_system()) > end_ns)
            return false;
        loop_run_once(fixture->loop, 1);
    }
    return true;
}

/* Forgets what has been told, after what is told twice has been. */
static void settle(struct fixture *fixture)
{
    run_for(fixture, CODE_FRESH_NS / NANOSECONDS_PER_MILLISECOND / SPEED + 130);
    fixture->events[0] = 0;
}

static void close_provider(struct fixture *fixture)
{
    fixture->closed = false;
    fixture->provider.close(fixture->provider.self, on_closed, fixture);
    fixture->provider.close = NULL;
    for (int turns = 0; !fixture->closed && turns < 10000; turns++)
        loop_run_once(fixture->loop, 1);
    check(fixture->closed);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->provider.close != NULL)
        close_provider(fixture);
    loop_destroy(fixture->loop);
    log_destroy(fixture->log);
    fclose(fixture->log_file);
    folder_fini(&fixture->folder);
    free(fixture);
    return 0;
}

/* How many lines of the log hold `text`. */
static unsigned logged(struct fixture *fixture, const char *text)
{
    char line[32768];
    unsigned count = 0;

    rewind(fixture->log_file);
    while (fgets(line, sizeof(line), fixture->log_file) != NULL)
        count += strstr(line, text) != NULL;
    return count;
}

/* Whether a function has this component and this configuration now. */
static bool reads(struct fixture *fixture, const char *name, const char *component,
                  const char *configuration)
{
    struct code code;
    bool same;

    code_init(&code);
    same = fixture->provider.read(fixture->provider.self, name, &code, &fixture->error) == 0 &&
           !code.torn && slice_equal(code.component, slice_of(component)) &&
           slice_equal(buffer_slice(&code.configuration), slice_of(configuration));
    code_fini(&code);
    return same;
}

static void write_text(struct fixture *fixture, const char *name, const char *text)
{
    folder_write(&fixture->folder, name, text, strlen(text));
}

#endif
