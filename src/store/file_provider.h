/* SPDX-License-Identifier: AGPL-3.0-only */

/* A code provider: one component file is the only function. The .toml beside it with the same base
 * name, where there is one, is its configuration. The file may be rewritten, replaced or a symbolic
 * link that is switched. */

#ifndef FN0_STORE_FILE_PROVIDER_H
#define FN0_STORE_FILE_PROVIDER_H

#include "base/error.h"
#include "base/identifier.h"
#include "base/log.h"
#include "store/code_provider.h"

/* The function's name: the file's base name without .wasm, made a label: lower case, everything but
 * [a-z0-9] a hyphen, no hyphen at either end, cut to 63; "function" where nothing is left.
 * "build/My App.wasm" is "my-app". Any thread. */
void file_provider_name(const char *path, char ret_name[FUNCTION_NAME_TEXT_BYTES]);

/* Fills *ret_provider for the component at `path` (copied), which with `may_be_missing` need not be
 * there yet. `log` outlives it. Nothing is touched before start. The caller closes it. */
int file_provider_create(const char *path, bool may_be_missing, struct log *log,
                         struct code_provider *ret_provider, struct error *error);

#endif
