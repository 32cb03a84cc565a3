/* SPDX-License-Identifier: AGPL-3.0-only */

#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

/* Copies of the descriptors lie from here on, so that giving the child one never takes another's
 * number away. */
#define COPY_FIRST (PROCESS_DESCRIPTOR_FIRST + PROCESS_DESCRIPTORS_MAX)

char **process_environment(const char *const *environment, const char *variable)
{
    const size_t name_bytes = strcspn(variable, "=") + 1;
    size_t count = 0;
    size_t kept = 0;

    while (environment[count] != NULL)
        count++;
    char **made = calloc(count + 2, sizeof(made[0]));
    for (size_t i = 0; made != NULL && i < count; i++) {
        if (strncmp(environment[i], variable, name_bytes) != 0)
            made[kept++] = (char *)environment[i];
    }
    if (made != NULL)
        made[kept] = (char *)variable;
    return made;
}

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

/* Under the mutex. */
static void send(const struct process *process, int signal_number)
{
    if (process->child != 0)
        kill(process->group ? -process->child : process->child, signal_number);
}

void process_kill(struct process *process)
{
    pthread_mutex_lock(&process->mutex);
    send(process, SIGKILL);
    pthread_mutex_unlock(&process->mutex);
}

/* Waits until the child is gone, or its time is over. Under the mutex, which is let go. */
static void give_time(struct process *process)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    for (int ms = 0; ms < PROCESS_GRACE_MS && process->child != 0; ms += 2) {
        pthread_mutex_unlock(&process->mutex);
        (void)nanosleep(&pause, NULL);
        pthread_mutex_lock(&process->mutex);
    }
}

void process_cancel(struct process *process)
{
    pthread_mutex_lock(&process->mutex);
    process->cancelled = true;
    if (process->gentle) {
        send(process, SIGTERM);
        give_time(process);
    }
    /* None that is another one: nothing is started any more. */
    send(process, SIGKILL);
    pthread_mutex_unlock(&process->mutex);
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
        process->gentle = options->gentle;
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
    cancelled = process->cancelled;
    /* What it has started may have stayed; its number is still the group's. */
    if (cancelled && process->group)
        send(process, SIGKILL);
    process->child = 0;
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
