/* SPDX-License-Identifier: AGPL-3.0-only */

/* Random numbers as a parameter, so that a test can repeat them. Whoever draws has a struct of its
 * own: a worker, a test. Not for keys: those come from OpenSSL. */

#ifndef FN0_BASE_RANDOM_H
#define FN0_BASE_RANDOM_H

#include <stdint.h>

/* xoshiro256**; embedded, one owner thread. */
struct random {
    uint64_t state[4];
};

/* The same seed gives the same numbers. */
void random_init(struct random *random, uint64_t seed);

/* Seeds from the system (getrandom). Returns 0 or ERROR_SYSTEM. */
int random_init_system(struct random *random);

/* The next 64 bits, each as likely set as not. Never fails. */
uint64_t random_next(struct random *random);

/* A number from 0 to `bound` - 1, each as likely. `bound` over 0. */
uint64_t random_below(struct random *random, uint64_t bound);

#endif
