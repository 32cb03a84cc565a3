/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the JavaScript engine takes from well-kept Rust crates: decoders of text, compression,
 * cryptography.
 *
 * Plain functions over memory that the caller owns. Nothing here keeps a pointer, starts a thread,
 * reads a clock, asks for random numbers (they are handed in) or knows JavaScript; there is no
 * policy. Each object is used by one thread at a time. Out of memory ends the program (in a
 * component: the instance). Objects come from ..._create and end in ..._destroy, which takes NULL.
 * Sizes are in bytes unless they say otherwise; NULL is fine where the size is 0. The URL functions
 * of ada_c.h (of the crate ada-url) are in the same library.
 */
#ifndef FN0_JAVASCRIPT_NATIVE_H
#define FN0_JAVASCRIPT_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Text
 * -----------------------------------------------------------------------------------------------------------
 */

/* An encoding of the Encoding standard; lives for ever. Two labels of one encoding give one
 * pointer. */
struct fn0_encoding;

/* By label, as the standard has it (any case, spaces around it). NULL: no such label, or the
 * "replacement" encoding. */
const struct fn0_encoding *fn0_encoding_find(const char *label, size_t size);

/* The standard's name, as "UTF-8" or "windows-1252", at most `room` bytes of it, no zero after it.
 * How many they are. */
size_t fn0_encoding_name(const struct fn0_encoding *encoding, char *name, size_t room);

/* How many of the first bytes are whole, valid characters in UTF-8. */
size_t fn0_utf8_valid_up_to(const uint8_t *data, size_t size);

/* A stream of text on its way to UTF-8. */
struct fn0_decoder;

/* With keep_bom a byte order mark at the start is text like any other; without, it is left out. */
struct fn0_decoder *fn0_decoder_create(const struct fn0_encoding *encoding, bool keep_bom);

/* NULL is fine. At any place of the stream. */
void fn0_decoder_destroy(struct fn0_decoder *decoder);

/* How much room `size` more bytes can need when they are decoded. */
size_t fn0_decoder_room(const struct fn0_decoder *decoder, size_t size);

/*
 * Decodes the next bytes into `text`, valid UTF-8 with no zero after it, whose room is what
 * fn0_decoder_room said. What is malformed becomes U+FFFD or, if `fatal`, ends it: SIZE_MAX. After
 * the `last` bytes the decoder can only be destroyed.
 */
size_t fn0_decoder_decode(struct fn0_decoder *decoder, const uint8_t *data, size_t size, bool last,
                          bool fatal, char *text, size_t room);

/* ---- Compression
 * ----------------------------------------------------------------------------------------------------
 */

enum fn0_format { FN0_FORMAT_GZIP, FN0_FORMAT_DEFLATE, FN0_FORMAT_DEFLATE_RAW };

enum fn0_flow_state {
    FN0_FLOW_GOES_ON,
    FN0_FLOW_ENDED,    /* nothing comes behind what was written */
    FN0_FLOW_MALFORMED /* only when decompressing; the flow can only be destroyed then */
};

/* Bytes on their way through a compressor (at the usual level, 6) or a decompressor. */
struct fn0_flow;

/* Never NULL: without memory the program ends. */
struct fn0_flow *fn0_flow_create(enum fn0_format format, bool decompress);

/* NULL is fine. */
void fn0_flow_destroy(struct fn0_flow *flow);

/*
 * Takes of the bytes what it can and writes to `out` what it can. Call it again, with what was not
 * taken, for as long as it filled `out` to the brim and goes on. `last` tells a compressor that
 * nothing follows, so that it ends; a decompressor ends by itself, where its format does: what it
 * does not take then is no part of it.
 */
enum fn0_flow_state fn0_flow_run(struct fn0_flow *flow, const uint8_t *data, size_t size, bool last,
                                 uint8_t *out, size_t room, size_t *ret_taken, size_t *ret_written);

/* ---- Cryptography
 * ---------------------------------------------------------------------------------------------------
 */
/*
 * What writes to `out` says how many bytes it wrote, or FN0_FAILED: a key that is none, sizes that
 * don't fit the algorithm, data that was tampered with, or too little room. Secrets take the same
 * time whatever they are, as far as the crates say. A `seed` is FN0_SEED_SIZE random bytes, never
 * used twice.
 */

#define FN0_FAILED SIZE_MAX
#define FN0_SEED_SIZE 32
#define FN0_DIGEST_SIZE_MAX 64

enum fn0_hash { FN0_SHA1, FN0_SHA256, FN0_SHA384, FN0_SHA512 };

/* `out` has room for FN0_DIGEST_SIZE_MAX. */
size_t fn0_digest(enum fn0_hash hash, const uint8_t *data, size_t size, uint8_t *out);

/* `out` as above; a key of any size. */
size_t fn0_hmac(enum fn0_hash hash, const uint8_t *key, size_t key_size, const uint8_t *data,
                size_t size, uint8_t *out);

/* Whether two secrets are the same, in a time that does not tell where they differ. */
bool fn0_equal(const uint8_t *one, const uint8_t *other, size_t size);

/* Any `out_size`. As much work as there are iterations, for each digest of it. */
void fn0_pbkdf2(enum fn0_hash hash, const uint8_t *password, size_t password_size,
                const uint8_t *salt, size_t salt_size, uint32_t iterations, uint8_t *out,
                size_t out_size);

/* False: more than 255 digests were asked for. */
bool fn0_hkdf(enum fn0_hash hash, const uint8_t *secret, size_t secret_size, const uint8_t *salt,
              size_t salt_size, const uint8_t *info, size_t info_size, uint8_t *out,
              size_t out_size);

enum fn0_aes_mode {
    FN0_AES_CBC, /* with padding: `out` needs room for up to 16 bytes more than the data */
    FN0_AES_CTR,
    FN0_AES_GCM, /* the tag comes behind the data */
    FN0_AES_KW   /* `out` needs room for 8 bytes more */
};

struct fn0_aes {
    enum fn0_aes_mode mode;
    const uint8_t *key; /* 16, 24 or 32 bytes */
    size_t key_size;
    const uint8_t
        *iv; /* 16 bytes; the first counter of CTR; any, but not empty, for GCM; none for KW */
    size_t iv_size;
    const uint8_t *additional; /* GCM only */
    size_t additional_size;
    size_t tag_size;       /* GCM only: up to 16 */
    uint32_t counter_bits; /* CTR only: how many of the last bits count, 1 to 128 */
};

/* To decrypt, `out` needs the room of the data's size. */
size_t fn0_aes_run(const struct fn0_aes *aes, bool decrypt, const uint8_t *data, size_t size,
                   uint8_t *out, size_t room);

/*
 * What a key is. On NIST's curves a private key is as many bytes as the field has (32, 48, 66) and
 * a public one the uncompressed point; of Ed25519 and X25519 both are 32 bytes; of RSA both are DER
 * of PKCS#1.
 */
enum fn0_key_kind { FN0_P256, FN0_P384, FN0_P521, FN0_ED25519, FN0_X25519, FN0_RSA };

#define FN0_CURVE_PRIVATE_SIZE_MAX 66
#define FN0_CURVE_PUBLIC_SIZE_MAX 133
#define FN0_CURVE_SIGNATURE_SIZE_MAX 132

/* A new private key on a curve. */
size_t fn0_curve_generate(enum fn0_key_kind curve, const uint8_t *seed, uint8_t *out, size_t room);

/* The public key of a private one. */
size_t fn0_curve_public(enum fn0_key_kind curve, const uint8_t *key, size_t key_size, uint8_t *out,
                        size_t room);

/* A public key, checked, and uncompressed if it was not. */
size_t fn0_curve_check_public(enum fn0_key_kind curve, const uint8_t *key, size_t key_size,
                              uint8_t *out, size_t room);

/* ECDSA on NIST's curves, as r and s behind one another; deterministic, by RFC 6979. */
size_t fn0_ecdsa_sign(enum fn0_key_kind curve, const uint8_t *key, size_t key_size,
                      const uint8_t *digest, size_t digest_size, uint8_t *out, size_t room);

/* Whether it is the key's signature of the digest; false also where key or signature are none. */
bool fn0_ecdsa_verify(enum fn0_key_kind curve, const uint8_t *key, size_t key_size,
                      const uint8_t *digest, size_t digest_size, const uint8_t *signature,
                      size_t signature_size);

/* The secret that two share, on NIST's curves and X25519 (there FN0_FAILED where it would be all
 * zeros). */
size_t fn0_ecdh(enum fn0_key_kind curve, const uint8_t *private_key, size_t private_size,
                const uint8_t *public_key, size_t public_size, uint8_t *out, size_t room);

/* Of a key of 32 bytes; the signature has 64. The data itself is signed, not a digest of it. */
void fn0_ed25519_sign(const uint8_t *key, const uint8_t *data, size_t size, uint8_t *out);

/* The same way round; strict: points of small order are refused. */
bool fn0_ed25519_verify(const uint8_t *key, const uint8_t *data, size_t size,
                        const uint8_t *signature, size_t signature_size);

/* The public key in an SPKI document. One that is not of the kind, or not valid on its curve,
 * fails. */
size_t fn0_spki_read(enum fn0_key_kind kind, const uint8_t *der, size_t size, uint8_t *out,
                     size_t room);

/* The SPKI document of a public key; FN0_DOCUMENT_OVERHEAD says how much room it needs. */
size_t fn0_spki_write(enum fn0_key_kind kind, const uint8_t *key, size_t key_size, uint8_t *out,
                      size_t room);

/* The private key in a PKCS#8 document. A public key that comes with it must belong to it. */
size_t fn0_pkcs8_read(enum fn0_key_kind kind, const uint8_t *der, size_t size, uint8_t *out,
                      size_t room);

/* The PKCS#8 document of a private key; on NIST's curves with the public one. */
size_t fn0_pkcs8_write(enum fn0_key_kind kind, const uint8_t *key, size_t key_size, uint8_t *out,
                       size_t room);

/* How much longer than its key a document of either kind can be. */
#define FN0_DOCUMENT_OVERHEAD 192

/* A number, its highest byte first. */
struct fn0_part {
    const uint8_t *data;
    size_t size;
};

#define FN0_RSA_PUBLIC_PARTS 2  /* n, e */
#define FN0_RSA_PRIVATE_PARTS 8 /* n, e, d, p, q, dp, dq, qi */

/* A new private key: seconds of work. `exponent` is its public exponent. */
size_t fn0_rsa_generate(uint32_t bits, const uint8_t *exponent, size_t exponent_size,
                        const uint8_t *seed, uint8_t *out, size_t room);

/* The public key of a private one. */
size_t fn0_rsa_public(const uint8_t *private_key, size_t size, uint8_t *out, size_t room);

/* Whether its parts are what they say of one another; false too for a key of more than two primes.
 */
bool fn0_rsa_check_private(const uint8_t *private_key, size_t size);

/* The parts point into the key. The public one is checked as well. */
bool fn0_rsa_public_parts(const uint8_t *public_key, size_t size,
                          struct fn0_part parts[FN0_RSA_PUBLIC_PARTS]);

/* As above, and not checked: fn0_rsa_check_private does. False for a key of more than two primes.
 */
bool fn0_rsa_private_parts(const uint8_t *private_key, size_t size,
                           struct fn0_part parts[FN0_RSA_PRIVATE_PARTS]);

/* The key that these numbers make, whatever they are: nothing is checked. */
size_t fn0_rsa_public_of_parts(const struct fn0_part parts[FN0_RSA_PUBLIC_PARTS], uint8_t *out,
                               size_t room);

/* The same of a private one. */
size_t fn0_rsa_private_of_parts(const struct fn0_part parts[FN0_RSA_PRIVATE_PARTS], uint8_t *out,
                                size_t room);

enum fn0_rsa_scheme { FN0_RSA_PKCS1, FN0_RSA_PSS, FN0_RSA_OAEP };

struct fn0_rsa {
    enum fn0_rsa_scheme scheme;
    enum fn0_hash hash;
    const uint8_t *key; /* private to sign and decrypt */
    size_t key_size;
    size_t salt_size;     /* PSS only */
    const uint8_t *label; /* OAEP only */
    size_t label_size;
    const uint8_t *seed; /* not to verify */
};

/* `out` needs the room of the modulus. */
size_t fn0_rsa_sign(const struct fn0_rsa *rsa, const uint8_t *digest, size_t digest_size,
                    uint8_t *out, size_t room);

/* Whether it is the key's signature of the digest; false also where the key is none. */
bool fn0_rsa_verify(const struct fn0_rsa *rsa, const uint8_t *digest, size_t digest_size,
                    const uint8_t *signature, size_t signature_size);

/* Encrypts with a public key, decrypts with a private one. `out` as above. */
size_t fn0_rsa_oaep(const struct fn0_rsa *rsa, bool decrypt, const uint8_t *data, size_t size,
                    uint8_t *out, size_t room);

#ifdef __cplusplus
}
#endif

#endif
