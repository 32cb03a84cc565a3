/* SPDX-License-Identifier: AGPL-3.0-only */

/* Feeds the HTTP server's parser with the bytes of a connection, whole, byte by byte, and cut at
 * places that the input chooses: what it makes of them must be the same each time. What a head may
 * look like when the parser lets it through is checked by tests/unit/http/transcript.h.
 *
 * The first byte of an input seeds the cuts; of the second, the lowest bits choose the head's
 * bound. */

#include "../unit/http/transcript.h"

static size_t cut_single_bytes(void *context, size_t left)
{
    (void)context;
    (void)left;
    return 1;
}

static size_t cut_by_seed(void *context, size_t left)
{
    uint32_t *seed = context;
    *seed = *seed * 1664525u + 1013904223u;
    size_t bytes = 1 + (*seed >> 24) % 24;
    return bytes < left ? bytes : left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const size_t bounds[] = {131072, 64, 256, 16};
    if (bytes < 2)
        return 0;
    uint32_t seed = data[0];
    size_t head_bytes_max = bounds[data[1] % 4];
    struct slice input = {.data = (const char *)data + 2, .bytes = bytes - 2};
    char *whole = transcript_make(input, head_bytes_max, NULL, NULL);
    char *single = transcript_make(input, head_bytes_max, cut_single_bytes, NULL);
    char *seeded = transcript_make(input, head_bytes_max, cut_by_seed, &seed);
    check(strcmp(whole, single) == 0);
    check(strcmp(whole, seeded) == 0);
    free(whole);
    free(single);
    free(seeded);
    return 0;
}
