/* SPDX-License-Identifier: AGPL-3.0-only */

#include "project/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/sha256.h"
#include "project/inputs.h"

#define EVENTS                                                                        \
    (IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | \
     IN_MOVED_TO | IN_ONLYDIR)

/* fn0.toml and .env. */
#define SETTINGS_COUNT 2

/* All that is compared. */
struct look {
    struct inputs_look inputs;
    struct {
        uint64_t inode; /* 0: not there */
        int64_t bytes;
        int64_t seconds;
        int64_t nanoseconds;
    } settings[SETTINGS_COUNT];
};

struct project_watch {
    const struct project *project;
    const struct clock *clock;
    struct look known;
    int inotify; /* descriptors; -1: it is only looked once a second */
    int wake;
    _Atomic bool asked;
    _Atomic bool ended;
};

/* ---- Looking ---- */

static void look_at_settings(const struct project *project, struct look *look)
{
    const char *const paths[SETTINGS_COUNT] = {project->file, project->dotenv};
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        struct stat status;
        if (stat(paths[i], &status) != 0)
            continue;
        look->settings[i].inode = status.st_ino;
        look->settings[i].bytes = status.st_size;
        look->settings[i].seconds = status.st_mtim.tv_sec;
        look->settings[i].nanoseconds = status.st_mtim.tv_nsec;
    }
}

static int look_at(const struct project *project, struct look *ret_look, struct error *error)
{
    memset(ret_look, 0, sizeof(*ret_look));
    look_at_settings(project, ret_look);
    return inputs_look(project, &ret_look->inputs, error);
}

static bool same(const struct look *one, const struct look *other)
{
    return memcmp(one, other, sizeof(*one)) == 0;
}

static int follow(void *context, const char *path)
{
    const struct project_watch *watch = context;
    char whole[2 * PATH_MAX];
    (void)snprintf(whole, sizeof(whole), "%s%s%s", watch->project->folder, *path ? "/" : "", path);
    /* Where there can be no more of these, it is noticed within a second. */
    (void)inotify_add_watch(watch->inotify, whole, EVENTS);
    return 0;
}

/* Folders that have come since the last time are told from now on. */
static void follow_folders(struct project_watch *watch)
{
    if (watch->inotify >= 0)
        (void)inputs_visit_folders(watch->project, follow, watch, NULL);
}

/* ---- Waiting ---- */

static void empty(int descriptor)
{
    char events[4096];
    while (read(descriptor, events, sizeof(events)) > 0)
        ;
}

static bool is_called(const struct project_watch *watch)
{
    return watch->ended || watch->asked;
}

/* Until something is told by inotify, somebody calls, or the time is over. */
static void wait_for(struct project_watch *watch, uint64_t time_ns)
{
    struct pollfd sources[] = {
        {.fd = watch->wake, .events = POLLIN},
        {.fd = watch->inotify, .events = POLLIN},
    };
    (void)poll(sources, 2, (int)(time_ns / NANOSECONDS_PER_MILLISECOND));
    if (sources[0].revents)
        empty(watch->wake);
    if (sources[1].revents)
        empty(watch->inotify);
}

/* A pause that events of inotify don't end. */
static void pause_for(struct project_watch *watch, uint64_t time_ns)
{
    struct pollfd source = {.fd = watch->wake, .events = POLLIN};
    if (poll(&source, 1, (int)(time_ns / NANOSECONDS_PER_MILLISECOND)) > 0)
        empty(watch->wake);
}

/* Looks until it sees the same twice. False where it could not. */
static bool settle(struct project_watch *watch, struct look *look)
{
    uint64_t begin_ns = clock_monotonic_ns(watch->clock);
    for (;;) {
        struct look before = *look;
        pause_for(watch, WATCH_QUIET_NS);
        if (watch->ended || look_at(watch->project, look, NULL))
            return false;
        if (same(&before, look) || clock_monotonic_ns(watch->clock) - begin_ns >= WATCH_BURST_NS)
            return true;
    }
}

/* What counts is another question once a build has said anew which files it has read: then any
 * change may be one. */
static bool have_changed(const struct inputs_look *known, const struct inputs_look *look)
{
    return memcmp(known->all, look->all, sizeof(look->all)) != 0 &&
           (memcmp(known->sources, look->sources, sizeof(look->sources)) != 0 ||
            memcmp(known->counted, look->counted, sizeof(look->counted)) != 0);
}

enum project_change project_watch_wait(struct project_watch *watch)
{
    for (;;) {
        struct look look;
        follow_folders(watch);
        if (watch->ended)
            return PROJECT_CHANGE_END;
        bool seen = look_at(watch->project, &look, NULL) == 0;
        if (seen && !same(&look, &watch->known) && settle(watch, &look)) {
            bool settings =
                memcmp(look.settings, watch->known.settings, sizeof(look.settings)) != 0;
            bool inputs = have_changed(&watch->known.inputs, &look.inputs);
            watch->known = look;
            if (settings || inputs)
                return settings ? PROJECT_CHANGE_SETTINGS : PROJECT_CHANGE_INPUTS;
        }
        if (atomic_exchange(&watch->asked, false))
            return PROJECT_CHANGE_ASKED;
        if (!is_called(watch))
            wait_for(watch, WATCH_LOOK_NS);
    }
}

static void call(struct project_watch *watch)
{
    const uint64_t one = 1;
    check(write(watch->wake, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
}

void project_watch_ask(struct project_watch *watch)
{
    watch->asked = true;
    call(watch);
}

void project_watch_end(struct project_watch *watch)
{
    watch->ended = true;
    call(watch);
}

/* ---- Life ---- */

int project_watch_create(const struct project *project, const struct clock *clock,
                         struct project_watch **ret_watch, struct error *error)
{
    *ret_watch = NULL;
    struct project_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return error_set_memory(error);
    watch->project = project;
    watch->clock = clock;
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int code = watch->wake < 0 ? error_set_errno(error, errno, "cannot watch the project") : 0;
    if (code == 0) {
        follow_folders(watch);
        code = look_at(project, &watch->known, error);
    }
    if (code) {
        project_watch_destroy(watch);
        return code;
    }
    *ret_watch = watch;
    return 0;
}

void project_watch_destroy(struct project_watch *watch)
{
    if (!watch)
        return;
    if (watch->inotify >= 0)
        close(watch->inotify);
    if (watch->wake >= 0)
        close(watch->wake);
    free(watch);
}
