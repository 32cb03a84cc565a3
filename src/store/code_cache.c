/* SPDX-License-Identifier: AGPL-3.0-only */

#include "store/code_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/sha256.h"
#include "store/cache_folder.h"

#define FILE_NAME "functions.code"

#define BYTES_MAX (96ull << 20)

#define BUCKETS 16384 /* a power of two */

/* The file is written anew when what is new is more than this part of what was used. */
#define WORTH_PART 16

static const char magic[16] = "fn0 functions 1\n";

/* The file: this, the code of the entries, and the entries, sorted by their keys. */
struct header {
    char magic[16];
    uint64_t entries_offset; /* native byte order: of this machine's own making */
    uint64_t entry_count;
};

struct entry {
    uint8_t key[CODE_CACHE_KEY_BYTES];
    uint8_t mac[SHA256_BYTES];
    uint64_t offset; /* of its code, in the file */
    uint32_t bytes;
    uint32_t unused; /* so often the file was replaced since it was last used */
};
_Static_assert(sizeof(struct header) == 32 && sizeof(struct entry) == 80, "neither has holes");

/* An entry that is not in the file. */
struct fresh {
    struct fresh *next; /* of its bucket */
    uint8_t key[CODE_CACHE_KEY_BYTES];
    uint32_t bytes;
    char code[];
};

struct code_cache {
    struct cache_folder folder;
    uint64_t bytes_max;
    const char *file; /* mapped, or NULL */
    size_t file_bytes;
    const struct entry *entries; /* within it */
    size_t entry_count;
    _Atomic uint8_t *used; /* by entry */
    atomic_uint_fast64_t used_bytes;

    pthread_mutex_t mutex; /* over what follows */
    struct fresh *buckets[BUCKETS];
    size_t fresh_count;
    uint64_t fresh_bytes;
};

uint64_t code_cache_bytes_max(uint64_t artifact_bytes_max)
{
    return artifact_bytes_max / 16 < BYTES_MAX ? artifact_bytes_max / 16 : BYTES_MAX;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static int compute_mac(const struct code_cache *cache, const uint8_t key[CODE_CACHE_KEY_BYTES],
                       struct slice code, uint8_t ret_mac[SHA256_BYTES], struct error *error)
{
    const struct slice secret = {(const char *)cache->folder.key, CACHE_KEY_BYTES};
    const uint64_t bytes = code.bytes;
    struct sha256 *mac;
    int code_of_error = hmac_sha256_begin(secret, &mac, error);

    if (code_of_error != 0)
        return code_of_error;
    code_of_error = sha256_add(mac, (struct slice){magic, sizeof(magic)}, error);
    if (code_of_error == 0)
        code_of_error =
            sha256_add(mac, (struct slice){(const char *)key, CODE_CACHE_KEY_BYTES}, error);
    if (code_of_error == 0)
        code_of_error = sha256_add(mac, (struct slice){(const char *)&bytes, sizeof(bytes)}, error);
    if (code_of_error == 0)
        code_of_error = sha256_add(mac, code, error);
    if (code_of_error == 0)
        return sha256_finish(&mac, ret_mac, error);
    sha256_abandon(mac);
    return code_of_error;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, CODE_CACHE_KEY_BYTES);
}

/* The entry of a key in the file, or NULL. */
static const struct entry *find_stored(const struct code_cache *cache, const char *key)
{
    if (cache->entry_count == 0)
        return NULL;
    return bsearch(key, cache->entries, cache->entry_count, sizeof(*cache->entries), compare_keys);
}

/* Its code; false where that is not within the file. */
static bool code_of(const struct code_cache *cache, const struct entry *entry,
                    struct slice *ret_code)
{
    if (entry->offset > cache->file_bytes || entry->bytes > cache->file_bytes - entry->offset)
        return false;
    *ret_code = (struct slice){.data = cache->file + entry->offset, .bytes = entry->bytes};
    return true;
}

static bool is_trusted(const struct code_cache *cache, const struct entry *entry, struct slice code)
{
    uint8_t mac[SHA256_BYTES];

    return compute_mac(cache, entry->key, code, mac, NULL) == 0 && sha256_equal(mac, entry->mac);
}

/* The fresh one of a key, or NULL. Under the mutex. */
static struct fresh **find_fresh(struct code_cache *cache, const char *key)
{
    uint32_t hash;
    struct fresh **place;

    /* Keys are hashes. */
    memcpy(&hash, key, sizeof(hash));
    place = &cache->buckets[hash & (BUCKETS - 1)];
    while (*place != NULL && memcmp((*place)->key, key, CODE_CACHE_KEY_BYTES) != 0)
        place = &(*place)->next;
    return place;
}

bool code_cache_find(struct code_cache *cache, struct slice key, struct slice *ret_code)
{
    const struct entry *entry;
    struct fresh *fresh;

    if (key.bytes != CODE_CACHE_KEY_BYTES)
        return false;
    entry = find_stored(cache, key.data);
    if (entry != NULL && code_of(cache, entry, ret_code) && is_trusted(cache, entry, *ret_code)) {
        if (atomic_exchange(&cache->used[entry - cache->entries], 1) == 0)
            atomic_fetch_add(&cache->used_bytes, entry->bytes);
        return true;
    }
    pthread_mutex_lock(&cache->mutex);
    fresh = *find_fresh(cache, key.data);
    pthread_mutex_unlock(&cache->mutex);
    if (fresh != NULL)
        *ret_code = (struct slice){.data = fresh->code, .bytes = fresh->bytes};
    return fresh != NULL;
}

void code_cache_keep(struct code_cache *cache, struct slice key, struct slice code)
{
    struct fresh *fresh;
    struct fresh **place;

    if (key.bytes != CODE_CACHE_KEY_BYTES || code.bytes > UINT32_MAX)
        return;
    fresh = malloc(sizeof(*fresh) + code.bytes);
    if (fresh == NULL)
        return;
    fresh->next = NULL;
    memcpy(fresh->key, key.data, key.bytes);
    fresh->bytes = (uint32_t)code.bytes;
    if (code.bytes > 0)
        memcpy(fresh->code, code.data, code.bytes);
    pthread_mutex_lock(&cache->mutex);
    place = find_fresh(cache, key.data);
    if (*place == NULL && cache->fresh_bytes + code.bytes <= cache->bytes_max) {
        *place = fresh;
        cache->fresh_count++;
        cache->fresh_bytes += code.bytes;
        fresh = NULL;
    }
    pthread_mutex_unlock(&cache->mutex);
    free(fresh);
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* What may stand in the new file. */
struct candidate {
    struct entry entry; /* offset and MAC are set when it is written */
    struct slice code;
    bool is_fresh;
};

/* What was used last first; of these the small ones. */
static int compare_use(const void *a, const void *b)
{
    const struct candidate *first = a, *second = b;

    if (first->entry.unused != second->entry.unused)
        return first->entry.unused < second->entry.unused ? -1 : 1;
    return first->entry.bytes < second->entry.bytes ? -1 : first->entry.bytes > second->entry.bytes;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *first = a, *second = b;

    return memcmp(first->entry.key, second->entry.key, CODE_CACHE_KEY_BYTES);
}

/* Lists what is fresh, and what is in the file and is not fresh as well. Returns how many. */
static size_t list_candidates(struct code_cache *cache, struct candidate *candidates)
{
    size_t count = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct fresh *fresh = cache->buckets[i]; fresh != NULL; fresh = fresh->next) {
            struct candidate *candidate = &candidates[count++];
            *candidate = (struct candidate){
                .entry.bytes = fresh->bytes,
                .code = {.data = fresh->code, .bytes = fresh->bytes},
                .is_fresh = true,
            };
            memcpy(candidate->entry.key, fresh->key, sizeof(fresh->key));
        }
    }
    for (size_t i = 0; i < cache->entry_count; i++) {
        struct candidate *candidate = &candidates[count];
        candidate->entry = cache->entries[i];
        candidate->is_fresh = false;
        if (!code_of(cache, &cache->entries[i], &candidate->code) ||
            *find_fresh(cache, (const char *)candidate->entry.key) != NULL)
            continue;
        candidate->entry.unused = cache->used[i] ? 0 : candidate->entry.unused + 1;
        count++;
    }
    return count;
}

/* Where entries begin behind code that ends at `bytes`. */
static size_t align(size_t bytes)
{
    return (bytes + _Alignof(struct entry) - 1) / _Alignof(struct entry) * _Alignof(struct entry);
}

/* Keeps the first that fit. Returns how many; sets how long the file will be. */
static size_t choose(const struct code_cache *cache, struct candidate *candidates, size_t count,
                     size_t *ret_bytes)
{
    size_t code_bytes = sizeof(struct header);
    size_t kept = 0;

    if (count > 0)
        qsort(candidates, count, sizeof(*candidates), compare_use);
    while (kept < count) {
        size_t more = code_bytes + candidates[kept].code.bytes;
        if (align(more) + (kept + 1) * sizeof(struct entry) > cache->bytes_max)
            break;
        code_bytes = more;
        kept++;
    }
    if (kept > 0)
        qsort(candidates, kept, sizeof(*candidates), compare_candidates);
    *ret_bytes = align(code_bytes) + kept * sizeof(struct entry);
    return kept;
}

/* Makes the file's content. */
static int fill(const struct code_cache *cache, struct candidate *candidates, size_t count,
                char *content, size_t bytes, struct error *error)
{
    struct header header = {
        .entries_offset = bytes - count * sizeof(struct entry),
        .entry_count = count,
    };
    size_t offset = sizeof(header);
    int code = 0;

    memcpy(header.magic, magic, sizeof(magic));
    memset(content, 0, bytes);
    memcpy(content, &header, sizeof(header));
    for (size_t i = 0; i < count && code == 0; i++) {
        struct entry *entry = &candidates[i].entry;
        struct slice piece = candidates[i].code;

        /* One of the file keeps its MAC, right or wrong: it is checked when it is found. */
        if (candidates[i].is_fresh)
            code = compute_mac(cache, entry->key, piece, entry->mac, error);
        entry->offset = offset;
        if (piece.bytes > 0)
            memcpy(content + offset, piece.data, piece.bytes);
        offset += piece.bytes;
        memcpy(content + header.entries_offset + i * sizeof(*entry), entry, sizeof(*entry));
    }
    return code;
}

static int replace_file(struct code_cache *cache, struct slice content, struct error *error)
{
    struct cache_file file;
    int code = cache_file_create(&cache->folder, &file, error);

    if (code != 0)
        return code;
    code = file_write_descriptor(file.descriptor, cache->folder.path, content, NULL, error);
    if (code == 0)
        return cache_file_publish(&cache->folder, &file, FILE_NAME, error);
    cache_file_abandon(&cache->folder, &file);
    return code;
}

int code_cache_save(struct code_cache *cache, struct error *error)
{
    struct candidate *candidates;
    char *content = NULL;
    size_t count, bytes;
    int code;

    if (cache->fresh_bytes <= atomic_load(&cache->used_bytes) / WORTH_PART)
        return 0;
    candidates = calloc(cache->fresh_count + cache->entry_count, sizeof(*candidates));
    if (candidates == NULL)
        return error_set_memory(error);
    count = choose(cache, candidates, list_candidates(cache, candidates), &bytes);
    content = malloc(bytes);
    code = content != NULL ? fill(cache, candidates, count, content, bytes, error)
                           : error_set_memory(error);
    if (code == 0)
        code = replace_file(cache, (struct slice){.data = content, .bytes = bytes}, error);
    free(content);
    free(candidates);
    return code;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* Maps the file. Without one, or with one that makes no sense, the cache is empty. */
static void map_stored(struct code_cache *cache)
{
    struct stat status;
    struct header header;
    void *mapping;
    int descriptor =
        openat(cache->folder.descriptor, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (descriptor < 0)
        return;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
        (size_t)status.st_size >= sizeof(header)) {
        mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (mapping != MAP_FAILED) {
            cache->file = mapping;
            cache->file_bytes = (size_t)status.st_size;
        }
    }
    close(descriptor);
    if (cache->file == NULL)
        return;
    memcpy(&header, cache->file, sizeof(header));
    if (memcmp(header.magic, magic, sizeof(magic)) != 0 ||
        header.entries_offset > cache->file_bytes ||
        header.entries_offset % _Alignof(struct entry) != 0 ||
        header.entry_count != (cache->file_bytes - header.entries_offset) / sizeof(struct entry))
        return;
    cache->used = calloc(header.entry_count + 1, sizeof(*cache->used));
    if (cache->used == NULL)
        return;
    cache->entries = (const struct entry *)(cache->file + header.entries_offset);
    cache->entry_count = header.entry_count;
}

int code_cache_open(const char *directory, uint64_t bytes_max, struct code_cache **ret_cache,
                    struct error *error)
{
    struct code_cache *cache = calloc(1, sizeof(*cache));
    int code;

    if (cache == NULL)
        return error_set_memory(error);
    cache->bytes_max = bytes_max;
    code = cache_folder_init(&cache->folder, directory, error);
    if (code != 0)
        goto fail_folder;
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        code = error_set_memory(error);
        goto fail_mutex;
    }
    map_stored(cache);
    *ret_cache = cache;
    return 0;

fail_mutex:
    cache_folder_fini(&cache->folder);
fail_folder:
    free(cache);
    return code;
}

void code_cache_close(struct code_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct fresh *next;
        for (struct fresh *fresh = cache->buckets[i]; fresh != NULL; fresh = next) {
            next = fresh->next;
            free(fresh);
        }
    }
    if (cache->file != NULL)
        munmap((void *)cache->file, cache->file_bytes);
    free((void *)cache->used);
    pthread_mutex_destroy(&cache->mutex);
    cache_folder_fini(&cache->folder);
    free(cache);
}
