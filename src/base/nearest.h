/* SPDX-License-Identifier: AGPL-3.0-only */

/* "Did you mean …?": which of the names that exist is most like one that does not. Any thread. */

#ifndef FN0_BASE_NEAREST_H
#define FN0_BASE_NEAREST_H

#include <stddef.h>

/* A search through names that are offered one by one. */
struct nearest {
    const char *wrong;
    const char *best; /* the answer so far: borrowed; NULL where none is alike */
    unsigned distance;
};

/* Begins a search for what `wrong` (borrowed) may have meant. */
void nearest_init(struct nearest *nearest, const char *wrong);

/* Offers a name (borrowed until the answer is used). It is taken when it is alike, and more so than
 * those before: a third of its letters, and two at least, may be added, lost, changed or swapped
 * with their neighbour (the optimal string alignment distance); a last part of a dotted name that
 * is right ("cpu" for "limits.cpu") counts as one change. Of two that are equally alike the shorter
 * is taken. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
