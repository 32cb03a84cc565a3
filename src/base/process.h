/* SPDX-License-Identifier: AGPL-3.0-only */

/* A child process that one thread waits for and any other can end.
 *
 * A terminal's Ctrl-C does not reach a child with a group of its own: who gives it one cancels it.
 *
 * One after the other, never two at a time. The child begins with no signal blocked, has the
 * caller's standard streams, and nothing else is open in it but the descriptors it is given.
 *
 * Threads: process_run, or process_start and then process_wait, on one thread; process_kill and
 * process_cancel from any. */

#ifndef FN0_BASE_PROCESS_H
#define FN0_BASE_PROCESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* The child's first descriptor of those that it is given. */
#define PROCESS_DESCRIPTOR_FIRST 3
#define PROCESS_DESCRIPTORS_MAX 8

/* Embedded. */
struct process {
    pthread_mutex_t mutex;
    pid_t child; /* 0: none */
    bool group;  /* the child leads one */
    bool gentle;
    bool cancelled;
};

struct process_options {
    const char *program;    /* a path, or without a slash a name that is looked for on PATH */
    char *const *words;     /* ended by NULL; the first is what the child is told of its name */
    const int *descriptors; /* borrowed: in the child 3, 4, … in this order */
    size_t descriptor_count;
    int errors;               /* a descriptor that is its stderr; 0: the caller's */
    bool output_to_errors;    /* its stdout is its stderr */
    const char *folder;       /* where it works; NULL: where the caller does */
    char *const *environment; /* NAME=VALUE, the last NULL; NULL: the caller's */
    bool group;  /* it leads a group of its own, which is killed with all that it started */
    bool gentle; /* process_cancel asks it to end (SIGTERM) and gives it a moment to clean up */
};

/* That moment. */
#define PROCESS_GRACE_MS 1000

/* A copy of an environment with `variable` ("NAME=VALUE") in it, in place of what had its name; all
 * texts are borrowed. NULL without memory; the caller frees the array. Any thread. */
char **process_environment(const char *const *environment, const char *variable);

/* Readies it. Returns 0 or ERROR_OUT_OF_MEMORY. */
int process_init(struct process *process, struct error *error);

/* No child may run. */
void process_fini(struct process *process);

/* Starts a child, to be waited for. Errors as of process_run. */
int process_start(struct process *process, const struct process_options *options,
                  struct error *error);

/* Waits for the end of the one that was started, of which `name` is shown. As process_run. */
int process_wait(struct process *process, const char *name, int *ret_status, struct error *error);

/* Starts a child, waits for its end and sets *ret_status as waitpid(2) does. ERROR_NOT_FOUND where
 * there is no such program, ERROR_CLOSED after process_cancel, ERROR_SYSTEM, ERROR_OUT_OF_MEMORY.
 */
int process_run(struct process *process, const struct process_options *options, int *ret_status,
                struct error *error);

/* Kills the child that runs, or its group, if any. Any thread. */
void process_kill(struct process *process);

/* The same, and every process_run that ends or begins later is ERROR_CLOSED. A gentle one has to be
 * waited for meanwhile. Any thread. */
void process_cancel(struct process *process);

#endif
