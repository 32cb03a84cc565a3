/* SPDX-License-Identifier: AGPL-3.0-only */

/* Which variable stands for which key of fn0.toml: FN0_ and the key in capitals, with a '_' for
 * each point: FN0_LIMITS_CPU is limits.cpu, FN0_ENVIRONMENT_NAME is NAME of [environment]. A list
 * is written with commas.
 *
 * In the environment any other variable means nothing here. In `.env` a name that begins with FN0_
 * must be that of a key, and every other one is a variable of the function's environment. Any
 * thread. */

#ifndef FN0_PROJECT_VARIABLES_H
#define FN0_PROJECT_VARIABLES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/configuration.h"
#include "base/error.h"
#include "tables/configuration.h"

#define VARIABLE_NAME_BYTES 80

/* What variables say, in the order in which they are to be read. */
struct variables {
    struct configuration_flag *flags; /* in the arena */
    size_t count;
};

/* Writes the variable of a key that a project may hold; that of environment.* ends in '_'. Returns
 * `name`. */
char *variable_name(const struct configuration_info *row, char name[VARIABLE_NAME_BYTES]);

/* Reads the text of a .env file (`path` is for messages), then an environment (NULL-terminated
 * texts NAME=VALUE, borrowed as long as *ret_variables lives; NULL: none). ERROR_CONFIGURATION says
 * "path:line: what is wrong", with what may have been meant. ERROR_OUT_OF_MEMORY. */
int variables_read(const char *path, struct slice dotenv, const char *const *environment,
                   struct arena *arena, struct variables *ret_variables, struct error *error);

#endif
