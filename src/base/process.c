/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

/* Copies of the descriptors lie from here on, so that giving the child one never takes another's
 * number away. */
#define COPY_FIRST (PROCESS_DESCRIPTOR_FIRST + PROCESS_DESCRIPTORS_MAX)

int process_init(struct process *process, struct error *error)
{
    *process = (struct process){.child = 0};
    return pthread_mutex_init(&process->mutex, NULL) == 0 ? 0 : error_set_memory(error);
}

void process_fini(struct process *process)
{
    check(process->child == 0);
    pthread_mutex_destroy(&process->mutex);
}

static void kill_child(struct process *process, bool cancel)
{
    pthread_mutex_lock(&process->mutex);
    process->cancelled = process->cancelled || cancel;
    if (process->child != 0)
        kill(process->group ? -process->child : process->child, SIGKILL);
    pthread_mutex_unlock(&process->mutex);
}

void process_kill(struct process *process)
{
    kill_child(process, false);
}

void process_cancel(struct process *process)
{
    kill_child(process, true);
}

/* Answers what errno says. */
static int spawn_with(const struct process_options *options, const int *copies, pid_t *ret_child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none, defaults;
    int number;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    number = posix_spawnattr_init(&attributes);
    if (number != 0)
        goto fail_attributes;
    number = posix_spawnattr_setsigmask(&attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setsigdefault(&attributes, &defaults);
    if (options->group)
        flags |= POSIX_SPAWN_SETPGROUP;
    if (number == 0)
        number = posix_spawnattr_setflags(&attributes, flags);
    for (size_t i = 0; i < options->descriptor_count && number == 0; i++)
        number = posix_spawn_file_actions_adddup2(&actions, copies[i],
                                                  PROCESS_DESCRIPTOR_FIRST + (int)i);
    if (number == 0 && options->errors != 0)
        number = posix_spawn_file_actions_adddup2(&actions, options->errors, STDERR_FILENO);
    if (number == 0 && options->output_to_errors)
        number = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (number == 0 && options->folder != NULL)
        number = posix_spawn_file_actions_addchdir_np(&actions, options->folder);
    if (number == 0)
        number = posix_spawnp(ret_child, options->program, &actions, &attributes, options->words,
                              options->environment != NULL ? options->environment : environ);
    posix_spawnattr_destroy(&attributes);
fail_attributes:
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

/* Starts the child. Answers what errno says. Under the mutex. */
static int spawn(const struct process_options *options, pid_t *ret_child)
{
    int copies[PROCESS_DESCRIPTORS_MAX] = {0};
    size_t count = 0;
    int number = 0;

    while (count < options->descriptor_count && number == 0) {
        copies[count] = fcntl(options->descriptors[count], F_DUPFD_CLOEXEC, COPY_FIRST);
        if (copies[count] < 0)
            number = errno;
        else
            count++;
    }
    if (number == 0)
        number = spawn_with(options, copies, ret_child);
    while (count > 0)
        close(copies[--count]);
    return number;
}

int process_start(struct process *process, const struct process_options *options,
                  struct error *error)
{
    pid_t child = 0;
    int number = 0;
    bool cancelled;

    check(options->descriptor_count <= PROCESS_DESCRIPTORS_MAX);
    pthread_mutex_lock(&process->mutex);
    check(process->child == 0);
    cancelled = process->cancelled;
    if (!cancelled)
        number = spawn(options, &child);
    if (!cancelled && number == 0) {
        process->child = child;
        process->group = options->group;
    }
    pthread_mutex_unlock(&process->mutex);
    if (cancelled)
        return error_set(error, ERROR_CLOSED, "%s was not started: cancelled", options->words[0]);
    if (number == ENOENT)
        return error_set(error, ERROR_NOT_FOUND, "there is no program %s", options->program);
    if (number != 0)
        return error_set_errno(error, number, "cannot start %s", options->words[0]);
    return 0;
}

int process_wait(struct process *process, const char *name, int *ret_status, struct error *error)
{
    /* Only this thread sets it. */
    pid_t child = process->child;
    siginfo_t ended;
    bool cancelled;

    check(child != 0);
    /* Not reaped while process_cancel may kill it, so its number is nobody else's. */
    while (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) != 0)
        check(errno == EINTR);
    pthread_mutex_lock(&process->mutex);
    process->child = 0;
    cancelled = process->cancelled;
    pthread_mutex_unlock(&process->mutex);
    while (waitpid(child, ret_status, 0) < 0)
        check(errno == EINTR);
    if (cancelled && !(WIFEXITED(*ret_status) && WEXITSTATUS(*ret_status) == 0))
        return error_set(error, ERROR_CLOSED, "%s was cancelled", name);
    return 0;
}

int process_run(struct process *process, const struct process_options *options, int *ret_status,
                struct error *error)
{
    int code = process_start(process, options, error);

    return code == 0 ? process_wait(process, options->words[0], ret_status, error) : code;
}
