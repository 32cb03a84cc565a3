/* SPDX-License-Identifier: AGPL-3.0-only */

/* SHA-256 (FIPS 180-4) and its keyed form (HMAC, RFC 2104), by OpenSSL.
 *
 * Functions that can fail return 0, ERROR_OUT_OF_MEMORY, or ERROR_INTERNAL where OpenSSL cannot do
 * what it was asked for (it has been told not to have the algorithm, say). Any thread. */

#ifndef FN0_BASE_SHA256_H
#define FN0_BASE_SHA256_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

#define SHA256_BYTES 32
#define SHA256_TEXT_BYTES 65 /* in hexadecimal, with a zero */

/* A hash in several steps; made by sha256_begin or hmac_sha256_begin, ended by finish or abandon.
 * One thread at a time. */
struct sha256;

/* Begins a hash. The caller finishes or abandons *ret_hash. */
int sha256_begin(struct sha256 **ret_hash, struct error *error);

/* Begins a keyed one, as above. The key is copied; it should have SHA256_BYTES. */
int hmac_sha256_begin(struct slice key, struct sha256 **ret_hash, struct error *error);

/* Adds a piece. After an error the hash can only be abandoned. */
int sha256_add(struct sha256 *hash, struct slice data, struct error *error);

/* Writes the hash, frees *hash whatever happens, and sets it to NULL. */
int sha256_finish(struct sha256 **hash, uint8_t ret_digest[SHA256_BYTES], struct error *error);

/* Frees a hash that is not finished. NULL is fine. */
void sha256_abandon(struct sha256 *hash);

/* The hash of some bytes, at once. */
int sha256_of(struct slice data, uint8_t ret_digest[SHA256_BYTES], struct error *error);

/* The keyed hash of some bytes, at once. */
int hmac_sha256_of(struct slice key, struct slice data, uint8_t ret_digest[SHA256_BYTES],
                   struct error *error);

/* Whether two are the same, in a time that does not tell where they differ. */
bool sha256_equal(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES]);

/* Writes 64 lower-case hexadecimal digits. Returns `text`. */
char *sha256_write(const uint8_t digest[SHA256_BYTES], char text[SHA256_TEXT_BYTES]);

#endif
