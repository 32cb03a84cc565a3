/* SPDX-License-Identifier: AGPL-3.0-only */

/* A code provider: a folder where each NAME.wasm is function NAME, and NAME.toml beside it, where
 * there is one, its configuration. The folder may be a symbolic link that is switched, or be
 * replaced whole.
 *
 * A name must be one DNS label in lower case (see function_name_valid). Other *.wasm files are
 * reported once and ignored; hidden files, folders and all other files are ignored in silence. */

#ifndef FN0_STORE_DIRECTORY_PROVIDER_H
#define FN0_STORE_DIRECTORY_PROVIDER_H

#include "base/error.h"
#include "base/log.h"
#include "store/code_provider.h"

/* Fills *ret_provider for the folder `path` (copied). `log` outlives it. Nothing is touched before
 * start. The caller closes it. */
int directory_provider_create(const char *path, struct log *log, struct code_provider *ret_provider,
                              struct error *error);

#endif
