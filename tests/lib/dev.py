# SPDX-License-Identifier: AGPL-3.0-only
"""Starts real `fn0 dev` processes in projects, and knows what they said."""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import termios
import threading

from host import END_SECONDS, PROGRAM, READY_SECONDS, SHARED_CACHE, eventually
from wire import Connection

LINE = re.compile(
    r"\d\d:\d\d:\d\d\.\d{3} (?P<method>\S+) +(?P<path>\S+) +(?P<status>\d+) +(?P<wall>\d+\.\d) ms"
    r"( +(?P<asset>asset))?( +(?P<cpu>\d+\.\d) ms CPU +(?P<memory>\d+\.\d) MB)?(  (?P<error>\w+))?"
)


class Dev:
    """One `fn0 dev` in a project's folder. What it says is kept."""

    def __init__(self, folder, *words, ready=True, terminal=None, listen="127.0.0.1:0", **variables):
        SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.text = ""
        self.output = ""
        # A terminal is stdin and stderr, as a person has it.
        self.process = subprocess.Popen(
            [str(PROGRAM), "dev", f"--cache-dir={SHARED_CACHE}", f"--listen={listen}", *words],
            cwd=folder.path,
            env=folder.environment(**variables),
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if terminal is None else terminal,
            start_new_session=True,
            # So that it is the session's own, whose Ctrl-C and background processes the system knows.
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if terminal is not None else None,
        )
        threads = [threading.Thread(target=self._read_output, daemon=True)]
        if terminal is None:
            threads.append(threading.Thread(target=self._read_errors, daemon=True))
        for thread in threads:
            thread.start()
        self.threads = threads
        if ready:
            try:
                self.wait_until_ready()
            except BaseException:
                self.process.kill()
                raise

    def _read_output(self):
        for line in self.process.stdout:
            self.output += line.decode()

    def _read_errors(self):
        while data := os.read(self.process.stderr.fileno(), 65536):
            self.text += data.decode()

    def wait_until_ready(self):
        eventually(lambda: "\n" in self.output or self.process.poll() is not None, READY_SECONDS, "the address")
        assert self.output, self.text

    @property
    def url(self):
        return re.search(r"http://127\.0\.0\.1:\d+", self.output)[0]

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def get(self, target="/", headers=()):
        with Connection("127.0.0.1", self.port) as connection:
            return connection.request("GET", target, headers)

    def wait_for_body(self, body, seconds=20):
        return eventually(lambda: body in self.get().text, seconds, f"{body!r} among {self.text[-2000:]!r}")

    def wait_for(self, text, seconds=20):
        return eventually(lambda: text in self.text, seconds, f"{text!r} among {self.text[-2000:]!r}")

    def requests(self):
        return [match.groupdict() for match in map(LINE.fullmatch, self.text.splitlines()) if match]

    def wait(self, seconds=END_SECONDS):
        status = self.process.wait(seconds)
        for thread in self.threads:
            thread.join(5)
        return status

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.process.poll() is None:
            assert self.end() == 0, self.text
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.wait()
