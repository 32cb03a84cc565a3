/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

#define ESCAPE '\x1b'

void transcript_init(struct transcript *transcript, int to)
{
    *transcript = (struct transcript){.to = to, .pipe = {-1, -1}, .end = -1};
    buffer_init(&transcript->said, TRANSCRIPT_BYTES_MAX);
}

void transcript_fini(struct transcript *transcript)
{
    check(transcript->pipe[0] < 0);
    buffer_fini(&transcript->said);
}

void transcript_clear(struct transcript *transcript)
{
    buffer_reset(&transcript->said, 0);
}

struct slice transcript_said(const struct transcript *transcript)
{
    return buffer_slice(&transcript->said);
}

/* How long the sequence is that begins with ESCAPE: colours are "ESC [ … letter". */
static size_t escape_bytes(struct slice text)
{
    size_t i = 1;
    if (i < text.bytes && text.data[i] == '[') {
        for (i++; i < text.bytes && (text.data[i] < '@' || text.data[i] > '~'); i++)
            ;
        i++;
    }
    return i < text.bytes ? i : text.bytes;
}

/* What has no room is left out. */
static void keep(struct transcript *transcript, struct slice text)
{
    while (text.bytes > 0) {
        size_t plain = 0;
        while (plain < text.bytes && text.data[plain] != ESCAPE)
            plain++;
        (void)buffer_append(&transcript->said, (struct slice){text.data, plain});
        text.data += plain;
        text.bytes -= plain;
        size_t escape = text.bytes > 0 ? escape_bytes(text) : 0;
        text.data += escape;
        text.bytes -= escape;
    }
}

void transcript_add(struct transcript *transcript, struct slice text)
{
    /* What cannot be shown is no reason to fail. */
    (void)file_write_descriptor(transcript->to, "stderr", text, NULL, NULL);
    keep(transcript, text);
}

/* Reads what is there. False at the end. */
static bool pass_on(struct transcript *transcript)
{
    char text[4096];
    for (;;) {
        ssize_t bytes = read(transcript->pipe[0], text, sizeof(text));
        if (bytes > 0)
            transcript_add(transcript, (struct slice){text, (size_t)bytes});
        else if (bytes == 0 || errno != EINTR)
            return bytes < 0 && errno == EAGAIN;
    }
}

static void *listen(void *argument)
{
    struct transcript *transcript = argument;
    struct pollfd sources[] = {
        {.fd = transcript->end, .events = POLLIN},
        {.fd = transcript->pipe[0], .events = POLLIN},
    };
    for (;;) {
        (void)poll(sources, 2, -1);
        if (!pass_on(transcript) || sources[0].revents)
            return NULL;
    }
}

static void close_all(struct transcript *transcript)
{
    const int descriptors[] = {transcript->pipe[0], transcript->pipe[1], transcript->end};
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    }
    transcript->pipe[0] = transcript->pipe[1] = transcript->end = -1;
}

/* Signals are for the main thread. */
static int start_thread(struct transcript *transcript)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&transcript->thread, NULL, listen, transcript);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

int transcript_begin(struct transcript *transcript, int *ret_descriptor, struct error *error)
{
    check(transcript->pipe[0] < 0);
    int number = 0;
    transcript->end = eventfd(0, EFD_CLOEXEC);
    /* Only the end that is read here must not block. */
    if (transcript->end < 0 || pipe2(transcript->pipe, O_CLOEXEC) != 0 ||
        fcntl(transcript->pipe[0], F_SETFL, O_NONBLOCK) != 0)
        number = errno;
    if (number == 0)
        number = start_thread(transcript);
    if (number != 0) {
        close_all(transcript);
        return error_set_errno(error, number, "cannot listen to a tool");
    }
    *ret_descriptor = transcript->pipe[1];
    return 0;
}

void transcript_end(struct transcript *transcript)
{
    const uint64_t one = 1;
    check(write(transcript->end, &one, sizeof(one)) == sizeof(one));
    pthread_join(transcript->thread, NULL);
    close_all(transcript);
}
