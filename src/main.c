/* SPDX-License-Identifier: AGPL-3.0-only */

/* The program `fn0`: chooses the command and owns the root objects that commands borrow. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/random.h"
#include "cli/build.h"
#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/dev.h"
#include "cli/doctor.h"
#include "cli/help.h"
#include "cli/init.h"
#include "cli/program.h"
#include "cli/serve.h"
#include "cli/test.h"
#include "runtime/compiler.h"
#include "tables/commands.h"
#include "tables/release.h"

static enum exit_status fail_unknown(const struct program *program, const char *word)
{
    struct error error;
    struct nearest nearest;
    nearest_init(&nearest, word);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        if (command_info((enum command)i)->help)
            nearest_offer(&nearest, command_info((enum command)i)->word);
    }
    if (nearest.best)
        error_set(&error, ERROR_USAGE, "unknown command '%s': did you mean '%s'?", word,
                  nearest.best);
    else
        error_set(&error, ERROR_USAGE, "unknown command '%s'", word);
    return program_fail(program, NULL, &error);
}

static enum exit_status run_command(const struct program *program, enum command command, int count,
                                    const char *const *words)
{
    switch (command) {
    case COMMAND_SERVE:
        return serve_run(program, count, words);
    case COMMAND_DEV:
        return dev_run(program, count, words);
    case COMMAND_BUILD:
        return build_run(program, count, words);
    case COMMAND_BUILD_ENGINE:
        return build_engine_run(program, count, words);
    case COMMAND_DOCTOR:
        return doctor_run(program, count, words);
    case COMMAND_COMPLETION:
        return completion_run(program, count, words);
    case COMMAND_TEST:
        return test_run(program, count, words);
    case COMMAND_INIT:
        return init_run(program, count, words);
    case COMMAND_CONFIG:
        return config_run(program, count, words);
    case COMMAND_NONE:
    case COMMAND_COUNT:
        break;
    }
    return fail_unknown(program, words[-1]);
}

/* Chooses by the words behind the program's name. */
static enum exit_status choose(const struct program *program, int count, const char *const *words)
{
    struct error error;
    struct command_line line;
    if (command_line_init(&line, COMMAND_NONE, count, words, &error) < 0)
        return program_fail(program, NULL, &error);
    enum exit_status status;
    if (line.options[OPTION_PROGRAM_HELP]) {
        status = help_show(program, COMMAND_NONE);
    } else if (line.options[OPTION_PROGRAM_VERSION]) {
        bool printed = dprintf(program->output, "fn0 %s\n", FN0_RELEASE) > 0;
        status = printed ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
    } else if (line.word_count == 0) {
        error_set(&error, ERROR_USAGE, "a command is missing");
        status = program_fail(program, NULL, &error);
    } else {
        int used = 0;
        while (words[used++] != line.words[0])
            ;
        status = run_command(program, command_of_word(line.words[0]), count - used, words + used);
    }
    command_line_fini(&line);
    return status;
}

/* Whoever started the program may have closed some of them: sockets and files that are opened later
 * would take their places, and be written the log. */
static bool hold_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor)
            return false;
    }
    return true;
}

/* What a variable of the environment says; NULL where it is not set, or to nothing. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* Whom OpenSSL's users trust instead of the system's store; libcurl leaves it to its program. */
static const char *trusted_certificates(void)
{
    const char *file = variable("SSL_CERT_FILE");
    return file ? file : variable("SSL_CERT_DIR");
}

int main(int argc, char **argv)
{
    if (!hold_standard_descriptors())
        return EXIT_STATUS_FAILED;
    if (argc > 1 && strcmp(argv[1], COMPILER_COMMAND) == 0)
        return compiler_main(argc, argv);
    struct random random;
    /* A client that goes away is an error of a write, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    const struct program program = {
        .clock = clock_system(),
        .random = &random,
        .output = STDOUT_FILENO,
        .errors = STDERR_FILENO,
        .colour = getenv("NO_COLOR") == NULL,
        .environment = (const char *const *)environ,
        .certificates = trusted_certificates(),
    };
    if (random_init_system(&random) < 0) {
        dprintf(STDERR_FILENO, "fn0: the system has no random numbers\n");
        return EXIT_STATUS_FAILED;
    }
    return (int)choose(&program, argc > 0 ? argc - 1 : 0, (const char *const *)argv + 1);
}
