# SPDX-License-Identifier: AGPL-3.0-only
"""Clients that send or take next to nothing are timed out and hold no guest; connections are bounded."""

import contextlib
import threading
import time

import pytest
from host import SLOWNESS, Host, eventually, guest
from wire import Broken, elapsed

CONFIG = """
[net]
head_timeout = "400ms"
body_timeout = "400ms"
write_timeout = "400ms"
idle_timeout = "400ms"
"""

LATEST = 1.5 * SLOWNESS


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    with Host(guest("probe"), "--limits", "none", config=CONFIG, folder=folder) as host:
        yield host


def calls_running(host):
    return len(host.lines(message="call", to="running")) - len(host.lines(message="call", to="ended"))


def test_a_head_that_does_not_end(host):
    with host.connect() as connection:
        started = time.monotonic()
        connection.send("GET /hello HTTP/1.1\r\nHost: ")
        response = connection.response()
        assert response.status == 408 and response.error == "request_timeout"
        assert 0.35 < elapsed(started) < LATEST
        assert connection.is_closed()


def test_a_head_that_comes_byte_by_byte(host):
    """The whole head has the time, not each byte."""
    with host.connect() as connection:
        started = time.monotonic()
        connection.socket.settimeout(0.02)
        answer = b""
        for byte in "GET /hello HTTP/1.1\r\nHost: localhost\r\n" * 100:
            with contextlib.suppress(TimeoutError):
                connection.send(byte)
                answer += connection.socket.recv(1000)
                break
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert elapsed(started) < LATEST


def test_a_connection_without_a_request(host):
    with host.connect() as connection:
        started = time.monotonic()
        connection.rest()
        assert elapsed(started) < LATEST


def test_a_kept_connection_without_a_next_request(host):
    with host.connect() as connection:
        connection.get("/hello")
        started = time.monotonic()
        assert connection.is_closed(LATEST)
        assert elapsed(started) > 0.35


def test_a_body_that_does_not_come(host):
    with host.connect() as connection:
        started = time.monotonic()
        connection.send_head("POST", "/size", [("Content-Length", 100)])
        connection.send("x" * 10)
        response = connection.response()
        assert response.status == 408 and response.error == "request_timeout"
        assert 0.35 < elapsed(started) < LATEST
    eventually(lambda: calls_running(host) == 0, what="the end of the call")


def test_a_body_that_comes_slowly_is_fine(host):
    with host.connect() as connection:
        connection.send_head("POST", "/size", [("Content-Length", 8)])
        for _ in range(8):
            time.sleep(0.1)
            connection.send("x")
        assert connection.response().status == 200


def test_a_body_that_stops_after_the_head_of_the_answer(host):
    with host.connect() as connection:
        connection.send_head("POST", "/echo", [("Content-Length", 100)])
        connection.send("x" * 10)
        response = connection.response()
        assert response.status == 200 and not response.whole
    eventually(lambda: calls_running(host) == 0, what="the end of the call")


def test_time_that_the_guest_takes_is_not_the_clients(host):
    """No timeout of a client runs while it is fn0's turn."""
    assert host.get("/sleep?ms=1000").status == 200
    with host.connect() as connection:
        connection.send_head("POST", "/sleep?ms=1000", [("Content-Length", 10)])
        assert connection.response().status == 200


def test_a_reader_that_takes_nothing(host):
    connection = host.connect(receive_buffer=4096)
    started = time.monotonic()
    connection.send_head("GET", "/write-forever")
    eventually(lambda: calls_running(host) == 1, what="the call")
    eventually(lambda: calls_running(host) == 0, 5, "the end of the call")
    assert elapsed(started) < LATEST + 1
    connection.close()


def test_a_reader_that_takes_little_by_little(host):
    with host.connect(receive_buffer=4096) as connection:
        connection.send_head("GET", "/stream?chunks=40&bytes=10000")
        for _ in range(10):
            time.sleep(0.1)
            connection.socket.recv(20000)
        assert connection.take(1000)


# ---- How many


def refused(connection):
    """Whether a connection was closed without an answer, or told that there are too many."""
    try:
        connection.send_head("GET", "/hello")
        return connection.response().status == 503
    except (Broken, ConnectionError):
        return True


def is_served(host):
    with host.connect() as connection:
        return not refused(connection)


def test_connections_of_an_address(start_host):
    host = start_host(guest("probe"), config="[net]\nconnections_per_address_max = 5\n")
    connections = [host.connect() for _ in range(5)]
    for connection in connections:
        assert connection.get("/hello").status == 200
    with host.connect() as one_more:
        assert refused(one_more)
    connections.pop().close()
    eventually(lambda: is_served(host), what="a free place")
    for connection in connections:
        assert connection.get("/hello").status == 200
        connection.close()


def test_connections_of_an_address_to_any_worker(start_host):
    """The bound is the host's, whichever worker the kernel hands a connection to."""
    host = start_host(guest("probe"), workers=4, config="[net]\nconnections_per_address_max = 5\n")
    connections = [host.connect() for _ in range(40)]
    assert [refused(connection) for connection in connections].count(False) == 5
    for connection in connections:
        connection.close()
    eventually(lambda: is_served(host), what="a free place")


def test_connections_of_a_host(start_host):
    """Idle ones make room, the longest idle first; busy ones don't."""
    host = start_host(guest("probe"), config="[net]\nconnections_max = 3\n")
    connections = [host.connect() for _ in range(3)]
    for connection in connections:
        assert connection.get("/hello").status == 200
    with host.connect() as one_more:
        assert one_more.get("/hello").status == 200
        assert connections[0].is_closed()
        busy = [one_more, *connections[1:]]
        for connection in busy:
            connection.send_head("GET", "/sleep?ms=500")
        time.sleep(0.1)
        with host.connect() as too_many:
            assert refused(too_many)
        assert [connection.response().status for connection in busy] == [200] * 3
    for connection in connections:
        connection.close()
    eventually(lambda: is_served(host), what="a free place")


def test_many_connections_at_a_time(start_host):
    """Idle ones cost little, and requests go on beside them."""
    host = start_host(guest("probe"), workers=2)
    connections = [host.connect() for _ in range(500)]
    assert all(connection.get("/hello").status == 200 for connection in connections)
    assert host.get("/hello").status == 200
    for connection in connections:
        connection.close()


def test_a_crowd(start_host):
    """Many clients at a time, each with many requests: every answer is the right one."""
    host = start_host(guest("probe"), "--limits", "none", workers=2)
    wrong = []

    def client(number):
        with host.connect() as connection:
            for step in range(40):
                body = f"{number} {step}".encode() * 50
                response = connection.request("POST", "/echo", body=body, chunked=step % 2 == 0)
                if response.body != body:
                    wrong.append(response)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
