/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/artifact_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/list.h"
#include "base/sha256.h"
#include "store/cache_folder.h"

#define NAME_SUFFIX ".artifact"
#define NAME_BYTES (64 + 1 + 16 + sizeof(NAME_SUFFIX))
#define READ_BYTES (256 * 1024)

/* What stands behind the content of a file. */
struct trailer {
    char magic[16];
    uint8_t bytes[8]; /* of the content; little-endian, as all numbers here */
    uint8_t reserved[8];
    uint8_t mac[SHA256_BYTES];
};
_Static_assert(sizeof(struct trailer) == 64, "the trailer has no holes");

_Static_assert(NAME_BYTES == SHA256_TEXT_BYTES + 1 + 2 * sizeof(uint64_t) + sizeof(NAME_SUFFIX) - 1,
               "a name holds the component's hash and the engine's fingerprint");

static const char trailer_magic[16] = "fn0 artifact 1\r\n";

struct artifact {
    struct list link;
    struct artifact_cache *cache;
    struct artifact_key key;
    uint64_t references; /* under the cache's mutex */
    int descriptor;
    bool on_disk;
};

struct artifact_cache {
    struct cache_folder folder; /* its key and `no_execution` under the mutex */
    uint64_t bytes_max;
    const struct clock *clock;
    struct log *log;
    struct fault *fault;
    pthread_mutex_t mutex; /* over what follows, too */
    struct list artifacts; /* in use */
};

/* ---- Names and MACs -------------------------------------------------------------------------- */

static void write_name(const struct artifact_key *key, char ret_name[NAME_BYTES])
{
    sha256_write(key->component, ret_name);
    sprintf(ret_name + SHA256_TEXT_BYTES - 1, "-%016llx" NAME_SUFFIX,
            (unsigned long long)key->fingerprint);
}

static bool is_artifact_name(const char *name)
{
    size_t bytes = strlen(name);
    return bytes == NAME_BYTES - 1 &&
           strcmp(name + bytes - sizeof(NAME_SUFFIX) + 1, NAME_SUFFIX) == 0;
}

static void write_number(uint64_t number, uint8_t ret_bytes[8])
{
    for (int i = 0; i < 8; i++)
        ret_bytes[i] = (uint8_t)(number >> (8 * i));
}

/* Begins a MAC over all that an artifact stands for; the content is to follow. */
static int mac_begin(struct artifact_cache *cache, const struct artifact_key *key, uint64_t bytes,
                     struct sha256 **ret_mac, struct error *error)
{
    struct slice secret = {.data = (const char *)cache->folder.key, .bytes = CACHE_KEY_BYTES};
    uint8_t head[sizeof(trailer_magic) + sizeof(key->component) + 16];
    int code;

    pthread_mutex_lock(&cache->mutex);
    code = hmac_sha256_begin(secret, ret_mac, error);
    pthread_mutex_unlock(&cache->mutex);
    if (code != 0)
        return code;
    memcpy(head, trailer_magic, sizeof(trailer_magic));
    memcpy(head + sizeof(trailer_magic), key->component, sizeof(key->component));
    write_number(key->fingerprint, head + sizeof(head) - 16);
    write_number(bytes, head + sizeof(head) - 8);
    code = sha256_add(*ret_mac, (struct slice){.data = (const char *)head, .bytes = sizeof(head)},
                      error);
    if (code != 0)
        sha256_abandon(*ret_mac);
    return code;
}

static int make_trailer(struct artifact_cache *cache, const struct artifact_key *key,
                        struct slice content, struct trailer *ret_trailer, struct error *error)
{
    struct sha256 *mac;
    int code = mac_begin(cache, key, content.bytes, &mac, error);

    if (code != 0)
        return code;
    memset(ret_trailer, 0, sizeof(*ret_trailer));
    memcpy(ret_trailer->magic, trailer_magic, sizeof(trailer_magic));
    write_number(content.bytes, ret_trailer->bytes);
    code = sha256_add(mac, content, error);
    if (code != 0) {
        sha256_abandon(mac);
        return code;
    }
    return sha256_finish(&mac, ret_trailer->mac, error);
}

/* ---- Bytes in and out ------------------------------------------------------------------------ */

/* Reads `bytes` at `offset`, or answers what errno says; EIO where the file is shorter. */
static int read_all(int descriptor, void *data, size_t bytes, uint64_t offset)
{
    char *next = data;

    while (bytes > 0) {
        ssize_t got = pread(descriptor, next, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EIO;
        next += got;
        bytes -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

/* Keeps a content in memory as a file that cannot be changed any more. */
static int make_memory_file(struct slice content, int *ret_descriptor, struct error *error)
{
    const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    int descriptor = memfd_create("fn0-artifact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int code;

    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot keep an artifact in memory");
    code = file_write_descriptor(descriptor, "an artifact kept in memory", content, NULL, error);
    if (code == 0 && fcntl(descriptor, F_ADD_SEALS, seals) != 0)
        code = error_set_errno(error, errno, "cannot seal an artifact kept in memory");
    if (code != 0) {
        close(descriptor);
        return code;
    }
    *ret_descriptor = descriptor;
    return 0;
}

/* Copies a file's content into memory, where files of the folder can't be mapped as code. */
static int copy_to_memory(int descriptor, uint64_t bytes, int *ret_descriptor, struct error *error)
{
    char *content = malloc(bytes > 0 ? bytes : 1);
    int number, code;

    if (content == NULL)
        return error_set_memory(error);
    number = read_all(descriptor, content, bytes, 0);
    code = number != 0 ? error_set_errno(error, number, "cannot read an artifact")
                       : make_memory_file((struct slice){.data = content, .bytes = bytes},
                                          ret_descriptor, error);
    free(content);
    return code;
}

/* ---- Artifacts in use ------------------------------------------------------------------------ */

/* The artifact of a key that is in use, with one more reference, or NULL. Under the mutex. */
static struct artifact *find_in_use(struct artifact_cache *cache, const struct artifact_key *key)
{
    for (struct list *link = cache->artifacts.next; link != &cache->artifacts; link = link->next) {
        struct artifact *artifact = container_of(link, struct artifact, link);
        if (artifact->key.fingerprint == key->fingerprint &&
            memcmp(artifact->key.component, key->component, sizeof(key->component)) == 0) {
            artifact->references++;
            return artifact;
        }
    }
    return NULL;
}

/* Sets a file's times to now, so that it is not what was unused for longest. */
static void touch(struct artifact_cache *cache, int descriptor)
{
    uint64_t now_ns = clock_realtime_ns(cache->clock);
    struct timespec now = {
        .tv_sec = (time_t)(now_ns / NANOSECONDS_PER_SECOND),
        .tv_nsec = (long)(now_ns % NANOSECONDS_PER_SECOND),
    };

    /* A file that somebody has removed or a disk that became read-only: nothing depends on it. */
    (void)futimens(descriptor, (const struct timespec[2]){now, now});
}

/* Makes an artifact of a descriptor, which it takes over, or answers the one that another thread
 * has made of the same key meanwhile. */
static int adopt(struct artifact_cache *cache, const struct artifact_key *key, int descriptor,
                 bool on_disk, struct artifact **ret_artifact, struct error *error)
{
    struct artifact *artifact = calloc(1, sizeof(*artifact));
    struct artifact *other;

    check(descriptor >= 0);
    if (artifact == NULL) {
        close(descriptor);
        return error_set_memory(error);
    }
    artifact->cache = cache;
    artifact->key = *key;
    artifact->references = 1;
    artifact->descriptor = descriptor;
    artifact->on_disk = on_disk;
    pthread_mutex_lock(&cache->mutex);
    other = find_in_use(cache, key);
    if (other == NULL)
        list_push_back(&cache->artifacts, &artifact->link);
    pthread_mutex_unlock(&cache->mutex);
    if (other != NULL) {
        close(descriptor);
        free(artifact);
        artifact = other;
    }
    *ret_artifact = artifact;
    return 0;
}

struct artifact *artifact_acquire(struct artifact *artifact)
{
    pthread_mutex_lock(&artifact->cache->mutex);
    check(artifact->references > 0);
    artifact->references++;
    pthread_mutex_unlock(&artifact->cache->mutex);
    return artifact;
}

void artifact_release(struct artifact *artifact)
{
    bool last;

    if (artifact == NULL)
        return;
    pthread_mutex_lock(&artifact->cache->mutex);
    check(artifact->references > 0);
    last = --artifact->references == 0;
    if (last)
        list_remove(&artifact->link);
    pthread_mutex_unlock(&artifact->cache->mutex);
    if (!last)
        return;
    close(artifact->descriptor);
    free(artifact);
}

int artifact_descriptor(const struct artifact *artifact)
{
    return artifact->descriptor;
}

/* ---- Making room ----------------------------------------------------------------------------- */

struct stored {
    char name[NAME_BYTES];
    uint64_t bytes;
    int64_t used_ns;
};

struct stored_list {
    struct stored *items;
    size_t count;
    size_t capacity;
    uint64_t bytes;
};

static int add_stored(struct stored_list *list, const char *name, const struct stat *status)
{
    struct stored *item;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct stored *items = realloc(list->items, capacity * sizeof(*items));
        if (items == NULL)
            return ERROR_OUT_OF_MEMORY;
        list->items = items;
        list->capacity = capacity;
    }
    check(list->count < list->capacity);
    item = &list->items[list->count++];
    memcpy(item->name, name, NAME_BYTES);
    item->bytes = (uint64_t)status->st_size;
    item->used_ns =
        (int64_t)status->st_mtim.tv_sec * (int64_t)NANOSECONDS_PER_SECOND + status->st_mtim.tv_nsec;
    list->bytes += item->bytes;
    return 0;
}

/* Lists the folder's artifacts, and removes what crashed writers have left. */
static int list_stored(struct artifact_cache *cache, struct stored_list *ret_list,
                       struct error *error)
{
    struct stat status;
    struct dirent *entry;
    DIR *folder;
    int code = 0;
    int descriptor = openat(cache->folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    memset(ret_list, 0, sizeof(*ret_list));
    folder = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (folder == NULL) {
        code = error_set_errno(error, errno, "cannot list %s", cache->folder.path);
        if (descriptor >= 0)
            close(descriptor);
        return code;
    }
    while (code == 0 && (entry = readdir(folder)) != NULL) {
        if (cache_file_is_aside(entry->d_name))
            cache_file_remove_stale(&cache->folder, entry->d_name);
        else if (is_artifact_name(entry->d_name) && fstatat(cache->folder.descriptor, entry->d_name,
                                                            &status, AT_SYMLINK_NOFOLLOW) == 0)
            code = add_stored(ret_list, entry->d_name, &status);
    }
    closedir(folder);
    if (code == 0)
        return 0;
    free(ret_list->items);
    return error_set_memory(error);
}

static int compare_use(const void *a, const void *b)
{
    const struct stored *first = a, *second = b;
    return first->used_ns < second->used_ns ? -1 : first->used_ns > second->used_ns;
}

/* Removes what was unused for longest until `bytes` more fit. Another process may do the same at
 * the same time: both remove the same files. */
static int make_room(struct artifact_cache *cache, uint64_t bytes, struct error *error)
{
    struct stored_list list;
    int code;

    pthread_mutex_lock(&cache->mutex);
    for (struct list *link = cache->artifacts.next; link != &cache->artifacts; link = link->next) {
        struct artifact *artifact = container_of(link, struct artifact, link);
        if (artifact->on_disk)
            touch(cache, artifact->descriptor);
    }
    pthread_mutex_unlock(&cache->mutex);

    code = list_stored(cache, &list, error);
    if (code != 0)
        return code;
    if (list.count > 0)
        qsort(list.items, list.count, sizeof(*list.items), compare_use);
    for (size_t i = 0; i < list.count && list.bytes + bytes > cache->bytes_max; i++) {
        if (unlinkat(cache->folder.descriptor, list.items[i].name, 0) != 0 && errno != ENOENT) {
            code = error_set_errno(error, errno, "cannot remove %s/%s", cache->folder.path,
                                   list.items[i].name);
            break;
        }
        check(list.items[i].bytes <= list.bytes);
        list.bytes -= list.items[i].bytes;
    }
    free(list.items);
    return code;
}

/* ---- The cache ------------------------------------------------------------------------------- */

int artifact_cache_create(const char *directory, uint64_t bytes_max, const struct clock *clock,
                          struct log *log, struct artifact_cache **ret_cache, struct error *error)
{
    struct error ignored;
    char path[PATH_MAX];
    struct artifact_cache *cache;
    int code;

    if (directory == NULL) {
        code = cache_folder_default(path, error);
        if (code != 0)
            return code;
        directory = path;
    }
    cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return error_set_memory(error);
    cache->bytes_max = bytes_max;
    cache->clock = clock;
    cache->log = log;
    list_init(&cache->artifacts);
    code = cache_folder_init(&cache->folder, directory, error);
    if (code != 0)
        goto fail_folder;
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        code = error_set_memory(error);
        goto fail_mutex;
    }
    if (make_room(cache, 0, &ignored) != 0)
        LOG(log, LOG_WARNING, "the cache cannot be tidied", log_string("reason", ignored.message));
    *ret_cache = cache;
    return 0;

fail_mutex:
    cache_folder_fini(&cache->folder);
fail_folder:
    free(cache);
    return code;
}

void artifact_cache_destroy(struct artifact_cache *cache)
{
    if (cache == NULL)
        return;
    check(list_empty(&cache->artifacts));
    pthread_mutex_destroy(&cache->mutex);
    cache_folder_fini(&cache->folder);
    free(cache);
}

void artifact_cache_set_fault(struct artifact_cache *cache, struct fault *fault)
{
    cache->fault = fault;
}

const char *artifact_cache_directory(const struct artifact_cache *cache)
{
    return cache->folder.path;
}

/* Whether the folder's files cannot be mapped as code. */
static bool has_no_execution(struct artifact_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    bool no_execution = cache->folder.no_execution;
    pthread_mutex_unlock(&cache->mutex);
    return no_execution;
}

/* Computes the MAC of a file's content. */
static int mac_file(struct artifact_cache *cache, const struct artifact_key *key, int descriptor,
                    uint64_t bytes, uint8_t ret_mac[SHA256_BYTES], struct error *error)
{
    char *piece = malloc(READ_BYTES);
    struct sha256 *mac = NULL;
    int code = piece == NULL ? error_set_memory(error) : mac_begin(cache, key, bytes, &mac, error);

    for (uint64_t offset = 0; code == 0 && offset < bytes; offset += READ_BYTES) {
        size_t next = bytes - offset < READ_BYTES ? (size_t)(bytes - offset) : READ_BYTES;
        int number = read_all(descriptor, piece, next, offset);
        code = number != 0 ? error_set_errno(error, number, "cannot read it")
                           : sha256_add(mac, (struct slice){.data = piece, .bytes = next}, error);
        if (code != 0)
            sha256_abandon(mac);
    }
    free(piece);
    return code == 0 ? sha256_finish(&mac, ret_mac, error) : code;
}

/* Whether a file is an artifact of this key that this platform has made. ERROR_NOT_TRUSTED says why
 * not. Sets how long its content is. */
static int check_file(struct artifact_cache *cache, const struct artifact_key *key, int descriptor,
                      uint64_t *ret_bytes, struct error *error)
{
    struct stat status;
    struct trailer trailer;
    uint8_t mac[SHA256_BYTES], size[8];
    uint64_t bytes;
    int number, code;

    if (fstat(descriptor, &status) != 0)
        return error_set_errno(error, errno, "cannot look at it");
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid())
        return error_set(error, ERROR_NOT_TRUSTED, "it is no file of this user");
    if (status.st_size < (off_t)sizeof(trailer))
        return error_set(error, ERROR_NOT_TRUSTED, "it is truncated");
    bytes = (uint64_t)status.st_size - sizeof(trailer);
    number = read_all(descriptor, &trailer, sizeof(trailer), bytes);
    if (number != 0)
        return error_set_errno(error, number, "cannot read it");
    write_number(bytes, size);
    if (memcmp(trailer.magic, trailer_magic, sizeof(trailer_magic)) != 0 ||
        memcmp(trailer.bytes, size, sizeof(size)) != 0)
        return error_set(error, ERROR_NOT_TRUSTED, "it is truncated or no artifact");
    code = mac_file(cache, key, descriptor, bytes, mac, error);
    if (code == 0 && !sha256_equal(mac, trailer.mac))
        code =
            error_set(error, ERROR_NOT_TRUSTED, "it was not made by this host: its MAC is wrong");
    *ret_bytes = bytes;
    return code;
}

int artifact_cache_find(struct artifact_cache *cache, const struct artifact_key *key,
                        struct artifact **ret_artifact, struct error *error)
{
    struct error reason;
    char name[NAME_BYTES];
    uint64_t bytes = 0;
    struct artifact *artifact;
    int code, descriptor;

    pthread_mutex_lock(&cache->mutex);
    artifact = find_in_use(cache, key);
    pthread_mutex_unlock(&cache->mutex);
    if (artifact != NULL) {
        *ret_artifact = artifact;
        return 0;
    }
    write_name(key, name);
    descriptor =
        openat(cache->folder.descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0 && errno == ENOENT)
        return error_set(error, ERROR_NOT_FOUND, "no artifact %s", name);
    if (descriptor < 0)
        return error_set_errno(error, errno, "cannot open %s/%s", cache->folder.path, name);
    code = check_file(cache, key, descriptor, &bytes, &reason);
    if (code == ERROR_NOT_TRUSTED) {
        LOG(cache->log, LOG_WARNING, "a cached artifact is not trusted and is removed",
            log_string("file", name), log_string("folder", cache->folder.path),
            log_string("reason", reason.message));
        unlinkat(cache->folder.descriptor, name, 0);
        close(descriptor);
        return error_set(error, ERROR_NOT_FOUND, "%s/%s: %s", cache->folder.path, name,
                         reason.message);
    }
    if (code != 0) {
        close(descriptor);
        error_copy(error, &reason);
        return error_wrap(error, "%s/%s", cache->folder.path, name);
    }
    touch(cache, descriptor);
    if (has_no_execution(cache)) {
        int copy = -1;
        code = copy_to_memory(descriptor, bytes, &copy, error);
        close(descriptor);
        if (code != 0)
            return code;
        return adopt(cache, key, copy, false, ret_artifact, error);
    }
    return adopt(cache, key, descriptor, true, ret_artifact, error);
}

/* Writes content and trailer aside. Sets a second descriptor, which can only be read. */
static int write_aside(struct artifact_cache *cache, struct cache_file *file, struct slice content,
                       const struct trailer *trailer, int *ret_descriptor, struct error *error)
{
    struct slice end = {.data = (const char *)trailer, .bytes = sizeof(*trailer)};
    int code =
        file_write_descriptor(file->descriptor, cache->folder.path, content, cache->fault, error);

    if (code == 0)
        code =
            file_write_descriptor(file->descriptor, cache->folder.path, end, cache->fault, error);
    if (code != 0)
        return error_wrap(error, "cannot write an artifact of %zu bytes", content.bytes);
    if (fchmod(file->descriptor, 0400) != 0)
        return error_set_errno(error, errno, "cannot protect a file in %s", cache->folder.path);
    touch(cache, file->descriptor);
    *ret_descriptor =
        openat(cache->folder.descriptor, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*ret_descriptor < 0)
        return error_set_errno(error, errno, "cannot open a file in %s", cache->folder.path);
    return 0;
}

/* Sees to it that what is written now is found again, though somebody may have removed the folder.
 */
static int renew_folder(struct artifact_cache *cache, struct error *error)
{
    bool renewed;
    int code;

    pthread_mutex_lock(&cache->mutex);
    code = cache_folder_renew(&cache->folder, &renewed, error);
    pthread_mutex_unlock(&cache->mutex);
    if (renewed)
        LOG(cache->log, LOG_WARNING, "the cache folder was gone and is made again",
            log_string("folder", cache->folder.path));
    return code;
}

/* Writes content and trailer under the final name. Sets a descriptor that can only be read. */
static int store(struct artifact_cache *cache, const struct artifact_key *key, struct slice content,
                 int *ret_descriptor, struct error *error)
{
    struct cache_file file;
    struct trailer trailer;
    char name[NAME_BYTES];
    int descriptor = -1;
    int code;

    if (content.bytes + sizeof(trailer) > cache->bytes_max)
        return error_set(error, ERROR_FULL,
                         "it has %zu bytes, and all artifacts together may have %llu",
                         content.bytes, (unsigned long long)cache->bytes_max);
    code = renew_folder(cache, error);
    if (code == 0)
        code = make_trailer(cache, key, content, &trailer, error);
    if (code == 0)
        code = make_room(cache, content.bytes + sizeof(trailer), error);
    if (code == 0)
        code = cache_file_create(&cache->folder, &file, error);
    if (code != 0)
        return code;
    code = write_aside(cache, &file, content, &trailer, &descriptor, error);
    if (code != 0) {
        cache_file_abandon(&cache->folder, &file);
        return code;
    }
    write_name(key, name);
    code = cache_file_commit(&cache->folder, &file, name, true, error);
    if (code != 0) {
        close(descriptor);
        return code;
    }
    check(descriptor >= 0 && file.descriptor < 0);
    *ret_descriptor = descriptor;
    return 0;
}

int artifact_cache_put(struct artifact_cache *cache, const struct artifact_key *key,
                       struct slice content, struct artifact **ret_artifact, struct error *error)
{
    struct error reason;
    struct artifact *artifact;
    int descriptor = -1;
    bool on_disk;
    int code;

    pthread_mutex_lock(&cache->mutex);
    artifact = find_in_use(cache, key);
    pthread_mutex_unlock(&cache->mutex);
    if (artifact != NULL) {
        *ret_artifact = artifact;
        return 0;
    }
    on_disk = store(cache, key, content, &descriptor, &reason) == 0;
    if (!on_disk)
        LOG(cache->log, LOG_WARNING,
            "an artifact cannot be cached: the next start will compile it again",
            log_string("folder", cache->folder.path), log_string("reason", reason.message));
    if (!on_disk || has_no_execution(cache)) {
        if (on_disk)
            close(descriptor);
        on_disk = false;
        code = make_memory_file(content, &descriptor, error);
        if (code != 0)
            return code;
    }
    return adopt(cache, key, descriptor, on_disk, ret_artifact, error);
}
