/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/fault.h"

#include "base/check.h"

void fault_init(struct fault *fault)
{
    *fault = (struct fault){.passed = {0}};
}

void fault_arm(struct fault *fault, enum fault_kind kind, uint64_t nth)
{
    check((unsigned)kind < FAULT_KIND_COUNT);
    fault->fails[kind] = nth == 0 ? 0 : fault->passed[kind] + nth;
}

bool fault_hits(struct fault *fault, enum fault_kind kind)
{
    if (!fault)
        return false;
    check((unsigned)kind < FAULT_KIND_COUNT);
    return ++fault->passed[kind] == fault->fails[kind];
}

bool fault_came(const struct fault *fault, enum fault_kind kind)
{
    check((unsigned)kind < FAULT_KIND_COUNT);
    return fault->fails[kind] > 0 && fault->passed[kind] >= fault->fails[kind];
}
