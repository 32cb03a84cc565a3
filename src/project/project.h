/* SPDX-License-Identifier: AGPL-3.0-only */

/* A project: the folder of a function's source, with fn0.toml in it, as `fn0 build`, `dev`, `test`
 * and `config` work in it.
 *
 * The file is looked for in a folder and in those above it, so a command works anywhere in a
 * project. What its keys are (name, main, component, [build], [limits], [environment], …) stands in
 * tables/configuration.h and docs/configuration.md, and is read by base/configuration.h; this
 * module adds what stands above the file, and resolves what the whole means.
 *
 * What stands above what: a flag, then the environment (FN0_LIMITS_CPU, see project/variables.h),
 * then `.env` beside fn0.toml, then fn0.toml, then the defaults. `.env` also holds variables of the
 * function's environment which are nobody's business; they stand above those of [environment].
 *
 * A project is made once, does not change, and shares nothing with what it was made of; who sees
 * fn0.toml or .env change makes another one. Any thread. */

#ifndef FN0_PROJECT_PROJECT_H
#define FN0_PROJECT_PROJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/configuration.h"
#include "base/error.h"
#include "tables/languages.h"

#define PROJECT_FILE "fn0.toml"
#define PROJECT_DOTENV ".env"

/* Where builds go, in the project's folder; no source of anything, and not for git. */
#define PROJECT_FOLDER ".fn0"
#define PROJECT_DEVELOPMENT_FOLDER PROJECT_FOLDER "/development"

/* Its members are read only. All texts are terminated; paths are absolute but where said. */
struct project {
    struct arena arena; /* owns the texts */
    const char *folder; /* the one with fn0.toml */
    const char *file;   /* fn0.toml */
    const char *shown;  /* … as it is shown to people: seen from where it was looked for */
    const char *dotenv; /* .env, whether it is there or not; `shown_dotenv` as above */
    const char *shown_dotenv;
    const char *name;       /* of the function */
    enum language language; /* LANGUAGE_AUTO: whatever `command` knows */
    const char *main;       /* the source; NULL where the language's tool finds it, or `command` */
    const char *command;    /* [build] command, run by sh in `folder`; NULL: the language's tool */
    const char *component;  /* what is built; may not be there yet */
    const char *sources;    /* where project/sources.h keeps what the component was made of */
    const char *shown_component;                 /* seen from `folder` where it is in there */
    struct project_configuration *configuration; /* all the rest, [limits] and [environment] too */
};

struct project_options {
    const char *folder;                     /* where to look first; NULL: this one */
    const char *const *environment;         /* NULL-terminated NAME=VALUE; NULL: none */
    const struct configuration_flag *flags; /* may be NULL; those of a host's keys are left out */
    size_t flag_count;
    /* The component is one of its own in PROJECT_DEVELOPMENT_FOLDER, unless [build] command makes
     * it: what is developed never gets where something is deployed from. */
    bool development;
};

/* Finds and reads a project. ERROR_NOT_FOUND where no folder holds an fn0.toml;
 * ERROR_CONFIGURATION, ERROR_USAGE (a flag, a variable of the environment) with file, line and what
 * was expected; ERROR_SYSTEM, ERROR_OUT_OF_MEMORY. The caller destroys *ret_project, which is NULL
 * after a failure. What the keys name (main, component) need not be there. */
int project_create(const struct project_options *options, struct project **ret_project,
                   struct error *error);

/* NULL is fine. */
void project_destroy(struct project *project);

/* Makes the configuration of a host that serves the project's function and nothing else, as `fn0
 * serve COMPONENT` would: its component, limits, environment and the rest, what it may reach though
 * it is not public ([outbound] allow), the function's maxima no lower than what it asks for; and of
 * `flags` those that are of a host's keys (the others have done their work in project_create).
 * Errors as of host_configuration_create; the caller destroys *ret_configuration. */
int project_make_host(const struct project *project, const struct configuration_flag *flags,
                      size_t flag_count, struct host_configuration **ret_configuration,
                      struct error *error);

/* The first limit for which the function asks more than a host allows that nobody has configured;
 * LIMIT_COUNT: none. */
enum limit project_limit_above_stock(const struct project *project);

#endif
