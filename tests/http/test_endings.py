# SPDX-License-Identifier: AGPL-3.0-only
"""How calls end when they don't end well, and how clients leave: each is contained, said, and forgotten by the next
request."""

import json
import os
import socket
import time

import pytest
from host import SLOWNESS, Host, eventually, guest
from wire import elapsed


@pytest.fixture(scope="module")
def host():
    """The probe with all the time in the world, on one worker: all requests meet the same pool."""
    with Host(guest("probe"), "--limits", "none") as host:
        yield host


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/trap", "trap"),
        ("/panic", "trap"),
        ("/exit?code=0", "exit"),
        ("/exit?code=1", "exit"),
        ("/no-response", "no_response"),
        ("/recurse", "trap"),
    ],
)
def test_without_a_response(host, target, error):
    with host.connect() as connection:
        response = connection.get(target)
        assert response.status == 502
        assert response.error == error
        for secret in (b"probe", b"wasm", b"/", b"backtrace", b"0x"):
            assert secret not in response.body
        # The connection and the function go on.
        assert connection.get("/hello").status == 200
    line = host.wait_for_line(message="call failed", request_id=response.header("x-request-id"))
    assert line["error"] == error
    assert line["path"] == target.split("?")[0] and line["method"] == "GET"


def test_the_log_has_the_backtrace(host):
    request_id = host.get("/trap").header("x-request-id")
    line = host.wait_for_line(message="call failed", request_id=request_id)
    assert "unreachable" in line["detail"] and "probe.wasm!" in line["detail"]


def test_the_log_has_the_message_of_a_panic(host):
    request_id = host.get("/panic").header("x-request-id")
    host.wait_for_line(message="output", request_id=request_id, stream="stderr", line="the probe was asked to panic")


@pytest.mark.parametrize(("code", "status"), [(0, 0), (7, 1)])
def test_the_log_has_the_status_of_an_exit(host, code, status):
    """WASI 0.2 knows well and not well."""
    request_id = host.get(f"/exit?code={code}").header("x-request-id")
    detail = host.wait_for_line(message="call failed", request_id=request_id)["detail"]
    assert detail == f"the guest called exit with status {status}"


def test_a_trap_after_the_head_cuts_the_response(host):
    with host.connect() as connection:
        response = connection.get("/head-then-trap")
        assert response.status == 200 and response.body == b"begun\n"
        assert not response.whole
    assert host.get("/hello").status == 200


def test_a_trap_after_the_head_is_seen_without_chunks_too(host):
    """HTTP/1.0 ends a body by closing, so that a cut must be a reset."""
    with host.connect() as connection:
        connection.send_head("GET", "/head-then-trap", version="HTTP/1.0")
        connection.head()
        with pytest.raises(ConnectionResetError):
            while connection.socket.recv(100):
                pass


def test_an_instance_that_trapped_is_not_used_again(host):
    while json.loads(host.get("/count").body)["count"] < 3:
        pass
    host.get("/trap")
    assert json.loads(host.get("/count").body)["count"] == 1


# ---- Clients that leave


def calls_running(host):
    """Ids of calls that have begun to run and have not ended."""
    running = set()
    for line in host.lines(message="call"):
        if line["to"] == "running":
            running.add(line["request_id"])
        elif line["to"] == "ended":
            running.discard(line["request_id"])
    return running


def expect_the_end_of_all_calls(host, seconds=2):
    eventually(lambda: not calls_running(host), seconds, "the end of the call")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves_ends_its_call(host, leave):
    connection = host.connect()
    connection.send_head("GET", "/stream?chunks=100000&bytes=1000&delay_ms=10")
    connection.head()
    connection.chunk()
    eventually(lambda: calls_running(host), 2, "the line of the call that runs")
    getattr(connection, leave)()
    expect_the_end_of_all_calls(host)


def test_a_reset_is_noticed_while_the_guest_sleeps(host):
    connection = host.connect()
    connection.send_head("GET", "/sleep?ms=30000")
    eventually(lambda: calls_running(host))
    connection.reset()
    expect_the_end_of_all_calls(host)


def test_a_reset_is_noticed_while_nothing_is_read(host):
    """Reading is held by back-pressure: the guest has not asked for the body."""
    connection = host.connect()
    connection.send_head("POST", "/sleep?ms=30000", [("Content-Length", 10_000_000)])
    connection.send(b"x" * 100_000)
    eventually(lambda: calls_running(host))
    time.sleep(0.05)
    connection.reset()
    expect_the_end_of_all_calls(host)


def test_a_client_that_leaves_within_its_body(host):
    connection = host.connect()
    connection.send_head("POST", "/size", [("Content-Length", 1000)])
    connection.send(b"x" * 10)
    eventually(lambda: calls_running(host))
    connection.close()
    expect_the_end_of_all_calls(host)


def test_half_a_close_is_no_leaving(host):
    """Some clients say that way that their request is whole."""
    with host.connect() as connection:
        connection.send_head("GET", "/sleep?ms=200")
        connection.socket.shutdown(socket.SHUT_WR)
        response = connection.response()
        assert response.status == 200 and response.body == b"slept\n"


def test_closing_after_a_whole_answer_cancels_nothing(host):
    with host.connect() as connection:
        response = connection.get("/answer-then-sleep?ms=300")
        assert response.whole
    request_id = response.header("x-request-id")
    host.wait_for_line(message="output", request_id=request_id, line="worked on after the answer")


def test_the_answer_is_whole_before_the_call_is(host):
    with host.connect() as connection:
        started = time.monotonic()
        assert connection.get("/answer-then-sleep?ms=1000").whole
        assert connection.get("/hello").status == 200
        assert elapsed(started) < 0.8 * SLOWNESS


def test_a_computing_guest_is_ended_when_its_client_leaves(host):
    connection = host.connect()
    connection.send_head("GET", "/spin-forever")
    eventually(lambda: calls_running(host))
    connection.reset()
    expect_the_end_of_all_calls(host)
    eventually(host.is_quiet, 5, "quiet")


def test_after_all_this_nothing_is_left(host):
    """No instance, no descriptor, no slot is lost by clients that leave."""
    for _ in range(30):
        connection = host.connect()
        connection.send_head("GET", "/sleep?ms=60000")
        connection.reset()
    expect_the_end_of_all_calls(host)
    eventually(lambda: descriptors(host) < 100, what="closed descriptors")
    assert host.get("/hello").status == 200


def descriptors(host):
    return len(os.listdir(f"/proc/{host.process.pid}/fd"))
