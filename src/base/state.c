/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/state.h"

#include <assert.h>

#include "base/check.h"

/* A row's moves are the bits of a uint32_t. */
static_assert(STATE_COUNT_MAX <= 32, "a set of moves has a bit for each state");

void state_init(struct state *state, const struct state_machine *machine, unsigned first,
                uint64_t now_ns, state_trace trace, void *context)
{
    check(machine->count > 0 && machine->count <= STATE_COUNT_MAX);
    check(first < machine->count && machine->rows[first].name);
    *state = (struct state){
        .machine = machine, .now = first, .since_ns = now_ns, .trace = trace, .context = context};
}

bool state_may(const struct state *state, unsigned to)
{
    return to < state->machine->count && (state->machine->rows[state->now].moves & STATE_TO(to));
}

void state_move(struct state *state, unsigned to, uint64_t now_ns)
{
    check(state_may(state, to));
    unsigned from = state->now;
    uint64_t spent_ns = now_ns > state->since_ns ? now_ns - state->since_ns : 0;
    state->now = to;
    state->since_ns = now_ns;
    if (state->trace)
        state->trace(state->context, state->machine, from, to, spent_ns);
}

const char *state_name(const struct state *state)
{
    check(state->now < state->machine->count);
    return state->machine->rows[state->now].name;
}
