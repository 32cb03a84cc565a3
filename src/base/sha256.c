/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/sha256.h"

#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/check.h"

/* One of the two. */
struct sha256 {
    EVP_MD_CTX *plain;
    EVP_MAC_CTX *keyed;
};

static int openssl_failed(const char *what, struct error *error)
{
    return error_set(error, ERROR_INTERNAL, "OpenSSL cannot %s", what);
}

int sha256_begin(struct sha256 **ret_hash, struct error *error)
{
    *ret_hash = NULL;
    struct sha256 *hash = calloc(1, sizeof(*hash));
    if (!hash)
        return error_set_memory(error);
    hash->plain = EVP_MD_CTX_new();
    if (!hash->plain || EVP_DigestInit_ex(hash->plain, EVP_sha256(), NULL) != 1) {
        sha256_abandon(hash);
        return openssl_failed("begin SHA-256", error);
    }
    *ret_hash = hash;
    return 0;
}

int hmac_sha256_begin(struct slice key, struct sha256 **ret_hash, struct error *error)
{
    *ret_hash = NULL;
    struct sha256 *hash = calloc(1, sizeof(*hash));
    if (!hash)
        return error_set_memory(error);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    hash->keyed = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    /* An empty key is a key; NULL would mean "the one from before". */
    const unsigned char *bytes = (const unsigned char *)(key.data ? key.data : "");
    if (!hash->keyed || EVP_MAC_init(hash->keyed, bytes, key.bytes, parameters) != 1) {
        sha256_abandon(hash);
        return openssl_failed("begin HMAC-SHA-256", error);
    }
    *ret_hash = hash;
    return 0;
}

int sha256_add(struct sha256 *hash, struct slice data, struct error *error)
{
    check(!hash->plain != !hash->keyed);
    if (data.bytes == 0)
        return 0;
    const unsigned char *bytes = (const unsigned char *)data.data;
    int added = hash->plain ? EVP_DigestUpdate(hash->plain, bytes, data.bytes)
                            : EVP_MAC_update(hash->keyed, bytes, data.bytes);
    return added == 1 ? 0 : openssl_failed("go on with SHA-256", error);
}

int sha256_finish(struct sha256 **hash, uint8_t ret_digest[SHA256_BYTES], struct error *error)
{
    check(!(*hash)->plain != !(*hash)->keyed);
    unsigned plain_bytes = 0;
    size_t bytes = 0;
    int finished;
    if ((*hash)->plain) {
        finished = EVP_DigestFinal_ex((*hash)->plain, ret_digest, &plain_bytes);
        bytes = plain_bytes;
    } else {
        finished = EVP_MAC_final((*hash)->keyed, ret_digest, &bytes, SHA256_BYTES);
    }
    sha256_abandon(*hash);
    *hash = NULL;
    if (finished != 1)
        return openssl_failed("finish SHA-256", error);
    check(bytes == SHA256_BYTES);
    return 0;
}

void sha256_abandon(struct sha256 *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->plain);
    EVP_MAC_CTX_free(hash->keyed);
    free(hash);
}

static int add_and_finish(struct sha256 *hash, struct slice data, uint8_t ret_digest[SHA256_BYTES],
                          struct error *error)
{
    int code = sha256_add(hash, data, error);
    if (code) {
        sha256_abandon(hash);
        return code;
    }
    return sha256_finish(&hash, ret_digest, error);
}

int sha256_of(struct slice data, uint8_t ret_digest[SHA256_BYTES], struct error *error)
{
    struct sha256 *hash;
    int code = sha256_begin(&hash, error);
    return code ? code : add_and_finish(hash, data, ret_digest, error);
}

int hmac_sha256_of(struct slice key, struct slice data, uint8_t ret_digest[SHA256_BYTES],
                   struct error *error)
{
    struct sha256 *hash;
    int code = hmac_sha256_begin(key, &hash, error);
    return code ? code : add_and_finish(hash, data, ret_digest, error);
}

bool sha256_equal(const uint8_t a[SHA256_BYTES], const uint8_t b[SHA256_BYTES])
{
    return CRYPTO_memcmp(a, b, SHA256_BYTES) == 0;
}

char *sha256_write(const uint8_t digest[SHA256_BYTES], char text[SHA256_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * SHA256_BYTES] = '\0';
    return text;
}
