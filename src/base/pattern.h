/* SPDX-License-Identifier: AGPL-3.0-only */

/* Patterns of paths, as [build] watch and [assets] immutable have them. Both are seen from one
 * folder (the project's, that of the assets) and have slashes between their parts.
 *
 * `*`, `?` and [abc] stand for characters of one name (fnmatch(3)), `**` for any number of folders;
 * whatever a pattern names stands for all that is in it. What is hidden (".git"), and folders that
 * tools fill (node_modules, target, __pycache__), is left out wherever a pattern does not name it
 * letter by letter. Any thread. */

#ifndef FN0_BASE_PATTERN_H
#define FN0_BASE_PATTERN_H

#include <stdbool.h>

enum pattern_match {
    PATTERN_NONE,   /* neither it nor anything in it */
    PATTERN_WITHIN, /* not it; as a folder it may have something that is meant */
    PATTERN_WHOLE,  /* it is meant, or as a folder something in it */
};

/* What a path, not empty, is to a pattern. */
enum pattern_match pattern_match(const char *pattern, const char *path);

#endif
