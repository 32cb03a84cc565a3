/* SPDX-License-Identifier: AGPL-3.0-only */

/* One value of a configuration: from TOML or a flag's text, checked by its row, to the member it is
 * meant for. Knows rows and kinds, but neither files nor the structs; base/configuration.c does.
 * Any thread. */

#ifndef FN0_BASE_CONFIGURATION_VALUE_H
#define FN0_BASE_CONFIGURATION_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"
#include "base/toml.h"
#include "tables/configuration.h"

/* What "auto" leaves in a number, for the one who knows what to put there. */
#define CONFIGURATION_AUTO (LIMIT_NONE - 1)

/* Reads a value into `member`, whose type is said by the row's kind (not for ENVIRONMENT and
 * LIMITS). Texts are copied to `arena`. `append`: a list is added to, not replaced.
 * ERROR_INVALID_ARGUMENT says "expected …, not …"; the member is then untouched.
 * ERROR_OUT_OF_MEMORY. */
int configuration_value_read(const struct configuration_info *row, const struct toml_value *value,
                             bool append, void *member, struct arena *arena, struct error *error);

/* The value that a text of a flag stands for: 8 is a number and true a boolean where the kind wants
 * that. Borrows `text`. */
struct toml_value configuration_value_of_text(enum configuration_kind kind, const char *text);

/* Adds what a member holds as it could be written in TOML, which is JSON as well: "10 ms", 50,
 * true,
 * ["a"]; null for a text that is not said. Not for ENVIRONMENT and LIMITS. As buffer_append. */
int configuration_value_write(struct buffer *buffer, const struct configuration_info *row,
                              const void *member);

/* Whether `word` is one of "a|b|c", and which. */
bool configuration_word_find(const char *words, struct slice word, unsigned *ret_place);

/* Sets "expected …, not …" by row and value. Returns ERROR_INVALID_ARGUMENT. */
int configuration_value_refuse(const struct configuration_info *row, const struct toml_value *value,
                               struct error *error);

#endif
