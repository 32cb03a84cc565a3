/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a tool says, passed on as it comes and kept as well, for who asks later.
 *
 * A tool writes into a pipe that a thread reads. What it has started in the background (a server of
 * compiled code, say) may hold the pipe for ever: the end is told, not waited for.
 *
 * transcript_begin, transcript_end and transcript_add on one thread, the rest when there is no
 * other use. */

#ifndef FN0_BUILDER_TRANSCRIPT_H
#define FN0_BUILDER_TRANSCRIPT_H

#include <pthread.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

/* What is kept of all that is said: the beginning, where compilers say what counts. */
#define TRANSCRIPT_BYTES_MAX 65536

/* Embedded. */
struct transcript {
    struct buffer said;
    int to;      /* descriptors: where it is passed on */
    int pipe[2]; /* -1: no tool runs */
    int end;
    pthread_t thread;
};

/* Begins empty; what is said goes to `to`, too. */
void transcript_init(struct transcript *transcript, int to);

/* No tool may run. */
void transcript_fini(struct transcript *transcript);

/* Forgets what was said. */
void transcript_clear(struct transcript *transcript);

/* Readies a pipe for a tool; *ret_descriptor is what is to be its stderr, until transcript_end.
 * ERROR_SYSTEM. */
int transcript_begin(struct transcript *transcript, int *ret_descriptor, struct error *error);

/* The tool has ended: what it has said is there. */
void transcript_end(struct transcript *transcript);

/* Passes on and keeps a text. */
void transcript_add(struct transcript *transcript, struct slice text);

/* All that was said since it was cleared, without what colours it. Valid until more is said. */
struct slice transcript_said(const struct transcript *transcript);

#endif
