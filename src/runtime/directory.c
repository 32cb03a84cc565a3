/* SPDX-License-Identifier: AGPL-3.0-only */

#include "runtime/directory.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define BUCKETS_MIN 16

static_assert((BUCKETS_MIN & (BUCKETS_MIN - 1)) == 0, "buckets are found by a mask");

/* An entry in the table. Names are the operator's, not a client's, so the hash needs no secret. */
struct node {
    struct directory_entry entry;
    struct node *next; /* in its bucket */
    size_t name_bytes;
    uint64_t hash;
    char name[];
};

/* A publication under way. */
struct letter {
    struct list link;
    struct publication publication; /* its name is the one below, its version has a reference */
    struct node *node;              /* made by the sender, for the case that it is a new name */
    void (*applied)(void *context);
    void *context;
    char name[];
};

struct directory {
    struct loop *loop;
    struct list watchers;
    struct node **buckets; /* a power of two */
    size_t bucket_count;
    size_t count;

    struct loop_message message; /* there are letters */
    pthread_mutex_t mutex;       /* over the letters */
    struct list letters;
};

/* ---- The table ------------------------------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static uint64_t hash_of(struct slice name)
{
    uint64_t hash = 14695981039346656037ull;

    for (size_t i = 0; i < name.bytes; i++)
        hash = (hash ^ (uint8_t)name.data[i]) * 1099511628211ull;
    return hash;
}

static struct node **place_of(struct directory *directory, struct slice name, uint64_t hash)
{
    struct node **place = &directory->buckets[hash & (directory->bucket_count - 1)];

    while (*place != NULL && ((*place)->hash != hash || (*place)->name_bytes != name.bytes ||
                              memcmp((*place)->name, name.data, name.bytes) != 0))
        place = &(*place)->next;
    return place;
}

/* Doubles the buckets. Without memory they stay, and are only slower. */
static void grow(struct directory *directory)
{
    size_t count = directory->bucket_count * 2;
    struct node **buckets = calloc(count, sizeof(struct node *));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < directory->bucket_count; i++) {
        for (struct node *node = directory->buckets[i], *next; node != NULL; node = next) {
            next = node->next;
            node->next = buckets[node->hash & (count - 1)];
            buckets[node->hash & (count - 1)] = node;
        }
    }
    free(directory->buckets);
    directory->buckets = buckets;
    directory->bucket_count = count;
}

static struct node *make_node(const char *name)
{
    size_t bytes = strlen(name);
    struct node *node = calloc(1, sizeof(*node) + bytes + 1);

    if (node == NULL)
        return NULL;
    memcpy(node->name, name, bytes);
    node->name_bytes = bytes;
    node->hash = hash_of((struct slice){.data = name, .bytes = bytes});
    node->entry.name = node->name;
    return node;
}

struct directory_entry *directory_find(struct directory *directory, struct slice name)
{
    struct node *node;

    if (name.bytes == 0)
        return NULL;
    node = *place_of(directory, name, hash_of(name));
    return node != NULL ? &node->entry : NULL;
}

size_t directory_count(const struct directory *directory)
{
    return directory->count;
}

/* ---- Publications ---------------------------------------------------------------------------- */

static void letter_free(struct letter *letter)
{
    version_release(letter->publication.version);
    free(letter->node);
    free(letter);
}

/* A watcher may take itself out meanwhile. */
static void tell(struct directory *directory, struct directory_entry *entry, struct version *old,
                 bool removed)
{
    struct list *next;

    for (struct list *link = directory->watchers.next; link != &directory->watchers; link = next) {
        struct directory_watcher *watcher = container_of(link, struct directory_watcher, link);
        next = link->next;
        watcher->changed(watcher->context, entry, old, removed);
    }
}

/* Tells the watchers, then frees an entry that is in no bucket any more. */
static void remove_node(struct directory *directory, struct node *node)
{
    tell(directory, &node->entry, node->entry.version, true);
    version_release(node->entry.version);
    free(node);
}

static void apply(struct directory *directory, struct letter *letter)
{
    struct publication *publication = &letter->publication;
    struct slice name = slice_of(publication->name);
    struct node **place = place_of(directory, name, hash_of(name));
    struct node *node = *place;
    struct version *old;

    if (publication->removed) {
        if (node == NULL)
            return;
        check(directory->count > 0);
        *place = node->next;
        directory->count--;
        remove_node(directory, node);
        return;
    }
    if (node == NULL) {
        node = letter->node;
        check(node && !node->entry.version);
        letter->node = NULL;
        *place = node;
        if (++directory->count > directory->bucket_count)
            grow(directory);
    }
    old = node->entry.version;
    node->entry.state = publication->state;
    node->entry.code = publication->code;
    node->entry.version = publication->version;
    publication->version = NULL;
    check((node->entry.state == FUNCTION_READY) == (node->entry.version != NULL));
    tell(directory, &node->entry, old, false);
    version_release(old);
}

static struct letter *next_letter(struct directory *directory)
{
    struct list *link;

    pthread_mutex_lock(&directory->mutex);
    link = list_pop_front(&directory->letters);
    pthread_mutex_unlock(&directory->mutex);
    return link != NULL ? container_of(link, struct letter, link) : NULL;
}

static void letters_came(struct loop_message *message)
{
    struct directory *directory = container_of(message, struct directory, message);
    struct letter *letter;

    check(loop_is_current(directory->loop));
    while ((letter = next_letter(directory)) != NULL) {
        apply(directory, letter);
        if (letter->applied != NULL)
            letter->applied(letter->context);
        letter_free(letter);
    }
}

int directory_publish(struct directory *directory, const struct publication *publication,
                      void (*applied)(void *context), void *context)
{
    size_t bytes = strlen(publication->name);
    struct letter *letter = calloc(1, sizeof(*letter) + bytes + 1);

    check(publication->removed ||
          (publication->state == FUNCTION_READY) == (publication->version != NULL));
    if (letter == NULL)
        return ERROR_OUT_OF_MEMORY;
    memcpy(letter->name, publication->name, bytes);
    letter->publication = *publication;
    letter->publication.name = letter->name;
    letter->applied = applied;
    letter->context = context;
    if (publication->removed)
        letter->publication.version = NULL;
    else
        letter->node = make_node(publication->name);
    if (!publication->removed && letter->node == NULL) {
        free(letter);
        return ERROR_OUT_OF_MEMORY;
    }
    if (letter->publication.version != NULL)
        version_acquire(letter->publication.version);
    pthread_mutex_lock(&directory->mutex);
    list_push_back(&directory->letters, &letter->link);
    pthread_mutex_unlock(&directory->mutex);
    /* Queued already: its run has yet to take the first letter, and will see this one. */
    (void)loop_post(directory->loop, &directory->message);
    return 0;
}

/* ---- Life ------------------------------------------------------------------------------------ */

int directory_create(struct loop *loop, struct directory **ret_directory, struct error *error)
{
    struct directory *directory = calloc(1, sizeof(*directory));

    if (directory == NULL)
        return error_set_memory(error);
    directory->loop = loop;
    directory->bucket_count = BUCKETS_MIN;
    directory->buckets = calloc(directory->bucket_count, sizeof(struct node *));
    if (directory->buckets == NULL)
        goto fail_buckets;
    if (pthread_mutex_init(&directory->mutex, NULL) != 0)
        goto fail_mutex;
    list_init(&directory->letters);
    list_init(&directory->watchers);
    loop_message_init(&directory->message, letters_came);
    *ret_directory = directory;
    return 0;

fail_mutex:
    free(directory->buckets);
fail_buckets:
    free(directory);
    return error_set_memory(error);
}

void directory_destroy(struct directory *directory)
{
    struct letter *letter;

    if (directory == NULL)
        return;
    while ((letter = next_letter(directory)) != NULL) {
        if (letter->applied != NULL)
            letter->applied(letter->context);
        letter_free(letter);
    }
    for (size_t i = 0; i < directory->bucket_count; i++) {
        struct node *node;
        while ((node = directory->buckets[i]) != NULL) {
            directory->buckets[i] = node->next;
            directory->count--;
            remove_node(directory, node);
        }
    }
    check(directory->count == 0);
    pthread_mutex_destroy(&directory->mutex);
    free(directory->buckets);
    free(directory);
}

void directory_watch(struct directory *directory, struct directory_watcher *watcher)
{
    check(watcher->changed);
    list_push_back(&directory->watchers, &watcher->link);
}

void directory_unwatch(struct directory_watcher *watcher)
{
    list_remove(&watcher->link);
}
