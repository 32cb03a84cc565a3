/* SPDX-License-Identifier: AGPL-3.0-only */

#include "cli/interruption.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

struct interruption {
    void (*interrupt)(void *context);
    void *context;
    pthread_t thread;
    int signals; /* descriptors */
    int end;
    int number; /* of the signal; read when the thread has ended */
    sigset_t before;
};

static void *wait_for_signal(void *argument)
{
    struct interruption *interruption = argument;
    struct pollfd sources[] = {
        {.fd = interruption->end, .events = POLLIN},
        {.fd = interruption->signals, .events = POLLIN},
    };
    struct signalfd_siginfo signal;

    for (;;) {
        if (poll(sources, 2, -1) < 0) {
            check(errno == EINTR);
            continue;
        }
        /* A signal that came before the end was there first. */
        if (sources[1].revents != 0 &&
            read(interruption->signals, &signal, sizeof(signal)) == sizeof(signal) &&
            interruption->number == 0) {
            interruption->number = (int)signal.ssi_signo;
            interruption->interrupt(interruption->context);
        } else if (sources[0].revents != 0) {
            return NULL;
        }
    }
}

static int start(struct interruption *interruption, struct error *error)
{
    sigset_t numbers;
    int number;

    sigemptyset(&numbers);
    sigaddset(&numbers, SIGINT);
    sigaddset(&numbers, SIGTERM);
    sigaddset(&numbers, SIGHUP);
    interruption->signals = signalfd(-1, &numbers, SFD_CLOEXEC);
    interruption->end = eventfd(0, EFD_CLOEXEC);
    if (interruption->signals < 0 || interruption->end < 0)
        return error_set_errno(error, errno, "cannot wait for signals");
    number = pthread_sigmask(SIG_BLOCK, &numbers, &interruption->before);
    check(number == 0);
    number = pthread_create(&interruption->thread, NULL, wait_for_signal, interruption);
    if (number == 0)
        return 0;
    pthread_sigmask(SIG_SETMASK, &interruption->before, NULL);
    return error_set_errno(error, number, "cannot start a thread that waits for signals");
}

static void close_and_free(struct interruption *interruption)
{
    if (interruption->signals >= 0)
        close(interruption->signals);
    if (interruption->end >= 0)
        close(interruption->end);
    free(interruption);
}

int interruption_create(void (*interrupt)(void *context), void *context,
                        struct interruption **ret_interruption, struct error *error)
{
    struct interruption *interruption = calloc(1, sizeof(*interruption));
    int code;

    if (interruption == NULL)
        return error_set_memory(error);
    interruption->interrupt = interrupt;
    interruption->context = context;
    code = start(interruption, error);
    if (code != 0) {
        close_and_free(interruption);
        return code;
    }
    *ret_interruption = interruption;
    return 0;
}

int interruption_destroy(struct interruption *interruption)
{
    const uint64_t one = 1;
    int number;

    check(write(interruption->end, &one, sizeof(one)) == sizeof(one));
    number = pthread_join(interruption->thread, NULL);
    check(number == 0);
    pthread_sigmask(SIG_SETMASK, &interruption->before, NULL);
    number = interruption->number;
    close_and_free(interruption);
    return number;
}
