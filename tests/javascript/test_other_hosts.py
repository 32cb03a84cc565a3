# SPDX-License-Identifier: AGPL-3.0-only
"""A component that fn0 built runs unchanged under wasmtime serve, and asks for no more of a host than WASI 0.2.0 has."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from function import IN_NODE, Client, project
from host import ROOT, _die_with_parent, eventually, run
from wire import Connection

pytestmark = pytest.mark.skipif(IN_NODE, reason="what fn0 builds")

CACHE = Path(os.environ.get("FN0_BUILD_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "fn0-build")
# `make bench` builds it, in ten minutes; it is used where it is there.
WASMTIMES = [ROOT / "build/deps/wasmtime/bin/wasmtime", *sorted(CACHE.expanduser().glob("wasmtime-*/bin/wasmtime"))]
WASMTIME = next((path for path in WASMTIMES if path.is_file()), None)
NO_WASMTIME = "wasmtime is not here: tools/setup bench builds it, in about ten minutes"

INTERFACES = {
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
}


@pytest.fixture(scope="module")
def component():
    folder = project(ROOT / "tests/javascript/functions")
    done = run("build", folder / "behaviour.ts", "-o", folder / "behaviour.wasm")
    assert done.returncode == 0, done.stderr
    return folder / "behaviour.wasm"


def number_at(data, place):
    """A number in LEB128, and where it ends."""
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place


def imports_of(data):
    """The names that a component imports; all are of instances."""
    place = 8
    while place < len(data):
        kind = data[place]
        size, place = number_at(data, place + 1)
        end = place + size
        if kind == 10:
            count, place = number_at(data, place)
            for _ in range(count):
                length, place = number_at(data, place + 1)
                yield data[place : place + length].decode()
                place += length
                assert data[place] == 5, "not an instance"
                _, place = number_at(data, place + 1)
        place = end


def test_it_asks_for_the_first_version_of_each_interface(component):
    assert sorted(imports_of(component.read_bytes())) == sorted(f"{name}@0.2.0" for name in INTERFACES)


class WasmtimeServer:
    """What Host is for fn0, as far as these tests go."""

    def __init__(self, code, *options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [str(WASMTIME), "serve", "-Scli", "--allow-precompiled", f"--addr=127.0.0.1:{self.port}", *options]
        self.process = subprocess.Popen(
            [*words, "--env", "NAME=Ada", str(code)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_die_with_parent,
        )
        eventually(self._answers, 30, "wasmtime serve")

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, **options):
        return Connection("127.0.0.1", self.port, **options)

    def stop(self):
        """What it wrote."""
        self.process.kill()
        return self.process.communicate()[0]


@pytest.fixture(scope="module")
def code(component):
    if WASMTIME is None:
        pytest.skip(NO_WASMTIME)
    made = component.with_suffix(".wasmtime.cwasm")
    subprocess.run([str(WASMTIME), "compile", str(component), "-o", str(made)], check=True, timeout=300)
    return made


def test_it_runs_under_wasmtime_serve(code):
    server = WasmtimeServer(code)
    client = Client(server)
    try:
        assert client.json("/env")["NAME"] == "Ada"
        assert client.json("/headers", headers={"X-Full": "1"})["x-full"] == "1"
        assert client.json("/eval") == [2, 3]
        assert client.json("/state")["other"] != client.json("/state")["other"]
        assert client.text("/unhandled") == "answered"
        assert client.get("/throws").status == 500
        # Its stack is an eighth of what fn0 gives: the instance ends, and the next one answers.
        assert client.get("/deep").status == 500
        assert client.text("/logs") == "logged"
    finally:
        said = server.stop()
    assert "call stack exhausted" in said
    assert re.search(r"NotFound: no user Ada\n(.*\n)*?.*behaviour\.ts:\d+:\d+", said)


def test_a_runaway_recursion_is_a_range_error_where_the_stack_is_as_large_as_ours(code):
    server = WasmtimeServer(code, "-W", f"max-wasm-stack={4 << 20},async-stack-size={5 << 20}")
    try:
        assert Client(server).text("/deep") == "RangeError"
    finally:
        server.stop()
