/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "failing_allocation.h"

#include "base/sha256.c"

/* The examples of FIPS 180-4 (as NIST publishes them). */
static void the_examples_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *hash;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        uint8_t digest[SHA256_BYTES];
        char text[SHA256_TEXT_BYTES];
        assert_int_equal(sha256_of(slice_of(examples[i].text), digest, NULL), 0);
        assert_string_equal(sha256_write(digest, text), examples[i].hash);
    }
}

/* Test cases 1, 2 and 6 of RFC 4231, 4. */
static void the_examples_of_the_keyed_form(void **state)
{
    (void)state;
    char key[131];
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    memset(key, 0x0b, 20);
    struct slice key_slice = {.data = key, .bytes = 20};
    assert_int_equal(hmac_sha256_of(key_slice, SLICE("Hi There"), digest, NULL), 0);
    assert_string_equal(sha256_write(digest, text),
                        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_int_equal(
        hmac_sha256_of(SLICE("Jefe"), SLICE("what do ya want for nothing?"), digest, NULL), 0);
    assert_string_equal(sha256_write(digest, text),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    key_slice.bytes = sizeof(key);
    assert_int_equal(hmac_sha256_of(key_slice,
                                    SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
                                    digest, NULL),
                     0);
    assert_string_equal(sha256_write(digest, text),
                        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void an_empty_key_is_a_key(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    assert_int_equal(hmac_sha256_of(slice_of(NULL), slice_of(NULL), digest, NULL), 0);
    assert_string_equal(sha256_write(digest, text),
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void pieces_are_as_good_as_the_whole(void **state)
{
    (void)state;
    uint8_t whole[SHA256_BYTES];
    uint8_t pieces[SHA256_BYTES];
    char data[1000];
    memset(data, 'q', sizeof(data));
    assert_int_equal(sha256_of((struct slice){data, sizeof(data)}, whole, NULL), 0);
    for (size_t size = 1; size <= sizeof(data); size += 111) {
        struct sha256 *hash;
        assert_int_equal(sha256_begin(&hash, NULL), 0);
        for (size_t at = 0; at < sizeof(data); at += size) {
            size_t left = sizeof(data) - at;
            struct slice piece = {.data = data + at, .bytes = left < size ? left : size};
            assert_int_equal(sha256_add(hash, piece, NULL), 0);
        }
        assert_int_equal(sha256_add(hash, slice_of(NULL), NULL), 0);
        assert_int_equal(sha256_finish(&hash, pieces, NULL), 0);
        assert_null(hash);
        assert_true(sha256_equal(whole, pieces));
    }
    pieces[31] ^= 1;
    assert_false(sha256_equal(whole, pieces));
}

static void a_hash_can_be_abandoned(void **state)
{
    (void)state;
    struct sha256 *hash;
    assert_int_equal(sha256_begin(&hash, NULL), 0);
    assert_int_equal(sha256_add(hash, SLICE("x"), NULL), 0);
    sha256_abandon(hash);
    assert_int_equal(hmac_sha256_begin(SLICE("key"), &hash, NULL), 0);
    sha256_abandon(hash);
    sha256_abandon(NULL);
}

static void without_memory_there_is_no_hash(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES];
    struct error error = {0};
    allocations_left = 0;
    assert_int_equal(sha256_of(SLICE("x"), digest, &error), ERROR_OUT_OF_MEMORY);
    assert_int_equal(hmac_sha256_of(SLICE("k"), SLICE("x"), digest, &error), ERROR_OUT_OF_MEMORY);
    allocations_left = INT_MAX;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard),
        cmocka_unit_test(the_examples_of_the_keyed_form),
        cmocka_unit_test(an_empty_key_is_a_key),
        cmocka_unit_test(pieces_are_as_good_as_the_whole),
        cmocka_unit_test(a_hash_can_be_abandoned),
        cmocka_unit_test(without_memory_there_is_no_hash),
    };
    return cmocka_run_group_tests_name("base/sha256", tests, NULL, NULL);
}
