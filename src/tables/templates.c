/* SPDX-License-Identifier: AGPL-3.0-only */

#include "tables/templates.h"

#include <stddef.h>
#include <string.h>

static const struct template_info rows[TEMPLATE_COUNT] = {
#define TEMPLATE_ROW(name, word, what, set_up) [name] = {word, what, set_up},
    TEMPLATE_TABLE(TEMPLATE_ROW)
#undef TEMPLATE_ROW
};

const struct template_info *template_info(enum template template)
{
    return (unsigned)template <TEMPLATE_COUNT ? &rows[template] : NULL;
}

enum template template_of_word(const char *word)
{
    int i = 0;
    while (i < TEMPLATE_COUNT && strcmp(rows[i].word, word) != 0)
        i++;
    return (enum template)i;
}
