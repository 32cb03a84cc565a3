/* SPDX-License-Identifier: AGPL-3.0-only */

/* Turns the bridge's wakes into calls on the worker's thread.
 *
 * A wake may come from any thread, from within the bridge on the worker's own, and late, when its
 * object is gone. So it carries no pointer but a token: a slot of a table and the generation of
 * that slot. On the worker's own thread the object's owner is told at once, without a system call;
 * from other threads the slot is put on a list without a lock, and the loop is sent a message.
 *
 * Life: the table's memory must outlive the last wake, which may come as long as the engine lives;
 * so after wakes_close the table is left to the engine, which destroys it at its own end.
 *
 * Threads: the worker's, but for wakes_wake. */

#ifndef FN0_RUNTIME_WAKES_H
#define FN0_RUNTIME_WAKES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"
#include "runtime/engine.h"

struct wakes;

/* Told on the worker's thread that `object` was woken; may come from within the bridge. */
typedef void (*wakes_woken)(void *context, void *object);

/* `loop` and `context` must stay until wakes_settled has said true. */
int wakes_create(struct loop *loop, wakes_woken woken, void *context, struct wakes **ret_wakes,
                 struct error *error);

/* A token for an object; 0 when there is no memory (or 65,536 tokens are in use). */
uint64_t wakes_take(struct wakes *wakes, void *object);

/* The object is gone: wakes with this token do nothing from now on. */
void wakes_give(struct wakes *wakes, uint64_t token);

/* What the bridge is given as its fn0_wake; `context` is the struct wakes. Any thread. */
void wakes_wake(void *context, uint64_t token);

/* From now on wakes do nothing. No token may be in use. */
void wakes_close(struct wakes *wakes);

/* After wakes_close: whether no other thread is within wakes_wake on its way to the loop, and no
 * message of it is under way; soon true. The loop may then go. */
bool wakes_settled(struct wakes *wakes);

/* Leaves a settled table to the engine; the pointer is invalid. */
void wakes_leave(struct wakes *wakes, struct engine *engine);

/* Frees a table of which no engine knows any more, or never did. NULL is fine. */
void wakes_destroy(struct wakes *wakes);

#endif
