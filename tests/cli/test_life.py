# SPDX-License-Identifier: AGPL-3.0-only
"""A host's life: when it says that it serves, how it ends, and what happens to what runs meanwhile."""

import contextlib
import json
import os
import re
import resource
import signal
import socket
import threading
import time

import pytest
from host import SANITIZED, SLOWNESS, Host, eventually, guest
from wire import elapsed


def test_one_line_says_that_it_serves(start_host):
    host = start_host(guest("hello"))
    assert re.fullmatch(r"fn0 \d+\.\d+\.\d+ listening on http://127\.0\.0\.1:\d+\n", host.ready_line)
    assert host.get("/").status == 200


def test_several_addresses(start_host):
    host = start_host(guest("hello"), listen=("127.0.0.1:0", "127.0.0.2:0", "[::1]:0"), workers=3)
    assert len(host.addresses) == 3
    for address in host.addresses:
        with host.connect(address) as connection:
            assert connection.get("/").status == 200


def test_all_addresses(start_host):
    host = start_host(guest("hello"), listen=("[::]:0",))
    assert host.addresses[0][0] == "[::]"
    for address in ("127.0.0.1", "::1"):
        with host.connect((address, host.port)) as connection:
            assert connection.get("/").status == 200


def test_workers_share_the_work(start_host):
    """Connections are spread over all of them."""
    host = start_host(guest("probe"), workers=4)
    threads = os.listdir(f"/proc/{host.process.pid}/task")
    names = [open(f"/proc/{host.process.pid}/task/{one}/comm").read().strip() for one in threads]
    assert {f"worker-{number}" for number in range(4)} <= set(names)
    # Each worker has instances of its own: as many of them begin to count as workers were asked.
    counts = [json.loads(host.get("/count").body)["count"] for _ in range(100)]
    assert counts.count(1) == 4


# ---- The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number):
    with Host(guest("hello"), workers=2) as host:
        host.get("/")
        host.signal(number)
        assert host.wait() == 0
        with pytest.raises(ConnectionRefusedError):
            host.connect()


def test_a_signal_before_anything_is_served(tmp_path):
    """Also while the first component is compiled, which nobody waits for then."""
    host = Host(guest("javascript-handler"), cache=tmp_path / "cache", ready=False)
    host.wait_for_line(message="open files")
    time.sleep(0.5)
    started = time.monotonic()
    host.signal(signal.SIGTERM)
    assert host.wait() == 0
    assert elapsed(started) < 2 * SLOWNESS
    assert host.ready_line is None


def test_running_calls_end_well():
    with Host(guest("probe"), "--limits", "none") as host:
        connection = host.connect()
        connection.send_head("GET", "/sleep?ms=700")
        host.wait_for_line(message="call", to="running")
        host.signal(signal.SIGTERM)
        time.sleep(0.1)
        response = connection.response()
        assert response.status == 200 and response.body == b"slept\n"
        assert response.header("connection") == "close"
        connection.close()
        assert host.wait() == 0


def test_streams_end_well():
    with Host(guest("probe"), "--limits", "none") as host:
        connection = host.connect()
        connection.send_head("GET", "/stream?chunks=20&bytes=10&delay_ms=30")
        connection.head()
        host.signal(signal.SIGTERM)
        received = 0
        while chunk := connection.chunk():
            received += len(chunk)
        assert received == 200
        connection.close()
        assert host.wait() == 0


def test_uploads_end_well():
    with Host(guest("probe"), "--limits", "none") as host:
        connection = host.connect()
        connection.send_head("POST", "/size", [("Content-Length", 6)])
        connection.send("abc")
        host.wait_for_line(message="call", to="running")
        host.signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.send("def")
        assert b'"bytes":6' in connection.response().body
        connection.close()
        assert host.wait() == 0


def test_work_behind_an_answer_ends_well():
    with Host(guest("probe"), "--limits", "none") as host:
        assert host.get("/answer-then-sleep?ms=400").whole
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        assert host.lines(message="output", line="worked on after the answer")


def test_idle_connections_do_not_hold_it():
    with Host(guest("hello"), workers=2) as host:
        connections = [host.connect() for _ in range(10)]
        for connection in connections[:5]:
            connection.get("/")
        started = time.monotonic()
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        assert elapsed(started) < 2 * SLOWNESS


def test_half_a_request_does_not_hold_it():
    with Host(guest("hello"), workers=2) as host:
        connections = [host.connect() for _ in range(4)]
        for connection in connections:
            connection.send("GET / HTTP/1.1\r\nHost: ")
        time.sleep(0.1)
        started = time.monotonic()
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        assert elapsed(started) < 2 * SLOWNESS
        assert all(connection.is_closed() for connection in connections)


def test_what_waits_to_be_accepted_is_served():
    """The kernel has accepted these connections: they are as good as any."""
    with Host(guest("probe"), "--limits", "none") as host:
        connections = [host.connect() for _ in range(20)]
        for connection in connections:
            connection.send_head("GET", "/hello")
        host.signal(signal.SIGTERM)
        assert [connection.response().status for connection in connections] == [200] * 20
        for connection in connections:
            connection.close()
        assert host.wait() == 0


def test_the_drain_time_bounds_it():
    with Host(guest("probe"), "--limits", "none", "--drain-time", "500ms") as host:
        connection = host.connect()
        connection.send_head("GET", "/sleep?ms=60000")
        host.wait_for_line(message="call", to="running")
        started = time.monotonic()
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        assert 0.4 < elapsed(started) < 3 * SLOWNESS
        connection.rest()


def test_the_drain_time_bounds_guests_that_compute():
    with Host(guest("probe"), "--limits", "none", "--drain-time", "300ms") as host:
        connection = host.connect()
        connection.send_head("GET", "/spin-forever")
        host.wait_for_line(message="call", to="running")
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        connection.close()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second):
    host = Host(guest("probe"), "--limits", "none")
    connection = host.connect()
    connection.send_head("GET", "/sleep?ms=60000")
    host.wait_for_line(message="call", to="running")
    host.signal(signal.SIGTERM)
    host.wait_for_line(message="host", to="finishing")
    started = time.monotonic()
    host.signal(second)
    assert host.wait() == 128 + second
    assert elapsed(started) < 1 * SLOWNESS
    connection.close()


def test_a_load_is_drained_without_a_failure():
    """Clients that come and go while the signal arrives: an answer, or no connection; never half of one."""
    failures, answers = [], []
    stop = threading.Event()

    def client(host):
        while not stop.is_set():
            try:
                connection = host.connect()
            except OSError:
                return
            with connection:
                try:
                    while not stop.is_set():
                        response = connection.get("/hello")
                        answers.append(response.status)
                        if not response.whole or response.status != 200:
                            failures.append(response)
                        if response.header("connection") == "close":
                            break
                except Exception as problem:
                    # A kept connection may be closed while the next request is on its way; a first one not.
                    if connection.buffer:
                        failures.append(problem)

    with Host(guest("probe"), workers=2) as host:
        threads = [threading.Thread(target=client, args=(host,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answers) > 200)
        host.signal(signal.SIGTERM)
        assert host.wait() == 0
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []


# ---- Ports


def test_a_port_in_use(start_host):
    host = start_host(guest("hello"), workers=2)
    other = Host(guest("hello"), listen=(f"127.0.0.1:{host.port}",), ready=False)
    assert other.wait() == 1
    lines = [line for line in other.log if isinstance(line, str)]
    assert lines == [f"fn0: cannot listen on 127.0.0.1:{host.port}: the port is in use by another process"]
    assert other.ready_line is None
    assert host.get("/").status == 200


def test_a_port_in_use_by_another_program():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = Host(guest("hello"), listen=("127.0.0.1:0", f"127.0.0.1:{port}"), ready=False)
        assert other.wait() == 1
        assert "in use" in str(other.log)


def test_two_that_start_together(tmp_path):
    """Both compile for a while; one of them gets the port, the other says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hosts = [
        Host(guest("probe"), listen=(f"127.0.0.1:{port}",), cache=tmp_path / str(number), ready=False, workers=2)
        for number in range(2)
    ]
    for host in hosts:
        host._ready.wait(60)
    serving = [host for host in hosts if host.addresses]
    refused = [host for host in hosts if not host.addresses]
    assert len(serving) == 1 and len(refused) == 1
    assert refused[0].wait() == 1 and "in use" in str(refused[0].log)
    assert serving[0].get("/hello").status == 200
    serving[0].stop()


def test_a_port_can_be_used_again_at_once():
    """Connections of the former host rest in TIME_WAIT."""
    with Host(guest("hello")) as host:
        port = host.port
        host.get("/")
    with Host(guest("hello"), listen=(f"127.0.0.1:{port}",)) as host:
        assert host.get("/").status == 200


def test_no_such_address():
    host = Host(guest("hello"), listen=("192.0.2.1:0",), ready=False)
    assert host.wait() == 1
    assert "192.0.2.1" in str(host.log)


# ---- Around it


@pytest.mark.skipif(SANITIZED, reason="sanitizers need memory")
def test_an_idle_host_is_small(start_host):
    host = start_host(guest("hello"), workers=None)
    host.get("/")
    assert host.resident_bytes() < 40 * 1024 * 1024


def test_more_slots_than_there_is_room_for():
    host = Host(guest("hello"), "--slots", "1000000", ready=False)
    assert host.wait() == 1
    assert str(host.log[-1]).startswith("fn0: cannot make room for 1000000 slots: ")


def test_open_files_are_as_many_as_there_may_be():
    """The soft limit is no bound."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        host = Host(guest("probe"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with host:
        connections = [host.connect() for _ in range(200)]
        assert all(connection.get("/hello").status == 200 for connection in connections)


def sleeper(host):
    """A client that has been accepted and waits for its answer."""
    connection = host.connect()
    assert connection.get("/hello").status == 200
    connection.send_head("GET", "/sleep?ms=60000")
    return connection


@contextlib.contextmanager
def without_descriptors(host):
    """A host whose open files are all taken, by clients that wait for their answers; they are closed in the end."""
    folder = f"/proc/{host.process.pid}/fd"
    clients = []
    while True:
        open_files = {int(name) for name in os.listdir(folder)}
        if max(open_files) + 1 == len(open_files):
            break
        clients.append(sleeper(host))
    before = resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, (len(open_files), before[1]))
    yield
    resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, before)
    for client in clients:
        client.close()


def test_without_open_files_it_waits_for_some(start_host):
    """What cannot be accepted stays in the backlog, one line says why, nothing spins, and it goes on by itself."""
    host = start_host(guest("probe"), "--limits", "none")
    with sleeper(host) as busy, without_descriptors(host):
        with host.connect() as late:
            late.send_head("GET", "/hello")
            line = host.wait_for_line(message="connections cannot be accepted")
            assert "Too many open files" in line["reason"]
            assert host.is_quiet(1)
            assert len(host.lines(message="connections cannot be accepted")) == 1
            busy.reset()
            assert late.response().status == 200
    assert host.get("/hello").status == 200


def test_without_open_files_idle_clients_make_room(start_host):
    host = start_host(guest("probe"), "--limits", "none")
    with host.connect() as idle:
        assert idle.get("/hello").status == 200
        with without_descriptors(host):
            assert host.get("/hello").status == 200
            assert idle.is_closed()


def test_a_stdout_that_takes_nothing_is_nobodys_problem():
    """It serves though its line could not be printed."""
    with open("/dev/full", "w") as full:
        host = Host(guest("hello"), output=full, ready=False)
    host.wait_for_line(message="serving")
    host.wait_for_line(message="the address could not be printed")
    host.stop()
