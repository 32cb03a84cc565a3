/* SPDX-License-Identifier: AGPL-3.0-only */

/* Has a command that works be told of SIGINT, SIGTERM and SIGHUP, so that it can end what it has
 * begun and clean up.
 *
 * Create it before what starts other threads. One a process; main thread. */

#ifndef FN0_CLI_INTERRUPTION_H
#define FN0_CLI_INTERRUPTION_H

#include "base/error.h"

struct interruption;

/* From now on `interrupt` is called for the first such signal, from a thread of its own; others are
 * ignored. The caller destroys *ret_interruption. */
int interruption_create(void (*interrupt)(void *context), void *context,
                        struct interruption **ret_interruption, struct error *error);

/* Ends it: `interrupt` is not called any more. Returns the signal that came, or 0. */
int interruption_destroy(struct interruption *interruption);

#endif
