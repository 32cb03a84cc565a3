/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/folder_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/check.h"
#include "base/identifier.h"
#include "store/code_file.h"

#define NEVER_NS UINT64_MAX

/* A change younger than this is told twice: see the header. Long, because the clock of a network
 * file system may differ from ours. */
#define RECENT_NS (60 * NANOSECONDS_PER_SECOND)

/* A component, as it was found by a look, or as it is known. */
struct item {
    char *name;   /* of the function; of the file where `invalid` */
    bool invalid; /* the file's name is no name of a function */
    struct file_stamp component;
    struct file_stamp configuration;
    /* Known ones only. */
    bool touched;              /* inotify told a change since the last look */
    uint64_t missing_since_ns; /* NEVER_NS: it is there */
    uint64_t again_ns;         /* when its last change is told again */
    enum { TELL_NOTHING, TELL_CHANGED, TELL_REMOVED, TELL_INVALID } tell;
};

/* Sorted by name, no name twice. */
struct items {
    struct item *items;
    size_t count;
    size_t capacity;
};

/* What a look at the folder has found. Written on a thread of libuv's. */
struct look {
    uv_work_t work;
    bool running;
    int number; /* what errno says; 0: fine */
    struct items found;
    struct stat folder;
};

struct folder_watch {
    struct loop *loop;
    char *folder;
    char *component;
    char *configuration;
    char *name;
    struct log *log;
    struct code_provider_events events;
    void *context;

    uv_fs_event_t inotify;
    bool inotify_failed; /* said once */
    uint64_t watched_device;
    uint64_t watched_inode;
    struct loop_timeout timeout; /* to the next look */
    struct look look;
    uint64_t gather_ns;
    bool stirred; /* something happened since the last look began */

    struct items known;
    bool listed;
    uint64_t folder_missing_since_ns; /* NEVER_NS: it is there */
    bool folder_failed;               /* said once */

    bool closing;
    bool inotify_closed;
    void (*closed)(void *context);
    void *closed_context;
};

static void begin_look(struct folder_watch *watch);

/* ---- Items ----------------------------------------------------------------------------------- */

static void items_fini(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->items[i].name);
    free(items->items);
    *items = (struct items){0};
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->name, ((const struct item *)b)->name);
}

/* Adds a copy of `item` at the end; its name is taken over by the list. */
static int items_add(struct items *items, const struct item *item)
{
    if (items->count == items->capacity) {
        size_t capacity = items->capacity == 0 ? 16 : items->capacity * 2;
        struct item *grown = realloc(items->items, capacity * sizeof(*grown));
        if (grown == NULL)
            return ERROR_OUT_OF_MEMORY;
        items->items = grown;
        items->capacity = capacity;
    }
    items->items[items->count++] = *item;
    return 0;
}

static struct item *items_find(const struct items *items, const char *name)
{
    struct item wanted = {.name = (char *)name};

    if (items->count == 0)
        return NULL;
    return bsearch(&wanted, items->items, items->count, sizeof(wanted), compare_items);
}

/* ---- Looking: on a thread of libuv's --------------------------------------------------------- */

static struct file_stamp stamp_at(int folder, const char *name)
{
    struct stat status;

    if (fstatat(folder, name, &status, 0) != 0)
        return (struct file_stamp){.is_file = false};
    return file_stamp_of(&status);
}

/* Adds the component in file `file`, if it is one. Answers what errno says. */
static int look_at(struct look *look, int folder, const char *file, const char *configuration,
                   const char *name, bool invalid)
{
    struct item item = {.invalid = invalid, .component = stamp_at(folder, file)};

    if (!item.component.is_file)
        return 0;
    if (configuration != NULL)
        item.configuration = stamp_at(folder, configuration);
    item.name = strdup(name);
    if (item.name != NULL && items_add(&look->found, &item) == 0)
        return 0;
    free(item.name);
    return ENOMEM;
}

/* As look_at, for a name of a folder's listing. */
static int look_at_entry(struct look *look, int folder, const char *file)
{
    char name[FUNCTION_NAME_TEXT_BYTES], configuration[FUNCTION_NAME_TEXT_BYTES + 8];
    size_t bytes = strlen(file);

    if (file[0] == '.' || bytes <= 5 || strcmp(file + bytes - 5, ".wasm") != 0)
        return 0;
    bytes -= 5;
    if (!function_name_valid((struct slice){.data = file, .bytes = bytes}))
        return look_at(look, folder, file, NULL, file, true);
    memcpy(name, file, bytes);
    name[bytes] = 0;
    memcpy(configuration, file, bytes);
    memcpy(configuration + bytes, ".toml", sizeof(".toml"));
    return look_at(look, folder, file, configuration, name, false);
}

static int look_at_all(struct look *look, int descriptor)
{
    struct dirent *entry;
    int number = 0;
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;

    if (folder == NULL) {
        number = errno;
        if (copy >= 0)
            close(copy);
        return number;
    }
    while (number == 0) {
        errno = 0;
        entry = readdir(folder);
        if (entry == NULL) {
            number = errno;
            break;
        }
        number = look_at_entry(look, descriptor, entry->d_name);
    }
    closedir(folder);
    if (look->found.count > 0)
        qsort(look->found.items, look->found.count, sizeof(struct item), compare_items);
    return number;
}

static void look_on_thread(uv_work_t *work)
{
    struct folder_watch *watch = work->data;
    struct look *look = &watch->look;
    int descriptor = open(watch->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    look->number = descriptor < 0 ? errno : 0;
    if (descriptor < 0)
        return;
    if (fstat(descriptor, &look->folder) != 0)
        look->number = errno;
    else if (watch->component != NULL)
        look->number =
            look_at(look, descriptor, watch->component, watch->configuration, watch->name, false);
    else
        look->number = look_at_all(look, descriptor);
    close(descriptor);
}

/* ---- What a look changes --------------------------------------------------------------------- */

/* One that is there: new (`known` NULL) or known. Moves the name that stays into *ret_item. */
static void meet_found(struct folder_watch *watch, struct item *known, struct item *found,
                       struct item *ret_item)
{
    uint64_t now_ns = loop_now_ns(watch->loop);
    uint64_t realtime_ns = clock_realtime_ns(loop_clock(watch->loop));
    bool changed = known == NULL || known->missing_since_ns != NEVER_NS ||
                   !file_stamp_equal(&known->component, &found->component) ||
                   !file_stamp_equal(&known->configuration, &found->configuration);

    *ret_item = *found;
    found->name = NULL;
    ret_item->missing_since_ns = NEVER_NS;
    ret_item->again_ns = known != NULL ? known->again_ns : NEVER_NS;
    ret_item->tell = TELL_NOTHING;
    if (known != NULL) {
        free(known->name);
        known->name = NULL;
    }
    if (ret_item->invalid) {
        ret_item->tell = known == NULL ? TELL_INVALID : TELL_NOTHING;
        return;
    }
    if (changed || known->touched || now_ns >= ret_item->again_ns) {
        ret_item->tell = TELL_CHANGED;
        ret_item->again_ns = NEVER_NS;
    }
    if (changed && (file_stamp_is_recent(&found->component, realtime_ns, RECENT_NS) ||
                    file_stamp_is_recent(&found->configuration, realtime_ns, RECENT_NS)))
        ret_item->again_ns = now_ns + CODE_FRESH_NS;
}

/* One that was known and is not there. Moves its name into *ret_item. */
static void meet_missing(struct folder_watch *watch, struct item *known, struct item *ret_item)
{
    uint64_t now_ns = loop_now_ns(watch->loop);

    *ret_item = *known;
    known->name = NULL;
    ret_item->touched = false;
    ret_item->tell = TELL_NOTHING;
    /* What was touched since the last look may have been there in between. */
    if (ret_item->missing_since_ns == NEVER_NS || known->touched)
        ret_item->missing_since_ns = now_ns;
    else if (now_ns - ret_item->missing_since_ns >= WATCH_REMOVAL_NS)
        ret_item->tell = TELL_REMOVED;
}

/* Brings what is known up to what was found. Nothing changes when there is no memory. */
static int merge(struct folder_watch *watch, struct items *found)
{
    struct items *known = &watch->known;
    struct items merged = {.capacity = known->count + found->count};
    size_t k = 0, f = 0;

    merged.items = calloc(merged.capacity > 0 ? merged.capacity : 1, sizeof(*merged.items));
    if (merged.items == NULL)
        return ERROR_OUT_OF_MEMORY;
    while (k < known->count || f < found->count) {
        int order = k == known->count   ? 1
                    : f == found->count ? -1
                                        : compare_items(&known->items[k], &found->items[f]);
        check(merged.count < merged.capacity);
        struct item *item = &merged.items[merged.count++];
        if (order < 0)
            meet_missing(watch, &known->items[k++], item);
        else
            meet_found(watch, order == 0 ? &known->items[k++] : NULL, &found->items[f++], item);
    }
    items_fini(known);
    *known = merged;
    return 0;
}

static void warn_of_name(struct folder_watch *watch, const char *file)
{
    LOG(watch->log, LOG_WARNING,
        "a file is ignored: the name of a function is one label of [a-z0-9-], 1 to 63 long",
        log_string("file", file), log_string("folder", watch->folder));
}

/* Tells what the last look has changed. The listener may close the watch meanwhile. */
static void tell(struct folder_watch *watch)
{
    size_t kept = 0;

    for (size_t i = 0; i < watch->known.count; i++) {
        struct item *item = &watch->known.items[i];
        if (item->tell == TELL_INVALID)
            warn_of_name(watch, item->name);
        if (item->tell == TELL_CHANGED && !watch->closing)
            watch->events.changed(watch->context, item->name);
        if (item->tell == TELL_REMOVED && !item->invalid && !watch->closing)
            watch->events.removed(watch->context, item->name);
    }
    for (size_t i = 0; i < watch->known.count; i++) {
        struct item *item = &watch->known.items[i];
        if (item->tell == TELL_REMOVED)
            free(item->name);
        else
            watch->known.items[kept++] = *item;
    }
    watch->known.count = kept;
    if (!watch->listed && !watch->closing) {
        watch->listed = true;
        watch->events.listed(watch->context);
    }
}

/* Whether the folder's being missing counts as being empty now. Says once that it cannot be read.
 */
static bool folder_is_gone(struct folder_watch *watch, int number)
{
    uint64_t now_ns = loop_now_ns(watch->loop);

    if (number != ENOENT && number != ENOTDIR) {
        watch->folder_missing_since_ns = NEVER_NS;
    } else if (watch->folder_missing_since_ns == NEVER_NS) {
        watch->folder_missing_since_ns = now_ns;
        return false;
    } else if (now_ns - watch->folder_missing_since_ns < WATCH_FOLDER_REMOVAL_NS) {
        return false;
    }
    if (!watch->folder_failed)
        LOG(watch->log, LOG_WARNING, "the folder of functions cannot be read",
            log_string("folder", watch->folder), log_string("reason", strerror(number)));
    watch->folder_failed = true;
    return watch->folder_missing_since_ns != NEVER_NS;
}

/* ---- inotify --------------------------------------------------------------------------------- */

/* Something happened: a look soon. */
static void stir(struct folder_watch *watch)
{
    if (watch->stirred || watch->closing)
        return;
    watch->stirred = true;
    if (!watch->look.running)
        (void)loop_timeout_start(watch->loop, &watch->timeout, watch->gather_ns);
}

/* What follows the last slash. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void on_inotify(uv_fs_event_t *handle, const char *file, int events, int status)
{
    struct folder_watch *watch = handle->data;
    char name[FUNCTION_NAME_TEXT_BYTES];
    struct item *item = NULL;
    size_t bytes;

    (void)events;
    if (status < 0)
        return;
    /* libuv calls the folder itself by its base name: it was moved or removed, and another may come
     * that has the same inode. */
    if (file == NULL || strcmp(file, base_name(watch->folder)) == 0) {
        watch->watched_inode = 0;
        stir(watch);
        return;
    }
    if (watch->component != NULL) {
        if (strcmp(file, watch->component) != 0 && strcmp(file, watch->configuration) != 0)
            return;
        item = items_find(&watch->known, watch->name);
    } else if ((bytes = strlen(file)) > 5 && bytes - 5 < sizeof(name) &&
               (strcmp(file + bytes - 5, ".wasm") == 0 || strcmp(file + bytes - 5, ".toml") == 0)) {
        memcpy(name, file, bytes - 5);
        name[bytes - 5] = 0;
        item = items_find(&watch->known, name);
    }
    if (item != NULL)
        item->touched = true;
    stir(watch);
}

/* Watches what the path stands for now, when that is another folder than before. */
static void follow_folder(struct folder_watch *watch, const struct stat *folder)
{
    int number;

    if (watch->watched_device == (uint64_t)folder->st_dev &&
        watch->watched_inode == (uint64_t)folder->st_ino)
        return;
    watch->watched_device = (uint64_t)folder->st_dev;
    watch->watched_inode = (uint64_t)folder->st_ino;
    uv_fs_event_stop(&watch->inotify);
    number = uv_fs_event_start(&watch->inotify, on_inotify, watch->folder, 0);
    if (number != 0 && !watch->inotify_failed) {
        watch->inotify_failed = true;
        LOG(watch->log, LOG_WARNING,
            "changes of functions are noticed once a second only: inotify refuses",
            log_string("folder", watch->folder), log_string("reason", uv_strerror(number)));
    }
    /* What happened between the look and now is found by another. */
    watch->stirred = true;
}

/* ---- The round ------------------------------------------------------------------------------- */

static void finish_close(struct folder_watch *watch)
{
    void (*closed)(void *) = watch->closed;
    void *context = watch->closed_context;

    if (!watch->inotify_closed || watch->look.running)
        return;
    items_fini(&watch->known);
    items_fini(&watch->look.found);
    free(watch->folder);
    free(watch->component);
    free(watch->configuration);
    free(watch->name);
    free(watch);
    if (closed != NULL)
        closed(context);
}

/* When the next look is due. */
static uint64_t next_look_ns(const struct folder_watch *watch)
{
    if (watch->stirred)
        return watch->gather_ns;
    for (size_t i = 0; i < watch->known.count; i++) {
        if (watch->known.items[i].missing_since_ns != NEVER_NS)
            return WATCH_REMOVAL_NS;
    }
    return WATCH_INTERVAL_NS;
}

static void look_done(uv_work_t *work, int status)
{
    struct folder_watch *watch = work->data;
    struct look *look = &watch->look;
    bool gone = false;

    look->running = false;
    if (watch->closing) {
        finish_close(watch);
        return;
    }
    loop_update(watch->loop);
    if (status == 0 && look->number == 0) {
        if (watch->folder_failed)
            LOG(watch->log, LOG_INFO, "the folder of functions can be read again",
                log_string("folder", watch->folder));
        watch->folder_failed = false;
        watch->folder_missing_since_ns = NEVER_NS;
        follow_folder(watch, &look->folder);
    } else if (status == 0) {
        gone = folder_is_gone(watch, look->number);
        items_fini(&look->found);
    }
    if (status == 0 && (look->number == 0 || gone)) {
        if (merge(watch, &look->found) == 0)
            tell(watch);
        else
            log_print(watch->log, LOG_ERROR, "no memory to look at %s", watch->folder);
    }
    items_fini(&look->found);
    if (!watch->closing)
        (void)loop_timeout_start(watch->loop, &watch->timeout, next_look_ns(watch));
}

static void begin_look(struct folder_watch *watch)
{
    int number;

    check(!watch->look.running && !watch->closing);
    watch->stirred = false;
    watch->look.number = 0;
    watch->look.work.data = watch;
    number = uv_queue_work(loop_uv(watch->loop), &watch->look.work, look_on_thread, look_done);
    watch->look.running = number == 0;
    if (number != 0)
        (void)loop_timeout_start(watch->loop, &watch->timeout, WATCH_INTERVAL_NS);
}

static void timeout_expired(struct loop_timeout *timeout)
{
    begin_look(container_of(timeout, struct folder_watch, timeout));
}

/* ---- Life ------------------------------------------------------------------------------------ */

static int fail_component(const struct folder_watch_options *options, int folder,
                          struct error *error)
{
    struct stat status;
    bool is_there = fstatat(folder, options->component, &status, 0) == 0;
    bool is_root = strcmp(options->folder, "/") == 0;
    const char *what = "there is no such file";

    if (is_there)
        what = S_ISDIR(status.st_mode)
                   ? "it is a folder, not a component: --functions serves folders"
                   : "it is not a plain file";
    return error_set(error, ERROR_NOT_FOUND, "%s/%s: %s", is_root ? "" : options->folder,
                     options->component, what);
}

/* Says at once what a user has mistyped. */
static int check_there(const struct folder_watch_options *options, struct stat *ret_folder,
                       struct error *error)
{
    const char *folder = options->folder;
    struct file_stamp stamp;
    DIR *listing = opendir(folder);
    int code = 0;

    if (listing == NULL && (errno == ENOENT || errno == ENOTDIR))
        return error_set(error, ERROR_NOT_FOUND, "%s: %s", folder,
                         errno == ENOENT ? "there is no such folder" : "it is no folder");
    if (listing == NULL)
        return error_set_errno(error, errno, "cannot read the folder %s", folder);
    if (fstat(dirfd(listing), ret_folder) != 0) {
        code = error_set_errno(error, errno, "cannot look at the folder %s", folder);
    } else if (options->component != NULL && !options->may_be_missing) {
        stamp = stamp_at(dirfd(listing), options->component);
        if (!stamp.is_file)
            code = fail_component(options, dirfd(listing), error);
    }
    closedir(listing);
    return code;
}

static char *copy_or_null(const char *string)
{
    return string != NULL ? strdup(string) : NULL;
}

int folder_watch_create(struct loop *loop, const struct folder_watch_options *options,
                        const struct code_provider_events *events, void *context,
                        struct folder_watch **ret_watch, struct error *error)
{
    struct stat folder;
    struct folder_watch *watch;
    bool one = options->component != NULL;
    int code = check_there(options, &folder, error);

    check(one == (options->configuration != NULL) && one == (options->name != NULL));
    if (code != 0)
        return code;
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return error_set_memory(error);
    watch->loop = loop;
    watch->log = options->log;
    watch->gather_ns = options->may_be_missing ? WATCH_GATHER_SOON_NS : WATCH_GATHER_NS;
    watch->events = *events;
    watch->context = context;
    watch->folder_missing_since_ns = NEVER_NS;
    watch->folder = strdup(options->folder);
    watch->component = copy_or_null(options->component);
    watch->configuration = copy_or_null(options->configuration);
    watch->name = copy_or_null(options->name);
    if (watch->folder == NULL || (one && (watch->component == NULL ||
                                          watch->configuration == NULL || watch->name == NULL))) {
        code = error_set_memory(error);
        goto fail;
    }
    loop_timeout_init(&watch->timeout, timeout_expired);
    code = uv_fs_event_init(loop_uv(loop), &watch->inotify);
    if (code != 0) {
        code = error_set_errno(error, code, "cannot watch %s", watch->folder);
        goto fail;
    }
    watch->inotify.data = watch;
    /* Before the first look, so that nothing falls between. */
    follow_folder(watch, &folder);
    begin_look(watch);
    *ret_watch = watch;
    return 0;

fail:
    free(watch->name);
    free(watch->configuration);
    free(watch->component);
    free(watch->folder);
    free(watch);
    return code;
}

static void inotify_closed(uv_handle_t *handle)
{
    struct folder_watch *watch = handle->data;

    watch->inotify_closed = true;
    finish_close(watch);
}

void folder_watch_close(struct folder_watch *watch, void (*closed)(void *context), void *context)
{
    check(!watch->closing);
    watch->closing = true;
    watch->closed = closed;
    watch->closed_context = context;
    loop_timeout_stop(&watch->timeout);
    uv_close((uv_handle_t *)&watch->inotify, inotify_closed);
}
