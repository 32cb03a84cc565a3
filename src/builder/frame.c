/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/frame.h"

int frame_append(struct buffer *buffer, const struct frame *frame)
{
    int code = buffer_print(buffer, "fn0-javascript 1 %s %zu %zu %zu\n", frame->stage,
                            frame->name.bytes, frame->source.bytes, frame->map.bytes);

    if (code == 0)
        code = buffer_append(buffer, frame->name);
    if (code == 0)
        code = buffer_append(buffer, frame->source);
    return code == 0 ? buffer_append(buffer, frame->map) : code;
}
