/* SPDX-License-Identifier: AGPL-3.0-only */

/* An intrusive doubly linked list in a ring: the head is a link like the others.
 *
 * Whatever is to stand in a list embeds a struct list, its link, one for each list it may stand in
 * at a time. Nothing is allocated and nothing can fail; each operation takes the same short time.
 * The list owns nothing: who ends a thing takes it out before.
 *
 * To go through a list while things are taken out, keep the next link before using one. One thread
 * at a time. */

#ifndef FN0_BASE_LIST_H
#define FN0_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A head, or a link. A head needs list_init; a link, too, where it may be asked or removed before
 * it has stood in a list. */
struct list {
    struct list *next;
    struct list *previous;
};

/* The struct of type `type` whose member `member` is at `link`. */
#define container_of(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

/* Makes an empty list, or a link that stands in none. */
static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

/* Whether nothing is in the list (or the link stands in none). */
static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts `link`, which stands in no list, at the front. */
static inline void list_push_front(struct list *list, struct list *link)
{
    link->next = list->next;
    link->previous = list;
    list->next->previous = link;
    list->next = link;
}

/* Puts `link`, which stands in no list, at the end. */
static inline void list_push_back(struct list *list, struct list *link)
{
    list_push_front(list->previous, link);
}

/* Takes `link` out of its list, if it stands in one; it can be put in again. */
static inline void list_remove(struct list *link)
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    list_init(link);
}

/* Takes the first out; NULL when empty. */
static inline struct list *list_pop_front(struct list *list)
{
    struct list *link = list->next;
    if (link == list)
        return NULL;
    list_remove(link);
    return link;
}

#endif
