# SPDX-License-Identifier: AGPL-3.0-only
"""Guests of several languages and versions of WASI, and what a guest finds around it."""

import json
import time

import pytest
from host import Host, guest
from origin import Origin

PATCHES = range(13)  # WASI 0.2.0 to 0.2.12


def test_rust(start_host):
    assert start_host(guest("hello")).get("/").body == b"Hello, world!\n"


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """The C guest, built for each 0.2.x, side by side."""
    functions = tmp_path_factory.mktemp("functions")
    for patch in PATCHES:
        (functions / f"v{patch}.wasm").write_bytes(guest(f"versions/c-0.2.{patch}").read_bytes())
    with Host(functions=functions) as host:
        yield host


@pytest.mark.parametrize("patch", PATCHES)
def test_versions_of_wasi(versions, patch):
    name = [("Host", f"v{patch}.localhost")]
    assert versions.get("/hello", name).body == b"Hello from C!\n"
    assert versions.request("POST", "/echo", name, body=b"a body").body == b"a body"


@pytest.fixture(scope="module")
def c():
    with Host(guest("c"), "--limits", "none", "--outbound-allow", "127.0.0.1") as host:
        yield host


def test_c(c):
    assert c.get("/hello").body == b"Hello from C!\n"
    assert c.get("/sleep?ms=50").body == b"slept\n"
    assert c.get("/memory?mb=10").body == b"yes\n"
    assert c.get("/trap").status == 502
    body = bytes(range(256)) * 2000
    assert c.request("POST", "/echo", body=body).body == body
    with Origin() as origin:
        assert c.get(f"/fetch/{origin.authority}/").body == b"origin\n"


def test_c_is_kept(c):
    first = int(c.get("/count").body)
    assert int(c.get("/count").body) == first + 1


# ---- JavaScript (StarlingMonkey)


@pytest.fixture(scope="module")
def javascript():
    with Host(guest("javascript-fetch-event"), "--limits", "none", "--outbound-allow", "127.0.0.1") as host:
        yield host


def test_javascript(javascript):
    assert javascript.get("/hello").body == b"Hello from JavaScript!\n"
    assert javascript.get("/sleep?ms=50").body == b"slept\n"
    response = javascript.request("POST", "/json", [("Content-Type", "application/json")], body=b'{"number": 21}')
    assert json.loads(response.body) == {"doubled": 42}
    response = javascript.request("PUT", "/echo", body=b"a body")
    assert response.header("x-method") == "PUT" and response.body == b"a body"
    assert javascript.get("/throw").status in (500, 502)
    with Origin() as origin:
        assert javascript.get(f"/fetch?url={origin.url('/')}").body == b"origin\n"


def test_javascript_logs(javascript):
    request_id = javascript.get("/log").header("x-request-id")
    javascript.wait_for_line(message="output", request_id=request_id, stream="stderr")
    lines = javascript.lines(message="output", request_id=request_id)
    assert any("from JavaScript, on stdout" in line["line"] for line in lines)
    assert any("from JavaScript, on stderr" in line["line"] for line in lines)


@pytest.fixture(scope="module")
def handler():
    with Host(guest("javascript-handler"), "--limits", "none") as host:
        yield host


def test_javascript_with_the_handler_exported(handler):
    """Such an instance is kept."""
    first = json.loads(handler.get("/count").body)["count"]
    assert [json.loads(handler.get("/count").body)["count"] for _ in range(3)] == [first + 1, first + 2, first + 3]
    assert handler.get("/hello").body == b"Hello from JavaScript!\n"
    assert handler.get("/throw").status == 502
    assert handler.get("/hello").status == 200


def test_javascript_within_the_limits_of_the_cloud(start_host):
    """Its start-up is not taken out of the call's 10 ms."""
    config = '[limits]\ncpu = "200ms"\n[limits.max]\ncpu = "200ms"\n'
    host = start_host(guest("javascript-handler"), config=config)
    assert host.get("/hello").status == 200
    response = host.get("/spin-forever")
    assert response.status == 504 and response.error == "cpu"
    assert host.get("/hello").status == 200


# ---- What a guest finds around it


def test_no_environment_but_its_own(start_host):
    host = start_host(
        guest("probe"),
        "--env",
        "GREETING=hello there",
        config='[environment]\nPLACE = "world"\n',
        environment={"SECRET": "the host's"},
    )
    report = json.loads(host.get("/environment").body)
    assert sorted(report["variables"]) == [["GREETING", "hello there"], ["PLACE", "world"]]
    assert report["directory"] is None


def test_no_environment_by_default(probe):
    assert json.loads(probe.get("/environment").body)["variables"] == []


def test_no_files(probe):
    report = json.loads(probe.get("/files").body)
    assert report["preopened"] == 0
    assert all(isinstance(report[name], dict) for name in ("list", "read", "write"))


def test_no_sockets(probe):
    with Origin() as origin:
        report = json.loads(probe.get(f"/socket?address={origin.authority}").body)
        assert origin.connections == 0
    assert all(isinstance(report[name], dict) for name in ("connect", "listen", "datagram", "lookup"))


def test_clocks(probe):
    # One connection, so one worker and one kept instance: the monotonic clock is an instance's own.
    with probe.connect() as connection:
        first, second = (json.loads(connection.get("/clock").body) for _ in range(2))
    assert abs(first["wall_seconds"] - time.time()) < 5
    assert second["monotonic_nanoseconds"] > first["monotonic_nanoseconds"]


def test_random_numbers_differ(probe):
    reports = [json.loads(probe.get("/random").body) for _ in range(5)]
    assert len({report["bytes"] for report in reports}) == 5
    assert len({report["insecure"] for report in reports}) == 5


def test_bodies_and_streams_are_had_once(probe):
    report = json.loads(probe.get("/double").body)
    assert set(report.values()) == {"refused"}
