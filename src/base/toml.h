/* SPDX-License-Identifier: AGPL-3.0-only */

/* TOML 1.0 as a flat list of entries with dotted keys and lines: what the configuration is read
 * from.
 *
 * The bridge reads the text; this is the one place of base that knows it. Everything of a document,
 * entries, keys and texts, lives in the arena that the caller hands in, and as long as that does;
 * of the document's own text nothing is pointed at. Any thread, as long as nobody else uses the
 * arena. */

#ifndef FN0_BASE_TOML_H
#define FN0_BASE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* What a value is. */
enum toml_kind {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOLEAN,
    TOML_DATETIME,
    TOML_ARRAY,
    TOML_TABLE,
};

/* A value. Which members mean something is said by `kind`. */
struct toml_value {
    enum toml_kind kind;
    struct slice
        text; /* STRING: unescaped, may hold any character; DATETIME: as written. Terminated */
    int64_t integer;
    double real;
    bool boolean;
    /* ARRAY: its items, linked by `next`. Arrays and tables within an array are only counted: no
     * key wants them. */
    struct toml_value *items;
    size_t item_count;
    struct toml_value *next;
};

/* A key and its value. Tables are entries, too (without items): `[net]` gives "net", then come its
 * keys, "net.listen". */
struct toml_entry {
    struct toml_entry *next; /* in the order of the text; NULL: the last */
    const char *key;    /* from the root, "net.listen"; parts that are not bare stand in quotes */
    struct slice table; /* the key without its last part; empty at the root */
    struct slice name;  /* the last part, as it is */
    struct toml_value value;
    unsigned line; /* from 1 */
};

/* Reads a document; *ret_entries is NULL for an empty one. `path` is for messages.
 * ERROR_CONFIGURATION says "path:line: column C: what is wrong"; ERROR_OUT_OF_MEMORY when the arena
 * is exhausted. */
int toml_read(const char *path, struct slice text, struct arena *arena,
              struct toml_entry **ret_entries, struct error *error);

#endif
