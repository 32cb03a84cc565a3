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

#ifdef __cplusplus
}
#endif

#endif
