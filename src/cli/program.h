/* SPDX-License-Identifier: AGPL-3.0-only */

/* What every command of `fn0` is handed: the root objects that src/main.c owns, and how a command
 * says how it ended.
 *
 * A command is one file with one function: it takes the program and the words behind its own, says
 * what went wrong by program_fail, once and at the top, and returns the process's exit status. It
 * reads no clock, no random numbers and no environment but through the program.
 *
 * Main thread. */

#ifndef FN0_CLI_PROGRAM_H
#define FN0_CLI_PROGRAM_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

/* What the process ends with (docs/operating.md). A second signal ends it with 128 and its number.
 */
enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_FAILED = 1, /* it could not do, or go on with, what it was asked for */
    EXIT_STATUS_USAGE = 2,  /* the command line or the configuration is wrong */
};

/* The root objects; borrowed by commands. */
struct program {
    const struct clock *clock;
    struct random *random;
    int output; /* descriptors of stdout and stderr */
    int errors;
    bool colour;                    /* NO_COLOR is not set */
    const char *const *environment; /* NAME=VALUE; ended by NULL */
    const char *certificates;       /* SSL_CERT_FILE, else SSL_CERT_DIR; NULL: neither is set */
};

/* Says "fn0: MESSAGE" on stderr, with how to get help where the usage was wrong; `command` is the
 * word of the command, NULL: of none. Returns the status that the error ends the process with:
 * EXIT_STATUS_USAGE for ERROR_USAGE and ERROR_CONFIGURATION, else EXIT_STATUS_FAILED. */
enum exit_status program_fail(const struct program *program, const char *command,
                              const struct error *error);

#endif
