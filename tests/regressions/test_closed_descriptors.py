# SPDX-License-Identifier: AGPL-3.0-only
"""Who starts fn0 may have closed standard input, output or errors. The first sockets and files that it opened took
their places: the log went into them, and the end was an abort."""

import os
import signal
import subprocess

import pytest
from host import END_SECONDS, PROGRAM, SHARED_CACHE, _die_with_parent, eventually, guest


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_descriptors_are_not_taken_by_others(closed):
    SHARED_CACHE.mkdir(parents=True, exist_ok=True)
    closing = " ".join(f"{number}>&-" for number in closed)
    words = [PROGRAM, "serve", "--listen=127.0.0.1:0", f"--cache-dir={SHARED_CACHE}", guest("hello")]
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$@" {closing}', "sh", *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,
    )
    try:
        eventually(lambda: _listens(process.pid), 30, "a listening socket")
        for number in range(3):
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == "/dev/null"
        process.send_signal(signal.SIGTERM)
        assert process.wait(END_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def _listens(pid):
    """Whether one of the process's descriptors is a socket that listens."""
    folder = f"/proc/{pid}/fd"
    try:
        links = {os.readlink(f"{folder}/{number}") for number in os.listdir(folder)}
    except OSError:
        return False
    with open(f"/proc/{pid}/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return any(row[3] == "0A" and f"socket:[{row[9]}]" in links for row in rows)
