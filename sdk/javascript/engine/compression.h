/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CompressionStream and DecompressionStream are made of: bytes through a compressor, a chunk
 * at a time.
 */
#ifndef FN0_JAVASCRIPT_COMPRESSION_H
#define FN0_JAVASCRIPT_COMPRESSION_H

#include "quickjs.h"

/*
 * Sets native.CompressionFlow: `new CompressionFlow(format, decompress)` with the names of the
 * standard ("gzip", "deflate", "deflate-raw"; another throws a TypeError), then push(bytes) for
 * each chunk and finish() at the end. Both give an array of Uint8Array, what came out; what is
 * malformed, cut off or followed by more throws a TypeError. 0, or -1 with an exception.
 */
int compression_register(JSContext *context, JSValueConst native);

#endif
