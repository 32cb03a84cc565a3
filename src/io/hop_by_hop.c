/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/hop_by_hop.h"

static const struct slice hop_by_hop[] = {
    {"connection", 10},        {"keep-alive", 10}, {"proxy-connection", 16},
    {"transfer-encoding", 17}, {"te", 2},          {"upgrade", 7},
};

bool field_is_hop_by_hop(struct slice name)
{
    for (size_t i = 0; i < sizeof(hop_by_hop) / sizeof(hop_by_hop[0]); i++)
        if (slice_equal_ignoring_case(name, hop_by_hop[i]))
            return true;
    return false;
}
