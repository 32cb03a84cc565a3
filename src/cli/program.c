/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/program.h"

#include <stdio.h>

enum exit_status program_fail(const struct program *program, const char *command,
                              const struct error *error)
{
    dprintf(program->errors, "fn0: %s\n", error->message);
    if (error->code == ERROR_USAGE)
        dprintf(program->errors, "Try 'fn0%s%s --help'.\n", command ? " " : "",
                command ? command : "");
    return error->code == ERROR_USAGE || error->code == ERROR_CONFIGURATION ? EXIT_STATUS_USAGE
                                                                            : EXIT_STATUS_FAILED;
}
