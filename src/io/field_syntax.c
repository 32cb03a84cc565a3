/* SPDX-License-Identifier: AGPL-3.0-only */

#include "io/field_syntax.h"

static const struct slice hop_by_hop[] = {
    {"connection", 10},        {"keep-alive", 10}, {"proxy-connection", 16},
    {"transfer-encoding", 17}, {"te", 2},          {"upgrade", 7},
};

bool field_name_valid(struct slice name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        unsigned char byte = (unsigned char)name.data[i];
        if (byte <= ' ' || byte >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", byte))
            return false;
    }
    return name.bytes > 0;
}

bool field_value_valid(struct slice value)
{
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

bool field_is_hop_by_hop(struct slice name)
{
    for (size_t i = 0; i < sizeof(hop_by_hop) / sizeof(hop_by_hop[0]); i++)
        if (slice_equal_ignoring_case(name, hop_by_hop[i]))
            return true;
    return false;
}
