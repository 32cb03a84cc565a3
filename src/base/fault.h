/* SPDX-License-Identifier: AGPL-3.0-only */

/* Faults counted down, so that a test can fail the Nth operation of a kind for every N and see that
 * nothing leaks or breaks. A parameter, not a global: whoever can fail takes a struct fault, and
 * NULL, which production hands in, never fails. One thread at a time. */

#ifndef FN0_BASE_FAULT_H
#define FN0_BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* What can be made to fail. Each kind is counted by itself. */
enum fault_kind {
    FAULT_ALLOCATION,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_CONNECT,
    FAULT_BRIDGE, /* a call of the bridge */
    FAULT_KIND_COUNT
};

/* Embedded in a test; its members are for the functions below. */
struct fault {
    uint64_t passed[FAULT_KIND_COUNT]; /* operations so far, failed ones included */
    uint64_t fails[FAULT_KIND_COUNT];  /* which one will fail, from 1; 0: none */
};

/* Nothing fails; operations are counted. */
void fault_init(struct fault *fault);

/* Lets the `nth` operation of a kind from now on fail: 1 is the next one. Only that one; 0: none.
 */
void fault_arm(struct fault *fault, enum fault_kind kind, uint64_t nth);

/* Asked right before each operation: whether this one must fail. `fault` NULL: never. */
bool fault_hits(struct fault *fault, enum fault_kind kind);

/* Whether the armed fault of a kind has come: when a run ends without, a test has tried every N. */
bool fault_came(const struct fault *fault, enum fault_kind kind);

#endif
