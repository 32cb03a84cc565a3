# SPDX-License-Identifier: AGPL-3.0-only
"""Everything at once: good and bad requests, clients that leave, guests that fail, functions that are replaced, and a
signal in the middle. No answer is checked here but this: the host lives, and ends in order, with nothing lost."""

import contextlib
import os
import random
import shutil
import threading
import time
from urllib.parse import quote

import pytest
from host import SLOWNESS, Host, eventually, guest
from origin import Origin
from wire import Broken

SECONDS = 6

CONFIG = """
[net]
head_timeout = "500ms"
body_timeout = "300ms"
write_timeout = "300ms"
idle_timeout = "400ms"
connections_max = 40
[limits]
duration = "2s"
[outbound]
allow = ["127.0.0.0/8"]
"""

TIGHT = """
[limits]
cpu = "5ms"
duration = "200ms"
request_body = "1KB"
response_body = "2KB"
[instance]
uses_max = 3
"""

TARGETS = [
    "/", "/headers", "/count", "/echo", "/echo-trailers", "/size", "/trap", "/panic", "/exit?code=1", "/no-response",
    "/stream?chunks=30&bytes=500&delay_ms=5", "/write-forever", "/read-nothing", "/read-then-hang", "/sleep?ms=50",
    "/spin?ms=8", "/spin-forever", "/memory?mb=200", "/recurse", "/double", "/head-then-trap", "/head-then-spin",
    "/head-then-hang", "/answer-then-sleep?ms=80", "/answer-then-spin?ms=20", "/log?lines=20&bytes=100",
    "/response-header?bytes=200000&fields=20", "/length?declared=10&sent=20", "/length?declared=20&sent=10",
    "/status?code=204", "/trailers", "/allocate-until-trap",
]  # fmt: skip
FETCHES = ["/fetch?url=", "/fetch-post?url=", "/fetch-many?n=3&parallel=1&url="]
ORIGIN_TARGETS = ["/", "/echo", "/slow/100", "/cut", "/nothing", "/garbage", "/forever", "/trailers", "/gap/100"]
NAMES = ["probe.x", "tight.x", "hello.x", "c.x", "nobody.x", "127.0.0.1"]
SIZES = [0, 1, 100, 2000, 65536, 70000, 300000]


class Crowd:
    """Clients and a developer, each on a thread, until they are told to stop."""

    def __init__(self, seed, host, functions, origin):
        self.host, self.functions, self.origin = host, functions, origin
        self.stopping = threading.Event()
        self.statuses = set()
        self.threads = [
            threading.Thread(target=self._client, args=(random.Random(seed * 100 + number),), daemon=True)
            for number in range(14)
        ]
        self.threads.append(threading.Thread(target=self._developer, args=(random.Random(seed),), daemon=True))
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _target(self, dice):
        if dice.random() < 0.85:
            return dice.choice(TARGETS)
        return dice.choice(FETCHES) + quote(self.origin.url(dice.choice(ORIGIN_TARGETS)), safe="")

    def _client(self, dice):
        while not self.stopping.is_set():
            # What clients get to see of all this is any of these; what matters is what becomes of the host.
            with contextlib.suppress(OSError, Broken, ValueError):
                with self.host.connect(timeout=2) as connection:
                    for _ in range(dice.randint(1, 5)):
                        if not self._request(dice, connection):
                            break

    def _request(self, dice, connection):
        method, target = dice.choice(["GET", "POST", "HEAD", "PUT", "OPTIONS"]), self._target(dice)
        headers = [("Host", dice.choice(NAMES))]
        if dice.random() < 0.1:
            headers.append(("Expect", "100-continue"))
        body = os.urandom(dice.choice(SIZES))
        kind = dice.random()
        if kind < 0.25:
            connection.send_head(method, target, headers)
        elif kind < 0.5:
            connection.send_head(method, target, [*headers, ("Content-Length", len(body))])
            connection.send(body[: dice.randint(0, len(body))] if dice.random() < 0.2 else body)
        elif kind < 0.75:
            connection.send_head(method, target, [*headers, ("Transfer-Encoding", "chunked")])
            for at in range(0, len(body), 30000):
                connection.send_chunk(body[at : at + 30000])
            if dice.random() < 0.8:
                connection.send_last_chunk([("x-one", "1")] if dice.random() < 0.5 else ())
            elif dice.random() < 0.5:
                connection.send("no chunk")
        elif kind < 0.8:
            connection.send(os.urandom(dice.randint(1, 300)))
        elif kind < 0.9:
            for one in (target, "/", "/count"):
                connection.send_head(method, one, headers)
        else:
            connection.send_head(method, target, headers)
            if dice.random() < 0.5:
                connection.reset()
            return False
        if dice.random() < 0.15:
            return False
        self.statuses.add(connection.response(head_only=method == "HEAD").status)
        if dice.random() < 0.1:
            time.sleep(dice.random() * 0.6)
        return True

    def _developer(self, dice):
        while not self.stopping.wait(dice.random()):
            path = self.functions / f"{dice.choice(['hello', 'c', 'probe'])}.wasm"
            what = dice.random()
            if what < 0.1:
                path.write_bytes(b"no component")
            elif what < 0.2:
                path.unlink(missing_ok=True)
            else:
                shutil.copy(guest(dice.choice(["hello", "c", "probe"])), self.functions / "aside")
                os.replace(self.functions / "aside", path)


@pytest.mark.parametrize("ending", ["quiet", "signal"])
def test_everything_at_once(tmp_path, ending):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # shown where this fails
    functions = tmp_path / "functions"
    functions.mkdir()
    for name in ("probe", "hello", "c"):
        shutil.copy(guest(name), functions / f"{name}.wasm")
    shutil.copy(guest("probe"), functions / "tight.wasm")
    (functions / "tight.toml").write_text(TIGHT)
    words = ("--slots", "12", "--access-log", "--drain-time", "1s")
    host = Host(None, *words, functions=functions, config=CONFIG, folder=tmp_path, workers=2)
    with host, Origin() as origin:
        crowd = Crowd(seed, host, functions, origin)
        time.sleep(SECONDS)
        assert host.process.poll() is None, host.log[-20:]
        if ending == "signal":
            host.stop()
            crowd.stop()
            return
        crowd.stop()
        # The first request after the crowd is served, and nothing of the crowd is left.
        assert host.get("/count", [("Host", "tight.x")]).status == 200
        eventually(lambda: len(os.listdir(f"/proc/{host.process.pid}/fd")) < 60, 5 * SLOWNESS, "closed descriptors")
        eventually(lambda: host.is_quiet(1), 5 * SLOWNESS, "quiet")
        assert {200, 404, 413, 502} <= crowd.statuses
