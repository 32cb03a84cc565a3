/* SPDX-License-Identifier: AGPL-3.0-only */

/* State machines as tables: the states, the moves that are allowed, each move traced with the time
 * spent before it.
 *
 * A machine is one static table; each connection, call or instance embeds a struct state. A move
 * that the table does not have is a defect, and ends the process (check.h). One thread at a time.
 */

#ifndef FN0_BASE_STATE_H
#define FN0_BASE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define STATE_COUNT_MAX 32

/* The set of states that can be moved to: STATE_TO(A) | STATE_TO(B). */
#define STATE_TO(state) (1u << (state))

/* A machine: its rows stand at the numbers of an enum. Static. */
struct state_row {
    const char *name;
    uint32_t moves; /* STATE_TO(…) of those that may follow; 0: the end */
};
struct state_machine {
    const char *name; /* "connection", "call" */
    const struct state_row *rows;
    unsigned count; /* up to STATE_COUNT_MAX */
};

/* Told of each move, right after it: from which state to which, and how long the first one lasted
 * (monotonic). Called on the thread that moves, from within state_move. */
typedef void (*state_trace)(void *context, const struct state_machine *machine, unsigned from,
                            unsigned to, uint64_t spent_ns);

/* Where one thing stands. */
struct state {
    const struct state_machine *machine;
    unsigned now;
    uint64_t since_ns;
    state_trace trace; /* may be NULL */
    void *context;
};

/* Stands at `first` since `now_ns` (monotonic), which is not traced. `machine` is borrowed for as
 * long as the state is used, and so is `context`. `trace` may be NULL. */
void state_init(struct state *state, const struct state_machine *machine, unsigned first,
                uint64_t now_ns, state_trace trace, void *context);

/* Whether the table has this move. */
bool state_may(const struct state *state, unsigned to);

/* Moves, and traces it. The table must have the move, also one to where it stands already. A time
 * before the last move counts as none spent. */
void state_move(struct state *state, unsigned to, uint64_t now_ns);

/* The name of where it stands; static. */
const char *state_name(const struct state *state);

#endif
