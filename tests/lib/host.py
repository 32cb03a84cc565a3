# SPDX-License-Identifier: AGPL-3.0-only
"""Starts real `fn0 serve` processes, each on free ports, and knows what they said.

A host's log is read as JSON lines while it runs. Every process dies with the test run: the kernel ends it when its
parent goes, and `Host.stop` is called by whoever made it.
"""

import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from wire import Connection

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("FN0_PROGRAM") or ROOT / "build/fn0")
GUESTS = Path(os.environ.get("FN0_GUESTS") or ROOT / "build/guests")
SANITIZED = os.environ.get("FN0_SANITIZED") == "1"

# Compiled guests are kept from run to run: what is tested of the cache uses folders of its own.
SHARED_CACHE = ROOT / "build" / "test-cache"

# A sanitized program is some times slower; what it waits for is a matter of seconds all the same.
SLOWNESS = 4 if SANITIZED else 1
READY_SECONDS = 60 * SLOWNESS
END_SECONDS = 20 * SLOWNESS

PR_SET_PDEATHSIG = 1


def guest(name):
    """The path of a guest: "probe", "wat/minimal", "versions/c-0.2.0", …"""
    path = GUESTS / f"{name}.wasm"
    assert path.is_file(), f"{path} is missing: make guests"
    return path


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*arguments, seconds=30, **options):
    """Runs `fn0 ARGUMENTS` to its end."""
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds * SLOWNESS,
        preexec_fn=_die_with_parent,
        **options,
    )


def eventually(condition, seconds=5.0, what="the condition"):
    """Waits until `condition()` is true, and returns what it said."""
    end = time.monotonic() + seconds * SLOWNESS
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < end, f"{what} did not come within {seconds * SLOWNESS} s"
        time.sleep(0.01)


class Host:
    """One `fn0 serve`. `arguments` are words behind the component or folder; `config` is the text of a TOML file."""

    def __init__(
        self,
        component=None,
        *arguments,
        functions=None,
        config=None,
        folder=None,
        listen=("127.0.0.1:0",),
        workers=1,
        cache=SHARED_CACHE,
        log_level="debug",
        ready=True,
        environment=None,
        output=subprocess.PIPE,
    ):
        words = [str(PROGRAM), "serve", f"--log-level={log_level}", "--log-format=json"]
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
            words.append(f"--cache-dir={cache}")
        if workers is not None:
            words.append(f"--workers={workers}")
        for address in listen:
            words += ["--listen", address]
        if config is not None:
            path = Path(folder) / "host.toml"
            path.write_text(config)
            words += ["--config", str(path)]
        if functions is not None:
            words += ["--functions", str(functions)]
        words += [str(word) for word in arguments]
        if component is not None:
            words.append(str(component))
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            preexec_fn=_die_with_parent,
            env={**os.environ, **(environment or {})},
        )
        self.addresses = []
        self.ready_line = None
        self.log = []  # every line of stderr: a dict where it is JSON, else a string
        self.human = "--log-format=human" in words
        self._lines_changed = threading.Condition()
        self._ready = threading.Event()
        self._hearing = threading.Event()
        self._hearing.set()
        self._threads = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        if ready:
            self.wait_until_ready()

    # ---- Beginning and end

    def _read_output(self):
        for line in self.process.stdout or ():
            text = line.decode()
            if self.ready_line is None:
                self.ready_line = text
                self.addresses = re.findall(r"http://(\S+?):(\d+)(?=[,\s])", text)
                self._ready.set()
        self._ready.set()

    def _read_errors(self):
        for line in self.process.stderr:
            self._hearing.wait()
            text = line.decode(errors="replace").rstrip("\n")
            try:
                entry = json.loads(text)
                entry["raw"] = text
            except ValueError:
                entry = text
            with self._lines_changed:
                self.log.append(entry)
                self._lines_changed.notify_all()

    def wait_until_ready(self):
        if not self._ready.wait(READY_SECONDS) or not self.addresses:
            self.kill()
            raise AssertionError(f"fn0 did not come up: {self.log[-20:]}")
        return self

    @property
    def port(self):
        return int(self.addresses[0][1])

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=END_SECONDS):
        """The status it ends with; its output has been read when this returns."""
        status = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(5)
        return status

    def stop(self):
        """Ends it as an operator would, and expects it to end well."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"fn0 did not end: {self.log[-20:]}") from None
        # What is neither is a sanitizer's, or of something that should not have happened.
        reports = [line for line in self.log if isinstance(line, str) and line and not self.human]
        assert status == 0 and not reports, f"fn0 ended with {status}: {reports[:40] or self.log[-20:]}"

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()

    # ---- Talking to it

    def connect(self, address=None, **options):
        host, port = address or self.addresses[0]
        return Connection(host.strip("[]"), int(port), **options)

    def request(self, method, target, headers=(), body=None, **options):
        """One request on a connection of its own; the response, whole."""
        with self.connect() as connection:
            return connection.request(method, target, headers, body, **options)

    def get(self, target, headers=(), **options):
        return self.request("GET", target, headers, **options)

    # ---- What it said and uses

    def lines(self, **wanted):
        """The log's lines with these values; `message` is the line's text."""
        with self._lines_changed:
            return [
                line
                for line in self.log
                if isinstance(line, dict) and all(line.get(name) == value for name, value in wanted.items())
            ]

    def wait_for_line(self, seconds=10, **wanted):
        try:
            return eventually(lambda: self.lines(**wanted), seconds, f"a line {wanted}")[-1]
        except AssertionError as late:
            last = [line["raw"] if isinstance(line, dict) else line for line in self.log[-15:]]
            raise AssertionError("\n".join([str(late), *last])) from None

    @contextlib.contextmanager
    def deaf(self):
        """Nobody reads its log meanwhile."""
        self._hearing.clear()
        yield
        self._hearing.set()

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_quiet(self, seconds=0.3):
        """Whether it computes next to nothing for a while."""
        before = self.cpu_seconds()
        time.sleep(seconds)
        return self.cpu_seconds() - before < 0.1 * seconds + 0.02
