/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto.h"

#include <stdarg.h>
#include <string.h>

#include "fn0_javascript_native.h"
#include "class.h"
#include "support.h"

#define BLOCK_SIZE 16
#define NUMBER_OVERHEAD 8 /* of a number in DER */
#define RSA_BITS_MAX 16384

/*
 * Reads the arguments into what follows: 'n' a number into an uint32_t, 'b' bytes into a struct
 * byte_span. Only the library calls what is here, so a wrong argument is its mistake. 0, or -1 with
 * an exception.
 */
static int read_arguments(JSContext *context, int count, JSValueConst *arguments, const char *kinds,
                          ...)
{
    va_list targets;
    int index, status = 0;

    if (count < (int)strlen(kinds)) {
        JS_ThrowTypeError(context, "%d arguments needed, %d given", (int)strlen(kinds), count);
        return -1;
    }
    va_start(targets, kinds);
    for (index = 0; kinds[index] != 0 && status == 0; index++) {
        if (kinds[index] == 'n') {
            status = JS_ToUint32(context, va_arg(targets, uint32_t *), arguments[index]);
        } else {
            status = support_to_bytes(context, arguments[index], "the data",
                                      va_arg(targets, struct byte_span *));
        }
    }
    va_end(targets);
    return status < 0 ? -1 : 0;
}

/* The first `size` bytes of what js_malloc gave, or null if that is FN0_FAILED. */
static JSValue finish(JSContext *context, uint8_t *data, size_t size)
{
    uint8_t *cut;
    if (size == FN0_FAILED) {
        js_free(context, data);
        return JS_NULL;
    }
    cut = js_realloc(context, data, size > 0 ? size : 1);
    if (cut == NULL) {
        js_free(context, data);
        return JS_EXCEPTION;
    }
    return support_take_array_buffer(context, cut, size);
}

#define NATIVE(name)                                                                 \
    static JSValue js_##name(JSContext *context, JSValueConst this_value, int count, \
                             JSValueConst *arguments)

/* ---- Digests and secrets
 * -------------------------------------------------------------------------------------------- */

NATIVE(digest)
{
    uint8_t out[FN0_DIGEST_SIZE_MAX];
    struct byte_span data;
    uint32_t hash;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nb", &hash, &data) < 0)
        return JS_EXCEPTION;
    return JS_NewArrayBufferCopy(context, out,
                                 fn0_digest((enum fn0_hash)hash, data.data, data.size, out));
}

NATIVE(hmac)
{
    uint8_t out[FN0_DIGEST_SIZE_MAX];
    struct byte_span key, data;
    uint32_t hash;
    size_t size;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbb", &hash, &key, &data) < 0)
        return JS_EXCEPTION;
    size = fn0_hmac((enum fn0_hash)hash, key.data, key.size, data.data, data.size, out);
    return JS_NewArrayBufferCopy(context, out, size);
}

NATIVE(equal)
{
    struct byte_span one, other;
    (void)this_value;
    if (read_arguments(context, count, arguments, "bb", &one, &other) < 0)
        return JS_EXCEPTION;
    return JS_NewBool(context, one.size == other.size && fn0_equal(one.data, other.data, one.size));
}

NATIVE(pbkdf2)
{
    struct byte_span password, salt;
    uint32_t hash, iterations, size;
    uint8_t *out;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbbnn", &hash, &password, &salt, &iterations,
                       &size) < 0) {
        return JS_EXCEPTION;
    }
    out = js_malloc(context, size + 1);
    if (out == NULL)
        return JS_EXCEPTION;
    fn0_pbkdf2((enum fn0_hash)hash, password.data, password.size, salt.data, salt.size, iterations,
               out, size);
    return finish(context, out, size);
}

NATIVE(hkdf)
{
    struct byte_span secret, salt, info;
    uint32_t hash, size;
    uint8_t *out;
    bool fits;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbbbn", &hash, &secret, &salt, &info, &size) <
        0) {
        return JS_EXCEPTION;
    }
    out = js_malloc(context, size + 1);
    if (out == NULL)
        return JS_EXCEPTION;
    fits = fn0_hkdf((enum fn0_hash)hash, secret.data, secret.size, salt.data, salt.size, info.data,
                    info.size, out, size);
    return finish(context, out, fits ? size : FN0_FAILED);
}

/* ---- AES
 * ------------------------------------------------------------------------------------------------------------
 */

/* (whether to decrypt, mode, key, iv, additional data, bytes of the tag, bits of the counter, data)
 */
NATIVE(aes)
{
    struct byte_span key, iv, additional, data;
    uint32_t decrypt, mode, tag_size, counter_bits;
    struct fn0_aes aes;
    size_t room;
    uint8_t *out;

    (void)this_value;
    if (read_arguments(context, count, arguments, "nnbbbnnb", &decrypt, &mode, &key, &iv,
                       &additional, &tag_size, &counter_bits, &data) < 0) {
        return JS_EXCEPTION;
    }
    aes = (struct fn0_aes){
        .mode = (enum fn0_aes_mode)mode,
        .key = key.data,
        .key_size = key.size,
        .iv = iv.data,
        .iv_size = iv.size,
        .additional = additional.data,
        .additional_size = additional.size,
        .tag_size = tag_size,
        .counter_bits = counter_bits,
    };
    room = data.size + BLOCK_SIZE;
    out = js_malloc(context, room);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out, fn0_aes_run(&aes, decrypt, data.data, data.size, out, room));
}

/* ---- Curves
 * ---------------------------------------------------------------------------------------------------------
 */

/* What makes a key of bytes: generate, derive the public key, check a public key. */
typedef size_t curve_function(enum fn0_key_kind curve, const uint8_t *data, size_t size,
                              uint8_t *out, size_t room);

static size_t generate(enum fn0_key_kind curve, const uint8_t *seed, size_t size, uint8_t *out,
                       size_t room)
{
    return size == FN0_SEED_SIZE ? fn0_curve_generate(curve, seed, out, room) : FN0_FAILED;
}

/* (curve, bytes) */
static JSValue run_curve(JSContext *context, int count, JSValueConst *arguments,
                         curve_function *function)
{
    uint8_t out[FN0_CURVE_PUBLIC_SIZE_MAX];
    struct byte_span data;
    uint32_t curve;
    size_t size;
    if (read_arguments(context, count, arguments, "nb", &curve, &data) < 0)
        return JS_EXCEPTION;
    size = function((enum fn0_key_kind)curve, data.data, data.size, out, sizeof(out));
    return size == FN0_FAILED ? JS_NULL : JS_NewArrayBufferCopy(context, out, size);
}

NATIVE(curve_generate)
{
    (void)this_value;
    return run_curve(context, count, arguments, generate);
}

NATIVE(curve_public)
{
    (void)this_value;
    return run_curve(context, count, arguments, fn0_curve_public);
}

NATIVE(curve_check_public)
{
    (void)this_value;
    return run_curve(context, count, arguments, fn0_curve_check_public);
}

NATIVE(ecdsa_sign)
{
    uint8_t out[FN0_CURVE_SIGNATURE_SIZE_MAX];
    struct byte_span key, digest;
    uint32_t curve;
    size_t size;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbb", &curve, &key, &digest) < 0)
        return JS_EXCEPTION;
    size = fn0_ecdsa_sign((enum fn0_key_kind)curve, key.data, key.size, digest.data, digest.size,
                          out, sizeof(out));
    return size == FN0_FAILED ? JS_NULL : JS_NewArrayBufferCopy(context, out, size);
}

NATIVE(ecdsa_verify)
{
    struct byte_span key, digest, signature;
    uint32_t curve;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbbb", &curve, &key, &digest, &signature) < 0)
        return JS_EXCEPTION;
    return JS_NewBool(context,
                      fn0_ecdsa_verify((enum fn0_key_kind)curve, key.data, key.size, digest.data,
                                       digest.size, signature.data, signature.size));
}

NATIVE(ecdh)
{
    uint8_t out[FN0_CURVE_PRIVATE_SIZE_MAX];
    struct byte_span key, other;
    uint32_t curve;
    size_t size;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbb", &curve, &key, &other) < 0)
        return JS_EXCEPTION;
    size = fn0_ecdh((enum fn0_key_kind)curve, key.data, key.size, other.data, other.size, out,
                    sizeof(out));
    return size == FN0_FAILED ? JS_NULL : JS_NewArrayBufferCopy(context, out, size);
}

NATIVE(ed25519_sign)
{
    uint8_t out[64];
    struct byte_span key, data;
    (void)this_value;
    if (read_arguments(context, count, arguments, "bb", &key, &data) < 0)
        return JS_EXCEPTION;
    if (key.size != 32)
        return JS_NULL;
    fn0_ed25519_sign(key.data, data.data, data.size, out);
    return JS_NewArrayBufferCopy(context, out, sizeof(out));
}

NATIVE(ed25519_verify)
{
    struct byte_span key, data, signature;
    (void)this_value;
    if (read_arguments(context, count, arguments, "bbb", &key, &data, &signature) < 0)
        return JS_EXCEPTION;
    return JS_NewBool(context,
                      key.size == 32 && fn0_ed25519_verify(key.data, data.data, data.size,
                                                           signature.data, signature.size));
}

/* ---- Documents that hold a key
 * -------------------------------------------------------------------------------------- */

static JSValue run_document(JSContext *context, int count, JSValueConst *arguments,
                            curve_function *function)
{
    struct byte_span data;
    uint32_t kind;
    uint8_t *out;
    size_t room;
    if (read_arguments(context, count, arguments, "nb", &kind, &data) < 0)
        return JS_EXCEPTION;
    room = data.size + FN0_DOCUMENT_OVERHEAD;
    out = js_malloc(context, room);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out, function((enum fn0_key_kind)kind, data.data, data.size, out, room));
}

NATIVE(spki_read)
{
    (void)this_value;
    return run_document(context, count, arguments, fn0_spki_read);
}

NATIVE(spki_write)
{
    (void)this_value;
    return run_document(context, count, arguments, fn0_spki_write);
}

NATIVE(pkcs8_read)
{
    (void)this_value;
    return run_document(context, count, arguments, fn0_pkcs8_read);
}

NATIVE(pkcs8_write)
{
    (void)this_value;
    return run_document(context, count, arguments, fn0_pkcs8_write);
}

/* ---- RSA
 * ------------------------------------------------------------------------------------------------------------
 */

NATIVE(rsa_generate)
{
    struct byte_span exponent, seed;
    uint32_t bits;
    uint8_t *out;
    size_t room;
    (void)this_value;
    if (read_arguments(context, count, arguments, "nbb", &bits, &exponent, &seed) < 0)
        return JS_EXCEPTION;
    if (bits > RSA_BITS_MAX || seed.size != FN0_SEED_SIZE)
        return JS_NULL;
    room = bits + exponent.size +
           NUMBER_OVERHEAD * FN0_RSA_PRIVATE_PARTS; /* five times the modulus, and some */
    out = js_malloc(context, room);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out,
                  fn0_rsa_generate(bits, exponent.data, exponent.size, seed.data, out, room));
}

NATIVE(rsa_public)
{
    struct byte_span key;
    uint8_t *out;
    (void)this_value;
    if (read_arguments(context, count, arguments, "b", &key) < 0)
        return JS_EXCEPTION;
    out = js_malloc(context, key.size + NUMBER_OVERHEAD);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out,
                  fn0_rsa_public(key.data, key.size, out, key.size + NUMBER_OVERHEAD));
}

NATIVE(rsa_check_private)
{
    struct byte_span key;
    (void)this_value;
    if (read_arguments(context, count, arguments, "b", &key) < 0)
        return JS_EXCEPTION;
    return JS_NewBool(context, fn0_rsa_check_private(key.data, key.size));
}

/* An array of ArrayBuffer, a number each. */
static JSValue parts_to_array(JSContext *context, const struct fn0_part *parts, uint32_t count)
{
    JSValue array = JS_NewArray(context);
    uint32_t index;
    for (index = 0; index < count && !JS_IsException(array); index++) {
        JSValue part = JS_NewArrayBufferCopy(context, parts[index].data, parts[index].size);
        if (JS_IsException(part) ||
            JS_DefinePropertyValueUint32(context, array, index, part, JS_PROP_C_W_E) < 0) {
            JS_FreeValue(context, array);
            array = JS_EXCEPTION;
        }
    }
    return array;
}

NATIVE(rsa_public_parts)
{
    struct fn0_part parts[FN0_RSA_PUBLIC_PARTS];
    struct byte_span key;
    (void)this_value;
    if (read_arguments(context, count, arguments, "b", &key) < 0)
        return JS_EXCEPTION;
    if (!fn0_rsa_public_parts(key.data, key.size, parts))
        return JS_NULL;
    return parts_to_array(context, parts, FN0_RSA_PUBLIC_PARTS);
}

NATIVE(rsa_private_parts)
{
    struct fn0_part parts[FN0_RSA_PRIVATE_PARTS];
    struct byte_span key;
    (void)this_value;
    if (read_arguments(context, count, arguments, "b", &key) < 0)
        return JS_EXCEPTION;
    if (!fn0_rsa_private_parts(key.data, key.size, parts))
        return JS_NULL;
    return parts_to_array(context, parts, FN0_RSA_PRIVATE_PARTS);
}

/* A key of its numbers, which are the arguments. */
static JSValue run_of_parts(JSContext *context, int count, JSValueConst *arguments, int needed,
                            size_t (*function)(const struct fn0_part *parts, uint8_t *out,
                                               size_t room))
{
    struct fn0_part parts[FN0_RSA_PRIVATE_PARTS];
    size_t room = NUMBER_OVERHEAD;
    uint8_t *out;
    int index;

    if (count != needed)
        return JS_ThrowTypeError(context, "%d numbers needed", needed);
    for (index = 0; index < needed; index++) {
        struct byte_span part;
        if (support_to_bytes(context, arguments[index], "a number", &part) < 0)
            return JS_EXCEPTION;
        parts[index] = (struct fn0_part){part.data, part.size};
        room += part.size + NUMBER_OVERHEAD;
    }
    out = js_malloc(context, room);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out, function(parts, out, room));
}

NATIVE(rsa_public_of_parts)
{
    (void)this_value;
    return run_of_parts(context, count, arguments, FN0_RSA_PUBLIC_PARTS, fn0_rsa_public_of_parts);
}

NATIVE(rsa_private_of_parts)
{
    (void)this_value;
    return run_of_parts(context, count, arguments, FN0_RSA_PRIVATE_PARTS, fn0_rsa_private_of_parts);
}

static struct fn0_rsa rsa_of(uint32_t scheme, uint32_t hash, struct byte_span key)
{
    return (struct fn0_rsa){
        .scheme = (enum fn0_rsa_scheme)scheme,
        .hash = (enum fn0_hash)hash,
        .key = key.data,
        .key_size = key.size,
    };
}

/* (scheme, hash, key, bytes of salt, seed, digest) */
NATIVE(rsa_sign)
{
    struct byte_span key, seed, digest;
    uint32_t scheme, hash, salt_size;
    struct fn0_rsa rsa;
    uint8_t *out;

    (void)this_value;
    if (read_arguments(context, count, arguments, "nnbnbb", &scheme, &hash, &key, &salt_size, &seed,
                       &digest) < 0) {
        return JS_EXCEPTION;
    }
    if (seed.size != FN0_SEED_SIZE)
        return JS_NULL;
    rsa = rsa_of(scheme, hash, key);
    rsa.salt_size = salt_size;
    rsa.seed = seed.data;
    out = js_malloc(context, key.size + 1); /* longer than its modulus */
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out, fn0_rsa_sign(&rsa, digest.data, digest.size, out, key.size));
}

/* (scheme, hash, key, bytes of salt, digest, signature) */
NATIVE(rsa_verify)
{
    struct byte_span key, digest, signature;
    uint32_t scheme, hash, salt_size;
    struct fn0_rsa rsa;

    (void)this_value;
    if (read_arguments(context, count, arguments, "nnbnbb", &scheme, &hash, &key, &salt_size,
                       &digest, &signature) < 0) {
        return JS_EXCEPTION;
    }
    rsa = rsa_of(scheme, hash, key);
    rsa.salt_size = salt_size;
    return JS_NewBool(
        context, fn0_rsa_verify(&rsa, digest.data, digest.size, signature.data, signature.size));
}

/* (whether to decrypt, hash, key, label, seed, data) */
NATIVE(rsa_oaep)
{
    struct byte_span key, label, seed, data;
    uint32_t decrypt, hash;
    struct fn0_rsa rsa;
    uint8_t *out;

    (void)this_value;
    if (read_arguments(context, count, arguments, "nnbbbb", &decrypt, &hash, &key, &label, &seed,
                       &data) < 0) {
        return JS_EXCEPTION;
    }
    if (seed.size != FN0_SEED_SIZE)
        return JS_NULL;
    rsa = rsa_of(FN0_RSA_OAEP, hash, key);
    rsa.label = label.data;
    rsa.label_size = label.size;
    rsa.seed = seed.data;
    out = js_malloc(context, key.size + 1);
    if (out == NULL)
        return JS_EXCEPTION;
    return finish(context, out, fn0_rsa_oaep(&rsa, decrypt, data.data, data.size, out, key.size));
}

/* ---- What is offered
 * ------------------------------------------------------------------------------------------------
 */

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("digest", 2, js_digest),
    JS_CFUNC_DEF("hmac", 3, js_hmac),
    JS_CFUNC_DEF("equal", 2, js_equal),
    JS_CFUNC_DEF("pbkdf2", 5, js_pbkdf2),
    JS_CFUNC_DEF("hkdf", 5, js_hkdf),
    JS_CFUNC_DEF("aes", 8, js_aes),
    JS_CFUNC_DEF("curveGenerate", 2, js_curve_generate),
    JS_CFUNC_DEF("curvePublic", 2, js_curve_public),
    JS_CFUNC_DEF("curveCheckPublic", 2, js_curve_check_public),
    JS_CFUNC_DEF("ecdsaSign", 3, js_ecdsa_sign),
    JS_CFUNC_DEF("ecdsaVerify", 4, js_ecdsa_verify),
    JS_CFUNC_DEF("ecdh", 3, js_ecdh),
    JS_CFUNC_DEF("ed25519Sign", 2, js_ed25519_sign),
    JS_CFUNC_DEF("ed25519Verify", 3, js_ed25519_verify),
    JS_CFUNC_DEF("spkiRead", 2, js_spki_read),
    JS_CFUNC_DEF("spkiWrite", 2, js_spki_write),
    JS_CFUNC_DEF("pkcs8Read", 2, js_pkcs8_read),
    JS_CFUNC_DEF("pkcs8Write", 2, js_pkcs8_write),
    JS_CFUNC_DEF("rsaGenerate", 3, js_rsa_generate),
    JS_CFUNC_DEF("rsaPublic", 1, js_rsa_public),
    JS_CFUNC_DEF("rsaCheckPrivate", 1, js_rsa_check_private),
    JS_CFUNC_DEF("rsaPublicParts", 1, js_rsa_public_parts),
    JS_CFUNC_DEF("rsaPrivateParts", 1, js_rsa_private_parts),
    JS_CFUNC_DEF("rsaPublicOfParts", 2, js_rsa_public_of_parts),
    JS_CFUNC_DEF("rsaPrivateOfParts", 8, js_rsa_private_of_parts),
    JS_CFUNC_DEF("rsaSign", 6, js_rsa_sign),
    JS_CFUNC_DEF("rsaVerify", 6, js_rsa_verify),
    JS_CFUNC_DEF("rsaOaep", 6, js_rsa_oaep),
};

int crypto_register(JSContext *context, JSValueConst native)
{
    JSValue object = JS_NewObject(context);
    if (JS_IsException(object))
        return -1;
    if (JS_SetPropertyFunctionList(context, object, functions, COUNT_OF(functions)) < 0) {
        JS_FreeValue(context, object);
        return -1;
    }
    return JS_SetPropertyStr(context, native, "cryptography", object) < 0 ? -1 : 0;
}
