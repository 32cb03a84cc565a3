# SPDX-License-Identifier: AGPL-3.0-only
"""What an instance holds after 100,000 calls is what it held after 1,000."""

import socket
import subprocess

import pytest
from bundler import bundled
from differential import LIBRARY, SHELL
from function import IN_NODE, FunctionHost, project
from host import ROOT, SANITIZED, run

pytestmark = [
    pytest.mark.skipif(IN_NODE, reason="what fn0 does"),
    pytest.mark.skipif(SANITIZED, reason="the sanitizers keep what was freed"),
]

CALLS_FIRST = 1_000
CALLS_ALL = 100_000
# Of the whole process: three more instances, which are started where a request comes before the last call has quite ended,
# or 60 bytes that each call leaves. The engine's native build is looked at more closely below.
BYTES_MORE_MAX = 6 << 20
FORM = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=b; filename=c\r\n\r\n2\r\n--x--"


def request(method, path, body=b"", content_type="text/plain"):
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
    if method == "POST":
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


# The plain ones many times: they are what is called so often.
ROUND = [
    *[request("GET", "/text")] * 30,
    *[request("POST", "/json", b'{"a":[1,2,{"b":"c"}]}', "application/json")] * 10,
    request("POST", "/form", FORM, "multipart/form-data; boundary=x"),
    request("POST", "/echo", b"echoed"),
    request("POST", "/text", b"never read"),
    request("GET", "/stream"),
    request("GET", "/errors"),
    request("GET", "/many?a=1&b=2"),
    request("POST", "/unread", b"never read"),
    *[request("GET", "/text")] * 3,
]


class Caller:
    """One connection, on which the requests of a round follow one another without waiting."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def call(self, requests):
        """Sends them, and reads as many answers, all of them 2xx."""
        self.socket.sendall(b"".join(requests))
        received, answers = b"", 0
        while answers < len(requests):
            piece = self.socket.recv(1 << 16)
            assert piece, "the connection was closed"
            received += piece
            answers = received.count(b"HTTP/1.1 2")
            assert b"HTTP/1.1 5" not in received
        return received


@pytest.fixture
def host(tmp_path):
    folder = project(ROOT / "tests/javascript/functions")
    done = run("build", folder / "steady.ts", "-o", folder / "steady.wasm")
    assert done.returncode == 0, done.stderr
    # Hosts replace an instance after 10,000 requests, or where it holds too much, which is not to help here.
    configuration = '[instance]\nuses_max = "none"\nmemory_mark = "none"\nwarm_max = 1'
    host = FunctionHost(folder / "steady.wasm", {}, log_level="warning", config=configuration, folder=tmp_path)
    yield host
    host.stop()


def test_memory_after_many_calls_is_what_it_was_after_some(host):
    caller = Caller(host.port)
    sizes = {}
    for calls in range(len(ROUND), CALLS_ALL + 1, len(ROUND)):
        caller.call(ROUND)
        if calls == CALLS_FIRST or calls % 10_000 == 0:
            sizes[calls] = host.resident_bytes()
    assert max(sizes.values()) - sizes[CALLS_FIRST] < BYTES_MORE_MAX, sizes


# Pieces of memory beside what is made once; one that each call leaves would be thousands.
PIECES_MORE_MAX = 20


@pytest.fixture(scope="module")
def script():
    return bundled(project(ROOT / "tests/javascript/functions"), "steady.ts", out="steady.out") / "main.js"


@pytest.mark.parametrize(
    "count, method, path",
    [
        (100_000, "GET", "/text"),
        (2_000, "POST", "/json"),
        (1_000, "POST", "/echo"),
        (2_000, "POST", "/text"),
        (2_000, "POST", "/form"),
        (1_000, "GET", "/stream"),
        (1_000, "GET", "/errors"),
        (1_000, "GET", "/many?a=1&b=2"),
        (1_000, "GET", "/nowhere"),
    ],
)
def test_one_engine_holds_the_same_after_each_call(script, count, method, path):
    words = [SHELL, "--repeat", str(count), method, path, str(LIBRARY), str(script)]
    done = subprocess.run(words, input='{"a":[1,2]}', capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    counts = [tuple(map(int, line.split())) for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert counts[-1][0] == count
    first, last = counts[0][1:], counts[-1][1:]
    assert all(later - sooner <= PIECES_MORE_MAX for sooner, later in zip(first, last)), counts
