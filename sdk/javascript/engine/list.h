/* SPDX-License-Identifier: Apache-2.0 */

/* A doubly linked list whose links stand in its members. The list itself is a link, too: an empty
 * one points at itself. A member off any list may be removed again. */

#ifndef FN0_JAVASCRIPT_LIST_H
#define FN0_JAVASCRIPT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *previous;
};

/* The struct that a link stands in. */
#define LIST_MEMBER(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

#endif
