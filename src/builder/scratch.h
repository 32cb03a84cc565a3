/* SPDX-License-Identifier: AGPL-3.0-only */

/* Folders for what stands between a source and its component, below $TMPDIR. */

#ifndef FN0_BUILDER_SCRATCH_H
#define FN0_BUILDER_SCRATCH_H

#include <limits.h>

#include "base/error.h"

/* Makes a new one and writes where. ERROR_SYSTEM. */
int scratch_make(char ret_path[PATH_MAX], struct error *error);

/* Removes it with all that is in it, as far as possible. */
void scratch_remove(const char *path);

#endif
