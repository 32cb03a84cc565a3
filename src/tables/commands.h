/* SPDX-License-Identifier: AGPL-3.0-only */

/* Every command of the program `fn0`, once, and those of their options that are no key of the
 * configuration (the others stand in tables/configuration.h). The help texts and the reading of
 * command lines are made from these rows. */

#ifndef FN0_TABLES_COMMANDS_H
#define FN0_TABLES_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "tables/configuration.h"

/* X(name, word, arguments, keys, help)
 *   name       COMMAND_… in code
 *   word       what is typed: fn0 WORD
 *   arguments  what follows it, as usage shows it
 *   keys       whose flags of tables/configuration.h it takes: see enum command_keys
 *   help       one line, no full stop; NULL: not for people, and not listed */
#define COMMAND_TABLE(X)                                                                          \
    X(COMMAND_INIT, "init", "[options] [DIR]", NONE, "make a new project of a template")          \
    X(COMMAND_DEV, "dev", "[options]", LOCAL,                                                     \
      "serve a project's function while it is written: build it again at each change")            \
    X(COMMAND_BUILD, "build", "[options] [SCRIPT]", NONE,                                         \
      "make the component of a project, or of one script in JavaScript or TypeScript")            \
    X(COMMAND_TEST, "test", "[options] [-- WORD...]", LOCAL,                                      \
      "build a project, serve its function and run its tests")                                    \
    X(COMMAND_CONFIG, "config", "[options]", PROJECT,                                             \
      "show what a project's fn0.toml and all that stands above it say")                          \
    X(COMMAND_DOCTOR, "doctor", "[options] [LANGUAGE...]", NONE,                                  \
      "say for which languages the tools are here")                                               \
    X(COMMAND_COMPLETION, "completion", "bash|zsh|fish", NONE,                                    \
      "print what completes these words in a shell")                                              \
    X(COMMAND_SERVE, "serve", "[options] [COMPONENT.wasm]", HOST, "serve functions over HTTP")    \
    X(COMMAND_BUILD_ENGINE, "build-engine", "[options] ENGINE.wasm LIBRARY.js -o OUT.wasm", NONE, \
      NULL)

/* X(name, command, flag, argument, help)
 *   name      OPTION_… in code
 *   command   whose option it is; COMMAND_NONE: of the program itself
 *   flag      as typed
 *   argument  what the help shows behind it; NULL: takes none
 *   help      one line, no full stop */
#define COMMAND_OPTION_TABLE(X)                                                                    \
    X(OPTION_PROGRAM_HELP, COMMAND_NONE, "--help", NULL, "show this text")                         \
    X(OPTION_PROGRAM_VERSION, COMMAND_NONE, "--version", NULL, "show the version")                 \
    X(OPTION_SERVE_CONFIG, COMMAND_SERVE, "--config", "FILE",                                      \
      "read the configuration (TOML); flags stand above it")                                       \
    X(OPTION_SERVE_HELP, COMMAND_SERVE, "--help", NULL, "show this text")                          \
    X(OPTION_BUILD_OUT, COMMAND_BUILD, "-o", "OUT.wasm",                                           \
      "where the component goes (default: as fn0.toml says, or SCRIPT's name with .wasm)")         \
    X(OPTION_BUILD_DEVELOPMENT, COMMAND_BUILD, "--development", NULL,                              \
      "keep sources for pages of errors, and set NODE_ENV to development")                         \
    X(OPTION_BUILD_FORCE, COMMAND_BUILD, "--force", NULL,                                          \
      "build the project though nothing has changed")                                              \
    X(OPTION_BUILD_START_CPU, COMMAND_BUILD, "--start-cpu", "TIME",                                \
      "CPU time that the start may take, or evaluating the script (default: 1s)")                  \
    X(OPTION_BUILD_CACHE_DIR, COMMAND_BUILD, "--cache-dir", "DIR",                                 \
      "where the compiled engine is kept (default: as of fn0 serve)")                              \
    X(OPTION_BUILD_JSON, COMMAND_BUILD, "--json", NULL, "print what was made as one line of JSON") \
    X(OPTION_BUILD_HELP, COMMAND_BUILD, "--help", NULL, "show this text")                          \
    X(OPTION_INIT_TEMPLATE, COMMAND_INIT, "--template", "NAME",                                    \
      "javascript, typescript, hono, rust, c, python; asked for on a terminal")                    \
    X(OPTION_INIT_NAME, COMMAND_INIT, "--name", "NAME",                                            \
      "the function's name (default: that of the folder)")                                         \
    X(OPTION_INIT_HELP, COMMAND_INIT, "--help", NULL, "show this text")                            \
    X(OPTION_DEV_JSON, COMMAND_DEV, "--json", NULL, "print each event as one line of JSON")        \
    X(OPTION_DEV_HELP, COMMAND_DEV, "--help", NULL, "show this text")                              \
    X(OPTION_TEST_JSON, COMMAND_TEST, "--json", NULL,                                              \
      "print how it ended as one line of JSON; the tests' own output goes to stderr")              \
    X(OPTION_TEST_HELP, COMMAND_TEST, "--help", NULL, "show this text")                            \
    X(OPTION_CONFIG_RESOLVED, COMMAND_CONFIG, "--resolved", NULL, "show the defaults, too")        \
    X(OPTION_CONFIG_JSON, COMMAND_CONFIG, "--json", NULL, "print one line of JSON")                \
    X(OPTION_CONFIG_HELP, COMMAND_CONFIG, "--help", NULL, "show this text")                        \
    X(OPTION_DOCTOR_JSON, COMMAND_DOCTOR, "--json", NULL, "print one line of JSON")                \
    X(OPTION_DOCTOR_HELP, COMMAND_DOCTOR, "--help", NULL, "show this text")                        \
    X(OPTION_COMPLETION_HELP, COMMAND_COMPLETION, "--help", NULL, "show this text")                \
    X(OPTION_BUILD_ENGINE_OUT, COMMAND_BUILD_ENGINE, "-o", "OUT.wasm",                             \
      "where the engine with its library goes")                                                    \
    X(OPTION_BUILD_ENGINE_CACHE_DIR, COMMAND_BUILD_ENGINE, "--cache-dir", "DIR",                   \
      "where the compiled engine is kept")

/* Each row's number; 0 is no command. */
enum command {
    COMMAND_NONE,
#define COMMAND_ROW(name, word, arguments, keys, help) name,
    COMMAND_TABLE(COMMAND_ROW)
#undef COMMAND_ROW
        COMMAND_COUNT
};

/* Each row's number. */
enum command_option {
#define COMMAND_OPTION_ROW(name, command, flag, argument, help) name,
    COMMAND_OPTION_TABLE(COMMAND_OPTION_ROW)
#undef COMMAND_OPTION_ROW
        COMMAND_OPTION_COUNT
};

/* Whose keys a command has flags for. */
enum command_keys {
    COMMAND_KEYS_NONE,
    COMMAND_KEYS_HOST,    /* a host's and its functions' */
    COMMAND_KEYS_PROJECT, /* a project's and its function's, and --limits */
    COMMAND_KEYS_LOCAL,   /* the same, and those of a host that serves one project */
};

/* One row of each. The strings are static. */
struct command_info {
    enum command command;
    const char *word;
    const char *arguments;
    enum command_keys keys;
    const char *help;
};
struct command_option_info {
    enum command_option option;
    enum command command;
    const char *flag;
    const char *argument;
    const char *help;
};

/* The row of a command; NULL for COMMAND_NONE and past the end. Any thread. */
const struct command_info *command_info(enum command command);

/* Whether a command has the flag of a key. Any thread. */
bool command_takes_key(enum command command, const struct configuration_info *row);

/* The command of a word, or COMMAND_NONE. Any thread. */
enum command command_of_word(const char *word);

/* The row of an option; NULL past the end. Any thread. */
const struct command_option_info *command_option_info(enum command_option option);

/* The row of a flag of a command (COMMAND_NONE: of the program), or NULL. Any thread. */
const struct command_option_info *command_option_of_flag(enum command command, const char *flag);

#endif
