/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/nearest.h"

#include <string.h>

/* Longer names are never like one another: what people mistype is short. */
#define NAME_BYTES_MAX 63

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be added, removed, changed or swapped with their neighbour to make one of
 * the other. */
static unsigned distance_between(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    unsigned rows[3][NAME_BYTES_MAX + 1];
    unsigned *before_last = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];
    for (size_t j = 0; j <= b_bytes; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_bytes; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            unsigned change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before_last[j - 2] + 1);
        }
        unsigned *free_row = before_last;
        before_last = last;
        last = row;
        row = free_row;
    }
    return last[b_bytes];
}

void nearest_init(struct nearest *nearest, const char *wrong)
{
    *nearest = (struct nearest){.wrong = wrong, .distance = ~0u};
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t wrong_bytes = strlen(nearest->wrong);
    size_t name_bytes = strlen(name);
    if (wrong_bytes == 0 || wrong_bytes > NAME_BYTES_MAX || name_bytes > NAME_BYTES_MAX)
        return;
    unsigned allowed = name_bytes < 6 ? 2 : (unsigned)(name_bytes / 3);
    unsigned distance = distance_between(nearest->wrong, wrong_bytes, name, name_bytes);
    /* "ab" is two changes from "xy", and nothing like it. */
    if (distance >= name_bytes || distance >= wrong_bytes)
        distance = ~0u;
    const char *point = strrchr(name, '.');
    if (point && strcmp(point + 1, nearest->wrong) == 0)
        distance = 1;
    if (distance <= allowed &&
        (distance < nearest->distance ||
         (distance == nearest->distance && name_bytes < strlen(nearest->best)))) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
