/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"
#include "tables/errors.h"

/* splitmix64: spreads a seed over the state, as the authors of xoshiro advise; its outputs are
 * never all zero. */
static uint64_t split(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* All zeros is the one state that xoshiro never leaves. */
static void check_random(const struct random *random)
{
    check((random->state[0] | random->state[1] | random->state[2] | random->state[3]) != 0);
}

void random_init(struct random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = split(&seed);
    check_random(random);
}

int random_init_system(struct random *random)
{
    /* Up to 256 bytes come whole or not at all (getrandom(2)); it fails only where the kernel has
     * no such call. */
    if (getrandom(random->state, sizeof(random->state), 0) != (ssize_t)sizeof(random->state))
        return ERROR_SYSTEM;
    /* All zeros could come, if hardly ever. */
    random->state[0] |= 1;
    check_random(random);
    return 0;
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

uint64_t random_next(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    check(bound > 0);
    /* Numbers below 2^64 mod bound are thrown away, so that the rest divides evenly. */
    uint64_t uneven = -bound % bound;
    uint64_t number = random_next(random);
    while (number < uneven)
        number = random_next(random);
    check(number >= uneven);
    return number % bound;
}
