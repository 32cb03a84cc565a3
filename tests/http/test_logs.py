# SPDX-License-Identifier: AGPL-3.0-only
"""What is written of calls: guests' lines, the access log, the platform's own lines; in JSON and for people."""

import re

import pytest
from host import Host, eventually, guest


@pytest.fixture(scope="module")
def host():
    with Host(guest("probe"), "--limits", "none", "--access-log") as host:
        yield host


def output_of(host, response):
    """The lines of a call's output, when the last of them is there."""
    request_id = response.header("x-request-id")
    host.wait_for_line(message="call", request_id=request_id, to="ended")
    return host.lines(message="output", request_id=request_id)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_guests_lines(host, stream):
    lines = output_of(host, host.get(f"/log?lines=3&bytes=10&stream={stream}"))
    assert [line["line"] for line in lines] == ["l" * 10] * 3
    assert {line["stream"] for line in lines} == {stream}
    assert {line["function"] for line in lines} == {"probe"}


def test_a_line_says_its_level(host):
    lines = output_of(host, host.get("/log?lines=0&tail=%3c4%3ecareful%0aplain%0a%3c7%3edetail"))
    assert [(line["level"], line["line"]) for line in lines] == [
        ("warning", "careful"),
        ("info", "plain"),
        ("debug", "detail"),
    ]
    lines = output_of(host, host.get("/log?lines=1&bytes=3&stream=stderr"))
    assert [(line["level"], line["line"]) for line in lines] == [("error", "lll")]


def test_an_unfinished_line_is_a_line(host):
    lines = output_of(host, host.get("/log?lines=1&bytes=3&tail=unfinished"))
    assert [line["line"] for line in lines] == ["lll", "unfinished"]


@pytest.mark.parametrize("tail", ["%1b[31mred", "a%22b%5cc", "%00%07%7f", "%ff%fe", "{%22level%22:%22error%22}"])
def test_lines_cannot_pretend_to_be_others(host, tail):
    """Whatever bytes a guest writes: one line of JSON, with nothing that a terminal obeys."""
    lines = output_of(host, host.get(f"/log?lines=0&tail={tail}"))
    assert len(lines) == 1
    assert lines[0]["level"] == "info"
    assert not re.search("[\x00-\x1f\x7f]", lines[0]["raw"])


def test_long_lines_are_cut(host):
    lines = output_of(host, host.get("/log?lines=1&bytes=40000"))
    assert sum(len(line["line"]) for line in lines) == 40000
    assert max(len(line["line"]) for line in lines) <= 16384


def test_a_call_cannot_flood_the_log(host):
    response = host.get("/log?lines=3000&bytes=999")
    lines = output_of(host, response)
    written = sum(len(line["line"]) + 1 for line in lines)
    assert written <= 1024 * 1024 + 1
    dropped = host.wait_for_line(message="output dropped", request_id=response.header("x-request-id"))
    assert dropped["dropped_bytes"] == 3000 * 1000 - 1024 * 1024


def test_access_log(host):
    response = host.get("/status?code=404", [("User-Agent", "test")])
    line = host.wait_for_line(message="request", request_id=response.header("x-request-id"))
    assert line["method"] == "GET" and line["path"] == "/status"
    assert line["status"] == 404 and line["bytes"] == len(response.body)
    assert line["function"] == "probe" and line["client"] == "127.0.0.1"
    assert 0 < line["duration_ms"] < 60000
    assert 0 < line["cpu_ms"] < 60000 and line["memory_bytes"] > 65536
    assert "error" not in line


def test_access_log_of_a_failure(host):
    response = host.get("/trap")
    line = host.wait_for_line(message="request", request_id=response.header("x-request-id"))
    assert line["status"] == 502 and line["error"] == "trap"
    assert line["cpu_ms"] > 0 and line["memory_bytes"] > 0


def test_access_log_of_a_refusal(host):
    with host.connect() as connection:
        connection.send("nonsense\r\n\r\n")
        response = connection.response()
    line = host.wait_for_line(message="request", request_id=response.header("x-request-id"))
    assert line["status"] == 400 and line["error"] == "request_malformed"
    assert "cpu_ms" not in line and "memory_bytes" not in line


def test_access_log_of_a_client_that_leaves(host):
    running = len(host.lines(message="call", to="running"))
    connection = host.connect()
    connection.send_head("GET", "/sleep?ms=10000")
    eventually(lambda: len(host.lines(message="call", to="running")) > running)
    connection.reset()
    line = host.wait_for_line(message="request", path="/sleep")
    assert line["error"] == "client_gone" and line["status"] == 0


def test_no_access_log_unless_asked_for(start_host):
    host = start_host(guest("probe"))
    host.get("/hello")
    assert host.lines(message="request") == []


def test_levels(start_host):
    host = start_host(guest("probe"), "--access-log", log_level="warning")
    host.get("/log?lines=1")
    host.get("/trap")
    host.wait_for_line(message="call failed")
    assert {line["level"] for line in host.log} == {"warning"}


def test_a_log_that_nobody_reads_stops_nobody():
    """Lines are dropped, not waited for: the pipe is full long before this ends."""
    host = Host(guest("probe"), "--limits", "none", "--access-log")
    with host, host.deaf(), host.connect() as connection:
        for _ in range(20):
            assert connection.get("/log?lines=900&bytes=999").status == 200


def test_for_people():
    """The human form is one line an event as well, and starts with the time."""
    with Host(guest("probe"), "--log-format=human", "--access-log") as host:
        host.get("/log?lines=1&bytes=5&tail=%1b[31mred")
        host.get("/hello")
    assert any("lllll" in line for line in host.log)
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d\d\d [A-Z]+ ", line) for line in host.log)
    assert not any("\x1b" in line for line in host.log)
