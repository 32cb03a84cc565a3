/* SPDX-License-Identifier: AGPL-3.0-only */

/* Compiled functions of components, so that one which two components have in common is compiled
 * once: two functions made from the same engine differ in what their memory begins with, and in no
 * instruction.
 *
 * One file in the folder of artifacts, read by mapping it and replaced as a whole. What lies in it
 * becomes native code, so each entry carries a MAC (HMAC-SHA256 with the folder's key) over key,
 * size and content, checked before the entry is handed out; one that is damaged or of somebody
 * else's making is not there. That keys stand for version, settings and CPU, too, is the compiler's
 * business (Cranelift's).
 *
 * Safe under concurrent processes: each reads the file as it was when it opened it, and of several
 * that replace it the last one's stays. Bounded: what was unused for longest goes. Losing the file
 * costs compiling and nothing else, so nothing is synced.
 *
 * code_cache_find and code_cache_keep: any thread, several at a time; the others: one. */

#ifndef FN0_STORE_CODE_CACHE_H
#define FN0_STORE_CODE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct code_cache;

#define CODE_CACHE_KEY_BYTES 32

/* What a process may keep of what it compiles, and the file may hold, where all artifacts together
 * may have `artifact_bytes_max`: a sixteenth more, and no more than the functions of some large
 * components take. */
uint64_t code_cache_bytes_max(uint64_t artifact_bytes_max);

/* Opens the cache in a folder of artifacts. A file that cannot be read or makes no sense is an
 * empty cache. Errors as of cache_folder_init. The caller closes *ret_cache. */
int code_cache_open(const char *directory, uint64_t bytes_max, struct code_cache **ret_cache,
                    struct error *error);

/* Sets *ret_code to what is kept under `key`, valid until the cache is closed. */
bool code_cache_find(struct code_cache *cache, struct slice key, struct slice *ret_code);

/* Keeps a copy of `code` under `key`; without memory, or past the bound, does not. */
void code_cache_keep(struct code_cache *cache, struct slice key, struct slice code);

/* Replaces the file where that is worth its while: where a good part of what was compiled was not
 * in it. Returns 0 or why it could not. */
int code_cache_save(struct code_cache *cache, struct error *error);

/* NULL is fine. */
void code_cache_close(struct code_cache *cache);

#endif
