/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/catalog.h"

#include <assert.h>
#include <limits.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/identifier.h"
#include "base/list.h"
#include "runtime/loader.h"

/* When something half-written, or missing without having been removed, is looked at again. */
#define AGAIN_NS 200000000ull

/* When what failed for a reason outside of the function is tried again. */
#define RETRY_NS 5000000000ull

static_assert(CATALOG_QUIET_NS < CATALOG_QUIET_NS_MAX, "what is never quiet is read all the same");
static_assert(VERSION_ID_SHOWN < VERSION_ID_BYTES, "a shown id is a part of the whole");

/* A function that the provider has told. Lives until it is removed and no load of it is under way.
 */
struct function {
    struct catalog *catalog;
    struct list link;
    char name[FUNCTION_NAME_TEXT_BYTES];
    bool removed;                /* only its load keeps it */
    struct load *load;           /* under way; NULL: none */
    bool stale;                  /* the load is of a time before it was removed */
    bool changed;                /* since the load began */
    struct loop_timeout timeout; /* to the next load */
    uint64_t changing_since_ns;  /* the first change that is not loaded yet; 0: none */
    struct source current;       /* of the version that serves */
    char id[VERSION_ID_BYTES];   /* of the version that serves; empty: none */
    struct source refused;       /* of the content that was reported as broken */
    char *complaint;             /* the last one logged; NULL: none since it was well */
    bool settling;               /* it was there at the start, and is neither ready nor broken */
};

/* One thing said to all directories. Freed when all have it. */
struct announcement {
    struct catalog *catalog;
    struct loop_message message;
    _Atomic size_t missing; /* directories that don't have it yet, and one while it is sent */
    bool settles;           /* it is the first that is said of a function of the start */
    bool ready;
    bool removed;
    char name[FUNCTION_NAME_TEXT_BYTES];
    char old_id[VERSION_ID_BYTES];
    char id[VERSION_ID_BYTES]; /* empty: nothing to be logged */
    bool compiled;
    uint64_t compile_ns;
};

struct catalog {
    struct catalog_options options;
    struct directory **directories;
    struct loader *loader;
    struct list functions;
    size_t function_count;
    void *by_name; /* a tree of tsearch(3) */
    size_t announcements;

    bool listed;
    bool settled;
    size_t settling;
    size_t ready;
    size_t broken;

    bool closing;
    bool loader_closed;
    void (*closed)(void *context);
    void *closed_context;
};

static void begin_load(struct function *function);

/* ---- Functions ------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static struct function *find(struct catalog *catalog, const char *name)
{
    struct function wanted;
    void *node;

    check(strlen(name) < sizeof(wanted.name));
    memcpy(wanted.name, name, strlen(name) + 1);
    node = tfind(&wanted, &catalog->by_name, compare_names);
    return node != NULL ? *(struct function **)node : NULL;
}

static void timeout_expired(struct loop_timeout *timeout)
{
    begin_load(container_of(timeout, struct function, timeout));
}

static struct function *make_function(struct catalog *catalog, const char *name)
{
    struct function *function = calloc(1, sizeof(*function));

    if (function == NULL)
        return NULL;
    check(strlen(name) < sizeof(function->name));
    function->catalog = catalog;
    memcpy(function->name, name, strlen(name) + 1);
    loop_timeout_init(&function->timeout, timeout_expired);
    if (tsearch(function, &catalog->by_name, compare_names) == NULL) {
        free(function);
        return NULL;
    }
    list_push_back(&catalog->functions, &function->link);
    catalog->function_count++;
    return function;
}

static void free_function(struct function *function)
{
    check(function->load == NULL);
    loop_timeout_stop(&function->timeout);
    tdelete(function, &function->catalog->by_name, compare_names);
    list_remove(&function->link);
    function->catalog->function_count--;
    free(function->complaint);
    free(function);
}

/* Loads it after a while. Without memory for a timeout the next change or look will do. */
static void load_after(struct function *function, uint64_t after_ns)
{
    if (loop_timeout_start(function->catalog->options.loop, &function->timeout, after_ns) != 0)
        log_print(function->catalog->options.log, LOG_ERROR, "no memory to load function %s",
                  function->name);
}

/* ---- The start ------------------------------------------------------------------------------- */

static void check_settled(struct catalog *catalog)
{
    if (catalog->settled || !catalog->listed || catalog->settling > 0 || catalog->closing)
        return;
    catalog->settled = true;
    if (catalog->options.settled != NULL)
        catalog->options.settled(catalog->options.context, catalog->ready, catalog->broken);
}

/* ---- Announcements --------------------------------------------------------------------------- */

static void check_closed(struct catalog *catalog);

static void log_announcement(const struct announcement *announcement)
{
    struct log *log = announcement->catalog->options.log;
    struct slice id = {.data = announcement->id, .bytes = VERSION_ID_SHOWN};
    struct slice old_id = {.data = announcement->old_id, .bytes = VERSION_ID_SHOWN};
    uint64_t compile_ms = announcement->compile_ns / NANOSECONDS_PER_MILLISECOND;

    if (announcement->removed)
        LOG(log, LOG_INFO, "function removed", log_string("function", announcement->name));
    else if (announcement->id[0] == 0)
        return;
    else if (announcement->old_id[0] != 0)
        LOG(log, LOG_INFO, "function swapped", log_string("function", announcement->name),
            log_text("version", id), log_text("old_version", old_id),
            log_number("compile_ms", compile_ms));
    else
        LOG(log, LOG_INFO, "function ready", log_string("function", announcement->name),
            log_text("version", id),
            log_string("artifact", announcement->compiled ? "compiled" : "cached"),
            log_number("compile_ms", compile_ms));
}

/* All directories have it: on the catalog's loop. */
static void announced(struct loop_message *message)
{
    struct announcement *announcement = container_of(message, struct announcement, message);
    struct catalog *catalog = announcement->catalog;

    log_announcement(announcement);
    if (announcement->settles) {
        check(catalog->settling > 0);
        catalog->settling--;
        catalog->ready += announcement->ready;
        catalog->broken += !announcement->ready;
    }
    free(announcement);
    check(catalog->announcements > 0);
    catalog->announcements--;
    check_settled(catalog);
    check_closed(catalog);
}

/* A directory has it: on any thread. */
static void applied(void *context)
{
    struct announcement *announcement = context;

    if (atomic_fetch_sub(&announcement->missing, 1) == 1)
        loop_post(announcement->catalog->options.loop, &announcement->message);
}

/* Says it to all directories. Takes `announcement` over. False when one could not be told. */
static bool announce(struct announcement *announcement, const struct publication *publication)
{
    struct catalog *catalog = announcement->catalog;
    bool all = true;

    loop_message_init(&announcement->message, announced);
    atomic_init(&announcement->missing, catalog->options.directory_count + 1);
    catalog->announcements++;
    for (size_t i = 0; i < catalog->options.directory_count; i++) {
        if (directory_publish(catalog->directories[i], publication, applied, announcement) == 0)
            continue;
        log_print(catalog->options.log, LOG_ERROR, "no memory to publish function %s",
                  publication->name);
        applied(announcement);
        all = false;
    }
    applied(announcement);
    return all;
}

static struct announcement *make_announcement(struct function *function)
{
    struct announcement *announcement = calloc(1, sizeof(*announcement));

    if (announcement == NULL) {
        log_print(function->catalog->options.log, LOG_ERROR, "no memory to publish function %s",
                  function->name);
        return NULL;
    }
    announcement->catalog = function->catalog;
    memcpy(announcement->name, function->name, sizeof(function->name));
    return announcement;
}

/* From now on the announcement counts for the start. */
static void take_settling(struct function *function, struct announcement *announcement)
{
    announcement->settles = function->settling;
    function->settling = false;
}

/* Publishes a state without a version. */
static bool publish_state(struct function *function, enum function_state state, int code)
{
    struct publication publication = {.name = function->name, .state = state, .code = code};
    struct announcement *announcement = make_announcement(function);

    if (announcement == NULL)
        return false;
    if (state == FUNCTION_BROKEN)
        take_settling(function, announcement);
    return announce(announcement, &publication);
}

static void publish_removal(struct function *function)
{
    struct publication publication = {.name = function->name, .removed = true};
    struct announcement *announcement = make_announcement(function);

    if (announcement == NULL)
        return;
    announcement->removed = true;
    (void)announce(announcement, &publication);
}

static bool publish_version(struct function *function, const struct load *load)
{
    struct publication publication = {
        .name = function->name,
        .state = FUNCTION_READY,
        .version = load->version,
    };
    struct announcement *announcement = make_announcement(function);

    if (announcement == NULL)
        return false;
    announcement->ready = true;
    take_settling(function, announcement);
    announcement->compiled = load->compiled;
    announcement->compile_ns = load->compile_ns;
    memcpy(announcement->old_id, function->id, sizeof(function->id));
    memcpy(announcement->id, load->version->id, sizeof(function->id));
    return announce(announcement, &publication);
}

/* ---- What came of a load --------------------------------------------------------------------- */

/* Nothing is wrong with it: what goes wrong next is worth a line, even if it was said before. */
static void forget_complaints(struct function *function)
{
    function->refused.known = false;
    free(function->complaint);
    function->complaint = NULL;
}

static void become_ready(struct function *function, const struct load *load)
{
    if (!publish_version(function, load)) {
        load_after(function, RETRY_NS);
        return;
    }
    function->current = load->source;
    memcpy(function->id, load->version->id, sizeof(function->id));
    forget_complaints(function);
}

/* Whether the same was said already of what cannot even be read. */
static bool complain(struct function *function, const struct load *load)
{
    char *complaint = strdup(load->error.message);
    bool said = !load->source.known && complaint != NULL && function->complaint != NULL &&
                strcmp(complaint, function->complaint) == 0;

    free(function->complaint);
    function->complaint = complaint;
    return !said;
}

static void report(struct function *function, const struct load *load)
{
    struct log *log = function->catalog->options.log;
    struct slice id = {.data = function->id, .bytes = VERSION_ID_SHOWN};

    if (function->id[0] != 0)
        LOG(log, LOG_ERROR, "a function cannot be loaded, its old version goes on serving",
            log_string("function", function->name), log_text("version", id),
            log_string("error", error_info(load->error.code)->label),
            log_string("reason", load->error.message));
    else
        LOG(log, LOG_ERROR, "a function cannot be loaded", log_string("function", function->name),
            log_string("error", error_info(load->error.code)->label),
            log_string("reason", load->error.message));
}

static void become_broken(struct function *function, const struct load *load)
{
    int code = load->error.code;
    bool lasting = code != ERROR_OUT_OF_MEMORY && code != ERROR_SYSTEM && load->source.known;

    if (complain(function, load))
        report(function, load);
    if (function->id[0] == 0 && !publish_state(function, FUNCTION_BROKEN, code))
        lasting = false;
    if (lasting)
        function->refused = load->source;
    else
        load_after(function, RETRY_NS);
}

static void conclude(struct function *function, const struct load *load)
{
    switch (load->outcome) {
    case LOAD_READY:
        become_ready(function, load);
        break;
    case LOAD_UNCHANGED:
        forget_complaints(function);
        break;
    case LOAD_KNOWN:
        break;
    case LOAD_AGAIN:
    case LOAD_GONE:
        /* If it is gone for good the provider will say so. */
        load_after(function, AGAIN_NS);
        break;
    case LOAD_FAILED:
        become_broken(function, load);
        break;
    }
}

static void load_finished(struct load *load)
{
    struct function *function = load->context;
    check(function->load == load && (!function->stale || function->removed || function->changed));
    bool wanted = !function->catalog->closing && !function->removed && !function->stale;

    function->load = NULL;
    function->stale = false;
    /* What failed and has changed since is not worth a word. */
    if (wanted && (load->outcome == LOAD_READY || !function->changed))
        conclude(function, load);
    version_release(load->version);
    free(load);
    if (function->catalog->closing)
        return;
    if (function->removed)
        free_function(function);
    else if (function->changed)
        load_after(function, CATALOG_QUIET_NS);
}

static void begin_load(struct function *function)
{
    struct load *load;

    if (function->load != NULL) {
        function->changed = true;
        return;
    }
    load = calloc(1, sizeof(*load));
    if (load == NULL) {
        load_after(function, RETRY_NS);
        return;
    }
    function->changed = false;
    function->changing_since_ns = 0;
    function->load = load;
    load->name = function->name;
    load->current = function->current;
    load->refused = function->refused;
    /* What replaces another is probably in use. */
    load->keep_mapped =
        function->catalog->function_count <= CATALOG_MAPPED_MAX || function->id[0] != 0;
    load->finished = load_finished;
    load->context = function;
    loader_submit(function->catalog->loader, load);
}

/* ---- What the provider tells ----------------------------------------------------------------- */

/* A function that is new, or back. */
static void appear(struct catalog *catalog, struct function *function)
{
    function->removed = false;
    if (!catalog->listed) {
        function->settling = true;
        catalog->settling++;
    }
    (void)publish_state(function, FUNCTION_COMPILING, 0);
    if (function->load != NULL)
        function->changed = true;
    else
        begin_load(function);
}

static void on_changed(void *context, const char *name)
{
    struct catalog *catalog = context;
    struct function *function = find(catalog, name);
    uint64_t now_ns = loop_now_ns(catalog->options.loop);

    if (catalog->closing)
        return;
    if (function == NULL) {
        function = make_function(catalog, name);
        if (function == NULL)
            log_print(catalog->options.log, LOG_ERROR, "no memory for function %s", name);
        else
            appear(catalog, function);
        return;
    }
    if (function->removed) {
        appear(catalog, function);
        return;
    }
    if (function->changing_since_ns == 0)
        function->changing_since_ns = now_ns;
    if (now_ns - function->changing_since_ns < CATALOG_QUIET_NS_MAX)
        load_after(function, CATALOG_QUIET_NS);
}

static void on_removed(void *context, const char *name)
{
    struct catalog *catalog = context;
    struct function *function = find(catalog, name);

    if (catalog->closing || function == NULL || function->removed)
        return;
    publish_removal(function);
    if (function->settling) {
        function->settling = false;
        catalog->settling--;
    }
    function->removed = true;
    function->stale = function->load != NULL;
    function->changed = false;
    function->changing_since_ns = 0;
    function->current.known = false;
    function->refused.known = false;
    function->id[0] = 0;
    loop_timeout_stop(&function->timeout);
    if (function->load == NULL)
        free_function(function);
    check_settled(catalog);
}

static void on_listed(void *context)
{
    struct catalog *catalog = context;

    catalog->listed = true;
    if (catalog->options.listed != NULL && !catalog->closing)
        catalog->options.listed(catalog->options.context);
    check_settled(catalog);
}

/* ---- Life ------------------------------------------------------------------------------------ */

int catalog_create(const struct catalog_options *options, struct catalog **ret_catalog,
                   struct error *error)
{
    static const struct code_provider_events events = {
        .changed = on_changed,
        .removed = on_removed,
        .listed = on_listed,
    };
    struct loader_options loader_options = {
        .loop = options->loop,
        .engine = options->engine,
        .cache = options->cache,
        .provider = options->provider,
        .configuration = options->configuration,
        .log = options->log,
        .threads = options->compile_threads,
    };
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    int code;

    if (catalog == NULL)
        return error_set_memory(error);
    catalog->options = *options;
    list_init(&catalog->functions);
    catalog->directories = calloc(options->directory_count + 1, sizeof(struct directory *));
    if (catalog->directories == NULL) {
        code = error_set_memory(error);
        goto fail_directories;
    }
    for (size_t i = 0; i < options->directory_count; i++)
        catalog->directories[i] = options->directories[i];
    code =
        options->provider->start(options->provider->self, options->loop, &events, catalog, error);
    if (code != 0)
        goto fail_provider;
    code = loader_create(&loader_options, &catalog->loader, error);
    if (code != 0)
        goto fail_provider;
    *ret_catalog = catalog;
    return 0;

fail_provider:
    free(catalog->directories);
fail_directories:
    free(catalog);
    return code;
}

static void check_closed(struct catalog *catalog)
{
    void (*closed)(void *) = catalog->closed;
    void *context = catalog->closed_context;
    struct list *link;

    if (!catalog->closing || !catalog->loader_closed || catalog->announcements > 0)
        return;
    while ((link = catalog->functions.next) != &catalog->functions)
        free_function(container_of(link, struct function, link));
    check(catalog->function_count == 0 && catalog->by_name == NULL);
    free(catalog->directories);
    free(catalog);
    if (closed != NULL)
        closed(context);
}

static void loader_closed(void *context)
{
    struct catalog *catalog = context;

    catalog->loader_closed = true;
    check_closed(catalog);
}

void catalog_close(struct catalog *catalog, void (*closed)(void *context), void *context)
{
    check(!catalog->closing);
    catalog->closing = true;
    catalog->closed = closed;
    catalog->closed_context = context;
    for (struct list *link = catalog->functions.next; link != &catalog->functions;
         link = link->next)
        loop_timeout_stop(&container_of(link, struct function, link)->timeout);
    loader_close(catalog->loader, loader_closed, catalog);
}
