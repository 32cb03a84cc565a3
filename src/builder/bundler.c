/* SPDX-License-Identifier: AGPL-3.0-only */

#include "builder/bundler.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"

#define REQUEST_BYTES_MAX (64u << 10)
#define HEAD_BYTES_MAX 32

int bundler_init(struct bundler *bundler, struct error *error)
{
    *bundler = (struct bundler){.socket = -1};
    return process_init(&bundler->process, error);
}

/* ERROR_CLOSED where it was cancelled. */
static int end(struct bundler *bundler, struct error *error)
{
    int status;
    if (bundler->socket < 0)
        return 0;
    close(bundler->socket);
    bundler->socket = -1;
    process_kill(&bundler->process);
    return process_wait(&bundler->process, "the bundler", &status, error);
}

void bundler_fini(struct bundler *bundler)
{
    (void)end(bundler, NULL);
    process_fini(&bundler->process);
}

void bundler_cancel(struct bundler *bundler)
{
    process_cancel(&bundler->process);
}

int bundler_start(struct bundler *bundler, const struct bundler_request *request,
                  struct error *error)
{
    char node[] = "node", serve[] = "--serve";
    char *words[] = {node, (char *)request->program, serve, NULL};
    int ends[2];
    if (bundler->socket >= 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set_errno(error, errno, "cannot speak with the bundler");
    const struct process_options options = {
        .program = node,
        .words = words,
        .descriptors = &ends[1],
        .descriptor_count = 1,
        .output_to_errors = true,
        .folder = request->folder,
        .group = true,
    };
    int code = process_start(&bundler->process, &options, error);
    close(ends[1]);
    if (code)
        close(ends[0]);
    else
        bundler->socket = ends[0];
    return code;
}

/* ---- Asking ---- */

static int write_request(const struct bundler_request *request, struct buffer *line)
{
    const struct {
        const char *name;
        const char *value;
    } members[] = {
        {"{\"entry\":", request->entry},
        {",\"folder\":", request->to},
        {",\"mode\":", request->development ? "development" : "production"},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && code == 0; i++) {
        code = buffer_append(line, slice_of(members[i].name));
        if (code == 0)
            code = json_append_text(line, slice_of(members[i].value));
    }
    return code ? code : buffer_append(line, SLICE("}\n"));
}

static bool send_all(int socket, struct slice text)
{
    while (text.bytes > 0) {
        ssize_t bytes = send(socket, text.data, text.bytes, MSG_NOSIGNAL);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes <= 0)
            return false;
        text.data += bytes;
        text.bytes -= (size_t)bytes;
    }
    return true;
}

static bool receive(int socket, char *text, size_t bytes)
{
    for (size_t have = 0; have < bytes;) {
        ssize_t more = recv(socket, text + have, bytes - have, 0);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return false;
        have += (size_t)more;
    }
    return true;
}

/* "STATUS BYTES\n": nothing of what stands behind it is taken. */
static bool receive_head(int socket, int *ret_status, size_t *ret_bytes)
{
    char head[HEAD_BYTES_MAX] = "";
    for (size_t i = 0; i + 1 < sizeof(head); i++) {
        if (!receive(socket, head + i, 1))
            return false;
        if (head[i] == '\n')
            return sscanf(head, "%d %zu\n", ret_status, ret_bytes) == 2;
    }
    return false;
}

static bool receive_answer(int socket, int *ret_status, struct buffer *said)
{
    size_t bytes;
    if (!receive_head(socket, ret_status, &bytes) || bytes > BUNDLER_SAID_BYTES_MAX)
        return false;
    char *text = buffer_reserve(said, bytes);
    if (!text || !receive(socket, text, bytes))
        return false;
    buffer_commit(said, bytes);
    return true;
}

int bundler_ask(struct bundler *bundler, const struct bundler_request *request, int *ret_status,
                struct buffer *said, struct error *error)
{
    struct buffer line;
    int code = bundler_start(bundler, request, error);
    if (code)
        return code;
    buffer_init(&line, REQUEST_BYTES_MAX);
    code = write_request(request, &line);
    if (code)
        error_set_memory(error);
    else if (!send_all(bundler->socket, buffer_slice(&line)) ||
             !receive_answer(bundler->socket, ret_status, said))
        code = error_set(error, ERROR_INTERNAL, "the bundler has ended");
    buffer_fini(&line);
    if (code && end(bundler, error) != 0)
        return ERROR_CLOSED;
    return code;
}
